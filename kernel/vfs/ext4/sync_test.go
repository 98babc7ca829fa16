package ext4

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
)

// TestSyncDirectory: Sync of the data of a directory makes the names in it safe.
func TestSyncDirectory(t *testing.T) {
	d := format(t, 16)
	fs := open(t, d, Options{})
	create(t, fs, "first")
	root, err := fs.Open(fs.Root(), vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	if err := fs.Sync(root, false); err != nil {
		t.Fatal(err)
	}
	create(t, fs, "second")
	if err := fs.Sync(root, true); err != nil {
		t.Fatal(err)
	}
	again := open(t, &disk{data: bytes.Clone(d.data)}, Options{}) // as after a power cut
	if _, err := again.Lookup(again.Root(), []byte("second")); err != nil {
		t.Errorf("the name is lost: %v", err)
	}
}

// TestWrittenAndSafe: what a handle writes that has every write wait is safe, or does not
// count as written: where the volume becomes full in the middle, and where the device fails.
func TestWrittenAndSafe(t *testing.T) {
	for _, mode := range []vfs.Mode{vfs.ModeSync, vfs.ModeDataSync} {
		d := format(t, 8)
		fs := open(t, d, Options{})
		e, h, err := fs.Create(fs.Root(), []byte("file"), vfs.ModeRead|vfs.ModeWrite|mode)
		if err != nil {
			t.Fatal(err)
		}
		text := bytes.Repeat([]byte("full"), 4<<20)
		n, err := fs.Write(h, [][]byte{text}, 0)
		if err != vfs.ErrNoSpace || n == 0 {
			t.Fatalf("Write = %d, %v, want a part and ErrNoSpace", n, err)
		}
		again := open(t, &disk{data: bytes.Clone(d.data)}, Options{})
		safe, err := again.Lookup(again.Root(), []byte("file"))
		if err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, again, safe.Node, uint64(n)); got != string(text[:n]) {
			t.Errorf("mode %d: %d bytes are safe of %d that were written", mode, len(got), n)
		}
		if err := fs.SetAttributes(e.Node, vfs.Change{SetSize: true, Size: 0}); err != nil {
			t.Fatal(err)
		}
		if err := fs.SyncAll(); err != nil {
			t.Fatal(err)
		}
		d.broken = func(write bool, _ uint64) error {
			if write {
				return syscall.EIO
			}
			return nil
		}
		if n, end, err := fs.Append(h, [][]byte{[]byte("lost")}); n != 0 || err != vfs.ErrDamaged {
			t.Errorf("mode %d: Append = %d, %d, %v after the device has failed, want 0 and EIO", mode, n, end, err)
		}
	}
}

// TestManyListed: a program that only lists does not make a transaction outgrow the journal.
func TestManyListed(t *testing.T) {
	const directories = 600
	d := format(t, 16)
	fs := open(t, d, Options{CacheBytes: 1})
	for i := range directories {
		if err := fs.MakeDirectory(fs.Root(), fmt.Appendf(nil, "directory %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := fs.SyncAll(); err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range directories {
		e, err := fs.Lookup(fs.Root(), fmt.Appendf(nil, "directory %d", i))
		if err != nil {
			t.Fatal(err)
		}
		h, err := fs.Open(e.Node, vfs.ModeRead)
		if err != nil {
			t.Fatal(err)
		}
		if err := fs.List(h, 0, func(*vfs.DirectoryEntry) bool { return true }); err != nil {
			t.Fatal(err)
		}
		if err := fs.Close(h); err != nil {
			t.Fatal(err)
		}
		fs.Release(e.Node)
		most = max(most, len(fs.running.times))
	}
	if most == 0 || most > fs.journal.transactionMax {
		t.Errorf("%d times wait for a transaction of at most %d blocks", most, fs.journal.transactionMax)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	mustBeClean(t, d)
}

// TestLinearDirectory: a directory without a hash tree, which is searched from its beginning,
// does not fill the memory, however long it is.
func TestLinearDirectory(t *testing.T) {
	d := format(t, 16, "-O", "^dir_index", "-b", "1024")
	fs := open(t, d, Options{CacheBytes: 1})
	name := bytes.Repeat([]byte("n"), 250)
	most := 0
	for i := range 3 * fs.cache.limit * 2 {
		if err := fs.MakeSymlink(fs.Root(), fmt.Appendf(name, "%05d", i), []byte("t")); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(fs.cache.buffers)-len(fs.running.buffers)-len(fs.journal.logged))
	}
	if root, _ := fs.inode(rootInode); fs.directoryBlocks(root) <= uint64(fs.cache.limit) {
		t.Fatalf("the directory has %d blocks only", fs.directoryBlocks(root))
	}
	if most > fs.cache.limit {
		t.Errorf("%d clean blocks are in memory, beyond the bound of %d", most, fs.cache.limit)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	mustBeClean(t, d)
}
