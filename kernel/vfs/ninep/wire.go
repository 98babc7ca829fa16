package ninep

import (
	"encoding/binary"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// kind is the type of a message. That of an answer is one more.
type kind uint8

// Messages (9P2000.L).
const (
	kindError        kind = 6 // Tlerror, which nobody sends
	kindLopen        kind = 12
	kindLcreate      kind = 14
	kindSymlink      kind = 16
	kindReadlink     kind = 22
	kindGetattr      kind = 24
	kindSetattr      kind = 26
	kindReaddir      kind = 40
	kindFsync        kind = 50
	kindLink         kind = 70
	kindMkdir        kind = 72
	kindRenameat     kind = 74
	kindUnlinkat     kind = 76
	kindVersion      kind = 100
	kindAttach       kind = 104
	kindWalk         kind = 110
	kindRead         kind = 116
	kindWrite        kind = 118
	kindClunk        kind = 120
	answerTo              = 1 // the answer to a message has its type and one more
	noTag                 = 0xffff
	noFid                 = 0xffff_ffff
	nobody                = 0xffff_ffff // a uid or gid: whoever the server runs as (P9_NONUNAME)
	protocol              = "9P2000.L"
	attachedUser          = ""
	attachedTree          = ""
	getattrBasics         = 0x7ff // P9_GETATTR_BASIC
	unlinkatDir           = 0x200 // AT_REMOVEDIR
	fsyncContents         = 1     // datasync
	errnoMax              = 4095  // of Linux
	qidDirectory          = 0x80
	qidSymlink            = 0x02
	qidBytes              = 13
	entryHeadBytes        = qidBytes + 8 + 1 + 2
	nameMaxBytes          = 255
	headerBytes           = 4 + 1 + 2
	dataHeadBytes         = headerBytes + 4 // of Rread, Rreaddir, Rlerror, and of Twrite but for 12 bytes
	writeHeadBytes        = headerBytes + 4 + 8 + 4
	answerHeadBytes       = 160 // Rgetattr, the longest that carries no data
	requestHeadBytes      = 640 // Trenameat with two names of 255 bytes, the longest without data
)

// Valid bits of Tsetattr (P9_ATTR_).
const (
	setSize        = 1 << 3
	setAccessed    = 1 << 4
	setModified    = 1 << 5
	setAccessedSet = 1 << 7
	setModifiedSet = 1 << 8
)

// openFlags are flags of Tlopen and Tlcreate (P9_DOTL_, those of Linux on x86).
type openFlags uint32

// Flags of opening. O_TRUNC is never among them: QEMU opens a file anew, with the
// same flags, when it has run out of descriptors, and would cut it again.
const (
	openRead      openFlags = 0
	openWrite     openFlags = 1
	openReadWrite openFlags = 2
	openCreate    openFlags = 0o100
	openExclusive openFlags = 0o200
	openAppend    openFlags = 0o2000
	openDataSync  openFlags = 0o1_0000
	openDirectory openFlags = 0o20_0000
	openSync      openFlags = 0o400_0000
)

// Permissions of what is made: those of umask 022. QEMU applies no umask.
const (
	permissionsFile      = 0o644
	permissionsDirectory = 0o755
	permissionsHidden    = 0o700
)

// Types in an entry of a directory (DT_).
const (
	entryDirectory = 4
	entryFile      = 8
	entrySymlink   = 10
)

// begin begins a message in memory of at least requestHeadBytes.
func (s *slot) begin(k kind) {
	s.kind, s.payload, s.into, s.reached, s.headBytes = k, device.Memory{}, device.Memory{}, false, answerHeadBytes
	s.out = append(s.out[:0], 0, 0, 0, 0, byte(k), byte(s.tag), byte(s.tag>>8))
}

func (s *slot) uint16(v uint16)  { s.out = binary.LittleEndian.AppendUint16(s.out, v) }
func (s *slot) uint32(v uint32)  { s.out = binary.LittleEndian.AppendUint32(s.out, v) }
func (s *slot) uint64(v uint64)  { s.out = binary.LittleEndian.AppendUint64(s.out, v) }
func (s *slot) text(name string) { s.uint16(uint16(len(name))); s.out = append(s.out, name...) }

// name adds a name.
//
// Preconditions: nameFits.
func (s *slot) name(name []byte) { s.uint16(uint16(len(name))); s.out = append(s.out, name...) }

// nameFits reports whether a message may carry a name.
func nameFits(name []byte) bool { return len(name) <= nameMaxBytes }

// qid is what a server knows a file by.
type qid struct {
	kind uint8
	path uint64
}

// node returns the type of a file. What a qid calls a file may be a device, too.
func (q qid) node() vfs.Type {
	switch {
	case q.kind&qidDirectory != 0:
		return vfs.Directory
	case q.kind&qidSymlink != 0:
		return vfs.Symlink
	default:
		return vfs.File
	}
}

// valid reports whether q can name a file: no type twice, and no serial number 0.
func (q qid) valid() bool {
	return q.path != 0 && q.kind&(qidDirectory|qidSymlink) != qidDirectory|qidSymlink
}

// answer reads a message. Beyond its end everything is 0, and bad is set.
type answer struct {
	b   []byte
	bad bool
}

func (a *answer) take(n int) []byte {
	if len(a.b) < n {
		a.bad = true
		return nil
	}
	b := a.b[:n]
	a.b = a.b[n:]
	return b
}

// number takes a number of some bytes. It is one function: an answer has up to thirty numbers.
//
//go:noinline
func (a *answer) number(bytes int) (v uint64) {
	b := a.take(bytes)
	if len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func (a *answer) uint8() uint8   { return uint8(a.number(1)) }
func (a *answer) uint16() uint16 { return uint16(a.number(2)) }
func (a *answer) uint32() uint32 { return uint32(a.number(4)) }
func (a *answer) uint64() uint64 { return a.number(8) }

// qid reads a qid; one that names nothing is bad.
func (a *answer) qid() qid {
	kind := a.uint8()
	a.uint32() // version
	q := qid{kind, a.uint64()}
	a.bad = a.bad || !q.valid()
	return q
}

// done reports whether the message was as long as it had to be.
func (a *answer) done() bool { return !a.bad && len(a.b) == 0 }

// entry is one name in an Rreaddir.
type entry struct {
	qid    qid
	cookie uint64
	kind   vfs.Type
	name   []byte // where the message is
}

// entry reads an entry of a directory.
func (a *answer) entry() entry {
	e := entry{qid: a.qid(), cookie: a.uint64()}
	switch a.uint8() {
	case entryDirectory:
		e.kind = vfs.Directory
	case entryFile:
		e.kind = vfs.File
	case entrySymlink:
		e.kind = vfs.Symlink
	case 0:
		// Not known.
	default:
		e.kind = vfs.Other
	}
	e.name = a.take(int(a.uint16()))
	return e
}

// Nanoseconds and seconds of the times of 9P.
const nanosPerSecond = 1_000_000_000

// nanos returns a time of two parts as nanoseconds since 1970: what lies before or
// beyond is the nearest that there is.
func nanos(seconds, rest uint64) uint64 {
	const secondsMax = (1<<64 - 1) / nanosPerSecond
	switch {
	case seconds >= 1<<63:
		return 0
	case seconds >= secondsMax:
		return 1<<64 - 1
	default:
		return seconds*nanosPerSecond + rest%nanosPerSecond
	}
}

// attributes reads what follows the header of an Rgetattr.
func (a *answer) attributes() (at vfs.Attributes) {
	a.uint64() // what of it is valid: the basics always are
	at.Serial = a.qid().path
	at.Type = vfs.TypeOfMode(a.uint32())
	a.uint32() // uid
	a.uint32() // gid
	at.Links = a.uint64()
	a.uint64() // rdev
	at.Size = a.uint64()
	a.uint64() // block size
	a.uint64() // blocks
	at.AccessedNanos = nanos(a.uint64(), a.uint64())
	at.ModifiedNanos = nanos(a.uint64(), a.uint64())
	at.ChangedNanos = nanos(a.uint64(), a.uint64())
	a.take(4 * 8) // birth, generation, version
	a.bad = a.bad || at.Size > vfs.OffsetMax
	return at
}
