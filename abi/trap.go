package abi

// TrapCode says why a program stopped. Compiled code carries the first group
// in the instruction that traps (`ud1l code(%eax),%eax` on x86-64, `brk
// #0x5500+code` on arm64: what llvm.ubsantrap emits); the second group is what
// the machine itself detects.
type TrapCode uint8

const (
	// No trap has code 0, for which the instruction has another, shorter form
	// (67 0f b9 00). Codes up to 127 all have the form 67 0f b9 40 code.
	TrapUnreachable       TrapCode = 12
	TrapMemory            TrapCode = 1 // also by page fault in the reserved range
	TrapDivideByZero      TrapCode = 2
	TrapIntegerOverflow   TrapCode = 3
	TrapInvalidConversion TrapCode = 4
	TrapTable             TrapCode = 5 // table.get, set, fill, copy, init, grow
	TrapUndefinedElement  TrapCode = 6 // call_indirect: index beyond the table
	TrapUninitialized     TrapCode = 7 // call_indirect: null entry
	TrapIndirectType      TrapCode = 8 // call_indirect: signature mismatch
	TrapNullReference     TrapCode = 9
	TrapData              TrapCode = 10 // data segment out of bounds at instantiation
	TrapUnaligned         TrapCode = 13 // atomic instruction
	TrapNotShared         TrapCode = 14 // memory.atomic.wait
	TrapElement           TrapCode = 11 // element segment out of bounds at instantiation
	TrapNullFunction      TrapCode = 16 // call_ref
	TrapNullStructure     TrapCode = 17 // struct.get, struct.set
	TrapNullArray         TrapCode = 18
	TrapNullI31           TrapCode = 19
	TrapArray             TrapCode = 20 // index or range beyond an array
	TrapCast              TrapCode = 21 // ref.cast
	TrapHeap              TrapCode = 22 // no room for an object, although all garbage is collected

	TrapUncaughtException TrapCode = 15 // throw: nothing catches it
	TrapExceptionMemory   TrapCode = 23 // throw: too many exceptions are in use

	TrapStack         TrapCode = 64 // call stack exhausted
	TrapUnknownImport TrapCode = 65 // --unknown-imports=trap
	TrapException     TrapCode = 66 // a CPU exception that compiled code must not raise
	TrapMemoryShort   TrapCode = 67 // the machine has no page left to back memory
	TrapDeadlock      TrapCode = 68 // memory.atomic.wait without a timeout: there is nobody to notify
)

var trapMessages = map[TrapCode]string{
	TrapUnreachable:       "unreachable",
	TrapMemory:            "out of bounds memory access",
	TrapDivideByZero:      "integer divide by zero",
	TrapIntegerOverflow:   "integer overflow",
	TrapInvalidConversion: "invalid conversion to integer",
	TrapTable:             "out of bounds table access",
	TrapUndefinedElement:  "undefined element",
	TrapUninitialized:     "uninitialized element",
	TrapIndirectType:      "indirect call type mismatch",
	TrapNullReference:     "null reference",
	TrapData:              "out of bounds memory access (data segment)",
	TrapUnaligned:         "unaligned atomic",
	TrapNotShared:         "expected shared memory",
	TrapElement:           "out of bounds table access (element segment)",
	TrapNullFunction:      "null function reference",
	TrapNullStructure:     "null structure reference",
	TrapNullArray:         "null array reference",
	TrapNullI31:           "null i31 reference",
	TrapArray:             "out of bounds array access",
	TrapCast:              "cast failure",
	TrapHeap:              "out of memory (GC heap)",
	TrapUncaughtException: "uncaught exception",
	TrapExceptionMemory:   "out of exception memory",
	TrapStack:             "call stack exhausted",
	TrapUnknownImport:     "call of an import that does not exist",
	TrapException:         "processor exception",
	TrapMemoryShort:       "out of memory",
	TrapDeadlock:          "deadlock: memory.atomic.wait without a timeout, and no other thread to notify",
}

// String is the wording of the core test suite for c.
func (c TrapCode) String() string {
	if message, ok := trapMessages[c]; ok {
		return message
	}
	return "unknown trap"
}

// Exit codes of the command and of a machine for ends that are not the
// program's own proc_exit.
const (
	ExitFailure     = 1   // the command could not do its work
	ExitUsage       = 2   // wrong flags
	ExitTimeout     = 124 // --timeout, as timeout(1)
	ExitKernel      = 125 // the kernel failed, as docker's own failures
	ExitInterrupted = 130 // Ctrl-C: 128 + SIGINT
	ExitTrap        = 134 // the program trapped: 128 + SIGABRT
	ExitMemory      = 137 // the machine ran out of memory: 128 + SIGKILL
)
