package linuxabi

import "mewz/kernel/cpu"

const (
	futexWait    = 0
	futexWake    = 1
	futexCommand = 0x7f // without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
)

// sysFutex is futex(uaddr, op, val, timeout).
//
//go:nosplit
func sysFutex(t *thread) uintptr {
	if t.rdi&3 != 0 {
		return einval
	}
	if !readable(t.rdi, 4) {
		return efault
	}
	switch t.rsi & futexCommand {
	case futexWait:
		return futexSleep(t)
	case futexWake:
		return futexWakeUp(t.rdi, uintptr(uint32(t.rdx)))
	}
	return enosys
}

//go:nosplit
func futexSleep(t *thread) uintptr {
	until := uintptr(never)
	if t.r10 != 0 {
		nanos, e := timespecAt(t.r10)
		if e != 0 {
			return e
		}
		until = now() + nanos
	}
	if cpu.Load32(t.rdi) != uint32(t.rdx) {
		return eagain
	}
	t.waitKey = t.rdi
	wait(t, stateFutex, until)
	return 0
}

//go:nosplit
func futexWakeUp(address, most uintptr) uintptr {
	woken := uintptr(0)
	for i := uintptr(0); i < threadCount && woken < most; i++ {
		t := threadAt(threads[i&threadMask])
		if t.state == stateFutex && t.waitKey == address {
			t.rax = 0
			wake(t)
			woken++
		}
	}
	return woken
}
