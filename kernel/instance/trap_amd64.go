package instance

import (
	"encoding/binary"

	"mewz/abi"
)

// Trap says why and where the program stopped.
type Trap struct {
	Code abi.TrapCode

	// Where compiled code was, and the registers from which its callers are
	// found. Returned says that PC is a return address: the program is in a call.
	PC, SP, BP uint64
	Returned   bool

	Fault       bool   // by an access to linear memory at MemoryOffset
	MemoryAt    uint64 // offset in linear memory, up to 8 GiB
	MemoryBytes uint64 // size of linear memory at that time

	// Of an uncaught exception: where on the stack the addresses lie that the calls
	// which it left return to, and how many it left. What is there may be anything.
	Trace, TraceCalls uint64

	Signal  string // of a TrapException: what the processor raised
	Address uint64 // and the address it named
}

// ud1Bytes is the length of `ud1l code(%eax),%eax`, which llvm.ubsantrap emits:
// address-size prefix, two bytes of opcode, ModRM, displacement.
const ud1Bytes = 5

// ud1 is what precedes the code in it.
var ud1 = [ud1Bytes - 1]byte{0x67, 0x0f, 0xb9, 0x40}

// Trap describes the trap that Resume returned with.
func (i *Instance) Trap() Trap {
	r := &current.full
	t := Trap{
		Code: abi.TrapException, PC: r.rip, SP: r.rsp, BP: r.rbp,
		Signal: signalName(current.signal), Address: current.address,
	}
	switch current.signal {
	case signalIllegal:
		if t.Code = i.trapInstruction(r.rip); t.Code == abi.TrapUncaughtException {
			t.Trace, t.TraceCalls = r.rdx, r.rcx
		}
	case signalBus:
		if i.memoryAt(current.address) != nil || i.inStack(current.address) || inHeap(current.address) {
			t.Code = abi.TrapMemoryShort
		}
	case signalSegment:
		if current.signalCode == signalSIKernel {
			break // a general protection exception: Linux gives no address
		}
		m := i.memoryAt(current.address)
		switch {
		case m != nil:
			t.Code, t.Fault = abi.TrapMemory, true
			t.MemoryAt = current.address - uint64(m.start)
			t.MemoryBytes = uint64(len(m.bytes))
		case current.address >= current.stackLow && current.address < current.stackLow+abi.StackGuardBytes:
			t.Code = abi.TrapStack
		}
	}
	return t
}

// TrapInCall describes a trap with code that the kernel finds while the
// program waits for the result of a call.
func (i *Instance) TrapInCall(code abi.TrapCode) Trap {
	pc, _ := i.stackWord(current.rsp)
	return Trap{Code: code, PC: pc, SP: current.rsp + 8, BP: current.rbp, Returned: true}
}

// trapInstruction reads the code from the instruction at pc.
func (i *Instance) trapInstruction(pc uint64) abi.TrapCode {
	if !i.inText(pc) || uint64(i.config.TextEnd)-pc < ud1Bytes {
		return abi.TrapException
	}
	code := mapped(abi.VirtAddr(pc), ud1Bytes)
	if [len(ud1)]byte(code) != ud1 {
		return abi.TrapException
	}
	return abi.TrapCode(code[len(ud1)])
}

func (i *Instance) inText(pc uint64) bool {
	return pc >= uint64(i.config.TextStart) && pc < uint64(i.config.TextEnd)
}

func (i *Instance) inStack(address uint64) bool {
	return address >= current.stackLow+abi.StackGuardBytes && address < current.stackTop
}

// stackWord reads 8 bytes of the program's stack; ok is false outside of it.
func (i *Instance) stackWord(at uint64) (word uint64, ok bool) {
	if !i.inStack(at) || at > current.stackTop-8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(mapped(abi.VirtAddr(at), 8)), true
}

func signalName(signal uint64) string {
	switch signal {
	case signalIllegal:
		return "SIGILL"
	case signalTrap:
		return "SIGTRAP"
	case signalBus:
		return "SIGBUS"
	case signalFloat:
		return "SIGFPE"
	case signalSegment:
		return "SIGSEGV"
	default:
		return "unknown signal"
	}
}
