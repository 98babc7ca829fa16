// Package pci is virtio over PCI (virtio 1.2, 4.1).
//
// In: a function of the PCI bus. Out: a virtio.Transport. It uses the modern
// layout only, so a transitional device works and a legacy one is refused, and
// one message of MSI-X for everything; without MSI-X there is no interrupt and
// the driver looks again by the clock.
package pci

import (
	"errors"

	"mewz/abi"
	"mewz/kernel/device"
	bus "mewz/kernel/pci"
	"mewz/kernel/virtio"
)

// Device numbers (4.1.2): modern ones count from 0x1040 by virtio.DeviceID,
// transitional ones from 0x1000 in an order of their own.
const (
	vendor              = 0x1af4
	deviceModern        = 0x1040
	deviceModernLast    = 0x107f
	deviceConsoleLegacy = 0x1003
	deviceNetworkLegacy = 0x1000
	deviceEntropyLegacy = 0x1005
)

// Types of the capability of virtio (4.1.4).
const (
	capabilityCommon = 1
	capabilityNotify = 2
	capabilityDevice = 4

	capabilityMaxAt = 0xe8
	structureMax    = 64 << 10 // of a structure that is mapped
)

// Registers of the common configuration (4.1.4.3).
const (
	registerFeaturesSel = 0
	registerFeatures    = 4
	registerAcceptSel   = 8
	registerAccept      = 12
	registerMSIX        = 16
	registerStatus      = 20
	registerQueueSel    = 22
	registerQueueSize   = 24
	registerQueueMSIX   = 26
	registerQueueEnable = 28
	registerQueueNotify = 30
	registerDescriptors = 32
	registerAvailable   = 40
	registerUsed        = 48
	commonBytes         = 56

	noVector    = 0xffff
	firstVector = 0
	queuesMax   = 256 // queues whose notification is kept
)

// ErrNotModern is returned for a device without the structures of virtio 1.
var ErrNotModern = errors.New("virtio/pci: the device has no modern interface")

// Found is a virtio device on the bus.
type Found struct {
	ID       virtio.DeviceID
	function bus.Function
	machine  device.Machine
}

// Find returns the virtio devices of the bus.
func Find(m device.Machine, c bus.Config) []Found {
	var found []Found
	bus.Scan(c, func(f bus.Function) bool {
		if id := identify(f); id != 0 {
			found = append(found, Found{id, f, m})
		}
		return true
	})
	return found
}

func identify(f bus.Function) virtio.DeviceID {
	switch {
	case f.Vendor != vendor:
		return 0
	case f.Device > deviceModern && f.Device <= deviceModernLast:
		return virtio.DeviceID(f.Device - deviceModern)
	case f.Device == deviceConsoleLegacy:
		return virtio.DeviceConsole
	case f.Device == deviceNetworkLegacy:
		return virtio.DeviceNetwork
	case f.Device == deviceEntropyLegacy:
		return virtio.DeviceEntropy
	default:
		return 0
	}
}

// Transport is a device on the PCI bus.
type Transport struct {
	common, notify, device device.Registers
	notifyMultiplier       uint32
	notifyAt               []uint32 // by queue
	interrupt              device.Interrupt
}

// Open maps the structures of the device and sets up its interrupt.
func (f Found) Open() (*Transport, error) {
	t := &Transport{}
	var failed error
	f.function.Enable()
	f.function.Capabilities(func(id, at uint8) bool {
		if id == bus.CapabilityVendor && at <= capabilityMaxAt {
			failed = t.mapStructure(f, at)
		}
		return failed == nil
	})
	if failed != nil {
		return nil, failed
	}
	if t.common == nil || t.notify == nil || t.device == nil {
		return nil, ErrNotModern
	}
	if in, err := f.function.MessageInterrupt(f.machine); err == nil {
		t.interrupt = in
	}
	return t, nil
}

// mapStructure maps what the capability at offset at describes, if it is one
// of those that are needed; of two of a kind the first is the preferred one.
func (t *Transport) mapStructure(f Found, at uint8) error {
	kind := f.function.Load32(at) >> 24
	into := t.structure(kind)
	if into == nil || *into != nil {
		return nil
	}
	bar, err := f.function.BAR(uint8(f.function.Load32(at + 4)))
	if err != nil {
		return err
	}
	offset, n := f.function.Load32(at+8), f.function.Load32(at+12)
	if n == 0 || kind == capabilityCommon && n < commonBytes {
		return ErrNotModern
	}
	if kind == capabilityNotify {
		t.notifyMultiplier = f.function.Load32(at + 16)
	}
	*into, err = f.machine.Map(bar+abi.PhysAddr(offset), uint64(min(n, structureMax)))
	return err
}

// structure returns where a type of structure is kept, or nil.
func (t *Transport) structure(kind uint32) *device.Registers {
	switch kind {
	case capabilityCommon:
		return &t.common
	case capabilityNotify:
		return &t.notify
	case capabilityDevice:
		return &t.device
	default:
		return nil
	}
}

// Status implements virtio.Transport, as the methods below.
func (t *Transport) Status() virtio.Status { return virtio.Status(t.common.Load8(registerStatus)) }

// SetStatus writes the device status. A reset forgets the vector of the
// configuration, so it is set again.
func (t *Transport) SetStatus(s virtio.Status) {
	t.common.Store8(registerStatus, uint8(s))
	if s == virtio.StatusAcknowledge {
		t.common.Store16(registerMSIX, t.vector())
	}
}

func (t *Transport) vector() uint16 {
	if t.interrupt.Slots == 0 {
		return noVector
	}
	return firstVector
}

// Features returns what the device offers.
func (t *Transport) Features() virtio.Features {
	t.common.Store32(registerFeaturesSel, 0)
	low := t.common.Load32(registerFeatures)
	t.common.Store32(registerFeaturesSel, 1)
	return virtio.Features(t.common.Load32(registerFeatures))<<32 | virtio.Features(low)
}

// SetFeatures writes what the driver accepts.
func (t *Transport) SetFeatures(f virtio.Features) {
	t.common.Store32(registerAcceptSel, 0)
	t.common.Store32(registerAccept, uint32(f))
	t.common.Store32(registerAcceptSel, 1)
	t.common.Store32(registerAccept, uint32(f>>32))
}

// QueueMax returns the greatest size of a queue.
func (t *Transport) QueueMax(index uint16) uint16 {
	t.common.Store16(registerQueueSel, index)
	return min(t.common.Load16(registerQueueSize), virtio.QueueMaxSize)
}

// EnableQueue tells the device where a queue is.
func (t *Transport) EnableQueue(index uint16, a virtio.QueueAddresses) error {
	if index >= queuesMax || t.QueueMax(index) < a.Size {
		return virtio.ErrNoQueue
	}
	t.common.Store16(registerQueueSize, a.Size)
	t.common.Store16(registerQueueMSIX, t.vector())
	t.storeAddress(registerDescriptors, a.Descriptors)
	t.storeAddress(registerAvailable, a.Available)
	t.storeAddress(registerUsed, a.Used)
	for int(index) >= len(t.notifyAt) {
		t.notifyAt = append(t.notifyAt, ^uint32(0))
	}
	t.notifyAt[index] = uint32(t.common.Load16(registerQueueNotify)) * t.notifyMultiplier
	t.common.Store16(registerQueueEnable, 1)
	return nil
}

func (t *Transport) storeAddress(register uint32, a abi.PhysAddr) {
	t.common.Store32(register, uint32(a))
	t.common.Store32(register+4, uint32(a>>32))
}

// Notify tells the device that a queue has new buffers.
func (t *Transport) Notify(index uint16) {
	if int(index) < len(t.notifyAt) {
		t.notify.Store16(t.notifyAt[index], index)
	}
}

// Config reads from the configuration of the device, as the next two.
func (t *Transport) Config(offset uint32) uint32 { return t.device.Load32(offset) }

// Config16 reads a field of 2 bytes.
func (t *Transport) Config16(offset uint32) uint16 { return t.device.Load16(offset) }

// Config8 reads a field of a byte.
func (t *Transport) Config8(offset uint32) uint8 { return t.device.Load8(offset) }

// Acknowledge has nothing to acknowledge, for messages come once each; reading
// the status is the access after which the device's writes are visible.
func (t *Transport) Acknowledge() error { return t.Status().Check() }

// Slots returns the interrupt of the device.
func (t *Transport) Slots() uint32 { return t.interrupt.Slots }
