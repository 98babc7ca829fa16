//go:build !amd64

package ext4

const crcWordBytes = 8

// crcWords is not called.
func crcWords(sum uint32, _ *byte, _ uintptr) uint32 { return sum }

// crcInstruction returns false.
func crcInstruction() bool { return false }
