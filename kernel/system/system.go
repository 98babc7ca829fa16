package system

import (
	"syscall"
	"time"
)

// Errno is the error number of a Linux system call, 0 for success.
type Errno = syscall.Errno

// Errors that callers tell apart.
const (
	WouldBlock    = syscall.EAGAIN
	Interrupted   = syscall.EINTR
	InputOutput   = syscall.EIO
	NoBuffers     = syscall.ENOBUFS
	BadDescriptor = syscall.EBADF
)

// PollEvents is what a descriptor is watched for and what it was found to be
// (poll(2)).
type PollEvents int16

// Events of poll(2).
const (
	PollIn     PollEvents = 0x1  // POLLIN
	PollOut    PollEvents = 0x4  // POLLOUT
	PollError  PollEvents = 0x8  // POLLERR
	PollHangup PollEvents = 0x10 // POLLHUP
)

// Forever is the timeout of a Poll that waits until something happens.
const Forever time.Duration = -1

// ClockID names a clock of clock_gettime(2).
type ClockID uintptr

// Clocks of clock_gettime(2).
const (
	ClockRealtime   ClockID = 0 // CLOCK_REALTIME
	ClockMonotonic  ClockID = 1 // CLOCK_MONOTONIC
	ClockProcessCPU ClockID = 2 // CLOCK_PROCESS_CPUTIME_ID
	ClockThreadCPU  ClockID = 3 // CLOCK_THREAD_CPUTIME_ID
)

// Protection of mapped memory (mmap(2)).
const (
	ProtectNone      = syscall.PROT_NONE
	ProtectReadWrite = syscall.PROT_READ | syscall.PROT_WRITE
)

// chargeCall is the number of the private system call mewz_commit: it charges
// linear memory against the memory of the machine. Linux knows no such call.
const chargeCall = 0x6d65

// Flags and numbers that package syscall does not have.
const (
	getrandomRandom = 2 // GRND_RANDOM
	sigeventThread  = 4 // SIGEV_THREAD_ID
)

// Action is struct sigaction of the system call rt_sigaction(2) on x86-64.
type Action struct {
	Handler  uint64
	Flags    uint64
	Restorer uint64
	Mask     uint64
}

// Ignore is the Handler of an Action of a signal that does nothing (SIG_IGN).
const Ignore = 1

// Flags of an Action.
const (
	ActionSigInfo  = 4           // SA_SIGINFO
	ActionOnStack  = 0x0800_0000 // SA_ONSTACK
	ActionRestorer = 0x0400_0000 // SA_RESTORER
	ActionRestart  = 0x1000_0000 // SA_RESTART
)

// Charge books bytes of linear memory, or returns them when negative. It
// reports whether the machine can back them; Linux, which does not know the
// call, overcommits by itself.
func Charge(bytes int64) bool {
	_, _, errno := syscall.RawSyscall6(chargeCall, uintptr(bytes), 0, 0, 0, 0, 0)
	return errno == 0 || errno == syscall.ENOSYS
}

// Charges reports whether Charge keeps the program within the machine's memory.
func Charges() bool {
	_, _, errno := syscall.RawSyscall6(chargeCall, 0, 0, 0, 0, 0, 0)
	return errno != syscall.ENOSYS
}

// Inherited reports whether descriptor fd was handed over by whoever started
// this process. Descriptors that the Go runtime opens itself (the CPU limit of
// its control group) have FD_CLOEXEC, which no inherited one can have.
func Inherited(fd int) bool {
	const closeOnExec = 1 // FD_CLOEXEC
	flags, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	return errno == 0 && flags&closeOnExec == 0
}

// Control sets an argument of a device by its descriptor (ioctl(2)).
func Control(fd int, request, argument uintptr) Errno {
	_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), request, argument)
	return errno
}

// Exit ends the process or the machine; only the low 8 bits of code survive.
func Exit(code uint32) {
	for {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, uintptr(code&0xff), 0, 0)
	}
}

// ThreadID returns the number of the calling thread.
func ThreadID() int32 {
	id, _, _ := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0)
	return int32(id)
}

// Map maps fresh zeroed memory over [start, start+bytes), replacing what was
// there. Preconditions: both are multiples of the page size.
func Map(start, bytes uint64, protection uintptr) Errno {
	const flags = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_FIXED | syscall.MAP_NORESERVE
	if bytes == 0 {
		return 0
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_MMAP, uintptr(start), uintptr(bytes), protection, flags, ^uintptr(0), 0)
	return errno
}

// Protect changes the protection of mapped memory.
func Protect(start, bytes uint64, protection uintptr) Errno {
	if bytes == 0 {
		return 0
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_MPROTECT, uintptr(start), uintptr(bytes), protection)
	return errno
}
