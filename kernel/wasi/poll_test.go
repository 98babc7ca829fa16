package wasi

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"mewz/kernel/vfs"
)

// sub is a subscription.
type sub struct {
	userdata uint64
	tag      uint8
	id       uint32 // clock or descriptor
	timeout  time.Duration
	absolute bool
}

// subscribe puts subscriptions into memory.
func (w *world) subscribe(subs ...sub) (at, count uint64) {
	le := binary.LittleEndian
	var list []byte
	for _, s := range subs {
		var b [subscriptionBytes]byte
		le.PutUint64(b[0:], s.userdata)
		b[8] = s.tag
		le.PutUint32(b[16:], s.id)
		le.PutUint64(b[24:], uint64(s.timeout))
		if s.absolute {
			le.PutUint16(b[40:], clockAbsolute)
		}
		list = append(list, b[:]...)
	}
	at, _ = w.place(list)
	return at, uint64(len(subs))
}

// event is an event as the program sees it.
type event struct {
	userdata uint64
	errno    Errno
	tag      uint8
	bytes    uint64
	flags    uint16
}

func (w *world) events(at, n uint64) (list []event) {
	for i := range n {
		b := w.Memory[at+i*pollEventBytes:]
		le := binary.LittleEndian
		list = append(list, event{le.Uint64(b), Errno(le.Uint16(b[8:])), b[10], le.Uint64(b[16:]), le.Uint16(b[24:])})
	}
	return list
}

func TestPoll(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name   string
		subs   []sub
		chunks []string
		delay  time.Duration
		want   []event
		passed time.Duration
	}{
		{name: "relative", subs: []sub{{1, eventClock, 1, second, false}}, want: []event{{userdata: 1}}, passed: second},
		{name: "relative real time", subs: []sub{{1, eventClock, 0, second, false}}, want: []event{{userdata: 1}}, passed: second},
		{name: "absolute", subs: []sub{{1, eventClock, 1, 7 * second, true}}, want: []event{{userdata: 1}}, passed: 2 * second},
		{name: "past", subs: []sub{{1, eventClock, 1, 2 * second, true}}, want: []event{{userdata: 1}}},
		{name: "zero", subs: []sub{{1, eventClock, 1, 0, false}}, want: []event{{userdata: 1}}},
		{name: "first of two", subs: []sub{{1, eventClock, 1, 3 * second, false}, {2, eventClock, 0, second, false}}, want: []event{{userdata: 2}}, passed: second},
		{name: "two at once", subs: []sub{{1, eventClock, 1, second, false}, {2, eventClock, 1, second, false}}, want: []event{{userdata: 1}, {userdata: 2}}, passed: second},
		{name: "no clock", subs: []sub{{1, eventClock, 9, second, false}}, want: []event{{userdata: 1, errno: EInval}}},
		{name: "processor time", subs: []sub{{1, eventClock, 2, second, false}}, want: []event{{userdata: 1, errno: ENotSup}}},
		{name: "output", subs: []sub{{1, eventWrite, 1, 0, false}, {2, eventClock, 1, second, false}}, want: []event{{1, Success, eventWrite, gatherBytes, 0}}},
		{name: "input there", subs: []sub{{1, eventRead, 0, 0, false}}, chunks: []string{"x"}, want: []event{{1, Success, eventRead, 1, 0}}},
		{name: "input at its end", subs: []sub{{1, eventRead, 0, 0, false}}, chunks: []string{""}, want: []event{{1, Success, eventRead, 1, eventHangup}}},
		{name: "input later", subs: []sub{{1, eventRead, 0, 0, false}}, chunks: []string{"x"}, delay: second, want: []event{{1, Success, eventRead, 1, 0}}, passed: second},
		{name: "input too late", subs: []sub{{1, eventRead, 0, 0, false}, {2, eventClock, 1, second, false}}, chunks: []string{"x"}, delay: 2 * second,
			want: []event{{userdata: 2}}, passed: second},
		{name: "input in time", subs: []sub{{1, eventRead, 0, 0, false}, {2, eventClock, 1, 2 * second, false}}, chunks: []string{"x"}, delay: second,
			want: []event{{1, Success, eventRead, 1, 0}}, passed: second},
		{name: "bad descriptor", subs: []sub{{1, eventRead, 9, 0, false}, {2, eventRead, 1, 0, false}, {3, eventWrite, 0, 0, false}, {4, eventRead, 3, 0, false}},
			want: []event{{userdata: 1, errno: EBadf, tag: eventRead}, {userdata: 2, errno: EBadf, tag: eventRead}, {userdata: 3, errno: EBadf, tag: eventWrite}, {userdata: 4, errno: EBadf, tag: eventRead}}},
		{name: "file", subs: []sub{{1, eventRead, 4, 0, false}}, want: []event{{1, Success, eventRead, 12, 0}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.open("hello.txt")
			w.stdin.chunks, w.stdin.delay = test.chunks, test.delay
			before := w.clock.now[ClockMonotonic]
			in, n := w.subscribe(test.subs...)
			w.want(Success, "poll_oneoff", in, 16384, n, 0)
			got := w.events(16384, uint64(w.u32(0)))
			if len(got) != len(test.want) {
				t.Fatalf("events = %+v, want %+v", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("event %d = %+v, want %+v", i, got[i], test.want[i])
				}
			}
			if passed := time.Duration(w.clock.now[ClockMonotonic] - before); passed != test.passed {
				t.Errorf("%v passed, want %v", passed, test.passed)
			}
		})
	}
}

// TestPollFiles has files of all rights, and one whose file system fails.
func TestPollFiles(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := uint32(w.openAs("hello.txt", 0, 0))
		readOnly, dir := uint32(w.open("hello.txt")), uint32(w.open("dir"))
		w.must(Success, "fd_seek", uint64(fd), 5, whenceSet, 0)
		w.must(Success, "path_open", 3, 0, "hello.txt", 0, RightFDWrite, 0, 0, 0)
		writeOnly := w.u32(0)
		w.must(Success, "path_open", 3, 0, "hello.txt", 0, RightFDRead, 0, 0, 0)
		silent := w.u32(0)
		w.must(Success, "fd_fdstat_set_rights", uint64(silent), RightFDRead, 0)
		want := []event{
			{0, Success, eventRead, 7, 0}, {1, Success, eventWrite, gatherBytes, 0}, {2, Success, eventRead, 12, 0}, {3, EBadf, eventWrite, 0, 0},
			{4, EBadf, eventRead, 0, 0}, {5, Success, eventWrite, gatherBytes, 0}, {6, EBadf, eventRead, 0, 0}, {7, ENotCapable, eventRead, 0, 0},
		}
		var subs []sub
		for i, id := range []uint32{fd, fd, readOnly, readOnly, writeOnly, writeOnly, dir, silent} {
			subs = append(subs, sub{userdata: uint64(i), tag: want[i].tag, id: id})
		}
		in, n := w.subscribe(subs...)
		w.want(Success, "poll_oneoff", in, 16384, n, 0)
		if got := w.events(16384, uint64(w.u32(0))); !slices.Equal(got, want) {
			t.Errorf("events %+v, want %+v", got, want)
		}
		w.must(Success, "fd_seek", uint64(fd), 100, whenceSet, 0)
		w.want(Success, "poll_oneoff", in, 16384, 1, 0)
		if got := w.events(16384, 1); got[0] != (event{tag: eventRead}) {
			t.Errorf("behind the end: %+v", got)
		}
		w.files.failing = func(string) error { return vfs.ErrDamaged }
		w.want(Success, "poll_oneoff", in, 16384, 1, 0)
		if got := w.events(16384, 1); got[0] != (event{errno: EIO, tag: eventRead}) {
			t.Errorf("a file system that fails: %+v", got)
		}
	})
}

// TestPollOverItself has the events written over the subscriptions.
func TestPollOverItself(t *testing.T) {
	w := newWorld(t, nil)
	in, n := w.subscribe(sub{userdata: 1, tag: eventWrite, id: 1}, sub{userdata: 2, tag: eventWrite, id: 2}, sub{userdata: 3, tag: eventWrite, id: 9})
	w.want(Success, "poll_oneoff", in, in, n, 0)
	got := w.events(in, uint64(w.u32(0)))
	if len(got) != 3 || got[0].userdata != 1 || got[1].userdata != 2 || got[2].errno != EBadf {
		t.Errorf("events = %+v", got)
	}
}

func TestPollFaults(t *testing.T) {
	w := newWorld(t, nil)
	in, n := w.subscribe(sub{tag: eventWrite, id: 1})
	bad, _ := w.subscribe(sub{tag: 3})
	w.want(EInval, "poll_oneoff", in, 16384, 0, 0)
	w.want(EInval, "poll_oneoff", bad, 16384, 1, 0)
	w.want(EFault, "poll_oneoff", in, 16384, 1<<32-1, 0)
	w.want(EFault, "poll_oneoff", far, 16384, n, 0)
	w.want(EFault, "poll_oneoff", in, far, n, 0)
	w.want(EFault, "poll_oneoff", in, 16384, n, far)
	if len(w.clock.sleeps) != 0 {
		t.Error("a bad call waited")
	}
}

// TestCallsDoNotAllocate holds for everything a program does all the time.
func TestCallsDoNotAllocate(t *testing.T) {
	w := newWorld(t, nil)
	fd := w.open("hello.txt")
	list, count := w.vector(8192, 5)
	path, n := w.path("dir/../hello.txt")
	in, _ := w.subscribe(sub{tag: eventWrite, id: 1})
	w.stdout.writes = make([]string, 0, 1000)
	for _, call := range []func(){
		func() { w.call("clock_time_get", 1, 0, 0) },
		func() { w.call("fd_pread", fd, list, count, 0, 0) },
		func() { w.call("path_filestat_get", 3, 1, path, n, 256) },
		func() {
			w.call("path_open", 3, 1, path, n, 0, uint64(RightFDRead), 0, 0, 0)
			w.call("fd_close", uint64(w.u32(0)))
		},
		func() { w.call("fd_readdir", 3, 16384, 4096, 0, 0) },
		func() { w.call("poll_oneoff", in, 16384, 1, 0) },
	} {
		call()
		if n := testing.AllocsPerRun(50, call); n != 0 {
			t.Errorf("%v allocations, want none", n)
		}
	}
}

// TestFileCallsDoNotAllocate holds for a program that writes all the time.
func TestFileCallsDoNotAllocate(t *testing.T) {
	w := newFilesWorld(t, writable[1].make)
	fd := w.openAs("hello.txt", 0, 0)
	list, count := w.vector(8192, 5, 9000, 7, 9100, 1)
	path, n := w.path("dir/../hello.txt")
	for name, call := range map[string]func(){
		"write": func() { w.call("fd_write", fd, list, count, 0) }, "pwrite": func() { w.call("fd_pwrite", fd, list, count, 9, 0) },
		"read": func() { w.call("fd_read", fd, list, count, 0) }, "pread": func() { w.call("fd_pread", fd, list, count, 0, 0) },
		"seek": func() { w.call("fd_seek", fd, 0, whenceSet, 0) }, "stat": func() { w.call("fd_filestat_get", fd, 256) },
		"times": func() { w.call("path_filestat_set_times", 3, 0, path, n, 1, 2, 5) }, "sync": func() { w.call("fd_sync", fd) },
		"list": func() { w.call("fd_readdir", 3, 16384, 4096, 0, 0) },
		"open": func() {
			w.call("path_open", 3, 1, path, n, 0, uint64(accessRights), 0, 0, 0)
			w.call("fd_close", uint64(w.u32(0)))
		},
	} {
		call()
		if n := testing.AllocsPerRun(50, call); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

// TestSocketCallsDoNotAllocate holds for a request and its answer.
func TestSocketCallsDoNotAllocate(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.nonblock(server)
	text, length := n.place([]byte("GET / HTTP/1.1"))
	one, _ := n.vector(uint32(text), uint32(length))
	two, _ := n.vector(uint32(text), 4, uint32(text)+4, uint32(length)-4)
	in, _ := n.subscribe(sub{tag: eventRead, id: uint32(server)}, sub{tag: eventRead, id: 0}, sub{tag: eventClock, id: 1, timeout: time.Second})
	empty, _ := n.vector(n.top, 100)
	from, to := n.datagrams()
	address := n.loopback()
	record, _ := n.room(addressStorageBytes)
	for name, call := range map[string]func(){
		"a request": func() {
			n.call("sock_send", client, two, 2, 0, resultAt)
			n.call("poll_oneoff", in, 16384, 3, 0)
			n.call("sock_recv", server, empty, 1, 0, resultAt, flagsAt)
			n.call("sock_recv", server, empty, 1, 0, resultAt, flagsAt)
			n.call("fd_write", server, one, 1, resultAt)
			n.call("fd_read", client, empty, 1, resultAt)
		},
		"options and addresses": func() {
			n.call("sock_getlocaladdr", client, record, portAt)
			n.call("sock_getpeeraddr", client, record, portAt)
			n.call("sched_yield")
		},
		"several buffers of a datagram": func() {
			n.call("sock_recv_from", to, two, 2, record, 0, portAt, resultAt, flagsAt)
		},
	} {
		n.nonblock(to)
		n.call("sock_send_to", from, one, 1, address, 53, 0, resultAt)
		call()
		if n := testing.AllocsPerRun(50, call); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
