// Command hello is the smallest program that boots. It prints the nanoseconds
// since boot, which QEMU's -icount shift=0 makes the number of instructions.
package main

import (
	"syscall"
	"unsafe"

	_ "mewz/kernel/boot"
)

func main() {
	var now syscall.Timespec
	const monotonic = 1
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&now)), 0)
	println("hello after", now.Nano(), "ns")
}
