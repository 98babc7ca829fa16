package vfs

import "syscall"

// Bounds of FreeBytes.
const (
	freeMaxBytes  = 256 << 30 // no file system in memory or cache reaches further
	freeStepBytes = 64 << 10
)

// FreeBytes returns about how much memory is free: as much as can be booked by charge
// (system.Charge), or where there is no such limit what Linux has in all.
func FreeBytes(charge func(bytes int64) bool) uint64 {
	bytes := int64(freeMaxBytes)
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) == nil && info.Totalram != 0 {
		bytes = min(bytes, int64(info.Totalram*uint64(info.Unit)))
	}
	if charge(bytes) {
		charge(-bytes)
		return uint64(bytes)
	}
	low, high := int64(0), bytes
	for high-low > freeStepBytes {
		middle := low + (high-low)/2
		if charge(middle) {
			charge(-middle)
			low = middle
		} else {
			high = middle
		}
	}
	return uint64(low)
}
