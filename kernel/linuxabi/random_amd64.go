package linuxabi

import "mewz/kernel/cpu"

const (
	grndRandom = 2 // GRND_RANDOM

	randomMaxBytes = 256
	randomAttempts = 10 // Intel's advice for RDRAND
	rdrandBit      = 1 << 30
)

var (
	hasRandom bool // RDRAND
	seed      [16]byte
	weakState uintptr
)

//go:nosplit
func strongNumber() (uintptr, bool) {
	if !hasRandom {
		return 0, false
	}
	for range randomAttempts {
		// All ones is what a broken generator of some processors says.
		if v, ok := cpu.RandomNumber(); ok && v != 1<<64-1 {
			return uintptr(v), true
		}
	}
	return 0, false
}

// weakNumber returns a number that is good for hash seeds, not for keys
// (xorshift, Marsaglia 2003, with the time-stamp counter).
//
//go:nosplit
func weakNumber() uintptr {
	weakState ^= uintptr(cpu.ReadTSC())
	weakState |= 1
	weakState ^= weakState << 13
	weakState ^= weakState >> 7
	weakState ^= weakState << 17
	return weakState * 0x9e3779b97f4a7c15
}

// sysGetrandom is getrandom(buffer, n, flags).
//
//go:nosplit
func sysGetrandom(t *thread) uintptr {
	address, n := t.rdi, min(t.rsi, randomMaxBytes)
	if !writable(address, n) {
		return efault
	}
	for i := uintptr(0); i < n; {
		v, ok := strongNumber()
		if !ok {
			if t.rdx&grndRandom != 0 {
				return eagain
			}
			v = weakNumber()
		}
		for end := min(i+8, n); i < end; i++ {
			cpu.Store8(address+i, byte(v))
			v >>= 8
		}
	}
	return n
}

// fillSeed makes the sixteen bytes of AT_RANDOM.
//
//go:nosplit
func fillSeed() {
	for i := uintptr(0); i < 16; i += 8 {
		v, ok := strongNumber()
		if !ok {
			v = weakNumber()
		}
		cpu.Store64(seedAddress()+i, v)
	}
}
