// Package block drives virtio block devices (virtio 1.2, 5.2), and, in a Linux
// process, a file in their place.
//
// In: a device. Out: sectors that are read and written. A write returns when the
// device may have it; it is safe, and known to have succeeded, after Flush.
// Several requests are on their way at once; a request never passes one before
// it that concerns the same sectors. Data goes through buffers that are allocated
// once, for neither the program's memory nor Go's has addresses that a device
// understands.
//
// The device is outside: what it says is checked, and when it breaks the rules,
// package request gives it up. Nothing here hangs or panics on what it does.
package block

import (
	"encoding/binary"
	"errors"
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// SectorBytes is the unit of the device (5.2.2); offsets and lengths are
// multiples of it.
const SectorBytes = 512

// Features of a block device (5.2.3).
const (
	FeatureSizeMax  virtio.Features = 1 << 1 // VIRTIO_BLK_F_SIZE_MAX
	FeatureReadOnly virtio.Features = 1 << 5 // VIRTIO_BLK_F_RO
	// FeatureFlush is of a device with a cache. One without it has none: what it
	// has answered is safe (5.2.5, the cache mode is writethrough).
	FeatureFlush virtio.Features = 1 << 9 // VIRTIO_BLK_F_FLUSH
)

// Configuration (5.2.4).
const (
	configCapacity = 0
	configSizeMax  = 8
)

// Requests (5.2.6): a header of type and sector, data, and a byte of status.
const (
	typeIn    = 0 // VIRTIO_BLK_T_IN
	typeOut   = 1 // VIRTIO_BLK_T_OUT
	typeFlush = 4 // VIRTIO_BLK_T_FLUSH
	typeGetID = 8 // VIRTIO_BLK_T_GET_ID

	headerBytes = 16
	serialBytes = 20 // of the answer to typeGetID

	statusOK = 0 // VIRTIO_BLK_S_OK
	// statusNone is no status that a device gives: it has not written one.
	statusNone = 0xff
)

// Sizes.
const (
	// dataBytes is how much a request carries: enough for sequential reading to be
	// a copy, small enough for many at once.
	dataBytes = 64 << 10
	// slotsMax bounds the requests on their way, and the memory for them: 1 MiB.
	slotsMax = 16
	// buffersPerRequest are the header, the data and the status.
	buffersPerRequest = 3
	// headBytes is room for header and status before the data of a slot, aligned
	// for the data; the status lies behind the header.
	headBytes = 64

	queueRequests = 0
)

// capacityReads bounds how often the capacity is read until both halves fit.
const capacityReads = 8

// Errors of the driver.
var (
	ErrSizeMax  = errors.New("virtio/block: the device takes less than a sector at once")
	ErrCapacity = errors.New("virtio/block: the capacity of the device changes or is beyond all bounds")
)

// Device is a block device.
type Device struct {
	device   *request.Device
	sectors  uint64
	readOnly bool
	cached   bool // it has FeatureFlush
	chunk    int  // bytes of data of a request
	serial   string
	slots    []slot
	next     int   // slot to take next
	failed   error // of a write since the last Flush
	copier   device.Copier
}

// slot is a request: its memory and, if it is under way, what it concerns.
type slot struct {
	memory       device.Memory
	id           request.ID
	kind         uint32
	busy         bool
	sector, ends uint64   // of a read or write under way
	into         [][]byte // of a read, where the data goes
	bytes        int
}

// Open starts the device of m. After an error it is stopped.
func Open(m request.Machine) (*Device, error) {
	r, err := request.Open(m, func(virtio.Features) virtio.Features {
		return FeatureSizeMax | FeatureReadOnly | FeatureFlush
	})
	if err != nil {
		return nil, err
	}
	d := &Device{device: r, copier: device.NewCopier(), readOnly: r.Features&FeatureReadOnly != 0, cached: r.Features&FeatureFlush != 0}
	if err := d.configure(); err != nil {
		virtio.GiveUp(m.Transport)
		return nil, err
	}
	return d, nil
}

// configure reads what the device says of itself and makes the slots.
func (d *Device) configure() error {
	var err error
	if d.sectors, err = capacity(d.device.Config()); err != nil {
		return err
	}
	d.chunk = dataBytes
	if d.device.Features&FeatureSizeMax != 0 {
		most := d.device.Config().Config(configSizeMax)
		if most < SectorBytes {
			return ErrSizeMax
		}
		d.chunk = int(min(most, dataBytes)) &^ (SectorBytes - 1)
	}
	if err := d.device.Ready(queueRequests); err != nil {
		return err
	}
	n := min(slotsMax, d.device.Room(0)/buffersPerRequest)
	if n == 0 {
		return virtio.ErrNoQueue
	}
	memory, err := d.device.Allocate(n * (headBytes + dataBytes))
	if err != nil {
		return err
	}
	d.slots = make([]slot, n)
	for i := range d.slots {
		d.slots[i].memory = memory.Part(i*(headBytes+dataBytes), headBytes+dataBytes)
	}
	return d.readSerial()
}

// capacity reads the number of sectors, whose halves belong together.
func capacity(t virtio.Transport) (uint64, error) {
	const sectorsMax = 1<<63/SectorBytes - 1 // so that bytes are a number of 63 bits
	read := func() uint64 {
		return uint64(t.Config(configCapacity)) | uint64(t.Config(configCapacity+4))<<32
	}
	last := read()
	for range capacityReads {
		n := read()
		if n == last && n <= sectorsMax {
			return n, nil
		}
		last = n
	}
	return 0, ErrCapacity
}

// readSerial asks the device for its serial number; not every device has one.
func (d *Device) readSerial() error {
	s := &d.slots[0]
	if err := d.start(s, typeGetID, 0, serialBytes); err != nil {
		return err
	}
	_, status, err := d.wait(s)
	if err != nil {
		return err
	}
	if status != statusOK {
		return nil
	}
	b := s.data()[:serialBytes]
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	d.serial = string(b)
	return nil
}

// Serial returns the serial number of the device, at most 20 bytes.
func (d *Device) Serial() string { return d.serial }

// Bytes returns how large the device is.
func (d *Device) Bytes() uint64 { return d.sectors * SectorBytes }

// ReadOnly reports whether it can be read only.
func (d *Device) ReadOnly() bool { return d.readOnly }

// Err returns why the device is given up, or nil.
func (d *Device) Err() error { return d.device.Err() }

// Arm, Disarm and Pending are those of request.Device.
func (d *Device) Arm() (slots uint32, pending bool) { return d.device.Arm() }

// Disarm takes Arm back.
func (d *Device) Disarm() { d.device.Disarm() }

// Pending reports whether the device has answered something.
func (d *Device) Pending() bool { return d.device.Pending() }

// check refuses what is not whole sectors of the device.
func (d *Device) check(buffers [][]byte, offset uint64) (n int, err error) {
	for _, b := range buffers {
		n += len(b)
	}
	if offset%SectorBytes != 0 || n%SectorBytes != 0 || offset > d.Bytes() || uint64(n) > d.Bytes()-offset {
		return 0, syscall.EINVAL
	}
	return n, nil
}

// Read fills buffers from offset on, all or nothing.
func (d *Device) Read(into [][]byte, offset uint64) error {
	n, err := d.check(into, offset)
	if err != nil {
		return err
	}
	c := device.Cursor{Buffers: into}
	sector := offset / SectorBytes
	for n > 0 && err == nil {
		k := min(n, d.chunk)
		var s *slot
		if s, err = d.take(sector, k, typeIn); err != nil {
			break
		}
		s.into = c.Cut(s.into[:0], k)
		err = d.start(s, typeIn, sector, k)
		sector += uint64(k / SectorBytes)
		n -= k
	}
	if e := d.finish(typeIn); err == nil {
		err = e
	}
	return err
}

// Write writes buffers from offset on. It fails at the latest in the next Flush.
func (d *Device) Write(from [][]byte, offset uint64) error {
	n, err := d.check(from, offset)
	if err != nil {
		return err
	}
	if d.readOnly {
		return syscall.EROFS
	}
	c := device.Cursor{Buffers: from, Copier: d.copier}
	for sector := offset / SectorBytes; n > 0; {
		k := min(n, d.chunk)
		s, err := d.take(sector, k, typeOut)
		if err != nil {
			return err
		}
		c.Drain(s.data()[:k])
		if err := d.start(s, typeOut, sector, k); err != nil {
			return err
		}
		sector += uint64(k / SectorBytes)
		n -= k
	}
	d.device.Kick()
	return d.device.Err()
}

// Flush waits until all that was written is safe. An error says that something
// written since the last Flush may be lost.
func (d *Device) Flush() error {
	if err := d.finish(typeOut); err != nil && d.failed == nil {
		d.failed = err
	}
	err := d.failed
	d.failed = nil
	if err != nil || !d.cached {
		return err
	}
	s, err := d.take(0, 0, typeFlush)
	if err != nil {
		return err
	}
	if err := d.start(s, typeFlush, 0, 0); err != nil {
		return err
	}
	return d.end(s)
}

// take returns a free slot for a request, after waiting for those that concern
// the same sectors: devices answer in any order (5.2.6.1).
func (d *Device) take(sector uint64, n int, kind uint32) (*slot, error) {
	ends := sector + uint64(n/SectorBytes)
	for i := range d.slots {
		s := &d.slots[i]
		if s.busy && s.sector < ends && sector < s.ends && (kind == typeOut || s.kind == typeOut) {
			if err := d.retire(s); err != nil {
				return nil, err
			}
		}
	}
	s := &d.slots[d.next]
	d.next = (d.next + 1) % len(d.slots)
	if s.busy {
		if err := d.retire(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// retire waits for a request under way. That of a write is told by Flush, unless
// the device is lost.
func (d *Device) retire(s *slot) error {
	kind := s.kind
	err := d.end(s)
	if err != nil && kind == typeOut && d.device.Err() == nil {
		if d.failed == nil {
			d.failed = err
		}
		return nil
	}
	return err
}

// finish waits for all requests of a kind, even after an error, for what a device
// has it may still write to.
func (d *Device) finish(kind uint32) (err error) {
	for i := range d.slots {
		// The latest first: when it has ended, the others mostly have, without more waiting.
		s := &d.slots[(d.next+len(d.slots)-1-i)%len(d.slots)]
		if s.busy && s.kind == kind {
			if e := d.end(s); err == nil {
				err = e
			}
		}
	}
	return err
}

// start gives the device a request with n bytes of data.
func (d *Device) start(s *slot, kind uint32, sector uint64, n int) (err error) {
	le, b := binary.LittleEndian, s.memory.Bytes
	le.PutUint32(b, kind)
	le.PutUint32(b[4:], 0)
	le.PutUint64(b[8:], sector)
	b[headerBytes] = statusNone
	at := s.memory.Physical
	var buffers [buffersPerRequest]virtio.Buffer
	buffers[0] = virtio.Buffer{Physical: at, Bytes: headerBytes}
	used := 1
	if n > 0 {
		buffers[used] = virtio.Buffer{Physical: at + headBytes, Bytes: uint32(n), Write: kind != typeOut}
		used++
	}
	buffers[used] = virtio.Buffer{Physical: at + headerBytes, Bytes: 1, Write: true}
	if s.id, err = d.device.Start(queueRequests, buffers[:used+1]...); err != nil {
		return err
	}
	s.busy, s.kind, s.bytes = true, kind, n
	s.sector, s.ends = sector, sector+uint64(n/SectorBytes)
	return nil
}

// wait waits for a request and returns what the device says of it.
func (d *Device) wait(s *slot) (written uint32, status uint8, err error) {
	s.busy = false
	written, err = d.device.Wait(s.id)
	if err != nil {
		return 0, statusNone, err
	}
	return written, s.memory.Bytes[headerBytes], nil
}

// end waits for a request and takes what it has read.
func (d *Device) end(s *slot) error {
	_, status, err := d.wait(s)
	if err != nil {
		return syscall.EIO // Err says why
	}
	if status != statusOK {
		return syscall.EIO
	}
	if s.kind == typeIn {
		c := device.Cursor{Buffers: s.into, Copier: d.copier}
		c.Fill(s.data()[:s.bytes])
	}
	return nil
}

func (s *slot) data() []byte { return s.memory.Bytes[headBytes:] }
