package virtiotest

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/virtio"
)

// queuesMax is how many queues a Device has.
const queuesMax = 16

// Device is a virtio device without a transport.
type Device struct {
	Machine  *Machine
	ID       virtio.DeviceID
	Offered  virtio.Features
	Config   [64]byte
	QueueMax uint16
	// Notified is called when the driver notifies.
	Notified func(queue uint16)
	// Dead makes the device ignore its registers: the status reads as 255.
	Dead bool
	// Lies says that the device uses buffers it has not taken: then the driver's
	// rings may look strange to it.
	Lies bool
	// Refuse makes it take FEATURES_OK back.
	Refuse bool

	Status     virtio.Status
	Accepted   virtio.Features
	Queues     [queuesMax]Queue
	Interrupts int // interrupts it has raised
	Isr        uint32
	selected   uint32 // queue
	featureSel uint32
	acceptSel  uint32
}

// Queue is the device's half of a virtqueue.
type Queue struct {
	device  *Device
	At      virtio.QueueAddresses
	Ready   bool
	taken   uint16 // index up to which the available ring was read
	UsedIdx uint16
}

// NewDevice returns an honest device with queues of at most 64 entries.
func NewDevice(m *Machine, id virtio.DeviceID, offered virtio.Features) *Device {
	d := &Device{Machine: m, ID: id, Offered: offered | virtio.FeatureVersion1, QueueMax: 64}
	for i := range d.Queues {
		d.Queues[i].device = d
	}
	return d
}

func (d *Device) setStatus(s virtio.Status) {
	if s == 0 {
		d.Accepted, d.Isr = 0, 0
		for i := range d.Queues {
			d.Queues[i] = Queue{device: d}
		}
	}
	if d.Refuse {
		s &^= virtio.StatusFeaturesOK
	}
	d.Status = s
}

func (d *Device) queue() *Queue { return &d.Queues[d.selected%queuesMax] }

func (d *Device) notify(queue uint32) {
	if d.Notified != nil && d.Status&virtio.StatusDriverOK != 0 && queue < queuesMax {
		d.Notified(uint16(queue))
	}
}

// AcceptForTest is as if the driver had accepted features, for a queue without one.
func (q *Queue) AcceptForTest(f virtio.Features) { q.device.Accepted |= f }

// Interrupts returns how many interrupts the device has raised.
func (q *Queue) Interrupts() int { return q.device.Interrupts }

// Chain is a chain that the driver made available.
type Chain struct {
	Head uint16
	Read []byte   // what the device may read
	Into [][]byte // what it may write
}

// Pop takes the next chain. It panics when the driver breaks a rule.
func (q *Queue) Pop() (c Chain, ok bool) {
	if !q.Ready {
		return c, false
	}
	le, m := binary.LittleEndian, q.device.Machine
	available := m.Bytes(q.At.Available, 4+2*int(q.At.Size))
	index := le.Uint16(available[2:])
	if index == q.taken {
		return c, false
	}
	if index-q.taken > q.At.Size && !q.device.Lies {
		panic("more chains are available than the queue holds")
	}
	c.Head = le.Uint16(available[4+2*(q.taken%q.At.Size):])
	q.taken++
	at, table := c.Head, q.At.Descriptors
	for range chainMax {
		d := m.Bytes(table+16*abi.PhysAddr(at), 16)
		flags := le.Uint16(d[12:])
		if flags == 4 && table == q.At.Descriptors && q.device.Accepted&virtio.FeatureIndirect != 0 { // VIRTQ_DESC_F_INDIRECT
			at, table = 0, abi.PhysAddr(le.Uint64(d))
			continue
		}
		b := m.Bytes(abi.PhysAddr(le.Uint64(d)), int(le.Uint32(d[8:])))
		if b == nil {
			panic("a descriptor leads out of the driver's memory")
		}
		if flags&2 != 0 {
			c.Into = append(c.Into, b)
		} else {
			c.Read = append(c.Read, b...)
		}
		if flags&1 == 0 {
			return c, true
		}
		at = le.Uint16(d[14:])
	}
	panic("a chain without an end")
}

// chainMax is more than any chain has.
const chainMax = 1 << 12

// Where the events of a queue are (2.7.10).
func (q *Queue) usedEvent() abi.PhysAddr      { return q.At.Available + 4 + 2*abi.PhysAddr(q.At.Size) }
func (q *Queue) availableEvent() abi.PhysAddr { return q.At.Used + 4 + 8*abi.PhysAddr(q.At.Size) }

// Ask asks the driver to notify of the next chain, or not to notify. A device
// that uses the event index is never silent: it asks for a chain long ago.
func (q *Queue) Ask(notify bool) {
	if !q.Ready {
		return
	}
	le, m := binary.LittleEndian, q.device.Machine
	event, flags := q.taken, uint16(0)
	if !notify {
		event, flags = q.taken-1, 1
	}
	if q.device.Accepted&virtio.FeatureEventIndex != 0 {
		le.PutUint16(m.Bytes(q.availableEvent(), 2), event)
		return
	}
	le.PutUint16(m.Bytes(q.At.Used, 2), flags)
}

// PopHead takes the next chain without looking at it.
func (q *Queue) PopHead() (head uint16, ok bool) {
	if !q.Ready {
		return 0, false
	}
	le := binary.LittleEndian
	available := q.device.Machine.Bytes(q.At.Available, 4+2*int(q.At.Size))
	if le.Uint16(available[2:]) == q.taken {
		return 0, false
	}
	q.taken++
	return le.Uint16(available[4+2*int((q.taken-1)%q.At.Size):]), true
}

// Push gives a chain back of which n bytes were written.
func (q *Queue) Push(head uint16, n uint32) { q.PushRaw(uint32(head), n) }

// PushRaw is Push with whatever a device may write there.
func (q *Queue) PushRaw(head, n uint32) {
	if q.Ready {
		q.PushRawLater(head, n, 0)
		q.SetUsed(q.UsedIdx + 1)
	}
}

// PushRawLater writes an element of the used ring, ahead of the index, which
// SetUsed moves.
func (q *Queue) PushRawLater(head, n uint32, ahead int) {
	if !q.Ready {
		return
	}
	le := binary.LittleEndian
	used := q.device.Machine.Bytes(q.At.Used, 4+8*int(q.At.Size))
	e := used[4+8*int((q.UsedIdx+uint16(ahead))%q.At.Size):]
	le.PutUint32(e, head)
	le.PutUint32(e[4:], n)
}

// SetUsed sets the index of the used ring and interrupts if the driver wants it.
func (q *Queue) SetUsed(index uint16) {
	if !q.Ready {
		return
	}
	le, m := binary.LittleEndian, q.device.Machine
	before := q.UsedIdx
	q.UsedIdx = index
	le.PutUint16(m.Bytes(q.At.Used+2, 2), index)
	wanted := le.Uint16(m.Bytes(q.At.Available, 2))&1 == 0
	if q.device.Accepted&virtio.FeatureEventIndex != 0 {
		event := le.Uint16(m.Bytes(q.usedEvent(), 2))
		wanted = index-event-1 < index-before
	}
	if wanted {
		q.device.Interrupts++
		q.device.Isr |= 1
		m.raise()
	}
}

// Fill writes b into a chain and pushes it; it returns what did not fit.
func (q *Queue) Fill(c Chain, b []byte) []byte {
	n := 0
	for _, into := range c.Into {
		k := copy(into, b)
		b, n = b[k:], n+k
	}
	q.Push(c.Head, uint32(n))
	return b
}
