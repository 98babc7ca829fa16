package net

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"io"
	stdnet "net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// servicePort is where the test's own HTTP server listens for programs.
const servicePort = 8000

// body is what the test's server answers with for a length.
func body(bytes int) []byte {
	b := make([]byte, bytes)
	io.ReadFull(&streamReader{left: int64(bytes)}, b)
	return b
}

// serveHTTP starts an HTTP server beside a machine: /N answers with N bytes,
// /echo with what it gets, all else with 404.
func serveHTTP(t *testing.T, m *machine) {
	t.Helper()
	listener := m.ns.listen(t, fmt.Sprint(":", servicePort))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		switch {
		case r.URL.Path == "/echo":
			all, _ := io.ReadAll(r.Body) // an error shows in the answer
			w.Write(all)
		case err != nil:
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Length", strconv.Itoa(n))
			w.Write(body(n))
		}
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}

// TestClient runs programs that are clients of HTTP servers.
func TestClient(t *testing.T) {
	const notFound = "404 page not found\n"
	fnvOf := func(b []byte) uint64 {
		h := fnv.New64a()
		h.Write(b)
		return h.Sum64()
	}
	answer := func(status int, b []byte) string {
		return fmt.Sprintf("status %d, %d bytes, hash %016x\n", status, len(b), fnvOf(b))
	}
	fetched := func(url string, status int, b []byte) string {
		return fmt.Sprintf("%s: status %d, %d bytes, SHA-256 %x\n", url, status, len(b), sha256.Sum256(b))
	}
	port := strconv.Itoa(servicePort)
	letters := bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz"), 20_000)[:500_000]
	for _, tt := range []struct {
		name string
		spec spec
		want string // $HOST is the test's server
		exit int
	}{
		{name: "blocking", spec: spec{program: client, args: []string{"$HOST", port, "/100"}}, want: answer(200, body(100))},
		{name: "polled", spec: spec{program: client, args: []string{"-n", "$HOST", port, "/100"}}, want: answer(200, body(100))},
		{name: "long", spec: spec{program: client, args: []string{"$HOST", port, "/5000000"}}, want: answer(200, body(5_000_000))},
		{name: "long polled", spec: spec{program: client, args: []string{"-n", "$HOST", port, "/5000000"}}, want: answer(200, body(5_000_000))},
		{name: "not found", spec: spec{program: client, args: []string{"$HOST", port, "/none"}}, want: answer(404, []byte(notFound))},
		{name: "refused", spec: spec{program: client, args: []string{"$HOST", "1", "/"}}, want: "connect: error 14\n", exit: 1},
		{name: "refused polled", spec: spec{program: client, args: []string{"-n", "$HOST", "1", "/"}}, want: "connect: error 14\n", exit: 1},
		{name: "go", spec: spec{program: fetchGo, quick: true, args: []string{"get", "http://$HOST:" + port + "/100", "http://$HOST:" + port + "/3000000"}},
			want: fetched("http://$HOST:"+port+"/100", 200, body(100)) + fetched("http://$HOST:"+port+"/3000000", 200, body(3_000_000))},
		{name: "go post", spec: spec{program: fetchGo, quick: true, args: []string{"post", "http://$HOST:" + port + "/echo", "500000"}},
			want: fetched("http://$HOST:"+port+"/echo", 200, letters)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, false, func(t *testing.T, k kind) {
				m := prepare(t, k)
				serveHTTP(t, m)
				m.start(t, tt.spec)
				code := m.wait(t)
				if want := strings.ReplaceAll(tt.want, "$HOST", m.host); code != tt.exit || m.stdout.String() != want {
					t.Errorf("exit code %d, output %q, want %d, %q", code, m.stdout.tail(), tt.exit, want)
				}
			})
		})
	}
}

// TestResolve runs programs that ask a DNS server.
func TestResolve(t *testing.T) {
	fourth, sixth := "10.1.2.3", "2001:db8:0:0:0:0:0:7"
	for _, tt := range []struct {
		name   string
		spec   spec
		want   []string // lines, in any order
		oracle bool     // wasi-go gives the same
	}{
		{name: "A", oracle: true, spec: spec{program: resolve, args: []string{"4", "four.test"}}, want: []string{"four.test " + fourth}},
		{name: "AAAA", oracle: true, spec: spec{program: resolve, args: []string{"6", "six.test"}}, want: []string{"six.test " + sixth}},
		{name: "CNAME", spec: spec{program: resolve, args: []string{"4", "alias.test"}}, want: []string{"alias.test " + fourth}},
		{name: "several", spec: spec{program: resolve, args: []string{"4", "several.test"}}, want: severalLines("several.test")},
		{name: "truncated", spec: spec{program: resolve, args: []string{"4", "long.test"}}, want: severalLines("long.test")},
		{name: "numbers", oracle: true, spec: spec{program: resolve, args: []string{"4", "192.0.2.9"}}, want: []string{"192.0.2.9 192.0.2.9"}},
		{name: "go", spec: spec{program: fetchGo, quick: true, args: []string{"resolve", "$HOST:53", "both.test"}},
			want: []string{"both.test " + fourth, "both.test 2001:db8::7"}},
		{name: "go truncated", spec: spec{program: fetchGo, quick: true, args: []string{"resolve", "$HOST:53", "long.test"}}, want: severalLines("long.test")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, false, func(t *testing.T, k kind) {
				if k.vmm == "" && !tt.oracle {
					t.Skip("wasi-go resolves by the rules of its own host")
				}
				m := prepare(t, k)
				serveDNS(t, m)
				m.start(t, tt.spec)
				code := m.wait(t)
				got := strings.Split(strings.TrimSpace(m.stdout.String()), "\n")
				slices.Sort(got)
				slices.Sort(tt.want)
				if code != 0 || !slices.Equal(got, tt.want) {
					t.Errorf("exit code %d, addresses %q, want 0, %q", code, got, tt.want)
				}
			})
		})
	}
	t.Run("unknown", func(t *testing.T) {
		each(t, false, func(t *testing.T, k kind) {
			m := prepare(t, k)
			serveDNS(t, m)
			m.start(t, spec{program: resolve, args: []string{"4", "unknown.test"}})
			if m.wait(t); !strings.HasPrefix(m.stdout.String(), "unknown.test error ") || strings.HasSuffix(m.stdout.String(), " 0\n") {
				t.Errorf("the name of nothing gives %q", m.stdout.tail())
			}
		})
	})
}

// udpPort is where the UDP echo server listens.
const udpPort = 7001

// TestUDP sends datagrams of many lengths to the echo server.
func TestUDP(t *testing.T) {
	each(t, false, func(t *testing.T, k kind) {
		m := start(t, k, spec{program: udp, args: []string{strconv.Itoa(udpPort)}, udp: udpPort})
		t.Run("IPv4", func(t *testing.T) { echoDatagrams(t, m, m.address(udpPort), k.user) })
		if !k.user {
			t.Run("IPv6", func(t *testing.T) { echoDatagrams(t, m, fmt.Sprintf("[%s]:%d", tapGuest6, udpPort), k.user) })
		}
		c, err := m.ns.dial("udp", m.address(udpPort))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		send(t, c, "quit")
		if code := m.wait(t); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
	})
}

// echoTries is how often a datagram is sent: none has to arrive.
const echoTries = 20

func echoDatagrams(t *testing.T, m *machine, address string, whole bool) {
	c, err := m.ns.dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sizes := []int{1, 0, 2, 100, 512, 1200, 1472}
	if !whole { // QEMU's user network has bounds of its own
		sizes = append(sizes, 1473, 4000, 9001, 30_000, 65_507)
	}
	buffer := make([]byte, 65536)
	for _, size := range sizes {
		datagram := body(size)
		if size == 65_507 && strings.HasPrefix(address, "[") {
			datagram = body(65_527) // IPv6 does not count its own header
		}
		if !echoOne(t, c, datagram, buffer) {
			t.Errorf("a datagram of %d bytes has not come back in %d tries", len(datagram), echoTries)
		}
	}
}

func echoOne(t *testing.T, c stdnet.Conn, datagram, buffer []byte) bool {
	t.Helper()
	for range echoTries {
		if _, err := c.Write(datagram); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		for {
			n, err := c.Read(buffer)
			if err != nil {
				break
			}
			if bytes.Equal(buffer[:n], datagram) {
				return true
			} // or an earlier one that was late
		}
	}
	return false
}
