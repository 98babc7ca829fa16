package net

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const functionsPort = 7000

var functionsSpec = spec{program: functions, args: []string{strconv.Itoa(functionsPort)}, tcp: functionsPort, v1: true}

// nightly says that there is time.
var nightly = os.Getenv("MEWZ_NIGHTLY") != ""

// bulkBytes is what one direction of a bulk transfer has.
func bulkBytes() int64 {
	if nightly {
		return 1 << 30
	}
	return 32 << 20
}

// bulkTimeout bounds a bulk transfer.
const bulkTimeout = 10 * time.Minute

// idleConnections is how many connections are open without a use.
func idleConnections() int {
	if nightly {
		return 10_000
	}
	return 1000
}

// functionTests are in the order in which one server gets them.
var functionTests = []struct {
	name    string
	tapOnly bool // QEMU's user network ends connections itself, and has its own backlog
	test    func(t *testing.T, m *machine)
}{
	{name: "echo", test: testEcho},
	{name: "half close", test: testHalfClose},
	{name: "send", test: testSend},
	{name: "receive", test: testReceive},
	{name: "both directions", test: testBothDirections},
	{name: "pause", test: testPause},
	{name: "reset", tapOnly: true, test: testReset},
	{name: "linger", tapOnly: true, test: testLinger},
	{name: "client reset", test: testClientReset},
	{name: "refused", tapOnly: true, test: testRefused},
	{name: "addresses", tapOnly: true, test: testAddresses},
	{name: "idle", tapOnly: true, test: testIdle},
	{name: "vanish", tapOnly: true, test: testVanish},
	{name: "quit", test: testQuit}, // the server is gone then
}

// TestFunctions uses the server of small functions.
func TestFunctions(t *testing.T) {
	each(t, false, func(t *testing.T, k kind) {
		m := start(t, k, functionsSpec)
		for _, tt := range functionTests {
			if tt.tapOnly && k.user {
				continue
			}
			t.Run(tt.name, func(t *testing.T) {
				if !m.running() {
					t.Fatalf("the server has ended: %v", m.err)
				}
				tt.test(t, m)
			})
		}
	})
}

// call connects and says the line of a function.
func call(t *testing.T, m *machine, line string) *stdnet.TCPConn {
	t.Helper()
	c := connect(t, m, functionsPort)
	send(t, c, line+"\n")
	return c
}

// answered reads to the end.
func answered(t *testing.T, c io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("after %q: %v", tail(string(text)), err)
	}
	return string(text)
}

// testEcho sends pieces of many lengths and gets all of them back.
func testEcho(t *testing.T, m *machine) {
	const bytes = 1 << 20
	c := call(t, m, "echo")
	sent := make(chan error, 1)
	go func() {
		source := &streamReader{left: bytes}
		for size := int64(1); source.left > 0; size = size*3 + 1 {
			if _, err := io.CopyN(c, source, min(size%70_000, source.left)); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.CloseWrite()
	}()
	sum := &checksum{}
	_, err := io.Copy(sum, c)
	if err != nil || sum.sum() != streamSum(bytes) || sum.length != bytes {
		t.Errorf("%d of %d bytes came back, or others: %v", sum.length, bytes, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// streamSum is the checksum of so many bytes of the known stream.
func streamSum(bytes int64) uint64 {
	sum := &checksum{}
	io.Copy(sum, &streamReader{left: bytes})
	return sum.sum()
}

// testHalfClose has the server end its direction first.
func testHalfClose(t *testing.T, m *machine) {
	const bytes = 300_000
	c := call(t, m, "half")
	if text := answered(t, c); text != "" {
		t.Errorf("the server says %q before its end", text)
	}
	if _, err := io.Copy(c, &streamReader{left: bytes}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	want := fmt.Sprintf("%d %016x\n", bytes, streamSum(bytes))
	deadline := time.Now().Add(stepTimeout)
	got := ""
	for got != want && time.Now().Before(deadline) { // the server may not have read the end yet
		got = answered(t, call(t, m, "last"))
	}
	if got != want {
		t.Errorf("the server has read %q, want %q", got, want)
	}
}

// testSend receives a bulk transfer.
func testSend(t *testing.T, m *machine) {
	bytes := bulkBytes()
	c := call(t, m, fmt.Sprint("send ", bytes))
	c.SetDeadline(time.Now().Add(bulkTimeout))
	expectStream(t, c, bytes)
}

func expectStream(t *testing.T, r io.Reader, bytes int64) {
	t.Helper()
	sum := &checksum{}
	if _, err := io.CopyBuffer(sum, r, make([]byte, 256<<10)); err != nil || sum.length != uint64(bytes) || sum.sum() != streamSum(bytes) {
		t.Errorf("%d of %d bytes came, or others: %v", sum.length, bytes, err)
	}
}

// testReceive sends a bulk transfer.
func testReceive(t *testing.T, m *machine) { sendBulk(t, m, "receive", bulkBytes()) }

func sendBulk(t *testing.T, m *machine, line string, bytes int64) {
	t.Helper()
	c := call(t, m, line)
	c.SetDeadline(time.Now().Add(bulkTimeout))
	if _, err := io.CopyBuffer(c, &streamReader{left: bytes}, make([]byte, 256<<10)); err != nil {
		t.Fatal(err)
	}
	c.CloseWrite()
	if got, want := answered(t, c), fmt.Sprintf("%d %016x\n", bytes, streamSum(bytes)); got != want {
		t.Errorf("the server has got %q, want %q", got, want)
	}
}

// testBothDirections has several transfers in both directions at the same time.
func testBothDirections(t *testing.T, m *machine) {
	const bytes = 4 << 20
	var group sync.WaitGroup
	for range 4 {
		down, up := call(t, m, fmt.Sprint("send ", bytes)), call(t, m, "receive")
		group.Go(func() { expectStream(t, down, bytes) })
		group.Go(func() {
			io.Copy(up, &streamReader{left: bytes}) // an error shows in the answer
			up.CloseWrite()
			text, err := io.ReadAll(up)
			if want := fmt.Sprintf("%d %016x\n", bytes, streamSum(bytes)); string(text) != want {
				t.Errorf("the server has got %q (%v), want %q", text, err, want)
			}
		})
	}
	group.Wait()
}

// testPause sends more than fits anywhere to a server that does not read yet: its
// window closes, and opens again.
func testPause(t *testing.T, m *machine) { sendBulk(t, m, "pause 1500", 16<<20) }

// testReset has the server close with unread bytes: RFC 1122, 4.2.2.13.
func testReset(t *testing.T, m *machine) {
	c := call(t, m, "reset\n"+strings.Repeat("unread ", 100))
	if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v, want a reset", err)
	}
}

// testLinger has the server close with SO_LINGER of 0; where that option is
// unknown it closes as usual.
func testLinger(t *testing.T, m *machine) {
	_, err := io.ReadAll(call(t, m, "linger"))
	if m.kind.vmm != "" && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v, want a reset", err)
	}
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

// testClientReset resets connections in the middle of transfers; the server forgets them.
func testClientReset(t *testing.T, m *machine) {
	for i := range 50 {
		c := call(t, m, []string{"echo", "send 100000000", "receive", "half", "pause 100"}[i%5])
		send(t, c, strings.Repeat("something ", 100*i))
		c.SetLinger(0)
		c.Close()
	}
	expectCount(t, m, 1)
}

// expectCount waits until the server has so many connections.
func expectCount(t *testing.T, m *machine, want int) {
	t.Helper()
	got := ""
	for deadline := time.Now().Add(stepTimeout); time.Now().Before(deadline); {
		if got = answered(t, call(t, m, "count")); got == fmt.Sprintln(want) {
			return
		}
	}
	t.Errorf("the server has %s connections, want %d", strings.TrimSpace(got), want)
}

// testRefused connects to a port where nobody listens.
func testRefused(t *testing.T, m *machine) {
	if c, err := m.ns.dial("tcp", m.address(functionsPort+1)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting to a closed port gives %v, %v, want a refusal", c, err)
	}
}

// testAddresses compares what the server knows of a connection with what is so.
func testAddresses(t *testing.T, m *machine) {
	c := call(t, m, "address")
	if got, want := answered(t, c), fmt.Sprintf("4 %v 4 %v\n", c.RemoteAddr(), c.LocalAddr()); got != want {
		t.Errorf("the server says %q, want %q", got, want)
	}
}

// testIdle opens many connections that do nothing; others are served beside them.
func testIdle(t *testing.T, m *machine) {
	n := idleConnections()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < uint64(n)+100 {
		unavailable(t, fmt.Sprintf("%d connections need as many descriptors, %d are allowed (%v)", n, limit.Cur, err))
	}
	idle := make([]*stdnet.TCPConn, n)
	for i := range idle {
		idle[i] = connect(t, m, functionsPort)
	}
	expectCount(t, m, n+1)
	sendBulk(t, m, "receive", 1<<20)
	for _, c := range idle {
		c.SetDeadline(time.Now().Add(stepTimeout))
		send(t, c, "echo\nstill here\n")
		c.CloseWrite()
	}
	for i, c := range idle {
		if text := answered(t, c); text != "still here\n" {
			t.Fatalf("connection %d says %q", i, text)
		}
		c.Close()
	}
	expectCount(t, m, 1)
}

// testVanish takes the address of clients away while they receive and send: no
// end, no reset, nothing comes from them any more. Others are served as before.
func testVanish(t *testing.T, m *machine) {
	for i := range 20 {
		c, err := m.ns.dialFrom("tcp", tapVanishes, m.address(functionsPort))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		send(t, c, []string{"send 100000000\n", "receive\nsome", "echo\nthing", "half\n"}[i%4])
	}
	device := tapName
	prefix := "/24"
	if m.kind.vmm == "" {
		device, prefix = "lo", "/32"
	}
	m.ns.ip(t, "addr del "+tapVanishes+prefix+" dev "+device)
	sendBulk(t, m, "receive", 8<<20)
	expectStream(t, call(t, m, fmt.Sprint("send ", 8<<20)), 8<<20)
	testEcho(t, m)
}

// testQuit ends the program while connections are open: they end too.
func testQuit(t *testing.T, m *machine) {
	var open []*stdnet.TCPConn
	for i := range 10 {
		c := call(t, m, "echo")
		text := fmt.Sprintln("number", i)
		send(t, c, text)
		if got, err := bufio.NewReader(c).ReadString('\n'); got != text {
			t.Fatalf("echo says %q (%v)", got, err)
		}
		open = append(open, c)
	}
	call(t, m, "quit")
	if code := m.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	for i, c := range open {
		c.SetDeadline(time.Now().Add(endTimeout))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("connection %d: %d bytes, %v after the end of the program, want its end", i, n, err)
		}
	}
}
