package net

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	stdnet "net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/test/children"
)

// Load of the soak.
const (
	soakConnections = 800
	soakShort       = 20 * time.Second
	soakLong        = 10 * time.Minute
	// soakGrowth is what the memory of a machine may grow by between the middle and
	// the end: the collector of the kernel's runtime and QEMU's own give back late.
	soakGrowth      = 1.15
	soakGrowthBytes = 16 << 20
)

// soakTime is how long a soak takes.
func soakTime() time.Duration {
	if nightly {
		return soakLong
	}
	return soakShort
}

// eachSoaked starts the C server on the machines that are soaked.
func eachSoaked(t *testing.T, args []string, f func(t *testing.T, m *machine, files *site)) {
	files := makeSite(t)
	for _, k := range kinds {
		if k.vmm == "" || k.user {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			k.require(t)
			s := spec{program: httpd, args: append([]string{strconv.Itoa(httpPort), "$ROOT"}, args...), root: files.root, tcp: httpPort}
			f(t, start(t, k, s), files)
		})
	}
}

// TestSoak has connections of every habit at the same time: their answers are
// right, and the machine's memory is as large at the end as in the middle.
func TestSoak(t *testing.T) {
	eachSoaked(t, nil, func(t *testing.T, m *machine, files *site) {
		begin, length := time.Now(), soakTime()
		end := begin.Add(length)
		var requests, failures atomic.Int64
		var group sync.WaitGroup
		for i := range soakConnections {
			group.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), 8))
				for time.Now().Before(end) {
					n, err := soakConnection(m, files, random, i, end)
					requests.Add(int64(n))
					if err != nil && failures.Add(1) <= 5 {
						t.Error(err)
					}
				}
			})
		}
		wait(t, m, begin.Add(length/2))
		middle := m.residentBytes(t)
		group.Wait()
		last := m.residentBytes(t)
		t.Logf("%d requests, memory %d KiB in the middle, %d KiB at the end", requests.Load(), middle>>10, last>>10)
		if failures.Load() > 0 || requests.Load() < soakConnections {
			t.Errorf("%d of %d requests failed", failures.Load(), requests.Load())
		}
		if float64(last) > float64(middle)*soakGrowth+soakGrowthBytes {
			t.Errorf("memory has grown from %d to %d bytes", middle, last)
		}
		testCurl(t, m, server{}, files)
	})
}

// wait returns at a time, or fails the test when the machine ends before.
func wait(t *testing.T, m *machine, at time.Time) {
	t.Helper()
	select {
	case <-time.After(time.Until(at)):
	case <-m.ended:
		t.Fatalf("the machine has ended: %v", m.err)
	}
}

// soakConnection is one connection with the habit of its number; it returns how
// many requests were answered.
func soakConnection(m *machine, files *site, random *rand.Rand, number int, end time.Time) (int, error) {
	c, err := m.ns.dial("tcp", m.address(httpPort))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(stepTimeout))
	r := bufio.NewReader(c)
	names := []string{"/400.txt", "/10k.txt", "/one.json", "/empty.txt", "/dir/deep/er/style.css"}
	switch number % 8 {
	case 0: // one request for each connection
		if _, err := io.WriteString(c, request(m, names[random.IntN(len(names))])); err != nil {
			return 0, err
		}
		_, err := http.ReadResponse(r, nil)
		return 1, err
	case 1: // goes away in the middle of a large file, with a reset
		if _, err := io.WriteString(c, request(m, "/large.bin")); err != nil {
			return 0, err
		}
		_, err := io.CopyN(io.Discard, c, random.Int64N(1<<20))
		c.(*stdnet.TCPConn).SetLinger(0)
		return 1, err
	case 2: // reads a large file, some of it slowly
		if _, err := io.WriteString(c, request(m, "/megabyte.bin")); err != nil {
			return 0, err
		}
		return 1, readFile(bufio.NewReaderSize(c, 512), files, "/megabyte.bin")
	default: // keeps the connection for a while
		n := 0
		for ; n < 100 && time.Now().Before(end); n++ {
			name := names[random.IntN(len(names))]
			if _, err := io.WriteString(c, request(m, name)); err != nil {
				return n, err
			}
			if err := readFile(r, files, name); err != nil {
				return n, err
			}
		}
		return n, nil
	}
}

// residentBytes is the memory of all processes of the machine: the command and what it has started.
func (m *machine) residentBytes(t *testing.T) (total int64) {
	t.Helper()
	for _, pid := range append(children.All(m.command.Process.Pid), m.command.Process.Pid) {
		sizes, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)) // proc_pid_statm(5)
		if err != nil {
			continue // it has ended
		}
		var size, resident int64
		if _, err := fmt.Sscan(string(sizes), &size, &resident); err != nil {
			t.Fatalf("process %d: %v", pid, err)
		}
		total += resident * int64(os.Getpagesize())
	}
	return total
}

// floodSYNs is how many connections nobody means are begun.
func floodSYNs() int {
	if nightly {
		return 2_000_000
	}
	return 50_000
}

// floodBurst SYNs are sent in each floodPause: 20,000 a second. That overruns every queue of half-open
// connections, which is what is tested; as many as the sender can make fill the queue of the TAP device,
// where nine of ten of the real ones are lost, too, before any machine sees them.
const (
	floodBurst = 100
	floodPause = 5 * time.Millisecond
)

// floodServed is how many requests must be answered beside it at least.
const floodServed = 100

// TestFlood begins connections from addresses that never answer, while real ones
// are served.
func TestFlood(t *testing.T) {
	eachSoaked(t, nil, func(t *testing.T, m *machine, files *site) {
		var sent atomic.Int64
		var enough atomic.Bool
		done := make(chan error, 1)
		go func() { done <- floodWith(m, &sent, &enough) }()
		served := 0
		for ; served < floodServed || sent.Load() < int64(floodSYNs()); served++ {
			c := connect(t, m, httpPort)
			send(t, c, request(m, "/10k.txt"))
			expectFile(t, bufio.NewReader(c), files, "/10k.txt")
			c.Close()
		}
		enough.Store(true)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		t.Logf("%d requests, each on a new connection, beside %d SYNs", served, sent.Load())
	})
}

// floodWith sends SYNs from addresses that are reserved for benchmarks (RFC 2544).
func floodWith(m *machine, sent *atomic.Int64, enough *atomic.Bool) error {
	var socket int
	err := m.ns.enter(func() (err error) {
		socket, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW)
		return err
	})
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	guest := netip.MustParseAddr(tapGuest).As4()
	to := &unix.SockaddrInet4{Addr: guest}
	random := rand.New(rand.NewPCG(1, 2))
	pause := time.NewTicker(floodPause)
	defer pause.Stop()
	for ; !enough.Load(); sent.Add(1) {
		if sent.Load()%floodBurst == 0 {
			<-pause.C
		}
		from := [4]byte{198, 18, byte(random.Uint32()), byte(random.Uint32())}
		err := unix.Sendto(socket, synPacket(from, guest, random.Uint32()), 0, to)
		if err != nil && !errors.Is(err, syscall.ENOBUFS) { // what the device drops is lost, as on any wire
			return err
		}
	}
	return nil
}

// synPacket is an IPv4 packet with a SYN (RFC 9293, 3.1).
func synPacket(from, to [4]byte, random uint32) []byte {
	const ipBytes, tcpBytes = 20, 20
	p := make([]byte, ipBytes+tcpBytes)
	p[0], p[8], p[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(p[2:], ipBytes+tcpBytes)
	copy(p[12:], from[:])
	copy(p[16:], to[:])
	tcp := p[ipBytes:]
	binary.BigEndian.PutUint16(tcp, uint16(random>>16)|1024)
	binary.BigEndian.PutUint16(tcp[2:], httpPort)
	binary.BigEndian.PutUint32(tcp[4:], random*2654435761)
	tcp[12], tcp[13] = tcpBytes/4<<4, 2
	binary.BigEndian.PutUint16(tcp[14:], 64240)
	sum := uint32(6 + tcpBytes) // of the pseudo header, then of the segment
	for i := 12; i < len(p); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	sum = sum&0xffff + sum>>16
	sum += sum >> 16
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
	return p
}

// TestSlowloris has clients whose requests never end. Others are served, and the
// server ends the slow ones.
func TestSlowloris(t *testing.T) {
	const clients, seconds = 600, 5
	eachSoaked(t, []string{strconv.Itoa(seconds)}, func(t *testing.T, m *machine, files *site) {
		var group sync.WaitGroup
		var ended atomic.Int64
		for range clients {
			c := connect(t, m, httpPort)
			send(t, c, "GET /400.txt HTTP/1.1\r\nHost: "+m.address(httpPort)+"\r\nX: ")
			group.Go(func() {
				for { // a byte now and then, until the server has enough
					if _, err := io.WriteString(c, "a"); err != nil {
						break
					}
					c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
					if _, err := c.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						break
					}
				}
				ended.Add(1)
			})
		}
		all := make(chan struct{})
		go func() {
			group.Wait()
			close(all)
		}()
		limit := time.After(stepTimeout)
		for served := 0; ; served++ {
			c := connect(t, m, httpPort)
			send(t, c, request(m, "/10k.txt"))
			expectFile(t, bufio.NewReader(c), files, "/10k.txt")
			c.Close()
			select {
			case <-all:
				t.Log(fmt.Sprintf("%d requests beside %d slow clients", served, clients))
				return
			case <-limit:
				t.Fatalf("the server has ended %d of %d connections whose requests do not end", ended.Load(), clients)
			default:
			}
		}
	})
}
