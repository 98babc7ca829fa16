package memfs

import (
	"math/bits"
	"slices"

	"mewz/kernel/vfs"
)

// node is a file, directory or symbolic link.
type node struct {
	link          // in FileSystem.copies, of a node with one below
	refs   uint32 // of callers, handles, entries and the directories in it
	links  uint32 // names; of a directory 1 until it is removed
	kind   vfs.Type
	flags  nodeFlags
	known  uint16 // one more than where in FileSystem.known the name is that leads here
	parent ref    // of a directory: the one above, which it holds a reference to
	tree   tree   // blocks of a file, entries of a directory; root is the target of a link

	size       uint64 // of a directory: its entries here
	serial     uint64
	accessed   uint64 // nanoseconds since 1970
	modified   uint64
	changed    uint64
	lower      vfs.NodeID // held
	handle     vfs.Handle // of lower
	lowerBytes uint64     // of a file: up to where blocks that are not here are below
	nextCookie uint64     // of a directory: for the next entry
}

// nodeFlags say what a node is to the file system below.
type nodeFlags uint8

const (
	// nodeLower: there is a node below.
	nodeLower nodeFlags = 1 << iota
	// nodeOwn: attributes are here. A node that has none is all as it is below.
	nodeOwn
	// nodeOpened: handle is open.
	nodeOpened
	// nodeIdle: it is one of FileSystem.idle.
	nodeIdle
)

// idleNodes is how many nodes of what is as it is below stay when nobody holds them: a
// program opens the same files again and again, and making a node costs more than all
// the rest of a lookup.
const idleNodes = 256

// rootRef is the root, which is no object of the arena: an empty file system
// takes no memory.
const rootRef ref = 1

// node returns a node.
func (f *FileSystem) node(r ref) *node {
	if r == rootRef {
		return &f.root
	}
	return f.arena.nodeAt(r)
}

// newNode makes a node with one link and no reference.
func (f *FileSystem) newNode(kind vfs.Type) (ref, error) {
	r, err := f.arena.take(class128)
	if err != nil {
		return 0, err
	}
	now := f.now()
	f.serial++
	n := f.node(r)
	n.kind, n.flags, n.links, n.serial = kind, nodeOwn, 1, f.serial
	n.accessed, n.modified, n.changed = now, now, now
	n.nextCookie = n.firstCookie()
	return r, nil
}

// own gives a node attributes of its own. It takes no memory.
func (f *FileSystem) own(n *node) error {
	if n.flags&nodeOwn != 0 {
		return nil
	}
	a, err := f.lower.Attributes(n.lower)
	if err != nil {
		return err
	}
	n.flags |= nodeOwn
	n.serial, n.links = a.Serial, 1
	n.accessed, n.modified, n.changed = a.AccessedNanos, a.ModifiedNanos, a.ChangedNanos
	switch n.kind {
	case vfs.Directory:
		n.nextCookie = n.firstCookie()
	case vfs.File:
		n.size, n.lowerBytes = min(a.Size, vfs.OffsetMax), min(a.Size, vfs.OffsetMax)
		n.links = uint32(max(a.Links, 1))
	default:
		n.size = a.Size
	}
	return nil
}

// openLower opens the node below.
func (f *FileSystem) openLower(n *node) error {
	if n.flags&nodeOpened != 0 {
		return nil
	}
	h, err := f.lower.Open(n.lower, vfs.ModeRead)
	if err == nil {
		n.handle = h
		n.flags |= nodeOpened
	}
	return err
}

// hashLower is the hash of a node below.
func (f *FileSystem) hashLower(lower vfs.NodeID) uint32 {
	high, low := bits.Mul64(uint64(lower)^f.keys[0], f.keys[1])
	return uint32(high ^ low)
}

// copyOf returns the node for what lies below in a directory; the caller has a
// reference to it below, and holds none here yet.
func (f *FileSystem) copyOf(below vfs.Entry, directory ref) (ref, error) {
	hash := f.hashLower(below.Node)
	for r := f.arena.first(&f.copies, hash); r != 0; r = f.arena.link(r).next {
		if f.node(r).lower == below.Node {
			f.lower.Release(below.Node)
			return r, nil
		}
	}
	r, err := f.arena.take(class128)
	if err == nil {
		if err = f.arena.insert(&f.copies, r, hash); err != nil {
			f.arena.free(r)
		}
	}
	if err != nil {
		f.lower.Release(below.Node)
		return 0, err
	}
	n := f.node(r)
	n.kind, n.flags, n.links, n.lower = below.Type, nodeLower, 1, below.Node
	if n.kind == vfs.Directory {
		f.setParent(n, directory)
	}
	return r, nil
}

// setParent makes a directory the one above another.
func (f *FileSystem) setParent(n *node, parent ref) {
	n.parent = parent
	f.node(parent).refs++
}

// release gives a reference back. Who has neither references nor a name is gone,
// and so is, after a while, the node of what is all as it is below.
func (f *FileSystem) release(r ref) {
	for r != 0 {
		n := f.node(r)
		n.refs--
		switch {
		case n.refs != 0 || n.links != 0 && n.flags&nodeOwn != 0:
			return
		case n.links != 0:
			r = f.park(r, n)
			continue
		case n.flags&nodeIdle != 0:
			f.idle[slices.Index(f.idle[:], r)] = 0
		}
		parent := n.parent
		f.drop(r, n)
		r = parent
	}
}

// park keeps a node that nobody holds for a while. The one that has been kept longest
// goes instead; it returns what that held a reference to, or 0.
func (f *FileSystem) park(r ref, n *node) (held ref) {
	if n.flags&nodeIdle != 0 {
		return 0
	}
	n.flags |= nodeIdle
	old := f.idle[f.nextIdle]
	f.idle[f.nextIdle] = r
	f.nextIdle = (f.nextIdle + 1) % idleNodes
	if old == 0 {
		return 0
	}
	gone := f.node(old)
	gone.flags &^= nodeIdle
	if gone.refs != 0 || gone.flags&nodeOwn != 0 {
		return 0
	}
	held = gone.parent
	f.drop(old, gone)
	return held
}

// discard ends a node that nobody has seen yet.
func (f *FileSystem) discard(r ref) {
	n := f.node(r)
	n.links, n.refs = 0, 1
	f.release(r)
}

// drop gives back what a node takes.
func (f *FileSystem) drop(r ref, n *node) {
	switch {
	case n.kind == vfs.File:
		f.arena.cut(&n.tree, 0)
	case n.kind == vfs.Symlink && n.tree.root != 0:
		f.arena.freeBytes(n.tree.root, int(n.size))
	}
	if n.flags&nodeLower != 0 {
		f.unknow(n)
		f.arena.remove(&f.copies, r)
		f.dropLower(n)
	}
	f.arena.free(r)
}

// dropLower ends what connects a node to the one below.
func (f *FileSystem) dropLower(n *node) {
	if n.flags&nodeOpened != 0 {
		_ = f.lower.Close(n.handle) // nothing was written to it
	}
	f.lower.Release(n.lower)
	n.flags &^= nodeLower | nodeOpened
}

// attributes returns what is known of a node.
func (f *FileSystem) attributes(r ref) (vfs.Attributes, error) {
	n := f.node(r)
	if n.flags&nodeOwn == 0 {
		a, err := f.lower.Attributes(n.lower)
		if n.kind == vfs.Directory {
			a.Links = 1
		}
		return a, err
	}
	return vfs.Attributes{
		Serial: n.serial, Type: n.kind, Links: uint64(n.links), Size: n.size,
		AccessedNanos: n.accessed, ModifiedNanos: n.modified, ChangedNanos: n.changed,
	}, nil
}

// touch sets the times of a change of the content.
func (f *FileSystem) touch(n *node) {
	n.modified = f.now()
	n.changed = n.modified
}

// setTimes changes times as asked. Preconditions: the node owns its attributes.
func (f *FileSystem) setTimes(n *node, change vfs.Change) {
	if change.Accessed == vfs.TimeKeep && change.Modified == vfs.TimeKeep {
		return
	}
	now := f.now()
	for _, t := range []struct {
		time   *uint64
		change vfs.TimeChange
		nanos  uint64
	}{{&n.accessed, change.Accessed, change.AccessedNanos}, {&n.modified, change.Modified, change.ModifiedNanos}} {
		switch t.change {
		case vfs.TimeNow:
			*t.time = now
		case vfs.TimeSet:
			*t.time = t.nanos
		}
	}
	n.changed = now
}
