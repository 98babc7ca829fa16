package debuginfo

import "encoding/binary"

// Reader reads the encodings of DWARF 5 section 7 from bytes. After the first
// fault it yields zeroes and Failed stays set.
type Reader struct {
	Bytes  []byte // what is left
	Failed bool
}

// Take returns the next n bytes.
func (d *Reader) Take(n uint64) []byte {
	if d.Failed || n > uint64(len(d.Bytes)) {
		d.Failed, d.Bytes = true, nil
		return nil
	}
	taken := d.Bytes[:n:n]
	d.Bytes = d.Bytes[n:]
	return taken
}

// Uint8 reads a byte.
func (d *Reader) Uint8() uint8 {
	if b := d.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads a number of 2 bytes.
func (d *Reader) Uint16() uint16 {
	if b := d.Take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads a number of 4 bytes.
func (d *Reader) Uint32() uint32 {
	if b := d.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads a number of 8 bytes.
func (d *Reader) Uint64() uint64 {
	if b := d.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// leb128Max is the most bytes that a LEB128 number of 64 bits takes.
const leb128Max = 10

// Unsigned reads an unsigned LEB128 number; bits beyond the 64th are lost.
func (d *Reader) Unsigned() uint64 {
	v, _ := d.leb128()
	return v
}

// Signed reads a signed LEB128 number.
func (d *Reader) Signed() int64 {
	v, bits := d.leb128()
	if bits < 64 && v>>(bits-1)&1 != 0 {
		v |= ^uint64(0) << bits
	}
	return int64(v)
}

func (d *Reader) leb128() (v uint64, bits uint) {
	for n := 1; ; n++ {
		b := d.Uint8()
		v |= uint64(b&0x7f) << bits
		bits += 7
		if b < 0x80 || d.Failed {
			return v, bits
		}
		if n == leb128Max {
			d.Failed, d.Bytes = true, nil
			return 0, bits
		}
	}
}

// CString reads bytes up to a zero, which it drops.
func (d *Reader) CString() string {
	for i, c := range d.Bytes {
		if c == 0 {
			return string(d.Take(uint64(i + 1))[:i])
		}
	}
	d.Failed, d.Bytes = true, nil
	return ""
}

// InitialLength reads the length of a unit or entry; is64 says that offsets in
// it are 64-bit (DWARF 5 section 7.4).
func (d *Reader) InitialLength() (length uint64, is64 bool) {
	const escape64 = 0xffffffff
	n := d.Uint32()
	if n == escape64 {
		return d.Uint64(), true
	}
	return uint64(n), false
}
