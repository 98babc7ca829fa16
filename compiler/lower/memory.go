package lower

import (
	"math"
	"math/bits"

	"mewz/abi"
	"mewz/compiler/wasm"
)

// Memory instructions (4.4.7). An access is not checked: it reaches at most
// 8 GiB beyond byte 0, all of which the environment reserves, and a page fault
// there is the trap.

// isLoad says whether an instruction pushes what it reads from memory.
func isLoad(i *wasm.Instruction) bool {
	const lastLoad wasm.Opcode = 0x35 // i64.load32_u
	if i.Opcode <= lastLoad {
		return i.Opcode >= wasm.OpI32Load
	}
	return i.Opcode&^0xffff == wasm.PrefixSIMD && isVectorLoad(i)
}

// displacementMax is the largest constant that LLVM folds behind a symbol in
// the small code model. Instruction selection without optimisation folds more
// and overflows the relocation, so larger ones go through a stack slot there.
const displacementMax = 16 << 20

// memoryAccess is how a load or store moves its value: the type in memory, and
// for a load what makes the value of it.
type memoryAccess struct {
	memoryType string
	extend     string // sext or zext
	result     wasm.ValueType
}

// memoryAccesses is indexed by opcode - wasm.OpI32Load.
var memoryAccesses = [...]memoryAccess{
	{"i32", "", wasm.I32}, {"i64", "", wasm.I64}, {"float", "", wasm.F32}, {"double", "", wasm.F64},
	{"i8", "sext", wasm.I32}, {"i8", "zext", wasm.I32}, {"i16", "sext", wasm.I32}, {"i16", "zext", wasm.I32},
	{"i8", "sext", wasm.I64}, {"i8", "zext", wasm.I64}, {"i16", "sext", wasm.I64}, {"i16", "zext", wasm.I64},
	{"i32", "sext", wasm.I64}, {"i32", "zext", wasm.I64},
	{"i32", "", wasm.I32}, {"i64", "", wasm.I64}, {"float", "", wasm.F32}, {"double", "", wasm.F64},
	{"i8", "trunc", wasm.I32}, {"i16", "trunc", wasm.I32}, {"i8", "trunc", wasm.I64}, {"i16", "trunc", wasm.I64},
	{"i32", "trunc", wasm.I64},
}

func lowerLoad(f *function, i *wasm.Instruction) {
	access := &memoryAccesses[i.Opcode-wasm.OpI32Load]
	r := f.loadMemory(i, access.memoryType)
	if access.extend != "" {
		wide := f.define()
		f.put(access.extend).put(" ").put(access.memoryType).put(" ").register(r).put(" to ").put(llvmType(access.result)).line()
		r = wide
	}
	f.pushRegister(access.result, r)
}

// loadMemory writes the load of a value of an LLVM type at the address on the
// stack. One whose value is dropped at once must still trap, so LLVM may not
// remove it.
func (f *function) loadMemory(i *wasm.Instruction, memoryType string) int {
	pointer := f.address(i, f.pop())
	r := f.define()
	f.put("load ")
	if f.dropped {
		f.put("volatile ")
	}
	f.put(memoryType).put(", ptr ").register(pointer).put(", align 1").locatedLine()
	return r
}

func lowerStore(f *function, i *wasm.Instruction) {
	access := &memoryAccesses[i.Opcode-wasm.OpI32Load]
	v := f.pop()
	if access.extend != "" {
		r := f.define()
		f.put("trunc ").typed(v).put(" to ").put(access.memoryType).line()
		v = registerValue(v.wasmType, r)
	}
	pointer := f.address(i, f.pop())
	f.put("  store ").put(access.memoryType).put(" ").value(v).put(", ptr ").register(pointer).put(", align 1").locatedLine()
}

// address returns a pointer to linear memory at address plus the offset of i.
func (f *function) address(i *wasm.Instruction, address value) int {
	if f.module.memories[i.Index].wasmType.Limits.Is64 {
		return f.checkedAddress(i, address)
	}
	offset := i.MemOffset
	var index string
	if address.isConstant() {
		offset += uint64(uint32(address.bits))
		index = decimal(offset)
		if f.slots && offset >= displacementMax {
			index = "%v" + decimal(uint64(f.opaque(offset)))
		}
	} else {
		address, offset = f.nearest(i, address)
		wide := f.define()
		f.put("zext i32 ").value(address).put(" to i64").line()
		if offset != 0 {
			constant := decimal(offset)
			if f.slots && offset >= displacementMax {
				constant = "%v" + decimal(uint64(f.opaque(offset)))
			}
			sum := f.define()
			f.put("add nuw nsw i64 ").register(wide).put(", ").put(constant).line()
			wide = sum
		}
		index = "%v" + decimal(uint64(wide))
	}
	base := f.memoryBase(i.Index)
	r := f.define()
	f.put("getelementptr i8, ptr ").put(base).put(", i64 ").put(index).line()
	return r
}

// checkedAddress is address for a memory with addresses of 64 bits, which can lead
// anywhere.
func (f *function) checkedAddress(i *wasm.Instruction, address value) int {
	end, overflow := bits.Add64(i.MemOffset, uint64(i.Info().AccessBytes), 0)
	if overflow != 0 {
		f.trapIf(f.assign("icmp eq i1 true, true"), abi.TrapMemory)
		end = 0
	}
	start := f.extend(address)
	size := f.memoryBytes(i.Index)
	f.trapIf(f.assign("icmp ult i64 %%v%d, %s", size, signed(end)), abi.TrapMemory)
	last := f.assign("sub i64 %%v%d, %s", size, signed(end))
	f.trapIf(f.assign("icmp ugt i64 %%v%d, %%v%d", start, last), abi.TrapMemory)
	return f.memoryPointer(i.Index, f.assign("add i64 %%v%d, %s", start, signed(i.MemOffset)))
}

// opaque returns a register that holds n, of which LLVM without optimisation
// does not know.
func (f *function) opaque(n uint64) int {
	f.wide = true
	f.put("  store i64 ").number(n).put(", ptr %wide").line()
	r := f.define()
	f.put("load i64, ptr %wide").line()
	return r
}

// memoryBase is the address of byte 0 of a memory. Only memory 0 can be at an
// absolute symbol.
func (f *function) memoryBase(memory uint32) string {
	if f.module.options.Memory == MemoryPointer || memory > 0 {
		f.bases[memory] = true
		return baseName(memory)
	}
	return f.variable(f.module.memories[memory].base, "[0 x i8]")
}

// baseName is the register that holds the address of byte 0.
func baseName(memory uint32) string {
	if memory == 0 {
		return "%base"
	}
	return "%base" + decimal(uint64(memory))
}

// memoryBytes loads the current size.
func (f *function) memoryBytes(memory uint32) int {
	name := f.variable(f.module.memories[memory].bytes, "i64")
	r := f.define()
	f.put("load i64, ptr ").put(name).line()
	return r
}

func lowerMemorySize(f *function, i *wasm.Instruction) {
	bytes := f.memoryBytes(i.Index)
	pages := f.define()
	f.put("lshr i64 ").register(bytes).put(", 16").line()
	f.pushCount(pages, &f.module.memories[i.Index].wasmType.Limits)
}

// pushCount pushes a number of pages or elements.
func (f *function) pushCount(count int, l *wasm.Limits) {
	if l.Is64 {
		f.pushRegister(wasm.I64, count)
		return
	}
	r := f.define()
	f.put("trunc i64 ").register(count).put(" to i32").line()
	f.pushRegister(wasm.I32, r)
}

// popCount takes the number of pages or elements to grow by as an i32. One of 64
// bits that is too large becomes one that is too large as well.
func (f *function) popCount() value {
	v := f.pop()
	if v.wasmType == wasm.I32 {
		return v
	}
	least := f.assign("call i64 @llvm.umin.i64(%s, i64 %d)", f.operand(v), uint64(math.MaxUint32))
	return registerValue(wasm.I32, f.assign("trunc i64 %%v%d to i32", least))
}

// pushGrown pushes the result of growing, -1 for failure.
func (f *function) pushGrown(r int, l *wasm.Limits) {
	if l.Is64 {
		// A size is never negative: it has at most 65,536 pages, 10,000,000 elements.
		f.pushRegister(wasm.I64, f.assign("sext i32 %%v%d to i64", r))
		return
	}
	f.pushRegister(wasm.I32, r)
}

func lowerMemoryGrow(f *function, i *wasm.Instruction) {
	name := f.use(f.module.memories[i.Index].grow, "declare i32 %s(i32) nounwind")
	pages := f.popCount()
	r := f.define()
	f.put("call i32 ").put(name).put("(i32 ").value(pages).put(")").locatedLine()
	f.pushGrown(r, &f.module.memories[i.Index].wasmType.Limits)
}

// extend returns an i32 as an unsigned i64, or an i64.
func (f *function) extend(v value) int {
	if v.wasmType == wasm.I64 {
		return f.assign("add %s, 0", f.operand(v))
	}
	r := f.define()
	f.put("zext i32 ").value(v).put(" to i64").line()
	return r
}

// checkRange traps if start + length > limit, numbers of 32 bits in registers
// of 64, unless the module has addresses of 64 bits.
func (f *function) checkRange(start, length int, limit string, code abi.TrapCode) {
	if f.module.wide {
		f.trapIf(f.assign("icmp ugt i64 %%v%d, %s", length, limit), code)
		last := f.assign("sub i64 %s, %%v%d", limit, length)
		f.trapIf(f.assign("icmp ugt i64 %%v%d, %%v%d", start, last), code)
		return
	}
	end := f.define()
	f.put("add nuw nsw i64 ").register(start).put(", ").register(length).line()
	beyond := f.define()
	f.put("icmp ugt i64 ").register(end).put(", ").put(limit).line()
	f.trapIf(beyond, code)
}

// memoryPointer returns a pointer to linear memory at a 64-bit index.
func (f *function) memoryPointer(memory uint32, index int) int {
	base := f.memoryBase(memory)
	r := f.define()
	f.put("getelementptr i8, ptr ").put(base).put(", i64 ").register(index).line()
	return r
}

func lowerMemoryFill(f *function, i *wasm.Instruction) {
	length, v, at := f.pop(), f.pop(), f.pop()
	start, count := f.extend(at), f.extend(length)
	f.checkRange(start, count, registerName(f.memoryBytes(i.Index)), abi.TrapMemory)
	low := f.define()
	f.put("trunc i32 ").value(v).put(" to i8").line()
	pointer := f.memoryPointer(i.Index, start)
	f.put("  call void @llvm.memset.p0.i64(ptr ").register(pointer).put(", i8 ").register(low).put(", i64 ").register(count).
		put(", i1 false)").locatedLine()
}

func lowerMemoryCopy(f *function, i *wasm.Instruction) {
	length, source, target := f.pop(), f.pop(), f.pop()
	from, to, count := f.extend(source), f.extend(target), f.extend(length)
	limit := registerName(f.memoryBytes(i.Index2))
	f.checkRange(from, count, limit, abi.TrapMemory)
	if i.Index != i.Index2 {
		limit = registerName(f.memoryBytes(i.Index))
	}
	f.checkRange(to, count, limit, abi.TrapMemory)
	f.move("memmove", f.memoryPointer(i.Index, to), registerName(f.memoryPointer(i.Index2, from)), count)
}

// move writes a call of memcpy or memmove.
func (f *function) move(name string, to int, from string, count int) {
	f.put("  call void @llvm.").put(name).put(".p0.p0.i64(ptr ").register(to).put(", ptr ").put(from).put(", i64 ").register(count).
		put(", i1 false)").locatedLine()
}

func lowerMemoryInit(f *function, i *wasm.Instruction) {
	length, source, target := f.pop(), f.pop(), f.pop()
	f.initMemory(i.Index, i.Index2, length, source, target, abi.TrapMemory)
}

// initMemory copies from a data segment (memory.init), for the segment's size as
// it is now.
func (f *function) initMemory(segment, memory uint32, length, source, target value, code abi.TrapCode) {
	s := &f.module.data[segment]
	from, to, count := f.extend(source), f.extend(target), f.extend(length)
	f.checkRange(from, count, f.segmentLength(s, f.module.Data[segment].Mode, code), code)
	f.checkRange(to, count, registerName(f.memoryBytes(memory)), code)
	if s.static {
		return // dropped, so the length is 0
	}
	pointer := f.define()
	f.put("getelementptr i8, ptr ").put(f.variable(s.symbol, "[0 x i8]")).put(", i64 ").register(from).line()
	f.move("memcpy", f.memoryPointer(memory, to), registerName(pointer), count)
}

// segmentLength is the text of a segment's current length. An active segment is
// dropped once it is applied, a declarative one at once (4.5.4).
func (f *function) segmentLength(s *segmentInfo, mode wasm.SegmentMode, code abi.TrapCode) string {
	instantiating := code == abi.TrapData || code == abi.TrapElement
	switch {
	case mode != wasm.SegmentPassive && !instantiating:
		return "0"
	case !s.dropped:
		return decimal(s.length)
	}
	name := f.variable(s.symbol+".length", "i64")
	r := f.define()
	f.put("load i64, ptr ").put(name).line()
	return registerName(r)
}

func lowerDataDrop(f *function, i *wasm.Instruction) {
	if s := &f.module.data[i.Index]; s.dropped && !s.static {
		f.put("  store i64 0, ptr ").put(f.variable(s.symbol+".length", "i64")).line()
	}
}
