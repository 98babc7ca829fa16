package linuxabi

import (
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
	"mewz/kernel/memory"
)

// si_code of the signals that exceptions become (Linux asm-generic/siginfo.h).
const (
	codeIllegalOperand = 2 // ILL_ILLOPN
	codeIntegerDivide  = 1 // FPE_INTDIV
	codeFloatDivide    = 3 // FPE_FLTDIV
	codeFloatOverflow  = 4
	codeFloatUnderflow = 5
	codeFloatInexact   = 6
	codeFloatInvalid   = 7
	codeMapError       = 1 // SEGV_MAPERR
	codeAccessError    = 2 // SEGV_ACCERR
	codeAlignment      = 1 // BUS_ADRALN
	codeBreakpoint     = codeKernel
	codeTrace          = 2 // TRAP_TRACE
)

// trap handles an exception or an interrupt and returns 0 to go on where it
// came from, or 1 for afterTrap to decide.
//
//lint:ignore U1000 called from entry_amd64.s
//go:nosplit
func trap(frame *trapFrame) uintptr {
	switch frame.vector {
	case interrupt.VectorPageFault:
		return pageFault(frame)
	case interrupt.VectorTimer:
		interrupt.Acknowledge()
		timerRan()
		return tick(frame)
	case interrupt.VectorSerial:
		interrupt.Acknowledge()
		receive()
		return tick(frame)
	case interrupt.VectorNMI, interrupt.VectorDoubleFault, interrupt.VectorMachineCheck:
		endTrap(frame, "")
	}
	if slot := frame.vector - interrupt.VectorDevice; slot < interrupt.DeviceSlots {
		interrupt.Acknowledge()
		deviceInterrupted(slot)
		return tick(frame)
	}
	if frame.vector >= 32 {
		return 0 // spurious
	}
	if current == 0 || memory.IsStack(frame.rsp) {
		endTrap(frame, "")
	}
	t := threadAt(current)
	t.signal, t.code, t.siAddress = signalOf(frame)
	t.trap, t.trapError, t.cr2 = frame.vector, frame.code, 0
	save(t, frame)
	return 1
}

// pageFault fills memory on first touch; else the fault is a signal, or the end
// if it happened in the kernel.
//
//go:nosplit
func pageFault(frame *trapFrame) uintptr {
	address := cpu.ReadCR2()
	result := memory.Kernel.Fault(address, frame.code)
	if result == memory.Done {
		return 0
	}
	if result == memory.NoMemory {
		endMemory(address)
	}
	if current == 0 || memory.IsStack(frame.rsp) {
		if memory.IsStack(address) {
			endTrap(frame, "kernel stack overflow")
		}
		endTrap(frame, "")
	}
	t := threadAt(current)
	t.signal, t.code, t.siAddress = sigSEGV, codeMapError, address
	if result == memory.Denied {
		t.code = codeAccessError
	}
	t.trap, t.trapError, t.cr2 = frame.vector, frame.code|memory.FaultUser, address
	save(t, frame)
	return 1
}

// signalOf says which signal an exception becomes, as Linux has it.
//
//go:nosplit
func signalOf(frame *trapFrame) (signal, code, address uintptr) {
	switch frame.vector {
	case interrupt.VectorDivide:
		return sigFPE, codeIntegerDivide, frame.rip
	case interrupt.VectorDebug:
		return sigTRAP, codeTrace, frame.rip
	case interrupt.VectorBreakpoint:
		return sigTRAP, codeBreakpoint, 0
	case interrupt.VectorInvalid:
		return sigILL, codeIllegalOperand, frame.rip
	case interrupt.VectorSegment, interrupt.VectorStack:
		return sigBUS, codeKernel, 0
	case interrupt.VectorFloat, interrupt.VectorSIMD:
		return sigFPE, codeFloatInvalid, frame.rip
	case interrupt.VectorAlignment:
		return sigBUS, codeAlignment, 0
	}
	return sigSEGV, codeKernel, 0
}

// save keeps the registers of an interrupted thread. Its floating-point state is
// saved by trapEntry.
//
//go:nosplit
func save(t *thread, f *trapFrame) {
	t.rax, t.rbx, t.rcx, t.rdx = f.rax, f.rbx, f.rcx, f.rdx
	t.rsi, t.rdi, t.rbp, t.rsp = f.rsi, f.rdi, f.rbp, f.rsp
	t.r8, t.r9, t.r10, t.r11 = f.r8, f.r9, f.r10, f.r11
	t.r12, t.r13, t.r14, t.r15 = f.r12, f.r13, f.r14, f.r15
	t.rip, t.rflags, t.full = f.rip, f.rflags, 1
}

// tick ends an interrupt: threads whose time has come are woken, timers of the
// running thread run out, and another thread may be due.
//
//go:nosplit
func tick(frame *trapFrame) uintptr {
	if idle {
		return 0
	}
	at := now()
	next := expire(at)
	t := threadAt(current)
	charge(t, at)
	runTimers(t)
	t.yielded = 0
	if preempt(t, at) {
		t.yielded = 1
	}
	next = min(next, timerDeadline(t, at))
	if measuring {
		next = min(next, at+idleNanos)
	}
	if next != never {
		arm(next)
	}
	if t.yielded != 0 || (t.pending|t.pendingTime)&^t.blocked != 0 {
		t.signal = 0
		save(t, frame)
		return 1
	}
	return 0
}

// afterTrap returns the thread that runs after an exception or interrupt. It
// runs on the kernel stack.
//
//lint:ignore U1000 called from entry_amd64.s
//go:nosplit
func afterTrap() *thread {
	t := threadAt(current)
	if t.signal != 0 {
		if t.blocked&signalBit(t.signal) != 0 {
			endSignal(t, "it is blocked")
		}
		t.value = 0
		deliver(t)
		return t
	}
	if t.yielded != 0 {
		t.yielded = 0
		return pick()
	}
	deliverPending(t)
	return t
}
