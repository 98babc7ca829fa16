package linuxabi

// vectors is the entry code of the interrupt vectors, vectorStride bytes each.
// The processor jumps there with interrupts off, on the stack that the interrupt
// descriptor table names. Each pushes an error code, if the processor did not,
// and its number.
//
//lint:ignore U1000 called by the processor
func vectors()

const vectorStride = 16

// trapEntry saves all registers as a trapFrame with the floating-point state
// below, calls trap with the frame, and returns to where the trap came from. If
// trap asks for it, it instead saves the extended state in the current thread,
// goes to the kernel stack and resumes the thread that afterTrap names.
//
//lint:ignore U1000 called from vectors
func trapEntry()

// sysEntry is where SYSCALL goes, in ring 0 from ring 0: RCX is the return
// address, R11 the flags, the stack the caller's, interrupts off. It saves the
// registers in the current thread, calls systemCall on the kernel stack and
// resumes the thread that it names.
//
//lint:ignore U1000 called by SYSCALL
func sysEntry()

// resume lets the thread in AX run. It does not return.
//
//lint:ignore U1000 called from entry_amd64.s
func resume()

// runThread resumes t. It does not return.
func runThread(t *thread)

// setFSBase sets the address behind the thread-local words.
func setFSBase(address uintptr)

// idleThread returns thread-local words for when no thread runs.
func idleThread() uintptr

func vectorsAddress() uintptr
func sysEntryAddress() uintptr

// kernelStack is the top of the kernel stack.
var kernelStack uintptr

// scratch is where sysEntry keeps RAX while it has no register.
//
//lint:ignore U1000 used in entry_amd64.s
var scratch uintptr

const (
	fsBaseMSR    = 0xc000_0100
	codeSelector = 8
	dataSelector = 16
)

// trapFrame is what trapEntry leaves on the stack.
type trapFrame struct {
	r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax uintptr
	vector, code, rip, cs, rflags, rsp, ss                                  uintptr
}
