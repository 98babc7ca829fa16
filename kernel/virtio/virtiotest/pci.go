package virtiotest

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/virtio"
)

// BAR is where the registers of a PCI device are; the second page is the table
// of MSI-X.
const (
	BAR        abi.PhysAddr = 0xe000_0000
	commonAt                = 0x0000
	deviceAt                = 0x2000
	notifyAt                = 0x3000
	tableAt                 = 0x4000
	notifyStep              = 4
)

// PCI is a Device on a PCI bus: configuration space and BAR 4.
type PCI struct {
	*Device
	Space [256]byte // of device 3; it may be changed
	Table [16]byte  // of MSI-X
}

// NewPCI puts a device on the bus of its machine.
func NewPCI(d *Device) *PCI {
	p := &PCI{Device: d}
	le := binary.LittleEndian
	le.PutUint16(p.Space[0:], 0x1af4)
	le.PutUint16(p.Space[2:], 0x1040+uint16(d.ID))
	p.Space[6] = 0x10 // has a list
	p.Space[0x34] = 0x40
	le.PutUint32(p.Space[0x20:], uint32(BAR)|0xc) // 64 bit, prefetchable
	at := uint8(0x40)
	capability := func(kind uint8, offset, n uint32) {
		copy(p.Space[at:], []byte{9, at + 24, 20, kind, 4})
		le.PutUint32(p.Space[at+8:], offset)
		le.PutUint32(p.Space[at+12:], n)
		at += 24
	}
	capability(1, commonAt, 0x1000)
	capability(4, deviceAt, 0x1000)
	capability(2, notifyAt, 0x1000)
	le.PutUint32(p.Space[at-24+16:], notifyStep)
	copy(p.Space[at:], []byte{0x11, 0})
	le.PutUint32(p.Space[at+4:], tableAt|4)
	d.Machine.Windows[BAR] = bar{p}
	return p
}

// Load32 implements pci.Config: the host bridge is device 0, d is device 3.
func (p *PCI) Load32(address uint32) uint32 {
	switch address >> 8 {
	case 0:
		return 0x0000_8086
	case 3 << 3:
		return binary.LittleEndian.Uint32(p.Space[address&0xfc:])
	default:
		return 0xffff_ffff
	}
}

// Store32 writes the configuration space.
func (p *PCI) Store32(address uint32, v uint32) {
	if address&0xfc == 4 {
		v |= uint32(p.Space[6])<<16 | uint32(p.Space[7])<<24 // zeroes change no status
	}
	if address>>8 == 3<<3 {
		binary.LittleEndian.PutUint32(p.Space[address&0xfc:], v)
	}
}

// bar is the memory behind BAR 4.
type bar struct{ p *PCI }

func (b bar) Load8(offset uint32) uint8 {
	switch {
	case b.p.Dead:
		return 0xff
	case offset == commonAt+20:
		return uint8(b.p.Status)
	case offset >= deviceAt && offset < deviceAt+uint32(len(b.p.Config)):
		return b.p.Config[offset-deviceAt]
	}
	return 0
}

func (b bar) Load16(offset uint32) uint16 {
	switch {
	case b.p.Dead:
		return 0xffff
	case offset == commonAt+24:
		return b.p.Device.QueueMax
	case offset == commonAt+30:
		return uint16(b.p.selected)
	case offset >= deviceAt && offset+2 <= deviceAt+uint32(len(b.p.Config)):
		return binary.LittleEndian.Uint16(b.p.Config[offset-deviceAt:])
	}
	return 0
}

func (b bar) Load32(offset uint32) uint32 {
	switch {
	case b.p.Dead:
		return 0xffff_ffff
	case offset == commonAt+4:
		return uint32(b.p.Offered >> (32 * (b.p.featureSel & 1)))
	case offset >= deviceAt && offset+4 <= deviceAt+uint32(len(b.p.Config)):
		return binary.LittleEndian.Uint32(b.p.Config[offset-deviceAt:])
	}
	return 0
}

func (b bar) Store8(offset uint32, v uint8) {
	if offset == commonAt+20 {
		b.p.setStatus(virtio.Status(v))
	}
}

func (b bar) Store16(offset uint32, v uint16) {
	switch {
	case offset == commonAt+22:
		b.p.selected = uint32(v)
	case offset == commonAt+24:
		b.p.queue().At.Size = v
	case offset == commonAt+28:
		b.p.queue().Ready = v == 1
	case offset >= notifyAt && offset < tableAt:
		b.p.notify((offset - notifyAt) / notifyStep)
	}
}

func (b bar) Store32(offset uint32, v uint32) {
	d := b.p.Device
	switch {
	case offset == commonAt+0:
		d.featureSel = v
	case offset == commonAt+8:
		d.acceptSel = v
	case offset == commonAt+12:
		d.accept(v)
	case offset >= commonAt+32 && offset < commonAt+56:
		d.queue().storeAddress(int(offset-32)/8, offset&4 != 0, v)
	case offset >= tableAt && offset < tableAt+16:
		binary.LittleEndian.PutUint32(b.p.Table[offset-tableAt:], v)
	}
}
