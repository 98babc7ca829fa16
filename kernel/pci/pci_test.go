package pci

import (
	"encoding/binary"
	"errors"
	"testing"

	"mewz/abi"
)

// space is a bus by address of a register.
type space map[uint32]uint32

func (s space) Load32(address uint32) uint32 {
	if v, ok := s[address]; ok {
		return v
	}
	if _, ok := s[address&^0xff]; ok {
		return 0 // a register of a function that is there
	}
	return allOnes
}

func (s space) Store32(address uint32, v uint32) { s[address] = v }

const at = 3 << 11

// function returns a function with these registers.
func function(registers map[uint32]uint32) Function {
	s := space{at: 0x1234_5678}
	for r, v := range registers {
		s[at|r] = v
	}
	return Function{0x5678, 0x1234, s, at}
}

func TestScan(t *testing.T) {
	s := space{
		0: 0x8086, 1 << 11: 0x0001_1111, 1<<11 | 1<<8: 0x0002_1111, // one function, though another answers
		31 << 11: 0x0003_1111, 31<<11 | registerHeaderType: headerMany, 31<<11 | 7<<8: 0x0004_1111,
	}
	if !Present(s) || Present(space{}) {
		t.Error("Present is wrong")
	}
	var got []uint16
	Scan(s, func(f Function) bool { got = append(got, f.Device); return true })
	if len(got) != 4 || got[1] != 1 || got[2] != 3 || got[3] != 4 {
		t.Errorf("Scan found %v", got)
	}
	got = nil
	Scan(s, func(f Function) bool { got = append(got, f.Device); return false })
	if len(got) != 1 {
		t.Errorf("Scan went on to %v", got)
	}
}

func TestCapabilities(t *testing.T) {
	const list = statusHasList
	tests := []struct {
		name      string
		registers map[uint32]uint32
		want      []uint8
	}{
		{"no list", map[uint32]uint32{0x34: 0x40, 0x40: 9}, nil},
		{"two", map[uint32]uint32{4: list, 0x34: 0x40, 0x40: 0x5009, 0x50: 0x0011}, []uint8{0x09, 0x11}},
		{"offset not aligned", map[uint32]uint32{4: list, 0x34: 0x43, 0x40: 0x0009}, []uint8{0x09}},
		{"into the header", map[uint32]uint32{4: list, 0x34: 0x40, 0x40: 0x1009}, []uint8{0x09}},
		{"nothing", map[uint32]uint32{4: list}, nil},
	}
	for _, test := range tests {
		var got []uint8
		function(test.registers).Capabilities(func(id, _ uint8) bool { got = append(got, id); return true })
		if string(got) != string(test.want) {
			t.Errorf("%s: capabilities %v, want %v", test.name, got, test.want)
		}
	}
	rounds := 0
	f := function(map[uint32]uint32{4: list, 0x34: 0x40, 0x40: 0x4009})
	f.Capabilities(func(uint8, uint8) bool { rounds++; return true })
	if rounds != capabilitiesMost {
		t.Errorf("a list that ends in itself was walked %d times", rounds)
	}
}

func TestBAR(t *testing.T) {
	tests := []struct {
		name      string
		registers map[uint32]uint32
		index     uint8
		want      abi.PhysAddr // 0: ErrNoBAR
	}{
		{"32 bit", map[uint32]uint32{0x14: 0xfebd_1000}, 1, 0xfebd_1000},
		{"64 bit", map[uint32]uint32{0x20: 0x0000_400c, 0x24: 0x38}, 4, 0x38_0000_4000},
		{"ports", map[uint32]uint32{0x10: 0xc001}, 0, 0},
		{"not assigned", map[uint32]uint32{0x10: 0xc}, 0, 0},
		{"not there", map[uint32]uint32{0x10: allOnes}, 0, 0},
		{"beyond the last", nil, 6, 0},
		{"64 bit in the last", map[uint32]uint32{0x24: 0x1000_0004}, 5, 0},
		{"of a bridge", map[uint32]uint32{0x10: 0xfebd_1000, 0xc: 1 << 16}, 0, 0},
	}
	for _, test := range tests {
		got, err := function(test.registers).BAR(test.index)
		if got != test.want || (test.want == 0) != errors.Is(err, ErrNoBAR) {
			t.Errorf("%s: BAR = %#x, %v, want %#x", test.name, got, err, test.want)
		}
	}
}

// FuzzFunction reads a configuration space of any content.
func FuzzFunction(f *testing.F) {
	f.Add([]byte{0x34: 0x40, 0x40: 9, 0x41: 0x40}, uint8(4))
	f.Fuzz(func(t *testing.T, content []byte, index uint8) {
		registers := map[uint32]uint32{}
		for i := 0; i+4 <= len(content) && i < 256; i += 4 {
			registers[uint32(i)] = binary.LittleEndian.Uint32(content[i:])
		}
		fn := function(registers)
		fn.Capabilities(func(id, at uint8) bool { return fn.Load32(at) != 1 })
		_, _ = fn.BAR(index)
	})
}
