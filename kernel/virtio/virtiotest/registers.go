package virtiotest

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/virtio"
)

// MMIO is a Device behind the registers of virtio/mmio.
type MMIO struct{ *Device }

// Load8 implements device.Registers, as the methods below.
func (r MMIO) Load8(offset uint32) uint8 { return uint8(r.Load32(offset&^3) >> (offset & 3 * 8)) }

// Load16 reads two bytes.
func (r MMIO) Load16(offset uint32) uint16 { return uint16(r.Load32(offset&^3) >> (offset & 2 * 8)) }

// Load32 reads a register.
func (r MMIO) Load32(offset uint32) uint32 {
	d := r.Device
	if d.Dead {
		return 0xffff_ffff
	}
	switch offset {
	case 0x00:
		return 0x74726976
	case 0x04:
		return 2
	case 0x08:
		return uint32(d.ID)
	case 0x10:
		return uint32(d.Offered >> (32 * (d.featureSel & 1)))
	case 0x34:
		return uint32(d.QueueMax)
	case 0x60:
		return d.Isr
	case 0x70:
		return uint32(d.Status)
	}
	if offset >= 0x100 && offset+4 <= 0x100+uint32(len(d.Config)) {
		return binary.LittleEndian.Uint32(d.Config[offset-0x100:])
	}
	return 0
}

// Store8 does nothing: no register is a byte.
func (r MMIO) Store8(uint32, uint8) {}

// Store16 does nothing: no register has two bytes.
func (r MMIO) Store16(uint32, uint16) {}

// Store32 writes a register.
func (r MMIO) Store32(offset uint32, v uint32) {
	d := r.Device
	switch offset {
	case 0x14:
		d.featureSel = v
	case 0x20:
		d.accept(v)
	case 0x24:
		d.acceptSel = v
	case 0x30:
		d.selected = v
	case 0x38:
		d.queue().At.Size = uint16(v)
	case 0x44:
		d.queue().Ready = v == 1
	case 0x50:
		d.notify(v)
	case 0x64:
		d.Isr &^= v
	case 0x70:
		d.setStatus(virtio.Status(v))
	case 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4:
		d.queue().storeAddress(int(offset-0x80)/16, offset&4 != 0, v)
	}
}

func (d *Device) accept(v uint32) {
	shift := 32 * (d.acceptSel & 1)
	d.Accepted = d.Accepted&^(0xffff_ffff<<shift) | virtio.Features(v)<<shift
}

// storeAddress sets half of the address of a part of the queue.
func (q *Queue) storeAddress(part int, high bool, v uint32) {
	a := []*abi.PhysAddr{&q.At.Descriptors, &q.At.Available, &q.At.Used}[part]
	if high {
		*a = *a&0xffff_ffff | abi.PhysAddr(v)<<32
	} else {
		*a = *a&^0xffff_ffff | abi.PhysAddr(v)
	}
}

// MicroVM is the window of a microvm with one device in it.
type MicroVM struct {
	Index uint32
	device.Registers
}

const microVMStep = 0x200

// Load32 reads a register of the device; everywhere else are all ones.
func (w MicroVM) Load32(offset uint32) uint32 {
	if at := offset - w.Index*microVMStep; at < microVMStep {
		return w.Registers.Load32(at)
	}
	return 0xffff_ffff
}

// Load16 and Load8 are for the configuration of the device.
func (w MicroVM) Load16(offset uint32) uint16 {
	return w.Registers.Load16(offset - w.Index*microVMStep)
}

// Load8 reads a byte.
func (w MicroVM) Load8(offset uint32) uint8 { return w.Registers.Load8(offset - w.Index*microVMStep) }

// Store32 writes a register of the device.
func (w MicroVM) Store32(offset uint32, v uint32) {
	w.Registers.Store32(offset-w.Index*microVMStep, v)
}
