package linuxabi

import (
	"mewz/kernel/clock"
	"mewz/kernel/cpu"
)

const (
	// sliceNanos is how long a thread may run while others are ready: what Go's
	// scheduler gives a goroutine.
	sliceNanos = 10_000_000
	// wokenNanos is how long the running thread goes on when another is woken.
	wokenNanos = 1_000_000
	// starvedNanos is how long a thread that used up its time waits at most
	// while woken ones keep coming.
	starvedNanos = 40_000_000
	// idleNanos bounds every halt: an interrupt may be lost under TCG with one
	// processor, whose memory barriers do nothing.
	idleNanos = 500_000_000

	never = ^uintptr(0)
)

var (
	idle     bool    // in WaitForInterrupt
	sliceEnd uintptr // when the running thread has used up its time
)

//go:nosplit
func now() uintptr { return uintptr(clock.Nanos()) }

// wake makes a thread ready, before all that used up their time.
//
//go:nosplit
func wake(t *thread) {
	t.state, t.wakeAt = stateReady, 0
	high.push(t)
	arm(now() + wokenNanos)
}

// yield makes the running thread ready behind all others.
//
//go:nosplit
func yield(t *thread) {
	t.state, t.queued = stateReady, now()
	low.push(t)
}

// wait ends the turn of t until something wakes it, or at the moment until
// (never: only something). Its system call must return after this.
//
//go:nosplit
func wait(t *thread, state, until uintptr) {
	t.state, t.wakeAt = state, 0
	if until != never {
		t.wakeAt = max(until, 1)
	}
}

// waitAgain is wait for a system call that looks again at what it waits for.
//
//go:nosplit
func waitAgain(t *thread, until uintptr) {
	t.again = 1
	wait(t, stateInput, until)
}

// expire wakes the threads whose wait ends by itself and returns when the next
// one's does.
//
//go:nosplit
func expire(now uintptr) uintptr {
	next := uintptr(never)
	for i := uintptr(0); i < threadCount; i++ {
		t := threadAt(threads[i&threadMask])
		if t.state <= stateYield || t.wakeAt == 0 {
			continue
		}
		if t.wakeAt > now {
			next = min(next, t.wakeAt)
			continue
		}
		if t.again == 0 {
			t.rax = 0
			if t.state == stateFutex {
				t.rax = etimedout
			}
		}
		t.state, t.wakeAt = stateReady, 0
		high.push(t)
	}
	return next
}

// charge adds the time since the running thread got the processor to its time.
//
//go:nosplit
func charge(t *thread, now uintptr) {
	t.used += now - t.started
	t.started = now
}

// pick returns the thread that runs next, halting until there is one. It runs
// on the kernel stack. The thread that ran has been queued or waits.
//
//go:nosplit
func pick() *thread {
	if current != 0 {
		charge(threadAt(current), now())
	}
	for {
		at := now()
		next := expire(at)
		t := dequeue(at)
		if t == nil {
			halt(at, next)
			continue
		}
		t.started, t.turn = at, at
		if t.again != 0 && !callAgain(t) {
			continue // waits on
		}
		sliceEnd = at + sliceNanos
		if high.head|low.head != 0 {
			next = min(next, sliceEnd)
		}
		next = min(next, timerDeadline(t, at))
		if next != never {
			arm(next)
		}
		deliverPending(t)
		return t
	}
}

// dequeue takes the next ready thread: woken ones first, unless another waits
// for too long.
//
//go:nosplit
func dequeue(now uintptr) *thread {
	if low.head != 0 && (high.head == 0 || now-threadAt(low.head).queued > starvedNanos) {
		return low.pop()
	}
	if high.head != 0 {
		return high.pop()
	}
	return nil
}

// callAgain repeats the system call that t waited in, and reports whether it is
// complete now.
//
//go:nosplit
func callAgain(t *thread) bool {
	t.again, t.repeated = 0, 1
	current = t.address() // so that a page fault finds its thread
	setFSBase(t.fsBase)
	result := dispatch(t, t.call)
	t.repeated = 0
	if t.state != stateReady {
		return false
	}
	t.rax = result
	return true
}

// halt stops the processor until an interrupt, for a bounded time.
//
//go:nosplit
func halt(now, next uintptr) {
	arm(min(next, now+idleNanos))
	receive() // after the timer's registers: what came is seen before HLT
	if high.head != 0 {
		return
	}
	idle = true
	cpu.WaitForInterrupt()
	idle = false
}

// preempt decides, in an interrupt, whether another thread runs now. If so, the
// running one has been queued.
//
//go:nosplit
func preempt(t *thread, at uintptr) bool {
	if high.head|low.head == 0 {
		return false
	}
	if high.head != 0 && at-t.turn >= wokenNanos || at >= sliceEnd {
		yield(t)
		return true
	}
	if high.head != 0 {
		arm(t.turn + wokenNanos)
	}
	arm(sliceEnd)
	return false
}

//go:nosplit
func sysSchedYield(t *thread) uintptr {
	t.rax = 0
	yield(t)
	t.state = stateYield // until systemCall has seen that another may run
	return 0
}
