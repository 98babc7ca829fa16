package memfs

import (
	"encoding/binary"
	"math/bits"
	"syscall"

	"mewz/kernel/vfs"
)

// entry is a name in a directory. One without a node is a mark: the directory
// below has the name, and here it has been removed.
type entry struct {
	link          // in FileSystem.names
	node      ref // which it holds a reference to
	directory ref
	cookie    uint64  // 0: listed where the directory below has the name
	bytes     uint8   // of the name
	hides     bool    // the directory below has the name too
	name      [1]byte // and the others behind it
}

const nameMax = 255

// Cookies of a directory: two for . and .., then those of the directory below,
// which are less than lowerCookies, then those of entries here in the order of
// their making.
const (
	firstCookie  = 2
	lowerCookies = 1 << 30
)

// firstCookie is the cookie of the first entry here: where the tree begins.
func (n *node) firstCookie() uint64 {
	if n.flags&nodeLower != 0 {
		return lowerCookies
	}
	return firstCookie
}

// hashName is the hash of a name in a directory, here or below. Nobody can choose names that
// hash alike: the keys are random.
func (f *FileSystem) hashName(directory uint64, name []byte) uint32 {
	h := f.keys[0] ^ directory<<8 ^ uint64(len(name))
	for len(name) >= 8 {
		high, low := bits.Mul64(h^binary.LittleEndian.Uint64(name), f.keys[1])
		h = high ^ low
		name = name[8:]
	}
	last, n := uint64(0), len(name)
	switch { // the length is part of the hash, so bytes may count twice
	case n >= 4:
		last = uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	case n > 0:
		last = uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16
	}
	high, low := bits.Mul64(h^last, f.keys[1])
	high, low = bits.Mul64(high^low^f.keys[0], f.keys[1])
	return uint32(high ^ low)
}

// find returns the entry of a name here, or 0.
func (f *FileSystem) find(directory ref, name []byte) ref {
	if f.node(directory).flags&nodeOwn == 0 {
		return 0 // all as it is below
	}
	hash := f.hashName(uint64(directory), name)
	for r := f.arena.first(&f.names, hash); r != 0; {
		e := f.arena.entry(r)
		if e.hash == hash && e.directory == directory && string(f.name(r)) == string(name) {
			return r
		}
		r = e.next
	}
	return 0
}

// name returns the name of an entry.
func (f *FileSystem) name(r ref) []byte {
	n := int(f.arena.entry(r).bytes)
	return f.arena.raw(r, entryBytes+n)[entryBytes:]
}

// directory returns a node that has to be a directory.
func (f *FileSystem) directory(r ref) (*node, error) {
	n := f.node(r)
	if n.kind != vfs.Directory {
		return nil, vfs.ErrNotDirectory
	}
	return n, nil
}

// lookup returns what a name leads to, held, and its entry if that is here.
func (f *FileSystem) lookup(directory ref, name []byte) (found, at ref, err error) {
	d, err := f.directory(directory)
	switch {
	case err != nil:
		return 0, 0, err
	case len(name) > nameMax:
		return 0, 0, vfs.ErrNameTooLong
	case d.links == 0:
		return 0, 0, vfs.ErrNotFound
	}
	if d.flags&nodeOwn != 0 {
		at = f.find(directory, name)
	}
	if at != 0 {
		if found = f.arena.entry(at).node; found == 0 {
			return 0, at, vfs.ErrNotFound
		}
	} else {
		if d.flags&nodeLower == 0 {
			return 0, 0, vfs.ErrNotFound
		}
		if found, err = f.lookupLower(d, directory, name); err != nil {
			return 0, 0, err
		}
	}
	f.node(found).refs++
	return found, at, nil
}

// lookupLower returns the node for what a name leads to in the directory below another.
func (f *FileSystem) lookupLower(d *node, directory ref, name []byte) (ref, error) {
	slot := f.known.slot(f.hashName(uint64(d.lower), name))
	if k := &f.known.all[slot]; k.node != 0 && k.directory == d.lower && string(k.name[:k.bytes]) == string(name) {
		return k.node, nil
	}
	below, err := f.lower.Lookup(d.lower, name)
	if err != nil {
		return 0, err
	}
	lower := d.lower
	found, err := f.copyOf(below, directory)
	if err == nil {
		f.know(slot, lower, name, found)
	}
	return found, err
}

// change returns a directory in which something is to get a name or to lose one,
// with attributes of its own.
func (f *FileSystem) change(r ref) (*node, error) {
	d, err := f.directory(r)
	if err == nil {
		err = f.own(d)
	}
	return d, err
}

// vacant looks whether a name can be given: it is free, the directory is not
// removed, and there is room. It returns the mark of the name, if there is one.
func (f *FileSystem) vacant(directory ref, name []byte) (at ref, err error) {
	if len(name) == 0 {
		return 0, vfs.ErrInvalid
	}
	found, at, err := f.lookup(directory, name)
	switch {
	case err == nil:
		f.release(found)
		return 0, vfs.ErrExists
	case err != vfs.ErrNotFound:
		return 0, err
	}
	d, err := f.change(directory)
	switch {
	case err != nil:
		return 0, err
	case d.links == 0:
		return 0, vfs.ErrNotFound
	case f.arena.blocks >= f.limitBlocks:
		return 0, vfs.ErrNoSpace
	}
	return at, nil
}

// newEntry makes an entry of a name that has none here. Preconditions: the
// directory owns its attributes.
func (f *FileSystem) newEntry(directory ref, name []byte) (ref, error) {
	r, err := f.arena.takeBytes(entryBytes + len(name))
	if err != nil {
		return 0, err
	}
	e := f.arena.entry(r)
	e.directory, e.bytes = directory, uint8(len(name))
	copy(f.name(r), name)
	if err := f.arena.insert(&f.names, r, f.hashName(uint64(directory), name)); err != nil {
		f.arena.free(r)
		return 0, err
	}
	return r, nil
}

// freeEntry removes an entry.
func (f *FileSystem) freeEntry(r ref) {
	f.arena.remove(&f.names, r)
	f.arena.free(r)
}

// enter gives a node a name that nothing has; at is its mark, or 0. It counts no
// link. Preconditions: vacant.
func (f *FileSystem) enter(directory ref, name []byte, at, n ref) error {
	d := f.node(directory)
	fresh := at == 0
	if fresh {
		var err error
		if at, err = f.newEntry(directory, name); err != nil {
			return err
		}
	}
	slot, err := f.arena.slot(&d.tree, d.nextCookie-d.firstCookie())
	if err != nil {
		if fresh {
			f.freeEntry(at)
		}
		return err
	}
	*slot = at
	e := f.arena.entry(at)
	e.node, e.cookie = n, d.nextCookie
	f.node(n).refs++
	d.nextCookie++
	d.size++
	f.touch(d)
	return nil
}

// materialize gives a name that only the directory below has an entry here, which
// changes nothing for anybody. The node then has to own its attributes, so that
// it stays.
func (f *FileSystem) materialize(directory ref, name []byte, at, n ref) (ref, error) {
	d, err := f.change(directory)
	if err == nil {
		err = f.own(f.node(n))
	}
	if err != nil || at != 0 {
		return at, err
	}
	if at, err = f.newEntry(directory, name); err != nil {
		return 0, err
	}
	e := f.arena.entry(at)
	e.node, e.hides = n, true
	f.node(n).refs++
	d.size++
	return at, nil
}

// leave takes a name away; a mark stays where the directory below has it too.
func (f *FileSystem) leave(at ref) {
	e := f.arena.entry(at)
	d := f.node(e.directory)
	if e.cookie != 0 {
		f.arena.clear(&d.tree, e.cookie-d.firstCookie())
	}
	d.size--
	f.touch(d)
	n := e.node
	if e.hides {
		e.node, e.cookie = 0, 0
	} else {
		f.freeEntry(at)
	}
	f.release(n)
}

// unlinked tells a node that it has lost a name.
func (f *FileSystem) unlinked(r ref) {
	n := f.node(r)
	if n.links != 0 { // a damaged file system below may have more names than it says
		n.links--
	}
	n.changed = f.now()
	if n.kind == vfs.Directory && n.flags&nodeLower != 0 {
		// The marks in it. It was found to be empty just now, so the listing works.
		_ = f.lower.List(n.handle, firstCookie, func(e *vfs.DirectoryEntry) bool {
			if at := f.find(r, e.Name); at != 0 {
				f.freeEntry(at)
			}
			return true
		})
	}
}

// empty reports whether a directory is.
func (f *FileSystem) empty(r ref) (bool, error) {
	n := f.node(r)
	if n.size != 0 && n.flags&nodeOwn != 0 {
		return false, nil
	}
	empty := true
	err := f.list(r, firstCookie, func(*vfs.DirectoryEntry) bool {
		empty = false
		return false
	})
	return empty, err
}

// removable looks whether a node can lose a name as a directory, or as something
// else.
func (f *FileSystem) removable(r ref, directory bool) error {
	n := f.node(r)
	switch {
	case n.kind == vfs.Directory && !directory:
		return vfs.ErrDirectory
	case n.kind != vfs.Directory && directory:
		return vfs.ErrNotDirectory
	case !directory:
		return nil
	}
	empty, err := f.empty(r)
	if err == nil && !empty {
		err = vfs.ErrNotEmpty
	}
	return err
}

// unlink removes a name of a directory, or of something else.
func (f *FileSystem) unlink(parent ref, name []byte, directory bool) error {
	r, at, err := f.lookup(parent, name)
	if err != nil {
		return err
	}
	defer f.release(r)
	if err = f.removable(r, directory); err != nil {
		return err
	}
	if at, err = f.materialize(parent, name, at, r); err != nil {
		return err
	}
	f.unlinked(r)
	f.leave(at)
	return nil
}

// within reports whether a directory is another one, or lies below it.
func (f *FileSystem) within(r, above ref) bool {
	for r != above && r != 0 {
		r = f.node(r).parent
	}
	return r == above
}

// Rename gives what has a name another one.
func (f *FileSystem) Rename(from vfs.NodeID, fromName []byte, to vfs.NodeID, toName []byte) error {
	source, target := ref(from), ref(to)
	r, at, err := f.lookup(source, fromName)
	if err != nil {
		return err
	}
	defer f.release(r)
	isDirectory := f.node(r).kind == vfs.Directory
	if isDirectory && f.within(target, r) {
		return vfs.ErrInvalid
	}
	old, oldAt, err := f.lookup(target, toName)
	if err == vfs.ErrNotFound {
		return f.move(r, source, fromName, at, target, toName)
	}
	if err != nil {
		return err
	}
	defer f.release(old)
	if old == r {
		return nil
	}
	if err := f.removable(old, isDirectory); err != nil {
		return err
	}
	if at, err = f.materialize(source, fromName, at, r); err != nil {
		return err
	}
	if oldAt, err = f.materialize(target, toName, oldAt, old); err != nil {
		return err
	}
	f.unlinked(old)
	f.arena.entry(oldAt).node = r
	f.node(r).refs++
	f.release(old)
	f.touch(f.node(target))
	f.leave(at)
	f.moved(r, target)
	return nil
}

// move is Rename to a name that nothing has.
func (f *FileSystem) move(r, source ref, fromName []byte, at, target ref, toName []byte) error {
	mark, err := f.vacant(target, toName)
	if err != nil {
		return err
	}
	if at, err = f.materialize(source, fromName, at, r); err != nil {
		return err
	}
	if err := f.enter(target, toName, mark, r); err != nil {
		return err
	}
	f.leave(at)
	f.moved(r, target)
	return nil
}

// moved tells a node that it is in another directory now, or has another name.
func (f *FileSystem) moved(r, target ref) {
	n := f.node(r)
	n.changed = f.now()
	if n.kind != vfs.Directory || n.parent == target {
		return
	}
	before := n.parent
	f.setParent(n, target)
	f.release(before)
}

// List visits the entries of an open directory.
func (f *FileSystem) List(h vfs.Handle, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	if vfs.Mode(h>>handleModeShift)&vfs.ModeRead == 0 {
		return syscall.EBADF
	}
	return f.list(ref(h), cookie, visit)
}

// listing is a visit of a directory below under way.
type listing struct {
	directory ref
	visit     func(e *vfs.DirectoryEntry) bool
	stopped   bool
}

func (f *FileSystem) list(r ref, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	d, err := f.directory(r)
	if err != nil {
		return err
	}
	if more, err := f.listDots(r, d, cookie, visit); err != nil || !more || d.links == 0 {
		return err
	}
	if d.flags&nodeOwn == 0 { // all as it is below
		if err := f.openLower(d); err != nil {
			return err
		}
		return f.lower.List(d.handle, max(cookie, firstCookie), visit)
	}
	first := d.firstCookie()
	if cookie < first && d.flags&nodeLower != 0 {
		if more, err := f.listLower(r, d, cookie, visit); err != nil || !more {
			return err
		}
	}
	for from := max(cookie, first) - first; ; {
		var leaf ref
		if from, leaf = f.arena.next(&d.tree, from); leaf == 0 {
			return nil
		}
		for run := f.arena.run(&d.tree, from); leaf != 0; leaf = run[from%treeSlots] {
			n := f.node(f.arena.entry(leaf).node)
			from++
			e := &f.visited // field by field: a literal would be made elsewhere and copied
			e.Serial, e.Type, e.Name, e.Next = n.serial, n.kind, f.name(leaf), first+from
			if !visit(e) {
				return nil
			}
			if run == nil || from%treeSlots == 0 {
				break
			}
		}
	}
}

// listLower visits what a directory below has, where that is not removed.
func (f *FileSystem) listLower(r ref, d *node, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) (more bool, err error) {
	if err := f.openLower(d); err != nil {
		return false, err
	}
	f.listing = listing{directory: r, visit: visit}
	err = f.lower.List(d.handle, max(cookie, firstCookie), f.visitLower)
	more = !f.listing.stopped
	f.listing = listing{}
	return more, err
}

// listDots visits . and ..
func (f *FileSystem) listDots(r ref, d *node, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) (more bool, err error) {
	for i := cookie; i < firstCookie; i++ {
		of, name := r, dots[:1]
		if i == 1 {
			name = dots[:]
			if d.parent != 0 {
				of = d.parent
			}
		}
		a, err := f.attributes(of)
		if err != nil {
			return false, err
		}
		f.visited = vfs.DirectoryEntry{Serial: a.Serial, Type: vfs.Directory, Name: name, Next: i + 1}
		if !visit(&f.visited) {
			return false, nil
		}
	}
	return true, nil
}

// dots is what the first two entries are called.
var dots = [2]byte{'.', '.'}

// showLower visits an entry of a directory below, unless there is another here.
func (f *FileSystem) showLower(below *vfs.DirectoryEntry) bool {
	l := &f.listing
	f.visited = *below
	if at := f.find(l.directory, below.Name); at != 0 {
		e := f.arena.entry(at)
		if e.node == 0 || e.cookie != 0 {
			return true
		}
		n := f.node(e.node)
		f.visited.Serial, f.visited.Type = n.serial, n.kind
	}
	l.stopped = !l.visit(&f.visited)
	return !l.stopped
}
