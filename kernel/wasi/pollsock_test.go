package wasi

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/socket"
)

// poll calls poll_oneoff and returns the events.
func (n *netWorld) poll(subs ...sub) []event {
	n.t.Helper()
	top := n.top
	in, count := n.subscribe(subs...)
	n.want(Success, "poll_oneoff", in, 32768, count, resultAt)
	n.top = top
	return n.events(32768, uint64(n.u32(resultAt)))
}

func (n *netWorld) wantEvents(got []event, want ...event) {
	n.t.Helper()
	if len(got) != len(want) {
		n.t.Fatalf("events = %+v, want %+v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			n.t.Errorf("event %d = %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestPollSockets(t *testing.T) {
	n := newNetWorld(t)
	listener := n.listener(81)
	client, server := n.pair()
	read := func(fd uint64) sub { return sub{userdata: fd, tag: eventRead, id: uint32(fd)} }
	write := func(fd uint64) sub { return sub{userdata: 100 + fd, tag: eventWrite, id: uint32(fd)} }
	readable := func(fd uint64) event { return event{userdata: fd, tag: eventRead, bytes: 1} }
	writable := func(fd uint64) event { return event{userdata: 100 + fd, tag: eventWrite, bytes: 1} }
	second := sub{userdata: 7, tag: eventClock, id: 1, timeout: time.Second}

	n.wantEvents(n.poll(read(client), write(server), read(listener), second), writable(server))
	n.send(client, "x")
	n.wantEvents(n.poll(read(client), read(server), write(client), second), readable(server), writable(client))
	n.wantEvents(n.poll(read(client), second), event{userdata: 7})
	if last := n.wait.timeout[len(n.wait.timeout)-1]; last != time.Second {
		t.Errorf("waited %v, want a second", last)
	}
	// Something arrives while it waits, and a full buffer gets room.
	n.wait.happens = []func(){func() {}, func() { n.fake(server).Write([]byte("y"), false) }}
	n.wantEvents(n.poll(read(client), read(listener)), readable(client))
	n.send(client, strings.Repeat("z", 4095))
	n.wait.happens = []func(){func() { n.fake(server).Read(make([]byte, 1), false) }}
	n.wantEvents(n.poll(write(client)), writable(client))
	// A connection to accept; one that is refused.
	late := n.socket(familyINET4, typeStream)
	n.nonblock(late)
	n.want(EInProgress, "sock_connect", late, n.loopback(), 81)
	n.wantEvents(n.poll(read(listener), write(late)), readable(listener), writable(late))
	refused := n.socket(familyINET4, typeStream)
	n.nonblock(refused)
	n.want(EInProgress, "sock_connect", refused, n.loopback(), 99)
	n.wantEvents(n.poll(write(refused), read(client)), writable(refused), readable(client))
	n.wantOption(refused, levelSocket, optionError, uint32(EConnRefused))
	n.wantOption(refused, levelSocket, optionError, 0)
}

// TestPollHangup has the flag only where nothing goes in either direction, and errors
// told by what comes next.
func TestPollHangup(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.want(Success, "sock_shutdown", client, shutdownWrite)
	both := []sub{{1, eventRead, uint32(server), 0, false}, {2, eventWrite, uint32(server), 0, false}}
	n.wantEvents(n.poll(both...), event{userdata: 1, tag: eventRead, bytes: 1}, event{userdata: 2, tag: eventWrite, bytes: 1})
	n.want(Success, "sock_shutdown", server, shutdownWrite)
	n.wantEvents(n.poll(both[0]), event{userdata: 1, tag: eventRead, bytes: 1, flags: eventHangup})

	client, server = n.pair()
	n.fake(server).Fail(syscall.ECONNRESET)
	n.wantEvents(n.poll(sub{1, eventRead, uint32(server), 0, false}), event{userdata: 1, tag: eventRead, bytes: 1, flags: eventHangup})
	if _, errno := n.recv(server, 0, 10); errno != EConnReset {
		t.Errorf("sock_recv = %d, want ECONNRESET", errno)
	}
	n.want(Success, "fd_close", client)
}

// TestPollTogether waits for a socket, standard input and the clock at once.
func TestPollTogether(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	subs := []sub{{1, eventRead, 0, 0, false}, {2, eventRead, uint32(client), 0, false}, {3, eventClock, 1, time.Second, false}, {4, eventRead, 99, 0, false}}
	n.wantEvents(n.poll(subs...), event{userdata: 4, errno: EBadf, tag: eventRead})
	subs = subs[:3]
	n.wantEvents(n.poll(subs...), event{userdata: 3})
	if !n.wait.input[len(n.wait.input)-1] {
		t.Error("did not wait for input")
	}
	n.stdin.chunks = []string{"line"}
	n.fake(server).Write([]byte("x"), false)
	n.wantEvents(n.poll(subs...), event{userdata: 1, tag: eventRead, bytes: 1}, event{userdata: 2, tag: eventRead, bytes: 1})
	// The network has timers of its own: it is polled when they are due.
	n.net.Timer = 100 * time.Millisecond
	polls := n.net.Polls
	n.wantEvents(n.poll(sub{3, eventClock, 1, time.Second, false}), event{userdata: 3})
	if n.net.Polls != polls+11 {
		t.Errorf("%d polls in ten periods, want 11", n.net.Polls-polls)
	}
}

// TestPollRenumbered has sockets at numbers that files, streams and clocks have.
func TestPollRenumbered(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.want(Success, "fd_renumber", client, 1)
	n.want(EBadf, "sock_getlocaladdr", client, n.addressOf(0, 0, 0, 0), typeAt, portAt)
	clock := sub{9, eventClock, 1, time.Second, false}
	n.wantEvents(n.poll(sub{1, eventRead, 1, 0, false}, clock), event{userdata: 9})
	n.send(server, "x")
	n.wantEvents(n.poll(clock, sub{1, eventRead, 1, 0, false}), event{userdata: 1, tag: eventRead, bytes: 1})
	n.wantRecv(1, 0, "x", 1)
	n.wantEvents(n.poll(sub{1, eventRead, uint32(client), 0, false}), event{userdata: 1, errno: EBadf, tag: eventRead})
	// What was there before is closed.
	n.want(Success, "fd_renumber", server, 1)
	if len(n.net.Sockets) != 1 {
		t.Errorf("%d sockets, want 1", len(n.net.Sockets))
	}
	n.want(Success, "fd_fdstat_set_rights", 1, uint64(socketRights&^RightPollFDReadwrite), uint64(socketRights))
	n.wantEvents(n.poll(sub{1, eventRead, 1, 0, false}, clock), event{userdata: 1, errno: ENotCapable, tag: eventRead})
	n.want(Success, "fd_close", 1)
	n.wantEvents(n.poll(sub{1, eventRead, 1, 0, false}), event{userdata: 1, errno: EBadf, tag: eventRead})
}

// TestPollUnknownKind is refused even behind sockets that are idle.
func TestPollUnknownKind(t *testing.T) {
	n := newNetWorld(t)
	client, _ := n.pair()
	in, count := n.subscribe(sub{tag: eventRead, id: uint32(client)}, sub{tag: 3, id: uint32(client)})
	n.want(EInval, "epoll_oneoff", in, 32768, count, resultAt)
	if len(n.wait.timeout) != 0 {
		t.Error("waited")
	}
}

// idleSockets is a program with many connections of which the last has something to
// read: where its subscriptions are, and the arguments of poll_oneoff.
func idleSockets(t testing.TB, count int) (*netWorld, *Args) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.fake(client).Write([]byte("x"), false)
	n.Memory = make(Memory, 1<<20+count*(subscriptionBytes+pollEventBytes))
	n.top = 1 << 20
	subs := make([]sub, count)
	for i := range subs {
		opened, _ := n.net.Open(socket.IPv4, socket.Stream)
		fd, _ := n.openSocket(opened, socket.IPv4, socket.Stream, 0)
		subs[i] = sub{userdata: uint64(i), tag: eventRead, id: fd}
	}
	subs[count-1].id = uint32(server)
	in, _ := n.subscribe(subs...)
	return n, &Args{in, in + uint64(count)*subscriptionBytes, uint64(count), resultAt}
}

// BenchmarkPoll is poll_oneoff over many sockets of which one is ready.
func BenchmarkPoll(b *testing.B) {
	number, _, _ := abi.LookupFunction(abi.Preview1, "poll_oneoff", "iiii", "i")
	for _, count := range []int{1, 50, 800, 10000} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			n, args := idleSockets(b, count)
			for b.Loop() {
				if n.Call(uint64(number), args) != Success || n.u32(resultAt) != 1 {
					b.Fatal("not one event")
				}
			}
		})
	}
}

// BenchmarkRequest is what WASI does for one request of HTTP: poll_oneoff over 50
// sockets, receiving until there is nothing, sending.
func BenchmarkRequest(b *testing.B) {
	n, args := idleSockets(b, 50)
	number := func(name, params string) uint64 {
		number, _, _ := abi.LookupFunction(abi.Preview1, name, params, "i")
		return uint64(number)
	}
	poll, recv, send := number("poll_oneoff", "iiii"), number("sock_recv", "iiiiii"), number("sock_send", "iiiii")
	client, server := uint64(5), uint64(6)
	n.nonblock(client)
	n.nonblock(server)
	text, length := n.place([]byte(strings.Repeat("x", 400)))
	list, _ := n.vector(uint32(text), uint32(length))
	recvArgs, sendArgs := &Args{server, list, 1, 0, resultAt, flagsAt}, &Args{server, list, 1, 0, resultAt}
	for b.Loop() {
		n.Call(send, &Args{client, list, 1, 0, resultAt})
		n.Call(poll, args)
		n.Call(recv, recvArgs)
		n.Call(recv, recvArgs)
		n.Call(send, sendArgs)
		n.Call(recv, &Args{client, list, 1, 0, resultAt, flagsAt})
	}
}
