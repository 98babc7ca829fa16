package linuxabi

import "mewz/kernel/memory"

// Error numbers as system calls return them: negated (Linux asm-generic/errno).
const (
	eperm     = ^uintptr(1 - 1)
	enoent    = ^uintptr(2 - 1)
	esrch     = ^uintptr(3 - 1)
	eintr     = ^uintptr(4 - 1)
	ebadf     = ^uintptr(9 - 1)
	eagain    = ^uintptr(11 - 1)
	enomem    = ^uintptr(12 - 1)
	eacces    = ^uintptr(13 - 1)
	efault    = ^uintptr(14 - 1)
	eexist    = ^uintptr(17 - 1)
	enodev    = ^uintptr(19 - 1)
	einval    = ^uintptr(22 - 1)
	emfile    = ^uintptr(24 - 1)
	enosys    = ^uintptr(38 - 1)
	etimedout = ^uintptr(110 - 1)
)

// sysRefuse is for calls that are expected to be missing.
//
//go:nosplit
func sysRefuse(*thread) uintptr { return enosys }

//go:nosplit
func sysRefuseArgument(*thread) uintptr { return einval }

// sysAccept is for calls that have nothing to do here.
//
//go:nosplit
func sysAccept(*thread) uintptr { return 0 }

//go:nosplit
func sysOpenat(*thread) uintptr { return enoent }

//go:nosplit
func readable(address, n uintptr) bool {
	return memory.Kernel.Allows(address, n, memory.ProtectRead)
}

//go:nosplit
func writable(address, n uintptr) bool {
	return memory.Kernel.Allows(address, n, memory.ProtectWrite)
}
