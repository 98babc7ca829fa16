package wasi

import (
	"encoding/binary"
	"errors"
	"strings"
	"syscall"
	"testing"

	"mewz/abi"
	"mewz/kernel/vfs/vfstest"
)

func TestTableIsComplete(t *testing.T) {
	if len(Table) != len(abi.Functions) {
		t.Fatalf("%d entries, want %d", len(Table), len(abi.Functions))
	}
	for i, f := range abi.Functions {
		entry := Table[i]
		if entry.Module != f.Module || entry.Name != f.Name {
			t.Errorf("Table[%d] is %s.%s, want %s.%s", i, entry.Module, entry.Name, f.Module, f.Name)
		}
		if entry.function == nil || entry.Support < Full || entry.Support > Refused || entry.Sentence == "" {
			t.Errorf("Table[%d], %s, lacks something", i, entry.Name)
		}
	}
}

func TestUnknownNumber(t *testing.T) {
	w := newWorld(t, nil)
	for _, number := range []uint64{uint64(len(abi.Functions)), functionsMax - 1, 1<<31 + functionsMax - 1} {
		if got := w.Call(number, &Args{}); got != ENoSys {
			t.Errorf("Call(%d) = %d, want ENoSys", number, got)
		}
	}
}

func TestArgsAndEnviron(t *testing.T) {
	for _, test := range []struct{ sizes, get, want string }{
		{"args_sizes_get", "args_get", "prog\x00\x00two words\x00"}, {"environ_sizes_get", "environ_get", "A=1\x00LONG=xyz\x00"},
	} {
		w := newWorld(t, nil)
		w.want(Success, test.sizes, 0, 4)
		count, size := w.u32(0), w.u32(4)
		if want := strings.Count(test.want, "\x00"); int(count) != want || int(size) != len(test.want) {
			t.Errorf("sizes = %d, %d, want %d, %d", count, size, want, len(test.want))
		}
		w.want(Success, test.get, 16, 256)
		if got := string(w.Memory[256 : 256+size]); got != test.want {
			t.Errorf("bytes = %q, want %q", got, test.want)
		}
		for i := range uint64(count) {
			if at := w.u32(16 + 4*i); at < 256 || i > 0 && w.Memory[at-1] != 0 {
				t.Errorf("string %d at %d", i, at)
			}
		}
		w.want(EFault, test.sizes, far, 0)
		w.want(EFault, test.sizes, 0, far)
		w.want(EFault, test.get, far, 0)
		w.want(EFault, test.get, 0, far)
		w.want(EFault, test.get, 1<<32-1, 0)
	}
}

func TestClocks(t *testing.T) {
	w := newWorld(t, nil)
	for id, want := range w.clock.now {
		w.want(Success, "clock_time_get", uint64(id), 0, 8)
		if got := w.u64(8); got != want {
			t.Errorf("clock %d = %d, want %d", id, got, want)
		}
		w.want(Success, "clock_res_get", uint64(id), 8)
		if got := w.u64(8); got != uint64(id)+1 {
			t.Errorf("resolution of clock %d = %d, want %d", id, got, id+1)
		}
	}
	w.want(EInval, "clock_time_get", 4, 0, 8)
	w.want(EInval, "clock_res_get", 1<<31, 8)
	w.want(EFault, "clock_time_get", 0, 0, far)
	w.want(EFault, "clock_res_get", 0, far)
}

func TestMachineClock(t *testing.T) {
	const later = 1 << 62
	c := NewClock(later)
	if now, ok := c.Now(ClockRealtime); !ok || now < later {
		t.Errorf("Now(ClockRealtime) = %d, want at least the host's %d", now, uint64(later))
	}
	last := uint64(0)
	for range 3 {
		now, ok := c.Now(ClockMonotonic)
		if !ok || now < last || now == 0 {
			t.Errorf("Now(ClockMonotonic) = %d after %d", now, last)
		}
		last = now
	}
	for id := range ClockThreadCPU + 1 {
		if r, ok := c.Resolution(id); !ok || r == 0 {
			t.Errorf("Resolution(%d) = %d, %v", id, r, ok)
		}
	}
}

func TestRandom(t *testing.T) {
	w := newWorld(t, nil)
	w.want(Success, "random_get", 100, 3)
	if got := string(w.Memory[99:104]); got != "\x00\xa5\xa5\xa5\x00" {
		t.Errorf("memory = %q, want three random bytes", got)
	}
	w.want(Success, "random_get", testMemoryBytes, 0)
	w.want(EFault, "random_get", testMemoryBytes-1, 2)
	w.want(EFault, "random_get", 1, 1<<32-1)
}

func TestExit(t *testing.T) {
	w := newWorld(t, nil)
	number, _, _ := abi.LookupFunction(abi.Preview1, "proc_exit", "i", "")
	if got := w.Call(uint64(number), &Args{0xdead<<32 | 255}); got != Exited || w.ExitCode() != 255 {
		t.Errorf("proc_exit = %d, code %d, want 255", got, w.ExitCode())
	}
	w.want(Success, "sched_yield")
}

// TestRaise has each signal do what witx says.
func TestRaise(t *testing.T) {
	const ignored, unknown, stops = 0, 1, 2
	codes := map[uint64]uint32{13: ignored, 16: ignored, 17: ignored, 22: ignored, 27: ignored,
		0: unknown, 31: unknown, 1 << 31: unknown, 18: stops, 19: stops, 20: stops, 21: stops,
		1: 129, 2: 130, 6: 134, 9: 137, 11: 139, 15: 143, 23: 152, 30: 159}
	for signal, code := range codes {
		w := newWorld(t, nil)
		want := Exited
		switch code {
		case ignored:
			want = Success
		case unknown:
			want = EInval
		case stops:
			want = ENotSup
		}
		w.want(want, "proc_raise", signal)
		if want == Exited && w.ExitCode() != code {
			t.Errorf("signal %d: exit code %d, want %d", signal, w.ExitCode(), code)
		}
	}
}

func TestSockets(t *testing.T) {
	w := newWorld(t, nil)
	for fd, want := range map[uint64]Errno{1: ENotSock, 3: ENotSock, 9: EBadf} {
		w.want(want, "sock_accept", fd, 0, 0)
		w.want(want, "sock_recv", fd, 0, 0, 0, 0, 0)
		w.want(want, "sock_send", fd, 0, 0, 0, 0)
		w.want(want, "sock_shutdown", fd, 0)
	}
}

func TestWrite(t *testing.T) {
	w := newWorld(t, nil)
	at, n := w.place([]byte("hello, "))
	at2, n2 := w.place([]byte("world\n"))
	list, count := w.vector(uint32(at), uint32(n), 0, 0, uint32(at2), uint32(n2))
	w.want(Success, "fd_write", 1, list, count, 0)
	if got := w.u32(0); got != 13 || len(w.stdout.writes) != 1 || w.stdout.writes[0] != "hello, world\n" {
		t.Errorf("wrote %d, %q, want one write", got, w.stdout.writes)
	}
	w.want(Success, "fd_write", 2, list, 1, 0)
	if len(w.stderr.writes) != 1 || w.stderr.writes[0] != "hello, " {
		t.Errorf("stderr = %q", w.stderr.writes)
	}
	w.want(Success, "fd_write", 1, list, 0, 0)
	if w.u32(0) != 0 {
		t.Error("an empty write wrote something")
	}
	large, count := w.vector(8192, 30000, 8192, 20000)
	w.stdout.writes = nil
	w.want(Success, "fd_write", 1, large, count, 0)
	if w.u32(0) != 50000 || len(w.stdout.writes) != 2 {
		t.Errorf("wrote %d in %d writes, want 50000 in 2", w.u32(0), len(w.stdout.writes))
	}
}

func TestWriteFaults(t *testing.T) {
	w := newWorld(t, nil)
	good, _ := w.vector(8192, 10)
	bad, count := w.vector(8192, 10, far, 10)
	wrap, _ := w.vector(1<<32-1, 1<<32-1)
	w.want(EBadf, "fd_write", 0, good, 1, 0)
	w.want(EBadf, "fd_write", 3, good, 1, 0)
	w.want(EBadf, "fd_write", 77, good, 1, 0)
	w.want(EFault, "fd_write", 1, far, 1, 0)
	w.want(EFault, "fd_write", 1, 0, 1<<32-1, 0)
	w.want(EFault, "fd_write", 1, 0, 1<<29, 0)
	w.want(EFault, "fd_write", 1, good, 1, far)
	w.want(EFault, "fd_write", 1, bad, count, 0)
	w.want(EFault, "fd_write", 1, wrap, 1, 0)
	w.want(ESPipe, "fd_pwrite", 1, good, 1, 0, 0)
	w.want(EBadf, "fd_pwrite", w.open("hello.txt"), good, 1, 0, 0)
	w.want(EBadf, "fd_pwrite", 50, good, 1, 0, 0)
	if len(w.stdout.writes) != 0 {
		t.Errorf("a write that faults wrote %q", w.stdout.writes)
	}
	for err, want := range map[error]Errno{syscall.EPIPE: EPipe, syscall.ENOSPC: ENoSpc, errors.New("x"): EIO} {
		w.stdout.err = err
		w.want(want, "fd_write", 1, good, 1, 0)
	}
	w.want(Success, "fd_fdstat_set_rights", 2, uint64(RightFDFdstatSetFlags), 0)
	w.want(ENotCapable, "fd_write", 2, good, 1, 0)
}

func TestReadStream(t *testing.T) {
	w := newWorld(t, nil)
	w.stdin.chunks = []string{"abc", "defgh", ""}
	list, count := w.vector(8192, 0, 8192, 2, 8200, 4)
	for _, want := range []string{"abc", "defgh", "", ""} {
		clear(w.Memory[8192:8300])
		w.want(Success, "fd_read", 0, list, count, 0)
		got := string(w.Memory[8192:8194]) + string(w.Memory[8200:8204])
		if n := w.u32(0); int(n) > len(want) || strings.TrimRight(got, "\x00") != want[:n] || n == 0 && want != "" {
			t.Errorf("read %d %q, want %q", n, got, want)
		}
		if n := int(w.u32(0)); n < len(want) { // the rest of a chunk that did not come at once
			w.want(Success, "fd_read", 0, list, count, 0)
		}
	}
	w.want(Success, "fd_read", 0, list, 1, 0) // only the empty buffer
	w.want(EBadf, "fd_read", 1, list, count, 0)
	w.want(EIsDir, "fd_read", 3, list, count, 0)
	w.want(EFault, "fd_read", 0, far, 1, 0)
	w.want(EFault, "fd_read", 0, list, count, far)
	w.want(ESPipe, "fd_pread", 0, list, count, 0, 0)
	w.want(ESPipe, "fd_seek", 0, 0, 0, 0)
	w.want(ESPipe, "fd_tell", 0, 0)
	w.stdin.err = syscall.EIO
	w.want(EIO, "fd_read", 0, list, count, 0)
}

func TestReadNonblocking(t *testing.T) {
	w := newWorld(t, nil)
	w.stdin.chunks, w.stdin.delay = []string{"x", ""}, 1000
	list, count := w.vector(8192, 10)
	w.want(Success, "fd_fdstat_set_flags", 0, uint64(FlagNonblock))
	w.want(EAgain, "fd_read", 0, list, count, 0)
	w.stdin.delay = 0
	w.want(Success, "fd_read", 0, list, count, 0)
	if w.u32(0) != 1 {
		t.Errorf("read %d bytes, want 1", w.u32(0))
	}
	w.want(Success, "fd_fdstat_get", 0, 64)
	if got := binary.LittleEndian.Uint16(w.Memory[66:]); got != uint16(FlagNonblock) {
		t.Errorf("flags = %#x, want nonblock", got)
	}
	w.want(EInval, "fd_fdstat_set_flags", 0, 32)
	w.want(EBadf, "fd_fdstat_set_flags", 9, 0)
}

func TestReadFile(t *testing.T) {
	w := newWorld(t, nil)
	fd := w.open("hello.txt")
	list, count := w.vector(8192, 3, 8195, 4)
	w.want(Success, "fd_read", fd, list, count, 0)
	if got := string(w.Memory[8192:8199]); w.u32(0) != 7 || got != "hello, " {
		t.Errorf("read %d %q", w.u32(0), got)
	}
	w.want(Success, "fd_tell", fd, 8)
	w.want(Success, "fd_pread", fd, list, count, 1, 0)
	if got := string(w.Memory[8192:8199]); got != "ello, w" || w.u64(8) != 7 {
		t.Errorf("pread %q at tell %d", got, w.u64(8))
	}
	for _, step := range []struct {
		offset int64
		whence uint64
		want   uint64
		errno  Errno
	}{
		{0, whenceCurrent, 7, Success}, {-2, whenceEnd, 10, Success}, {1, whenceCurrent, 11, Success}, {100, whenceSet, 100, Success},
		{-101, whenceCurrent, 0, EInval}, {0, 3, 0, EInval}, {1<<63 - 1, whenceEnd, 0, EInval}, {-1 << 63, whenceSet, 0, EInval}, {0, whenceCurrent, 100, Success},
	} {
		w.want(step.errno, "fd_seek", fd, uint64(step.offset), step.whence, 8)
		if step.errno == Success && w.u64(8) != step.want {
			t.Errorf("seek(%d, %d) = %d, want %d", step.offset, step.whence, w.u64(8), step.want)
		}
	}
	w.want(Success, "fd_read", fd, list, count, 0)
	if w.u32(0) != 0 {
		t.Errorf("read %d bytes beyond the end", w.u32(0))
	}
	w.want(EInval, "fd_pread", fd, list, count, 1<<63, 0)
	w.want(EFault, "fd_seek", fd, 0, whenceSet, far)
	w.want(EBadf, "fd_seek", 3, 0, whenceSet, 8)
	w.want(EBadf, "fd_seek", 3, 0, whenceCurrent, 8)
	w.want(EBadf, "fd_tell", 3, 8)
	w.want(ESPipe, "fd_seek", 0, 0, whenceSet, 8)
	w.want(ESPipe, "fd_tell", 1, 8)
	w.want(EBadf, "fd_seek", 99, 0, whenceSet, 8)
}

func TestFileWithoutMutation(t *testing.T) {
	w := newWorld(t, nil)
	fd := w.open("hello.txt")
	for _, test := range []struct {
		want Errno
		name string
		args []uint64
	}{
		{Success, "fd_advise", []uint64{fd, 0, 10, 5}}, {EInval, "fd_advise", []uint64{fd, 0, 10, 6}}, {EBadf, "fd_advise", []uint64{3, 0, 0, 0}},
		{ESPipe, "fd_advise", []uint64{1, 0, 0, 0}}, {EBadf, "fd_advise", []uint64{9, 0, 0, 0}},
		{EBadf, "fd_allocate", []uint64{fd, 0, 1}}, {EBadf, "fd_allocate", []uint64{9, 0, 1}},
		{EBadf, "fd_allocate", []uint64{3, 0, 1}}, {ESPipe, "fd_allocate", []uint64{1, 0, 1}},
		{Success, "fd_sync", []uint64{fd}}, {Success, "fd_datasync", []uint64{3}}, {EInval, "fd_sync", []uint64{1}}, {EBadf, "fd_datasync", []uint64{9}},
		{EInval, "fd_filestat_set_size", []uint64{fd, 0}}, {EIsDir, "fd_filestat_set_size", []uint64{3, 0}}, {EInval, "fd_filestat_set_size", []uint64{0, 0}},
		{EBadf, "fd_filestat_set_size", []uint64{9, 0}},
		{ERofs, "fd_filestat_set_times", []uint64{fd, 0, 0, 0}}, {EInval, "fd_filestat_set_times", []uint64{0, 0, 0, 0}}, {EBadf, "fd_filestat_set_times", []uint64{9, 0, 0, 0}},
	} {
		w.want(test.want, test.name, test.args...)
	}
}

func TestFdstat(t *testing.T) {
	w := newWorld(t, func(m *Machine) { m.Config.TerminalStdin = true })
	file := w.open("hello.txt")
	for _, test := range []struct {
		fd         uint64
		fileType   FileType
		base       Rights
		inheriting Rights
	}{
		{0, FileTypeCharacterDevice, inputRights, 0},
		{1, FileTypeUnknown, outputRights, 0},
		{3, FileTypeDirectory, directoryRights, directoryRights | fileRights},
		{file, FileTypeRegular, readFileRights | RightFDRead, directoryRights | fileRights},
	} {
		w.want(Success, "fd_fdstat_get", test.fd, 128)
		base, inheriting := Rights(w.u64(136)), Rights(w.u64(144))
		if got := FileType(w.Memory[128]); got != test.fileType || base != test.base || inheriting != test.inheriting {
			t.Errorf("fdstat(%d) = %d, %#x, %#x; want %d, %#x, %#x", test.fd, got, base, inheriting, test.fileType, test.base, test.inheriting)
		}
	}
	w.want(EBadf, "fd_fdstat_get", 9, 128)
	w.want(EFault, "fd_fdstat_get", 0, far)
	w.want(ENotCapable, "fd_fdstat_set_rights", file, uint64(RightFDRead|RightFDWrite), 0)
	w.want(ENotCapable, "fd_fdstat_set_rights", 0, uint64(RightFDRead), 1)
	w.want(Success, "fd_fdstat_set_rights", file, uint64(RightFDTell), 0)
	w.want(EBadf, "fd_fdstat_set_rights", 9, 0, 0)
	list, count := w.vector(8192, 3)
	w.want(EBadf, "fd_read", file, list, count, 0)
	w.want(ENotCapable, "fd_seek", file, 1, whenceCurrent, 0)
	w.want(Success, "fd_seek", file, 0, whenceCurrent, 0)
	w.want(EBadf, "fd_pread", file, list, count, 0, 0)
	w.want(ENotCapable, "fd_filestat_get", file, 0)
	w.want(ENotCapable, "fd_sync", file)
	w.want(ENotCapable, "fd_advise", file, 0, 0, 0)
	w.want(ENotCapable, "fd_fdstat_set_flags", file, 0)
}

func TestFilestat(t *testing.T) {
	w := newWorld(t, nil)
	check := func(what string, fileType FileType, size uint64) {
		t.Helper()
		if got := FileType(w.Memory[128+16]); got != fileType {
			t.Errorf("%s: type %d, want %d", what, got, fileType)
		}
		if w.u64(128+32) != size || w.u64(128+8) == 0 || w.u64(128+24) == 0 {
			t.Errorf("%s: size %d, ino %d, nlink %d", what, w.u64(128+32), w.u64(128+8), w.u64(128+24))
		}
		for _, at := range []uint64{40, 48, 56} {
			if got := w.u64(128 + at); got != vfstest.ModifiedNanos {
				t.Errorf("%s: time %d", what, got)
			}
		}
	}
	w.want(Success, "fd_filestat_get", w.open("hello.txt"), 128)
	check("file", FileTypeRegular, 12)
	w.want(Success, "fd_filestat_get", 3, 128)
	check("root", FileTypeDirectory, w.u64(128+32))
	at, n := w.path("link")
	w.want(Success, "path_filestat_get", 3, 0, at, n, 128)
	check("link", FileTypeSymbolicLink, 9)
	w.want(Success, "path_filestat_get", 3, 1, at, n, 128)
	check("what the link leads to", FileTypeRegular, 12)
	w.want(EInval, "path_filestat_get", 3, 2, at, n, 128)
	w.want(EFault, "path_filestat_get", 3, 1, at, n, far)
	w.want(EFault, "path_filestat_get", 3, 1, far, 10, 128)
	w.want(EBadf, "path_filestat_get", 9, 1, at, n, 128)
	w.want(ENotDir, "path_filestat_get", 0, 1, at, n, 128)
	w.want(Success, "fd_filestat_get", 1, 128)
	if w.Memory[128+16] != byte(FileTypeUnknown) {
		t.Errorf("stream has type %d", w.Memory[128+16])
	}
	w.want(EFault, "fd_filestat_get", 1, far)
	w.want(EFault, "fd_filestat_get", 3, far)
	w.want(EBadf, "fd_filestat_get", 9, 0)
}

func TestPreopens(t *testing.T) {
	for _, names := range [][]string{{"/"}, {"/data", "."}} {
		w := newWorld(t, func(m *Machine) {
			files := m.Preopens[0].Files
			m.Preopens = nil
			for _, name := range names {
				m.Preopens = append(m.Preopens, Preopen{name, files})
			}
		})
		for i, name := range names {
			fd := uint64(3 + i)
			w.want(Success, "fd_prestat_get", fd, 64)
			if w.u32(64) != 0 || int(w.u32(68)) != len(name) {
				t.Errorf("prestat = %d, %d", w.u32(64), w.u32(68))
			}
			w.want(Success, "fd_prestat_dir_name", fd, 100, uint64(len(name))+1)
			if got := string(w.Memory[100 : 100+len(name)]); got != name {
				t.Errorf("name = %q, want %q", got, name)
			}
		}
		w.want(EBadf, "fd_prestat_get", uint64(3+len(names)), 64)
		w.want(EBadf, "fd_prestat_get", 0, 64)
		w.want(EBadf, "fd_prestat_get", w.open("dir"), 64)
		w.want(EFault, "fd_prestat_get", 3, far)
		w.want(ENameTooLong, "fd_prestat_dir_name", 3, 100, 0)
		w.want(EFault, "fd_prestat_dir_name", 3, far, 10)
		w.want(EBadf, "fd_prestat_dir_name", 1, 100, 10)
	}
	w := newWorld(t, func(m *Machine) { m.Preopens = nil })
	w.want(EBadf, "fd_prestat_get", 3, 64)
}
