package vfs

import (
	"bytes"

	"mewz/abi"
	"mewz/kernel/device"
)

// Archive is the read-only file system of an image, abi.Archive. A node is its
// index there and so is a handle: neither is counted, nothing is allocated.
type Archive struct {
	readOnly
	archive abi.Archive
	copier  device.Copier
	visited DirectoryEntry // what List shows; it lies here so that nothing is allocated
}

// OpenArchive opens the archive in b, which must stay as it is.
func OpenArchive(b []byte) (*Archive, error) {
	archive, err := abi.OpenArchive(b)
	if err != nil {
		return nil, err
	}
	a := &Archive{archive: archive, copier: device.NewCopier()}
	a.self = a
	if attributes, err := a.Attributes(a.Root()); err != nil || attributes.Type != Directory {
		return nil, ErrDamaged
	}
	return a, nil
}

// Root returns node 0.
func (a *Archive) Root() NodeID { return 0 }

// Hold and Release do nothing: nodes are not counted.
func (a *Archive) Hold(NodeID) {}

// Release does nothing.
func (a *Archive) Release(NodeID) {}

// node reads a node; what is damaged is said to be so.
func (a *Archive) node(node NodeID) (n abi.ArchiveNode, name, data []byte, err error) {
	n, name, data, err = a.archive.NodeBytes(uint64(node))
	if err != nil {
		return n, nil, nil, ErrDamaged
	}
	return n, name, data, nil
}

// directory reads a node that has to be a directory.
func (a *Archive) directory(node NodeID) (abi.ArchiveNode, error) {
	n, _, _, err := a.node(node)
	if err == nil && n.Type != abi.ArchiveDirectory {
		err = ErrNotDirectory
	}
	return n, err
}

// serialOf is the inode number of a node: its index, but never 0.
func serialOf(node NodeID) uint64 { return uint64(node) + 1 }

// Attributes returns what the archive says about a node. It holds one time and
// one name for each; of directories it counts no links (1, as others do that do
// not count).
func (a *Archive) Attributes(node NodeID) (Attributes, error) {
	n, _, _, err := a.node(node)
	if err != nil {
		return Attributes{}, err
	}
	return Attributes{
		Serial: serialOf(node), Type: Type(n.Type), Links: 1, Size: n.Size,
		AccessedNanos: n.ModifiedNanos, ModifiedNanos: n.ModifiedNanos, ChangedNanos: n.ModifiedNanos,
	}, nil
}

// Lookup searches the sorted entries of a directory.
func (a *Archive) Lookup(directory NodeID, name []byte) (Entry, error) {
	first, count, kind, err := a.archive.Directory(uint64(directory))
	switch {
	case err != nil:
		return Entry{}, ErrDamaged
	case kind != abi.ArchiveDirectory:
		return Entry{}, ErrNotDirectory
	}
	for low, high := first, first+count; low < high; {
		middle := low + (high-low)/2
		kind, childName, err := a.archive.Entry(middle)
		if err != nil {
			return Entry{}, ErrDamaged
		}
		switch order := bytes.Compare(childName, name); {
		case order == 0:
			return Entry{Node: NodeID(middle), Type: Type(kind)}, nil
		case order < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return Entry{}, ErrNotFound
}

// ReadLink returns where a symbolic link leads; it stays valid.
func (a *Archive) ReadLink(node NodeID) ([]byte, error) {
	n, _, data, err := a.node(node)
	if err != nil {
		return nil, err
	}
	if n.Type != abi.ArchiveSymlink {
		return nil, ErrNotLink
	}
	return data, nil
}

// Open returns the node as a handle; it can be used without, too.
func (a *Archive) Open(node NodeID, mode Mode) (Handle, error) {
	n, _, _, err := a.node(node)
	if err != nil {
		return 0, err
	}
	return Handle(node), openError(Type(n.Type), mode)
}

// Close does nothing.
func (a *Archive) Close(Handle) error { return nil }

// Sync has nothing to wait for.
func (a *Archive) Sync(Handle, bool) error { return nil }

// Read copies from where the bytes of the file lie in the image.
func (a *Archive) Read(h Handle, into [][]byte, offset uint64) (int, error) {
	data, err := a.Bytes(NodeID(h), offset)
	return scatter(a.copier, into, data), err
}

// scatter copies data into buffers one after the other.
func scatter(copier device.Copier, into [][]byte, data []byte) (n int) {
	for i := 0; i < len(into) && len(data) != 0; i++ {
		copied := copier.Copy(into[i], data)
		data = data[copied:]
		n += copied
	}
	return n
}

// Bytes returns the bytes of a file from offset on, where they lie in the image.
func (a *Archive) Bytes(node NodeID, offset uint64) ([]byte, error) {
	data, kind, err := a.archive.Data(uint64(node))
	switch {
	case err != nil:
		return nil, ErrDamaged
	case kind == abi.ArchiveDirectory:
		return nil, ErrDirectory
	case kind != abi.ArchiveFile:
		return nil, ErrInvalid
	case offset >= uint64(len(data)):
		return nil, nil
	}
	return data[offset:], nil
}

// dotEntries is how many entries are listed before those of the archive: . and ..
const dotEntries = 2

// List visits the children in their order; a cookie is how many come before it.
func (a *Archive) List(h Handle, cookie uint64, visit func(e *DirectoryEntry) bool) error {
	n, err := a.directory(NodeID(h))
	if err != nil {
		return err
	}
	a.visited = DirectoryEntry{}
	if !listDots(&a.visited, cookie, serialOf(NodeID(h)), serialOf(NodeID(n.Parent)), visit) {
		return nil
	}
	for i := max(cookie, dotEntries) - dotEntries; i < n.Size; i++ {
		node := n.DataOffset + i
		kind, name, err := a.archive.Entry(node)
		if err != nil {
			return ErrDamaged
		}
		e := &a.visited // field by field: a literal would be made elsewhere and copied
		e.Serial, e.Type, e.Name, e.Next = serialOf(NodeID(node)), Type(kind), name, i+dotEntries+1
		if !visit(e) {
			return nil
		}
	}
	return nil
}

// listDots visits . and .., where cookie is before them, and reports whether to
// go on.
func listDots(e *DirectoryEntry, cookie, self, parent uint64, visit func(e *DirectoryEntry) bool) bool {
	for i := cookie; i < dotEntries; i++ {
		*e = DirectoryEntry{Serial: self, Type: Directory, Name: dotNames[:i+1], Next: i + 1}
		if i == 1 {
			e.Serial = parent
		}
		if !visit(e) {
			return false
		}
	}
	return true
}

// dotNames is what the first two entries are called.
var dotNames = [dotEntries]byte{'.', '.'}
