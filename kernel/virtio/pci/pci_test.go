package pci

import (
	"encoding/binary"
	"errors"
	"testing"

	"mewz/kernel/device"
	bus "mewz/kernel/pci"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/virtiotest"
)

func newPCI() (*virtiotest.PCI, *virtiotest.Machine) {
	m := virtiotest.NewMachine()
	return virtiotest.NewPCI(virtiotest.NewDevice(m, virtio.DeviceConsole, 0)), m
}

func TestOpenSendsMessages(t *testing.T) {
	p, m := newPCI()
	found := Find(m, p)
	if len(found) != 1 || found[0].ID != virtio.DeviceConsole {
		t.Fatalf("Find = %+v", found)
	}
	transport, err := found[0].Open()
	if err != nil || transport.Slots() != 1 {
		t.Fatalf("Open = %v with slots %#b", err, transport.Slots())
	}
	le := binary.LittleEndian
	if address, data, masked := le.Uint32(p.Table[0:]), le.Uint32(p.Table[8:]), p.Table[12]; address != 0xfee0_0000 || data != 40 || masked != 0 {
		t.Errorf("message %#x to %#x, mask %d", data, address, masked)
	}
	if command := p.Space[4]; command&6 != 6 {
		t.Errorf("command %#x: memory and bus master are off", command)
	}
}

func TestOpenWithoutMessages(t *testing.T) {
	for name, change := range map[string]func(*virtiotest.PCI, *virtiotest.Machine){
		"no slot":                               func(_ *virtiotest.PCI, m *virtiotest.Machine) { m.NoInterrupts = true },
		"no MSI-X":                              func(p *virtiotest.PCI, _ *virtiotest.Machine) { p.Space[0x40+3*24] = 1 },
		"table of a register that is not there": func(p *virtiotest.PCI, _ *virtiotest.Machine) { p.Space[0x40+3*24+4] = 7 },
	} {
		p, m := newPCI()
		change(p, m)
		transport, err := Find(m, p)[0].Open()
		if err != nil || transport.Slots() != 0 {
			t.Errorf("%s: Open = %v, want no interrupt", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*virtiotest.PCI)
		want   error
	}{
		{"legacy", func(p *virtiotest.PCI) { p.Space[6] = 0 }, ErrNotModern},
		{"no notification", func(p *virtiotest.PCI) { p.Space[0x40+2*24+3] = 9 }, ErrNotModern},
		{"common configuration of a byte", func(p *virtiotest.PCI) { copy(p.Space[0x40+12:], []byte{1, 0, 0, 0}) }, ErrNotModern},
		{"BAR 7", func(p *virtiotest.PCI) { p.Space[0x40+4] = 7 }, bus.ErrNoBAR},
		{"no address", func(p *virtiotest.PCI) { copy(p.Space[0x20:], []byte{0xc, 0, 0, 0}) }, bus.ErrNoBAR},
		{"nowhere", func(p *virtiotest.PCI) { p.Space[0x24] = 1 }, device.ErrMap},
	}
	for _, test := range tests {
		p, m := newPCI()
		test.change(p)
		if _, err := Find(m, p)[0].Open(); !errors.Is(err, test.want) {
			t.Errorf("%s: Open = %v, want %v", test.name, err, test.want)
		}
	}
}

func TestIdentify(t *testing.T) {
	for number, want := range map[uint16]virtio.DeviceID{
		0x1043: virtio.DeviceConsole, 0x1003: virtio.DeviceConsole, 0x1041: virtio.DeviceNetwork, 0x1000: virtio.DeviceNetwork,
		0x1005: virtio.DeviceEntropy, 0x105a: virtio.DeviceFS, 0x1040: 0, 0x1080: 0, 0x1002: 0,
	} {
		if got := identify(bus.Function{Vendor: vendor, Device: number}); got != want {
			t.Errorf("identify(%#x) = %d, want %d", number, got, want)
		}
	}
	if got := identify(bus.Function{Vendor: 0x8086, Device: 0x1043}); got != 0 {
		t.Errorf("a device of another vendor is %d", got)
	}
}
