package fuse

import (
	"syscall"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio/request"
)

// justNow is how long attributes that came with a name stand for an answer of their
// own, if they are asked for next: as long as a call of the program takes that does both.
const justNow = 10 * time.Millisecond

// FileSystem is a share (vfs.FileSystem).
type FileSystem struct {
	session
	background background
	nodes      nodes
	handles    handles
	pieces     []piece
	changes    uint64 // of names, by this machine
	fresh      fresh
	way        way
	stands     time.Duration // how long the name of the last entry does
	target     [linkMaxBytes]byte
	listed     entryBuffer
	copier     device.Copier
}

// fresh are attributes that came with the last answer.
type fresh struct {
	node       uint32 // none: there are no such
	at         time.Duration
	attributes vfs.Attributes
}

// Open starts the virtio-fs device of m. log gets messages. After an
// error the device is stopped.
func Open(m request.Machine, log func(string)) (*FileSystem, error) {
	f := &FileSystem{session: session{log: log}, copier: device.NewCopier()}
	pieces, err := f.open(m)
	if err != nil {
		return nil, err
	}
	f.pieces = make([]piece, pieces)
	for i := range f.pieces {
		memory, err := f.device.Allocate(pieceHeadBytes + pieceBytes)
		if err != nil {
			f.device.GiveUp(err)
			return nil, err
		}
		f.pieces[i] = piece{head: memory.Part(0, pieceHeadBytes), data: memory.Part(pieceHeadBytes, pieceBytes)}
	}
	f.nodes.init(&f.session)
	f.handles.init()
	f.listed.init()
	f.fresh.node = none
	return f, nil
}

// Lost gives the share up, because the host says that virtiofsd has ended: QEMU does not tell
// the machine. Every call ends with EIO from now on.
func (f *FileSystem) Lost() { f.device.GiveUp(errLost) }

// End says DESTROY and stops the device. Everything that was written is with the host
// already. An error says that the share was given up.
func (f *FileSystem) End() error {
	f.settle()
	f.sendForgets()
	if err := f.device.Err(); err != nil {
		return err
	}
	f.told = true // an error is no news any more
	// Only that it is over counts: the virtiofsd in Rust answers nothing, QEMU's does.
	err := f.start(&f.call, question{op: opDestroy})
	if err == nil {
		_, err = f.device.Wait(f.call.id)
	}
	f.device.GiveUp(errEnded)
	return err
}

// Root implements vfs.FileSystem, as the methods below.
func (f *FileSystem) Root() vfs.NodeID { return 1 }

// node checks what a caller says.
func (f *FileSystem) node(id vfs.NodeID) (uint32, *node, error) {
	i := uint64(id) - 1
	if i >= uint64(len(f.nodes.all)) || f.nodes.all[i].refs == 0 {
		return 0, nil, syscall.EIO
	}
	return uint32(i), &f.nodes.all[i], nil
}

// entry takes the answer to a request that names something: the caller has a reference
// to it then.
func (f *FileSystem) entry(out []byte) (uint32, error) {
	e, ok := parseEntry(out)
	if !ok {
		return none, f.broken()
	}
	if e.node == 0 {
		return none, vfs.ErrNotFound
	}
	i, err := f.nodes.looked(&e)
	if err != nil {
		return none, err
	}
	f.observe(i, &e.attributes)
	f.stands = e.stands
	if e.keep {
		f.fresh = fresh{i, f.now(), e.attributes}
	}
	return i, nil
}

// observe compares attributes with those seen before: what was read ahead of a file that
// has changed is dropped.
func (f *FileSystem) observe(i uint32, a *vfs.Attributes) {
	n := &f.nodes.all[i]
	n.seen = a.Size
	if n.size != a.Size || n.modified != a.ModifiedNanos {
		n.size, n.modified = a.Size, a.ModifiedNanos
		f.dropAhead(n)
	}
}

// ask is that of the session; it makes what came with an answer before old.
func (f *FileSystem) ask(q question) ([]byte, error) {
	f.fresh.node = none
	if f.background.count != 0 {
		f.reap(false)
	}
	return f.session.ask(q)
}

// lookup is Lookup for an index.
func (f *FileSystem) lookup(directory uint64, name []byte) (uint32, error) {
	if err := f.nodes.reserve(); err != nil {
		return none, err
	}
	out, err := f.ask(question{opLookup, directory, f.putName(0, name), entryOutBytes})
	if err != nil {
		return none, err
	}
	return f.entry(out)
}

// Lookup finds a name.
func (f *FileSystem) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	_, d, err := f.node(directory)
	if err != nil {
		return vfs.Entry{}, err
	}
	if d.kind != vfs.Directory {
		return vfs.Entry{}, vfs.ErrNotDirectory
	}
	id := d.id
	if i := f.passed(id, name); i != none {
		return vfs.Entry{Node: vfs.NodeID(i) + 1, Type: vfs.Directory}, nil
	}
	i, err := f.lookup(id, name)
	if err != nil {
		return vfs.Entry{}, err
	}
	f.pass(id, name, i, f.stands)
	return vfs.Entry{Node: vfs.NodeID(i) + 1, Type: f.nodes.all[i].kind}, nil
}

// Hold takes another reference.
func (f *FileSystem) Hold(node vfs.NodeID) {
	if _, n, err := f.node(node); err == nil {
		n.refs++
	}
}

// Release gives one back; that of the root stays.
func (f *FileSystem) Release(node vfs.NodeID) {
	if i, n, err := f.node(node); err == nil && (i != 0 || n.refs > 1) {
		f.nodes.release(i)
	}
}

// Attributes tells of a node.
func (f *FileSystem) Attributes(node vfs.NodeID) (vfs.Attributes, error) {
	i, n, err := f.node(node)
	if err != nil {
		return vfs.Attributes{}, err
	}
	if f.fresh.node == i && f.now()-f.fresh.at < justNow {
		f.fresh.node = none
		return f.fresh.attributes, nil
	}
	b := f.args()
	flags, handle := uint32(0), uint64(0)
	if n.kind == vfs.File && n.handles != none {
		flags, handle = getattrHandle, f.handles.all[n.handles].fh
	}
	put32(b, 0, flags)
	put32(b, 4, 0)
	put64(b, 8, handle)
	out, err := f.ask(question{opGetattr, n.id, 16, attrOutBytes})
	if err != nil {
		return vfs.Attributes{}, err
	}
	return f.attributes(i, out)
}

// attributes takes fuse_attr_out of a node.
func (f *FileSystem) attributes(i uint32, out []byte) (vfs.Attributes, error) {
	a, ok := parseAttributes(out[16:])
	if !ok || a.Type != f.nodes.all[i].kind {
		return vfs.Attributes{}, f.broken()
	}
	f.observe(i, &a)
	return a, nil
}

// SetAttributes changes size and times. The size is that of an open file where there
// is one, for then it need not be opened again.
func (f *FileSystem) SetAttributes(node vfs.NodeID, change vfs.Change) error {
	i, n, err := f.node(node)
	if err != nil {
		return err
	}
	b := f.args()[:88]
	clear(b)
	valid := uint32(0)
	if change.SetSize {
		switch {
		case n.kind == vfs.Directory:
			return vfs.ErrDirectory
		case n.kind != vfs.File:
			return vfs.ErrInvalid
		case change.Size > fileMaxBytes:
			return vfs.ErrTooLarge
		}
		valid |= setSize
		if h := f.handles.writer(n); h != nil {
			valid |= setHandle
			put64(b, 8, h.fh)
		}
		put64(b, 16, change.Size)
		f.dropAhead(n)
	}
	valid |= putTimes(b, &change)
	if valid == 0 {
		return nil
	}
	put32(b, 0, valid)
	out, err := f.ask(question{opSetattr, n.id, len(b), attrOutBytes})
	if err == nil {
		_, err = f.attributes(i, out)
	}
	return err
}

// putTimes writes the times of fuse_setattr_in and returns the flags for them.
func putTimes(b []byte, change *vfs.Change) (valid uint32) {
	for _, t := range [...]struct {
		change        vfs.TimeChange
		nanos         uint64
		seconds, part int
		set, now      uint32
	}{
		{change.Accessed, change.AccessedNanos, 32, 56, setAccessed, setAccessedNow},
		{change.Modified, change.ModifiedNanos, 40, 60, setModified, setModifiedNow},
	} {
		switch t.change {
		case vfs.TimeNow:
			valid |= t.set | t.now
		case vfs.TimeSet:
			put64(b, t.seconds, t.nanos/nanosPerSecond)
			put32(b, t.part, uint32(t.nanos%nanosPerSecond))
			valid |= t.set
		}
	}
	return valid
}

// ReadLink returns where a link leads.
func (f *FileSystem) ReadLink(node vfs.NodeID) ([]byte, error) {
	_, n, err := f.node(node)
	if err != nil {
		return nil, err
	}
	if n.kind != vfs.Symlink {
		return nil, vfs.ErrNotLink
	}
	f.fresh.node = none
	out, err := f.askUpTo(question{opReadlink, n.id, 0, linkMaxBytes + 1})
	if err != nil {
		return nil, err
	}
	target := f.target[:copy(f.target[:], out)]
	if len(out) > linkMaxBytes {
		return nil, vfs.ErrNameTooLong
	}
	for _, c := range target {
		if c == 0 {
			return nil, f.broken()
		}
	}
	return target, nil
}

// MakeDirectory makes a directory.
func (f *FileSystem) MakeDirectory(directory vfs.NodeID, name []byte) error {
	b := f.args()
	put32(b, 0, makeMode)
	put32(b, 4, 0)
	return f.make(opMkdir, directory, f.putName(8, name))
}

// MakeSymlink makes a symbolic link.
func (f *FileSystem) MakeSymlink(directory vfs.NodeID, name, target []byte) error {
	switch {
	case len(target) > linkMaxBytes:
		return vfs.ErrNameTooLong
	case len(target) == 0:
		return vfs.ErrNotFound // symlink(2)
	}
	return f.make(opSymlink, directory, f.putName(f.putName(0, name), target))
}

// MakeLink gives a file another name.
func (f *FileSystem) MakeLink(node vfs.NodeID, directory vfs.NodeID, name []byte) error {
	_, n, err := f.node(node)
	if err != nil {
		return err
	}
	if n.kind == vfs.Directory {
		return syscall.EPERM
	}
	put64(f.args(), 0, n.id)
	return f.make(opLink, directory, f.putName(8, name))
}

// make asks for something new in a directory. It is looked up thereby, which nobody
// wants.
func (f *FileSystem) make(op opcode, directory vfs.NodeID, n int) error {
	_, d, err := f.node(directory)
	if err != nil {
		return err
	}
	if err := f.nodes.reserve(); err != nil {
		return err
	}
	f.changes++
	out, err := f.ask(question{op, d.id, n, entryOutBytes})
	if err != nil {
		return err
	}
	i, err := f.entry(out)
	f.fresh.node = none
	if err == vfs.ErrNotFound {
		return f.broken()
	}
	if err == nil {
		f.nodes.release(i)
	}
	return err
}

// Unlink removes a name.
func (f *FileSystem) Unlink(directory vfs.NodeID, name []byte) error {
	return f.remove(opUnlink, directory, name)
}

// RemoveDirectory removes an empty directory.
func (f *FileSystem) RemoveDirectory(directory vfs.NodeID, name []byte) error {
	return f.remove(opRmdir, directory, name)
}

// remove looks a name up and removes it: QEMU's virtiofsd answers EIO for what it does not know.
func (f *FileSystem) remove(op opcode, directory vfs.NodeID, name []byte) error {
	_, d, err := f.node(directory)
	if err != nil {
		return err
	}
	if d.kind != vfs.Directory {
		return vfs.ErrNotDirectory
	}
	id := d.id
	i, err := f.lookup(id, name)
	if err != nil {
		return err
	}
	f.changes++
	_, err = f.ask(question{op, id, f.putName(0, name), 0})
	f.removed(i, err)
	return err
}

// Rename renames what has a name; as Unlink, it looks it up first.
func (f *FileSystem) Rename(from vfs.NodeID, fromName []byte, to vfs.NodeID, toName []byte) error {
	_, source, err := f.node(from)
	if err != nil {
		return err
	}
	_, target, err := f.node(to)
	if err != nil {
		return err
	}
	if source.kind != vfs.Directory || target.kind != vfs.Directory {
		return vfs.ErrNotDirectory
	}
	sourceID, targetID := source.id, target.id
	i, err := f.lookup(sourceID, fromName)
	if err != nil {
		return err
	}
	f.changes++
	put64(f.args(), 0, targetID)
	_, err = f.ask(question{opRename, sourceID, f.putName(f.putName(8, fromName), toName), 0})
	f.removed(i, err)
	return err
}

// removed ends what removed or replaced a name; i was looked up for it.
func (f *FileSystem) removed(i uint32, err error) {
	if err == nil {
		f.nodes.removals++
		f.nodes.forgetParked()
	}
	f.nodes.release(i)
}
