package vfs

import "errors"

// Errors of a file system, named after what POSIX calls them.
var (
	ErrNotFound     = errors.New("vfs: no such file or directory")    // ENOENT
	ErrNotDirectory = errors.New("vfs: not a directory")              // ENOTDIR
	ErrDirectory    = errors.New("vfs: is a directory")               // EISDIR
	ErrLoop         = errors.New("vfs: too many symbolic links")      // ELOOP
	ErrNameTooLong  = errors.New("vfs: name too long")                // ENAMETOOLONG
	ErrEscape       = errors.New("vfs: path leaves the directory")    // EPERM
	ErrInvalid      = errors.New("vfs: path contains a zero byte")    // EINVAL
	ErrNotLink      = errors.New("vfs: not a symbolic link")          // EINVAL
	ErrDamaged      = errors.New("vfs: the file system is damaged")   // EIO
	ErrReadOnly     = errors.New("vfs: the file system is read-only") // EROFS
	ErrExists       = errors.New("vfs: file exists")                  // EEXIST
)

// NodeID names a file, directory or symbolic link of one file system.
type NodeID uint64

// Type is what a node is.
type Type uint8

// Types of nodes.
const (
	Directory Type = iota + 1
	File
	Symlink
)

// Attributes are what stat(2) tells of a node.
type Attributes struct {
	Node          NodeID
	Type          Type
	Links         uint64
	Size          uint64
	ModifiedNanos uint64 // since 1970
}

// Entry is one name in a directory.
type Entry struct {
	Node NodeID
	Type Type
	Name []byte // valid for as long as the file system is
}

// FileSystem is a tree of nodes.
type FileSystem interface {
	// Root returns the root directory.
	Root() NodeID
	// Attributes returns what is known of a node.
	Attributes(node NodeID) (Attributes, error)
	// Lookup returns the entry of directory with name; . and .. are no names.
	Lookup(directory NodeID, name []byte) (Entry, error)
	// Parent returns the directory that holds directory; the root's is itself.
	Parent(directory NodeID) (NodeID, error)
	// Entry returns the entry of directory at index, or ErrNotFound beyond the
	// last. The order does not change.
	Entry(directory NodeID, index uint64) (Entry, error)
	// Link returns where a symbolic link leads.
	Link(node NodeID) ([]byte, error)
	// Bytes returns the bytes of a file from offset on, at most max of them and
	// at least one before the end; they are valid for as long as the file
	// system is.
	Bytes(node NodeID, offset, max uint64) ([]byte, error)
}
