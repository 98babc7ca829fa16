package system

import (
	"syscall"
	"time"
	"unsafe"

	"mewz/abi"
)

// DeviceMemory takes n bytes of contiguous cleared memory that devices reach,
// for good. It lies outside of the Go heap and never moves.
func DeviceMemory(n int) (b []byte, physical abi.PhysAddr, errno Errno) {
	at, _, errno := syscall.RawSyscall(deviceMemoryCall, uintptr(n), uintptr(unsafe.Pointer(&physical)), 0)
	if errno != 0 {
		return nil, 0, errno
	}
	// From nil: vet would take uintptr to Pointer for a mistake. The frames are
	// in the direct map, below no heap arena, as long as the machine runs.
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), at)), n), physical, 0
}

// DeviceReach stores where linear memory lies for devices and returns how many extents
// that are; 0 if devices cannot have it, or there are more of them.
func DeviceReach(b []byte, extents []Extent) int {
	// b does not move: it is no memory of Go. The call ends before extents may go.
	n, _, errno := syscall.RawSyscall6(deviceReachCall, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		uintptr(unsafe.Pointer(unsafe.SliceData(extents))), uintptr(len(extents)), 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// Initramfs returns what the VMM gave the kernel besides its command line, nil if that
// is nothing, as on Linux. It is not to be written.
func Initramfs() []byte {
	var n uint64
	at, _, errno := syscall.RawSyscall(initramfsCall, uintptr(unsafe.Pointer(&n)), 0, 0)
	if errno != 0 {
		return nil
	}
	// As in DeviceMemory; the allocator of the machine never had these frames.
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), at)), n)
}

// DeviceWait waits until one of a set of interrupt slots has interrupted since
// it was last told, or until timeout has passed; it returns which have.
func DeviceWait(slots uint32, timeout time.Duration) (uint32, Errno) {
	var limit *syscall.Timespec
	if timeout >= 0 {
		t := syscall.NsecToTimespec(int64(timeout))
		limit = &t
	}
	have, _, errno := syscall.Syscall(deviceWaitCall, uintptr(slots), uintptr(unsafe.Pointer(limit)), 0)
	return uint32(have), errno
}
