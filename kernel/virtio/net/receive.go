package net

import (
	"encoding/binary"

	"mewz/kernel/device"
	"mewz/kernel/packet"
	"mewz/kernel/virtio"
)

// Header of each frame (5.1.6: struct virtio_net_hdr).
//
//	 0  flags          1  gso_type
//	 2  hdr_len        4  gso_size
//	 6  csum_start     8  csum_offset
//	10  num_buffers
const (
	headerBytes = 12

	flagNeedsChecksum = 1 // VIRTIO_NET_HDR_F_NEEDS_CSUM
	flagDataValid     = 2 // VIRTIO_NET_HDR_F_DATA_VALID
	segmentECN        = 0x80

	shiftSegmentation = 8 // in the first 8 bytes
	shiftHeaders      = 16
	shiftSegment      = 32
	shiftStart        = 48
	shiftBuffers      = 16 // in the last 4
)

// receiver is the receive queue. Its buffers lie one after the other in memory; a
// chain is one of them.
type receiver struct {
	receiveQueue virtio.Queue
	buffers      device.Memory
	bufferSize   int
	merged       bool
	bufferOf     []uint16 // by the head of the chain
	taken        []uint16 // buffers used by frames since the last Recycle
	received     packet.Received
	more         [receiveMaxBuffers][]byte
}

func (r *receiver) init(memory device.Memory, size uint16, merged bool) {
	r.buffers, r.merged = memory, merged
	r.bufferSize = len(memory.Bytes) / int(size)
	r.bufferOf = make([]uint16, size)
	r.taken = make([]uint16, 0, size)
}

// fill gives the device all buffers.
func (d *Device) fill() {
	for i := range d.bufferOf {
		at := d.buffers.Physical + physical(i*d.bufferSize)
		if head, ok := d.receiveQueue.Add(virtio.Buffer{Physical: at, Bytes: uint32(d.bufferSize), Write: true}); ok {
			d.bufferOf[head] = uint16(i)
		}
	}
	d.receiveQueue.Publish()
	d.receiveQueue.NeedsNotify()
	d.transport.Notify(queueReceive)
}

// Receive returns the next frame that has arrived, or nil.
func (d *Device) Receive() *packet.Received {
	if d.failed != nil {
		return nil
	}
	first, ok := d.nextBuffer()
	if !ok {
		return nil
	}
	if len(first) < headerBytes {
		d.fail(ErrShort)
		return nil
	}
	// Read once: the device may write on.
	head, last := binary.LittleEndian.Uint64(first), binary.LittleEndian.Uint32(first[8:])
	r := &d.received
	r.Bytes, r.More = first[headerBytes:], nil
	if d.merged {
		if buffers := uint16(last >> shiftBuffers); buffers != 1 && !d.receiveMore(buffers) {
			return nil
		}
	}
	r.ChecksumGood = head&(flagNeedsChecksum|flagDataValid) != 0 && d.features&FeatureGuestChecksum != 0
	r.SegmentBytes = 0
	switch packet.Segmentation(head>>shiftSegmentation) &^ segmentECN {
	case packet.SegmentTCP4, packet.SegmentTCP6:
		r.SegmentBytes = uint16(head >> shiftSegment)
	default:
		// As it came; what else is there was not agreed on.
	}
	return r
}

// receiveMore takes the other buffers of a frame of several. The device uses
// them all at once (5.1.6.4).
func (d *Device) receiveMore(buffers uint16) (ok bool) {
	if buffers == 0 || buffers > receiveMaxBuffers {
		d.fail(ErrBuffers)
		return false
	}
	for i := range buffers - 1 {
		b, ok := d.nextBuffer()
		if !ok {
			d.fail(ErrBuffers)
			return false
		}
		d.more[i] = b
	}
	d.received.More = d.more[:buffers-1]
	return true
}

// nextBuffer returns what the device wrote into the next buffer that it has used.
func (d *Device) nextBuffer() ([]byte, bool) {
	c, ok := d.receiveQueue.Take()
	if !ok {
		if err := d.receiveQueue.Err(); err != nil {
			d.fail(err)
		}
		return nil, false
	}
	d.taken = append(d.taken, c.Head)
	at := int(d.bufferOf[c.Head]) * d.bufferSize
	return d.buffers.Bytes[at : at+int(c.Bytes) : at+int(c.Bytes)], true
}

// Recycle gives the buffers of all frames received back to the device.
func (d *Device) Recycle() {
	if len(d.taken) == 0 || d.failed != nil {
		return
	}
	for _, head := range d.taken {
		d.receiveQueue.Again(head)
	}
	d.taken = d.taken[:0]
	d.receiveQueue.Publish()
	if d.receiveQueue.NeedsNotify() {
		d.transport.Notify(queueReceive)
	}
}

// abandonReceived forgets the buffers of a device that is given up.
func (d *Device) abandonReceived() { d.taken = d.taken[:0] }
