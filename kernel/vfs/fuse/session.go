package fuse

import (
	"errors"
	"syscall"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// Queues of the device (virtio 1.2, 5.11.2), as request numbers them.
const (
	queueUrgent  = 0 // hiprio: FORGET, which nobody answers
	queueRequest = 1
)

// Configuration of the device (5.11.4).
const (
	configTag      = 0
	tagMaxBytes    = 36
	configRequests = 36
)

// Sizes. All buffers together are 1.6 MiB of a machine that has a share.
const (
	// pieceBytes is what a request reads or writes at most in one buffer: what Linux
	// reads ahead, and what FUSE has always allowed (32 pages).
	pieceBytes = 128 << 10
	// piecesMax is how many such buffers there are: a read of 1 MiB at once, and
	// two files that are read ahead meanwhile.
	piecesMax = 12
	// backgroundMax is how many requests nobody waits for may be under way.
	backgroundMax = 16
	// queueLeast is the smallest queue that this works with.
	queueLeast = 16

	// Of the request that is waited for: two names, or a name and a target, with
	// their zeroes; and a target as an answer.
	callInBytes   = inHeaderBytes + 88 + nameMaxBytes + 1 + linkMaxBytes + 1
	callOutBytes  = outHeaderBytes + linkMaxBytes + 1
	smallInBytes  = inHeaderBytes + readInBytes
	smallOutBytes = outHeaderBytes + writeOutBytes
	smallBytes    = 128
	forgetsMax    = 64 // in one BATCH_FORGET
	batchBytes    = inHeaderBytes + batchHeadBytes + forgetsMax*forgetBytes
	writeMax      = 1 << 20 // virtiofsd takes no more at once
	writeLeast    = 4096    // FUSE_MIN_READ_BUFFER less the headers
	forgetSlots   = 2
)

// Why a share is given up.
var (
	errAnswer   = errors.New("an answer of virtiofsd breaks the rules of FUSE")
	errVersion  = errors.New("virtiofsd speaks another version of FUSE: 7.27 or newer is needed")
	errRequests = errors.New("the device has no request queue")
	errLost     = errors.New("virtiofsd has ended")
	errEnded    = errors.New("the machine ends")
)

// errTag is a device without a tag.
var errTag = errors.New("the device has a tag that is empty or none of 36 bytes")

// Tag returns the tag of a virtio-fs device that nobody has started yet.
func Tag(t virtio.Transport) (string, error) {
	var tag [tagMaxBytes]byte
	n := 0
	for n < tagMaxBytes {
		if tag[n] = t.Config8(configTag + uint32(n)); tag[n] == 0 {
			break
		}
		n++
	}
	if n == 0 {
		return "", errTag
	}
	return string(tag[:n]), nil
}

// session is the connection to virtiofsd.
type session struct {
	device *request.Device
	now    func() time.Duration
	log    func(string)
	told   bool // that it is given up

	unique   uint64
	truncate bool // OPEN may truncate
	writeMax int
	readMax  int // of what is read without a copy

	call    slot
	forgets [forgetSlots]batch
	filling int // of forgets
	chain   [request.BuffersMax]virtio.Buffer
}

// slot is a request and its answer.
type slot struct {
	in, out device.Memory
	id      request.ID
	unique  uint64
}

// batch is a BATCH_FORGET that is filled or under way.
type batch struct {
	in    device.Memory
	id    request.ID
	count int
	busy  bool
}

// open starts the device and says INIT.
func (f *FileSystem) open(m request.Machine) (pieces int, err error) {
	s := &f.session
	s.now = m.Now
	s.device, err = request.Open(m, func(virtio.Features) virtio.Features { return 0 })
	if err != nil {
		return 0, err
	}
	if s.device.Config().Config(configRequests) == 0 {
		s.device.GiveUp(errRequests)
		return 0, errRequests
	}
	if err := s.device.Ready(queueUrgent, queueRequest); err != nil {
		return 0, err
	}
	room := s.device.Room(queueRequest)
	if room < queueLeast {
		s.device.GiveUp(virtio.ErrNoQueue)
		return 0, virtio.ErrNoQueue
	}
	background := min(room/8, backgroundMax)
	if err := s.allocate(&f.background, background); err != nil {
		s.device.GiveUp(err)
		return 0, err
	}
	if err := s.hello(); err != nil {
		return 0, s.reason(err)
	}
	// What is left in the queue: two buffers for the call, two for each request of
	// the background, three for each piece.
	return min((room-2-2*background)/3, piecesMax), nil
}

// reason is why the device was given up, or else err.
func (s *session) reason(err error) error {
	if failed := s.device.Err(); failed != nil {
		return failed
	}
	s.device.GiveUp(err)
	return err
}

func (s *session) allocate(b *background, slots int) error {
	memory, err := s.device.Allocate(callInBytes + callOutBytes + slots*smallBytes + forgetSlots*batchBytes)
	if err != nil {
		return err
	}
	b.slots = make([]release, slots)
	for i := range b.slots {
		b.slots[i].slot = slot{in: memory.Cut(smallInBytes), out: memory.Cut(smallBytes - smallInBytes)}
	}
	s.call = slot{in: memory.Cut(callInBytes), out: memory.Cut(callOutBytes)}
	for i := range s.forgets {
		s.forgets[i].in = memory.Cut(batchBytes)
	}
	return nil
}

// hello is INIT: both sides say what they know.
func (s *session) hello() error {
	in := s.call.in.Bytes[inHeaderBytes:]
	put32(in, 0, versionMajor)
	put32(in, 4, versionMinor)
	put32(in, 8, pieceBytes)
	put32(in, 12, uint32(initWanted))
	out, err := s.ask(question{opInit, 0, 16, initOutBytes})
	if err != nil {
		return err
	}
	if major, minor := get32(out, 0), get32(out, 4); major != versionMajor || minor < minorLeast {
		return errVersion
	}
	agreed := initFlags(get32(out, 12)) & initWanted
	largest := get32(out, 20)
	if largest < writeLeast {
		return errAnswer
	}
	s.truncate = agreed&initAtomicTrunc != 0
	s.readMax = pieceBytes
	if pages := int(get32(out, 28) & 0xffff); agreed&initMaxPages != 0 && pages != 0 {
		s.readMax = min(pages*pageBytes, writeMax)
	}
	s.writeMax = min(int(min(largest, writeMax)), s.readMax)
	if agreed&initBigWrites == 0 {
		s.writeMax = writeLeast
	}
	return nil
}

// args is where the arguments of the next call go.
func (s *session) args() []byte { return s.call.in.Bytes[inHeaderBytes:] }

// putName writes a name with its zero behind the first at bytes of the arguments.
func (s *session) putName(at int, name []byte) int {
	b := s.args()
	n := copy(b[at:], name)
	b[at+n] = 0
	return at + n + 1
}

// question is a request: what it asks of which node, how many bytes of args belong to it,
// and how many an answer has.
type question struct {
	op      opcode
	node    uint64
	in, out int
}

// ask asks and waits for an answer of exactly q.out bytes.
func (s *session) ask(q question) ([]byte, error) {
	out, err := s.askUpTo(q)
	if err == nil && len(out) != q.out {
		return nil, s.broken()
	}
	return out, err
}

// askUpTo is ask for an answer of at most q.out bytes.
func (s *session) askUpTo(q question) ([]byte, error) {
	n, err := s.exchange(s.put(&s.call, q))
	return s.call.out.Bytes[outHeaderBytes:][:n], err
}

// exchange gives the device a chain that is the request in s.call and room for its answer, waits
// for that, and returns how many bytes follow its header.
func (s *session) exchange(chain []virtio.Buffer) (int, error) {
	id, err := s.device.Start(queueRequest, chain...)
	written := uint32(0)
	if err == nil {
		written, err = s.device.Wait(id)
	}
	if err != nil {
		return 0, s.failed()
	}
	return s.answered(s.call.out.Bytes, s.call.unique, written)
}

// start gives the device a request of one buffer and room for its answer.
func (s *session) start(t *slot, q question) error {
	id, err := s.device.Start(queueRequest, s.put(t, q)...)
	if err != nil {
		return s.failed()
	}
	t.id = id
	return nil
}

// put writes a request into a slot and returns its chain: one buffer and room for the answer.
func (s *session) put(t *slot, q question) []virtio.Buffer {
	s.unique++
	t.unique = s.unique
	putHeader(t.in.Bytes, q, t.unique)
	s.chain[0] = virtio.Buffer{Physical: t.in.Physical, Bytes: uint32(inHeaderBytes + q.in)}
	s.chain[1] = virtio.Buffer{Physical: t.out.Physical, Bytes: uint32(outHeaderBytes + q.out), Write: true}
	return s.chain[:2]
}

// answered checks fuse_out_header and returns how many bytes follow it, or the error
// that it carries.
func (s *session) answered(out []byte, unique uint64, written uint32) (int, error) {
	if written < outHeaderBytes || get32(out, 0) != written || get64(out, 8) != unique {
		return 0, s.broken()
	}
	switch errno := -int32(get32(out, 4)); {
	case errno == 0:
		return int(written - outHeaderBytes), nil
	case errno < 0 || errno > errnoMax || written != outHeaderBytes:
		return 0, s.broken()
	default:
		return 0, syscall.Errno(errno)
	}
}

// broken gives the share up because of an answer against the rules.
func (s *session) broken() error {
	s.device.GiveUp(errAnswer)
	return s.failed()
}

// failed tells once why the share is given up. A request may also fail because the
// queue is full, which is a mistake of ours: then it is given up, too.
func (s *session) failed() error {
	if s.device.Err() == nil {
		s.device.GiveUp(request.ErrFull)
	}
	if !s.told {
		s.told = true
		s.log("virtio-fs: the share is given up, its files fail with EIO: " + s.device.Err().Error())
	}
	return syscall.EIO
}

// forget tells virtiofsd that so many lookups of a node are over.
func (s *session) forget(node, lookups uint64) {
	b := &s.forgets[s.filling]
	if b.busy {
		b.busy, b.count = false, 0
		if _, err := s.device.Wait(b.id); err != nil {
			_ = s.failed()
			return
		}
	}
	at := inHeaderBytes + batchHeadBytes + b.count*forgetBytes
	put64(b.in.Bytes, at, node)
	put64(b.in.Bytes, at+8, lookups)
	if b.count++; b.count == forgetsMax {
		s.sendForgets()
	}
}

// sendForgets sends what forget has collected.
func (s *session) sendForgets() {
	b := &s.forgets[s.filling]
	if b.busy || b.count == 0 {
		return
	}
	n := batchHeadBytes + b.count*forgetBytes
	s.unique++
	putHeader(b.in.Bytes, question{op: opBatchForget, in: n}, s.unique)
	put32(b.in.Bytes, inHeaderBytes, uint32(b.count))
	put32(b.in.Bytes, inHeaderBytes+4, 0)
	s.chain[0] = virtio.Buffer{Physical: b.in.Physical, Bytes: uint32(inHeaderBytes + n)}
	id, err := s.device.Start(queueUrgent, s.chain[0])
	if err != nil {
		_ = s.failed()
		return
	}
	b.id, b.busy = id, true
	s.filling = (s.filling + 1) % forgetSlots
	s.device.Kick()
}

// Arm, Disarm and Pending are those of the device, for whoever lets the machine wait.
func (s *session) Arm() (slots uint32, pending bool) { return s.device.Arm() }

// Disarm takes Arm back.
func (s *session) Disarm() { s.device.Disarm() }

// Pending reports whether the device has an answer.
func (s *session) Pending() bool { return s.device.Pending() }
