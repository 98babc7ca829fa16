package net

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/packet"
	"mewz/kernel/virtio"
)

// A slot is the header of the device, then that of a frame. The fields of the IP
// header, 14 bytes into the frame, come to lie at multiples of 4, and a slot begins
// at a cache line.
//
//	0      6                18             18+HeaderMaxBytes  192
//	| free | header, 12 B   | frame header | free             |
const (
	slotHeader = 6
	slotFrame  = slotHeader + headerBytes
	slotBytes  = (slotFrame + packet.HeaderMaxBytes + cacheLine - 1) &^ (cacheLine - 1)
	cacheLine  = 64

	// chainBuffers is what the longest frame takes of the queue.
	chainBuffers = 1 + packet.PartsMax
)

// stillMax is how many times in a row Flush may find that the device has done
// nothing of what it has, before it is notified again: a notification may have
// been lost (see the comment of package virtio). A machine that waits looks
// before it does, so this is for one that never does.
const stillMax = 64

// sender is the transmit queue.
type sender struct {
	sendQueue virtio.Queue
	slots     device.Memory
	frames    []packet.Frame // by slot
	sent      []bool         // by slot: the device has it
	slotOf    []uint16       // by the head of the chain
	free      []uint16       // slots
	reserved  int            // slots that Reserve gave away
	unsent    bool           // frames are queued that are not published
	starved   bool           // Reserve had nothing
	awaits    bool           // Arm has asked for interrupts for what is sent
	chain     [chainBuffers]virtio.Buffer
}

// Compile-time: a frame fits a chain.
const _ = uint(virtio.ChainMax - chainBuffers)

func (s *sender) init(memory device.Memory, size uint16) {
	s.slots = memory
	s.frames = make([]packet.Frame, size)
	s.sent = make([]bool, size)
	s.slotOf = make([]uint16, size)
	s.free = make([]uint16, 0, size)
	for i := range s.frames {
		at := i*slotBytes + slotFrame
		s.frames[i] = packet.Frame{
			Header: memory.Bytes[at : at+packet.HeaderMaxBytes : at+packet.HeaderMaxBytes], Slot: uint16(i),
		}
		s.free = append(s.free, uint16(int(size)-1-i))
	}
}

func physical(n int) abi.PhysAddr { return abi.PhysAddr(n) }

// room reports whether there is a slot, and a chain for it whatever its length.
func (d *Device) room() bool {
	return len(d.free) != 0 && (d.sendQueue.Free() >= (d.reserved+1)*chainBuffers || d.failed != nil)
}

// Reserve returns a frame to fill, or nil.
func (d *Device) Reserve() *packet.Frame {
	if !d.room() {
		d.Flush()
		if d.starved = !d.room(); d.starved {
			return nil
		}
	}
	slot := d.free[len(d.free)-1]
	d.free = d.free[:len(d.free)-1]
	d.reserved++
	return &d.frames[slot]
}

// Cancel gives a frame back unsent.
func (d *Device) Cancel(f *packet.Frame) {
	d.reserved--
	d.free = append(d.free, f.Slot)
}

// Send queues a frame.
func (d *Device) Send(f *packet.Frame) {
	if d.failed != nil {
		d.Cancel(f)
		return
	}
	at := int(f.Slot)*slotBytes + slotHeader
	writeHeader((*[headerBytes]byte)(d.slots.Bytes[at:]), f)
	headers := virtio.Piece{Physical: d.slots.Physical + physical(at), Bytes: headerBytes + uint32(f.HeaderBytes)}
	var head uint16
	var ok bool
	if f.PartCount == 1 { // as a rule
		head, ok = d.sendQueue.AddPair(headers, d.hold(&f.Parts[0]))
	} else {
		head, ok = d.addMany(headers, f.Parts[:f.PartCount])
	}
	if !ok {
		panic("virtio/net: a frame that was reserved has no room")
	}
	d.reserved--
	d.slotOf[head] = f.Slot
	d.sent[f.Slot] = true
	d.unsent = true
}

// hold makes a part of a frame one for the device, until release.
func (d *Device) hold(p *packet.Part) virtio.Piece {
	d.pool.Hold(p.Chunk)
	return virtio.Piece{Physical: d.pool.Physical(p.Chunk) + physical(int(p.Offset)), Bytes: uint32(p.Bytes)}
}

// addMany queues a frame of any number of parts.
func (d *Device) addMany(headers virtio.Piece, parts []packet.Part) (head uint16, ok bool) {
	d.chain[0] = virtio.Buffer{Physical: headers.Physical, Bytes: headers.Bytes}
	for i := range parts {
		p := d.hold(&parts[i])
		d.chain[i+1] = virtio.Buffer{Physical: p.Physical, Bytes: p.Bytes}
	}
	return d.sendQueue.Add(d.chain[:1+len(parts)]...)
}

// writeHeader writes the header of the device for a frame.
func writeHeader(b *[headerBytes]byte, f *packet.Frame) {
	head, last := uint64(0), uint32(0)
	if f.Checksum {
		head = flagNeedsChecksum | uint64(f.ChecksumStart)<<shiftStart
		last = uint32(f.ChecksumOffset)
		if f.Segmentation != packet.SegmentNone {
			head |= uint64(f.Segmentation)<<shiftSegmentation | uint64(f.HeaderBytes)<<shiftHeaders |
				uint64(f.SegmentBytes)<<shiftSegment
		}
	}
	binary.LittleEndian.PutUint64(b[:], head)
	binary.LittleEndian.PutUint32(b[8:], last)
}

// Flush tells the device of the frames sent, and takes back what it is done with.
func (d *Device) Flush() {
	if d.failed != nil {
		return
	}
	if d.unsent {
		d.unsent = false
		d.sendQueue.Publish()
		if d.sendQueue.NeedsNotify() {
			d.transport.Notify(queueTransmit)
		}
	}
	d.reclaim()
}

// reclaim takes back what the device has sent.
func (d *Device) reclaim() {
	before := d.sendQueue.InFlight()
	for {
		c, ok := d.sendQueue.Take()
		if !ok {
			break
		}
		d.sendQueue.Release(c.Head)
		d.release(d.slotOf[c.Head])
	}
	if err := d.sendQueue.Err(); err != nil {
		d.fail(err)
		return
	}
	switch after := d.sendQueue.InFlight(); {
	case after == 0 || after != before:
		d.still = 0
	default:
		if d.still++; d.still >= stillMax {
			d.still = 0
			d.look()
		}
	}
}

// release takes a slot back with the chunks of its frame.
func (d *Device) release(slot uint16) {
	f := &d.frames[slot]
	for i := range f.Parts[:f.PartCount] {
		d.pool.Release(f.Parts[i].Chunk)
	}
	d.sent[slot] = false
	d.free = append(d.free, slot)
}

// abandonSent releases what a device had that is given up.
func (d *Device) abandonSent() {
	for slot, sent := range d.sent {
		if sent {
			d.release(uint16(slot))
		}
	}
}

// look asks the device how it is and repeats the notifications that were lost:
// after the access both sides see all that the other has written.
func (d *Device) look() {
	if err := d.transport.Acknowledge(); err != nil {
		d.fail(err)
		return
	}
	if d.sendQueue.Unseen() {
		d.transport.Notify(queueTransmit)
	}
	if d.receiveQueue.Unseen() {
		d.transport.Notify(queueReceive)
	}
}

// Pending reports whether there is something to do: a frame that has arrived, or
// between Arm and Disarm room where it is short.
func (d *Device) Pending() bool {
	return d.failed == nil && (d.receiveQueue.HasUsed() || d.awaits && d.sendQueue.HasUsed())
}

// Arm asks the device to interrupt when something is Pending, and looks for lost
// notifications. It returns the interrupts to wait for, none when the device has
// none or is given up, and whether something is Pending already.
func (d *Device) Arm() (slots uint32, pending bool) {
	if d.failed != nil {
		return 0, false
	}
	d.receiveQueue.WantInterrupts()
	if d.awaits = d.sendQueue.InFlight() != 0 && (d.starved || d.pool.Short()); d.awaits {
		d.sendQueue.WantInterrupts()
	}
	d.look()
	if d.failed != nil {
		return 0, true // the stack has to learn it
	}
	return d.transport.Slots(), d.Pending()
}

// Disarm takes Arm back.
func (d *Device) Disarm() {
	if d.failed == nil {
		d.receiveQueue.QuietInterrupts()
		d.sendQueue.QuietInterrupts()
	}
	d.awaits = false
}
