package ext4

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"mewz/kernel/vfs"
)

// patterned returns bytes that differ from place to place.
func patterned(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		le.PutUint64(b[i:], r.Uint64())
	}
	return b
}

// countingDisk counts requests.
type countingDisk struct {
	*disk
	reads, writes, read int
}

func (d *countingDisk) Read(into [][]byte, offset uint64) error {
	d.reads++
	d.read += int(vfs.Total(into))
	return d.disk.Read(into, offset)
}

func (d *countingDisk) Write(from [][]byte, offset uint64) error {
	d.writes++
	return d.disk.Write(from, offset)
}

// written makes a volume with a file, and opens both again with an empty memory.
func written(t *testing.T, content []byte, options Options) (*countingDisk, *FileSystem, vfs.Handle) {
	t.Helper()
	d := format(t, 48, "-b", "4096")
	fs := open(t, d, Options{})
	h := create(t, fs, "file")
	if n, err := fs.Write(h, [][]byte{content}, 0); err != nil || n != len(content) {
		t.Fatalf("Write = %d, %v", n, err)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	counting := &countingDisk{disk: d}
	fs = open(t, counting, options)
	e, err := fs.Lookup(fs.Root(), []byte("file"))
	if err != nil {
		t.Fatal(err)
	}
	if h, err = fs.Open(e.Node, vfs.ModeRead|vfs.ModeWrite); err != nil {
		t.Fatal(err)
	}
	counting.reads, counting.read, counting.writes = 0, 0, 0
	return counting, fs, h
}

// TestReadAhead: who reads on and on gets large requests, and nothing twice; who reads here and
// there gets what he asks for.
func TestReadAhead(t *testing.T) {
	content := patterned(8<<20, 1)
	d, fs, h := written(t, content, Options{DataBytes: 32 << 20})
	b := make([]byte, 4096)
	for at := 0; at < len(content); at += len(b) {
		if n, err := fs.Read(h, [][]byte{b}, uint64(at)); n != len(b) || err != nil || !bytes.Equal(b, content[at:at+n]) {
			t.Fatalf("Read at %d = %d, %v, or other bytes", at, n, err)
		}
	}
	if most := len(content)/aheadMaxBytes + 8; d.reads > most || d.read > len(content)+64<<10 {
		t.Errorf("%d requests for %d bytes, want at most %d for %d", d.reads, d.read, most, len(content))
	}
	d, fs, h = written(t, content, Options{DataBytes: 32 << 20})
	const pieces = 100
	for i := range pieces {
		at := (i*7919 + 13) % (len(content) / len(b)) * len(b)
		if n, err := fs.Read(h, [][]byte{b}, uint64(at)); n != len(b) || err != nil || !bytes.Equal(b, content[at:at+n]) {
			t.Fatalf("Read at %d = %d, %v, or other bytes", at, n, err)
		}
	}
	if d.read > (pieces+10)*len(b) {
		t.Errorf("%d bytes were read for %d pieces of %d", d.read, pieces, len(b))
	}
}

// TestWriteBack: small writes in any order leave in large requests.
func TestWriteBack(t *testing.T) {
	content := patterned(4<<20, 2)
	d, fs, h := written(t, content, Options{DataBytes: 32 << 20})
	b := bytes.Repeat([]byte("new!"), 1024)
	for _, i := range rand.New(rand.NewPCG(5, 6)).Perm(len(content) / len(b)) {
		if _, err := fs.Write(h, [][]byte{b}, uint64(i*len(b))); err != nil {
			t.Fatal(err)
		}
	}
	if d.reads != 0 {
		t.Errorf("%d requests to read what is written as a whole", d.reads)
	}
	if err := fs.Sync(h, true); err != nil {
		t.Fatal(err)
	}
	if d.writes > 20 {
		t.Errorf("%d requests for %d bytes", d.writes, len(content))
	}
}

// TestShortOfMemory: what is kept of files makes room for others and takes no more than the machine
// gives, down to dataMinBytes; nothing is wrong then.
func TestShortOfMemory(t *testing.T) {
	content := patterned(24<<20, 3)
	var fs *FileSystem
	room := 16 << 20
	charge := func(n int64) bool {
		return n <= 0 || fs == nil || fs.data.pages*pageBytes+int(n) <= room
	}
	_, fs, h := written(t, content, Options{DataBytes: 64 << 20, Charge: charge})
	r := rand.New(rand.NewPCG(7, 8))
	step := func() {
		t.Helper()
		at, n := r.IntN(len(content)), 1+r.IntN(300<<10)
		n = min(n, len(content)-at)
		if r.IntN(2) == 0 {
			b := patterned(n, r.Uint64())
			copy(content[at:], b)
			if _, err := fs.Write(h, [][]byte{b[:n/3], b[n/3:]}, uint64(at)); err != nil {
				t.Fatal(err)
			}
			return
		}
		b := make([]byte, n)
		if got, err := fs.Read(h, [][]byte{b[:n/2], b[n/2:]}, uint64(at)); got != n || err != nil || !bytes.Equal(b, content[at:at+n]) {
			t.Fatalf("Read of %d at %d = %d, %v, or other bytes", n, at, got, err)
		}
	}
	kept := func() int { return fs.data.pages * pageBytes }
	for range 300 {
		step()
	}
	if kept() > room || kept() < room/2 {
		t.Errorf("%d bytes are kept, want most of %d", kept(), room)
	}
	before := kept()
	if !fs.Reclaim(4<<20) || kept() > before-4<<20 {
		t.Errorf("%d of %d bytes are kept after 4 MiB were wanted", kept(), before)
	}
	room = 0
	for range 300 {
		step()
		if kept() > max(before, dataMinBytes) {
			t.Fatalf("%d bytes are kept, there is no room for more than %d", kept(), before)
		}
	}
	for fs.Reclaim(1 << 20) {
	}
	for range 100 {
		step()
	}
	if kept() > dataMinBytes {
		t.Errorf("%d bytes are kept, want %d at most", kept(), dataMinBytes)
	}
	room = 16 << 20
	for range 10 {
		if err := fs.Tick(); err != nil {
			t.Fatal(err)
		}
	}
	for range 300 {
		step()
	}
	if kept() < room/2 {
		t.Errorf("%d bytes are kept again, want most of %d", kept(), room)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
}

// TestReusedBlocks: what a file had is not seen in one that gets its blocks.
func TestReusedBlocks(t *testing.T) {
	d := format(t, 16)
	fs := open(t, d, Options{})
	first := create(t, fs, "first")
	if _, err := fs.Write(first, [][]byte{bytes.Repeat([]byte("secret"), 1<<20)}, 0); err != nil {
		t.Fatal(err)
	}
	_ = fs.Close(first)
	if err := fs.Unlink(fs.Root(), []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := fs.SyncAll(); err != nil {
		t.Fatal(err)
	}
	h := create(t, fs, "second")
	const size = 10 << 20 // nearly all that there is
	if err := fs.Allocate(h, 0, size); err != nil {
		t.Fatal(err)
	}
	for at := 3000; at < size; at += 100_000 {
		if _, err := fs.Write(h, [][]byte{[]byte("s")}, uint64(at)); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, size)
	if n, err := fs.Read(h, [][]byte{b}, 0); n != size || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	if at := bytes.Index(b, []byte("secret")); at >= 0 {
		t.Errorf("content of another file is at %d", at)
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	mustBeClean(t, d)
}
