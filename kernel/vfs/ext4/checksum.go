package ext4

import "encoding/binary"

// CRC-32C (Castagnoli), reflected, as the format uses it: without inversion at
// either end. crcTables[k][b] is the sum of byte b with k zero bytes behind it.
// They are made by prepareSums.
var crcTables *[8][256]uint32

// hasCRC says that the processor makes these sums itself.
var hasCRC bool

// prepareSums makes what the sums need, once: not before there is a volume.
func prepareSums() {
	if crcTables == nil {
		crcTables, hasCRC = makeCRCTables(), crcInstruction()
	}
}

const (
	crcPolynomial   = 0x82f63b78
	crc16Polynomial = 0xa001 // CRC-16-ANSI, of descriptors under uninit_bg
)

func makeCRCTables() *[8][256]uint32 {
	var t [8][256]uint32
	for i := range t[0] {
		c := uint32(i)
		for range 8 {
			c = c>>1 ^ crcPolynomial&-(c&1)
		}
		t[0][i] = c
	}
	for i := range t[0] {
		for k := 1; k < len(t); k++ {
			t[k][i] = t[k-1][i]>>8 ^ t[0][t[k-1][i]&0xff]
		}
	}
	return &t
}

// crc continues a sum with p.
func crc(sum uint32, p []byte) uint32 {
	if words := len(p) &^ (crcWordBytes - 1); words != 0 && hasCRC {
		sum = crcWords(sum, &p[0], uintptr(words))
		p = p[words:]
	}
	return crcByTable(sum, p)
}

func crcByTable(sum uint32, p []byte) uint32 {
	t := crcTables
	for ; len(p) >= 8; p = p[8:] {
		v := uint64(sum) ^ binary.LittleEndian.Uint64(p)
		sum = t[7][v&0xff] ^ t[6][v>>8&0xff] ^ t[5][v>>16&0xff] ^ t[4][v>>24&0xff] ^
			t[3][v>>32&0xff] ^ t[2][v>>40&0xff] ^ t[1][v>>48&0xff] ^ t[0][v>>56]
	}
	for _, b := range p {
		sum = sum>>8 ^ t[0][byte(sum)^b]
	}
	return sum
}

// crc32 continues a sum with a number, little-endian.
func crc32(sum, v uint32) uint32 {
	for range 4 {
		sum = sum>>8 ^ crcTables[0][byte(sum)^byte(v)]
		v >>= 8
	}
	return sum
}

// crcZeroes continues a sum with n zero bytes.
func crcZeroes(sum uint32, n int) uint32 {
	for range n {
		sum = sum>>8 ^ crcTables[0][byte(sum)]
	}
	return sum
}

// crc16 continues a sum with p.
func crc16(sum uint16, p []byte) uint16 {
	for _, b := range p {
		sum ^= uint16(b)
		for range 8 {
			sum = sum>>1 ^ crc16Polynomial&-(sum&1)
		}
	}
	return sum
}
