package wasi

import (
	"maps"
	"slices"
	"syscall"

	"mewz/kernel/vfs"
)

// fakeFiles is a file system as simple as one can be: what the others are compared with.
// Nodes and handles are numbers that are never used again.
type fakeFiles struct {
	now   uint64
	nodes []*fakeNode
	open  map[vfs.Handle]*fakeNode
	last  vfs.Handle
}

type fakeNode struct {
	id      vfs.NodeID
	kind    vfs.Type
	content []byte // of a file, or where a link leads
	entries map[string]*fakeEntry
	parent  *fakeNode // of a directory, nil when it was removed
	cookie  uint64    // of the last entry
	links   uint64
	times   [3]uint64 // accessed, modified, changed
}

type fakeEntry struct {
	node   *fakeNode
	cookie uint64
}

// fakeFileMax is the longest file, so that tests of long ones need no memory.
const fakeFileMax = 1 << 20

func newFakeFiles() *fakeFiles {
	f := &fakeFiles{open: map[vfs.Handle]*fakeNode{}, nodes: []*fakeNode{nil}}
	root := f.add(vfs.Directory)
	root.parent, root.links = root, 2
	return f
}

// tick is the time, which goes on by itself.
func (f *fakeFiles) tick() uint64 { f.now++; return f.now }

func (f *fakeFiles) add(kind vfs.Type) *fakeNode {
	n := &fakeNode{id: vfs.NodeID(len(f.nodes)), kind: kind, cookie: 2}
	if kind == vfs.Directory {
		n.entries = map[string]*fakeEntry{}
	}
	now := f.tick()
	n.times = [3]uint64{now, now, now}
	f.nodes = append(f.nodes, n)
	return n
}

// changed notes that a directory was changed.
func (f *fakeFiles) changed(n *fakeNode) { n.times[1] = f.tick(); n.times[2] = n.times[1] }

// name gives a node a name where none is.
func (f *fakeFiles) name(directory vfs.NodeID, name []byte, n *fakeNode) error {
	d := f.nodes[directory]
	switch {
	case d.kind != vfs.Directory:
		return vfs.ErrNotDirectory
	case d.parent == nil:
		return vfs.ErrNotFound
	case d.entries[string(name)] != nil:
		return vfs.ErrExists
	}
	d.cookie++
	d.entries[string(name)] = &fakeEntry{n, d.cookie}
	n.links++
	if n.kind == vfs.Directory {
		n.parent, n.links, d.links = d, 2, d.links+1
	}
	n.times[2] = f.tick()
	f.changed(d)
	return nil
}

// forget takes a name away.
func (f *fakeFiles) forget(d *fakeNode, name []byte) {
	n := d.entries[string(name)].node
	delete(d.entries, string(name))
	n.links--
	if n.kind == vfs.Directory {
		n.parent, n.links, d.links = nil, 0, d.links-1
	}
	n.times[2] = f.tick()
	f.changed(d)
}

func (f *fakeFiles) find(directory vfs.NodeID, name []byte) (*fakeNode, error) {
	d := f.nodes[directory]
	if d.kind != vfs.Directory {
		return nil, vfs.ErrNotDirectory
	}
	e := d.entries[string(name)]
	if e == nil {
		return nil, vfs.ErrNotFound
	}
	return e.node, nil
}

func (f *fakeFiles) Root() vfs.NodeID   { return 1 }
func (f *fakeFiles) Hold(vfs.NodeID)    {}
func (f *fakeFiles) Release(vfs.NodeID) {}

func (f *fakeFiles) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	n, err := f.find(directory, name)
	if err != nil {
		return vfs.Entry{}, err
	}
	return vfs.Entry{Node: n.id, Type: n.kind}, nil
}

func (f *fakeFiles) Attributes(node vfs.NodeID) (vfs.Attributes, error) {
	n := f.nodes[node]
	return vfs.Attributes{Serial: uint64(n.id), Type: n.kind, Links: n.links, Size: uint64(len(n.content)),
		AccessedNanos: n.times[0], ModifiedNanos: n.times[1], ChangedNanos: n.times[2]}, nil
}

func (f *fakeFiles) SetAttributes(node vfs.NodeID, change vfs.Change) error {
	n := f.nodes[node]
	if change.SetSize {
		switch n.kind {
		case vfs.File:
		case vfs.Directory:
			return vfs.ErrDirectory
		default:
			return vfs.ErrInvalid
		}
		if err := n.resize(change.Size); err != nil {
			return err
		}
		f.changed(n)
	}
	set := func(at int, change vfs.TimeChange, nanos uint64) {
		switch change {
		case vfs.TimeSet:
			n.times[at] = nanos
		case vfs.TimeNow:
			n.times[at] = f.tick()
		}
	}
	set(0, change.Accessed, change.AccessedNanos)
	set(1, change.Modified, change.ModifiedNanos)
	if change.Accessed != vfs.TimeKeep || change.Modified != vfs.TimeKeep {
		n.times[2] = f.tick()
	}
	return nil
}

func (n *fakeNode) resize(size uint64) error {
	switch {
	case size > fakeFileMax:
		return vfs.ErrTooLarge
	case size <= uint64(len(n.content)):
		n.content = n.content[:size:size]
	default:
		n.content = append(n.content, make([]byte, size-uint64(len(n.content)))...)
	}
	return nil
}

func (f *fakeFiles) Open(node vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	n := f.nodes[node]
	switch {
	case n.kind == vfs.Directory && mode != vfs.ModeRead:
		return 0, vfs.ErrDirectory
	case n.kind == vfs.Symlink:
		return 0, vfs.ErrLoop
	case mode&vfs.ModeTruncate != 0:
		n.content = nil
		f.changed(n)
	}
	f.last++
	f.open[f.last] = n
	return f.last, nil
}

func (f *fakeFiles) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	n := f.add(vfs.File)
	if err := f.name(directory, name, n); err != nil {
		return vfs.Entry{}, 0, err
	}
	h, err := f.Open(n.id, mode&^vfs.ModeTruncate)
	return vfs.Entry{Node: n.id, Type: vfs.File}, h, err
}

func (f *fakeFiles) Close(h vfs.Handle) error {
	delete(f.open, h)
	return nil
}

func (f *fakeFiles) Read(h vfs.Handle, into [][]byte, offset uint64) (n int, err error) {
	content := f.open[h].content
	for _, b := range into {
		if offset >= uint64(len(content)) {
			break
		}
		m := copy(b, content[offset:])
		n, offset = n+m, offset+uint64(m)
	}
	return n, nil
}

func (f *fakeFiles) Write(h vfs.Handle, from [][]byte, offset uint64) (n int, err error) {
	node := f.open[h]
	for _, b := range from {
		if len(b) == 0 {
			continue
		}
		if offset >= fakeFileMax {
			return n, vfs.ErrTooLarge
		}
		b = b[:min(uint64(len(b)), fakeFileMax-offset)]
		_ = node.resize(max(uint64(len(node.content)), offset+uint64(len(b)))) // it fits
		n += copy(node.content[offset:], b)
		offset += uint64(len(b))
		f.changed(node)
	}
	return n, nil
}

func (f *fakeFiles) Append(h vfs.Handle, from [][]byte) (n int, end uint64, err error) {
	n, err = f.Write(h, from, uint64(len(f.open[h].content)))
	return n, uint64(len(f.open[h].content)), err
}

func (f *fakeFiles) Allocate(h vfs.Handle, offset, bytes uint64) error {
	n := f.open[h]
	return n.resize(max(offset+bytes, uint64(len(n.content))))
}

func (f *fakeFiles) Sync(vfs.Handle, bool) error { return nil }

func (f *fakeFiles) List(h vfs.Handle, cookie uint64, visit func(*vfs.DirectoryEntry) bool) error {
	d := f.open[h]
	if d.kind != vfs.Directory {
		return vfs.ErrNotDirectory
	}
	parent := d
	if d.parent != nil {
		parent = d.parent
	}
	if cookie < 1 && !visit(&vfs.DirectoryEntry{Serial: uint64(d.id), Type: vfs.Directory, Name: []byte("."), Next: 1}) ||
		cookie < 2 && !visit(&vfs.DirectoryEntry{Serial: uint64(parent.id), Type: vfs.Directory, Name: []byte(".."), Next: 2}) {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(d.entries), func(a, b string) int {
		return int(d.entries[a].cookie) - int(d.entries[b].cookie)
	})
	for _, name := range names {
		e := d.entries[name]
		if e.cookie > cookie && !visit(&vfs.DirectoryEntry{Serial: uint64(e.node.id), Type: e.node.kind, Name: []byte(name), Next: e.cookie}) {
			break
		}
	}
	return nil
}

func (f *fakeFiles) ReadLink(node vfs.NodeID) ([]byte, error) {
	if f.nodes[node].kind != vfs.Symlink {
		return nil, vfs.ErrNotLink
	}
	return f.nodes[node].content, nil
}

func (f *fakeFiles) MakeDirectory(directory vfs.NodeID, name []byte) error {
	return f.name(directory, name, f.add(vfs.Directory))
}

func (f *fakeFiles) MakeSymlink(directory vfs.NodeID, name, target []byte) error {
	n := f.add(vfs.Symlink)
	n.content = slices.Clone(target)
	return f.name(directory, name, n)
}

func (f *fakeFiles) MakeLink(node, directory vfs.NodeID, name []byte) error {
	switch n := f.nodes[node]; {
	case n.kind == vfs.Directory:
		return syscall.EPERM
	case n.links == 0:
		return vfs.ErrNotFound
	}
	return f.name(directory, name, f.nodes[node])
}

func (f *fakeFiles) Unlink(directory vfs.NodeID, name []byte) error {
	n, err := f.find(directory, name)
	switch {
	case err != nil:
		return err
	case n.kind == vfs.Directory:
		return vfs.ErrDirectory
	}
	f.forget(f.nodes[directory], name)
	return nil
}

func (f *fakeFiles) RemoveDirectory(directory vfs.NodeID, name []byte) error {
	n, err := f.find(directory, name)
	switch {
	case err != nil:
		return err
	case n.kind != vfs.Directory:
		return vfs.ErrNotDirectory
	case len(n.entries) != 0:
		return vfs.ErrNotEmpty
	}
	f.forget(f.nodes[directory], name)
	return nil
}

func (f *fakeFiles) Rename(from vfs.NodeID, fromName []byte, to vfs.NodeID, toName []byte) error {
	n, err := f.find(from, fromName)
	if err != nil {
		return err
	}
	for d := f.nodes[to]; n.kind == vfs.Directory; d = d.parent {
		if d == n {
			return vfs.ErrInvalid
		}
		if d == nil {
			return vfs.ErrNotFound
		}
		if d.parent == d {
			break
		}
	}
	there, err := f.find(to, toName)
	switch {
	case err == vfs.ErrNotFound && f.nodes[to].parent == nil:
		return err
	case err == vfs.ErrNotFound:
	case err != nil:
		return err
	case there == n:
		return nil
	case n.kind == vfs.Directory:
		err = f.RemoveDirectory(to, toName)
	default:
		err = f.Unlink(to, toName)
	}
	if err != nil && err != vfs.ErrNotFound {
		return err
	}
	f.forget(f.nodes[from], fromName)
	return f.name(to, toName, n)
}
