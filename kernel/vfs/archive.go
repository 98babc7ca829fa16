package vfs

import (
	"bytes"

	"mewz/abi"
)

// Archive is the read-only file system of an image, abi.Archive.
type Archive struct {
	archive abi.Archive
}

// OpenArchive opens the archive in b, which must stay as it is.
func OpenArchive(b []byte) (*Archive, error) {
	archive, err := abi.OpenArchive(b)
	if err != nil {
		return nil, err
	}
	a := &Archive{archive}
	if attributes, err := a.Attributes(a.Root()); err != nil || attributes.Type != Directory {
		return nil, ErrDamaged
	}
	return a, nil
}

// Root returns node 0.
func (a *Archive) Root() NodeID { return 0 }

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

// Attributes returns what the archive says about a node.
func (a *Archive) Attributes(node NodeID) (Attributes, error) {
	n, _, _, err := a.node(node)
	if err != nil {
		return Attributes{}, err
	}
	return Attributes{
		Node: node, Type: Type(n.Type), Links: max(uint64(n.Links), 1),
		Size: n.Size, ModifiedNanos: n.ModifiedNanos,
	}, nil
}

// Lookup searches the sorted entries of a directory.
func (a *Archive) Lookup(directory NodeID, name []byte) (Entry, error) {
	n, err := a.directory(directory)
	if err != nil {
		return Entry{}, err
	}
	low, high := uint64(0), n.Size
	for low < high {
		middle := low + (high-low)/2
		entry, err := a.entry(n, middle)
		if err != nil {
			return Entry{}, err
		}
		switch order := bytes.Compare(entry.Name, name); {
		case order == 0:
			return entry, nil
		case order < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return Entry{}, ErrNotFound
}

// Parent returns the directory that holds directory.
func (a *Archive) Parent(directory NodeID) (NodeID, error) {
	n, err := a.directory(directory)
	return NodeID(n.Parent), err
}

// Entry returns the entry of directory at index.
func (a *Archive) Entry(directory NodeID, index uint64) (Entry, error) {
	n, err := a.directory(directory)
	if err != nil {
		return Entry{}, err
	}
	if index >= n.Size {
		return Entry{}, ErrNotFound
	}
	return a.entry(n, index)
}

func (a *Archive) entry(directory abi.ArchiveNode, index uint64) (Entry, error) {
	node := NodeID(directory.DataOffset + index) // NodeBytes checked that all children exist
	n, name, _, err := a.node(node)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Node: node, Type: Type(n.Type), Name: name}, nil
}

// Link returns where a symbolic link leads.
func (a *Archive) Link(node NodeID) ([]byte, error) {
	n, _, data, err := a.node(node)
	if err != nil {
		return nil, err
	}
	if n.Type != abi.ArchiveSymlink {
		return nil, ErrNotLink
	}
	return data, nil
}

// Bytes returns the bytes of a file where they lie in the image.
func (a *Archive) Bytes(node NodeID, offset, most uint64) ([]byte, error) {
	n, _, data, err := a.node(node)
	switch {
	case err != nil:
		return nil, err
	case n.Type == abi.ArchiveDirectory:
		return nil, ErrDirectory
	case offset >= uint64(len(data)):
		return nil, nil
	}
	data = data[offset:]
	return data[:min(most, uint64(len(data)))], nil
}
