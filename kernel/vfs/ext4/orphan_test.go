package ext4

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// TestOrphanList: files that are open and without a name go in any order, some of them in calls
// that fail, and a crash in between leaves a list that e2fsck and we finish.
func TestOrphanList(t *testing.T) {
	d := format(t, 24)
	fs := open(t, d, Options{})
	r := rand.New(rand.NewPCG(3, 4))
	var handles []vfs.Handle
	for n := range 200 {
		h := create(t, fs, fmt.Sprint(n))
		if _, err := fs.Write(h, [][]byte{[]byte("content")}, 0); err != nil {
			t.Fatal(err)
		}
		if err := fs.Unlink(fs.Root(), []byte(fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
		_ = fs.Unlink(fs.Root(), []byte("lost+found")) // a directory
		if handles = append(handles, h); r.IntN(3) > 0 {
			continue
		}
		at := r.IntN(len(handles))
		if err := fs.Close(handles[at]); err != nil {
			t.Fatal(err)
		}
		handles = append(handles[:at], handles[at+1:]...)
	}
	count := 0
	for number, before := fs.orphans.first, uint32(0); number != 0; count++ {
		link := fs.orphans.links[number]
		if link.before != before || fs.inodes.byNumber[number].deleted != link.after {
			t.Fatalf("inode %d is between %d and %d, want behind %d", number, link.before, link.after, before)
		}
		number, before = link.after, number
	}
	if count != len(handles) || len(fs.orphans.links) != count {
		t.Errorf("%d files are in the list, and %d known, want %d", count, len(fs.orphans.links), len(handles))
	}
	if err := fs.SyncAll(); err != nil {
		t.Fatal(err)
	}
	crashed := bytes.Clone(d.data)
	if out, code := fsck(t, crashed, "-f", "-y"); code > 1 || !onlyReplay(out) {
		t.Errorf("e2fsck ends with %d:\n%s", code, out)
	}
	again := open(t, &disk{data: bytes.Clone(d.data)}, Options{})
	if len(again.orphans.links) != 0 {
		t.Errorf("%d files are left in the list", len(again.orphans.links))
	}
}

// orphanFile opens a volume with an orphan file and changes it.
func orphanFile(t *testing.T, change func(fs *FileSystem, file *inode) error) *disk {
	t.Helper()
	d := format(t, 16, "-O", "orphan_file")
	fs := open(t, d, Options{})
	_ = fs.Close(create(t, fs, "file"))
	err := fs.change(func() error {
		file, err := fs.inode(fs.orphanFile)
		if err != nil {
			return err
		}
		fs.modify(fs.super)
		fs.readCompat |= readOrphanPresent
		le.PutUint32(fs.super.data[fs.superAt+superReadCompat:], fs.readCompat)
		fs.touch(file)
		if err := change(fs, file); err != nil {
			return err
		}
		return fs.put(file)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestHostileOrphanFile: a file of orphans that names one inode again and again, or is huge, would
// keep a machine busy for hours.
func TestHostileOrphanFile(t *testing.T) {
	for name, change := range map[string]func(fs *FileSystem, file *inode) error{
		"again and again": func(fs *FileSystem, file *inode) error {
			m, err := fs.lookup(file, 0)
			if err != nil {
				return err
			}
			b, err := fs.cache.get(m.physical, kindPlain)
			if err != nil {
				return err
			}
			fs.modify(b)
			for at := 0; at < len(b.data)-orphanTail; at += 4 {
				le.PutUint32(b.data[at:], fs.firstInode+1)
			}
			return nil
		},
		"huge": func(fs *FileSystem, file *inode) error {
			file.size = 1 << 40
			return nil
		},
	} {
		d := orphanFile(t, change)
		if fs, err := Open(d, Options{DataBytes: dataMinBytes}); err == nil || !strings.Contains(err.Error(), "orphan file") {
			t.Errorf("%s: Open = %v, want an error about the orphan file", name, err)
			if err == nil {
				fs.data.close()
			}
		}
	}
}
