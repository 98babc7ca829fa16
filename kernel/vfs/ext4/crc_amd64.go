package ext4

import "mewz/kernel/cpu"

// Sizes of what crcWords does at once.
const (
	crcWordBytes = 8
	crcTurnBytes = 64
)

// crcWords continues a sum with n bytes, a multiple of crcWordBytes and not 0, by the instruction CRC32
// (Intel SDM volume 2), which has this polynomial. The stack is that of Go; it destroys AX, CX, DX and SI.
//
//go:noescape
func crcWords(sum uint32, p *byte, n uintptr) uint32

// crcInstruction reports whether crcWords may be called.
func crcInstruction() bool {
	const wanted = 1 << 20 // SSE4.2 (CPUID.1:ECX)
	_, _, features, _ := cpu.CPUID(1, 0)
	return features&wanted != 0
}
