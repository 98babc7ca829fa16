package wasi

import (
	"fmt"
	"math/bits"
	"slices"
	"syscall"
	"testing"

	"mewz/abi"
	"mewz/kernel/vfs"
)

// pointer is a parameter that is an address, and how many bytes are read or written there.
type pointer struct{ at, bytes int }

// good are calls of all functions of preview 1 that succeed, with where their pointers are.
// Descriptor 4 is hello.txt for reading and writing, 5 a listener, 6 a connection.
// The list of buffers is at 512, a subscription at 1024, a name at 1536 ("dir/sub"), another
// at 1600 ("fresh").
var good = map[string]struct {
	args     []uint64
	pointers []pointer
	want     Errno // 0: success
}{
	"args_get":                {[]uint64{256, 288}, []pointer{{0, 12}, {1, 16}}, 0},
	"args_sizes_get":          {[]uint64{256, 260}, []pointer{{0, 4}, {1, 4}}, 0},
	"environ_get":             {[]uint64{256, 288}, []pointer{{0, 8}, {1, 13}}, 0},
	"environ_sizes_get":       {[]uint64{256, 260}, []pointer{{0, 4}, {1, 4}}, 0},
	"clock_res_get":           {[]uint64{1, 256}, []pointer{{1, 8}}, 0},
	"clock_time_get":          {[]uint64{1, 0, 256}, []pointer{{2, 8}}, 0},
	"fd_advise":               {[]uint64{4, 0, 0, 0}, nil, 0},
	"fd_allocate":             {[]uint64{4, 0, 1}, nil, 0},
	"fd_close":                {[]uint64{4}, nil, 0},
	"fd_datasync":             {[]uint64{4}, nil, 0},
	"fd_fdstat_get":           {[]uint64{4, 256}, []pointer{{1, fdstatBytes}}, 0},
	"fd_fdstat_set_flags":     {[]uint64{4, 0}, nil, 0},
	"fd_fdstat_set_rights":    {[]uint64{4, 0, 0}, nil, 0},
	"fd_filestat_get":         {[]uint64{4, 256}, []pointer{{1, filestatBytes}}, 0},
	"fd_filestat_set_size":    {[]uint64{4, 3}, nil, 0},
	"fd_filestat_set_times":   {[]uint64{4, 1, 2, 5}, nil, 0},
	"fd_pread":                {[]uint64{4, 512, 2, 0, 256}, []pointer{{1, 16}, {4, 4}}, 0},
	"fd_prestat_get":          {[]uint64{3, 256}, []pointer{{1, prestatBytes}}, 0},
	"fd_prestat_dir_name":     {[]uint64{3, 256, 1}, []pointer{{1, 1}}, 0},
	"fd_pwrite":               {[]uint64{4, 512, 2, 0, 256}, []pointer{{1, 16}, {4, 4}}, 0},
	"fd_read":                 {[]uint64{4, 512, 2, 256}, []pointer{{1, 16}, {3, 4}}, 0},
	"fd_readdir":              {[]uint64{3, 8192, 100, 0, 256}, []pointer{{1, 100}, {4, 4}}, 0},
	"fd_renumber":             {[]uint64{4, 0}, nil, 0},
	"fd_seek":                 {[]uint64{4, 1, 0, 256}, []pointer{{3, 8}}, 0},
	"fd_sync":                 {[]uint64{4}, nil, 0},
	"fd_tell":                 {[]uint64{4, 256}, []pointer{{1, 8}}, 0},
	"fd_write":                {[]uint64{4, 512, 2, 256}, []pointer{{1, 16}, {3, 4}}, 0},
	"path_create_directory":   {[]uint64{3, 1600, 5}, []pointer{{1, 5}}, 0},
	"path_filestat_get":       {[]uint64{3, 0, 1536, 7, 256}, []pointer{{2, 7}, {4, filestatBytes}}, 0},
	"path_filestat_set_times": {[]uint64{3, 0, 1536, 7, 1, 2, 5}, []pointer{{2, 7}}, 0},
	"path_link":               {[]uint64{3, 0, 1664, 9, 3, 1600, 5}, []pointer{{2, 9}, {5, 5}}, 0},
	"path_open":               {[]uint64{3, 0, 1600, 5, 1, 2, 2, 0, 256}, []pointer{{2, 5}, {8, 4}}, 0},
	"path_readlink":           {[]uint64{3, 1728, 4, 8192, 9, 256}, []pointer{{1, 4}, {3, 9}, {5, 4}}, 0},
	"path_remove_directory":   {[]uint64{3, 1536, 7}, []pointer{{1, 7}}, 0},
	"path_rename":             {[]uint64{3, 1536, 7, 3, 1600, 5}, []pointer{{1, 7}, {4, 5}}, 0},
	"path_symlink":            {[]uint64{1600, 5, 3, 1600, 5}, []pointer{{0, 5}, {3, 5}}, 0},
	"path_unlink_file":        {[]uint64{3, 1664, 9}, []pointer{{1, 9}}, 0},
	"poll_oneoff":             {[]uint64{1024, 8192, 1, 256}, []pointer{{0, subscriptionBytes}, {1, pollEventBytes}, {3, 4}}, 0},
	"proc_exit":               {[]uint64{3}, nil, Exited},
	"proc_raise":              {[]uint64{16}, nil, 0},
	"random_get":              {[]uint64{256, 100}, []pointer{{0, 100}}, 0},
	"sched_yield":             {nil, nil, 0},
	"sock_accept":             {[]uint64{5, 0, 256}, []pointer{{2, 4}}, 0},
	"sock_recv":               {[]uint64{6, 512, 2, 0, 256, 264}, []pointer{{1, 16}, {4, 4}, {5, 2}}, 0},
	"sock_send":               {[]uint64{6, 512, 2, 0, 256}, []pointer{{1, 16}, {4, 4}}, 0},
	"sock_shutdown":           {[]uint64{6, 2}, nil, 0},
}

// lengths are which parameters say how much there is at the pointer before.
var lengths = map[string][]int{
	"fd_pread": {2}, "fd_prestat_dir_name": {2}, "fd_pwrite": {2}, "fd_read": {2}, "fd_readdir": {2}, "fd_write": {2},
	"path_create_directory": {2}, "path_filestat_get": {3}, "path_filestat_set_times": {3}, "path_link": {3, 6}, "path_open": {3},
	"path_readlink": {2, 4}, "path_remove_directory": {2}, "path_rename": {2, 5}, "path_symlink": {1, 4}, "path_unlink_file": {2},
	"poll_oneoff": {2}, "random_get": {1}, "sock_recv": {2}, "sock_send": {2},
}

// goodWorld is what the calls of good find.
func goodWorld(t testing.TB) *netWorld {
	files := newFakeFiles()
	plant(t, files, testTree)
	n := newNetWorldOver(t, func(m *Machine) { m.Preopens = []Preopen{{"/", files}} })
	w := n.world
	if fd := w.openAs("hello.txt", 0, 0); fd != 4 {
		t.Fatalf("hello.txt is %d", fd)
	}
	client, server := n.pair()
	listener := n.listener(81)
	if listener != 5 || client != 6 {
		t.Fatalf("the connection is %d, the listener %d", client, listener)
	}
	more := n.socket(familyINET4, typeStream)
	n.want(Success, "sock_connect", more, n.loopback(), 81)
	copy(w.Memory[1536:], "dir/sub")
	copy(w.Memory[1600:], "fresh")
	copy(w.Memory[1664:], "hello.txt")
	copy(w.Memory[1728:], "link")
	top := w.top
	w.top = 512
	w.vector(2048, 3, 2064, 3)
	w.top = 1024
	w.subscribe(sub{tag: eventRead, id: 4})
	w.top = top
	text, length := w.place([]byte("data"))
	list, count := w.vector(uint32(text), uint32(length))
	n.want(Success, "sock_send", server, list, count, 0, resultAt)
	return n
}

// TestPointersAtTheEdges puts each pointer of each function to where what it points to
// just fits into memory, and to where it does not: that is EFAULT, and nothing has happened.
func TestPointersAtTheEdges(t *testing.T) {
	for number, f := range abi.Functions[:46] {
		call, ok := good[f.Name]
		if !ok {
			t.Errorf("no call of %s", f.Name)
			continue
		}
		run := func(args []uint64) (Errno, *netWorld, int) {
			n := goodWorld(t)
			before := n.files.calls
			n.args = Args{}
			for i, v := range args {
				if f.Params[i] == 'i' {
					v = v&(1<<32-1) | 0xdeadbeef<<32
				}
				n.args[i] = v
			}
			return n.Call(uint64(number), &n.args), n, n.files.calls - before
		}
		if got, _, _ := run(call.args); got != call.want {
			t.Errorf("%s%v = %d, want %d", f.Name, call.args, got, call.want)
		}
		for _, p := range call.pointers {
			args := slices.Clone(call.args)
			for _, at := range []uint64{testMemoryBytes - uint64(p.bytes) + 1, testMemoryBytes, testMemoryBytes + 1, 1<<31 - 1, 1<<32 - uint64(p.bytes), 1<<32 - 1} {
				args[p.at] = at
				got, _, calls := run(args)
				if got != EFault || calls != 0 {
					t.Errorf("%s%v = %d with %d calls of the file system, want EFAULT and none", f.Name, args, got, calls)
				}
			}
			args[p.at] = testMemoryBytes - uint64(p.bytes)
			if got, _, _ := run(args); got == EFault {
				t.Errorf("%s%v = EFAULT, although it fits", f.Name, args)
			}
			args[p.at] = call.args[p.at]
			length := p.at + 1
			if f.Name == "poll_oneoff" {
				length = 2
			}
			if !slices.Contains(lengths[f.Name], length) {
				continue
			}
			for _, n := range []uint64{testMemoryBytes + 1, 1 << 29, 1 << 31, 1<<32 - 1} {
				args[length] = n
				if got, _, calls := run(args); got != EFault || calls != 0 {
					t.Errorf("%s%v = %d with %d calls of the file system, want EFAULT and none", f.Name, args, got, calls)
				}
			}
		}
	}
}

// TestEveryFailure has each call of a file system that a function makes fail, one after the
// other, and looks whether all is given back (newWorld does).
func TestEveryFailure(t *testing.T) {
	for number, f := range abi.Functions[:46] {
		call := good[f.Name]
		for nth := 1; ; nth++ {
			n := goodWorld(t)
			calls, failed := 0, ""
			n.files.failing = func(name string) error {
				if calls++; calls == nth {
					failed = name
					return syscall.ESTALE
				}
				return nil
			}
			n.args = Args{}
			copy(n.args[:], call.args)
			open := openDescriptors(n.world)
			got := n.Call(uint64(number), &n.args)
			n.files.failing = nil
			if failed == "" {
				break
			}
			if got != EStale && !(f.Name == "fd_renumber" && got == Success) && !(f.Name == "poll_oneoff" && got == Success) {
				t.Errorf("%s with a failing %s = %d, want ESTALE", f.Name, failed, got)
			}
			if now := openDescriptors(n.world); now > open {
				t.Errorf("%s with a failing %s left a descriptor open", f.Name, failed)
			}
			n.closeAll()
			n.files.balanced()
		}
	}
}

func openDescriptors(w *world) (n int) {
	for _, word := range w.descriptors.used {
		n += bits.OnesCount64(word)
	}
	return n
}

// errnoNames are the names of witx in the order of their numbers, as Linux writes them. Where
// Linux has no such number there is none.
var errnoNames = []syscall.Errno{0, syscall.E2BIG, syscall.EACCES, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EAGAIN,
	syscall.EALREADY, syscall.EBADF, syscall.EBADMSG, syscall.EBUSY, syscall.ECANCELED, syscall.ECHILD, syscall.ECONNABORTED, syscall.ECONNREFUSED,
	syscall.ECONNRESET, syscall.EDEADLK, syscall.EDESTADDRREQ, syscall.EDOM, syscall.EDQUOT, syscall.EEXIST, syscall.EFAULT, syscall.EFBIG,
	syscall.EHOSTUNREACH, syscall.EIDRM, syscall.EILSEQ, syscall.EINPROGRESS, syscall.EINTR, syscall.EINVAL, syscall.EIO, syscall.EISCONN,
	syscall.EISDIR, syscall.ELOOP, syscall.EMFILE, syscall.EMLINK, syscall.EMSGSIZE, syscall.EMULTIHOP, syscall.ENAMETOOLONG, syscall.ENETDOWN,
	syscall.ENETRESET, syscall.ENETUNREACH, syscall.ENFILE, syscall.ENOBUFS, syscall.ENODEV, syscall.ENOENT, syscall.ENOEXEC, syscall.ENOLCK,
	syscall.ENOLINK, syscall.ENOMEM, syscall.ENOMSG, syscall.ENOPROTOOPT, syscall.ENOSPC, syscall.ENOSYS, syscall.ENOTCONN, syscall.ENOTDIR,
	syscall.ENOTEMPTY, syscall.ENOTRECOVERABLE, syscall.ENOTSOCK, syscall.ENOTSUP, syscall.ENOTTY, syscall.ENXIO, syscall.EOVERFLOW,
	syscall.EOWNERDEAD, syscall.EPERM, syscall.EPIPE, syscall.EPROTO, syscall.EPROTONOSUPPORT, syscall.EPROTOTYPE, syscall.ERANGE, syscall.EROFS,
	syscall.ESPIPE, syscall.ESRCH, syscall.ESTALE, syscall.ETIMEDOUT, syscall.ETXTBSY, syscall.EXDEV}

// TestErrnos has a file system answer every number of Linux.
func TestErrnos(t *testing.T) {
	want := map[syscall.Errno]Errno{}
	for number, linux := range errnoNames {
		want[linux] = Errno(number)
	}
	if len(want) != int(ENotCapable) {
		t.Errorf("%d numbers, want all of witx but ENOTCAPABLE", len(want))
	}
	w := newWorld(t, nil)
	var answer error
	w.files.failing = func(string) error { return answer }
	for linux := range syscall.Errno(200) {
		wanted, known := want[linux]
		if !known {
			wanted = EIO
		}
		if answer = linux; linux == 0 {
			answer = nil
		}
		w.want(wanted, "fd_filestat_get", 3, 128)
	}
	answer = syscall.Errno(1 << 40)
	w.want(EIO, "fd_filestat_get", 3, 128)
	answer = fmt.Errorf("anything else")
	w.want(EIO, "fd_filestat_get", 3, 128)
	answer = vfs.ErrNotSupported
	w.want(ENotSup, "fd_filestat_get", 3, 128)
}
