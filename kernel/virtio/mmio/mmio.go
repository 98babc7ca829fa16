// Package mmio is virtio over memory-mapped registers (virtio 1.2, 4.2).
//
// In: a window of physical memory in which devices may lie. Out: a
// virtio.Transport for each. Version 2 of the register layout only: QEMU needs
// -global virtio-mmio.force-legacy=false. It trusts nothing that it reads.
package mmio

import (
	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/virtio"
)

// Registers (4.2.2).
const (
	registerMagic        = 0x000
	registerVersion      = 0x004
	registerDeviceID     = 0x008
	registerFeatures     = 0x010
	registerFeaturesSel  = 0x014
	registerAccept       = 0x020
	registerAcceptSel    = 0x024
	registerQueueSel     = 0x030
	registerQueueMax     = 0x034
	registerQueueSize    = 0x038
	registerQueueReady   = 0x044
	registerQueueNotify  = 0x050
	registerInterrupt    = 0x060
	registerInterruptACK = 0x064
	registerStatus       = 0x070
	registerDescriptors  = 0x080 // low, then high; as the next two
	registerAvailable    = 0x090
	registerUsed         = 0x0a0
	registerConfig       = 0x100
	deviceBytes          = 0x200
	magic                = 0x74726976 // "virt"
	version              = 2
	interruptsAll        = 3 // used buffer, configuration change
	interruptConfig      = 2
)

// The window of QEMU's microvm (hw/i386/microvm.c). Its devices take lines of
// the second I/O APIC; where there is one only, others, with and without ACPI.
const (
	MicroVMBase  abi.PhysAddr = 0xfeb0_0000
	microVMCount              = 24
	microVMLine               = 24
	microVMFew                = 8 // devices, with one I/O APIC
	microVMACPI               = 16
	microVMPlain              = 5
)

// Found is a device and where it is.
type Found struct {
	ID       virtio.DeviceID
	index    int
	machine  device.Machine
	register device.Registers
}

// FindMicroVM returns the devices of a microvm of QEMU.
func FindMicroVM(m device.Machine) ([]Found, error) {
	all, err := m.Map(MicroVMBase, microVMCount*deviceBytes)
	if err != nil {
		return nil, err
	}
	var found []Found
	for i := range microVMCount {
		at := uint32(i * deviceBytes)
		if all.Load32(at+registerMagic) != magic || all.Load32(at+registerVersion) != version {
			continue
		}
		if id := virtio.DeviceID(all.Load32(at + registerDeviceID)); id != 0 {
			found = append(found, Found{id, i, m, device.Part(all, at, deviceBytes)})
		}
	}
	return found, nil
}

// Open returns the transport of the device, with its interrupt if there is one.
func (f Found) Open() *Transport {
	t := &Transport{registers: f.register}
	if in, err := f.machine.Interrupt(uint32(microVMLine + f.index)); err == nil {
		t.slots = in.Slots
		return t
	}
	for _, line := range []int{microVMACPI, microVMPlain} {
		if f.index >= microVMFew {
			break
		}
		if in, err := f.machine.Interrupt(uint32(line + f.index)); err == nil {
			t.slots |= in.Slots // nobody says which; the other one stays silent
		}
	}
	return t // without a slot the driver looks again by the clock
}

// Transport is a device behind registers.
type Transport struct {
	registers device.Registers
	slots     uint32
}

// Status implements virtio.Transport, as the methods below.
func (t *Transport) Status() virtio.Status { return virtio.Status(t.registers.Load32(registerStatus)) }

// SetStatus writes the device status.
func (t *Transport) SetStatus(s virtio.Status) { t.registers.Store32(registerStatus, uint32(s)) }

// Features returns what the device offers.
func (t *Transport) Features() virtio.Features {
	t.registers.Store32(registerFeaturesSel, 0)
	low := t.registers.Load32(registerFeatures)
	t.registers.Store32(registerFeaturesSel, 1)
	return virtio.Features(t.registers.Load32(registerFeatures))<<32 | virtio.Features(low)
}

// SetFeatures writes what the driver accepts.
func (t *Transport) SetFeatures(f virtio.Features) {
	t.registers.Store32(registerAcceptSel, 0)
	t.registers.Store32(registerAccept, uint32(f))
	t.registers.Store32(registerAcceptSel, 1)
	t.registers.Store32(registerAccept, uint32(f>>32))
}

// QueueMax returns the greatest size of a queue.
func (t *Transport) QueueMax(index uint16) uint16 {
	t.registers.Store32(registerQueueSel, uint32(index))
	return uint16(min(t.registers.Load32(registerQueueMax), virtio.QueueMaxSize))
}

// EnableQueue tells the device where a queue is.
func (t *Transport) EnableQueue(index uint16, a virtio.QueueAddresses) error {
	if t.QueueMax(index) < a.Size {
		return virtio.ErrNoQueue
	}
	t.registers.Store32(registerQueueSize, uint32(a.Size))
	t.storeAddress(registerDescriptors, a.Descriptors)
	t.storeAddress(registerAvailable, a.Available)
	t.storeAddress(registerUsed, a.Used)
	t.registers.Store32(registerQueueReady, 1)
	return nil
}

func (t *Transport) storeAddress(register uint32, a abi.PhysAddr) {
	t.registers.Store32(register, uint32(a))
	t.registers.Store32(register+4, uint32(a>>32))
}

// Notify tells the device that a queue has new buffers.
func (t *Transport) Notify(index uint16) {
	t.registers.Store32(registerQueueNotify, uint32(index))
}

// Config reads from the configuration of the device, as the next two.
func (t *Transport) Config(offset uint32) uint32 {
	return t.registers.Load32(registerConfig + offset)
}

// Config16 reads a field of 2 bytes.
func (t *Transport) Config16(offset uint32) uint16 {
	return t.registers.Load16(registerConfig + offset)
}

// Config8 reads a field of a byte.
func (t *Transport) Config8(offset uint32) uint8 {
	return t.registers.Load8(registerConfig + offset)
}

// Acknowledge lowers the interrupt line; it is edge triggered, so only then the
// next interrupt comes. A device that gives up says so as a change of its
// configuration (2.1.2).
func (t *Transport) Acknowledge() error {
	pending := t.registers.Load32(registerInterrupt) & interruptsAll
	if pending == 0 {
		return nil
	}
	t.registers.Store32(registerInterruptACK, pending)
	if pending&interruptConfig == 0 {
		return nil
	}
	return t.Status().Check()
}

// Slots returns the interrupt of the device.
func (t *Transport) Slots() uint32 { return t.slots }
