package memfs

import (
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

// FuzzDamaged changes a file system over a damaged archive, by operations that the
// bytes choose: directories may contain themselves there, files have more names than
// links, listings be endless. Whatever lies there, nothing panics, nothing is used
// after it was freed, and what is held can be given back.
func FuzzDamaged(f *testing.F) {
	f.Add(uint16(80), uint64(1), []byte("rename, unlink, make and list what is there"))
	f.Add(uint16(16+64+32), uint64(3), []byte{0x11, 0x52, 0x93, 0xd4, 0x25, 0x66, 0xa7, 0xe8, 0x39, 0x7a, 0xbb, 0xfc})
	f.Add(uint16(16+2*64+24), uint64(1<<40), []byte{7, 6, 5, 4, 3, 2, 1, 0, 0xff, 0x80, 0x40, 0x20, 0x10})
	tree := vfstest.Archive(vfstest.Tree{"a": "alpha", "b/a": "beta", "b/c/a": "deep", "b/l": "->../a", "c/": "", "d/a/b/c": "x"})
	f.Fuzz(func(t *testing.T, at uint16, value uint64, choices []byte) {
		damaged := append([]byte{}, tree...)
		for i := range 8 {
			damaged[(int(at)+i)%len(damaged)] ^= byte(value >> (8 * i))
		}
		lower, err := vfs.OpenArchive(damaged)
		if err != nil {
			return
		}
		files, err := New(Options{Lower: lower, LimitBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer files.End()
		const most = 500
		d := damager{f: files, held: []vfs.NodeID{files.Root()}}
		for i := 0; i+1 < len(choices) && i < 2*most; i += 2 {
			d.operation(choices[i], choices[i+1])
		}
		for _, h := range d.open {
			_ = files.Close(h)
		}
		for _, node := range d.held[1:] {
			files.Release(node)
		}
		if files.root.refs == 0 {
			t.Error("the root has no reference")
		}
	})
}

// damager holds what the operations have found.
type damager struct {
	f    *FileSystem
	held []vfs.NodeID // the root first
	open []vfs.Handle
}

var damagedNames = [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("l")}

// operation does one on nodes and names that two bytes choose.
func (d *damager) operation(first, second byte) {
	f := d.f
	node, other := d.held[int(second>>4)%len(d.held)], d.held[int(second&15)%len(d.held)]
	name, otherName := damagedNames[first>>4&3], damagedNames[first>>6]
	var b [5000]byte
	h := vfs.Handle(0)
	if len(d.open) != 0 {
		h = d.open[int(second)%len(d.open)]
	}
	switch first % 16 {
	case 0, 1, 2, 3:
		if entry, err := f.Lookup(node, name); err == nil {
			d.held = append(d.held, entry.Node)
		}
	case 4:
		_ = f.Rename(node, name, other, otherName)
	case 5:
		_ = f.Unlink(node, name)
	case 6:
		_ = f.RemoveDirectory(node, name)
	case 7:
		_ = f.MakeLink(node, other, name)
	case 8:
		_ = f.MakeDirectory(node, name)
	case 9:
		if h, err := f.Open(node, vfs.Mode(second&7)|vfs.ModeRead); err == nil {
			d.open = append(d.open, h)
		}
	case 10:
		_ = f.SetAttributes(node, vfs.Change{SetSize: second&1 != 0, Size: uint64(second) * 100, Accessed: vfs.TimeNow})
	case 11:
		if last := len(d.held) - 1; last > 0 {
			f.Release(d.held[last])
			d.held = d.held[:last]
		}
	case 12, 13, 14:
		if h != 0 {
			_, _ = f.Write(h, [][]byte{b[:]}, uint64(second)*50)
			_, _ = f.Read(h, [][]byte{b[:]}, uint64(first)*20)
		}
	default:
		_, _ = f.ReadLink(node)
		listed := 0
		if h != 0 {
			_ = f.List(h, 0, func(*vfs.DirectoryEntry) bool { listed++; return listed < 100 })
		}
	}
}
