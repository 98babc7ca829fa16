package fuse

import (
	"syscall"

	"mewz/kernel/vfs"
)

// handlesMax bounds what is open at once.
const handlesMax = 1 << 16

// handle is an open file or directory.
type handle struct {
	fh       uint64 // of virtiofsd
	appendFh uint64 // another one, with O_APPEND, if appends is set
	self     uint32 // its index
	node     uint32 // none: free
	next     uint32 // open one of the same node, or next free
	flags    uint32 // of open(2)
	kind     vfs.Type
	writes   bool // it may be written
	direct   bool // virtiofsd wants nothing to be kept
	appends  bool
	dirty    bool // written since it is open
	ahead
	listing
}

// handles is the table of handles.
type handles struct {
	all  []handle
	free uint32
	used int
}

func (t *handles) init() { *t = handles{free: none} }

// reserve makes sure that one more handle fits.
func (t *handles) reserve() error {
	if t.used == handlesMax {
		return syscall.ENFILE
	}
	return nil
}

// insert adds a handle of a node, which it holds.
//
// Preconditions: reserve.
func (f *FileSystem) insert(h handle) vfs.Handle {
	t := &f.handles
	i := t.free
	if i == none {
		i = uint32(len(t.all))
		t.all = append(t.all, handle{})
	} else {
		t.free = t.all[i].next
	}
	n := &f.nodes.all[h.node]
	h.self, h.next, n.handles = i, n.handles, i
	n.refs++
	t.all[i] = h
	t.used++
	return vfs.Handle(i) + 1
}

// handle checks what a caller says.
func (f *FileSystem) handle(h vfs.Handle, kind vfs.Type) (*handle, error) {
	i := uint64(h) - 1
	if i >= uint64(len(f.handles.all)) || f.handles.all[i].node == none {
		return nil, syscall.EBADF
	}
	switch got := &f.handles.all[i]; {
	case kind == 0 || got.kind == kind:
		return got, nil
	case kind == vfs.Directory:
		return nil, vfs.ErrNotDirectory
	default:
		return nil, vfs.ErrDirectory
	}
}

// writer returns an open handle of a node that may be written, or nil.
func (t *handles) writer(n *node) *handle {
	for i := n.handles; i != none; i = t.all[i].next {
		if t.all[i].writes {
			return &t.all[i]
		}
	}
	return nil
}

// flagsOf are the flags of open(2) for a mode.
func flagsOf(mode vfs.Mode) uint32 {
	flags := uint32(flagReadOnly | flagLarge)
	if mode&vfs.ModeWrite != 0 {
		flags = flagReadWrite | flagLarge
		if mode&vfs.ModeRead == 0 {
			flags = flagWriteOnly | flagLarge
		}
	}
	if mode&vfs.ModeSync != 0 {
		flags |= flagSync
	}
	if mode&vfs.ModeDataSync != 0 {
		flags |= flagDataSync
	}
	return flags
}

// Open opens a file or directory.
func (f *FileSystem) Open(node vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	i, n, err := f.node(node)
	if err != nil {
		return 0, err
	}
	if err := f.handles.reserve(); err != nil {
		return 0, err
	}
	q, flags := question{opOpen, n.id, 8, openOutBytes}, flagsOf(mode)
	switch n.kind {
	case vfs.File:
	case vfs.Directory:
		if mode&vfs.ModeWrite != 0 {
			return 0, vfs.ErrDirectory
		}
		q.op, flags = opOpendir, flagsOfDirectory
	case vfs.Symlink:
		return 0, vfs.ErrLoop
	default:
		return 0, vfs.ErrNotSupported
	}
	f.dropAhead(n)
	truncate := mode&(vfs.ModeWrite|vfs.ModeTruncate) == vfs.ModeWrite|vfs.ModeTruncate
	now := flags
	if truncate && f.truncate {
		now |= flagTruncate
	}
	put32(f.args(), 0, now)
	put32(f.args(), 4, 0)
	out, err := f.ask(q)
	if err != nil {
		return 0, err
	}
	h := f.insert(opened(handle{node: i, flags: flags, kind: n.kind, writes: mode&vfs.ModeWrite != 0}, out))
	if truncate && !f.truncate {
		if err := f.SetAttributes(node, vfs.Change{SetSize: true}); err != nil {
			_ = f.Close(h)
			return 0, err
		}
	}
	return h, nil
}

// opened adds fuse_open_out to a handle.
func opened(h handle, out []byte) handle {
	h.fh = get64(out, 0)
	h.direct = get32(out, 8)&openDirect != 0
	return h
}

// Create makes a file and opens it.
func (f *FileSystem) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	_, d, err := f.node(directory)
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	if err := f.handles.reserve(); err != nil {
		return vfs.Entry{}, 0, err
	}
	if err := f.nodes.reserve(); err != nil {
		return vfs.Entry{}, 0, err
	}
	f.changes++
	flags := flagsOf(mode)
	b := f.args()
	put32(b, 0, flags|flagCreate|flagExclusive)
	put32(b, 4, createMode)
	put32(b, 8, 0)
	put32(b, 12, 0)
	out, err := f.ask(question{opCreate, d.id, f.putName(16, name), entryOutBytes + openOutBytes})
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	h := opened(handle{flags: flags, kind: vfs.File, writes: mode&vfs.ModeWrite != 0}, out[entryOutBytes:])
	i, err := f.entry(out)
	if err == nil && f.nodes.all[i].kind != vfs.File || err == vfs.ErrNotFound {
		err = f.broken()
	}
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	h.node = i
	return vfs.Entry{Node: vfs.NodeID(i) + 1, Type: vfs.File}, f.insert(h), nil
}

// Close ends a handle. virtiofsd closes it without being waited for; what the host has to
// say about data that was written it says in the answer to FLUSH.
func (f *FileSystem) Close(number vfs.Handle) error {
	h, err := f.handle(number, 0)
	if err != nil {
		return err
	}
	f.abandon(h)
	if h.dirty {
		err = f.flush(h, h.fh)
		if h.appends {
			if err2 := f.flush(h, h.appendFh); err == nil {
				err = err2
			}
		}
	}
	f.closeHandle(h, h.fh)
	if h.appends {
		f.closeHandle(h, h.appendFh)
	}
	i, n := h.node, &f.nodes.all[h.node]
	at := &n.handles
	for *at != uint32(number-1) {
		at = &f.handles.all[*at].next
	}
	*at = h.next
	*h = handle{node: none, next: f.handles.free}
	f.handles.free = uint32(number - 1)
	f.handles.used--
	f.nodes.release(i)
	return err
}

// flush asks for errors of writing.
func (f *FileSystem) flush(h *handle, fh uint64) error {
	b := f.args()[:24]
	clear(b)
	put64(b, 0, fh)
	_, err := f.ask(question{op: opFlush, node: f.nodes.all[h.node].id, in: len(b)})
	return err
}

// Allocate makes room.
func (f *FileSystem) Allocate(number vfs.Handle, offset, bytes uint64) error {
	h, err := f.handle(number, vfs.File)
	if err != nil {
		return err
	}
	switch {
	case bytes == 0:
		return vfs.ErrInvalid
	case offset > fileMaxBytes || bytes > fileMaxBytes-offset:
		return vfs.ErrTooLarge
	}
	f.dropAhead(&f.nodes.all[h.node])
	b := f.args()[:32]
	clear(b)
	put64(b, 0, h.fh)
	put64(b, 8, offset)
	put64(b, 16, bytes)
	h.dirty = true
	_, err = f.ask(question{op: opFallocate, node: f.nodes.all[h.node].id, in: len(b)})
	return err
}

// Sync waits until what was written is safe: fsync(2) on the host.
func (f *FileSystem) Sync(number vfs.Handle, data bool) error {
	h, err := f.handle(number, 0)
	if err != nil {
		return err
	}
	b := f.args()[:16]
	clear(b)
	put64(b, 0, h.fh)
	if data {
		put32(b, 8, fsyncData)
	}
	q := question{op: opFsync, node: f.nodes.all[h.node].id, in: len(b)}
	if h.kind == vfs.Directory {
		q.op = opFsyncdir
	}
	_, err = f.ask(q)
	return err
}
