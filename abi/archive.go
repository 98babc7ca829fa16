package abi

import (
	"encoding/binary"
	"errors"
)

// The archive is the read-only file system of an image. It is used where it
// lies: a table of nodes, then names, then the bytes of the files.
//
//	header   ArchiveHeaderBytes: magic, uint64 number of nodes
//	nodes    ArchiveNodeBytes each; node 0 is the root directory
//	names    without terminator
//	data     each file from a page boundary
//
// The children of a directory are consecutive nodes sorted by name (bytes), so
// a lookup is a binary search and readdir a walk. All offsets are from the
// start of the archive; all numbers are little-endian.
const (
	archiveMagic       = "mewzarc1"
	ArchiveHeaderBytes = 16
	ArchiveNodeBytes   = 64
	ArchiveNameMax     = 255  // bytes in one name (POSIX NAME_MAX)
	ArchiveLinkMax     = 4096 // bytes in a symbolic link (POSIX PATH_MAX)
)

// ArchiveType is what a node is.
type ArchiveType uint8

const (
	ArchiveDirectory ArchiveType = 1
	ArchiveFile      ArchiveType = 2
	ArchiveSymlink   ArchiveType = 3
)

// ArchiveNode is one file, directory or symbolic link.
type ArchiveNode struct {
	Type          ArchiveType
	Mode          uint16 // permission bits of the host
	NameBytes     uint16
	Links         uint32 // number of names of a file, entries of a directory
	NameOffset    uint64
	Parent        uint64 // node index; the root is its own parent
	DataOffset    uint64 // directory: index of the first child; else offset of the bytes
	Size          uint64 // directory: number of children; else bytes
	ModifiedNanos uint64 // since 1970
}

// ErrArchive is returned for bytes that are no archive.
var ErrArchive = errors.New("abi: not an archive of this version of mewz")

// AppendArchiveHeader appends the header of an archive of nodes nodes.
func AppendArchiveHeader(b []byte, nodes uint64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, archiveMagic...), nodes)
}

// AppendArchiveNode appends the encoding of n, ArchiveNodeBytes long.
func AppendArchiveNode(b []byte, n *ArchiveNode) []byte {
	le := binary.LittleEndian
	b = append(b, byte(n.Type), 0)
	b = le.AppendUint16(b, n.Mode)
	b = le.AppendUint16(b, n.NameBytes)
	b = append(b, 0, 0)
	b = le.AppendUint32(b, n.Links)
	b = append(b, 0, 0, 0, 0)
	for _, v := range []uint64{n.NameOffset, n.Parent, n.DataOffset, n.Size, n.ModifiedNanos, 0} {
		b = le.AppendUint64(b, v)
	}
	return b
}

// Archive is an archive in memory whose header is right. Its nodes are checked
// as they are read.
type Archive struct {
	bytes []byte
	Nodes uint64
}

// OpenArchive checks the header of b.
func OpenArchive(b []byte) (Archive, error) {
	if len(b) < ArchiveHeaderBytes || string(b[:8]) != archiveMagic {
		return Archive{}, ErrArchive
	}
	n := binary.LittleEndian.Uint64(b[8:])
	if n == 0 || n > uint64(len(b)-ArchiveHeaderBytes)/ArchiveNodeBytes {
		return Archive{}, ErrArchive
	}
	return Archive{b, n}, nil
}

// Node returns node i with name and, for files and links, its bytes.
func (a *Archive) Node(i uint64) (n ArchiveNode, name string, data []byte, err error) {
	n, nameBytes, data, err := a.NodeBytes(i)
	return n, string(nameBytes), data, err
}

// NodeBytes is Node without an allocation: name lies in the archive.
func (a *Archive) NodeBytes(i uint64) (n ArchiveNode, name, data []byte, err error) {
	if i >= a.Nodes {
		return n, nil, nil, ErrArchive
	}
	le := binary.LittleEndian
	b := (*[ArchiveNodeBytes]byte)(a.bytes[ArchiveHeaderBytes+i*ArchiveNodeBytes:])
	n = ArchiveNode{
		Type: ArchiveType(b[0]), Mode: le.Uint16(b[2:]), NameBytes: le.Uint16(b[4:]), Links: le.Uint32(b[8:]),
		NameOffset: le.Uint64(b[16:]), Parent: le.Uint64(b[24:]), DataOffset: le.Uint64(b[32:]),
		Size: le.Uint64(b[40:]), ModifiedNanos: le.Uint64(b[48:]),
	}
	name, ok := a.slice(n.NameOffset, uint64(n.NameBytes))
	switch n.Type {
	case ArchiveDirectory:
		ok = ok && n.DataOffset <= a.Nodes && n.Size <= a.Nodes-n.DataOffset
	case ArchiveFile, ArchiveSymlink:
		var dataOK bool
		data, dataOK = a.slice(n.DataOffset, n.Size)
		ok = ok && dataOK
	default:
		ok = false
	}
	if !ok || n.Parent >= a.Nodes {
		return n, nil, nil, ErrArchive
	}
	return n, name, data, nil
}

// Entry returns type and name of node i, which is what a search needs; it checks no more
// than that.
func (a *Archive) Entry(i uint64) (t ArchiveType, name []byte, err error) {
	if i >= a.Nodes {
		return 0, nil, ErrArchive
	}
	le := binary.LittleEndian
	b := (*[ArchiveNodeBytes]byte)(a.bytes[ArchiveHeaderBytes+i*ArchiveNodeBytes:])
	t = ArchiveType(b[0])
	name, ok := a.slice(le.Uint64(b[16:]), uint64(le.Uint16(b[4:])))
	if !ok || t < ArchiveDirectory || t > ArchiveSymlink {
		return 0, nil, ErrArchive
	}
	return t, name, nil
}

// Data returns the type of node i and, if it is no directory, its bytes: what a read
// needs; it checks no more than that.
func (a *Archive) Data(i uint64) (data []byte, t ArchiveType, err error) {
	if i >= a.Nodes {
		return nil, 0, ErrArchive
	}
	le := binary.LittleEndian
	b := (*[ArchiveNodeBytes]byte)(a.bytes[ArchiveHeaderBytes+i*ArchiveNodeBytes:])
	ok := true
	if t = ArchiveType(b[0]); t != ArchiveDirectory {
		data, ok = a.slice(le.Uint64(b[32:]), le.Uint64(b[40:]))
	}
	if !ok || t < ArchiveDirectory || t > ArchiveSymlink {
		return nil, 0, ErrArchive
	}
	return data, t, nil
}

// Directory returns where the children of directory i are, and how many; it checks that they
// exist. What is no directory has the type that is returned, and no children.
func (a *Archive) Directory(i uint64) (first, count uint64, t ArchiveType, err error) {
	if i >= a.Nodes {
		return 0, 0, 0, ErrArchive
	}
	le := binary.LittleEndian
	b := (*[ArchiveNodeBytes]byte)(a.bytes[ArchiveHeaderBytes+i*ArchiveNodeBytes:])
	if t = ArchiveType(b[0]); t != ArchiveDirectory {
		return 0, 0, t, nil
	}
	first, count = le.Uint64(b[32:]), le.Uint64(b[40:])
	if first > a.Nodes || count > a.Nodes-first {
		return 0, 0, 0, ErrArchive
	}
	return first, count, t, nil
}

func (a *Archive) slice(offset, size uint64) ([]byte, bool) {
	total := uint64(len(a.bytes))
	if offset > total || size > total-offset {
		return nil, false
	}
	return a.bytes[offset : offset+size : offset+size], true
}
