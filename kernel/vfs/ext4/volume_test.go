package ext4

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
)

// TestRefused: what is not understood is refused by name, or only read.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		flags    []string
		want     string
		readOnly bool
	}{
		{[]string{"-O", "inline_data"}, "inline_data", false},
		{[]string{"-O", "encrypt"}, "encrypt", false},
		{[]string{"-O", "casefold"}, "casefold", false},
		{[]string{"-O", "ea_inode"}, "ea_inode", false},
		{[]string{"-O", "mmp"}, "mmp", false},
		{[]string{"-O", "meta_bg,^resize_inode"}, "meta_bg", false},
		{[]string{"-O", "large_dir"}, "large_dir", false},
		{[]string{"-O", "bigalloc", "-b", "1024", "-C", "16384"}, "bigalloc", false},
		{[]string{"-O", "quota"}, "quota", true},
		{[]string{"-O", "^has_journal"}, "journal", true},
		{[]string{"-O", "sparse_super2"}, "sparse_super2", true},
		{[]string{"-t", "ext3"}, "no extents", true},
	} {
		d := format(t, 16, test.flags...)
		before := bytes.Clone(d.data)
		var log strings.Builder
		fs, err := Open(d, Options{Warn: func(line string) { log.WriteString(line) }})
		text := log.String()
		if err != nil {
			text = err.Error()
		}
		if (err == nil) != test.readOnly || !strings.Contains(text, test.want) {
			t.Errorf("%v: %v, %q, want %s", test.flags, err, text, test.want)
		}
		if err == nil {
			if err := fs.MakeDirectory(fs.Root(), []byte("x")); err != vfs.ErrReadOnly {
				t.Errorf("%v: MakeDirectory = %v, want ErrReadOnly", test.flags, err)
			}
			if got := readTree(t, fs); len(got) != 0 {
				t.Errorf("%v: %v", test.flags, got)
			}
			_ = fs.Unmount()
		}
		if !bytes.Equal(before, d.data) {
			t.Errorf("%v: the volume was changed", test.flags)
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "zeroes": make([]byte, 1<<20), "short": make([]byte, 1500)} {
		if _, err := Open(&disk{data: data}, Options{}); err == nil || !strings.Contains(err.Error(), "mkfs.ext4") {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := format(t, 16)
	d.data = d.data[:8<<20]
	if _, err := Open(d, Options{}); err == nil {
		t.Error("a device that is too small is no error")
	}
}

// create makes a file in the root and opens it.
func create(t testing.TB, fs *FileSystem, name string) vfs.Handle {
	t.Helper()
	e, h, err := fs.Create(fs.Root(), []byte(name), vfs.ModeRead|vfs.ModeWrite)
	if err != nil {
		t.Fatal(err)
	}
	fs.Release(e.Node)
	return h
}

// TestFull: a volume that is full says so, loses nothing, and takes exactly as much
// again as was removed.
func TestFull(t *testing.T) {
	d := format(t, 8)
	fs := open(t, d, Options{})
	h := create(t, fs, "large")
	block := bytes.Repeat([]byte("full"), 4096)
	written := uint64(0)
	for {
		n, err := fs.Write(h, [][]byte{block}, written)
		written += uint64(n)
		if err == vfs.ErrNoSpace {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if free := fs.freeBlocks(); free != 0 {
		t.Errorf("%d blocks are free on a full volume", free)
	}
	if _, err := fs.Write(h, [][]byte{block}, 0); err != nil {
		t.Errorf("writing over what is there: %v", err)
	}
	if err := fs.MakeDirectory(fs.Root(), []byte("d")); err != vfs.ErrNoSpace {
		t.Errorf("MakeDirectory = %v, want ErrNoSpace", err)
	}
	if err := fs.Allocate(h, written, 10000); err != vfs.ErrNoSpace {
		t.Errorf("Allocate = %v, want ErrNoSpace", err)
	}
	empty := create(t, fs, "empty") // takes an inode, and no block
	node := fs.handles.get(h).node
	if err := fs.SetAttributes(nodeOf(node), vfs.Change{SetSize: true, Size: written - 100*1024}); err != nil {
		t.Fatal(err)
	}
	n, err := fs.Write(empty, [][]byte{bytes.Repeat([]byte("x"), 200*1024)}, 0)
	if err != vfs.ErrNoSpace || n != 100*1024 {
		t.Errorf("Write = %d, %v, want 100 KiB and ErrNoSpace", n, err)
	}
	if err := fs.Sync(empty, false); err != nil {
		t.Error(err)
	}
	_, _ = fs.Close(h), fs.Close(empty)
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	mustBeClean(t, d)
	tree := readTree(t, open(t, d, Options{ReadOnly: true}))
	if len(tree["empty"].content) != 100*1024 || uint64(len(tree["large"].content)) != written-100*1024 {
		t.Error("the volume has lost something")
	}
}

// TestDeviceFails: a write that fails is EIO for whoever waits for it, and the
// volume is only read from then on; what was synchronised before is there.
func TestDeviceFails(t *testing.T) {
	for after := range 40 {
		d := format(t, 8)
		fs := open(t, d, Options{})
		h := create(t, fs, "safe")
		if _, err := fs.Write(h, [][]byte{[]byte("content")}, 0); err != nil {
			t.Fatal(err)
		}
		if err := fs.Sync(h, false); err != nil {
			t.Fatal(err)
		}
		left := after
		d.broken = func(write bool, _ uint64) error {
			if left--; write && left < 0 {
				return syscall.EIO
			}
			return nil
		}
		_, _ = fs.Write(h, [][]byte{bytes.Repeat([]byte("new"), 50_000)}, 0)
		for n := range 30 {
			_ = fs.MakeDirectory(fs.Root(), []byte(fmt.Sprint(n)))
		}
		err := fs.SyncAll()
		if failed := left < 0; failed != (err != nil) {
			t.Fatalf("after %d: SyncAll = %v", after, err)
		}
		if err == nil {
			continue
		}
		if err := fs.MakeDirectory(fs.Root(), []byte("more")); err != vfs.ErrDamaged {
			t.Errorf("after %d: MakeDirectory = %v, want EIO", after, err)
		}
		b := make([]byte, 3)
		if _, err := fs.Read(h, [][]byte{b}, 0); err != nil {
			t.Errorf("after %d: Read = %v", after, err)
		}
		if err := fs.Unmount(); err == nil {
			t.Errorf("after %d: Unmount succeeds", after)
		}
		d.broken = nil
		if out, code := fsck(t, bytes.Clone(d.data), "-f", "-y"); code > 1 || !onlyReplay(out) {
			t.Fatalf("after %d: e2fsck ends with %d:\n%s", after, code, out)
		}
		tree := readTree(t, open(t, d, Options{}))
		if tree["safe"] == nil || len(tree["safe"].content) < len("content") {
			t.Errorf("after %d: what was safe is lost", after)
		}
	}
}

// TestManyFiles: 100,000 files in one directory, found by hash: what is read from
// memory for one of the last is not more than for one of the first.
func TestManyFiles(t *testing.T) {
	count := 100_000
	if testing.Short() {
		count = 10_000
	}
	d := format(t, 256, "-b", "1024", "-N", "110000")
	fs := open(t, d, Options{CacheBytes: 16 << 20})
	name := func(n int) []byte { return fmt.Appendf(nil, "file-%d-with-a-name", n) }
	if err := fs.MakeDirectory(fs.Root(), []byte("many")); err != nil {
		t.Fatal(err)
	}
	e, err := fs.Lookup(fs.Root(), []byte("many"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range count {
		e, h, err := fs.Create(e.Node, name(n), vfs.ModeWrite)
		if err != nil {
			t.Fatalf("Create %d: %v", n, err)
		}
		_ = fs.Close(h)
		fs.Release(e.Node)
	}
	for n := 0; n < count; n += 7 {
		found, err := fs.Lookup(e.Node, name(n))
		if err != nil {
			t.Fatalf("Lookup %d: %v", n, err)
		}
		fs.Release(found.Node)
	}
	for n := 0; n < count; n += 2 {
		if err := fs.Unlink(e.Node, name(n)); err != nil {
			t.Fatalf("Unlink %d: %v", n, err)
		}
	}
	h, err := fs.Open(e.Node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for cookie, more := uint64(0), true; more; {
		more = false
		left := 100
		if err := fs.List(h, cookie, func(e *vfs.DirectoryEntry) bool {
			if seen[string(e.Name)] {
				t.Fatalf("%s comes twice", e.Name)
			}
			seen[string(e.Name)], cookie, more = true, e.Next, true
			left--
			return left > 0
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != count/2+2 {
		t.Errorf("a listing has %d entries, want %d", len(seen), count/2+2)
	}
	_ = fs.Close(h)
	fs.Release(e.Node)
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	mustBeClean(t, d)
}

// TestSteadyState: reading and writing what is there takes no memory.
func TestSteadyState(t *testing.T) {
	d := format(t, 16, "-b", "4096")
	fs := open(t, d, Options{Now: func() uint64 { return 5 }})
	h := create(t, fs, "file")
	b := [][]byte{make([]byte, 4096)}
	for n := range uint64(100) {
		if _, err := fs.Write(h, b, 4096*n); err != nil {
			t.Fatal(err)
		}
	}
	n := uint64(0)
	if allocs := testing.AllocsPerRun(500, func() {
		n = (n + 7) % 100
		if _, err := fs.Write(h, b, 4096*n); err != nil {
			t.Fatal(err)
		}
		if _, err := fs.Read(h, b, 4096*(n/2)); err != nil {
			t.Fatal(err)
		}
	}); allocs != 0 {
		t.Errorf("a read and a write allocate %v times", allocs)
	}
}

// TestEscape: a block that begins as those of the journal do comes through it.
func TestEscape(t *testing.T) {
	for _, k := range kinds {
		d := format(t, 16, k.flags...)
		fs := open(t, d, Options{})
		target := "\xc0\x3b\x39\x98" + strings.Repeat("target", 20)
		if err := fs.MakeSymlink(fs.Root(), []byte("link"), []byte(target)); err != nil {
			t.Fatal(err)
		}
		if err := fs.SyncAll(); err != nil {
			t.Fatal(err)
		}
		mine := &disk{data: bytes.Clone(d.data)}
		if out, code := fsck(t, d.data, "-f", "-y"); code > 1 || !onlyReplay(out) {
			t.Fatalf("%s: e2fsck ends with %d:\n%s", k.name, code, out)
		}
		for _, d := range []*disk{d, mine} {
			if tree := readTree(t, open(t, d, Options{})); tree["link"] == nil || tree["link"].content != target {
				t.Errorf("%s: the link is %+v", k.name, tree["link"])
			}
		}
	}
}

// TestOrphans: a file that is removed while it is open, and one that is being cut,
// leave nothing behind after a crash.
func TestOrphans(t *testing.T) {
	d := format(t, 24)
	fs := open(t, d, Options{})
	free := fs.freeBlocks()
	for n := range 3 {
		h := create(t, fs, fmt.Sprint(n))
		for block := range uint64(300) { // more extents than an operation gives back
			if _, err := fs.Write(h, [][]byte{{1}}, block*2048); err != nil {
				t.Fatal(err)
			}
		}
		if err := fs.Unlink(fs.Root(), []byte(fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := fs.SyncAll(); err != nil {
		t.Fatal(err)
	}
	for _, h := range []vfs.Handle{2, 1} { // the one in the middle first
		if err := fs.Close(h); err != nil {
			t.Fatal(err)
		}
	}
	crashed := &disk{data: bytes.Clone(d.data)}
	again := open(t, crashed, Options{})
	if got := again.freeBlocks(); got != free || len(again.orphans.links) != 0 {
		t.Errorf("%d blocks are free after a crash, want %d", got, free)
	}
	for _, fs := range []*FileSystem{fs, again} {
		if err := fs.Unmount(); err != nil {
			t.Fatal(err)
		}
	}
	mustBeClean(t, d)
	mustBeClean(t, crashed)
	if got := open(t, d, Options{ReadOnly: true}).freeBlocks(); got != free {
		t.Errorf("%d blocks are free at the end, want %d", got, free)
	}
}

// readOnlyDisk is a disk that cannot be written.
type readOnlyDisk struct{ *disk }

func (readOnlyDisk) ReadOnly() bool { return true }

// TestReadOnly: a volume that is only to be read is replayed first, and not changed
// after that; from a device that cannot be written, it is refused until then.
func TestReadOnly(t *testing.T) {
	d := format(t, 16)
	fs := open(t, d, Options{})
	h := create(t, fs, "file")
	if _, err := fs.Write(h, [][]byte{[]byte("content")}, 0); err != nil {
		t.Fatal(err)
	}
	if err := fs.SyncAll(); err != nil {
		t.Fatal(err)
	}
	crashed := &disk{data: bytes.Clone(d.data)}
	if _, err := Open(readOnlyDisk{crashed}, Options{}); err == nil || !strings.Contains(err.Error(), "replayed") {
		t.Errorf("Open = %v", err)
	}
	if !bytes.Equal(crashed.data, d.data) {
		t.Error("the device was changed")
	}
	for _, device := range []Device{crashed, readOnlyDisk{crashed}} {
		fs := open(t, device, Options{ReadOnly: true})
		before := bytes.Clone(crashed.data)
		tree := readTree(t, fs)
		if tree["file"] == nil || tree["file"].content != "content" {
			t.Errorf("the tree is %v", tree)
		}
		if err := fs.Unlink(fs.Root(), []byte("file")); err != vfs.ErrReadOnly {
			t.Errorf("Unlink = %v, want ErrReadOnly", err)
		}
		if err := fs.Unmount(); err != nil || !bytes.Equal(before, crashed.data) {
			t.Errorf("Unmount = %v, or the device was changed", err)
		}
		mustBeClean(t, crashed)
	}
}
