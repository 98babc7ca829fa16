package image

import "encoding/binary"

// dwarfReader reads the encodings of DWARF 5 section 7 from bytes. After the first
// fault it yields zeroes and failed stays set.
type dwarfReader struct {
	b      []byte
	failed bool
}

func (d *dwarfReader) take(n uint64) []byte {
	if d.failed || n > uint64(len(d.b)) {
		d.failed, d.b = true, nil
		return nil
	}
	taken := d.b[:n:n]
	d.b = d.b[n:]
	return taken
}

func (d *dwarfReader) uint8() uint8 {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *dwarfReader) uint16() uint16 {
	if b := d.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (d *dwarfReader) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *dwarfReader) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// leb128Max is the most bytes that a LEB128 number of 64 bits takes.
const leb128Max = 10

// unsigned reads an unsigned LEB128 number; bits beyond the 64th are lost.
func (d *dwarfReader) unsigned() uint64 {
	v, _ := d.leb128()
	return v
}

// signed reads a signed LEB128 number.
func (d *dwarfReader) signed() int64 {
	v, bits := d.leb128()
	if bits < 64 && v>>(bits-1)&1 != 0 {
		v |= ^uint64(0) << bits
	}
	return int64(v)
}

func (d *dwarfReader) leb128() (v uint64, bits uint) {
	for n := 1; ; n++ {
		b := d.uint8()
		v |= uint64(b&0x7f) << bits
		bits += 7
		if b < 0x80 || d.failed {
			return v, bits
		}
		if n == leb128Max {
			d.failed, d.b = true, nil
			return 0, bits
		}
	}
}

// cstring reads bytes up to a zero, which it drops.
func (d *dwarfReader) cstring() string {
	for i, c := range d.b {
		if c == 0 {
			return string(d.take(uint64(i + 1))[:i])
		}
	}
	d.failed, d.b = true, nil
	return ""
}

// initialLength reads the length of a unit or entry; is64 says that offsets in
// it are 64-bit (DWARF 5 section 7.4).
func (d *dwarfReader) initialLength() (length uint64, is64 bool) {
	const escape64 = 0xffffffff
	n := d.uint32()
	if n == escape64 {
		return d.uint64(), true
	}
	return uint64(n), false
}
