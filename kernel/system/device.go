package system

import (
	"syscall"

	"mewz/abi"
)

// Private system calls of kernel/linuxabi, most of them for drivers. On Linux they do not
// exist: the first gives ENOSYS, and no driver gets further.
const (
	deviceMapCall       = 0x6d66
	deviceMemoryCall    = 0x6d67
	deviceInterruptCall = 0x6d68
	deviceWaitCall      = 0x6d69
	initramfsCall       = 0x6d6a
	deviceReachCall     = 0x6d6b
)

// Message is the line of a device that sends its interrupts as messages.
const Message = ^uint32(0)

// Extent is memory as a device sees it.
type Extent struct {
	Physical abi.PhysAddr
	Bytes    uint64
}

// SlotInput is a slot of DeviceWait: descriptor 0 has bytes, or the end.
const SlotInput = 1 << 31

// IsMachine reports whether the machine is ours: Linux knows no devices.
func IsMachine() bool {
	_, _, errno := syscall.RawSyscall(deviceMapCall, 0, 0, 0)
	return errno == syscall.EINVAL
}

// MapDevice maps n bytes of device registers and returns their address.
func MapDevice(physical abi.PhysAddr, n uint64) (abi.VirtAddr, Errno) {
	at, _, errno := syscall.RawSyscall(deviceMapCall, uintptr(physical), uintptr(n), 0)
	return abi.VirtAddr(at), errno
}

// DeviceInterrupt lets the interrupt of a line in, or messages for Message. It
// returns the slot to wait for and the vector that a message has to carry.
func DeviceInterrupt(line uint32) (slot, vector uint8, errno Errno) {
	argument := uintptr(line)
	if line == Message {
		argument = ^uintptr(0)
	}
	r, _, errno := syscall.RawSyscall(deviceInterruptCall, argument, 0, 0)
	return uint8(r), uint8(r >> 8), errno
}
