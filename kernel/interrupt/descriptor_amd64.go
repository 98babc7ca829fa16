package interrupt

import "mewz/kernel/cpu"

// Selectors of the global descriptor table. SYSCALL loads CS from STAR and SS
// from the descriptor after it (Intel SDM volume 2, SYSCALL).
const (
	CodeSelector = 8
	DataSelector = 16
	taskSelector = 24
)

// Stack is an entry of the interrupt stack table, 1 to 7. An exception that may
// strike while another is handled has a stack of its own.
type Stack uintptr

// The stacks.
const (
	StackInterrupt    Stack = 1 // device interrupts, and exceptions of the program
	StackPageFault    Stack = 2 // also strikes while a system call touches memory
	StackDoubleFault  Stack = 3
	StackNMI          Stack = 4
	StackMachineCheck Stack = 5
	stackCount              = 5
)

// Vectors.
const (
	VectorDivide       = 0
	VectorDebug        = 1
	VectorNMI          = 2
	VectorBreakpoint   = 3
	VectorOverflow     = 4
	VectorBound        = 5
	VectorInvalid      = 6
	VectorDoubleFault  = 8
	VectorSegment      = 11
	VectorStack        = 12
	VectorProtection   = 13
	VectorPageFault    = 14
	VectorFloat        = 16
	VectorAlignment    = 17
	VectorMachineCheck = 18
	VectorSIMD         = 19

	VectorSerial   = 36
	VectorTimer    = 48
	VectorSpurious = 63 // the low four bits must be ones on old local APICs

	// VectorCount is the size of the interrupt descriptor table.
	VectorCount = 64
)

const (
	gateBytes    = 16
	gatePresent  = 0x8e << 40 // present, ring 0, interrupt gate: IF is cleared
	taskBytes    = 104
	taskIST1     = 36
	taskIOMap    = 102
	taskPresent  = 0x89 << 40 // present, available 64-bit task state segment
	codePresent  = 0x0020_9b00_0000_0000
	dataPresent  = 0x0000_9300_0000_0000
	tableEntries = 5
)

// Tables that the processor reads. They hold numbers only.
var (
	globalTable    [tableEntries * 8]byte
	interruptTable [VectorCount * gateBytes]byte
	taskState      [taskBytes]byte
	tableRegister  [10]byte
)

// LoadTables makes the descriptor tables and loads them. The entry code of
// vector v is at entry + v*stride. All stacks start at stackTop until SetStack.
//
//go:nosplit
func LoadTables(entry, stride, stackTop uintptr) {
	task := taskStateAddress()
	for i := Stack(1); i <= stackCount; i++ {
		SetStack(i, stackTop)
	}
	cpu.Store16(task+taskIOMap, taskBytes) // no I/O map

	table := globalTableAddress()
	cpu.Store64(table+CodeSelector, codePresent)
	cpu.Store64(table+DataSelector, dataPresent)
	cpu.Store64(table+taskSelector, (taskBytes-1)|task&0xff_ffff<<16|taskPresent|task>>24&0xff<<56)
	cpu.Store64(table+taskSelector+8, task>>32)
	register := tableRegisterAddress()
	cpu.Store16(register, tableEntries*8-1)
	cpu.Store64(register+2, table)
	cpu.LoadGDT(register)
	cpu.LoadTaskRegister(taskSelector)

	gates := interruptTableAddress()
	for v := uintptr(0); v < VectorCount; v++ {
		handler := entry + v*stride
		cpu.Store64(gates+v*gateBytes, handler&0xffff|CodeSelector<<16|uintptr(stackOf(v))<<32|gatePresent|handler>>16&0xffff<<48)
		cpu.Store64(gates+v*gateBytes+8, handler>>32)
	}
	cpu.Store16(register, VectorCount*gateBytes-1)
	cpu.Store64(register+2, gates)
	cpu.LoadIDT(register)
}

//go:nosplit
func stackOf(vector uintptr) Stack {
	switch vector {
	case VectorPageFault:
		return StackPageFault
	case VectorDoubleFault:
		return StackDoubleFault
	case VectorNMI:
		return StackNMI
	case VectorMachineCheck:
		return StackMachineCheck
	}
	return StackInterrupt
}

// SetStack sets the top of an interrupt stack.
//
//go:nosplit
func SetStack(stack Stack, top uintptr) {
	at := taskStateAddress() + taskIST1 + uintptr(stack-1)*8
	cpu.Store32(at, uint32(top)) // not aligned to 8
	cpu.Store32(at+4, uint32(top>>32))
}

// Shutdown makes the processor give up (triple fault), which resets the machine.
// It does not return.
//
//go:nosplit
func Shutdown() {
	register := tableRegisterAddress()
	cpu.Store16(register, 0)
	cpu.LoadIDT(register)
	cpu.Breakpoint()
	cpu.HaltForever()
}
