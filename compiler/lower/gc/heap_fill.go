package gc

// Setting elements of arrays.

// Fill1 sets elements of one byte.
//
//heap:symbol gc_fill_1
func Fill1(to address, count uint64, value uint8) {
	for k := uint64(0); k < count; k++ {
		store8(to+address(k), value)
	}
}

// Fill2 sets elements of two bytes.
//
//heap:symbol gc_fill_2
func Fill2(to address, count uint64, value uint16) {
	for k := uint64(0); k < count; k++ {
		store16(to+address(k*2), value)
	}
}

// Fill4 sets elements of four bytes.
//
//heap:symbol gc_fill_4
func Fill4(to address, count uint64, value uint32) {
	for k := uint64(0); k < count; k++ {
		store32(to+address(k*4), value)
	}
}

// Fill8 sets elements of eight bytes.
//
//heap:symbol gc_fill_8
func Fill8(to address, count, value uint64) {
	for k := uint64(0); k < count; k++ {
		store64(to+address(k*8), value)
	}
}

// Fill16 sets vectors, which are aligned to eight bytes.
//
//heap:symbol gc_fill_16
func Fill16(to address, count uint64, value vector) {
	for k := uint64(0); k < count; k++ {
		storeVector(to+address(k*16), value)
	}
}
