package wasi

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// twins are two programs that make the same calls, one over the fake and one over a file
// system in memory, and have to get the same answers.
type twins struct {
	t     *testing.T
	input []byte
	both  [2]*world
	made  []string // what was called, for messages
}

// Names that calls of twins choose from: all kinds of wrong ones among them.
var twinNames = []string{"a", "b", "c", "d", "a/x", "a/y", "b/x", "a/x/z", "c/", "a/.", "b/..", ".", "..", "", "/a", "a/../b", "d/../../x",
	"hello.txt", "dir", "dir/a", "dir/sub", "link", "dangling", "loop", "dir/escape", "hello.txt/", "link/", "dir/sub/x"}

func (w *twins) byte() byte {
	if len(w.input) == 0 {
		return 0
	}
	b := w.input[0]
	w.input = w.input[1:]
	return b
}

func (w *twins) name() string  { return twinNames[int(w.byte())%len(twinNames)] }
func (w *twins) fd() uint64    { return uint64(3 + w.byte()%8) }
func (w *twins) small() uint64 { return uint64(w.byte()) * uint64(w.byte()) }

// directory is mostly the one that is open from the start.
func (w *twins) directory() uint64 {
	if b := w.byte(); b%4 == 0 {
		return uint64(3 + b%8)
	}
	return 3
}

// call makes a call in both, and compares their results and what is at seen.
func (w *twins) call(seen func(*world) string, name string, args ...any) {
	var errnos [2]Errno
	var texts [2]string
	for i, world := range w.both {
		clear(world.Memory[:256])
		clear(world.Memory[8192:12288])
		if errnos[i] = world.do(name, args...); errnos[i] == Success && seen != nil {
			texts[i] = seen(world)
		}
	}
	w.made = append(w.made, fmt.Sprintf("%s%v = %d %s", name, args, errnos[0], texts[0]))
	if errnos[0] != errnos[1] || texts[0] != texts[1] {
		w.t.Fatalf("%s\nthe other: %d %s", strings.Join(w.made, "\n"), errnos[1], texts[1])
	}
}

func result32(w *world) string { return fmt.Sprint(w.u32(0)) }

// transferred is what fd_read and fd_write tell.
func transferred(w *world) string {
	return fmt.Sprintf("%d %q", w.u32(0), w.Memory[8192:8192+min(w.u32(0), 64)])
}

// stated is what the two must agree about in a filestat at 128: not numbers and times, and
// links of files only.
func stated(w *world) string {
	kind := w.Memory[128+8*statType]
	if FileType(kind) == FileTypeDirectory {
		return "directory"
	}
	return fmt.Sprint(kind, w.u64(128+8*statLinks), w.u64(128+8*statSize))
}

// listed is the names in a directory, sorted.
func listed(w *world) string {
	var names []string
	for at, end := uint64(8192), uint64(8192+w.u32(0)); at < end; {
		n := uint64(w.u32(at + 16))
		names = append(names, fmt.Sprint(string(w.Memory[at+direntBytes:][:n]), w.Memory[at+20]))
		at += direntBytes + n
	}
	slices.Sort(names)
	return fmt.Sprint(names)
}

// step makes one call.
func (w *twins) step() {
	list := uint64(1024) // prepared by newTwins: buffers at 8192
	switch w.byte() % 24 {
	case 0, 1, 2, 3:
		flags, fdFlags := OpenFlags(w.byte()&15), FDFlags(w.byte()&1)
		w.call(result32, "path_open", w.directory(), uint64(w.byte()&1), w.name(), flags&^OpenDirectory|flags&OpenDirectory&OpenFlags(w.byte()),
			Rights(w.byte())&accessRights|Rights(w.byte()&1)<<6, allRights, fdFlags, 0)
	case 4:
		if fd := w.fd(); fd != 3 {
			w.call(nil, "fd_close", fd)
		}
	case 5, 6:
		w.call(transferred, "fd_write", w.fd(), list, uint64(w.byte()%4), 0)
	case 7:
		w.call(transferred, "fd_pwrite", w.fd(), list, uint64(w.byte()%4), w.small(), 0)
	case 8:
		w.call(transferred, "fd_read", w.fd(), list, uint64(w.byte()%4), 0)
	case 9:
		w.call(transferred, "fd_pread", w.fd(), list, uint64(w.byte()%4), w.small(), 0)
	case 10:
		w.call(result32, "fd_seek", w.fd(), uint64(int64(int8(w.byte()))), uint64(w.byte()%4), 0)
	case 11:
		w.call(nil, "path_create_directory", w.directory(), w.name())
	case 12:
		w.call(nil, "path_remove_directory", w.directory(), w.name())
	case 13:
		w.call(nil, "path_unlink_file", w.directory(), w.name())
	case 14, 15:
		w.call(nil, "path_rename", w.directory(), w.name(), w.directory(), w.name())
	case 16:
		w.call(nil, "path_link", w.directory(), uint64(w.byte()&1), w.name(), w.directory(), w.name())
	case 17:
		w.call(nil, "path_symlink", w.name(), w.directory(), w.name())
	case 18:
		w.call(transferred, "path_readlink", w.directory(), w.name(), 8192, 64, 0)
	case 19:
		w.call(stated, "path_filestat_get", w.directory(), uint64(w.byte()&1), w.name(), 128)
	case 20:
		w.call(stated, "fd_filestat_get", w.fd(), 128)
	case 21:
		w.call(nil, "fd_filestat_set_size", w.fd(), w.small())
	case 22:
		w.call(listed, "fd_readdir", w.fd(), 8192, 4096, 0, 0)
	case 23:
		switch w.byte() % 5 {
		case 0:
			w.call(nil, "fd_allocate", w.fd(), w.small(), w.small())
		case 1:
			if from, to := w.fd(), w.fd(); from != 3 && to != 3 {
				w.call(nil, "fd_renumber", from, to)
			}
		case 2:
			w.call(nil, "fd_sync", w.fd())
		case 3:
			w.call(nil, "fd_fdstat_set_flags", w.fd(), FDFlags(w.byte()&31))
		case 4:
			w.call(nil, "path_filestat_set_times", w.directory(), uint64(w.byte()&1), w.name(), 1, 2, FstFlags(w.byte()&15))
		}
	}
}

// runTwins makes the calls that input stands for.
func runTwins(t *testing.T, other func(testing.TB) vfs.FileSystem, input []byte) {
	w := &twins{t: t, input: input, both: [2]*world{newFilesWorld(t, writable[0].make), newFilesWorld(t, other)}}
	for _, world := range w.both {
		top := world.top
		world.top = 1024
		world.vector(8192, 5, 8197, 0, 8197, 40)
		world.top = top
	}
	for len(w.input) != 0 {
		w.step()
	}
	for _, world := range w.both {
		for fd := range world.descriptors.table {
			if world.descriptors.get(uint32(fd)) != nil {
				world.must(Success, "fd_close", fd)
			}
		}
		world.files.balanced()
	}
}

// FuzzSequences compares sequences of calls over a file system in memory, and over one
// above an archive, with those over the fake.
func FuzzSequences(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		f.Add(randomBytes(random, 2000))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 20_000 {
			t.Skip("longer ones find nothing that several short ones do not")
		}
		for _, other := range writable[1:] {
			runTwins(t, other.make, input)
		}
	})
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}
