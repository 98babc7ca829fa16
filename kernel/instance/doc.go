// Package instance is the running program: its linear memory and its stack,
// entering and leaving it, and what happens when it traps.
//
// In: abi.Config, which the linker put into the image. Out: calls of the functions
// of Bind and of a Handler, and events. The program is a coroutine on a stack of its own. Resume switches
// to it; a call of an import switches back, has the handler answer on the Go
// stack, and returns to the program. Resume returns when the handler says so,
// when the program has computed for a while (preempted), and when it trapped:
//
//	          resume, resumeFull
//	Go stack ────────────────────▶ program's stack: compiled code
//	   ▲  ▲        hostcall…              │   ▲         │
//	   │  └── dispatch… ◀── call of an import └─ result │
//	   │                                                │
//	   └─ leave, preempted ◀── sigreturn ◀── signal ────┘
//
// Traps and preemption are Linux signals in both modes: the handlers here are
// assembly, run on the signal stack of the thread, and touch nothing of Go. A
// signal that does not belong to the program goes on to the Go runtime.
//
// Nothing of the Go side is alive on the program's stack and nothing of the
// program is on the Go stack, so the garbage collector and stack growth work
// as ever: while the program waits for a call or for Resume, its goroutine may
// be moved at will. The goroutine that calls Resume must be locked to its thread, for the timer is
// bound to that.
//
// There is one instance at a time; its registers are the global current, which
// is outside of the Go heap because assembly names it. Must not be used by two
// goroutines at once. Specifications: System V ABI for x86-64, Linux signal
// frames (arch/x86/include/uapi/asm/sigcontext.h), WebAssembly core 2.0.
package instance
