package linuxabi

import (
	"mewz/kernel/cpu"
)

// Signals (Linux asm-generic/signal.h).
const (
	sigILL   = 4
	sigTRAP  = 5
	sigBUS   = 7
	sigFPE   = 8
	sigKILL  = 9
	sigSEGV  = 11
	sigCHLD  = 17
	sigCONT  = 18
	sigSTOP  = 19
	sigURG   = 23
	sigWINCH = 28

	signalMax   = 64
	signalSlots = 128 // a power of two

	handlerDefault = 0
	handlerIgnore  = 1

	flagOnStack   = 0x08000000 // SA_ONSTACK
	flagNoDefer   = 0x40000000 // SA_NODEFER
	flagResetHand = 0x80000000 // SA_RESETHAND

	stackOnStack = 1 // SS_ONSTACK
	stackDisable = 2 // SS_DISABLE
	stackMin     = 2048

	codeKernel = 0x80            // SI_KERNEL
	codeTkill  = ^uintptr(6 - 1) // SI_TKILL
	codeTimer  = ^uintptr(2 - 1) // SI_TIMER
)

// Layout of struct rt_sigframe of x86-64: the address of the restorer, struct
// ucontext, siginfo_t (Linux arch/x86/include/asm/sigframe.h).
const (
	redZoneBytes = 128

	ucStackBase  = 16
	ucStackFlags = 24
	ucStackSize  = 32
	ucR8         = 40
	ucR9         = 48
	ucR10        = 56
	ucR11        = 64
	ucR12        = 72
	ucR13        = 80
	ucR14        = 88
	ucR15        = 96
	ucRDI        = 104
	ucRSI        = 112
	ucRBP        = 120
	ucRBX        = 128
	ucRDX        = 136
	ucRAX        = 144
	ucRCX        = 152
	ucRSP        = 160
	ucRIP        = 168
	ucFlagsReg   = 176
	ucSegments   = 184
	ucError      = 192
	ucTrap       = 200
	ucOldMask    = 208
	ucCR2        = 216
	ucFP         = 224
	ucMask       = 296
	ucBytes      = 304
	infoBytes    = 128

	ucFlags        = 7 // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
	segmentsOfUser = 0x33 | 0x2b<<48

	// struct _fpx_sw_bytes, at the end of the FXSAVE image.
	swMagic1    = 464
	swExtended  = 468
	swFeatures  = 472
	swSize      = 480
	fpMagic1    = 0x46505853
	fpMagic2    = 0x46505845
	magic2Bytes = 4

	xstateBV    = 512
	fpMXCSRMask = 0xffff // MXCSR_MASK without the reserved bits
)

// action is what a signal does: struct kernel_sigaction.
type action struct{ handler, flags, restorer, mask uintptr }

var actions [signalSlots]action

//go:nosplit
func signalBit(signal uintptr) uintptr { return 1 << ((signal - 1) & 63) }

//go:nosplit
func actionOf(signal uintptr) *action { return &actions[signal&(signalSlots-1)] }

// sysSigaction is rt_sigaction(signal, new, old, sizeof mask).
//
//go:nosplit
func sysSigaction(t *thread) uintptr {
	signal := t.rdi
	if signal == 0 || signal > signalMax || t.r10 != 8 {
		return einval
	}
	if t.rsi != 0 && (signal == sigKILL || signal == sigSTOP) {
		return einval
	}
	if t.rsi != 0 && !readable(t.rsi, 32) || t.rdx != 0 && !writable(t.rdx, 32) {
		return efault
	}
	a := actionOf(signal)
	old := action{a.handler, a.flags, a.restorer, a.mask}
	if t.rsi != 0 {
		a.handler, a.flags = cpu.Load64(t.rsi), cpu.Load64(t.rsi+8)
		a.restorer, a.mask = cpu.Load64(t.rsi+16), cpu.Load64(t.rsi+24)
	}
	if t.rdx != 0 {
		cpu.Store64(t.rdx, old.handler)
		cpu.Store64(t.rdx+8, old.flags)
		cpu.Store64(t.rdx+16, old.restorer)
		cpu.Store64(t.rdx+24, old.mask)
	}
	return 0
}

// sysSigprocmask is rt_sigprocmask(how, new, old, sizeof mask).
//
//go:nosplit
func sysSigprocmask(t *thread) uintptr {
	if t.r10 != 8 {
		return einval
	}
	if t.rsi != 0 && !readable(t.rsi, 8) || t.rdx != 0 && !writable(t.rdx, 8) {
		return efault
	}
	blocked := t.blocked
	if t.rsi != 0 {
		mask := cpu.Load64(t.rsi) &^ (signalBit(sigKILL) | signalBit(sigSTOP))
		switch t.rdi {
		case 0: // SIG_BLOCK
			t.blocked |= mask
		case 1: // SIG_UNBLOCK
			t.blocked &^= mask
		case 2: // SIG_SETMASK
			t.blocked = mask
		default:
			return einval
		}
	}
	if t.rdx != 0 {
		cpu.Store64(t.rdx, blocked)
	}
	return 0
}

//go:nosplit
func (t *thread) onStack(sp uintptr) bool {
	return t.stackSize != 0 && sp > t.stackBase && sp <= t.stackBase+t.stackSize
}

// sysSigaltstack is sigaltstack(new, old).
//
//go:nosplit
func sysSigaltstack(t *thread) uintptr {
	if t.rdi != 0 && !readable(t.rdi, 24) || t.rsi != 0 && !writable(t.rsi, 24) {
		return efault
	}
	base, size := t.stackBase, t.stackSize
	flags := uint32(0)
	if size == 0 {
		flags = stackDisable
	} else if t.onStack(t.rsp) {
		flags = stackOnStack
	}
	if t.rdi != 0 {
		if flags == stackOnStack {
			return eperm
		}
		newFlags, newSize := cpu.Load32(t.rdi+8), cpu.Load64(t.rdi+16)
		if newFlags&stackDisable != 0 {
			t.stackBase, t.stackSize = 0, 0
		} else if newSize < stackMin {
			return enomem
		} else {
			t.stackBase, t.stackSize = cpu.Load64(t.rdi), newSize
		}
	}
	if t.rsi != 0 {
		cpu.Store64(t.rsi, base)
		cpu.Store64(t.rsi+8, uintptr(flags))
		cpu.Store64(t.rsi+16, size)
	}
	return 0
}

//go:nosplit
func ignored(signal uintptr) bool {
	switch actionOf(signal).handler {
	case handlerIgnore:
		return true
	case handlerDefault:
		return signal == sigCHLD || signal == sigCONT || signal == sigURG || signal == sigWINCH
	}
	return false
}

// send makes a signal pending and ends the wait of a thread that takes it.
//
//go:nosplit
func send(t *thread, signal uintptr) uintptr {
	if signal > signalMax {
		return einval
	}
	if signal == 0 || ignored(signal) {
		return 0
	}
	t.pending |= signalBit(signal)
	if t.state > stateYield && t.blocked&signalBit(signal) == 0 {
		t.again = 0
		t.rax = eintr
		wake(t)
	}
	return 0
}

//go:nosplit
func sendTo(tid, signal uintptr) uintptr {
	t := findThread(tid)
	if t == nil {
		return esrch
	}
	return send(t, signal)
}

// sysTgkill is tgkill(tgid, tid, signal).
//
//go:nosplit
func sysTgkill(t *thread) uintptr { return sendTo(t.rsi, t.rdx) }

//go:nosplit
func sysTkill(t *thread) uintptr { return sendTo(t.rdi, t.rsi) }

//go:nosplit
func sysKill(t *thread) uintptr { return send(t, t.rsi) }

// deliverPending lets t, which runs next, take a signal that is pending.
//
//go:nosplit
func deliverPending(t *thread) {
	if (t.pending|t.pendingTime)&^t.blocked == 0 {
		return
	}
	for signal := uintptr(1); signal <= signalMax; signal++ {
		bit := signalBit(signal)
		if t.blocked&bit != 0 || (t.pending|t.pendingTime)&bit == 0 {
			continue
		}
		t.signal, t.code, t.siAddress, t.value = signal, codeTkill, 1, 0
		t.trap, t.trapError, t.cr2 = 0, 0, 0
		if t.pendingTime&bit != 0 {
			t.pendingTime &^= bit
			t.code, t.siAddress, t.value = codeTimer, 0, timerValue(t, signal)
		} else {
			t.pending &^= bit
		}
		if ignored(signal) {
			t.signal = 0
			continue
		}
		deliver(t)
		return
	}
}

// deliver builds the frame of a signal handler on the stack of t and lets t go
// on in the handler. A signal that nobody handles ends the machine.
//
//go:nosplit
func deliver(t *thread) {
	a := actionOf(t.signal)
	if a.handler <= handlerIgnore {
		endSignal(t, "no handler")
	}
	sp := t.rsp - redZoneBytes
	if a.flags&flagOnStack != 0 && t.stackSize != 0 && !t.onStack(t.rsp) {
		sp = t.stackBase + t.stackSize
	}
	fp := (sp - fpBytes - magic2Bytes) &^ 63
	frame := (fp-infoBytes-ucBytes)&^15 - 8
	if !writable(frame, sp-frame) {
		endSignal(t, "no stack for the handler")
	}
	uc := frame + 8
	info := uc + ucBytes
	cpu.Store64(frame, a.restorer)
	storeFP(t, fp)
	storeContext(t, uc, fp)
	cpu.ZeroPages(info, infoBytes)
	cpu.Store32(info, uint32(t.signal))
	cpu.Store32(info+8, uint32(t.code))
	cpu.Store64(info+16, t.siAddress)
	cpu.Store64(info+24, t.value)
	t.blocked |= a.mask &^ (signalBit(sigKILL) | signalBit(sigSTOP))
	if a.flags&flagNoDefer == 0 {
		t.blocked |= signalBit(t.signal)
	}
	t.rdi, t.rsi, t.rdx, t.rax = t.signal, info, uc, 0
	t.rsp, t.rip, t.rflags, t.full = frame, a.handler, flagsInit, 0
	if a.flags&flagResetHand != 0 {
		a.handler = handlerDefault
	}
	t.signal = 0
}

// storeFP writes the floating-point state of t to a signal frame: what was saved
// in an interrupt, or the initial one, for system calls keep none.
//
//go:nosplit
func storeFP(t *thread, fp uintptr) {
	if t.full != 0 {
		cpu.CopyPages(fp, t.fp(), fpBytes)
	} else {
		cpu.ZeroPages(fp, fpBytes)
		initFP(fp)
	}
	cpu.Store32(fp+swMagic1, 0)
	if fpMask != 0 {
		cpu.Store32(fp+swMagic1, fpMagic1)
		cpu.Store32(fp+swExtended, uint32(fpBytes+magic2Bytes))
		cpu.Store64(fp+swFeatures, fpMask)
		cpu.Store32(fp+swSize, uint32(fpBytes))
		cpu.Store32(fp+fpBytes, fpMagic2)
	}
}

//go:nosplit
func storeContext(t *thread, uc, fp uintptr) {
	cpu.ZeroPages(uc, ucBytes)
	cpu.Store64(uc, ucFlags)
	cpu.Store64(uc+ucStackBase, t.stackBase)
	cpu.Store64(uc+ucStackSize, t.stackSize)
	if t.stackSize == 0 {
		cpu.Store32(uc+ucStackFlags, stackDisable)
	}
	cpu.Store64(uc+ucR8, t.r8)
	cpu.Store64(uc+ucR9, t.r9)
	cpu.Store64(uc+ucR10, t.r10)
	cpu.Store64(uc+ucR11, t.r11)
	cpu.Store64(uc+ucR12, t.r12)
	cpu.Store64(uc+ucR13, t.r13)
	cpu.Store64(uc+ucR14, t.r14)
	cpu.Store64(uc+ucR15, t.r15)
	cpu.Store64(uc+ucRDI, t.rdi)
	cpu.Store64(uc+ucRSI, t.rsi)
	cpu.Store64(uc+ucRBP, t.rbp)
	cpu.Store64(uc+ucRBX, t.rbx)
	cpu.Store64(uc+ucRDX, t.rdx)
	cpu.Store64(uc+ucRAX, t.rax)
	cpu.Store64(uc+ucRCX, t.rcx)
	if t.full == 0 {
		cpu.Store64(uc+ucRCX, t.rip) // as SYSCALL leaves them
		cpu.Store64(uc+ucR11, t.rflags)
	}
	cpu.Store64(uc+ucRSP, t.rsp)
	cpu.Store64(uc+ucRIP, t.rip)
	cpu.Store64(uc+ucFlagsReg, t.rflags)
	cpu.Store64(uc+ucSegments, segmentsOfUser)
	cpu.Store64(uc+ucError, t.trapError)
	cpu.Store64(uc+ucTrap, t.trap)
	cpu.Store64(uc+ucOldMask, t.blocked)
	cpu.Store64(uc+ucCR2, t.cr2)
	cpu.Store64(uc+ucFP, fp)
	cpu.Store64(uc+ucMask, t.blocked)
}

// sysSigreturn goes on where a signal frame says, all registers included.
//
//go:nosplit
func sysSigreturn(t *thread) uintptr {
	uc := t.rsp // RET of the handler has taken the restorer's address
	if !readable(uc, ucBytes) {
		t.signal, t.siAddress = sigSEGV, uc
		endSignal(t, "rt_sigreturn without a frame")
	}
	t.r8, t.r9, t.r10, t.r11 = cpu.Load64(uc+ucR8), cpu.Load64(uc+ucR9), cpu.Load64(uc+ucR10), cpu.Load64(uc+ucR11)
	t.r12, t.r13, t.r14, t.r15 = cpu.Load64(uc+ucR12), cpu.Load64(uc+ucR13), cpu.Load64(uc+ucR14), cpu.Load64(uc+ucR15)
	t.rdi, t.rsi, t.rbp, t.rbx = cpu.Load64(uc+ucRDI), cpu.Load64(uc+ucRSI), cpu.Load64(uc+ucRBP), cpu.Load64(uc+ucRBX)
	t.rdx, t.rax, t.rcx, t.rsp = cpu.Load64(uc+ucRDX), cpu.Load64(uc+ucRAX), cpu.Load64(uc+ucRCX), cpu.Load64(uc+ucRSP)
	t.rip = cpu.Load64(uc + ucRIP)
	t.rflags = cpu.Load64(uc+ucFlagsReg)&flagsUser | flagsInit
	t.blocked = cpu.Load64(uc+ucMask) &^ (signalBit(sigKILL) | signalBit(sigSTOP))
	t.full = 1
	loadFP(t, cpu.Load64(uc+ucFP))
	return 0
}

// loadFP takes the floating-point state of a signal frame, or the initial one if
// there is none. What XRSTOR would refuse is made legal.
//
//go:nosplit
func loadFP(t *thread, fp uintptr) {
	to := t.fp()
	cpu.ZeroPages(to, fpMaxBytes)
	bytes := uintptr(fpLegacyBytes)
	if fp != 0 && fpMask != 0 && readable(fp, fpBytes) && cpu.Load32(fp+swMagic1) == fpMagic1 {
		bytes = fpBytes
	}
	if fp == 0 || !readable(fp, bytes) {
		initFP(to)
		return
	}
	cpu.CopyPages(to, fp, bytes)
	cpu.Store32(to+fpMXCSR, cpu.Load32(to+fpMXCSR)&fpMXCSRMask)
	if fpMask == 0 {
		return
	}
	features := uintptr(3) // x87, SSE: the legacy image
	if bytes == fpBytes {
		features = cpu.Load64(to+xstateBV) & fpMask
	}
	cpu.ZeroPages(to+fpHeader, fpHeaderBytes)
	cpu.Store64(to+xstateBV, features)
}

// fatalSignal ends the machine for a signal that cannot be delivered.
//
//go:nosplit
func fatalSignal(t *thread, why string) {
	beginReport()
	say("mewz: fatal signal ")
	sayDecimal(t.signal)
	say(" (")
	say(why)
	say(") at address ")
	sayHex(t.siAddress)
	say(", trap ")
	sayDecimal(t.trap)
	say(", error code ")
	sayHex(t.trapError)
	say("\n")
	sayThread(t)
	endReport(exitKernel)
}
