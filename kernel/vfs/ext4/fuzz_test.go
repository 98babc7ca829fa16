package ext4

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"mewz/kernel/vfs"
)

// hangSeconds is after which time a volume has made us hang: a hundred times what is
// usual on a slow computer.
const hangSeconds = 60

// fuzzBase is a volume with something of everything, and the blocks that are not
// empty.
type fuzzBase struct {
	data   []byte
	blocks []int
}

// newFuzzBase makes a volume, after a crash if it is not unmounted.
func newFuzzBase(t testing.TB, unmount bool, flags ...string) fuzzBase {
	d := format(t, 4, append([]string{"-b", "1024", "-N", "256"}, flags...)...)
	fs := open(t, d, Options{CacheBytes: 1})
	x := newExerciser(t, fs, 3)
	for range 60 {
		x.step()
	}
	for n := range 70 { // a hash tree
		x.in(fmt.Sprintf("a file with a name that is longer %d", n), func(dir vfs.NodeID, name []byte) {
			x.must("MakeSymlink", fs.MakeSymlink(dir, name, []byte("x")))
		})
	}
	x.in("deep", func(dir vfs.NodeID, name []byte) { // a tree of extents
		e, h, err := fs.Create(dir, name, vfs.ModeWrite)
		x.must("Create", err)
		for n := range 100 {
			_, err := fs.Write(h, [][]byte{{1}}, uint64(n)*3000)
			x.must("Write", err)
		}
		x.must("Close", fs.Close(h))
		fs.Release(e.Node)
	})
	x.must("SyncAll", fs.SyncAll())
	if unmount {
		x.must("Unmount", fs.Unmount())
	}
	base := fuzzBase{data: d.data}
	for at := 0; at < len(d.data); at += 1024 {
		if !bytes.Equal(d.data[at:at+1024], make([]byte, 1024)) {
			base.blocks = append(base.blocks, at)
		}
	}
	return base
}

// FuzzVolume changes bytes of a volume and uses it: whatever it holds, every call
// ends, and nothing panics.
func FuzzVolume(f *testing.F) {
	bases := []fuzzBase{
		newFuzzBase(f, true, "-O", "^metadata_csum,^uninit_bg"),
		newFuzzBase(f, false, "-O", "^metadata_csum,^uninit_bg"),
		newFuzzBase(f, false),
	}
	f.Add([]byte{0, 0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{1, 2, 1, 20, 30, 5, 2, 44, 4, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add([]byte{2, 1, 9, 0, 0, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		limit := time.AfterFunc(hangSeconds*time.Second, func() { panic("it hangs") })
		defer limit.Stop()
		spoil(bases, in)
	})
}

// spoil changes a volume by what the input says, and uses it.
func spoil(bases []fuzzBase, in []byte) {
	take := func() int {
		if len(in) == 0 {
			return 0
		}
		b := in[0]
		in = in[1:]
		return int(b)
	}
	base := bases[take()%len(bases)]
	d := &disk{data: bytes.Clone(base.data)}
	for range take() % 16 {
		at := base.blocks[(take()<<8|take())%len(base.blocks)] + (take()<<8|take())%1024
		switch take() % 4 {
		case 0:
			d.data[at] = byte(take())
		case 1:
			d.data[at] ^= 1 << (take() % 8)
		case 2: // a number of 32 bits
			at &^= 3
			le.PutUint32(d.data[at:], uint32(take())<<uint(take()%32))
		case 3:
			le.PutUint32(d.data[at&^3:], le.Uint32(d.data[base.blocks[take()%len(base.blocks)]:]))
		}
	}
	abuse(d, uint64(take()), len(in)/2)
}

// listSome adds names of a directory to a list.
func listSome(fs *FileSystem, node vfs.NodeID, names [][]byte) [][]byte {
	h, err := fs.Open(node, vfs.ModeRead)
	if err != nil {
		return names
	}
	seen := 0
	_ = fs.List(h, 0, func(e *vfs.DirectoryEntry) bool {
		if len(names) < 100 {
			names = append(names, bytes.Clone(e.Name))
		}
		seen++
		return seen < 1000
	})
	_ = fs.Close(h)
	return names
}

// abuse does with a volume what a program may do, whatever comes back.
func abuse(d *disk, seed uint64, operations int) {
	c := clock(1)
	fs, err := Open(d, Options{Now: c.now, CacheBytes: 1, DataBytes: dataMinBytes})
	if err != nil {
		return
	}
	defer fs.data.close()
	r := rand.New(rand.NewPCG(seed, 1))
	nodes := []vfs.Entry{{Node: fs.Root(), Type: vfs.Directory}}
	names := [][]byte{[]byte("deep"), []byte("lost+found"), []byte("new")}
	names = listSome(fs, fs.Root(), names)
	for range min(operations+20, 200) {
		node, other := nodes[r.IntN(len(nodes))], nodes[r.IntN(len(nodes))]
		name, to := names[r.IntN(len(names))], names[r.IntN(len(names))]
		if len(name) == 0 || len(to) == 0 {
			continue
		}
		at, b := uint64(r.IntN(400_000)), make([]byte, r.IntN(9000))
		switch r.IntN(12) {
		case 0, 1, 2:
			if e, err := fs.Lookup(node.Node, name); err == nil {
				nodes = append(nodes, e)
			}
		case 3:
			names = listSome(fs, node.Node, names)
		case 4, 5:
			if h, err := fs.Open(node.Node, vfs.ModeRead|vfs.ModeWrite); err == nil {
				_, _ = fs.Read(h, [][]byte{b}, at)
				_, _ = fs.Write(h, [][]byte{b}, at)
				_ = fs.Allocate(h, at, 5000)
				_ = fs.Sync(h, false)
				_ = fs.Close(h)
			}
		case 6:
			_ = fs.SetAttributes(node.Node, vfs.Change{SetSize: true, Size: at})
		case 7:
			_ = fs.Unlink(node.Node, name)
			_ = fs.RemoveDirectory(node.Node, name)
		case 8:
			_ = fs.Rename(node.Node, name, other.Node, to)
		case 9:
			_ = fs.MakeDirectory(node.Node, name)
			_, _ = fs.ReadLink(node.Node)
		case 10:
			if e, h, err := fs.Create(node.Node, name, vfs.ModeWrite); err == nil {
				_ = fs.Close(h)
				nodes = append(nodes, e)
			}
		case 11:
			_ = fs.MakeLink(node.Node, other.Node, name)
			_ = fs.MakeSymlink(other.Node, to, b[:min(len(b), 300)])
		}
	}
	for _, e := range nodes[1:] {
		fs.Release(e.Node)
	}
	_ = fs.Unmount()
}

// TestHostile is some of FuzzVolume, by chance.
func TestHostile(t *testing.T) {
	bases := []fuzzBase{newFuzzBase(t, true, "-O", "^metadata_csum,^uninit_bg"), newFuzzBase(t, false)}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 77))
		in := make([]byte, 20+r.IntN(200))
		for i := range in {
			in[i] = byte(r.Uint32())
		}
		spoil(bases, in)
	}
}
