package linuxabi

import (
	"mewz/kernel/cpu"
	"mewz/kernel/memory"
)

// thread is a thread of the process. Each lies at the start of a page of its
// own, outside the Go heap; entry_amd64.s knows the order of the registers.
type thread struct {
	rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp uintptr
	r8, r9, r10, r11, r12, r13, r14, r15   uintptr
	rip, rflags, fsBase                    uintptr
	full                                   uintptr // 1: all registers and fp are valid; 0: as after SYSCALL

	state uintptr
	tid   uintptr
	next  uintptr // in a queue

	wakeAt   uintptr // when a wait ends by itself, 0: never
	again    uintptr // 1: the system call in rax0 runs again when the wait ends
	call     uintptr // number of the system call that waits
	repeated uintptr // 1: the system call runs again after a wait
	until    uintptr // when the repeated wait ends by itself
	waitKey  uintptr // stateFutex: address of the word
	queued   uintptr // when it was queued behind the others
	turn     uintptr // when it got the processor
	yielded  uintptr // 1: an interrupt has queued it, another thread runs next
	started  uintptr // since when its time is not in used
	used     uintptr // nanoseconds of processor time

	blocked     uintptr // signal mask
	pending     uintptr // signals sent by tgkill
	pendingTime uintptr // signals of timers
	stackBase   uintptr // alternate signal stack
	stackSize   uintptr
	stackFlags  uintptr

	// The signal that deliver is about.
	signal, code, siAddress uintptr // si_signo (0: none), si_code, si_addr or si_pid
	value                   uintptr // si_value of a timer
	trap, trapError, cr2    uintptr // of an exception
}

// States of a thread.
const (
	stateFree = iota
	stateReady
	stateYield // ready, and gives up its turn
	stateFutex
	stateSleep
	stateInput // waits for descriptors; ends by wakeInput
)

const (
	threadSlots = 512 // the Go runtime needs about 8; 10,000 is its own limit
	threadMask  = threadSlots - 1

	// fpOffset is where the state of the floating-point registers lies in the
	// page of a thread, as XSAVE writes it. fpMaxBytes holds AVX-512.
	fpOffset   = 1024
	fpMaxBytes = memory.PageBytes - fpOffset

	fpControl     = 0  // FCW in the FXSAVE image
	fpMXCSR       = 24 // MXCSR in the FXSAVE image
	fpControlInit = 0x37f
	fpMXCSRInit   = 0x1f80
	fpLegacyBytes = 512
	fpHeader      = 512 // XSAVE header
	fpHeaderBytes = 64
	flagsInit     = 0x202    // IF and the bit that is always one
	flagsUser     = 0x244cd7 // what a program may set: as Linux's FIX_EFLAGS, and ID
	cloneSetTLS   = 0x80000
	cloneThread   = 0x10000
)

var (
	threads     [threadSlots]uintptr // addresses of thread
	threadCount uintptr
	current     uintptr // the thread that runs, 0 while idle
	lastTID     uintptr

	// high holds threads that were woken, low those that used up their time.
	high, low queue

	fpBytes uintptr // size of the floating-point state
	fpMask  uintptr // XCR0, or 0 when there is no XSAVE
)

// queue is a list of threads.
type queue struct{ head, tail uintptr }

//go:nosplit
func (q *queue) push(t *thread) {
	t.next = 0
	if q.head == 0 {
		q.head = t.address()
	} else {
		threadAt(q.tail).next = t.address()
	}
	q.tail = t.address()
}

// pop returns the first thread; the queue must not be empty.
//
//go:nosplit
func (q *queue) pop() *thread {
	t := threadAt(q.head)
	q.head = t.next
	return t
}

// newThread returns a thread that is ready but in no queue, or nil.
//
//go:nosplit
func newThread() *thread {
	slot := uintptr(0)
	for slot < threadCount && threadAt(threads[slot&threadMask]).state != stateFree {
		slot++
	}
	if slot >= threadSlots {
		return nil
	}
	if slot == threadCount {
		frame := memory.Kernel.Frames.Allocate(0)
		if frame == 0 {
			return nil
		}
		threads[slot&threadMask] = frame + memory.DirectBase
		threadCount++
	}
	t := threadAt(threads[slot&threadMask])
	cpu.ZeroPages(t.address(), memory.PageBytes)
	initFP(t.fp())
	lastTID++
	t.tid, t.state, t.rflags = lastTID, stateReady, flagsInit
	return t
}

// initFP writes the state after FNINIT and a default MXCSR to cleared memory.
//
//go:nosplit
func initFP(fp uintptr) {
	cpu.Store16(fp+fpControl, fpControlInit)
	cpu.Store32(fp+fpMXCSR, fpMXCSRInit)
}

//go:nosplit
func (t *thread) fp() uintptr { return t.address() + fpOffset }

// findThread returns the thread with number tid, or nil.
//
//go:nosplit
func findThread(tid uintptr) *thread {
	for i := uintptr(0); i < threadCount; i++ {
		if t := threadAt(threads[i&threadMask]); t.state != stateFree && t.tid == tid {
			return t
		}
	}
	return nil
}

// sysClone starts a thread that shares everything (clone(2) with CLONE_THREAD).
//
//go:nosplit
func sysClone(t *thread) uintptr {
	if t.rdi&cloneThread == 0 {
		return enosys
	}
	c := newThread()
	if c == nil {
		return eagain
	}
	c.rbx, c.rdx, c.rsi, c.rdi, c.rbp = t.rbx, t.rdx, t.rsi, t.rdi, t.rbp
	c.r8, c.r9, c.r10, c.r12, c.r13, c.r14, c.r15 = t.r8, t.r9, t.r10, t.r12, t.r13, t.r14, t.r15
	c.rip, c.rsp, c.fsBase, c.blocked = t.rip, t.rsi, t.fsBase, t.blocked
	if t.rdi&cloneSetTLS != 0 {
		c.fsBase = t.r8
	}
	wake(c)
	return c.tid
}

// sysExit ends a thread. The machine ends by exit_group.
//
//go:nosplit
func sysExit(t *thread) uintptr {
	t.state = stateFree
	dropTimers(t)
	// The kernel itself reads the word of g through FS, and the memory of this
	// thread's may go away.
	setFSBase(idleThread())
	current = 0 // its page may become another thread's
	return 0
}

//go:nosplit
func sysArchPrctl(t *thread) uintptr {
	const setFS = 0x1002 // ARCH_SET_FS
	if t.rdi != setFS || !memory.Kernel.Allows(t.rsi-8, 8, memory.ProtectWrite) {
		return einval
	}
	t.fsBase = t.rsi
	setFSBase(t.rsi)
	return 0
}

//go:nosplit
func sysGetpid(*thread) uintptr { return 1 }

//go:nosplit
func sysGettid(t *thread) uintptr { return t.tid }

// sysGetaffinity says that there is one processor.
//
//go:nosplit
func sysGetaffinity(t *thread) uintptr {
	const maskBytes = 8
	if t.rsi < maskBytes {
		return einval
	}
	if !writable(t.rdx, maskBytes) {
		return efault
	}
	cpu.Store64(t.rdx, 1)
	return maskBytes
}

// sysPrlimit says that nothing is limited but the number of descriptors.
//
//go:nosplit
func sysPrlimit(t *thread) uintptr {
	const descriptors = 1024
	if t.r10 == 0 {
		return 0
	}
	if !writable(t.r10, 16) {
		return efault
	}
	cpu.Store64(t.r10, descriptors)
	cpu.Store64(t.r10+8, descriptors)
	return 0
}
