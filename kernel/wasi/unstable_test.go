package wasi

import (
	"encoding/binary"
	"testing"
	"time"

	"mewz/abi"
)

// TestUnstableIsPreview1 compares what the two modules answer, but for what is different.
func TestUnstableIsPreview1(t *testing.T) {
	different := map[string]bool{"fd_seek": true, "fd_filestat_get": true, "path_filestat_get": true, "poll_oneoff": true}
	compared := 0
	for _, f := range abi.Functions {
		if f.Module != abi.Unstable || different[f.Name] {
			continue
		}
		compared++
		var errnos [2]Errno
		var memories [2][]byte
		for i, module := range []string{"", abi.Unstable + "."} {
			n := goodWorld(t)
			errnos[i] = n.call(module+f.Name, good[f.Name].args...)
			memories[i] = n.Memory
		}
		if errnos[0] != errnos[1] || string(memories[0]) != string(memories[1]) {
			t.Errorf("%s = %d, in wasi_unstable %d, or memory differs", f.Name, errnos[0], errnos[1])
		}
	}
	if compared != 41 {
		t.Errorf("compared %d functions, want 41", compared)
	}
}

func TestUnstableSeek(t *testing.T) {
	w := newWorld(t, nil)
	fd := w.open("hello.txt")
	for _, step := range []struct {
		offset int64
		whence uint64
		want   uint64
		errno  Errno
	}{
		{5, 2, 5, Success}, {2, 0, 7, Success}, {-2, 1, 10, Success}, {0, 0, 10, Success}, {0, 3, 0, EInval}, {0, 1<<32 - 1, 0, EInval}, {-1, 2, 0, EInval},
	} {
		w.want(step.errno, "wasi_unstable.fd_seek", fd, uint64(step.offset), step.whence, 8)
		if step.errno == Success && w.u64(8) != step.want {
			t.Errorf("seek(%d, %d) = %d, want %d", step.offset, step.whence, w.u64(8), step.want)
		}
	}
	w.want(EFault, "wasi_unstable.fd_seek", fd, 0, 0, far)
	w.want(EBadf, "wasi_unstable.fd_seek", 99, 0, 0, 8)
}

// TestUnstableFilestat compares the records of both modules.
func TestUnstableFilestat(t *testing.T) {
	w := newWorld(t, nil)
	fd := w.open("hello.txt")
	path, n := w.path("hello.txt")
	for _, get := range []func(module string, at uint64) Errno{
		func(module string, at uint64) Errno { return w.call(module+"fd_filestat_get", fd, at) },
		func(module string, at uint64) Errno { return w.call(module+"fd_filestat_get", 1, at) },
		func(module string, at uint64) Errno { return w.call(module+"path_filestat_get", 3, 1, path, n, at) },
	} {
		for i := range w.Memory[128:256] {
			w.Memory[128+i] = 0xee
		}
		if errno := get("", 128); errno != Success {
			t.Fatal(errno)
		}
		if errno := get(abi.Unstable+".", 192); errno != Success {
			t.Fatal(errno)
		}
		le := binary.LittleEndian
		stat, old := w.Memory[128:192], w.Memory[192:256]
		same := string(stat[:20]) == string(old[:20]) && le.Uint64(stat[24:]) == uint64(le.Uint32(old[20:])) && string(stat[32:]) == string(old[24:56])
		if !same || string(old[56:]) != "\xee\xee\xee\xee\xee\xee\xee\xee" {
			t.Errorf("records differ:\n%x\n%x", stat, old)
		}
		if errno := get(abi.Unstable+".", testMemoryBytes-unstableFilestatBytes); errno != Success {
			t.Errorf("at the end of memory: %d", errno)
		}
		if errno := get(abi.Unstable+".", testMemoryBytes-unstableFilestatBytes+1); errno != EFault {
			t.Errorf("beyond the end of memory: %d", errno)
		}
	}
}

// subscribeUnstable is subscribe with the records of wasi_unstable.
func (w *world) subscribeUnstable(subs ...sub) (at, count uint64) {
	le := binary.LittleEndian
	var list []byte
	for _, s := range subs {
		var b [unstableSubscriptionBytes]byte
		le.PutUint64(b[0:], s.userdata)
		b[8] = s.tag
		if s.tag != eventClock {
			le.PutUint32(b[16:], s.id)
		} else {
			le.PutUint64(b[16:], 0xdeadbeef_deadbeef) // identifier
			le.PutUint32(b[24:], s.id)
			le.PutUint64(b[32:], uint64(s.timeout))
			if s.absolute {
				le.PutUint16(b[48:], clockAbsolute)
			}
		}
		list = append(list, b[:]...)
	}
	at, _ = w.place(list)
	return at, uint64(len(subs))
}

func TestUnstablePoll(t *testing.T) {
	w := newWorld(t, nil)
	fd := uint32(w.open("hello.txt"))
	poll := func(want []event, subs ...sub) {
		t.Helper()
		w.top = 4096
		in, n := w.subscribeUnstable(subs...)
		for _, out := range []uint64{16384, in} { // over itself too
			w.want(Success, "wasi_unstable.poll_oneoff", in, out, n, 0)
			got := w.events(out, uint64(w.u32(0)))
			if len(got) != len(want) {
				t.Fatalf("events %+v, want %+v", got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("event %+v, want %+v", got[i], want[i])
				}
			}
			w.top = 4096
			w.subscribeUnstable(subs...)
		}
	}
	poll([]event{{2, Success, eventRead, 12, 0}, {3, Success, eventWrite, gatherBytes, 0}, {4, EBadf, eventRead, 0, 0}},
		sub{1, eventClock, 1, time.Second, false}, sub{userdata: 2, tag: eventRead, id: fd}, sub{userdata: 3, tag: eventWrite, id: 1}, sub{userdata: 4, tag: eventRead, id: 99})
	before := w.clock.now[ClockMonotonic]
	poll([]event{{userdata: 2}}, sub{1, eventClock, 1, 2 * time.Second, false}, sub{2, eventClock, 0, time.Second, false})
	if passed := time.Duration(w.clock.now[ClockMonotonic] - before); passed != 2*time.Second {
		t.Errorf("%v passed in two calls", passed)
	}
	poll([]event{{userdata: 1}}, sub{1, eventClock, 1, time.Second, true})
	in, n := w.subscribeUnstable(sub{tag: eventClock, id: 1, timeout: time.Second}, sub{tag: 3})
	w.want(EInval, "wasi_unstable.poll_oneoff", in, 16384, n, 0)
	w.want(EInval, "wasi_unstable.poll_oneoff", in, 16384, 0, 0)
	w.want(EFault, "wasi_unstable.poll_oneoff", testMemoryBytes-unstableSubscriptionBytes+1, 16384, 1, 0)
	w.want(EFault, "wasi_unstable.poll_oneoff", in, far, 1, 0)
	w.want(EFault, "wasi_unstable.poll_oneoff", in, 16384, 1<<32-1, 0)
}

// TestUnstablePollSockets has sockets that are not ready among the subscriptions.
func TestUnstablePollSockets(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	n.send(client, "x")
	in, count := n.subscribeUnstable(sub{userdata: 1, tag: eventRead, id: uint32(client)}, sub{userdata: 2, tag: eventRead, id: uint32(server)},
		sub{userdata: 3, tag: eventClock, id: 1, timeout: time.Second})
	n.want(Success, "wasi_unstable.poll_oneoff", in, 16384, count, resultAt)
	if got := n.events(16384, uint64(n.u32(resultAt))); len(got) != 1 || got[0].userdata != 2 {
		t.Errorf("events %+v, want that of the server", got)
	}
}
