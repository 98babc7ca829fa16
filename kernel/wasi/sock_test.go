package wasi

import (
	"encoding/binary"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/socket"
	"mewz/kernel/socket/sockettest"
)

// fakeWaiter lets time pass, and things happen while it does.
type fakeWaiter struct {
	w       *world
	timeout []time.Duration
	input   []bool
	happens []func() // one a Wait
}

func (f *fakeWaiter) Wait(input bool, timeout time.Duration) {
	f.timeout, f.input = append(f.timeout, timeout), append(f.input, input)
	if len(f.happens) != 0 {
		next := f.happens[0]
		f.happens = f.happens[1:]
		next()
		return
	}
	streamWaiter{f.w.clock, f.w.stdin}.Wait(input && f.w.stdin.delay > 0, timeout)
}

// netWorld is a world with a network.
type netWorld struct {
	*world
	net  *sockettest.Network
	wait *fakeWaiter
}

func newNetWorld(t testing.TB, listen ...string) *netWorld {
	t.Helper()
	return newNetWorldOver(t, func(m *Machine) { m.Config.Network.Listen = listen })
}

func newNetWorldOver(t testing.TB, change func(*Machine)) *netWorld {
	t.Helper()
	n := &netWorld{net: &sockettest.Network{}, wait: &fakeWaiter{}}
	n.world = newWorld(t, func(m *Machine) {
		m.Network, m.Wait = n.net, n.wait
		change(m)
	})
	n.wait.w = n.world
	return n
}

// TestReadInput: while the program waits for standard input the network goes on.
func TestReadInput(t *testing.T) {
	n := newNetWorld(t)
	n.stdin.chunks, n.stdin.delay = []string{"typed", ""}, time.Second
	n.net.Timer = 100 * time.Millisecond
	polls := n.net.Polls
	list, count := n.vector(8192, 10)
	n.want(Success, "fd_read", 0, list, count, resultAt)
	if n.u32(resultAt) != 5 {
		t.Errorf("read %d bytes, want 5", n.u32(resultAt))
	}
	if got := n.net.Polls - polls; got < 10 || got > 12 {
		t.Errorf("%d polls in ten periods, want 10 to 12", got)
	}
}

// at is where tests have results.
const (
	resultAt = 512
	flagsAt  = 520
	portAt   = 528
	typeAt   = 536
)

// socket opens a socket.
func (n *netWorld) socket(family, kind uint64) uint64 {
	n.t.Helper()
	n.want(Success, "sock_open", family, kind, resultAt)
	return uint64(n.u32(resultAt))
}

// address puts an address of WasmEdge's into memory.
func (n *netWorld) addressOf(b ...byte) (at uint64) {
	buffer, length := n.place(b)
	at, _ = n.vector(uint32(buffer), uint32(length))
	return at
}

func (n *netWorld) loopback() uint64 { return n.addressOf(127, 0, 0, 1) }

// nonblock makes a descriptor not wait.
func (n *netWorld) nonblock(fd uint64) {
	n.t.Helper()
	n.want(Success, "fd_fdstat_set_flags", fd, uint64(FlagNonblock))
}

// listener opens a listening socket at a port.
func (n *netWorld) listener(port uint64) uint64 {
	n.t.Helper()
	fd := n.socket(familyINET4, typeStream)
	n.want(Success, "sock_bind", fd, n.addressOf(0, 0, 0, 0), port)
	n.want(Success, "sock_listen", fd, 16)
	return fd
}

// pair opens both ends of a connection.
func (n *netWorld) pair() (client, server uint64) {
	n.t.Helper()
	listener := n.listener(80)
	client = n.socket(familyINET4, typeStream)
	n.want(Success, "sock_connect", client, n.loopback(), 80)
	n.want(Success, "sock_accept", listener, 0, resultAt)
	server = uint64(n.u32(resultAt))
	n.want(Success, "fd_close", listener)
	return client, server
}

// send sends text in pieces; recv receives into buffers of the sizes.
func (n *netWorld) send(fd uint64, pieces ...string) (sent uint32, errno Errno) {
	var words []uint32
	for _, p := range pieces {
		at, length := n.place([]byte(p))
		words = append(words, uint32(at), uint32(length))
	}
	list, count := n.vector(words...)
	errno = n.call("sock_send", fd, list, count, 0, resultAt)
	return n.u32(resultAt), errno
}

func (n *netWorld) recv(fd, flags uint64, sizes ...uint32) (text string, errno Errno) {
	var words []uint32
	start := n.top
	for _, size := range sizes {
		words = append(words, n.top, size)
		n.top += size
	}
	list, count := n.vector(words...)
	errno = n.call("sock_recv", fd, list, count, flags, resultAt, flagsAt)
	if errno != Success {
		return "", errno
	}
	return string(n.Memory[start:][:n.u32(resultAt)]), Success
}

func (n *netWorld) wantRecv(fd, flags uint64, want string, sizes ...uint32) {
	n.t.Helper()
	if got, errno := n.recv(fd, flags, sizes...); got != want || errno != Success {
		n.t.Errorf("sock_recv = %q, %d, want %q", got, errno, want)
	}
}

// other is the fake behind a descriptor.
func (n *netWorld) fake(fd uint64) *sockettest.Socket {
	return n.descriptors.get(uint32(fd)).socket.(*sockettest.Socket)
}

func TestConnection(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	if client != 5 || server != 6 {
		t.Errorf("descriptors %d and %d, want the lowest", client, server)
	}
	if sent, errno := n.send(client, "GET ", "/"); sent != 5 || errno != Success {
		t.Errorf("sock_send = %d, %d", sent, errno)
	}
	n.wantRecv(server, receivePeek, "GET", 3)
	n.wantRecv(server, receivePeek, "GET /", 3, 10)
	n.wantRecv(server, 0, "GET /", 3, 10)

	at, length := n.place([]byte("200 OK"))
	list, count := n.vector(uint32(at), uint32(length))
	n.want(Success, "fd_write", server, list, count, resultAt)
	into, count := n.vector(n.top, 100)
	n.want(Success, "fd_read", client, into, count, resultAt)
	if n.u32(resultAt) != 6 {
		t.Errorf("fd_read = %d, want 6", n.u32(resultAt))
	}
	n.want(Success, "sock_shutdown", client, shutdownWrite)
	n.wantRecv(server, 0, "", 10)
	if _, errno := n.send(client, "x"); errno != EPipe {
		t.Errorf("sock_send after shutdown = %d, want EPIPE", errno)
	}
	n.want(Success, "fd_close", client)
	n.want(Success, "fd_close", server)
	if len(n.net.Sockets) != 0 {
		t.Errorf("%d sockets are left", len(n.net.Sockets))
	}
}

// TestWaiting has calls wait for what happens while they do.
func TestWaiting(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	write := func(text string) func() {
		return func() { n.fake(server).Write([]byte(text), false) }
	}
	n.wait.happens = []func(){func() {}, write("a")}
	n.wantRecv(client, 0, "a", 10)
	n.wait.happens = []func(){write("bc"), write("de")}
	n.wantRecv(client, receiveWaitAll, "bcde", 3, 1)
	n.wait.happens = []func(){write("fg"), func() { n.fake(server).Close() }}
	n.wantRecv(client, receiveWaitAll, "fg", 3)
	n.descriptors.close(uint32(server))

	client, server = n.pair()
	drain := func() { n.fake(server).Read(make([]byte, 3000), false) }
	n.wait.happens = []func(){drain, drain}
	if sent, errno := n.send(client, strings.Repeat("x", 5000)); sent != 5000 || errno != Success {
		t.Errorf("sock_send = %d, %d, want all", sent, errno)
	}
	if len(n.wait.happens) != 1 {
		t.Errorf("%d waits are left, want 1", len(n.wait.happens))
	}
}

// TestNonblocking has calls not wait.
func TestNonblocking(t *testing.T) {
	n := newNetWorld(t)
	listener := n.listener(80)
	n.nonblock(listener)
	n.want(EAgain, "sock_accept", listener, 0, resultAt)
	client := n.socket(familyINET4, typeStream)
	n.nonblock(client)
	n.want(EInProgress, "sock_connect", client, n.loopback(), 80)
	n.want(EAlready, "sock_connect", client, n.loopback(), 80)
	n.want(Success, "sock_accept", listener, uint64(FlagNonblock), resultAt) // the network runs when there is nothing
	server := uint64(n.u32(resultAt))
	n.want(EIsConn, "sock_connect", client, n.loopback(), 80)
	for _, fd := range []uint64{client, server} {
		if _, errno := n.recv(fd, 0, 10); errno != EAgain {
			t.Errorf("sock_recv = %d, want EAGAIN", errno)
		}
	}
	if sent, errno := n.send(client, strings.Repeat("x", 4000), strings.Repeat("y", 1000)); sent != 4096 || errno != Success {
		t.Errorf("sock_send = %d, %d, want what there is room for", sent, errno)
	}
	if _, errno := n.send(client, "z"); errno != EAgain {
		t.Errorf("sock_send = %d, want EAGAIN", errno)
	}
	n.send(server, "abc")
	n.wantRecv(client, receiveWaitAll, "abc", 10)
	if len(n.wait.timeout) != 0 {
		t.Errorf("waited %v", n.wait.timeout)
	}
}

// TestTimeouts holds for SO_RCVTIMEO and SO_SNDTIMEO.
func TestTimeouts(t *testing.T) {
	n := newNetWorld(t)
	client, _ := n.pair()
	timeval := make([]byte, optionTimevalBytes)
	binary.LittleEndian.PutUint64(timeval, 1)
	binary.LittleEndian.PutUint64(timeval[8:], 500_000)
	at, size := n.place(timeval)
	n.want(Success, "sock_setsockopt", client, levelSocket, optionReceiveLimit, at, size)
	n.want(Success, "sock_setsockopt", client, levelSocket, optionSendLimit, at, size)
	before := n.clock.now[ClockMonotonic]
	if _, errno := n.recv(client, 0, 10); errno != EAgain {
		t.Errorf("sock_recv = %d, want EAGAIN", errno)
	}
	if passed := time.Duration(n.clock.now[ClockMonotonic] - before); passed != 1500*time.Millisecond {
		t.Errorf("%v passed, want 1.5s", passed)
	}
	if sent, errno := n.send(client, strings.Repeat("x", 5000)); sent != 4096 || errno != Success {
		t.Errorf("sock_send = %d, %d, want what there was room for", sent, errno)
	}
	if _, errno := n.send(client, "x"); errno != EAgain {
		t.Errorf("sock_send = %d, want EAGAIN", errno)
	}
}

func listenConfig(text string) *abi.Config {
	return &abi.Config{Network: abi.Network{Listen: []string{text}}}
}

func TestListenEntries(t *testing.T) {
	n := newNetWorld(t, "0.0.0.0:8080", "[::]:8081")
	n.want(Success, "fd_fdstat_get", 4, resultAt)
	if b := n.Memory[resultAt:]; FileType(b[0]) != FileTypeSocketStream || FDFlags(b[2]) != FlagNonblock || Rights(n.u64(resultAt+8)) != socketRights {
		t.Errorf("fdstat = %v", b[:fdstatBytes])
	}
	n.want(EAgain, "sock_accept", 4, 0, resultAt)
	client := n.socket(familyINET4, typeStream)
	n.want(Success, "sock_connect", client, n.loopback(), 8080)
	n.want(Success, "sock_accept", 4, 0, resultAt)
	n.want(EBadf, "fd_prestat_get", 4, resultAt)

	for _, test := range []struct {
		listen  string
		network socket.Network
		want    string
	}{
		{"8080", &sockettest.Network{}, "want ADDRESS:PORT"},
		{"10.0.0.1:80", &sockettest.Network{}, "cannot listen on 10.0.0.1:80"},
		{"0.0.0.0:80", &sockettest.Network{OpenError: syscall.ENOBUFS}, "cannot listen on 0.0.0.0:80"},
		{"0.0.0.0:80", nil, "no network"},
	} {
		_, err := New(Machine{Config: listenConfig(test.listen), Clock: n.clock, Network: test.network, Wait: n.wait})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("New with %s = %v, want %q", test.listen, err, test.want)
		}
		if fake, ok := test.network.(*sockettest.Network); ok && len(fake.Sockets) != 0 {
			t.Error("a socket is left open")
		}
	}
	var refused *listenError
	_, err := New(Machine{Config: listenConfig("1.2.3.4:5"), Clock: n.clock, Network: n.net, Wait: n.wait})
	if !errors.As(err, &refused) || !errors.Is(err, syscall.EADDRNOTAVAIL) || !strings.Contains(err.Error(), "listen on 0.0.0.0") {
		t.Errorf("New = %v", err)
	}
	if _, err := New(Machine{Config: &abi.Config{}, Network: n.net}); err != errWaiter {
		t.Errorf("New without a Waiter = %v", err)
	}
}

// wantOption compares an int option.
func (n *netWorld) wantOption(fd, level, name uint64, want uint32) {
	n.t.Helper()
	at, _ := n.place([]byte{0, 0, 0, 0, 4, 0, 0, 0})
	n.want(Success, "sock_getsockopt", fd, level, name, at, at+4)
	if got, size := n.u32(at), n.u32(at+4); got != want || size != optionIntBytes {
		n.t.Errorf("option %d of level %d = %d of %d bytes, want %d", name, level, got, size, want)
	}
}

// TestSocketFunctionsRefuse holds for every function that takes a socket: no descriptor,
// none that is a socket, and a right that was given up.
func TestSocketFunctionsRefuse(t *testing.T) {
	n := newNetWorld(t)
	fd := n.listener(80)
	n.want(Success, "fd_fdstat_set_rights", fd, uint64(socketRights&^(RightFDRead|RightFDWrite|RightSockShutdown|RightSockAccept)), 0)
	rights := map[string]bool{"sock_accept": true, "sock_recv": true, "sock_recv_from": true, "sock_send": true, "sock_send_to": true, "sock_shutdown": true}
	tried := 0
	for number, f := range abi.Functions {
		if !strings.HasPrefix(f.Name, "sock_") || strings.HasPrefix(f.Name, "sock_open") || f.Name == "sock_getaddrinfo" {
			continue
		}
		tried++
		for first, want := range map[uint64]Errno{99: EBadf, 1 << 31: EBadf, 1: ENotSock, 3: ENotSock} {
			if got := n.Call(uint64(number), &Args{first}); got != want {
				t.Errorf("%s of %d = %d, want %d", f.Name, first, got, want)
			}
		}
		if !rights[strings.TrimSuffix(f.Name, "_v2")] {
			continue
		}
		if got := n.Call(uint64(number), &Args{fd}); got != ENotCapable {
			t.Errorf("%s without the right = %d, want ENOTCAPABLE", f.Name, got)
		}
	}
	if tried != 30 {
		t.Errorf("%d functions, want 27 and 3 of wasi_unstable", tried)
	}
}

func TestSockOpenRefuses(t *testing.T) {
	n := newNetWorld(t)
	for _, test := range []struct {
		family, kind, result uint64
		want                 Errno
	}{
		{0, typeStream, resultAt, EAfNoSupport}, {3, typeStream, resultAt, EAfNoSupport}, {1 << 31, typeStream, resultAt, EAfNoSupport},
		{familyINET4, typeAny, resultAt, EProtoNoSupport}, {familyINET4, 3, resultAt, EProtoNoSupport}, {familyINET4, typeStream, far, EFault},
	} {
		n.want(test.want, "sock_open", test.family, test.kind, test.result)
	}
	n.net.OpenError = syscall.ENOBUFS
	n.want(ENoBufs, "sock_open", familyINET4, typeStream, resultAt)
	if len(n.net.Sockets) != 0 {
		t.Errorf("%d sockets are open", len(n.net.Sockets))
	}
	without := newWorld(t, nil)
	without.want(ENetDown, "sock_open", familyINET4, typeStream, resultAt)
	without.want(ENotSock, "sock_accept", 0, 0, resultAt)
}

// TestNoMoreDescriptors leaves a connection where it is.
func TestNoMoreDescriptors(t *testing.T) {
	n := newNetWorld(t)
	listener := n.listener(80)
	client := n.socket(familyINET4, typeStream)
	n.want(Success, "sock_connect", client, n.loopback(), 80)
	for !n.descriptors.full() {
		n.descriptors.open(descriptor{kind: output})
	}
	n.want(EMFile, "sock_accept", listener, 0, resultAt)
	n.want(EMFile, "sock_open", familyINET4, typeStream, resultAt)
	n.want(Success, "fd_close", 40_000)
	n.want(Success, "sock_accept", listener, 0, resultAt)
	if got := n.u32(resultAt); got != 40_000 {
		t.Errorf("accepted as %d, want 40000", got)
	}
}

func TestSocketCallsRefuse(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	listener := n.listener(81)
	text, length := n.place([]byte("abc"))
	list, count := n.vector(uint32(text), uint32(length))
	outside, _ := n.vector(far, 4)
	for _, test := range []struct {
		want Errno
		name string
		args []uint64
	}{
		{EInval, "sock_recv", []uint64{client, list, count, 4, resultAt, flagsAt}},
		{EFault, "sock_recv", []uint64{client, far, count, 0, resultAt, flagsAt}},
		{EFault, "sock_recv", []uint64{client, outside, count, 0, resultAt, flagsAt}},
		{EFault, "sock_recv", []uint64{client, list, count, 0, far, flagsAt}},
		{EFault, "sock_recv", []uint64{client, list, count, 0, resultAt, far + 1}},
		{Success, "sock_recv", []uint64{client, list, 0, 0, resultAt, flagsAt}},
		{EInval, "sock_send", []uint64{client, list, count, 1, resultAt}},
		{EFault, "sock_send", []uint64{client, outside, count, 0, resultAt}},
		{EFault, "sock_send", []uint64{client, list, 1 << 30, 0, resultAt}},
		{EFault, "sock_send", []uint64{client, list, count, 0, far}},
		{EFault, "fd_write", []uint64{client, outside, count, resultAt}},
		{EFault, "fd_read", []uint64{client, outside, count, resultAt}},
		{ENotConn, "sock_recv", []uint64{listener, list, count, 0, resultAt, flagsAt}},
		{EInval, "sock_accept", []uint64{client, 0, resultAt}},
		{EInval, "sock_accept", []uint64{listener, 1 << 5, resultAt}},
		{EFault, "sock_accept", []uint64{listener, 0, far}},
		{EFault, "sock_accept", []uint64{listener, far}},
		{EFault, "sock_connect", []uint64{listener, far, 80}},
		{EInval, "sock_shutdown", []uint64{client, 0}},
		{EInval, "sock_shutdown", []uint64{client, 4}},
		{ENotConn, "sock_shutdown", []uint64{listener, 3}},
		{ESPipe, "fd_seek", []uint64{client, 0, 0, resultAt}},
		{ESPipe, "fd_tell", []uint64{client, resultAt}},
		{ESPipe, "fd_pread", []uint64{client, list, count, 0, resultAt}},
		{ESPipe, "fd_pwrite", []uint64{client, list, count, 0, resultAt}},
		{ESPipe, "fd_advise", []uint64{client, 0, 0, 0}},
		{EInval, "fd_sync", []uint64{client}},
		{EInval, "fd_filestat_set_size", []uint64{client, 0}},
		{ENotDir, "path_unlink_file", []uint64{client, text, length}},
		{EBadf, "fd_prestat_get", []uint64{client, resultAt}},
	} {
		n.want(test.want, test.name, test.args...)
	}
	n.wantRecvNothing(server)
}

// wantRecvNothing says that nothing was sent.
func (n *netWorld) wantRecvNothing(fd uint64) {
	n.t.Helper()
	n.nonblock(fd)
	if got, errno := n.recv(fd, 0, 10); errno != EAgain {
		n.t.Errorf("sock_recv = %q, %d, want EAGAIN", got, errno)
	}
}

// TestLostConnections has errors of the stack arrive as the program's.
func TestLostConnections(t *testing.T) {
	for _, test := range []struct {
		err  syscall.Errno
		want Errno
	}{
		{syscall.ECONNRESET, EConnReset}, {syscall.ETIMEDOUT, ETimedOut}, {syscall.EHOSTUNREACH, EHostUnreach}, {syscall.ENETUNREACH, ENetUnreach},
		{syscall.ECONNREFUSED, EConnRefused}, {syscall.EPIPE, EPipe}, {syscall.ENOTBLK, EIO}, {1000, EIO},
	} {
		n := newNetWorld(t)
		client, _ := n.pair()
		n.wait.happens = []func(){func() { n.fake(client).Fail(test.err) }}
		if _, errno := n.recv(client, 0, 10); errno != test.want {
			t.Errorf("sock_recv = %d, want %d", errno, test.want)
		}
		if _, errno := n.send(client, "x"); errno != EPipe {
			t.Errorf("sock_send = %d, want EPIPE", errno)
		}
		n.fake(client).Fail(test.err)
		n.wantOption(client, levelSocket, optionError, uint32(test.want))
	}
	n := newNetWorld(t)
	fd := n.socket(familyINET4, typeStream)
	n.want(EConnRefused, "sock_connect", fd, n.loopback(), 99)
}

// TestBlockingConnect waits, and gives up in time.
func TestBlockingConnect(t *testing.T) {
	n := newNetWorld(t)
	fd := n.socket(familyINET4, typeStream)
	timeval, size := n.place(make([]byte, optionTimevalBytes))
	n.Memory[timeval] = 2
	n.want(Success, "sock_setsockopt", fd, levelSocket, optionSendLimit, timeval, size)
	n.net.OnPoll = func() { n.net.Hold() }
	before := n.clock.now[ClockMonotonic]
	n.want(EInProgress, "sock_connect", fd, n.loopback(), 80)
	if passed := time.Duration(n.clock.now[ClockMonotonic] - before); passed != 2*time.Second {
		t.Errorf("%v passed, want 2s", passed)
	}
}

// TestYieldPolls holds that a program that spins lets the network run.
func TestYieldPolls(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.nonblock(client)
	n.net.OnPoll = func() {
		n.net.OnPoll = nil
		n.fake(server).Write([]byte("x"), false)
	}
	n.want(Success, "sched_yield")
	n.wantRecv(client, 0, "x", 1)
	n.net.OnPoll = func() { n.fake(server).Write([]byte("y"), false) }
	if _, errno := n.recv(client, 0, 1); errno != EAgain {
		t.Errorf("sock_recv = %d: the fake says that nothing happened", errno)
	}
	n.net.OnPoll = nil
	n.wantRecv(client, 0, "y", 1)
	n.net.Timer = time.Second
	polls := n.net.Polls
	n.Wait(5 * time.Second)
	if n.net.Polls != polls+6 {
		t.Errorf("%d polls while memory.atomic.wait waits, want 6", n.net.Polls-polls)
	}
}

// TestListChanges has what is received change the list of buffers.
func TestListChanges(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	at := n.top
	list, count := n.vector(at+8, 8, at, 8) // the first buffer is the second item
	n.fake(server).Write([]byte("\xff\xff\xff\xff\xff\xff\xff\xff123"), false)
	n.want(EFault, "sock_recv", client, list, count, 0, resultAt, flagsAt)
}
