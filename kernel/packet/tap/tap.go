// Package tap is a network interface over a TAP device of Linux, for a kernel that
// runs as a process.
//
// In: a descriptor of /dev/net/tun that does not block, with IFF_TAP, IFF_NO_PI,
// IFF_VNET_HDR and headers of abi.NetworkHeaderBytes (tuntap.rst of Linux). Out: a
// packet.Device. A frame is one system call, and sent when Send is called; one that
// the interface does not take is lost, as on a wire. One goroutine owns it.
package tap

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/packet"
	"mewz/kernel/system"
)

const (
	// frameMaxBytes is the longest frame that Linux hands over: 64 KiB of IP packet,
	// an Ethernet header and a VLAN tag.
	frameMaxBytes = 65535 + 14 + 4
	mtuEthernet   = 1500

	// slots is how many frames can be reserved at once; each is free after Send.
	slots = 64
)

// Header of each frame: struct virtio_net_hdr_v1 (virtio 1.2, 5.1.6).
const (
	headerBytes = abi.NetworkHeaderBytes

	flagNeedsChecksum = 1 // VIRTIO_NET_HDR_F_NEEDS_CSUM
	flagDataValid     = 2 // VIRTIO_NET_HDR_F_DATA_VALID
	segmentECN        = 0x80
)

// Features of TUNSETOFFLOAD: what Linux may leave to the reader of the descriptor.
const (
	setOffload       = 0x400454d0 // TUNSETOFFLOAD
	offloadChecksum  = 1          // TUN_F_CSUM
	offloadTCP4      = 2          // TUN_F_TSO4
	offloadTCP6      = 4          // TUN_F_TSO6
	offloadEverybody = offloadChecksum | offloadTCP4 | offloadTCP6
)

// Errno is an error of a TAP device.
type Errno struct {
	Call  string
	Errno system.Errno
}

func (e Errno) Error() string { return "tap: " + e.Call + ": " + e.Errno.Error() }

// Device is a TAP device (packet.Device).
type Device struct {
	descriptor int
	pool       *packet.Pool
	mac        packet.MAC
	received   packet.Received
	buffer     []byte
	frames     []packet.Frame
	headers    []byte // slots of headerBytes and packet.HeaderMaxBytes
	free       []uint16
	vectors    [1 + packet.PartsMax]system.Vector
	failed     error
}

const slotBytes = headerBytes + packet.HeaderMaxBytes

// Open returns the device behind a descriptor. Its address is made of random
// numbers, for that of the interface is its other end's.
func Open(descriptor int, pool *packet.Pool, random interface{ Fill(p []byte) }) (*Device, error) {
	if !system.Inherited(descriptor) {
		return nil, Errno{"the descriptor is not inherited: run the program by mewz", system.BadDescriptor}
	}
	if errno := system.Control(descriptor, setOffload, offloadEverybody); errno != 0 {
		return nil, Errno{"TUNSETOFFLOAD", errno}
	}
	d := &Device{
		descriptor: descriptor, pool: pool, buffer: make([]byte, headerBytes+frameMaxBytes),
		frames: make([]packet.Frame, slots), headers: make([]byte, slots*slotBytes), free: make([]uint16, slots),
	}
	random.Fill(d.mac[:])
	d.mac[0] = d.mac[0]&^1 | 2 // of one interface, given by nobody (IEEE 802, 8.2)
	for i := range d.frames {
		at := i*slotBytes + headerBytes
		d.frames[i] = packet.Frame{Header: d.headers[at : at+packet.HeaderMaxBytes : at+packet.HeaderMaxBytes], Slot: uint16(i)}
		d.free[i] = uint16(i)
	}
	return d, nil
}

// MAC implements packet.Device, as the methods below.
func (d *Device) MAC() packet.MAC { return d.mac }

// MTU returns the largest IP packet.
func (d *Device) MTU() int { return mtuEthernet }

// Offload returns what the device does for the stack: Linux does all.
func (d *Device) Offload() packet.Offload {
	return packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}
}

// Err returns why the device is given up, or nil.
func (d *Device) Err() error { return d.failed }

// Receive returns the next frame that has arrived, or nil.
func (d *Device) Receive() *packet.Received {
	if d.failed != nil {
		return nil
	}
	n, errno := system.Read(d.descriptor, d.buffer)
	switch {
	case errno == system.WouldBlock || errno == system.Interrupted:
		return nil
	case errno != 0:
		d.failed = Errno{"read", errno}
		return nil
	case n < headerBytes:
		return nil // nothing that could be a frame
	}
	le := binary.LittleEndian
	r := &d.received
	r.Bytes = d.buffer[headerBytes:n]
	r.ChecksumGood = d.buffer[0]&(flagNeedsChecksum|flagDataValid) != 0
	r.SegmentBytes = 0
	switch packet.Segmentation(d.buffer[1]) &^ segmentECN {
	case packet.SegmentTCP4, packet.SegmentTCP6:
		r.SegmentBytes = le.Uint16(d.buffer[4:])
	default:
		// As it came.
	}
	return r
}

// Recycle does nothing: the one buffer is free by the next Receive.
func (d *Device) Recycle() {}

// Reserve returns a frame to fill, or nil.
func (d *Device) Reserve() *packet.Frame {
	if len(d.free) == 0 {
		return nil
	}
	slot := d.free[len(d.free)-1]
	d.free = d.free[:len(d.free)-1]
	return &d.frames[slot]
}

// Cancel gives a frame back unsent.
func (d *Device) Cancel(f *packet.Frame) { d.free = append(d.free, f.Slot) }

// Send sends a frame. Its chunks are not needed after that.
func (d *Device) Send(f *packet.Frame) {
	defer d.Cancel(f)
	if d.failed != nil {
		return
	}
	header := d.headers[int(f.Slot)*slotBytes:][:headerBytes+int(f.HeaderBytes)]
	writeHeader(header, f)
	d.vectors[0] = system.NewVector(header)
	for i := range f.Parts[:f.PartCount] {
		p := &f.Parts[i]
		d.vectors[i+1] = system.NewVector(d.pool.Bytes(p.Chunk)[p.Offset:][:p.Bytes])
	}
	switch _, errno := system.WriteVectors(d.descriptor, d.vectors[:1+f.PartCount]); errno {
	case 0, system.WouldBlock, system.Interrupted, system.InputOutput, system.NoBuffers:
		// Sent, or lost: no room, or the interface is down (EIO).
	default:
		d.failed = Errno{"writev", errno}
	}
}

// writeHeader writes the header of the device for a frame.
func writeHeader(b []byte, f *packet.Frame) {
	clear(b[:headerBytes])
	if !f.Checksum {
		return
	}
	le := binary.LittleEndian
	b[0] = flagNeedsChecksum
	le.PutUint16(b[6:], f.ChecksumStart)
	le.PutUint16(b[8:], f.ChecksumOffset)
	if f.Segmentation != packet.SegmentNone {
		b[1] = byte(f.Segmentation)
		le.PutUint16(b[2:], f.HeaderBytes)
		le.PutUint16(b[4:], f.SegmentBytes)
	}
}

// Flush does nothing: frames are sent by Send.
func (d *Device) Flush() {}

// Events returns what to wait for on the descriptor before the next Receive.
func (d *Device) Events() system.PollEvents {
	if d.failed != nil {
		return 0
	}
	return system.PollIn
}
