// Package packettest has network devices for tests: one in memory that finishes
// checksums and segmentation in software, so that tests see what would cross the wire,
// and a link between two of them that loses, delays, reorders, repeats and damages.
package packettest

import (
	"encoding/binary"

	"mewz/kernel/device"
	"mewz/kernel/packet"
)

// Options say what a Device is like.
type Options struct {
	MAC     packet.MAC
	MTU     int // 0: 1500
	Offload packet.Offload
	// Slots is how many frames can be between Reserve and Flush. 0: 256.
	Slots int
	// Capacity is how many received frames wait. 0: 4096.
	Capacity int
	// SplitBytes cuts received frames into buffers of that size. 0: one buffer.
	SplitBytes int
}

// Device is a packet.Device in memory.
type Device struct {
	options Options
	pool    *packet.Pool
	free    []*packet.Frame
	pending []*packet.Frame // sent, not flushed
	in      []packet.Received
	out     [][]byte
	taken   packet.Received
	failure error

	// Flushes counts the calls that had something to tell a device.
	Flushes int
	// Received and SentFrames count frames; one that is cut into segments counts once.
	ReceivedFrames, SentFrames int
	// Discard forgets what is sent, for measurements.
	Discard bool
}

// NewPool returns a pool of memory of the Go heap.
func NewPool(maxBytes int) *packet.Pool {
	return packet.NewPool(func(n int) (device.Memory, error) {
		return device.Memory{Bytes: make([]byte, n)}, nil
	}, maxBytes)
}

// New returns a device whose frames refer to chunks of pool.
func New(pool *packet.Pool, o Options) *Device {
	if o.MTU == 0 {
		o.MTU = 1500
	}
	if o.Slots == 0 {
		o.Slots = 256
	}
	if o.Capacity == 0 {
		o.Capacity = 4096
	}
	d := &Device{options: o, pool: pool}
	for i := range o.Slots {
		d.free = append(d.free, &packet.Frame{Header: make([]byte, packet.HeaderMaxBytes), Slot: uint16(i)})
	}
	return d
}

func (d *Device) MAC() packet.MAC         { return d.options.MAC }
func (d *Device) MTU() int                { return d.options.MTU }
func (d *Device) Offload() packet.Offload { return d.options.Offload }
func (d *Device) Err() error              { return d.failure }

// Fail makes the device one that is given up.
func (d *Device) Fail(err error) { d.failure = err }

// Inject makes a frame arrive. It is dropped when too many wait.
func (d *Device) Inject(frame []byte) { d.InjectReceived(packet.Received{Bytes: frame}) }

// InjectReceived makes a frame arrive as the device describes it.
func (d *Device) InjectReceived(r packet.Received) {
	if len(d.in) >= d.options.Capacity {
		return
	}
	if n := d.options.SplitBytes; n > 0 && len(r.More) == 0 {
		whole := r.Bytes
		r.Bytes = whole[:min(n, len(whole))]
		for whole = whole[len(r.Bytes):]; len(whole) > 0; whole = whole[min(n, len(whole)):] {
			r.More = append(r.More, whole[:min(n, len(whole))])
		}
	}
	d.in = append(d.in, r)
}

// Receive: see packet.Device.
func (d *Device) Receive() *packet.Received {
	if len(d.in) == 0 || d.failure != nil {
		return nil
	}
	d.taken = d.in[0]
	d.in = d.in[1:]
	d.ReceivedFrames++
	return &d.taken
}

// Recycle: see packet.Device.
func (d *Device) Recycle() {}

// Reserve: see packet.Device.
func (d *Device) Reserve() *packet.Frame {
	if len(d.free) == 0 {
		return nil
	}
	f := d.free[len(d.free)-1]
	d.free = d.free[:len(d.free)-1]
	f.HeaderBytes, f.PartCount, f.Checksum, f.Segmentation, f.SegmentBytes = 0, 0, false, 0, 0
	return f
}

// Cancel: see packet.Device.
func (d *Device) Cancel(f *packet.Frame) { d.free = append(d.free, f) }

// Send: see packet.Device.
func (d *Device) Send(f *packet.Frame) {
	for _, part := range f.Parts[:f.PartCount] {
		d.pool.Hold(part.Chunk)
	}
	d.pending = append(d.pending, f)
}

// Flush: see packet.Device.
func (d *Device) Flush() {
	if len(d.pending) > 0 {
		d.Flushes++
	}
	for _, f := range d.pending {
		if d.failure == nil && !d.Discard {
			d.complete(f)
		}
		for _, part := range f.Parts[:f.PartCount] {
			d.pool.Release(part.Chunk)
		}
		d.SentFrames++
		d.free = append(d.free, f)
	}
	d.pending = d.pending[:0]
}

// Free returns how many frames can be reserved.
func (d *Device) Free() int { return len(d.free) }

// Sent returns the frames that have left the device since the last call, as they
// would be on the wire.
func (d *Device) Sent() [][]byte {
	frames := d.out
	d.out = nil
	return frames
}

// complete does in software what a device would do.
func (d *Device) complete(f *packet.Frame) {
	frame := append([]byte(nil), f.Header[:f.HeaderBytes]...)
	for _, part := range f.Parts[:f.PartCount] {
		frame = append(frame, d.pool.Bytes(part.Chunk)[part.Offset:int(part.Offset)+int(part.Bytes)]...)
	}
	switch {
	case f.Segmentation != packet.SegmentNone:
		if !f.Checksum || f.SegmentBytes == 0 {
			panic("packettest: segmentation without checksum or size")
		}
		d.segment(f, frame)
	case f.Checksum:
		if !d.options.Offload.SendChecksum {
			panic("packettest: the device has no checksum offload")
		}
		at := int(f.ChecksumStart)
		sum := Checksum(frame[at:])
		if sum == 0 && f.ChecksumOffset == 6 {
			sum = 0xffff // UDP (RFC 768)
		}
		binary.BigEndian.PutUint16(frame[at+int(f.ChecksumOffset):], sum)
		fallthrough
	default:
		if len(frame) > d.options.MTU+14 {
			panic("packettest: a frame is longer than the MTU")
		}
		d.out = append(d.out, frame)
	}
}

// segment cuts a TCP frame.
func (d *Device) segment(f *packet.Frame, frame []byte) {
	be := binary.BigEndian
	l4 := int(f.ChecksumStart)
	headers := l4 + int(frame[l4+12]>>4)*4
	payload := frame[headers:]
	sequence, flags := be.Uint32(frame[l4+4:]), frame[l4+13]
	id := be.Uint16(frame[18:])
	for at := 0; at < len(payload); at += int(f.SegmentBytes) {
		end := min(at+int(f.SegmentBytes), len(payload))
		s := append(append([]byte(nil), frame[:headers]...), payload[at:end]...)
		if len(s) > d.options.MTU+14 {
			panic("packettest: a segment is longer than the MTU")
		}
		if f.Segmentation == packet.SegmentTCP4 {
			be.PutUint16(s[16:], uint16(len(s)-14))
			be.PutUint16(s[18:], id)
			be.PutUint16(s[24:], 0)
			be.PutUint16(s[24:], Checksum(s[14:34]))
			id++
		} else {
			be.PutUint16(s[18:], uint16(len(s)-54))
		}
		be.PutUint32(s[l4+4:], sequence+uint32(at))
		if end < len(payload) {
			s[l4+13] = flags &^ 9 // FIN and PSH belong to the last
		}
		if at > 0 {
			s[l4+13] &^= 0x80 // CWR to the first
		}
		be.PutUint16(s[l4+16:], 0)
		be.PutUint16(s[l4+16:], transportChecksum(s, l4))
		d.out = append(d.out, s)
	}
}

// transportChecksum sums TCP with its pseudo header.
func transportChecksum(frame []byte, l4 int) uint16 {
	pseudo := []byte{0, 6, 0, 0}
	binary.BigEndian.PutUint16(pseudo[2:], uint16(len(frame)-l4))
	if frame[14]>>4 == 4 {
		pseudo = append(pseudo, frame[26:34]...)
	} else {
		pseudo = append(pseudo, frame[22:54]...)
	}
	return Checksum(append(pseudo, frame[l4:]...))
}

// Checksum is the checksum of RFC 1071, word by word: slow, and another than the one
// that is tested.
func Checksum(b []byte) uint16 {
	sum := uint32(0)
	for i, c := range b {
		if i%2 == 0 {
			sum += uint32(c) << 8
		} else {
			sum += uint32(c)
		}
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
