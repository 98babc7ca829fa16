package fuse

import (
	"time"

	"encoding/binary"

	"mewz/kernel/vfs"
)

// opcode says what a request asks for (enum fuse_opcode).
type opcode uint32

const (
	opLookup      opcode = 1
	opGetattr     opcode = 3
	opSetattr     opcode = 4
	opReadlink    opcode = 5
	opSymlink     opcode = 6
	opMkdir       opcode = 9
	opUnlink      opcode = 10
	opRmdir       opcode = 11
	opRename      opcode = 12
	opLink        opcode = 13
	opOpen        opcode = 14
	opRead        opcode = 15
	opWrite       opcode = 16
	opRelease     opcode = 18
	opFsync       opcode = 20
	opFlush       opcode = 25
	opInit        opcode = 26
	opOpendir     opcode = 27
	opReaddir     opcode = 28
	opReleasedir  opcode = 29
	opFsyncdir    opcode = 30
	opCreate      opcode = 35
	opDestroy     opcode = 38
	opBatchForget opcode = 42
	opFallocate   opcode = 43
)

// Version of the protocol: major has to be the same, minor is the greatest that
// both know.
const (
	versionMajor = 7
	versionMinor = 31
	minorLeast   = 27 // what virtiofsd has always had
)

// initFlags is what INIT agrees on.
type initFlags uint32

const (
	initAsyncRead    initFlags = 1 << 0  // FUSE_ASYNC_READ: several reads of a handle at once
	initAtomicTrunc  initFlags = 1 << 3  // FUSE_ATOMIC_O_TRUNC: OPEN may truncate
	initBigWrites    initFlags = 1 << 5  // FUSE_BIG_WRITES: more than a page
	initParallelDirs initFlags = 1 << 18 // FUSE_PARALLEL_DIROPS
	initMaxPages     initFlags = 1 << 22 // FUSE_MAX_PAGES: max_pages is valid
	initWanted                 = initAsyncRead | initAtomicTrunc | initBigWrites | initParallelDirs | initMaxPages
)

// Sizes of the structures on the wire.
const (
	inHeaderBytes    = 40
	outHeaderBytes   = 16
	attrBytes        = 88
	attrOutBytes     = 16 + attrBytes
	entryOutBytes    = 40 + attrBytes
	openOutBytes     = 16
	initOutBytes     = 64
	writeOutBytes    = 8
	batchHeadBytes   = 8
	forgetBytes      = 16
	direntHeadBytes  = 24
	direntAlign      = 8
	readInBytes      = 40 // as write
	rootNode         = 1  // FUSE_ROOT_ID
	errnoMax         = 511
	nanosPerSecond   = 1_000_000_000
	secondsMaxOfTime = (1<<64 - 1) / nanosPerSecond
)

// Flags of requests.
const (
	getattrHandle    = 1 << 0 // FUSE_GETATTR_FH
	fsyncData        = 1 << 0 // FUSE_FSYNC_FDATASYNC
	setSize          = 1 << 3 // FATTR_SIZE
	setAccessed      = 1 << 4 // FATTR_ATIME
	setModified      = 1 << 5 // FATTR_MTIME
	setHandle        = 1 << 6 // FATTR_FH
	setAccessedNow   = 1 << 7 // FATTR_ATIME_NOW
	setModifiedNow   = 1 << 8 // FATTR_MTIME_NOW
	openDirect       = 1 << 0 // FOPEN_DIRECT_IO: nothing may be kept
	createMode       = vfs.ModeFile | 0o644
	makeMode         = 0o755
	direntDirectory  = 4 // DT_DIR
	direntFile       = 8 // DT_REG
	direntSymlink    = 10
	nameMaxBytes     = 255
	linkMaxBytes     = 4095 // PATH_MAX without the zero
	fileMaxBytes     = vfs.OffsetMax
	flagReadOnly     = 0 // O_RDONLY
	flagWriteOnly    = 0o1
	flagReadWrite    = 0o2
	flagCreate       = 0o100
	flagExclusive    = 0o200
	flagTruncate     = 0o1000
	flagAppend       = 0o2000
	flagDataSync     = 0o10000
	flagLarge        = 0o100000
	flagDirectory    = 0o200000
	flagSync         = 0o4010000 // O_SYNC: with O_DSYNC
	flagsOfDirectory = flagReadOnly | flagLarge | flagDirectory
)

func get32(b []byte, at int) uint32    { return binary.LittleEndian.Uint32(b[at:]) }
func get64(b []byte, at int) uint64    { return binary.LittleEndian.Uint64(b[at:]) }
func put32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
func put64(b []byte, at int, v uint64) { binary.LittleEndian.PutUint64(b[at:], v) }

// putHeader writes fuse_in_header. All is done as root of the share: virtiofsd itself
// has no more rights than the user who started it.
func putHeader(b []byte, q question, unique uint64) {
	put32(b, 0, uint32(inHeaderBytes+q.in))
	put32(b, 4, uint32(q.op))
	put64(b, 8, unique)
	put64(b, 16, q.node)
	put64(b, 24, 0) // user and group
	put64(b, 32, 0) // process, extensions
}

// typeOfMode is what st_mode says; 0: nothing that exists.
func typeOfMode(mode uint32) vfs.Type {
	if mode&vfs.ModeType == 0 {
		return 0
	}
	return vfs.TypeOfMode(mode)
}

// typeOfEntry is what d_type says; 0: not known.
func typeOfEntry(kind uint32) vfs.Type {
	switch kind {
	case direntFile:
		return vfs.File
	case direntDirectory:
		return vfs.Directory
	case direntSymlink:
		return vfs.Symlink
	case 0:
		return 0
	default:
		return vfs.Other
	}
}

// parseAttributes reads fuse_attr, each field once; false: no file has such.
func parseAttributes(b []byte) (vfs.Attributes, bool) {
	a := vfs.Attributes{
		Serial: get64(b, 0), Size: get64(b, 8), Type: typeOfMode(get32(b, 60)), Links: uint64(get32(b, 64)),
		AccessedNanos: nanos(get64(b, 24), get32(b, 48)),
		ModifiedNanos: nanos(get64(b, 32), get32(b, 52)),
		ChangedNanos:  nanos(get64(b, 40), get32(b, 56)),
	}
	return a, a.Serial != 0 && a.Type != 0 && a.Size <= fileMaxBytes
}

// nanos joins the two halves of a time. What is before 1970 or after 2554 is the
// nearest time that there is.
func nanos(seconds uint64, part uint32) uint64 {
	switch {
	case int64(seconds) < 0:
		return 0
	case seconds >= secondsMaxOfTime:
		return 1<<64 - 1
	}
	return seconds*nanosPerSecond + uint64(min(part, nanosPerSecond-1))
}

// entryAnswer is fuse_entry_out: what a name leads to.
type entryAnswer struct {
	node       uint64
	attributes vfs.Attributes
	keep       bool // the attributes may be used for a moment
	// stands is how long the name may be kept, as far as that is done at all.
	stands time.Duration
}

// parseEntry reads fuse_entry_out; false: it is against the rules.
func parseEntry(b []byte) (entryAnswer, bool) {
	e := entryAnswer{node: get64(b, 0), keep: get64(b, 24) != 0 || get32(b, 36) != 0}
	if e.node == 0 {
		return e, true // there is no such name
	}
	if e.stands = min(time.Duration(get32(b, 32)), keepFor); get64(b, 16) != 0 {
		e.stands = keepFor
	}
	var ok bool
	e.attributes, ok = parseAttributes(b[40:])
	return e, ok
}

// direntBytes is how much an entry with a name of n bytes takes.
func direntBytes(n int) int { return (direntHeadBytes + n + direntAlign - 1) &^ (direntAlign - 1) }

// entryBuffer is room for an entry of a directory, whose name is a copy.
type entryBuffer struct {
	vfs.DirectoryEntry
	name [nameMaxBytes + 1]byte // whole words
}

func (e *entryBuffer) init() { e.Name = e.name[:] }

// parse reads fuse_dirent, the first of a block, and returns what it takes of it; 0: it is against the
// rules. Next is the host's.
func (e *entryBuffer) parse(b []byte) (bytes int) {
	if len(b) < direntHeadBytes {
		return 0
	}
	head, rest := (*[direntHeadBytes]byte)(b), b[direntHeadBytes:]
	n := int(get32(head[:], 16))
	if uint(n-1) >= nameMaxBytes || n > len(rest) {
		return 0
	}
	e.Serial, e.Next, e.Type = get64(head[:], 0), get64(head[:], 8), typeOfEntry(get32(head[:], 20))
	copy(e.name[:n], rest)
	if !e.isName(n) {
		return 0
	}
	e.Name = e.Name[:n]
	return min(direntBytes(n), len(b)) // the last one need not be padded
}

// isName reports whether none of n bytes is zero or a slash, eight at a time: taking 1 from each byte
// of a word sets the highest bit of one that was zero and had not set it.
func (e *entryBuffer) isName(n int) bool {
	const ones, highest, slashes = 0x0101010101010101, 0x8080808080808080, '/' * 0x0101010101010101
	for at := 0; at < n; at += 8 {
		x := get64(e.name[:], at)
		if left := n - at; left < 8 {
			x |= ^uint64(0) << (8 * left)
		}
		if y := x ^ slashes; ((x-ones)&^x|(y-ones)&^y)&highest != 0 {
			return false
		}
	}
	return true
}

// dots returns 1 for the name of the directory itself, 2 for that of its parent.
func (e *entryBuffer) dots() int {
	if n := len(e.Name); e.Name[0] == '.' && (n == 1 || n == 2 && e.Name[1] == '.') {
		return n
	}
	return 0
}

// setDots makes it the n-th of the two entries that every directory has.
func (e *entryBuffer) setDots(n int, serial uint64) {
	e.Name = e.Name[:copy(e.name[:], "..")][:n]
	e.Serial, e.Type, e.Next = serial, vfs.Directory, uint64(n)
}
