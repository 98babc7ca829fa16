package ext4

import (
	"syscall"

	"mewz/kernel/vfs"
)

// handle is an open file or directory.
type handle struct {
	node *inode // nil: not in use
	mode vfs.Mode
	next uint64 // where the last read ended: whoever goes on there gets more at once
	// window is how much that is; 0: who reads here and there gets no more than that.
	window int
}

// handles are the open ones; a vfs.Handle is an index and one.
type handles struct {
	list []handle
	free []int
}

// open makes a handle, which holds a reference of its own.
func (t *handles) open(n *inode, mode vfs.Mode) vfs.Handle {
	n.refs++
	h := handle{node: n, mode: mode}
	if k := len(t.free); k > 0 {
		at := t.free[k-1]
		t.free = t.free[:k-1]
		t.list[at] = h
		return vfs.Handle(at + 1)
	}
	t.list = append(t.list, h)
	return vfs.Handle(len(t.list))
}

func (t *handles) get(h vfs.Handle) *handle {
	if h == 0 || h > vfs.Handle(len(t.list)) || t.list[h-1].node == nil {
		return nil
	}
	return &t.list[h-1]
}

// Open opens a file or directory.
func (fs *FileSystem) Open(node vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	n, err := fs.held(node)
	if err != nil {
		return 0, err
	}
	writes := mode&(vfs.ModeWrite|vfs.ModeTruncate) != 0
	switch {
	case n.isDirectory() && writes:
		return 0, vfs.ErrDirectory
	case n.isSymlink():
		return 0, vfs.ErrLoop
	case !n.isDirectory() && !n.isFile():
		return 0, vfs.ErrNotSupported
	}
	if writes {
		if err := fs.changeable(n); err != nil {
			return 0, err
		}
	}
	if mode&vfs.ModeTruncate != 0 {
		if err := fs.setSize(n, 0); err != nil {
			return 0, err
		}
	}
	return fs.handles.open(n, mode), nil
}

// Close closes a handle.
func (fs *FileSystem) Close(h vfs.Handle) error {
	open := fs.handles.get(h)
	if open == nil {
		return syscall.EBADF
	}
	n := open.node
	*open = handle{}
	fs.handles.free = append(fs.handles.free, int(h-1))
	fs.Release(nodeOf(n))
	if fs.failed != nil {
		return vfs.ErrDamaged
	}
	return nil
}

// Attributes returns what stat(2) tells.
func (fs *FileSystem) Attributes(node vfs.NodeID) (vfs.Attributes, error) {
	n, err := fs.held(node)
	if err != nil {
		return vfs.Attributes{}, err
	}
	return vfs.Attributes{
		Serial: uint64(n.number), Type: n.kind(), Links: uint64(n.links), Size: n.size,
		AccessedNanos: n.accessed, ModifiedNanos: n.modified, ChangedNanos: n.changed,
	}, nil
}

// SetAttributes changes size and times.
func (fs *FileSystem) SetAttributes(node vfs.NodeID, change vfs.Change) error {
	n, err := fs.held(node)
	if err != nil {
		return err
	}
	if change.SetSize {
		switch {
		case n.isDirectory():
			return vfs.ErrDirectory
		case !n.isFile():
			return vfs.ErrInvalid
		}
	}
	if err := fs.changeable(n); err != nil {
		return err
	}
	if change.SetSize {
		if err := fs.setSize(n, change.Size); err != nil {
			return err
		}
	}
	if change.Accessed == vfs.TimeKeep && change.Modified == vfs.TimeKeep {
		return nil
	}
	return fs.change(func() error {
		fs.touch(n)
		now := fs.time()
		setTime(&n.accessed, change.Accessed, fs.storable(change.AccessedNanos), now)
		setTime(&n.modified, change.Modified, fs.storable(change.ModifiedNanos), now)
		n.changed = now
		return fs.put(n)
	})
}

func setTime(t *uint64, change vfs.TimeChange, to, now uint64) {
	switch change {
	case vfs.TimeNow:
		*t = now
	case vfs.TimeSet:
		*t = to
	}
}

// accessed notes that something was read, once after each change (relatime). It commits
// before there are more times to write than a transaction has room for.
//
// Preconditions: no operation is under way, nobody holds a buffer.
func (fs *FileSystem) accessed(n *inode) error {
	if fs.writable() != nil || n.accessed > n.modified && n.accessed > n.changed {
		return nil
	}
	if len(fs.running.times) >= operationMaxBuffers {
		if err := fs.relieve(); err != nil {
			return err
		}
	}
	n.accessed = fs.time()
	fs.later(n)
	return nil
}

// Sync waits until what was written is safe.
func (fs *FileSystem) Sync(h vfs.Handle, data bool) error {
	open := fs.handles.get(h)
	if open == nil {
		return syscall.EBADF
	}
	if fs.readOnly {
		return nil
	}
	return fs.sync(open.node, data)
}

func (fs *FileSystem) sync(n *inode, data bool) error {
	need := n.needsAll
	if data && !n.isDirectory() { // names are what a directory has for data
		need = n.needsData
	}
	if need == fs.running.id {
		return fs.SyncAll()
	}
	if err := fs.writeData(); err != nil {
		return err
	}
	return fs.flush()
}

// written ends a write of n bytes: where the mode of the handle wants it they are safe
// then, or none of them counts.
func (fs *FileSystem) written(h *handle, n int, err error) (int, error) {
	if n == 0 || h.mode&(vfs.ModeSync|vfs.ModeDataSync) == 0 {
		return n, err
	}
	if failed := fs.sync(h.node, h.mode&vfs.ModeSync == 0); failed != nil {
		return 0, failed
	}
	return n, err
}
