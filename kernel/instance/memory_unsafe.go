package instance

import (
	"unsafe"

	"mewz/abi"
)

// mapped returns memory outside of the Go heap as a slice. Preconditions: the
// range is mapped readable, and stays so for as long as the slice is used; what
// is mapped at start never moves. The garbage collector ignores pointers to it.
func mapped(start abi.VirtAddr, bytes uint64) []byte {
	if bytes == 0 {
		return nil
	}
	// Through memory, because the address is no Go value and never was.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&start)), bytes)
}

// Bytes returns a part of the image, such as the symbols or the archive, as a
// slice. Preconditions: r is a segment of the image.
func Bytes(r abi.Range) []byte { return mapped(r.Start, r.Bytes) }

// saveBytes holds vector and x87 state in the standard format of XSAVE up to
// ZMM16 to ZMM31, which end at 2,688 bytes on every processor so far.
const saveBytes = 4096

// saveBuffer is where preempted saves; it lies outside of the Go heap, so its
// address never changes.
var saveBuffer [saveBytes + saveAlign]byte

// saveAlign is what XSAVE demands (Intel SDM 13.4).
const saveAlign = 64

// saveAddress returns the aligned address in saveBuffer.
func saveAddress() uint64 {
	return (uint64(uintptr(unsafe.Pointer(&saveBuffer))) + saveAlign - 1) &^ (saveAlign - 1)
}
