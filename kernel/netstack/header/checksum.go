package header

import (
	"encoding/binary"
	"math/bits"
)

// Sum adds the 16-bit words of b to sum (RFC 1071), 8 bytes at a time. b begins at an even
// offset of what is summed; an odd byte at the end counts as followed by zero.
func Sum(b []byte, sum uint64) uint64 {
	be := binary.BigEndian
	var carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, be.Uint64(b), 0)
		sum, carry = bits.Add64(sum, be.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, be.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, be.Uint64(b[24:]), carry)
		sum += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, be.Uint64(b), 0)
		sum += carry
		b = b[8:]
	}
	for len(b) >= 2 {
		sum, carry = bits.Add64(sum, uint64(be.Uint16(b)), 0)
		sum += carry
		b = b[2:]
	}
	if len(b) > 0 {
		sum, carry = bits.Add64(sum, uint64(b[0])<<8, 0)
		sum += carry
	}
	return sum
}

// Fold makes 16 bits of a sum. The checksum is their complement.
func Fold(sum uint64) uint16 {
	sum = sum&0xffff_ffff + sum>>32
	sum = sum&0xffff_ffff + sum>>32
	sum = sum&0xffff + sum>>16
	sum = sum&0xffff + sum>>16
	return uint16(sum)
}
