package virtio

import (
	"encoding/binary"
	"errors"
	"sync/atomic"

	"mewz/abi"
	"mewz/kernel/device"
)

// Queue is a split virtqueue (virtio 1.2, 2.7). In memory that the device
// reaches lie, one after the other:
//
//	descriptors  16 bytes each: address, length, flags, next
//	available    flags, index, heads of chains, used event: written by the driver
//	used         flags, index, {head, bytes}, available event: written by the device
//
// Both indices count up and wrap at 65536; a ring entry is at index modulo size.
// An event is an index too (2.7.10): the driver wants an interrupt when the used
// index passes the used event, the device a notification when the available
// index passes the available event. Where that is not agreed on, flags say
// whether the other side wants to be told at all. One goroutine owns a queue.
type Queue struct {
	size  uint16
	rings rings
	at    QueueAddresses

	own       []entry // by descriptor; made when the queue is first used
	free      uint16  // first free descriptor
	freeCount uint16
	inFlight  uint16 // chains that the device has; 0 when it has broken a rule
	available uint16 // index to publish
	published uint32 // flags and index as the device sees them
	asked     uint16 // index up to which NeedsNotify has been asked
	notified  uint16 // index up to which the device was notified
	used      uint16 // index up to which the used ring has been read
	events    bool   // the event index is used
	broken    error
}

// entry is what the driver knows of a descriptor and, if it is the head of one,
// of the chain that the device has.
type entry struct {
	next        uint16 // of the chain, or of the free ones
	descriptors uint8  // in the chain that it is the head of
	inFlight    bool   // the device has that chain
	writable    uint32 // bytes of the chain that the device may write
}

// Piece is memory that the device reads.
type Piece struct {
	Physical abi.PhysAddr
	Bytes    uint32
}

// Buffer is a piece of memory for the device.
type Buffer struct {
	Physical abi.PhysAddr
	Bytes    uint32
	Write    bool // the device writes it, else it reads it
}

// Completion is a chain that the device is done with.
type Completion struct {
	Head  uint16
	Bytes uint32 // written by the device
}

// QueueMaxSize bounds the size of a queue (2.6).
const QueueMaxSize = 1 << 15

// ChainMax bounds the buffers of a chain: a frame of the network of 64 KiB in
// pages, which may begin and end within one, and its headers.
const ChainMax = 18

// Sizes and flags of the rings (2.7.5 to 2.7.8).
const (
	descriptorBytes   = 16
	availableBytes    = 2
	usedBytes         = 8
	ringHeadBytes     = 4
	ringAlign         = 4
	flagNext          = 1 // VIRTQ_DESC_F_NEXT
	flagWrite         = 2 // VIRTQ_DESC_F_WRITE
	flagIndirect      = 4 // VIRTQ_DESC_F_INDIRECT
	flagNoInterrupt   = 1 // VIRTQ_AVAIL_F_NO_INTERRUPT
	flagNoNotify      = 1 // VIRTQ_USED_F_NO_NOTIFY
	ringIndexShift    = 16
	ringIndexOne      = 1 << ringIndexShift
	queueAlignment    = 16
	ringTrailingBytes = 4 // the event, and two bytes of nothing
	queueMinSize      = 2 // so that the used event is aligned
)

// Faults of a device.
var (
	ErrSize       = errors.New("virtio: a queue size is a power of two from 2 to 32768, in memory of QueueBytes")
	ErrUsedIndex  = errors.New("virtio: the device used more buffers than it has")
	ErrUsedHead   = errors.New("virtio: the device used a buffer that it does not have")
	ErrUsedLength = errors.New("virtio: the device wrote more than a buffer holds")
)

// QueueBytes returns the memory that a queue of a size takes.
func QueueBytes(size uint16) int {
	n := int(size)
	available := descriptorBytes * n
	used := alignUp(available+ringHeadBytes+availableBytes*n+ringTrailingBytes, ringAlign)
	return alignUp(used+ringHeadBytes+usedBytes*n+ringTrailingBytes, queueAlignment)
}

func alignUp(n, to int) int { return (n + to - 1) &^ (to - 1) }

// Init makes q an empty queue in memory, which is cleared and aligned to 16
// bytes. A queue that is never used takes no other memory.
func (q *Queue) Init(memory device.Memory, size uint16) error {
	if size < queueMinSize || size > QueueMaxSize || size&(size-1) != 0 || len(memory.Bytes) < QueueBytes(size) ||
		memory.Physical%queueAlignment != 0 {
		return ErrSize
	}
	n := int(size)
	available := descriptorBytes * n
	used := alignUp(available+ringHeadBytes+availableBytes*n+ringTrailingBytes, ringAlign)
	*q = Queue{
		size:  size,
		rings: newRings(memory.Bytes, ringLayout{n, available, used}),
		at: QueueAddresses{
			Size: size, Descriptors: memory.Physical,
			Available: memory.Physical + abi.PhysAddr(available), Used: memory.Physical + abi.PhysAddr(used),
		},
		freeCount: size,
	}
	return nil
}

// makeOwn makes the list of free descriptors.
func (q *Queue) makeOwn() {
	q.own = make([]entry, q.size)
	for i := range q.own {
		q.own[i].next = uint16(i + 1)
	}
}

// Addresses returns where the queue is, for Transport.EnableQueue.
func (q *Queue) Addresses() QueueAddresses { return q.at }

// Free returns how many buffers can be added.
func (q *Queue) Free() int { return int(q.freeCount) }

// InFlight returns how many chains the device has.
func (q *Queue) InFlight() int { return int(q.inFlight) }

// Add puts a chain of buffers into the queue; those that the device writes come
// last (2.7.4.2). The device sees it after Publish. ok is false when the queue
// has no room for it.
func (q *Queue) Add(buffers ...Buffer) (head uint16, ok bool) {
	n := len(buffers)
	if n == 0 || n > ChainMax || n > int(q.freeCount) || q.broken != nil {
		return 0, false
	}
	if q.own == nil {
		q.makeOwn()
	}
	head = q.free
	at, writable := head, uint32(0)
	for i := range buffers {
		b, flags, next := &buffers[i], uint16(flagNext), q.own[at].next
		if i == n-1 {
			flags = 0
		}
		if b.Write {
			flags |= flagWrite
			writable += b.Bytes
		}
		q.rings.descriptors[at] = descriptor{uint64(b.Physical), b.Bytes, flags, next}
		at = next
	}
	q.free = at
	q.freeCount -= uint16(n)
	q.own[head].descriptors, q.own[head].writable = uint8(n), writable
	q.Again(head)
	return head, true
}

// AddIndirect is Add of one descriptor, which refers to a table of the buffers (2.7.5.3). The
// table belongs to the device until the chain is done with.
//
// Preconditions: FeatureIndirect is agreed on; table has IndirectBytes.
func (q *Queue) AddIndirect(table device.Memory, buffers []Buffer) (head uint16, ok bool) {
	bytes := IndirectBytes(len(buffers))
	if head, ok = q.Add(Buffer{Physical: table.Physical, Bytes: uint32(bytes)}); !ok {
		return 0, false
	}
	q.rings.descriptors[head].flags = flagIndirect
	writable := uint32(0)
	for i, b := range buffers {
		flags, next := uint16(flagNext), uint16(i+1)
		if i == len(buffers)-1 {
			flags, next = 0, 0
		}
		if b.Write {
			flags |= flagWrite
			writable += b.Bytes
		}
		d := table.Bytes[i*descriptorBytes:][:descriptorBytes]
		binary.LittleEndian.PutUint64(d, uint64(b.Physical))
		binary.LittleEndian.PutUint32(d[8:], b.Bytes)
		binary.LittleEndian.PutUint16(d[12:], flags)
		binary.LittleEndian.PutUint16(d[14:], next)
	}
	q.own[head].writable = writable
	return head, true
}

// IndirectBytes returns the memory that a table of n buffers takes.
func IndirectBytes(n int) int { return n * descriptorBytes }

// AddPair is Add for what is sent most: two pieces.
func (q *Queue) AddPair(a, b Piece) (head uint16, ok bool) {
	head = q.free
	if q.freeCount < 2 || int(head) >= len(q.own) || q.broken != nil {
		return q.Add(Buffer{a.Physical, a.Bytes, false}, Buffer{b.Physical, b.Bytes, false})
	}
	first := &q.own[head]
	last := first.next
	q.free = q.own[last].next
	q.rings.descriptors[head] = descriptor{uint64(a.Physical), a.Bytes, flagNext, last}
	q.rings.descriptors[last] = descriptor{uint64(b.Physical), b.Bytes, 0, 0}
	q.freeCount -= 2
	first.descriptors, first.writable = 2, 0
	q.Again(head)
	return head, true
}

// Publish shows the device what was added. The ring entries are written before
// the index (2.7.13.2).
func (q *Queue) Publish() {
	q.publish(uint32(q.available)<<ringIndexShift | q.published&flagNoInterrupt)
}

func (q *Queue) publish(v uint32) {
	q.published = v
	atomic.StoreUint32(q.rings.availableHead, v)
}

// UseEventIndex makes q use events instead of flags.
//
// Preconditions: FeatureEventIndex is agreed on; nothing was published.
func (q *Queue) UseEventIndex() {
	q.events = true
	q.published &^= flagNoInterrupt // "driver MUST set flags to 0" (2.7.7.1)
	q.publish(q.published)
	q.QuietInterrupts()
}

// NeedsNotify reports whether the device asks to be notified of what was
// published since it asked last; the caller notifies then. Without barriers the
// answer may be out of date, see the package comment: ask Unseen before a wait.
func (q *Queue) NeedsNotify() bool {
	since := q.asked
	q.asked = q.available
	if !q.wantsNotify(since) {
		return false
	}
	q.notified = q.available
	return true
}

// Unseen reports whether the device waits to be notified of something that was
// published after the last notification, because NeedsNotify saw too late that it
// does; the caller notifies then. For the answer to be true to the moment an access to the
// device has to come before.
func (q *Queue) Unseen() bool {
	if q.inFlight == 0 || !q.wantsNotify(q.notified) {
		return false
	}
	q.notified = q.available
	return true
}

// wantsNotify reports whether the device asks for a notification of what was
// published after an index.
func (q *Queue) wantsNotify(since uint16) bool {
	if q.events {
		return passes(uint16(atomic.LoadUint32(q.rings.availableEvent)), since, q.available)
	}
	return since != q.available && atomic.LoadUint32(q.rings.usedHead)&flagNoNotify == 0
}

// passes reports whether an index that goes from one value to another passes
// event (2.7.10: vring_need_event).
func passes(event, from, to uint16) bool { return to-event-1 < to-from }

func (q *Queue) usedIndex() uint16 {
	return uint16(atomic.LoadUint32(q.rings.usedHead) >> ringIndexShift)
}

// QuietInterrupts asks the device not to interrupt for this queue. With events
// that is for the next 65535 chains: one interrupt in so many disturbs nobody.
func (q *Queue) QuietInterrupts() {
	if q.events {
		atomic.StoreUint32(q.rings.usedEvent, uint32(q.used-1))
		return
	}
	q.publish(q.published | flagNoInterrupt)
}

// WantInterrupts asks it to interrupt again; look at Used afterwards.
func (q *Queue) WantInterrupts() {
	if q.events {
		atomic.StoreUint32(q.rings.usedEvent, uint32(q.used))
		return
	}
	q.publish(q.published &^ flagNoInterrupt)
}

// HasUsed reports whether Used returns a chain, or an error.
func (q *Queue) HasUsed() bool { return q.usedIndex() != q.used || q.broken != nil }

// Used returns the next chain that the device is done with; its descriptors are
// free again. Once the device has broken a rule it returns that error only.
func (q *Queue) Used() (c Completion, ok bool, err error) {
	if c, ok = q.Take(); !ok {
		return c, false, q.broken
	}
	q.Release(c.Head)
	return c, true, nil
}

// Take is Used, but keeps the chain as it is, for Again or Release. When there is none,
// Err may say why.
func (q *Queue) Take() (c Completion, ok bool) {
	waiting := q.usedIndex() - q.used
	if waiting-1 >= q.inFlight { // none, which wraps, or too many
		if waiting != 0 && q.broken == nil {
			q.breakWith(ErrUsedIndex)
		}
		return c, false
	}
	element := q.rings.used[q.used&(q.size-1)] // read once
	if element.head >= uint32(len(q.own)) || !q.own[element.head].inFlight {
		q.breakWith(ErrUsedHead)
		return c, false
	}
	had := &q.own[element.head]
	if element.bytes > had.writable {
		if had.writable != 0 {
			q.breakWith(ErrUsedLength)
			return c, false
		}
		element.bytes = 0 // means nothing, and some devices set it (2.7.8.2)
	}
	had.inFlight = false
	q.used++
	q.inFlight--
	return Completion{uint16(element.head), element.bytes}, true
}

// Err returns the rule that the device has broken, or nil.
func (q *Queue) Err() error { return q.broken }

func (q *Queue) breakWith(err error) {
	q.broken = err
	q.inFlight = 0
}

// Again gives the device a chain once more that Take returned. It sees it after
// Publish.
func (q *Queue) Again(head uint16) {
	q.own[head].inFlight = true
	q.rings.available[q.available&(q.size-1)] = head
	q.available++
	q.inFlight++
}

// Release makes the descriptors of a chain free that Take returned.
func (q *Queue) Release(head uint16) {
	first := &q.own[head]
	last := first
	for range first.descriptors - 1 {
		last = &q.own[last.next]
	}
	last.next = q.free
	q.free = head
	q.freeCount += uint16(first.descriptors)
}
