package clock

import "unsafe"

// kvmTime is where KVM writes its clock, aligned so that it lies in one page.
var kvmTime [2 * kvmTimeBytes]byte

// kvmTimeAddress returns the aligned part of a global variable of the kernel,
// which never moves.
//
//go:nosplit
func kvmTimeAddress() uintptr {
	return (uintptr(unsafe.Pointer(&kvmTime)) + kvmTimeBytes - 1) &^ (kvmTimeBytes - 1)
}
