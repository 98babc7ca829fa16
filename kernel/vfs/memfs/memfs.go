package memfs

import (
	"bytes"
	"math/rand/v2"
	"syscall"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// Options say what a file system is made of.
type Options struct {
	// Lower is what the file system shows as long as nothing is changed; nil:
	// nothing. It does not change itself, its nodes may be held for good, and the
	// cookies of its listings are less than 1<<30.
	Lower vfs.FileSystem
	// Now is the time for files, in nanoseconds since 1970; nil: that of the system.
	Now func() (nanos uint64)
	// Charge is system.Charge: it books memory of the machine, or with a negative
	// number ends a booking. Memory is booked before it is taken, and no longer: what is
	// taken the machine sees itself. nil: there is always enough.
	Charge func(bytes int64) bool
	// LimitBytes is how much content, names and all else may take, if that much memory
	// is free now; 0: half of what is free, as tmpfs(5) has it.
	LimitBytes uint64
}

// FileSystem is a file system in memory.
type FileSystem struct {
	lower       vfs.FileSystem
	now         func() uint64
	arena       *arena
	limitBlocks uint64
	root        node
	names       table          // entries by directory and name
	copies      table          // nodes by the node below
	idle        [idleNodes]ref // nodes that nobody holds, or nobody held, and what comes next
	nextIdle    int
	known       known
	copier      device.Copier
	serial      uint64
	keys        [2]uint64

	// What calls below get and give, here so that no call allocates.
	visited    vfs.DirectoryEntry
	listing    listing
	visitLower func(*vfs.DirectoryEntry) bool
	piece      [1][]byte
}

// Handles are references with the mode above.
const handleModeShift = 32

const (
	// lowerSerials is up to where inode numbers are those of the file system below.
	lowerSerials = 1 << 62
	// slackBytes is beyond the limit: for nodes of what is merely looked at, of which
	// there are as many as open descriptors and names in a path, and for marks, so
	// that a full file system can be emptied.
	slackBytes = 32 << 20
	// linksMax is how many names a file can have, less than refs and links can count.
	linksMax = 1 << 30
)

// New returns a file system. It takes address space but no memory.
func New(o Options) (*FileSystem, error) {
	if o.Charge == nil {
		o.Charge = func(int64) bool { return true }
	}
	if o.Now == nil {
		o.Now = func() uint64 { return uint64(time.Now().UnixNano()) }
	}
	limit := vfs.FreeBytes(o.Charge)
	if o.LimitBytes != 0 {
		limit = min(limit, o.LimitBytes)
	} else {
		limit /= 2
	}
	limit = min(limit, arenaMaxBytes-slackBytes)
	a, err := openArena(limit+slackBytes, o.Charge)
	if err != nil {
		return nil, err
	}
	f := &FileSystem{lower: o.Lower, now: o.Now, arena: a, limitBlocks: blocksOf(limit), copier: device.NewCopier()}
	f.keys = [2]uint64{rand.Uint64(), rand.Uint64() | 1}
	f.visitLower = f.showLower
	f.root = node{refs: 1, links: 1, kind: vfs.Directory}
	if f.lower != nil {
		f.serial = lowerSerials
		f.root.flags, f.root.lower = nodeLower, f.lower.Root()
		return f, nil
	}
	now := f.now()
	f.serial++
	f.root.flags, f.root.serial, f.root.nextCookie = nodeOwn, f.serial, f.root.firstCookie()
	f.root.accessed, f.root.modified, f.root.changed = now, now, now
	return f, nil
}

// End gives all memory back. Nothing may be used afterwards.
func (f *FileSystem) End() error { return f.arena.close() }

// Root returns the root directory.
func (f *FileSystem) Root() vfs.NodeID { return vfs.NodeID(rootRef) }

// Lookup finds a name in a directory.
func (f *FileSystem) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	r, _, err := f.lookup(ref(directory), name)
	if err != nil {
		return vfs.Entry{}, err
	}
	return vfs.Entry{Node: vfs.NodeID(r), Type: f.node(r).kind}, nil
}

// Hold takes another reference to a node.
func (f *FileSystem) Hold(n vfs.NodeID) { f.node(ref(n)).refs++ }

// Release gives a reference back.
func (f *FileSystem) Release(n vfs.NodeID) { f.release(ref(n)) }

// Attributes returns what is known of a node.
func (f *FileSystem) Attributes(n vfs.NodeID) (vfs.Attributes, error) { return f.attributes(ref(n)) }

// SetAttributes changes size and times.
func (f *FileSystem) SetAttributes(id vfs.NodeID, change vfs.Change) error {
	n := f.node(ref(id))
	if change == (vfs.Change{}) {
		return nil
	}
	if change.SetSize {
		if err := f.resize(n, change.Size); err != nil {
			return err
		}
	}
	if err := f.own(n); err != nil {
		return err
	}
	f.setTimes(n, change)
	return nil
}

// Open opens a file or directory.
func (f *FileSystem) Open(id vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	n := f.node(ref(id))
	switch {
	case n.kind == vfs.Symlink:
		return 0, vfs.ErrLoop
	case n.kind == vfs.Directory && mode&(vfs.ModeWrite|vfs.ModeTruncate) != 0:
		return 0, vfs.ErrDirectory
	case n.kind != vfs.Directory && n.kind != vfs.File:
		return 0, vfs.ErrNotSupported
	}
	if n.flags&nodeLower != 0 {
		if err := f.openLower(n); err != nil {
			return 0, err
		}
	}
	if mode&vfs.ModeTruncate != 0 {
		if err := f.resize(n, 0); err != nil {
			return 0, err
		}
	}
	n.refs++
	return handleOf(ref(id), mode), nil
}

func handleOf(r ref, mode vfs.Mode) vfs.Handle {
	return vfs.Handle(r) | vfs.Handle(mode)<<handleModeShift
}

// Close ends a handle.
func (f *FileSystem) Close(h vfs.Handle) error {
	f.release(ref(h))
	return nil
}

// Sync has nothing to wait for: there is nothing that lasts longer.
func (f *FileSystem) Sync(vfs.Handle, bool) error { return nil }

// make makes a node and gives it a name.
func (f *FileSystem) make(directory ref, name []byte, kind vfs.Type) (ref, error) {
	at, err := f.vacant(directory, name)
	if err != nil {
		return 0, err
	}
	r, err := f.newNode(kind)
	if err != nil {
		return 0, err
	}
	if err := f.enter(directory, name, at, r); err != nil {
		f.discard(r)
		return 0, err
	}
	if kind == vfs.Directory {
		f.setParent(f.node(r), directory)
	}
	return r, nil
}

// Create makes a file and opens it.
func (f *FileSystem) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	r, err := f.make(ref(directory), name, vfs.File)
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	f.node(r).refs += 2 // the caller's and the handle's
	return vfs.Entry{Node: vfs.NodeID(r), Type: vfs.File}, handleOf(r, mode), nil
}

// MakeDirectory makes a directory.
func (f *FileSystem) MakeDirectory(directory vfs.NodeID, name []byte) error {
	_, err := f.make(ref(directory), name, vfs.Directory)
	return err
}

// MakeSymlink makes a symbolic link.
func (f *FileSystem) MakeSymlink(directory vfs.NodeID, name, target []byte) error {
	switch {
	case len(target) == 0:
		return vfs.ErrNotFound
	case len(target) >= blockBytes: // PATH_MAX counts a zero byte
		return vfs.ErrNameTooLong
	case bytes.IndexByte(target, 0) >= 0:
		return vfs.ErrInvalid
	}
	text, err := f.arena.takeBytes(len(target))
	if err != nil {
		return err
	}
	copy(f.arena.raw(text, len(target)), target)
	r, err := f.make(ref(directory), name, vfs.Symlink)
	if err != nil {
		f.arena.freeBytes(text, len(target))
		return err
	}
	n := f.node(r)
	n.tree.root, n.size = text, uint64(len(target))
	return nil
}

// ReadLink returns where a symbolic link leads.
func (f *FileSystem) ReadLink(id vfs.NodeID) ([]byte, error) {
	n := f.node(ref(id))
	switch {
	case n.kind != vfs.Symlink:
		return nil, vfs.ErrNotLink
	case n.flags&nodeLower != 0:
		return f.lower.ReadLink(n.lower)
	}
	return f.arena.raw(n.tree.root, int(n.size)), nil
}

// MakeLink gives what is no directory another name.
func (f *FileSystem) MakeLink(id, directory vfs.NodeID, name []byte) error {
	r := ref(id)
	n := f.node(r)
	if n.kind == vfs.Directory {
		return syscall.EPERM
	}
	at, err := f.vacant(ref(directory), name)
	if err == nil {
		err = f.own(n)
	}
	switch {
	case err != nil:
		return err
	case n.links == 0:
		return vfs.ErrNotFound
	case n.links >= linksMax:
		return vfs.ErrTooManyLinks
	}
	if err := f.enter(ref(directory), name, at, r); err != nil {
		return err
	}
	n.links++
	n.changed = f.now()
	return nil
}

// Unlink removes the name of what is no directory.
func (f *FileSystem) Unlink(directory vfs.NodeID, name []byte) error {
	return f.unlink(ref(directory), name, false)
}

// RemoveDirectory removes an empty directory.
func (f *FileSystem) RemoveDirectory(directory vfs.NodeID, name []byte) error {
	return f.unlink(ref(directory), name, true)
}
