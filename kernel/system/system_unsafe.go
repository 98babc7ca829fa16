package system

import (
	"syscall"
	"time"
	"unsafe"
)

// Each pointer below is to a Go value or to mapped memory that the caller keeps
// alive, and is used by the system call only until it returns.

// Write writes p to fd (write(2)); it may wait.
func Write(fd int, p []byte) (int, Errno) {
	n, _, errno := syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return int(n), errno
}

// Vector is struct iovec.
type Vector struct {
	base  *byte
	bytes uint64
}

// NewVector returns the vector of b.
func NewVector(b []byte) Vector { return Vector{unsafe.SliceData(b), uint64(len(b))} }

// WriteVectors writes several pieces to fd at once (writev(2)).
func WriteVectors(fd int, v []Vector) (int, Errno) {
	n, _, errno := syscall.Syscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(v))), uintptr(len(v)))
	return int(n), errno
}

// Read reads into p from fd (read(2)); it may wait.
func Read(fd int, p []byte) (int, Errno) {
	n, _, errno := syscall.Syscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return int(n), errno
}

// ReadNow reads into p from an offset of fd, as far as that needs no waiting
// (preadv2(2), RWF_NOWAIT); what needs some is EAGAIN.
//
// Preconditions: p is not empty.
func ReadNow(fd int, p []byte, offset uint64) (int, Errno) {
	const preadv2, noWait = 327, 8 // SYS_PREADV2, RWF_NOWAIT
	v := NewVector(p)
	n, _, errno := syscall.RawSyscall6(preadv2, uintptr(fd), uintptr(unsafe.Pointer(&v)), 1, uintptr(offset), 0, noWait)
	return int(n), errno
}

// Poll waits until fd is ready for events or timeout has passed (ppoll(2));
// it returns no events after the timeout.
func Poll(fd int, events PollEvents, timeout time.Duration) (PollEvents, Errno) {
	set := [1]PollDescriptor{{Descriptor: int32(fd), Events: events}}
	errno := PollAll(set[:], timeout)
	return set[0].Found, errno
}

// PollDescriptor is struct pollfd.
type PollDescriptor struct {
	Descriptor int32
	Events     PollEvents
	Found      PollEvents
}

// PollAll is Poll for several descriptors.
func PollAll(set []PollDescriptor, timeout time.Duration) Errno {
	var limit *syscall.Timespec
	if timeout >= 0 {
		t := syscall.NsecToTimespec(int64(timeout))
		limit = &t
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(set))), uintptr(len(set)),
		uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	return errno
}

// Sleep waits for d or until a signal came (nanosleep(2)).
func Sleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}

// Now reads a clock (clock_gettime(2)).
func Now(clock ClockID) (nanos uint64, errno Errno) {
	var t syscall.Timespec
	_, _, errno = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&t)), 0)
	return uint64(t.Nano()), errno
}

// Resolution returns the resolution of a clock (clock_getres(2)).
func Resolution(clock ClockID) (nanos uint64, errno Errno) {
	var t syscall.Timespec
	_, _, errno = syscall.RawSyscall(syscall.SYS_CLOCK_GETRES, uintptr(clock), uintptr(unsafe.Pointer(&t)), 0)
	return uint64(t.Nano()), errno
}

// Random fills p from the machine's entropy source (getrandom(2) with
// GRND_RANDOM) and returns how many bytes it got. EAGAIN: there is no source.
func Random(p []byte) (int, Errno) {
	const number = 318 // SYS_GETRANDOM, newer than the frozen package syscall
	n, _, errno := syscall.RawSyscall(number, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), getrandomRandom)
	return int(n), errno
}

// SetAction installs action for a signal (rt_sigaction(2)). This bypasses the
// Go runtime: action must be able to run on any thread, without a g.
func SetAction(signal uint32, action *Action) Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(action)), 0, 8, 0, 0)
	return errno
}

// GetAction returns the action of a signal.
func GetAction(signal uint32) (action Action, errno Errno) {
	_, _, errno = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal), 0, uintptr(unsafe.Pointer(&action)), 8, 0, 0)
	return action, errno
}

// TimerID names a timer of timer_create(2).
type TimerID int32

// StartThreadTimer sends signal to thread each time that the calling thread
// has used period of processor time (timer_create(2) on
// CLOCK_THREAD_CPUTIME_ID with SIGEV_THREAD_ID).
func StartThreadTimer(signal uint32, thread int32, period time.Duration) (TimerID, Errno) {
	event := struct {
		value  uint64
		signal int32
		notify int32
		thread int32
		_      [44]byte // struct sigevent is 64 bytes
	}{signal: int32(signal), notify: sigeventThread, thread: thread}
	var id int32
	_, _, errno := syscall.RawSyscall(syscall.SYS_TIMER_CREATE, uintptr(ClockThreadCPU), uintptr(unsafe.Pointer(&event)), uintptr(unsafe.Pointer(&id)))
	if errno != 0 {
		return 0, errno
	}
	interval := syscall.NsecToTimespec(int64(period))
	setting := [2]syscall.Timespec{interval, interval}
	_, _, errno = syscall.RawSyscall6(syscall.SYS_TIMER_SETTIME, uintptr(id), 0, uintptr(unsafe.Pointer(&setting)), 0, 0, 0)
	return TimerID(id), errno
}

// StopTimer removes a timer (timer_delete(2)).
func StopTimer(id TimerID) {
	syscall.RawSyscall(syscall.SYS_TIMER_DELETE, uintptr(id), 0, 0)
}
