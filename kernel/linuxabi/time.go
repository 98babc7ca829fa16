package linuxabi

import (
	"mewz/kernel/clock"
	"mewz/kernel/cpu"
)

// Clocks (Linux uapi/linux/time.h).
const (
	clockRealtime        = 0
	clockMonotonic       = 1
	clockProcessCPU      = 2
	clockThreadCPU       = 3
	clockMonotonicRaw    = 4
	clockRealtimeCoarse  = 5
	clockMonotonicCoarse = 6
	clockBoottime        = 7

	nanosPerSecond = 1_000_000_000
	nanosPerMilli  = 1_000_000
	// secondsMax keeps a time in nanoseconds from running over: 292 years.
	secondsMax = 1<<63/nanosPerSecond - 1

	timerAbsolute = 1 // TIMER_ABSTIME
)

// timespecAt reads a struct timespec.
//
//go:nosplit
func timespecAt(address uintptr) (nanos, errno uintptr) {
	if !readable(address, 16) {
		return 0, efault
	}
	seconds, nanos := cpu.Load64(address), cpu.Load64(address+8)
	if int(seconds) < 0 || nanos >= nanosPerSecond {
		return 0, einval
	}
	return min(seconds, secondsMax)*nanosPerSecond + nanos, 0
}

// storeTimespec writes a struct timespec to an address that is writable.
//
//go:nosplit
func storeTimespec(address, nanos uintptr) {
	cpu.Store64(address, nanos/nanosPerSecond)
	cpu.Store64(address+8, nanos%nanosPerSecond)
}

// readClock returns the time of a clock in nanoseconds.
//
//go:nosplit
func readClock(t *thread, id uintptr) (nanos uintptr, ok bool) {
	switch uint32(id) {
	case clockRealtime, clockRealtimeCoarse:
		return now() + uintptr(clock.WallOffset()), true
	case clockMonotonic, clockMonotonicRaw, clockMonotonicCoarse, clockBoottime:
		return now(), true
	case clockProcessCPU:
		charge(t, now())
		sum := uintptr(0)
		for i := uintptr(0); i < threadCount; i++ {
			sum += threadAt(threads[i&threadMask]).used
		}
		return sum, true
	}
	if clockThread(t, id) {
		charge(t, now())
		return t.used, true
	}
	return 0, false
}

// clockThread reports whether id is the clock of processor time of t.
//
//go:nosplit
func clockThread(t *thread, id uintptr) bool {
	const perThread = 1<<2 | 2 // CPUCLOCK_PERTHREAD_MASK, CPUCLOCK_SCHED
	return uint32(id) == clockThreadCPU || uint32(id) == uint32(^t.tid<<3|perThread)
}

//go:nosplit
func sysClockGettime(t *thread) uintptr {
	nanos, ok := readClock(t, t.rdi)
	if !ok {
		return einval
	}
	if !writable(t.rsi, 16) {
		return efault
	}
	storeTimespec(t.rsi, nanos)
	return 0
}

//go:nosplit
func sysClockGetres(t *thread) uintptr {
	if _, ok := readClock(t, t.rdi); !ok {
		return einval
	}
	if t.rsi == 0 {
		return 0
	}
	if !writable(t.rsi, 16) {
		return efault
	}
	storeTimespec(t.rsi, 1)
	return 0
}

//go:nosplit
func sysNanosleep(t *thread) uintptr {
	nanos, e := timespecAt(t.rdi)
	if e != 0 {
		return e
	}
	wait(t, stateSleep, now()+nanos)
	return 0
}

// sysClockNanosleep is clock_nanosleep(clock, flags, request).
//
//go:nosplit
func sysClockNanosleep(t *thread) uintptr {
	nanos, e := timespecAt(t.rdx)
	if e != 0 {
		return e
	}
	if t.rdi != clockRealtime && t.rdi != clockMonotonic && t.rdi != clockBoottime {
		return einval
	}
	if t.rsi&timerAbsolute == 0 {
		nanos += now()
	} else if t.rdi == clockRealtime {
		nanos -= min(nanos, uintptr(clock.WallOffset()))
	}
	wait(t, stateSleep, nanos)
	return 0
}
