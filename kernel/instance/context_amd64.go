package instance

import "mewz/abi"

// registers are the general registers in the order of a signal frame
// (struct sigcontext_64).
type registers struct {
	r8, r9, r10, r11, r12, r13, r14, r15 uint64
	rdi, rsi, rbp, rbx, rdx, rax, rcx    uint64
	rsp, rip, eflags                     uint64
}

// interruptFrame is what IRETQ takes from the stack (Intel SDM volume 2, IRET).
// It works at any privilege, and leaves the privilege as it is.
type interruptFrame struct{ rip, cs, rflags, rsp, ss uint64 }

// signalFrame is what a handler gets as its third argument: struct ucontext of
// Linux, up to the registers.
type signalFrame struct {
	flags, link                           uint64
	stackPointer, stackFlags, stackLength uint64
	registers                             registers
}

// signalInfo is what a handler gets as its second argument: struct siginfo, up
// to the address of a fault.
type signalInfo struct {
	number, errno, code, _ int32
	address                uint64
}

// context is all that crosses between the Go side and the program. It holds no
// pointers: assembly and signal handlers write it without write barriers.
type context struct {
	// The Go side: SP in the frame of resume, saved anew whenever the program goes on,
	// and what BP is above it, which is the same wherever the Go stack has moved.
	goSP, goFrame uint64

	// The program as it left by hostcall: what its ABI has it keep. The word at
	// rsp is where it goes on.
	rsp, rbx, rbp, r12, r13, r14, r15 uint64

	number  uint64                        // of the call
	args    [abi.FunctionMaxParams]uint64 // of the call; an i32 has garbage above
	result  uint64                        // goes to RAX
	leaving uint64                        // dispatch wants resume to return
	errno   uint16                        // result of dispatchImport

	event uint64 // eventCall, eventPreempted, eventTrap

	// The program as a signal found it.
	full       registers
	frame      interruptFrame // how resumeFull goes back there
	signal     uint64
	signalCode uint64
	address    uint64 // siginfo si_addr

	// The stack of the program with its guard; a signal whose RSP is in here
	// belongs to the program.
	stackLow, stackTop uint64

	// Where preempted keeps vector and x87 registers, 64-byte aligned, and the
	// components it saves (XCR0); 0: the processor has only FXSAVE.
	saveArea, saveMask uint64

	// Length from which on memmove and memset use AVX.
	wideBytes uint64

	// Addresses of assembly, filled by fillEntries.
	trapEntry, timerEntry, returnedEntry uint64
	memcpyEntry, memmoveEntry            uint64
	memsetEntry, hostcallEntry           uint64
	importEntries                        [3]uint64 // hostcall2, hostcall4, hostcall6

	// Where signals go on to that are not the program's: the Go runtime's
	// handlers by signal number.
	runtimeHandlers [32]uint64
}

// Values of context.event.
const (
	eventCall      = 0
	eventPreempted = 1
	eventTrap      = 2
)

// Numbers that assembly takes through go_asm.h.
const (
	callReturned = abi.CallReturned
	// cleanFlags are the flags with which the Go side goes on after a signal:
	// interrupts on, all else clear (Intel SDM 3.4.3; bit 1 is always set).
	cleanFlags       = 0x202
	exited           = Exited
	registerWords    = 18 // of registers
	vectorComponents = 4  // XCR0.AVX
)

// current is the one instance's context.
var current context

// resume enters the program where it left by hostcall and returns when it
// leaves by leave or preempted, or by a call that dispatch does not answer. It
// runs on the stack of the calling goroutine. All registers but SP and BP are
// destroyed; the compiler reloads g and X15 after a call of an ABI0 function.
//
//go:noescape
func resume()

// resumeFull is resume for a program that was preempted: it restores every
// register from current.full and the save area.
//
//go:noescape
func resumeFull()

// hostcall is where the linker's stubs jump to: EAX is the number of the
// function, everything else is as for a call by the System V ABI. It saves what
// the program keeps across a call, goes to the Go stack, and on by answer and
// answered. As each CALL meets its RET, the processor predicts all of them;
// returning from resume for each call instead takes three times as long.
func hostcall()

// hostcall2, hostcall4 and hostcall6 are hostcall for imports of at most so many
// parameters that Bind has bound: EAX is less than importsMax, and the other
// parameters in current keep what they were. They go on by answerImport and
// answeredImport.
func hostcall2()
func hostcall4()
func hostcall6()

// answerImport and answeredImport are answer and answered with dispatchImport,
// whose result is 16 bits or Exited.
func answerImport()
func answeredImport()

// answer calls dispatch in the place of resume, which it looks like to a
// traceback: no frame, and the return address of resume above it. It is a
// function of its own because the runtime unwinds no function that changes SP.
func answer()

// answered returns the result to the program, or, if dispatch wants to leave,
// from resume.
func answered()

// programReturned is the return address of wasm_start: it calls CallReturned.
func programReturned()

// leave is where a trap continues on the Go stack after sigreturn: it returns
// from resume. RSP and RBP are those of resume.
func leave()

// preempted is leave for preemption: the vector registers are still the
// program's and are saved first.
func preempted()

// handleTrap is the handler of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP. It
// is entered by the kernel on the signal stack: DI signal, SI *signalInfo, DX
// *signalFrame, return address the restorer. It uses no stack. If the program
// was interrupted, it notes everything in current and has sigreturn continue at
// leave; otherwise it jumps to the Go runtime's handler with all as it was.
func handleTrap()

// handleTimer is the handler of the preemption timer, entered like handleTrap.
// A tick that finds anything but the program running is ignored: the next one
// comes by itself.
func handleTimer()

// fillEntries writes the addresses of the assembly functions into current, and
// so keeps those in the kernel that only the linker of images refers to.
func fillEntries()

// cpuid executes CPUID (Intel SDM volume 2).
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// enabledState executes XGETBV for XCR0. Preconditions: CPUID.1:ECX.OSXSAVE.
func enabledState() uint32
