package linuxabi

import "mewz/kernel/cpu"

// A timer counts the processor time of one thread and sends it a signal. While
// the thread waits, nothing ticks.
type timer struct {
	thread   uintptr // address, 0: the slot is free
	signal   uintptr
	value    uintptr // sigev_value
	deadline uintptr // of the thread's processor time, 0: not running
	interval uintptr
}

const (
	timerSlots = 64 // one a thread for profiling, one for preemption
	timerMask  = timerSlots - 1

	notifySignal   = 0 // SIGEV_SIGNAL
	notifyThreadID = 4 // SIGEV_THREAD_ID
	eventBytes     = 20

	// tickMinNanos bounds how often a timer may interrupt.
	tickMinNanos = 100_000
)

var (
	timers     [timerSlots]timer
	timerCount uintptr // slots ever used
)

// sysTimerCreate is timer_create(clock, event, timerid).
//
//go:nosplit
func sysTimerCreate(t *thread) uintptr {
	if !clockThread(t, t.rdi) {
		return einval
	}
	if !readable(t.rsi, eventBytes) || !writable(t.rdx, 4) {
		return efault
	}
	notify := cpu.Load32(t.rsi + 12)
	signal := uintptr(cpu.Load32(t.rsi + 8))
	target := t
	if notify == notifyThreadID {
		target = findThread(uintptr(cpu.Load32(t.rsi + 16)))
	} else if notify != notifySignal {
		return einval
	}
	if target == nil || signal == 0 || signal > signalMax {
		return einval
	}
	if target != t {
		return einval // the time of one thread, a signal to another
	}
	slot := uintptr(0)
	for slot < timerSlots && timers[slot&timerMask].thread != 0 {
		slot++
	}
	if slot == timerSlots {
		return eagain
	}
	timerCount = max(timerCount, slot+1)
	m := &timers[slot&timerMask]
	m.thread, m.signal, m.value = t.address(), signal, cpu.Load64(t.rsi)
	m.deadline, m.interval = 0, 0
	cpu.Store32(t.rdx, uint32(slot))
	return 0
}

//go:nosplit
func timerAt(id uintptr) *timer {
	if id >= timerCount || timers[id&timerMask].thread == 0 {
		return nil
	}
	return &timers[id&timerMask]
}

// sysTimerSettime is timer_settime(timerid, flags, new, old).
//
//go:nosplit
func sysTimerSettime(t *thread) uintptr {
	m := timerAt(t.rdi)
	if m == nil || t.rsi&timerAbsolute != 0 {
		return einval
	}
	interval, e := timespecAt(t.rdx)
	if e != 0 {
		return e
	}
	value, e := timespecAt(t.rdx + 16)
	if e != 0 {
		return e
	}
	if t.r10 != 0 {
		if !writable(t.r10, 32) {
			return efault
		}
		m.store(t.r10)
	}
	at := now()
	if current == m.thread {
		charge(threadAt(current), at)
	}
	m.interval, m.deadline = interval, 0
	if value != 0 {
		m.deadline = threadAt(m.thread).used + max(value, tickMinNanos)
		if m.interval != 0 {
			m.interval = max(m.interval, tickMinNanos)
		}
		if current == m.thread {
			arm(at + max(value, tickMinNanos))
		}
	}
	return 0
}

// store writes the struct itimerspec of m.
//
//go:nosplit
func (m *timer) store(address uintptr) {
	left := uintptr(0)
	if used := threadAt(m.thread).used; m.deadline != 0 {
		left = max(m.deadline, used+1) - used
	}
	storeTimespec(address, m.interval)
	storeTimespec(address+16, left)
}

//go:nosplit
func sysTimerGettime(t *thread) uintptr {
	m := timerAt(t.rdi)
	if m == nil {
		return einval
	}
	if !writable(t.rsi, 32) {
		return efault
	}
	if current == m.thread {
		charge(threadAt(current), now())
	}
	m.store(t.rsi)
	return 0
}

//go:nosplit
func sysTimerDelete(t *thread) uintptr {
	m := timerAt(t.rdi)
	if m == nil {
		return einval
	}
	m.thread, m.deadline = 0, 0
	return 0
}

// dropTimers frees the timers of a thread that ends.
//
//go:nosplit
func dropTimers(t *thread) {
	for i := uintptr(0); i < timerCount; i++ {
		if m := &timers[i&timerMask]; m.thread == t.address() {
			m.thread, m.deadline = 0, 0
		}
	}
}

// timerDeadline returns when the next timer of t runs out if t runs on from at.
//
//go:nosplit
func timerDeadline(t *thread, at uintptr) uintptr {
	next := uintptr(never)
	for i := uintptr(0); i < timerCount; i++ {
		if m := &timers[i&timerMask]; m.thread == t.address() && m.deadline != 0 {
			next = min(next, at+max(m.deadline, t.used)-t.used)
		}
	}
	return next
}

// runTimers makes the signals of the timers of t pending whose time has come.
//
// Preconditions: t.used is charged up to now.
//
//go:nosplit
func runTimers(t *thread) {
	for i := uintptr(0); i < timerCount; i++ {
		m := &timers[i&timerMask]
		if m.thread != t.address() || m.deadline == 0 || m.deadline > t.used {
			continue
		}
		t.pendingTime |= signalBit(m.signal)
		m.deadline = 0
		if m.interval != 0 {
			m.deadline = t.used + m.interval
		}
	}
}

// timerValue returns the value that a timer of t sends with signal.
//
//go:nosplit
func timerValue(t *thread, signal uintptr) uintptr {
	for i := uintptr(0); i < timerCount; i++ {
		if m := &timers[i&timerMask]; m.thread == t.address() && m.signal == signal {
			return m.value
		}
	}
	return 0
}
