package share

import "encoding/binary"

// Messages (9P2000.L); an answer has the type of its question and one more.
const (
	answerError  = 7
	kindLopen    = 12
	kindLcreate  = 14
	kindSymlink  = 16
	kindReadlink = 22
	kindGetattr  = 24
	kindSetattr  = 26
	kindReaddir  = 40
	kindFsync    = 50
	kindLink     = 70
	kindMkdir    = 72
	kindRenameat = 74
	kindUnlinkat = 76
	kindVersion  = 100
	kindAttach   = 104
	kindWalk     = 110
	kindRead     = 116
	kindWrite    = 118
	kindClunk    = 120
)

const (
	protocol    = "9P2000.L"
	headerBytes = 4 + 1 + 2
	// messageMaxBytes is the longest message that is agreed to.
	messageMaxBytes = 1 << 20
	messageMinBytes = 4 << 10 // as QEMU
	nameMaxBytes    = 255
	targetMaxBytes  = 4095 // PATH_MAX without the zero byte
	walkMax         = 16   // names in a Twalk (MAXWELEM)
	// fidsMax bounds the descriptors that a client makes this process open.
	fidsMax = 1 << 17

	qidDirectory  = 0x80
	qidSymlink    = 0x02
	getattrBasics = 0x7ff
	fsyncContents = 1
	nobody        = 1<<32 - 1

	setSize        = 1 << 3
	setAccessed    = 1 << 4
	setModified    = 1 << 5
	setChanged     = 1 << 6
	setAccessedSet = 1 << 7
	setModifiedSet = 1 << 8
	setKnown       = setSize | setAccessed | setModified | setChanged | setAccessedSet | setModifiedSet
)

// request reads the fields of a message; beyond its end everything is 0.
type request struct {
	kind uint8
	tag  uint16
	b    []byte
	bad  bool
}

func (r *request) take(n int) []byte {
	if len(r.b) < n {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *request) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *request) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *request) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *request) text() string { return string(r.take(int(r.uint16()))) }

// done reports whether the message was as long as it had to be.
func (r *request) done() bool { return !r.bad && len(r.b) == 0 }

// answer is a message that is being written.
type answer []byte

func (a *answer) uint8(v uint8)   { *a = append(*a, v) }
func (a *answer) uint16(v uint16) { *a = binary.LittleEndian.AppendUint16(*a, v) }
func (a *answer) uint32(v uint32) { *a = binary.LittleEndian.AppendUint32(*a, v) }
func (a *answer) uint64(v uint64) { *a = binary.LittleEndian.AppendUint64(*a, v) }
func (a *answer) text(s string)   { a.uint16(uint16(len(s))); *a = append(*a, s...) }

func (a *answer) qid(q qid) {
	a.uint8(q.kind)
	a.uint32(0) // no version: nobody caches
	a.uint64(q.path)
}

// begin begins the answer to a message.
func (a *answer) begin(kind uint8, tag uint16) {
	*a = append((*a)[:0], 0, 0, 0, 0, kind)
	a.uint16(tag)
}

// end sets the length.
func (a answer) end() { binary.LittleEndian.PutUint32(a, uint32(len(a))) }
