package vfs

import "syscall"

// Errors of a file system are numbers of POSIX, as Linux counts them
// (syscall.Errno): what a host or a device answers passes through unchanged.
// Those that this package itself tells apart have names.
var (
	ErrNotFound     error = syscall.ENOENT
	ErrNotDirectory error = syscall.ENOTDIR
	ErrDirectory    error = syscall.EISDIR
	ErrLoop         error = syscall.ELOOP
	ErrNameTooLong  error = syscall.ENAMETOOLONG
	ErrEscape       error = syscall.EPERM // the path leaves the directory that it began in
	ErrInvalid      error = syscall.EINVAL
	ErrNotLink      error = syscall.EINVAL
	ErrDamaged      error = syscall.EIO
	ErrReadOnly     error = syscall.EROFS
	ErrExists       error = syscall.EEXIST
	ErrNotEmpty     error = syscall.ENOTEMPTY
	ErrNoSpace      error = syscall.ENOSPC
	ErrCrossDevice  error = syscall.EXDEV
	ErrTooLarge     error = syscall.EFBIG
	ErrTooManyLinks error = syscall.EMLINK
	ErrNotSupported error = syscall.EOPNOTSUPP
)

// NodeID names a file, directory or symbolic link of one file system, for as long
// as somebody holds a reference to it. The file lives on without a name until the
// last reference is given back.
type NodeID uint64

// Handle names an open file or directory of one file system, from Open or Create
// to Close.
type Handle uint64

// Type is what a node is.
type Type uint8

// Types of nodes. Other is what only a host has: a device, a pipe, a socket; it
// can be looked at, renamed and removed, but not opened.
const (
	Directory Type = iota + 1
	File
	Symlink
	Other
)

// Attributes are what stat(2) tells of a node.
type Attributes struct {
	// Serial is the inode number: not 0, one for each file of a file system, the
	// same for all names of a file, and the same for as long as it exists.
	Serial uint64
	Type   Type
	Links  uint64
	Size   uint64 // bytes of a file or of a link's target; of a directory anything
	// Times in nanoseconds since 1970: of the last reading, change of the
	// content, change of the attributes.
	AccessedNanos, ModifiedNanos, ChangedNanos uint64
}

// TimeChange is what becomes of a time.
type TimeChange uint8

// Changes of a time.
const (
	TimeKeep TimeChange = iota
	TimeNow
	TimeSet
)

// Change is a change of attributes; the zero value changes nothing.
type Change struct {
	SetSize bool
	Size    uint64 // cuts, or extends by zeroes that take no room

	Accessed, Modified           TimeChange
	AccessedNanos, ModifiedNanos uint64 // of TimeSet
}

// Mode says how a file is opened.
type Mode uint8

// Modes of opening. A directory is opened with ModeRead only.
const (
	ModeRead     Mode = 1 << 0
	ModeWrite    Mode = 1 << 1
	ModeTruncate Mode = 1 << 2 // to 0 bytes; with ModeWrite
	// ModeSync and ModeDataSync have every write wait until it is safe, as Sync
	// and Sync(data) afterwards would (O_SYNC, O_DSYNC).
	ModeSync     Mode = 1 << 3
	ModeDataSync Mode = 1 << 4
)

// Entry is what a name leads to.
type Entry struct {
	Node NodeID
	Type Type
}

// DirectoryEntry is one name in a listing.
type DirectoryEntry struct {
	Serial uint64 // 0: not known, look it up
	Type   Type   // 0: not known
	Name   []byte // valid during the visit
	Next   uint64 // cookie of what follows
}

// FileSystem is a tree of files. One goroutine calls it. A call that has to wait
// for a device lets the rest of the machine go on meanwhile, which calls no file
// system; so no call begins before another has ended.
//
// Names are 1 to 255 bytes, without / and zero bytes, and neither . nor ..;
// Resolve makes sure of it. What may be wrong with a node or handle besides what
// is said here: ErrDamaged (EIO) for a file system or device that fails. A file
// system that cannot be changed answers ErrReadOnly to every change that would be
// right otherwise; its nodes and handles need not be counted.
//
// An acknowledged change is seen by every later call. It outlives the machine
// where the file system is of a host or a volume, at the latest after Sync.
type FileSystem interface {
	// Root returns the root directory, to which the file system itself holds a
	// reference.
	Root() NodeID

	// Lookup finds a name in a directory. The caller holds a reference to the node
	// then. Errors: ErrNotFound, ErrNotDirectory.
	Lookup(directory NodeID, name []byte) (Entry, error)
	// Hold takes another reference to a node; Release gives one back.
	Hold(node NodeID)
	Release(node NodeID)

	Attributes(node NodeID) (Attributes, error)
	// SetAttributes changes size and times. Errors: ErrDirectory and ErrInvalid for
	// the size of what is no file, ErrTooLarge, ErrNoSpace.
	SetAttributes(node NodeID, change Change) error

	// Open opens a file or directory. Errors: ErrDirectory for a directory to be
	// written, ErrNotSupported for Other, ErrLoop for a link.
	Open(node NodeID, mode Mode) (Handle, error)
	// Create makes a file and opens it; the caller holds a reference to it. Errors:
	// ErrExists, ErrNoSpace.
	Create(directory NodeID, name []byte, mode Mode) (Entry, Handle, error)
	// Close ends a handle. An error says that something written before is lost; the
	// handle is closed all the same.
	Close(h Handle) error

	// Read fills buffers from offset on. It returns less than they hold only at the
	// end of the file, or after an error in the middle.
	Read(h Handle, into [][]byte, offset uint64) (int, error)
	// Write writes buffers at offset, extending the file where needed. It returns
	// less than they hold only with an error, or when the next call would return
	// one. Errors: ErrNoSpace, ErrTooLarge beyond OffsetMax.
	Write(h Handle, from [][]byte, offset uint64) (int, error)
	// Append writes at the end of the file, wherever that is now, and returns where
	// the end is afterwards.
	Append(h Handle, from [][]byte) (n int, end uint64, err error)
	// Allocate makes room for [offset, offset+bytes), which extends the file where
	// needed, so that writing there does not fail with ErrNoSpace.
	Allocate(h Handle, offset, bytes uint64) error
	// Sync waits until what was written through any handle of the file is safe, with
	// the attributes or, if data is set, only those needed to find the data. Of a
	// directory it is the names in it.
	Sync(h Handle, data bool) error

	// List visits the entries of an open directory from cookie on, 0 for the first,
	// until visit returns false. The first two are . and .., that of the root too. A cookie stays valid
	// until the handle is closed and beyond, whatever is created or removed: an
	// entry that was there all the time is visited exactly once.
	List(h Handle, cookie uint64, visit func(e *DirectoryEntry) bool) error

	// ReadLink returns where a symbolic link leads, valid until the next call.
	// Errors: ErrNotLink.
	ReadLink(node NodeID) ([]byte, error)

	// MakeDirectory, MakeSymlink and MakeLink give a new thing, or a node that is no
	// directory, a name. Errors: ErrExists, ErrNoSpace; of MakeLink syscall.EPERM
	// for a directory, ErrTooManyLinks; of MakeSymlink ErrNameTooLong, for a target is
	// 1 to 4095 bytes, none of them zero (Resolve follows no other).
	MakeDirectory(directory NodeID, name []byte) error
	MakeSymlink(directory NodeID, name, target []byte) error
	MakeLink(node NodeID, directory NodeID, name []byte) error
	// Unlink removes the name of what is no directory. Errors: ErrDirectory.
	Unlink(directory NodeID, name []byte) error
	// RemoveDirectory removes an empty directory. Errors: ErrNotDirectory,
	// ErrNotEmpty.
	RemoveDirectory(directory NodeID, name []byte) error
	// Rename gives what has a name another one, at once, as rename(2): it replaces
	// what is there if that is of the same kind and, as a directory, empty; two names
	// of one file stay as they are. Errors: ErrInvalid for a directory into itself or
	// below, ErrDirectory, ErrNotDirectory, ErrNotEmpty.
	Rename(from NodeID, fromName []byte, to NodeID, toName []byte) error
}

// OffsetMax is the greatest size of a file (off_t).
const OffsetMax = 1<<63 - 1
