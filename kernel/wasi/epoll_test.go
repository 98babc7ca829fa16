package wasi

import (
	"slices"
	"testing"
	"time"
)

// epoll calls epoll_oneoff with a timeout of a second behind the subscriptions, and returns what
// it tells of them.
func (n *netWorld) epoll(subs ...sub) []event {
	n.t.Helper()
	top := n.top
	in, count := n.subscribe(append(slices.Clone(subs), sub{userdata: 999, tag: eventClock, id: 1, timeout: time.Second})...)
	n.want(Success, "epoll_oneoff", in, 32768, count, resultAt)
	n.top = top
	events := n.events(32768, uint64(n.u32(resultAt)))
	if len(events) == 1 && events[0].userdata == 999 {
		return nil
	}
	return events
}

func readingFrom(fd uint64) sub { return sub{userdata: fd, tag: eventRead, id: uint32(fd)} }
func writingTo(fd uint64) sub   { return sub{userdata: fd + 100, tag: eventWrite, id: uint32(fd)} }

func isReadable(fd uint64) event { return event{userdata: fd, tag: eventRead, bytes: 1} }
func isWritable(fd uint64) event { return event{userdata: fd + 100, tag: eventWrite, bytes: 1} }

// TestEpollEdges has what is ready told once, until it becomes ready again.
func TestEpollEdges(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	all := []sub{readingFrom(client), writingTo(client), readingFrom(server), writingTo(server)}
	n.wantEvents(n.epoll(all...), isWritable(client), isWritable(server))
	n.wantEvents(n.epoll(all...))
	n.send(client, "xy")
	n.wantEvents(n.epoll(all...), isReadable(server))
	n.wantEvents(n.epoll(all...)) // nobody has touched it
	n.wantRecv(server, 0, "x", 1)
	n.wantEvents(n.epoll(all...), isReadable(server)) // there is more
	n.wantRecv(server, 0, "y", 1)
	n.wantEvents(n.epoll(all...))
	// It comes while the call waits.
	n.wait.happens = []func(){func() {}, func() { n.fake(client).Write([]byte("z"), false) }}
	n.wantEvents(n.epoll(all...), isReadable(server))
	n.wantRecv(server, 0, "z", 1)
	// A full buffer that gets room.
	n.send(client, string(make([]byte, 4096)))
	n.wantEvents(n.epoll(writingTo(client)))
	n.wait.happens = []func(){func() { n.fake(server).Read(make([]byte, 10), false) }}
	n.wantEvents(n.epoll(writingTo(client)), isWritable(client))
	// poll_oneoff tells what is ready whatever epoll_oneoff has told, and takes nothing from it.
	n.wantEvents(n.poll(writingTo(client), readingFrom(server)), isWritable(client), isReadable(server))
	n.wantEvents(n.epoll(writingTo(client)))
}

// TestEpollHangup has the end told although what came before it was told and not read.
func TestEpollHangup(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.send(client, "x")
	n.wantEvents(n.epoll(readingFrom(server)), isReadable(server))
	n.wantEvents(n.epoll(readingFrom(server)))
	n.want(Success, "sock_shutdown", client, shutdownWrite)
	n.wantEvents(n.epoll(readingFrom(server)), isReadable(server))
	n.wantEvents(n.epoll(readingFrom(server)))
}

// TestEpollNew has a subscription told at once that was not there before, or is another one.
func TestEpollNew(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.send(client, "x")
	n.wantEvents(n.epoll(readingFrom(server), writingTo(client)), isReadable(server), isWritable(client))
	n.wantEvents(n.epoll(readingFrom(server)))
	n.wantEvents(n.epoll(readingFrom(server), writingTo(client)), isWritable(client))
	renamed := readingFrom(server)
	renamed.userdata = 7
	n.wantEvents(n.epoll(renamed, writingTo(client)), event{userdata: 7, tag: eventRead, bytes: 1})
	n.wantEvents(n.epoll(renamed, writingTo(client)))
	// Another socket with the same number.
	n.want(Success, "fd_close", client)
	fresh, _ := n.pair()
	if fresh != client {
		t.Fatalf("the new socket is %d, want %d", fresh, client)
	}
	n.wantEvents(n.epoll(renamed, writingTo(client)), event{userdata: 7, tag: eventRead, bytes: 1}, isWritable(client))
	n.wantEvents(n.epoll(renamed, writingTo(client)))
}

// TestEpollOthers has all that is no socket told as by poll_oneoff.
func TestEpollOthers(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.stdin.chunks = []string{"line"}
	subs := []sub{{1, eventRead, 0, 0, false}, {2, eventWrite, 1, 0, false}, {3, eventRead, 99, 0, false}, writingTo(server)}
	others := []event{{userdata: 1, tag: eventRead, bytes: 1}, {userdata: 2, tag: eventWrite, bytes: gatherBytes}, {userdata: 3, errno: EBadf, tag: eventRead}}
	n.wantEvents(n.epoll(subs...), append(slices.Clone(others), isWritable(server))...)
	n.wantEvents(n.epoll(subs...), others...)
	// A listener, connections in its queue.
	listener := n.listener(81)
	n.wantEvents(n.epoll(readingFrom(listener)))
	for range 2 {
		late := n.socket(familyINET4, typeStream)
		n.nonblock(late)
		n.want(EInProgress, "sock_connect", late, n.loopback(), 81)
	}
	n.wantEvents(n.epoll(readingFrom(listener)), isReadable(listener))
	n.wantEvents(n.epoll(readingFrom(listener)))
	n.want(Success, "sock_accept", uint64(listener), 0, resultAt)
	n.wantEvents(n.epoll(readingFrom(listener)), isReadable(listener))
	n.want(Success, "sock_accept", uint64(listener), 0, resultAt)
	n.wantEvents(n.epoll(readingFrom(listener)))
	// A socket with a number that clocks have.
	n.want(Success, "fd_renumber", client, 1)
	n.wantEvents(n.epoll(writingTo(1)), isWritable(1))
	n.wantEvents(n.epoll(writingTo(1)))
}

// TestEpollHostile keeps no more than two subscriptions for each descriptor.
func TestEpollHostile(t *testing.T) {
	n := newNetWorld(t)
	_, server := n.pair()
	subs := make([]sub, 500)
	for i := range subs {
		subs[i] = writingTo(server)
	}
	n.Memory = make(Memory, 1<<20)
	n.top = 1 << 17
	if got := len(n.epoll(subs...)); got != 1 { // the others are the same bit
		t.Errorf("%d events, want 1", got)
	}
	if limit := 2 * subscriptionBytes * len(n.network.raised); len(n.network.last) > limit {
		t.Errorf("%d bytes are kept, want %d at most", len(n.network.last), limit)
	}
}
