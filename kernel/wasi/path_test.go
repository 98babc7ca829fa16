package wasi

import (
	"slices"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

func TestPathOpenErrors(t *testing.T) {
	const read = uint64(RightFDRead)
	for _, test := range []struct {
		name     string
		path     string
		noFollow bool
		flags    OpenFlags
		fdFlags  uint64
		base     uint64
		want     Errno
	}{
		{name: "file", path: "hello.txt", base: read},
		{name: "directory", path: "dir", base: read},
		{name: "directory as such", path: "dir/", flags: OpenDirectory},
		{name: "through a link", path: "link", base: read},
		{name: "create what exists", path: "hello.txt", flags: OpenCreate, base: read},
		{name: "no rights", path: "hello.txt"},
		{name: "flags", path: "hello.txt", fdFlags: uint64(FlagAppend | FlagSync)},

		{name: "missing", path: "nothing", want: ENoEnt},
		{name: "empty", path: "", want: ENoEnt},
		{name: "dangling", path: "dangling", want: ENoEnt},
		{name: "absolute", path: "/hello.txt", want: EPerm},
		{name: "outside", path: "dir/../../x", want: EPerm},
		{name: "outside by a link", path: "dir/escape", want: EPerm},
		{name: "link not followed", path: "link", noFollow: true, want: ELoop},
		{name: "loop", path: "loop", want: ELoop},
		{name: "zero byte", path: "hello.txt\x00", want: EInval},
		{name: "file as directory", path: "hello.txt", flags: OpenDirectory, want: ENotDir},
		{name: "file with a slash", path: "hello.txt/", want: ENotDir},
		{name: "below a file", path: "hello.txt/x", want: ENotDir},
		{name: "create", path: "new", flags: OpenCreate, want: ERofs},
		{name: "create below", path: "dir/new", flags: OpenCreate | OpenExclusive, want: ERofs},
		{name: "create nowhere", path: "nothing/new", flags: OpenCreate, want: ENoEnt},
		{name: "create below a file", path: "hello.txt/new", flags: OpenCreate, want: ENotDir},
		{name: "create nothing", path: "", flags: OpenCreate, want: ENoEnt},
		{name: "exclusive", path: "link", flags: OpenCreate | OpenExclusive, want: EExist},
		{name: "create a directory", path: "d", flags: OpenCreate | OpenDirectory, want: EInval},
		{name: "create with a slash", path: "new/", flags: OpenCreate, want: EIsDir},
		{name: "create a file that is there, with a slash", path: "hello.txt/", flags: OpenCreate, want: EIsDir},
		{name: "create a link around, with a slash", path: "loop/", flags: OpenCreate, want: EIsDir},
		{name: "create nothing but a directory, with a slash", path: "dir/", flags: OpenCreate | OpenExclusive, want: EIsDir},
		{name: "create what is a directory", path: "dir", flags: OpenCreate, want: EIsDir},
		{name: "exclusive dangling", path: "dangling", flags: OpenCreate | OpenExclusive, want: EExist},
		{name: "create where a link leads", path: "dangling", flags: OpenCreate, want: ERofs},
		{name: "no UTF-8", path: "hello.txt\xff", want: EIlSeq},
		{name: "truncate a directory", path: "dir", flags: OpenTruncate, want: EIsDir},
		{name: "long name", path: strings.Repeat("x", 256), want: ENameTooLong},
		{name: "long path", path: strings.Repeat("./", 2049), want: ENameTooLong},
		{name: "write", path: "hello.txt", base: uint64(RightFDWrite), want: ERofs},
		{name: "truncate", path: "hello.txt", flags: OpenTruncate, want: ERofs},
		{name: "write a directory", path: "dir", base: uint64(RightFDWrite), want: EIsDir},
		{name: "no such flag", path: "hello.txt", flags: 16, want: EInval},
		{name: "no such descriptor flag", path: "hello.txt", fdFlags: 32, want: EInval},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil)
			at, n := w.path(test.path)
			follow := uint64(lookupFollow)
			if test.noFollow {
				follow = 0
			}
			w.want(test.want, "path_open", 3, follow, at, n, uint64(test.flags), test.base, 0, test.fdFlags, 0)
			if test.want == Success && w.u32(0) != 4 {
				t.Errorf("descriptor %d, want the lowest free one", w.u32(0))
			}
		})
	}
}

func TestPathOpenPlaces(t *testing.T) {
	w := newWorld(t, nil)
	at, n := w.path("hello.txt")
	open := func(want Errno, fd, lookup, at, n, result uint64) {
		t.Helper()
		w.want(want, "path_open", fd, lookup, at, n, 0, uint64(RightFDRead), 0, 0, result)
	}
	open(EBadf, 9, 1, at, n, 0)
	open(ENotDir, 1, 1, at, n, 0)
	open(EFault, 3, 1, far, n, 0)
	open(EFault, 3, 1, at, n, far)
	open(EInval, 3, 2, at, n, 0)
	open(Success, 3, 1, at, n, 0)
	open(ENotDir, uint64(w.u32(0)), 1, at, n, 0)

	dir := w.open("dir")
	at, n = w.path("a")
	open(Success, dir, 1, at, n, 0)
	at, n = w.path("../hello.txt")
	open(EPerm, dir, 1, at, n, 0)
	w.want(Success, "fd_fdstat_set_rights", dir, uint64(RightFDReaddir), 0)
	at, n = w.path("a")
	open(ENotCapable, dir, 1, at, n, 0)
}

func TestInheritedRights(t *testing.T) {
	w := newWorld(t, nil)
	const kept = RightFDSeek | RightFDTell | RightPathOpen
	w.want(Success, "fd_fdstat_set_rights", 3, uint64(RightPathOpen), uint64(kept))
	at, n := w.path("hello.txt")
	w.want(ENotCapable, "path_open", 3, 0, at, n, 0, uint64(RightFDRead), 0, 0, 0)
	w.want(Success, "path_open", 3, 0, at, n, 0, uint64(allRights&^accessRights), uint64(allRights), 0, 0)
	w.want(Success, "fd_fdstat_get", uint64(w.u32(0)), 64)
	if base, inheriting := Rights(w.u64(72)), Rights(w.u64(80)); base != RightFDSeek|RightFDTell || inheriting != kept {
		t.Errorf("rights = %#x, %#x; want what the directory hands on", base, inheriting)
	}
	at, n = w.path("dir")
	w.want(Success, "path_open", 3, 0, at, n, 0, uint64(allRights&^RightFDWrite), uint64(RightFDSeek|RightFDRead), 0, 0)
	w.want(Success, "fd_fdstat_get", uint64(w.u32(0)), 64)
	if base, inheriting := Rights(w.u64(72)), Rights(w.u64(80)); base != RightPathOpen || inheriting != RightFDSeek {
		t.Errorf("rights = %#x, %#x; want what the directory hands on", base, inheriting)
	}
}

func TestDescriptorNumbers(t *testing.T) {
	w := newWorld(t, nil)
	for want := uint64(4); want < 8; want++ {
		if fd := w.open("hello.txt"); fd != want {
			t.Errorf("opened %d, want %d", fd, want)
		}
	}
	w.want(Success, "fd_close", 5)
	w.want(Success, "fd_close", 0)
	w.want(EBadf, "fd_close", 5)
	w.want(EBadf, "fd_close", 1<<31)
	for _, want := range []uint64{0, 5, 8} {
		if fd := w.open("hello.txt"); fd != want {
			t.Errorf("opened %d, want the lowest free, %d", fd, want)
		}
	}
	w.want(Success, "fd_renumber", 8, 1)
	w.want(EBadf, "fd_renumber", 8, 1)
	w.want(EBadf, "fd_renumber", 1, 8)
	w.want(Success, "fd_renumber", 1, 1)
	list, count := w.vector(8192, 5)
	w.want(Success, "fd_read", 1, list, count, 0)
	if string(w.Memory[8192:8197]) != "hello" {
		t.Error("the renumbered descriptor is not the file")
	}
	for {
		at, n := w.path("hello.txt")
		w.top = 4096
		if errno := w.call("path_open", 3, 1, at, n, 0, 0, 0, 0, 0); errno != Success {
			if errno != EMFile || len(w.descriptors.table) != descriptorsMax {
				t.Errorf("errno %d with %d descriptors", errno, len(w.descriptors.table))
			}
			break
		}
	}
}

func TestReadlink(t *testing.T) {
	w := newWorld(t, nil)
	at, n := w.path("link")
	w.want(Success, "path_readlink", 3, at, n, 256, 100, 0)
	if got := string(w.Memory[256 : 256+w.u32(0)]); got != "hello.txt" {
		t.Errorf("target = %q", got)
	}
	w.want(Success, "path_readlink", 3, at, n, 256, 4, 0)
	if w.u32(0) != 4 {
		t.Errorf("bufused = %d, want 4", w.u32(0))
	}
	w.want(EFault, "path_readlink", 3, at, n, far, 4, 0)
	w.want(EFault, "path_readlink", 3, at, n, 256, 4, far)
	at, n = w.path("hello.txt")
	w.want(EInval, "path_readlink", 3, at, n, 256, 4, 0)
	at, n = w.path("nothing")
	w.want(ENoEnt, "path_readlink", 3, at, n, 256, 4, 0)
}

// entries reads a directory with a buffer of bufBytes, as wasi-libc does: from
// the cookie of the last whole entry on.
func entries(w *world, fd, bufBytes uint64) (names []string) {
	w.t.Helper()
	const buf = 16384
	cookie := uint64(0)
	for range 1000 {
		w.want(Success, "fd_readdir", fd, buf, bufBytes, cookie, 0)
		used := uint64(w.u32(0))
		at := uint64(buf)
		for buf+used-at >= direntBytes {
			n := uint64(w.u32(at + 16))
			if buf+used-at < direntBytes+n {
				break
			}
			names = append(names, string(w.Memory[at+direntBytes:][:n]))
			cookie = w.u64(at)
			if w.u64(at+8) == 0 {
				w.t.Errorf("%s has no serial number", names[len(names)-1])
			}
			at += direntBytes + n
		}
		if used < bufBytes {
			return names
		}
	}
	w.t.Fatal("fd_readdir has no end")
	return nil
}

func TestReaddir(t *testing.T) {
	w := newWorld(t, nil)
	want := []string{".", "..", "dangling", "dir", "hello.txt", "link", "long-name-in", "loop"}
	for _, bufBytes := range []uint64{36, 37, 40, 60, 100, 4096} {
		if got := entries(w, 3, bufBytes); !slices.Equal(got, want) {
			t.Errorf("with %d bytes: %q, want %q", bufBytes, got, want)
		}
	}
	dir := w.open("dir")
	if got, want := entries(w, dir, 4096), []string{".", "..", "a", "b", "escape", "sub"}; !slices.Equal(got, want) {
		t.Errorf("dir = %q, want %q", got, want)
	}
	if got := entries(w, w.open("dir/sub"), 4096); len(got) != 2 {
		t.Errorf("dir/sub = %q, want . and ..", got)
	}
	w.want(Success, "fd_readdir", dir, 16384, 100, 1<<63, 0)
	if w.u32(0) != 0 {
		t.Errorf("%d bytes beyond the end", w.u32(0))
	}
	w.want(Success, "fd_readdir", dir, 16384, 10, 0, 0)
	if w.u32(0) != 10 {
		t.Errorf("bufused = %d, want the whole buffer", w.u32(0))
	}
	w.want(EBadf, "fd_readdir", 9, 0, 0, 0, 0)
	w.want(ENotDir, "fd_readdir", 0, 0, 0, 0, 0)
	w.want(EFault, "fd_readdir", 3, far, 10, 0, 0)
	w.want(EFault, "fd_readdir", 3, 16384, 10, 0, far)
}

// TestChangeReadOnly has what would be right otherwise end in EROFS.
func TestChangeReadOnly(t *testing.T) {
	for _, test := range []struct {
		path                                     string
		create, unlink, remove, rename, setTimes Errno
	}{
		{"new", ERofs, ENoEnt, ENoEnt, ENoEnt, ENoEnt},
		{"hello.txt", EExist, ERofs, ENotDir, ERofs, ERofs},
		{"dangling", EExist, ERofs, ENotDir, ERofs, ERofs},
		{"dir/sub", EExist, EIsDir, ERofs, ENotDir, ERofs},
		{"dir/new", ERofs, ENoEnt, ENoEnt, ENoEnt, ENoEnt},
		{"nothing/new", ENoEnt, ENoEnt, ENoEnt, ENoEnt, ENoEnt},
		{"hello.txt/new", ENotDir, ENotDir, ENotDir, ENotDir, ENotDir},
		{"/x", EPerm, EPerm, EPerm, EPerm, EPerm},
		{"", ENoEnt, ENoEnt, ENoEnt, ENoEnt, ENoEnt},
	} {
		w := newWorld(t, nil)
		at, n := w.path(test.path)
		old, oldBytes := w.path("hello.txt")
		w.want(test.create, "path_create_directory", 3, at, n)
		w.want(test.create, "path_symlink", old, oldBytes, 3, at, n)
		w.want(test.create, "path_link", 3, 0, old, oldBytes, 3, at, n)
		w.want(test.unlink, "path_unlink_file", 3, at, n)
		w.want(test.remove, "path_remove_directory", 3, at, n)
		w.want(test.rename, "path_rename", 3, at, n, 3, old, oldBytes)
		w.want(test.setTimes, "path_filestat_set_times", 3, 0, at, n, 0, 0, 0)
		w.want(EBadf, "path_create_directory", 9, at, n)
		w.want(EBadf, "path_rename", 3, old, oldBytes, 9, at, n)
		w.want(EFault, "path_unlink_file", 3, far, 9)
		w.want(EFault, "path_symlink", far, 9, 3, at, n)
	}
}

// TestDamagedFileSystem has each call of a file system fail in its turn.
func TestDamagedFileSystem(t *testing.T) {
	w := newWorld(t, nil)
	fd := w.open("hello.txt")
	w.files.failing = func(string) error { return vfs.ErrDamaged }
	at, n := w.path("hello.txt")
	list, count := w.vector(8192, 5)
	w.want(EIO, "path_open", 3, 1, at, n, 0, 0, 0, 0, 0)
	w.want(EIO, "path_filestat_get", 3, 1, at, n, 0)
	w.want(EIO, "fd_read", fd, list, count, 0)
	w.want(EIO, "fd_pread", fd, list, count, 0, 0)
	w.want(EIO, "fd_seek", fd, 0, whenceEnd, 0)
	w.want(EIO, "fd_filestat_get", fd, 0)
	w.want(EIO, "fd_readdir", 3, 16384, 1000, 0, 0)
}
