package ninep

import (
	"math/rand/v2"
	"syscall"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio/request"
)

// node is a file of the server that somebody holds.
type node struct {
	serial  uint64 // path of its qid
	parent  uint64 // serial of the directory that it was found in
	fid     uint32
	refs    uint32
	next    uint32 // with the same hash, or free; 0: none
	kind    vfs.Type
	regular bool   // it is a File, and no device
	seen    uint64 // its size as far as it is known, as a hint
	// hidden is the number in its hidden name, which the fid leads to then; 0: it has
	// none (removed.go).
	hidden uint32
	// known is set where the fid leads nowhere any more, to what the attributes were.
	known *vfs.Attributes
}

// handle is an open file.
type handle struct {
	node     uint32 // index; 0: the handle is free
	fid      uint32
	appendix uint32 // fid that appends, noFid: not opened yet
	flags    openFlags
	end      uint64 // of the file after the last Append
	next     uint32 // free
}

// FileSystem is a directory of the host (vfs.FileSystem). Nodes and handles are
// indices into its tables; index 0 is nothing.
type FileSystem struct {
	client
	// byPath says that the server knows a file by its path, so that a fid does not
	// outlive the name.
	byPath bool
	copier device.Copier

	nodes    []node
	freeNode uint32
	live     int      // nodes that somebody holds
	buckets  []uint32 // by hash of the serial
	handles  []handle
	freeOpen uint32

	hiding hiding
	link   [linkMaxBytes]byte     // what ReadLink returned last
	name   [nameMaxBytes + 1]byte // of the entry that List visits
}

// linkMaxBytes bounds the target of a link (PATH_MAX).
const linkMaxBytes = 4096

// rootIndex is the node of the root.
const rootIndex = 1

// bucketsFirst is how many buckets the hash of serials has at first.
const bucketsFirst = 64

// Open opens the share behind a virtio device of 9p.
func Open(m request.Machine, log func(string)) (*FileSystem, error) {
	d, err := openDevice(m)
	if err != nil {
		return nil, err
	}
	return open(d, &FileSystem{byPath: true}, log)
}

// OpenStream opens the share of a server at the other end of a stream socket, which
// does not block and which this process has inherited. pause lets the rest of the
// machine go on until there is something to be read; nil: there is no such rest.
func OpenStream(descriptor int, pause func(limit time.Duration), log func(string)) (*FileSystem, error) {
	s, err := openStream(descriptor, pause)
	if err != nil {
		return nil, err
	}
	return open(s, &FileSystem{}, log)
}

func open(c carrier, f *FileSystem, log func(string)) (*FileSystem, error) {
	f.carrier, f.log, f.copier = c, log, device.NewCopier()
	f.hiding.random = rand.Uint32
	f.nodes, f.handles = make([]node, rootIndex), make([]handle, 1)
	f.buckets = make([]uint32, bucketsFirst)
	if err := f.start(); err != nil {
		c.close()
		return nil, err
	}
	fid, err := f.newFid()
	if err != nil {
		return nil, err
	}
	q, err := f.attach(fid)
	if err == nil && q.node() != vfs.Directory {
		err = vfs.ErrNotDirectory
	}
	if err != nil {
		c.close()
		return nil, err
	}
	f.add(q, q.path, fid)
	return f, nil
}

// Arm, Disarm and Pending are those of the device, for waits.
func (f *FileSystem) Arm() (slots uint32, pending bool) { return f.carrier.source().Arm() }

// Disarm takes Arm back.
func (f *FileSystem) Disarm() { f.carrier.source().Disarm() }

// Pending reports whether there is an answer.
func (f *FileSystem) Pending() bool { return f.carrier.source().Pending() }

// Root implements vfs.FileSystem, as the exported methods below.
func (f *FileSystem) Root() vfs.NodeID { return rootIndex }

// find returns the node of a file, or 0.
func (f *FileSystem) find(serial uint64) uint32 {
	i := f.buckets[f.bucket(serial)]
	for i != 0 && f.nodes[i].serial != serial {
		i = f.nodes[i].next
	}
	return i
}

// bucket returns where a serial is looked for (Fibonacci hashing).
func (f *FileSystem) bucket(serial uint64) uint64 {
	const golden = 0x9e37_79b9_7f4a_7c15
	return serial * golden >> 32 & uint64(len(f.buckets)-1)
}

// add makes a node that one holds.
func (f *FileSystem) add(q qid, parent uint64, fid uint32) uint32 {
	if f.live >= len(f.buckets) {
		f.rehash()
	}
	i := f.freeNode
	if i == 0 {
		i = uint32(len(f.nodes))
		f.nodes = append(f.nodes, node{})
	} else {
		f.freeNode = f.nodes[i].next
	}
	b := f.bucket(q.path)
	f.nodes[i] = node{serial: q.path, parent: parent, fid: fid, refs: 1, next: f.buckets[b], kind: q.node()}
	f.buckets[b] = i
	f.live++
	return i
}

// rehash doubles the buckets.
func (f *FileSystem) rehash() {
	old := f.buckets
	f.buckets = make([]uint32, 2*len(old))
	for _, i := range old {
		for i != 0 {
			n := &f.nodes[i]
			next, b := n.next, f.bucket(n.serial)
			n.next, f.buckets[b] = f.buckets[b], i // those that are retired are in none
			i = next
		}
	}
}

// retire has a node not be found any more, because its serial number may be that of
// another file: its own is gone, and known is what it was.
func (f *FileSystem) retire(i uint32, known *vfs.Attributes) {
	n := &f.nodes[i]
	if n.known == nil {
		f.unchain(i)
	}
	n.known = known
}

// unchain takes a node out of its bucket.
func (f *FileSystem) unchain(i uint32) {
	at := &f.buckets[f.bucket(f.nodes[i].serial)]
	for *at != i {
		at = &f.nodes[*at].next
	}
	*at = f.nodes[i].next
}

// remove takes a node out of the table.
func (f *FileSystem) remove(i uint32) {
	if f.nodes[i].known == nil {
		f.unchain(i)
	}
	f.nodes[i] = node{next: f.freeNode}
	f.freeNode = i
	f.live--
}

// hold returns a node for what a walk has found, with one more reference.
func (f *FileSystem) hold(q qid, parent uint64, fid uint32) uint32 {
	i := f.find(q.path)
	if i != 0 && f.nodes[i].kind != q.node() {
		// The host has removed a file and made another one of its number.
		f.retire(i, &vfs.Attributes{Serial: q.path, Type: f.nodes[i].kind})
		i = 0
	}
	if i == 0 {
		return f.add(q, parent, fid)
	}
	n := &f.nodes[i]
	if n.hidden == 0 && i != rootIndex {
		n.fid, fid = fid, n.fid // the newest path is the best one
		n.parent = parent
	}
	f.clunkLater(fid)
	n.refs++
	return i
}

// Lookup implements vfs.FileSystem.
func (f *FileSystem) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	d, err := f.directory(directory, name)
	if err != nil {
		return vfs.Entry{}, err
	}
	fid, q, err := f.walk(d.fid, name)
	if err != nil {
		return vfs.Entry{}, err
	}
	i := f.hold(q, d.serial, fid)
	return vfs.Entry{Node: vfs.NodeID(i), Type: f.nodes[i].kind}, nil
}

// node returns a node that the caller holds.
func (f *FileSystem) node(id vfs.NodeID) (*node, error) {
	if id == 0 || id >= vfs.NodeID(len(f.nodes)) || f.nodes[id].refs == 0 {
		return nil, syscall.EBADF
	}
	return &f.nodes[id], nil
}

// directory returns a directory in which a name can be looked for.
func (f *FileSystem) directory(id vfs.NodeID, name []byte) (*node, error) {
	n, err := f.node(id)
	switch {
	case err != nil:
		return nil, err
	case n.kind != vfs.Directory:
		return nil, vfs.ErrNotDirectory
	case !nameFits(name):
		return nil, vfs.ErrNameTooLong
	case id == rootIndex && isHidden(name):
		return nil, vfs.ErrNotFound
	case n.known != nil:
		return nil, vfs.ErrNotFound // a removed directory is empty
	}
	return n, nil
}

// place is directory for a name that is to be made.
func (f *FileSystem) place(id vfs.NodeID, name []byte) (*node, error) {
	if id == rootIndex && isHidden(name) {
		return nil, syscall.EPERM
	}
	return f.directory(id, name)
}

// Hold implements vfs.FileSystem.
func (f *FileSystem) Hold(id vfs.NodeID) {
	if n, err := f.node(id); err == nil {
		n.refs++
	}
}

// Release implements vfs.FileSystem.
func (f *FileSystem) Release(id vfs.NodeID) {
	n, err := f.node(id)
	if err != nil {
		return
	}
	if n.refs--; n.refs != 0 {
		return
	}
	if id == rootIndex {
		n.refs = 1 // of the file system itself
		return
	}
	fid, hidden := n.fid, n.hidden
	f.remove(uint32(id))
	f.clunkLater(fid)
	if hidden != 0 {
		f.reveal(hidden)
	}
}

// Attributes implements vfs.FileSystem.
func (f *FileSystem) Attributes(id vfs.NodeID) (vfs.Attributes, error) {
	n, err := f.node(id)
	if err != nil {
		return vfs.Attributes{}, err
	}
	if n.known != nil {
		return *n.known, nil
	}
	at, err := f.attributes(n.fid)
	return f.checked(n, at, err)
}

// checked compares attributes that came for a node with it.
func (f *FileSystem) checked(n *node, at vfs.Attributes, err error) (vfs.Attributes, error) {
	if err != nil {
		return vfs.Attributes{}, err
	}
	isOther := n.kind == vfs.File && at.Type == vfs.Other
	if at.Serial != n.serial || at.Type != n.kind && !isOther {
		return vfs.Attributes{}, syscall.ESTALE // the host has put another file there
	}
	n.regular, n.seen = at.Type == vfs.File, at.Size
	if n.hidden != 0 && at.Links > 0 {
		at.Links-- // that name does not count
	}
	return at, nil
}

// SetAttributes implements vfs.FileSystem.
func (f *FileSystem) SetAttributes(id vfs.NodeID, change vfs.Change) error {
	n, err := f.node(id)
	switch {
	case err != nil:
		return err
	case !change.SetSize:
	case n.kind == vfs.Directory:
		return vfs.ErrDirectory
	case n.kind != vfs.File:
		return vfs.ErrInvalid
	case change.Size > vfs.OffsetMax:
		return vfs.ErrTooLarge
	}
	if !change.SetSize && change.Accessed == vfs.TimeKeep && change.Modified == vfs.TimeKeep {
		return nil
	}
	if n.known != nil {
		return syscall.ESTALE
	}
	if f.byPath {
		// What the name leads to now is what would be changed.
		at, err := f.Attributes(id)
		if err == nil && change.SetSize && at.Type != vfs.File {
			err = vfs.ErrInvalid
		}
		if err != nil {
			return err
		}
	}
	if change.SetSize {
		// By itself: a server may set the times first, and then the size changes them.
		if err := f.set(n.fid, setSize, &change); err != nil {
			return err
		}
	}
	if valid := timesOf(&change); valid != 0 {
		return f.set(n.fid, valid, &change)
	}
	return nil
}

// timesOf returns the bits of Tsetattr for the times of a change.
func timesOf(change *vfs.Change) (valid uint32) {
	switch change.Accessed {
	case vfs.TimeNow:
		valid |= setAccessed
	case vfs.TimeSet:
		valid |= setAccessed | setAccessedSet
	default:
	}
	switch change.Modified {
	case vfs.TimeNow:
		valid |= setModified
	case vfs.TimeSet:
		valid |= setModified | setModifiedSet
	default:
	}
	return valid
}

// set changes attributes of a fid.
func (f *FileSystem) set(fid, valid uint32, change *vfs.Change) error {
	s := f.beginFid(kindSetattr, fid)
	s.uint32(valid)
	s.uint32(0) // mode, uid, gid
	s.uint32(nobody)
	s.uint32(nobody)
	s.uint64(change.Size)
	s.uint64(change.AccessedNanos / nanosPerSecond)
	s.uint64(change.AccessedNanos % nanosPerSecond)
	s.uint64(change.ModifiedNanos / nanosPerSecond)
	s.uint64(change.ModifiedNanos % nanosPerSecond)
	return f.ok(s)
}

// ReadLink implements vfs.FileSystem.
func (f *FileSystem) ReadLink(id vfs.NodeID) ([]byte, error) {
	n, err := f.node(id)
	switch {
	case err != nil:
		return nil, err
	case n.kind != vfs.Symlink:
		return nil, vfs.ErrNotLink
	}
	const inHead = dataHeadBytes - headerBytes - 2 // bytes of the target that come with the head
	s := f.beginFid(kindReadlink, n.fid)
	s.headBytes, s.into = dataHeadBytes, f.data.Part(0, linkMaxBytes)
	a, err := f.call(s)
	if err != nil {
		return nil, err
	}
	length := int(a.uint16())
	if a.bad || s.bytes != headerBytes+2+length || length > linkMaxBytes {
		return nil, f.lie("Rreadlink")
	}
	target := f.link[:length]
	copy(target, a.b)
	if length > inHead {
		copy(target[inHead:], s.into.Bytes)
	}
	for _, b := range target {
		if b == 0 {
			return nil, f.lie("the target of a link with a zero byte")
		}
	}
	return target, nil
}
