package wasi

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
	"mewz/kernel/vfs/vfstest"
)

// writable are the file systems that what can be changed is tested over; they have testTree.
var writable = []struct {
	name string
	make func(t testing.TB) vfs.FileSystem
}{
	{"fake", func(t testing.TB) vfs.FileSystem {
		files := newFakeFiles()
		plant(t, files, testTree)
		return files
	}},
	{"memory", func(t testing.TB) vfs.FileSystem {
		files := newMemory(t, nil)
		plant(t, files, testTree)
		return files
	}},
	{"archive", func(t testing.TB) vfs.FileSystem {
		lower, err := vfs.OpenArchive(vfstest.Archive(testTree))
		if err != nil {
			t.Fatal(err)
		}
		return newMemory(t, lower)
	}},
}

func newMemory(t testing.TB, lower vfs.FileSystem) vfs.FileSystem {
	t.Helper()
	now := uint64(1_700_000_000e9)
	files, err := memfs.New(memfs.Options{Lower: lower, Now: func() uint64 { now++; return now }, LimitBytes: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.End(); err != nil {
			t.Error(err)
		}
	})
	return files
}

// TestFakeFiles holds the fake to what a file system is.
func TestFakeFiles(t *testing.T) {
	vfstest.Run(t, func(*testing.T) vfs.FileSystem { return newFakeFiles() }, vfstest.Limits{OffsetMax: fakeFileMax})
}

// plant makes the files of a tree.
func plant(t testing.TB, files vfs.FileSystem, tree vfstest.Tree) {
	t.Helper()
	var paths []string
	for path := range tree {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		names := strings.Split(path, "/")
		at := files.Root()
		for _, name := range names[:len(names)-1] {
			_ = files.MakeDirectory(at, []byte(name)) // or it is there
			entry, err := files.Lookup(at, []byte(name))
			if err != nil {
				t.Fatal(err)
			}
			if at != files.Root() {
				files.Release(at)
			}
			at = entry.Node
		}
		last := []byte(names[len(names)-1])
		var err error
		if target, isLink := strings.CutPrefix(tree[path], "->"); isLink {
			err = files.MakeSymlink(at, last, []byte(target))
		} else if len(last) != 0 {
			err = plantFile(files, at, last, tree[path])
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if at != files.Root() {
			files.Release(at)
		}
	}
}

func plantFile(files vfs.FileSystem, at vfs.NodeID, name []byte, content string) error {
	entry, h, err := files.Create(at, name, vfs.ModeWrite)
	if err != nil {
		return err
	}
	defer files.Release(entry.Node)
	if _, err = files.Write(h, [][]byte{[]byte(content)}, 0); err != nil {
		return err
	}
	return files.Close(h)
}

// overWritable runs a test over each writable file system, which has testTree as /.
func overWritable(t *testing.T, test func(t *testing.T, w *world)) {
	for _, f := range writable {
		t.Run(f.name, func(t *testing.T) { test(t, newFilesWorld(t, f.make)) })
	}
}

func newFilesWorld(t testing.TB, make func(testing.TB) vfs.FileSystem) *world {
	t.Helper()
	files := make(t)
	return newWorld(t, func(m *Machine) { m.Preopens = []Preopen{{"/", files}} })
}

// do calls a function. A string among the arguments is put into memory, and passed as address
// and length.
func (w *world) do(name string, args ...any) Errno {
	w.t.Helper()
	var list []uint64
	top := w.top
	for _, a := range args {
		switch a := a.(type) {
		case string:
			at, n := w.path(a)
			list = append(list, at, n)
		case int:
			list = append(list, uint64(a))
		case uint64:
			list = append(list, a)
		case Rights:
			list = append(list, uint64(a))
		case OpenFlags:
			list = append(list, uint64(a))
		case FDFlags:
			list = append(list, uint64(a))
		case FstFlags:
			list = append(list, uint64(a))
		default:
			w.t.Fatalf("%s: an argument of type %T", name, a)
		}
	}
	errno := w.call(name, list...)
	w.top = top
	return errno
}

// must is do with the result that is wanted.
func (w *world) must(want Errno, name string, args ...any) {
	w.t.Helper()
	if got := w.do(name, args...); got != want {
		w.t.Errorf("%s%v = %d, want %d", name, args, got, want)
	}
}

// openAs opens a path below descriptor 3 for reading and writing.
func (w *world) openAs(path string, oflags OpenFlags, fdFlags FDFlags) uint64 {
	w.t.Helper()
	w.must(Success, "path_open", 3, 1, path, oflags, allRights, allRights, fdFlags, 0)
	return uint64(w.u32(0))
}

// write writes by fd_write and returns what was written.
func (w *world) write(fd uint64, text string) uint32 {
	w.t.Helper()
	top := w.top
	at, n := w.path(text)
	list, count := w.vector(uint32(at), uint32(n))
	w.want(Success, "fd_write", fd, list, count, 0)
	w.top = top
	return w.u32(0)
}

// content reads a whole file by a descriptor of its own.
func (w *world) content(path string) string {
	w.t.Helper()
	w.must(Success, "path_open", 3, 1, path, 0, RightFDRead, 0, 0, 0)
	fd := uint64(w.u32(0))
	defer func() { w.must(Success, "fd_close", fd) }()
	const buffer, most = 16384, 32768
	top := w.top
	list, count := w.vector(buffer, most)
	w.want(Success, "fd_read", fd, list, count, 0)
	w.top = top
	return string(w.Memory[buffer : buffer+w.u32(0)])
}

// is checks the content of a file.
func (w *world) is(path, want string) {
	w.t.Helper()
	if got := w.content(path); got != want {
		w.t.Errorf("%s = %q, want %q", path, got, want)
	}
}

// stat returns the words of a filestat.
func (w *world) stat(path string) (stat [8]uint64) {
	w.t.Helper()
	w.must(Success, "path_filestat_get", 3, 0, path, 128)
	for i := range stat {
		stat[i] = w.u64(128 + uint64(8*i))
	}
	return stat
}

// Words of a filestat.
const (
	statDevice = iota
	statSerial
	statType
	statLinks
	statSize
	statAccessed
	statModified
	statChanged
)

func TestOpenAndChange(t *testing.T) {
	const read, write = RightFDRead, RightFDWrite
	for _, test := range []struct {
		name   string
		path   string
		flags  OpenFlags
		follow int
		base   Rights
		want   Errno
		after  string // path and content then
	}{
		{"make", "new", OpenCreate, 0, write, Success, "new="},
		{"make to read", "new", OpenCreate, 0, read, Success, "new="},
		{"make without rights", "new", OpenCreate, 0, 0, Success, "new="},
		{"make below", "dir/sub/new", OpenCreate | OpenExclusive, 0, write, Success, "dir/sub/new="},
		{"make through a link", "dangling", OpenCreate, 1, write, Success, "nowhere="},
		{"make over a link", "dangling", OpenCreate, 0, write, ELoop, ""},
		{"make alone over a link", "dangling", OpenCreate | OpenExclusive, 1, write, EExist, ""},
		{"make outside", "dir/escape", OpenCreate, 1, write, EPerm, ""},
		{"make in nothing", "nothing/new", OpenCreate, 0, write, ENoEnt, ""},
		{"make in a file", "hello.txt/new", OpenCreate, 0, write, ENotDir, ""},
		{"make with a slash", "new/", OpenCreate, 0, write, EIsDir, ""},
		{"make what is there", "hello.txt", OpenCreate, 0, write, Success, "hello.txt=hello, world"},
		{"make alone what is there", "hello.txt", OpenCreate | OpenExclusive, 0, write, EExist, "hello.txt=hello, world"},
		{"exclusive says nothing alone", "hello.txt", OpenExclusive, 0, write, Success, "hello.txt=hello, world"},
		{"truncate", "hello.txt", OpenTruncate, 0, write, Success, "hello.txt="},
		{"truncate to read", "hello.txt", OpenTruncate, 0, read, Success, "hello.txt="},
		{"truncate without rights", "hello.txt", OpenTruncate, 0, 0, Success, "hello.txt="},
		{"truncate through a link", "link", OpenTruncate, 1, write, Success, "hello.txt="},
		{"truncate a link", "link", OpenTruncate, 0, write, ELoop, "hello.txt=hello, world"},
		{"truncate what is missing", "new", OpenTruncate, 0, write, ENoEnt, ""},
		{"make and truncate", "new", OpenCreate | OpenTruncate, 0, write, Success, "new="},
		{"truncate a directory", "dir", OpenTruncate, 0, 0, EIsDir, ""},
		{"write a directory", "dir", OpenDirectory, 0, read | write, EIsDir, ""},
		{"make a directory", "dir", OpenCreate, 0, read, EIsDir, ""},
		{"a directory to read", "dir", OpenDirectory, 0, read, Success, ""},
		{"a directory with a slash", "dir/", 0, 0, read, Success, ""},
		{"a file as directory", "hello.txt", OpenDirectory, 0, read, ENotDir, ""},
		{"a file as directory, truncated", "hello.txt", OpenDirectory | OpenTruncate, 0, write, ENotDir, "hello.txt=hello, world"},
		{"a link as directory", "link", OpenDirectory, 0, read, ELoop, ""},
		{"a link to a file as directory", "link", OpenDirectory, 1, read, ENotDir, ""},
		{"the directory itself", ".", 0, 0, read, Success, ""},
		{"up and down", "dir/../dir/./a", 0, 0, write, Success, "dir/a=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			overWritable(t, func(t *testing.T, w *world) {
				w.must(test.want, "path_open", 3, test.follow, test.path, test.flags, test.base, 0, 0, 0)
				if path, content, ok := strings.Cut(test.after, "="); ok {
					w.is(path, content)
				}
			})
		})
	}
}

func TestOpenNeedsRights(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		open := func(want Errno, flags OpenFlags, base Rights, fdFlags FDFlags) {
			t.Helper()
			w.must(want, "path_open", 3, 1, "hello.txt", flags, base, 0, fdFlags, 0)
		}
		give := func(base, inheriting Rights) {
			t.Helper()
			w.must(Success, "fd_fdstat_set_rights", 3, base, inheriting)
		}
		give(directoryRights&^RightFDDatasync, directoryRights|fileRights)
		open(Success, 0, RightFDWrite, FlagDSync|FlagSync|FlagRSync)
		give(directoryRights&^(RightFDSync|RightFDDatasync), directoryRights|fileRights)
		open(ENotCapable, 0, RightFDWrite, FlagDSync)
		open(ENotCapable, 0, RightFDWrite, FlagSync)
		open(ENotCapable, 0, RightFDWrite, FlagRSync)
		open(Success, 0, RightFDWrite, FlagAppend|FlagNonblock)
		give(RightPathOpen|RightPathCreateFile, directoryRights|fileRights)
		open(ENotCapable, OpenTruncate, 0, 0)
		open(Success, OpenCreate, 0, 0)
		give(RightPathOpen, directoryRights|fileRights)
		open(ENotCapable, OpenCreate, 0, 0)
		w.is("hello.txt", "hello, world")
		give(RightPathOpen, RightFDRead)
		open(ENotCapable, 0, RightFDRead|RightFDWrite, 0)
		open(Success, 0, RightFDRead|RightFDAllocate, 0)
		give(0, 0)
		open(ENotCapable, 0, 0, 0)
	})
}

// shows checks the base rights that fd_fdstat_get shows.
func (w *world) shows(fd uint64, want Rights) {
	w.t.Helper()
	w.must(Success, "fd_fdstat_get", fd, 64)
	if got := Rights(w.u64(72)); got != want {
		w.t.Errorf("rights of %d: got %#x, want %#x", fd, got, want)
	}
}

// TestFileRights has files with more rights than were asked for, which fd_fdstat_get does not
// show: whoever keeps to what it asked for sees the same through every directory.
func TestFileRights(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		for base, want := range map[Rights]Rights{
			0:                          readFileRights,
			RightFDRead:                readFileRights | RightFDRead,
			RightFDWrite:               readFileRights | writeFileRights | RightFDWrite,
			accessRights | RightFDSeek: fileRights,
			allRights:                  fileRights,
			1<<64 - 1:                  fileRights,
		} {
			w.must(Success, "path_open", 3, 0, "hello.txt", 0, base, base, 0, 0)
			fd := uint64(w.u32(0))
			w.shows(fd, base&want)
			w.must(Success, "fd_fdstat_set_rights", fd, want, 0)
			w.shows(fd, want)
			w.must(ENotCapable, "fd_fdstat_set_rights", fd, want|RightPathOpen, 0)
		}
		fd := w.openAs("hello.txt", 0, 0)
		w.must(Success, "fd_fdstat_set_rights", fd, RightFDSeek|RightFDWrite, 0)
		list, count := w.vector(8192, 3)
		w.want(EBadf, "fd_read", fd, list, count, 0)
		w.want(Success, "fd_pwrite", fd, list, count, 0, 0)
		w.want(Success, "fd_tell", fd, 0)
		for name, args := range map[string][]any{
			"fd_allocate": {0, 1}, "fd_filestat_set_size": {0}, "fd_filestat_set_times": {0, 0, 0}, "fd_sync": {}, "fd_datasync": {},
			"fd_advise": {0, 0, 0}, "fd_fdstat_set_flags": {0}, "fd_filestat_get": {0},
		} {
			w.must(ENotCapable, name, append([]any{fd}, args...)...)
		}
		w.must(Success, "fd_fdstat_set_rights", fd, RightFDWrite, 0)
		w.want(ENotCapable, "fd_pwrite", fd, list, count, 0, 0)
		w.want(ENotCapable, "fd_tell", fd, 0)
	})
}

func TestWriteFile(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, 0)
		if n := w.write(fd, "0123456789"); n != 10 {
			t.Errorf("wrote %d", n)
		}
		w.must(Success, "fd_seek", fd, 3, whenceSet, 0)
		w.write(fd, "abc")
		w.must(Success, "fd_tell", fd, 8)
		if w.u64(8) != 6 {
			t.Errorf("offset %d, want 6", w.u64(8))
		}
		w.is("f", "012abc6789")
		w.must(Success, "fd_seek", fd, 2, whenceEnd, 0)
		w.write(fd, "x")
		w.is("f", "012abc6789\x00\x00x")
		at, n := w.path("QR")
		list, count := w.vector(uint32(at), uint32(n), 0, 0, uint32(at), 1)
		w.want(Success, "fd_pwrite", fd, list, count, 1, 0)
		w.must(Success, "fd_tell", fd, 8)
		if w.u32(0) != 3 || w.u64(8) != 13 {
			t.Errorf("pwrite = %d, offset %d", w.u32(0), w.u64(8))
		}
		w.is("f", "0QRQbc6789\x00\x00x")
		w.want(EInval, "fd_pwrite", fd, list, count, 1<<63, 0)
		w.want(EBadf, "fd_pwrite", 3, list, count, 0, 0)
		w.want(ESPipe, "fd_pwrite", 0, list, count, 0, 0)
		w.want(EBadf, "fd_write", 3, list, count, 0)
		w.want(EIsDir, "fd_pread", 3, list, count, 0, 0)
		w.want(EIsDir, "fd_read", 3, list, count, 0)
		w.want(Success, "fd_write", fd, list, 0, 0)
		readOnly := w.open("f")
		w.want(EBadf, "fd_write", readOnly, list, count, 0)
		w.want(EBadf, "fd_pwrite", readOnly, list, count, 0, 0)
		w.must(Success, "path_open", 3, 0, "f", 0, RightFDWrite, 0, 0, 0)
		writeOnly := uint64(w.u32(0))
		w.want(EBadf, "fd_read", writeOnly, list, count, 0)
		w.want(EBadf, "fd_pread", writeOnly, list, count, 0, 0)
		w.write(writeOnly, "W")
		w.is("f", "WQRQbc6789\x00\x00x")
	})
}

// TestEndOfOffsets is about the greatest offset there can be.
func TestEndOfOffsets(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, 0)
		list, count := w.vector(8192, 5)
		const last = 1<<63 - 1
		w.want(EFBig, "fd_pwrite", fd, list, count, last, 0)
		w.want(Success, "fd_pwrite", fd, list, 0, last, 0)
		w.must(Success, "fd_seek", fd, last, whenceSet, 0)
		w.want(EFBig, "fd_write", fd, list, count, 0)
		w.want(Success, "fd_read", fd, list, count, 0)
		w.want(Success, "fd_pread", fd, list, count, last, 0)
		if w.u32(0) != 0 {
			t.Errorf("read %d bytes", w.u32(0))
		}
		w.must(EInval, "fd_seek", fd, 1, whenceCurrent, 0)
		w.must(EFBig, "fd_allocate", fd, last, 1)
		w.must(EInval, "fd_allocate", fd, uint64(1<<63), 1)
		w.must(EInval, "fd_allocate", fd, 1, uint64(1<<63))
		w.must(EInval, "fd_allocate", fd, 1, 0)
		w.must(EInval, "fd_filestat_set_size", fd, uint64(1<<63))
		if size := w.stat("f")[statSize]; size != 0 {
			t.Errorf("size %d", size)
		}
	})
}

func TestAppend(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, FlagAppend)
		w.write(fd, "ab")
		w.must(Success, "fd_seek", fd, 0, whenceSet, 0)
		w.write(w.openAs("f", 0, FlagAppend), "cd")
		w.write(fd, "ef")
		w.must(Success, "fd_tell", fd, 8)
		if w.u64(8) != 6 {
			t.Errorf("offset %d, want 6", w.u64(8))
		}
		at, _ := w.path("X")
		list, count := w.vector(uint32(at), 1)
		w.want(Success, "fd_pwrite", fd, list, count, 1, 0)
		w.is("f", "aXcdef")
		w.must(Success, "fd_fdstat_set_flags", fd, 0)
		w.must(Success, "fd_seek", fd, 0, whenceSet, 0)
		w.write(fd, "0")
		w.must(Success, "fd_fdstat_set_flags", fd, FlagAppend)
		w.write(fd, "9")
		w.is("f", "0Xcdef9")
	})
}

// TestManyBuffers has lists longer than one call of a file system takes.
func TestManyBuffers(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		text := strings.Repeat("0123456789", 30)
		at, _ := w.path(text)
		var words []uint32
		for i := range text {
			words = append(words, uint32(at)+uint32(i), 1, 0, 0)
		}
		list, count := w.vector(words...)
		fd := w.openAs("f", OpenCreate, 0)
		before := w.files.calls
		w.want(Success, "fd_write", fd, list, count, 0)
		if calls, want := w.files.calls-before, (len(text)+buffersMax-1)/buffersMax; w.u32(0) != 300 || calls != want {
			t.Errorf("wrote %d with %d calls, want %d", w.u32(0), calls, want)
		}
		w.is("f", text)
		clear(w.Memory[at : at+300])
		w.want(Success, "fd_pread", fd, list, count, 0, 0)
		if w.u32(0) != 300 || string(w.Memory[at:at+300]) != text {
			t.Errorf("read %d %q", w.u32(0), w.Memory[at:at+300])
		}
		w.files.cut = 7
		w.want(Success, "fd_pread", fd, list, count, 0, 0)
		if w.u32(0) != 7 {
			t.Errorf("read %d, want what the file system gave", w.u32(0))
		}
		w.want(Success, "fd_pwrite", fd, list, count, 0, 0)
		if w.u32(0) != 7 {
			t.Errorf("wrote %d, want what the file system took", w.u32(0))
		}
	})
}

// TestReadOverItsList reads over the list of buffers: what was checked counts.
func TestReadOverItsList(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, 0)
		w.write(fd, strings.Repeat("\xff", 4000))
		words := make([]uint32, 2*buffersMax*3)
		list, count := w.vector(words...)
		for i := range words {
			words[i] = uint32(list) + 8*buffersMax // where the list goes on
			if i%2 == 1 {
				words[i] = 16
			}
		}
		w.top = uint32(list)
		w.vector(words...)
		w.want(Success, "fd_pread", fd, list, count, 0, 0)
		if n := w.u32(0); n != 16*buffersMax {
			t.Errorf("read %d bytes, want those of the first buffers", n)
		}
	})
}

// TestErrorInTheMiddle has a file system fail after it has done a part.
func TestErrorInTheMiddle(t *testing.T) {
	for _, name := range []string{"fd_write", "fd_pwrite", "fd_read", "fd_pread"} {
		for _, flags := range []FDFlags{0, FlagAppend} {
			overWritable(t, func(t *testing.T, w *world) {
				fd := w.openAs("f", OpenCreate, flags)
				w.write(fd, strings.Repeat("x", 200))
				w.must(Success, "fd_seek", fd, 0, whenceSet, 0)
				words := make([]uint32, 0, 400)
				for range 200 {
					words = append(words, 8192, 1)
				}
				list, count := w.vector(words...)
				calls := 0
				w.files.failing = func(call string) error {
					if calls++; calls > 1 {
						return syscall.EDQUOT
					}
					return nil
				}
				args := []uint64{fd, list, count, 0}
				if strings.HasPrefix(name, "fd_p") {
					args = []uint64{fd, list, count, 0, 0}
				}
				w.want(Success, name, args...)
				if w.u32(0) != buffersMax {
					t.Errorf("%s = %d, want what was done before the error", name, w.u32(0))
				}
				w.want(EDQuot, name, args...)
				w.files.failing = nil
				w.want(Success, "fd_tell", fd, 8)
				want := uint64(0)
				if name == "fd_read" || name == "fd_write" {
					want = buffersMax
				}
				if name == "fd_write" && flags == FlagAppend {
					want += 200
				}
				if w.u64(8) != want {
					t.Errorf("%s: offset %d, want %d", name, w.u64(8), want)
				}
			})
		}
	}
}

// TestSyncFlags has every write wait until it is safe.
func TestSyncFlags(t *testing.T) {
	for flags, want := range map[FDFlags]string{
		0: "", FlagAppend: "", FlagDSync: "Sync data", FlagSync: "Sync", FlagRSync: "Sync", FlagDSync | FlagSync: "Sync", FlagDSync | FlagRSync: "Sync",
	} {
		overWritable(t, func(t *testing.T, w *world) {
			synced := ""
			w.files.failing = func(call string) error {
				if strings.HasPrefix(call, "Sync") {
					synced += call
				}
				return nil
			}
			w.write(w.openAs("f", OpenCreate, flags), "x")
			if synced != "" {
				t.Errorf("flags %d: %s, but the file was opened so", flags, synced)
			}
			fd := w.openAs("f", 0, 0)
			w.must(Success, "fd_fdstat_set_flags", fd, flags)
			w.write(fd, "x")
			if synced != want {
				t.Errorf("flags %d: %q, want %q", flags, synced, want)
			}
			w.files.failing = func(call string) error {
				if strings.HasPrefix(call, "Sync") {
					return syscall.EIO
				}
				return nil
			}
			list, count := w.vector(8192, 1)
			errno := Success
			if want != "" {
				errno = EIO
			}
			w.want(errno, "fd_write", fd, list, count, 0)
		})
	}
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, 0)
		w.must(Success, "fd_fdstat_set_rights", fd, fileRights&^(RightFDSync|RightFDDatasync), 0)
		for _, flags := range []FDFlags{FlagDSync, FlagSync, FlagRSync} {
			w.must(ENotCapable, "fd_fdstat_set_flags", fd, flags)
		}
		w.must(Success, "fd_fdstat_set_flags", fd, FlagAppend)
		w.must(EInval, "fd_fdstat_set_flags", fd, 32)
		w.must(EBadf, "fd_fdstat_set_flags", 99, 0)
	})
}

func TestSetSize(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("hello.txt", 0, 0)
		w.must(Success, "fd_filestat_set_size", fd, 5)
		w.is("hello.txt", "hello")
		w.must(Success, "fd_filestat_set_size", fd, 7)
		w.is("hello.txt", "hello\x00\x00")
		w.must(EBadf, "fd_filestat_set_size", 99, 0)
		w.must(EIsDir, "fd_filestat_set_size", 3, 0)
		w.must(EInval, "fd_filestat_set_size", 1, 0)
		w.must(EInval, "fd_filestat_set_size", w.open("hello.txt"), 0)

		w.must(Success, "fd_allocate", fd, 2, 3)
		w.is("hello.txt", "hello\x00\x00")
		w.must(Success, "fd_allocate", fd, 6, 3)
		w.is("hello.txt", "hello\x00\x00\x00\x00")
		w.must(EBadf, "fd_allocate", w.open("hello.txt"), 0, 1)
		w.must(EBadf, "fd_allocate", 99, 0, 1)
		w.must(EBadf, "fd_allocate", 3, 0, 1)
		w.must(ESPipe, "fd_allocate", 0, 0, 1)
	})
}

func TestSetTimes(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("hello.txt", 0, 0)
		check := func(what string, accessed, modified uint64) {
			t.Helper()
			stat := w.stat("hello.txt")
			if stat[statAccessed] != accessed || stat[statModified] != modified {
				t.Errorf("%s: times %d, %d; want %d, %d", what, stat[statAccessed], stat[statModified], accessed, modified)
			}
		}
		w.must(Success, "fd_filestat_set_times", fd, 100, 200, SetAccessed|SetModified)
		check("both", 100, 200)
		w.must(Success, "fd_filestat_set_times", fd, 1, 300, SetModified)
		check("modified", 100, 300)
		w.must(Success, "path_filestat_set_times", 3, 0, "hello.txt", 400, 1, SetAccessed)
		check("accessed", 400, 300)
		w.must(Success, "path_filestat_set_times", 3, 1, "link", 500, 600, SetAccessed|SetModified)
		check("through a link", 500, 600)
		w.must(Success, "path_filestat_set_times", 3, 0, "link", 7, 8, SetAccessed|SetModified)
		check("of the link", 500, 600)
		if stat := w.stat("link"); stat[statAccessed] != 7 || stat[statModified] != 8 {
			t.Errorf("of the link: times %d, %d", stat[statAccessed], stat[statModified])
		}
		w.must(Success, "fd_filestat_set_times", fd, 1, 2, 0)
		check("neither", 500, 600)
		w.must(Success, "fd_filestat_set_times", fd, 1, 2, SetAccessedNow|SetModified)
		stat := w.stat("hello.txt")
		if stat[statAccessed] == 1 || stat[statAccessed] == 500 || stat[statModified] != 2 {
			t.Errorf("now: times %d, %d", stat[statAccessed], stat[statModified])
		}
		w.must(Success, "fd_filestat_set_times", w.open("dir"), 9, 9, SetModified)
		if got := w.stat("dir")[statModified]; got != 9 {
			t.Errorf("directory modified at %d", got)
		}
		for _, flags := range []FstFlags{SetAccessed | SetAccessedNow, SetModified | SetModifiedNow, 16, 15} {
			w.must(EInval, "fd_filestat_set_times", fd, 1, 2, flags)
			w.must(EInval, "path_filestat_set_times", 3, 0, "hello.txt", 1, 2, flags)
		}
		w.must(EInval, "fd_filestat_set_times", 1, 1, 2, 0)
		w.must(EBadf, "fd_filestat_set_times", 99, 1, 2, 0)
		w.must(EInval, "path_filestat_set_times", 3, 2, "hello.txt", 1, 2, 0)
		w.must(ENoEnt, "path_filestat_set_times", 3, 0, "nothing", 1, 2, 0)
		w.must(ENoEnt, "path_filestat_set_times", 3, 1, "dangling", 1, 2, 0)
	})
}

// TestUnlinkedFile has a descriptor outlive the name.
func TestUnlinkedFile(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, 0)
		w.write(fd, "still")
		w.must(Success, "path_unlink_file", 3, "f")
		w.must(ENoEnt, "path_filestat_get", 3, 0, "f", 128)
		w.write(fd, " here")
		list, count := w.vector(8192, 100)
		w.want(Success, "fd_pread", fd, list, count, 0, 0)
		if got := string(w.Memory[8192 : 8192+w.u32(0)]); got != "still here" {
			t.Errorf("content %q", got)
		}
		w.must(Success, "fd_filestat_get", fd, 128)
		if w.u64(128+8*statLinks) != 0 || w.u64(128+8*statSize) != 10 {
			t.Errorf("links %d, size %d", w.u64(128+8*statLinks), w.u64(128+8*statSize))
		}
	})
}

// TestDescriptorsGivenBack opens more than ten thousand files and closes them in many ways.
func TestDescriptorsGivenBack(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		const many = 10_000
		for i := range many {
			w.must(Success, "path_open", 3, 0, fmt.Sprint("f", i%100), OpenCreate, RightFDRead, 0, 0, 0)
		}
		if open := openDescriptors(w); open != many+4 {
			t.Errorf("%d descriptors", open)
		}
		w.must(Success, "fd_renumber", 5, 6)
		w.must(Success, "fd_renumber", 7, 0)
		w.must(Success, "fd_renumber", 1, 8)
		w.must(Success, "fd_close", 3)
		w.must(EBadf, "fd_close", 5)
		for fd := 9; fd < many; fd++ {
			w.must(Success, "fd_close", fd)
		}
	})
}

func TestCloseTellsWhatIsLost(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		fd := w.openAs("f", OpenCreate, 0)
		w.files.failing = func(call string) error {
			if call == "Close" {
				return syscall.ENOSPC
			}
			return nil
		}
		w.must(ENoSpc, "fd_close", fd)
		w.must(EBadf, "fd_close", fd)
		fd = w.openAs("f", 0, 0)
		w.must(Success, "fd_renumber", 0, fd)
	})
}
