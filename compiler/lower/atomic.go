package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Atomic memory instructions (threads proposal). What memory.go says of accesses
// holds, but an address that is not a multiple of the access traps. There is one
// agent, so that nobody is ever woken.

// atomicAccess is how an atomic instruction moves its value: type in memory and
// of the value.
type atomicAccess struct {
	memoryType string
	result     wasm.ValueType
}

// atomicAccesses are the variants of each operation, in the order of opcodes.
var atomicAccesses = [...]atomicAccess{
	{"i32", wasm.I32}, {"i64", wasm.I64}, {"i8", wasm.I32}, {"i16", wasm.I32}, {"i8", wasm.I64}, {"i16", wasm.I64}, {"i32", wasm.I64},
}

// atomicOperations are what atomicrmw calls the operations from wasm.OpAtomicAdd
// on; after them comes cmpxchg.
var atomicOperations = [...]string{"add", "sub", "and", "or", "xor", "xchg"}

func lowerAtomic(f *function, i *wasm.Instruction) {
	switch i.Opcode {
	case wasm.OpAtomicNotify:
		f.pop()
		f.atomicAddress(i)
		f.push(constantI32(0))
		return
	case wasm.OpAtomicWait32, wasm.OpAtomicWait64:
		f.atomicWait(i)
		return
	case wasm.OpAtomicFence:
		f.put("  fence seq_cst").line()
		return
	}
	variant := func(first wasm.Opcode) *atomicAccess {
		return &atomicAccesses[(i.Opcode-first)%wasm.Opcode(len(atomicAccesses))]
	}
	switch {
	case i.Opcode < wasm.OpAtomicStore:
		f.atomicLoad(i, variant(wasm.OpAtomicLoad))
	case i.Opcode < wasm.OpAtomicAdd:
		f.atomicStore(i, variant(wasm.OpAtomicStore))
	default:
		operation := int(i.Opcode-wasm.OpAtomicAdd) / len(atomicAccesses)
		if operation < len(atomicOperations) {
			f.atomicModify(i, variant(wasm.OpAtomicAdd), atomicOperations[operation])
		} else {
			f.atomicExchange(i, variant(wasm.OpAtomicAdd))
		}
	}
}

// atomicAddress pops an address: a pointer that is aligned, and to memory that
// is there.
func (f *function) atomicAddress(i *wasm.Instruction) int {
	pointer := f.address(i, f.pop())
	bytes := uint64(i.Info().AccessBytes)
	if bytes > 1 {
		// Memory begins on a page.
		number := f.define()
		f.put("ptrtoint ptr ").register(pointer).put(" to i64").line()
		low := f.define()
		f.put("and i64 ").register(number).put(", ").number(bytes - 1).line()
		unaligned := f.define()
		f.put("icmp ne i64 ").register(low).put(", 0").line()
		f.trapIf(unaligned, abi.TrapUnaligned)
	}
	if i.Opcode == wasm.OpAtomicNotify { // which need not look at memory
		f.define()
		f.put("load volatile i32, ptr ").register(pointer).put(", align 4").locatedLine()
	}
	return pointer
}

// narrow makes a value of the type in memory.
func (f *function) narrow(v value, a *atomicAccess) string {
	if a.memoryType == llvmType(v.wasmType) {
		return f.operand(v)
	}
	r := f.assign("trunc %s to %s", f.operand(v), a.memoryType)
	return a.memoryType + " " + registerName(r)
}

// pushAtomic pushes what was in memory.
func (f *function) pushAtomic(register int, a *atomicAccess) {
	if a.memoryType != llvmType(a.result) {
		register = f.assign("zext %s %%v%d to %s", a.memoryType, register, llvmType(a.result))
	}
	f.pushRegister(a.result, register)
}

func (f *function) atomicLoad(i *wasm.Instruction, a *atomicAccess) {
	pointer := f.atomicAddress(i)
	r := f.define()
	f.put("load atomic volatile ").put(a.memoryType).put(", ptr ").register(pointer).put(" seq_cst, align ").
		number(uint64(i.Info().AccessBytes)).locatedLine()
	f.pushAtomic(r, a)
}

func (f *function) atomicStore(i *wasm.Instruction, a *atomicAccess) {
	v := f.narrow(f.pop(), a)
	pointer := f.atomicAddress(i)
	f.put("  store atomic volatile ").put(v).put(", ptr ").register(pointer).put(" seq_cst, align ").
		number(uint64(i.Info().AccessBytes)).locatedLine()
}

func (f *function) atomicModify(i *wasm.Instruction, a *atomicAccess, operation string) {
	v := f.narrow(f.pop(), a)
	pointer := f.atomicAddress(i)
	r := f.define()
	f.put("atomicrmw volatile ").put(operation).put(" ptr ").register(pointer).put(", ").put(v).put(" seq_cst").locatedLine()
	f.pushAtomic(r, a)
}

func (f *function) atomicExchange(i *wasm.Instruction, a *atomicAccess) {
	replacement := f.narrow(f.pop(), a)
	expected := f.narrow(f.pop(), a)
	pointer := f.atomicAddress(i)
	pair := f.define()
	f.put("cmpxchg volatile ptr ").register(pointer).put(", ").put(expected).put(", ").put(replacement).put(" seq_cst seq_cst").locatedLine()
	r := f.define()
	f.put("extractvalue { ").put(a.memoryType).put(", i1 } ").register(pair).put(", 0").line()
	f.pushAtomic(r, a)
}

// atomicWait lowers memory.atomic.wait: 1 if memory does not have the expected
// value, else 2 after the time.
func (f *function) atomicWait(i *wasm.Instruction) {
	timeout, expected := f.pop(), f.pop()
	pointer := f.atomicAddress(i)
	if !f.module.memories[i.Index].wasmType.Limits.Shared {
		f.trapIf(f.assign("icmp eq i1 true, true"), abi.TrapNotShared)
	}
	t := llvmType(expected.wasmType)
	r := f.define()
	f.put("load atomic volatile ").put(t).put(", ptr ").register(pointer).put(" seq_cst, align ").number(uint64(i.Info().AccessBytes)).locatedLine()
	differs := f.assign("icmp ne %s %%v%d, %s", t, r, f.name(expected))
	name := f.use(f.module.options.SymbolPrefix+"wasm_memory_wait", "declare i32 %s(i32, i64) nounwind")
	flag := f.assign("zext i1 %%v%d to i32", differs)
	result := f.define()
	f.put("call i32 ").put(name).put("(i32 ").register(flag).put(", i64 ").value(timeout).put(")").locatedLine()
	f.pushRegister(wasm.I32, result)
}
