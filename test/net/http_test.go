package net

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	stdnet "net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// httpPort is where the HTTP servers listen.
const httpPort = 8080

// server is an HTTP server.
type server struct {
	name string
	spec spec
	// refuses says that other methods than GET and HEAD get 405; net/http's file
	// server answers them like GET.
	refuses bool
}

func servers(root string) []server {
	port := strconv.Itoa(httpPort)
	return []server{
		{name: "c", refuses: true, spec: spec{program: httpd, args: []string{port, "$ROOT"}, root: root, tcp: httpPort}},
		{name: "rust", refuses: true, spec: spec{program: httpdRust, args: []string{port, "$ROOT"}, root: root, tcp: httpPort, v1: true}},
		{name: "rust-epoll", refuses: true, spec: spec{program: httpdRustEpoll, args: []string{port, "$ROOT"}, root: root, tcp: httpPort, v1: true}},
		{name: "go", spec: spec{program: httpdGo, args: []string{":" + port, "$ROOT"}, root: root, tcp: httpPort}},
		// Its one directory is descriptor 3, so the listener is 4.
		{name: "go-listener", spec: spec{program: listenerGo, args: []string{"4", "$ROOT"}, root: root, tcp: httpPort, listen: "0.0.0.0:" + port, quick: true}},
	}
}

// eachServer runs a test with every server on every kind of machine.
func eachServer(t *testing.T, f func(t *testing.T, m *machine, s server, files *site)) {
	files := makeSite(t)
	for _, s := range servers(files.root) {
		t.Run(s.name, func(t *testing.T) {
			each(t, false, func(t *testing.T, k kind) {
				if k.vmm == "" && s.name == "rust-epoll" {
					t.Skip("wasi-go has no epoll_oneoff")
				}
				if k.machine == "q35" && s.name != "c" && !nightly {
					t.Skip("one server is enough to tell one bus from another")
				}
				f(t, start(t, k, s.spec), s, files)
			})
		})
	}
}

// TestHTTP lets real clients ask every server.
func TestHTTP(t *testing.T) {
	eachServer(t, func(t *testing.T, m *machine, s server, files *site) {
		for _, tt := range []struct {
			name string
			test func(t *testing.T, m *machine, s server, files *site)
		}{
			{"curl", testCurl},
			{"status", testStatus},
			{"parallel", testParallel},
			{"pipeline", testPipeline},
			{"pieces", testPieces},
			{"page", testPage},
			{"browser", testBrowser},
			{"ab", testApacheBench},
			{"wrk", testWrk},
			{"slow reader", testSlowReader},
			{"half close", testHalfClosedRequest},
			{"hostile", testHostile},
			{"curl again", testCurl},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if !m.running() {
					t.Fatalf("the server has ended: %v", m.err)
				}
				tt.test(t, m, s, files)
			})
		}
	})
}

// testCurl fetches every file over one connection.
func testCurl(t *testing.T, m *machine, s server, files *site) {
	folder := t.TempDir()
	args := []string{"-sS", "--fail", "-w", "%{num_connects} %{http_code} %{url_effective}\n"}
	connects := 0
	for name := range files.files {
		path := strings.TrimSuffix(name, "index.html") // net/http redirects from it
		args = append(args, "--create-dirs", "-o", filepath.Join(folder, name), m.url(httpPort, path))
	}
	for line := range strings.Lines(m.tool(t, "curl", args...)) {
		var n, code int
		if _, err := fmt.Sscan(line, &n, &code); err != nil || code != http.StatusOK {
			t.Errorf("curl: %s", line)
		}
		connects += n
	}
	if connects != 1 {
		t.Errorf("curl made %d connections for %d files, want 1", connects, len(files.files))
	}
	for name, sum := range files.files {
		contents, err := os.ReadFile(filepath.Join(folder, name))
		if os.IsNotExist(err) && files.bytes[name] == 0 {
			continue // curl writes no file without contents
		}
		if err != nil || sha256.Sum256(contents) != sum {
			t.Errorf("%s: %d bytes (%v), want the %d of the file", name, len(contents), err, files.bytes[name])
		}
	}
	head := m.tool(t, "curl", "-sS", "-I", m.url(httpPort, "/10k.txt"))
	if !strings.HasPrefix(head, "HTTP/1.1 200") || !strings.Contains(strings.ToLower(head), "\r\ncontent-length: 10000\r\n") {
		t.Errorf("HEAD is answered with\n%s", head)
	}
}

// testStatus asks for what is not there and what must not be given.
func testStatus(t *testing.T, m *machine, s server, files *site) {
	code := func(args ...string) string {
		return m.tool(t, "curl", append([]string{"-sS", "--path-as-is", "-o", os.DevNull, "-w", "%{http_code}"}, args...)...)
	}
	if got := code(m.url(httpPort, "/none")); got != "404" {
		t.Errorf("GET /none: status %s, want 404", got)
	}
	for _, path := range []string{"/../etc/passwd", "/dir/../../etc/passwd", "/%2e%2e/etc/passwd", "/%00", "/page"} {
		if got := code(m.url(httpPort, path)); got == "200" || got == "000" || got >= "500" {
			t.Errorf("GET %s: status %s", path, got)
		}
	}
	want := "200"
	if s.refuses {
		want = "405"
	}
	for _, method := range []string{"POST", "DELETE"} {
		if got := code("-X", method, "-d", "some=data", m.url(httpPort, "/400.txt")); got != want {
			t.Errorf("%s: status %s, want %s", method, got, want)
		}
	}
}

// testParallel has curl fetch files over many connections at the same time.
func testParallel(t *testing.T, m *machine, s server, files *site) {
	args := []string{"-sS", "--fail", "-Z", "--parallel-max", m.atOnce(20), "--parallel-immediate", "-w", "%{http_code} %{size_download}\n"}
	total := 0
	for i := range pageFiles {
		name := fmt.Sprintf("/page/%d.png", i)
		total += files.bytes[name]
		args = append(args, "-o", os.DevNull, m.url(httpPort, name))
	}
	got, answers := 0, 0
	for line := range strings.Lines(m.tool(t, "curl", args...)) {
		var code, n int
		if _, err := fmt.Sscan(line, &code, &n); err == nil && code == http.StatusOK {
			got += n
			answers++
		}
	}
	if answers != pageFiles || got != total {
		t.Errorf("curl got %d answers of %d bytes, want %d of %d", answers, got, pageFiles, total)
	}
}

// request is a GET of a path.
func request(m *machine, path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + m.address(httpPort) + "\r\n\r\n"
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, m *machine, port int) *stdnet.TCPConn {
	t.Helper()
	c, err := m.ns.dial("tcp", m.address(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(stepTimeout))
	return c.(*stdnet.TCPConn)
}

func send(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// expectFile reads an answer and compares it with a file.
func expectFile(t *testing.T, r *bufio.Reader, files *site, name string) {
	t.Helper()
	if err := readFile(r, files, name); err != nil {
		t.Fatal(err)
	}
}

func readFile(r *bufio.Reader, files *site, name string) error {
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return compareFile(answer, files, name)
}

func compareFile(answer *http.Response, files *site, name string) error {
	defer answer.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, answer.Body)
	if err != nil {
		return fmt.Errorf("%s: after %d bytes: %w", name, n, err)
	}
	if answer.StatusCode != http.StatusOK || [sha256.Size]byte(sum.Sum(nil)) != files.files[name] {
		return fmt.Errorf("%s: status %d, %d bytes, want the %d of the file", name, answer.StatusCode, n, files.bytes[name])
	}
	return nil
}

// testPipeline sends many requests at once; the answers come in their order.
func testPipeline(t *testing.T, m *machine, s server, files *site) {
	const requests = 200
	names := []string{"/400.txt", "/10k.txt", "/empty.txt", "/megabyte.bin", "/one.json"}
	c := connect(t, m, httpPort)
	go func() {
		var all strings.Builder
		for i := range requests {
			all.WriteString(request(m, names[i%len(names)]))
		}
		io.WriteString(c, all.String()) // an error shows in the answers
	}()
	r := bufio.NewReader(c)
	for i := range requests {
		expectFile(t, r, files, names[i%len(names)])
	}
}

// testPieces sends a request byte by byte, and one and a half, and the other half.
func testPieces(t *testing.T, m *machine, s server, files *site) {
	c := connect(t, m, httpPort)
	c.SetNoDelay(true)
	r := bufio.NewReader(c)
	for _, b := range request(m, "/400.txt") {
		send(t, c, string(b))
	}
	expectFile(t, r, files, "/400.txt")
	text := request(m, "/10k.txt") + request(m, "/one.json")
	half := len(text) - 20
	send(t, c, text[:half])
	expectFile(t, r, files, "/10k.txt")
	send(t, c, text[half:])
	expectFile(t, r, files, "/one.json")
}

// browser is a client as browsers are: six connections that are kept.
func browser(m *machine) *http.Client {
	return &http.Client{Timeout: stepTimeout, Transport: &http.Transport{
		MaxConnsPerHost: 6, MaxIdleConnsPerHost: 6, DisableCompression: true,
		DialContext: func(_ context.Context, network, address string) (stdnet.Conn, error) {
			return m.ns.dial(network, address)
		},
	}}
}

// testPage loads the files of a page as browsers do, all at once.
func testPage(t *testing.T, m *machine, s server, files *site) {
	client := browser(m)
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for i := range pageFiles {
		group.Go(func() {
			name := fmt.Sprintf("/page/%d.png", i)
			answer, err := client.Get(m.url(httpPort, name))
			if err == nil {
				err = compareFile(answer, files, name)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// slirpAtOnce is how many connections may begin at the same moment through QEMU's user
// network. It listens with a backlog of 1; whom Linux drops there tries again after 1, 2,
// 4, … seconds, and ab waits for all.
const slirpAtOnce = 2

// atOnce is n, or as many as the network of the machine takes.
func (m *machine) atOnce(n int) string {
	if m.kind.user {
		n = min(n, slirpAtOnce)
	}
	return strconv.Itoa(n)
}

// testApacheBench loads the server with ab, with connections kept and not.
func testApacheBench(t *testing.T, m *machine, s server, files *site) {
	for _, args := range [][]string{
		{"-q", "-k", "-n", "2000", "-c", m.atOnce(50)},
		{"-q", "-n", "300", "-c", m.atOnce(20)},
	} {
		said := m.tool(t, "ab", append(args, "-s", "60", m.url(httpPort, "/400.txt"))...)
		if !regexp.MustCompile(`Complete requests: +`+args[len(args)-3]+`\n`).MatchString(said) ||
			!regexp.MustCompile(`Failed requests: +0\n`).MatchString(said) || strings.Contains(said, "Non-2xx") {
			t.Errorf("ab %s:\n%s", strings.Join(args, " "), said)
		}
	}
}

// testWrk loads the server with wrk.
func testWrk(t *testing.T, m *machine, s server, files *site) {
	for _, connections := range []int{1, 50, 800} {
		if m.kind.vmm == "" && connections > 50 {
			continue // wasi-go starves some of many connections
		}
		wrk(t, m, connections, "/400.txt")
	}
	wrk(t, m, 20, "/10k.txt")
}

// wrkSecondsMax is how long wrk tries to get an answer.
const wrkSecondsMax = 64

// wrk runs wrk and expects no error. It goes on for a second, and for longer if nothing is answered in that:
// a connection that is dropped (slirpAtOnce) waits, and so does a machine on a busy computer.
func wrk(t *testing.T, m *machine, connections int, path string) {
	t.Helper()
	for seconds := 1; ; seconds *= 2 {
		said := m.tool(t, "wrk", "-t1", "-c"+strconv.Itoa(connections), fmt.Sprintf("-d%ds", seconds), "--timeout", "60s", m.url(httpPort, path))
		done := regexp.MustCompile(`(\d+) requests in`).FindStringSubmatch(said)
		if done == nil || strings.Contains(said, "Socket errors") || strings.Contains(said, "Non-2xx") {
			t.Fatalf("wrk with %d connections:\n%s", connections, said)
		}
		if done[1] != "0" {
			return
		}
		if seconds >= wrkSecondsMax {
			t.Fatalf("wrk with %d connections has no answer for %d seconds", connections, seconds)
		}
	}
}

// testSlowReader reads a large file slowly from several connections, while
// another one is served.
func testSlowReader(t *testing.T, m *machine, s server, files *site) {
	const readers = 5
	var slow []*stdnet.TCPConn
	for range readers {
		c := connect(t, m, httpPort)
		c.SetReadBuffer(32 << 10) // a small window
		send(t, c, request(m, "/large.bin"))
		slow = append(slow, c)
	}
	quick := connect(t, m, httpPort)
	r := bufio.NewReader(quick)
	for range 20 {
		send(t, quick, request(m, "/10k.txt"))
		expectFile(t, r, files, "/10k.txt")
	}
	for _, c := range slow {
		expectFile(t, bufio.NewReaderSize(c, 700), files, "/large.bin")
	}
}

// testHalfClosedRequest ends its own direction behind the request.
func testHalfClosedRequest(t *testing.T, m *machine, s server, files *site) {
	c := connect(t, m, httpPort)
	send(t, c, request(m, "/large.bin")+request(m, "/400.txt"))
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	expectFile(t, r, files, "/large.bin")
	if err := readFile(r, files, "/400.txt"); err != nil && s.name != "go" && s.name != "go-listener" { // net/http may take the end for a client that has gone
		t.Error(err)
	}
}

// testHostile sends what no client sends and expects a refusal or an end.
func testHostile(t *testing.T, m *machine, s server, files *site) {
	for name, text := range map[string]string{
		"nothing":        "\r\n\r\n\r\n",
		"noise":          "\x00\x01\xff\xfe\r\n\r\n",
		"no version":     "GET /\r\n\r\n",
		"no host":        "GET / HTTP/1.1\r\n\r\n",
		"long target":    "GET /" + strings.Repeat("a", 20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"endless header": "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("b", 2<<20) + "\r\n\r\n",
		"bad length":     "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
		"version":        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
	} {
		if name == "no host" && strings.HasPrefix(s.name, "rust") {
			continue // hyper leaves that to programs
		}
		c := connect(t, m, httpPort)
		go func() {
			io.WriteString(c, text) // the server may end the connection before
			c.CloseWrite()
		}()
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil && answer.StatusCode < 400 {
			t.Errorf("%s: status %d, want a refusal", name, answer.StatusCode)
		}
		c.Close()
	}
}
