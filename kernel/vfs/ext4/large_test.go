package ext4

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// fileDisk is a Device in a file with holes.
type fileDisk struct {
	file  *os.File
	bytes uint64
	read  int
}

func (d *fileDisk) Bytes() uint64  { return d.bytes }
func (d *fileDisk) ReadOnly() bool { return false }
func (d *fileDisk) Flush() error   { return nil }

func (d *fileDisk) Read(into [][]byte, offset uint64) error {
	for _, b := range into {
		if _, err := d.file.ReadAt(b, int64(offset)); err != nil {
			return err
		}
		offset += uint64(len(b))
		d.read += len(b)
	}
	return nil
}

func (d *fileDisk) Write(from [][]byte, offset uint64) error {
	for _, b := range from {
		if _, err := d.file.WriteAt(b, int64(offset)); err != nil {
			return err
		}
		offset += uint64(len(b))
	}
	return nil
}

// opening opens a volume and returns what that took: bytes of the device, and of memory.
func opening(t *testing.T, d *fileDisk) (fs *FileSystem, read int, memory uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d.read = 0
	fs = open(t, d, Options{})
	runtime.ReadMemStats(&after)
	return fs, d.read, after.TotalAlloc - before.TotalAlloc
}

// TestLarge: a volume of 64 GiB opens by reading its descriptors, with 100,000 files as with none.
func TestLarge(t *testing.T) {
	files := 100_000
	if testing.Short() {
		files = 2_000
	}
	name := filepath.Join(t.TempDir(), "large")
	command := exec.Command(tool(t, "mkfs.ext4"), "-q", "-F", "-b", "4096", "-O", "metadata_csum_seed,orphan_file", "-J", "size=64", name, "64G")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d := &fileDisk{file: file, bytes: 64 << 30}
	fs, emptyRead, emptyMemory := opening(t, d)
	const perFolder = 1000
	var folder vfs.Entry
	for n := range files {
		if n%perFolder == 0 {
			if n > 0 {
				fs.Release(folder.Node)
			}
			name := fmt.Appendf(nil, "folder%d", n/perFolder)
			if err := fs.MakeDirectory(fs.Root(), name); err != nil {
				t.Fatal(err)
			}
			if folder, err = fs.Lookup(fs.Root(), name); err != nil {
				t.Fatal(err)
			}
		}
		e, h, err := fs.Create(folder.Node, fmt.Appendf(nil, "file%d", n), vfs.ModeWrite)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fs.Write(h, [][]byte{[]byte("content")}, 0); err != nil {
			t.Fatal(err)
		}
		if err := fs.Close(h); err != nil {
			t.Fatal(err)
		}
		fs.Release(e.Node)
	}
	if n := len(fs.inodes.byNumber); n > idleInodes+10 {
		t.Errorf("%d inodes are in memory, want %d at most", n, idleInodes)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	fs, read, memory := opening(t, d)
	if read > emptyRead+64<<10 || memory > emptyMemory+64<<10 {
		t.Errorf("with %d files opening reads %d bytes and takes %d of memory, empty %d and %d", files, read, memory, emptyRead, emptyMemory)
	}
	if read > 16<<20 || memory > 16<<20 {
		t.Errorf("opening reads %d bytes and takes %d of memory, want 16 MiB at most", read, memory)
	}
	t.Logf("opening reads %d bytes and takes %d of memory", read, memory)
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool(t, "e2fsck"), "-f", "-n", name).CombinedOutput()
	if want := fmt.Sprintf("%d/", files+files/perFolder+12); err != nil || !strings.Contains(string(out), want) {
		t.Errorf("e2fsck: %v, want %s files\n%s", err, want, out)
	}
}

// TestUnknownFeature: a feature that nobody knows is refused by its number, with what to do.
func TestUnknownFeature(t *testing.T) {
	d := format(t, 16, "-O", "^metadata_csum")
	b := d.data[superOffset:]
	le.PutUint32(b[superIncompatible:], le.Uint32(b[superIncompatible:])|1<<30)
	_, err := Open(d, Options{DataBytes: dataMinBytes})
	if err == nil || !strings.Contains(err.Error(), "0x40000000") || !strings.Contains(err.Error(), "mkfs.ext4") {
		t.Errorf("Open = %v, want an error that names 0x40000000 and mkfs.ext4", err)
	}
}
