package linuxabi

import (
	"mewz/abi"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
	"mewz/kernel/memory"
)

// A report says why the machine ends. It is put together in a buffer of its own,
// so that it can be made wherever the kernel stands.
const reportMaxBytes = 2048

var report struct {
	n     uintptr
	begun bool
	text  [reportMaxBytes]byte
}

// The ends of the machine are called through variables. The linker adds up the
// stack of direct calls between functions that do not grow it and allows 792
// bytes, which is what a goroutine has to spare; a stack of the kernel has at
// least a page, and what ends the machine may begin anew.
var (
	endPlain  = fatal
	endMemory = fatalMemory
	endTrap   = fatalTrap
	endSignal = fatalSignal
)

// beginReport starts a report. A second one, from a fault while the first was
// made, ends the machine at once.
//
//go:nosplit
func beginReport() {
	if report.begun {
		stop(exitKernel)
	}
	report.begun, report.n = true, 0
}

//go:nosplit
func sayByte(c byte) {
	if report.n < reportMaxBytes {
		cpu.Store8(reportAddress()+report.n, c)
		report.n++
	}
}

//go:nosplit
func say(s string) {
	from := stringAddress(s)
	for i := uintptr(0); i < uintptr(len(s)); i++ {
		sayByte(cpu.Load8(from + i))
	}
}

//go:nosplit
func sayHex(v uintptr) {
	say("0x")
	shift := 60
	for shift > 0 && v>>uint(shift) == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		digit := byte(v >> uint(shift) & 15)
		if digit < 10 {
			sayByte('0' + digit)
		} else {
			sayByte('a' + digit - 10)
		}
	}
}

//go:nosplit
func sayDecimal(v uintptr) {
	digits := uintptr(1)
	for rest := v / 10; rest != 0; rest /= 10 {
		digits++
	}
	end := report.n + digits
	if end > reportMaxBytes {
		return
	}
	for at := end; at > report.n; at-- {
		cpu.Store8(reportAddress()+at-1, byte('0'+v%10))
		v /= 10
	}
	report.n = end
}

//go:nosplit
func sayRegister(name string, v uintptr) {
	say(name)
	sayHex(v)
}

// sayThread says the registers of a thread.
//
//go:nosplit
func sayThread(t *thread) {
	sayRegister("  rip ", t.rip)
	sayRegister(" rsp ", t.rsp)
	sayRegister(" rflags ", t.rflags)
	sayRegister(" rbp ", t.rbp)
	sayRegister("\n  rax ", t.rax)
	sayRegister(" rbx ", t.rbx)
	sayRegister(" rcx ", t.rcx)
	sayRegister(" rdx ", t.rdx)
	sayRegister("\n  rsi ", t.rsi)
	sayRegister(" rdi ", t.rdi)
	sayRegister(" r8 ", t.r8)
	sayRegister(" r9 ", t.r9)
	sayRegister("\n  r10 ", t.r10)
	sayRegister(" r11 ", t.r11)
	sayRegister(" r12 ", t.r12)
	sayRegister(" r13 ", t.r13)
	sayRegister("\n  r14 ", t.r14)
	sayRegister(" r15 ", t.r15)
	sayRegister(" thread ", t.tid)
	say("\n")
}

// endReport sends the report and ends the machine.
//
//go:nosplit
func endReport(code uintptr) {
	sendFrame(abi.FrameReport, reportAddress(), report.n)
	stop(code)
}

// fatal ends the machine for a reason that is all there is to say.
//
//go:nosplit
func fatal(why string) {
	beginReport()
	say("mewz: ")
	say(why)
	say("\n")
	endReport(exitKernel)
}

// fatalMemory ends the machine because no frame is left.
//
//go:nosplit
func fatalMemory(address uintptr) {
	beginReport()
	say("mewz: out of memory: all ")
	sayDecimal(memory.Kernel.Frames.TotalPages >> 8)
	say(" MiB are used; give the machine more (-m). Touched address ")
	sayHex(address)
	say("\n")
	endReport(exitMemory)
}

// exceptionNames are the exceptions of the Intel SDM volume 3, table 6-1.
var exceptionNames = [32]string{
	interrupt.VectorDivide: "divide error", interrupt.VectorDebug: "debug exception", interrupt.VectorNMI: "non-maskable interrupt",
	interrupt.VectorBreakpoint: "breakpoint", interrupt.VectorOverflow: "overflow", interrupt.VectorBound: "bound range exceeded",
	interrupt.VectorInvalid: "invalid opcode", 7: "device not available", interrupt.VectorDoubleFault: "double fault",
	9: "coprocessor segment overrun", 10: "invalid TSS", interrupt.VectorSegment: "segment not present",
	interrupt.VectorStack: "stack-segment fault", interrupt.VectorProtection: "general protection fault",
	interrupt.VectorPageFault: "page fault", interrupt.VectorFloat: "x87 floating-point error",
	interrupt.VectorAlignment: "alignment check", interrupt.VectorMachineCheck: "machine check",
	interrupt.VectorSIMD: "SIMD floating-point exception", 20: "virtualization exception", 21: "control protection exception",
}

// fatalTrap ends the machine for an exception that has no handler: one in the
// kernel itself, or one that nothing can go on from.
//
//go:nosplit
func fatalTrap(f *trapFrame, why string) {
	if report.begun {
		stop(exitKernel)
	}
	finishFrame(f)
	beginReport()
	say("mewz: ")
	if why != "" {
		say(why)
		say(": ")
	}
	if name := exceptionNames[f.vector&31]; name != "" {
		say(name)
	} else {
		say("exception")
	}
	if memory.IsStack(f.rsp) {
		say(" in the kernel")
	}
	sayRegister(", vector ", f.vector)
	sayRegister(", error code ", f.code)
	sayRegister(", address ", cpu.ReadCR2())
	say("\n")
	sayFrame(f)
	endReport(exitKernel)
}

// sayFrame says the registers of a trap frame, and the return addresses into the
// kernel on its stack if that is the kernel's.
//
//go:nosplit
func sayFrame(f *trapFrame) {
	sayRegister("  rip ", f.rip)
	sayRegister(" rsp ", f.rsp)
	sayRegister(" rflags ", f.rflags)
	sayRegister(" cr3 ", cpu.ReadCR3())
	sayRegister("\n  rax ", f.rax)
	sayRegister(" rbx ", f.rbx)
	sayRegister(" rcx ", f.rcx)
	sayRegister(" rdx ", f.rdx)
	sayRegister("\n  rsi ", f.rsi)
	sayRegister(" rdi ", f.rdi)
	sayRegister(" rbp ", f.rbp)
	sayRegister(" r8 ", f.r8)
	sayRegister("\n  r9 ", f.r9)
	sayRegister(" r10 ", f.r10)
	sayRegister(" r11 ", f.r11)
	sayRegister(" r12 ", f.r12)
	sayRegister("\n  r13 ", f.r13)
	sayRegister(" r14 ", f.r14)
	sayRegister(" r15 ", f.r15)
	say("\n")
	if f.rsp&7 != 0 || f.rsp < kernelStack-kernelStackPages*memory.PageBytes || f.rsp >= kernelStack {
		return
	}
	say("  kernel stack:")
	said := 0
	for at := f.rsp; at < kernelStack && said < 16; at += 8 {
		if v := cpu.Load64(at); v >= uintptr(abi.KernelBase) && v < kernelTextEnd {
			say(" ")
			sayHex(v)
			said++
		}
	}
	say("\n")
}

// finishFrame completes the frame that was going out when the exception struck,
// so that the host can read the report after it.
//
//go:nosplit
func finishFrame(f *trapFrame) {
	if !channel || f.rip != cpu.OutBytesAt() {
		return
	}
	for n := f.rcx + frameOwed; n > 0; n-- {
		cpu.Out8(abi.ChannelPort, 0)
	}
}
