package differential

import (
	"math/bits"
	"strings"

	"mewz/compiler/wasm"
)

// Accesses to linear memory, whose first wasm page is always there.

const (
	wasmPage    = 65536
	frameBytes  = 256    // of the largest stack frame
	stackMask   = 0x7ff0 // of the stack pointer
	offsetMax   = 0x4000 // of an access that must not trap
	addressMask = 0x7fff
	dataBytes   = 4096 // at the beginning of memory that are not zero
)

// address pushes an address for an access of some bytes and returns the offset
// that goes with it. uncertain says that the access may trap.
func (f *function) address(width int, aligned bool, depth int) (offset int, uncertain bool) {
	r := f.g.r
	if !aligned && f.risk() {
		return f.edgeAddress(width, depth), true
	}
	align := 1
	if aligned {
		align = width
	}
	switch n := r.IntN(100); {
	case n < 25 && f.frame >= 0:
		f.emit(wasm.OpLocalGet, f.frame)
		offset = r.IntN(frameBytes)
	case n < 40:
		f.i32(r.IntN(dataBytes) &^ (align - 1))
		offset = r.IntN(64)
	default:
		f.expression('i', depth-1)
		f.i32(pick(r, []int{0x3f, 0xff, 0x3f8, 0xfff, 0xff0, 0x7fff}) &^ (align - 1))
		f.op(opI32And)
		if f.chance(50) {
			offset = r.IntN(pick(r, []int{16, 256, 256, offsetMax}))
		}
	}
	return offset &^ (align - 1), false
}

// edgeAddress pushes an address near the end of memory, or any.
func (f *function) edgeAddress(width, depth int) (offset int) {
	r := f.g.r
	switch r.IntN(5) {
	case 0: // anywhere
		f.expression('i', depth-1)
		return int(value(r, 'i')[0])
	case 1: // the end as it was declared
		f.i32(int(f.g.memoryMin)*wasmPage - width + r.IntN(3) - 1)
	case 2: // the end is in the offset
		f.i32(r.IntN(8))
		return int(f.g.memoryMin)*wasmPage - width - r.IntN(8)
	case 3: // the end of the address space
		f.i32(-width - r.IntN(3) + 1)
		return r.IntN(2 * width)
	default: // the end as it is now
		f.op(wasm.OpMemorySize)
		f.code = append(f.code, 0)
		f.i32(wasmPage)
		f.op(wasm.OpI32Mul)
		f.i32(width + r.IntN(3) - 1)
		f.op(wasm.OpI32Sub)
	}
	return 0
}

// access appends a load, a store or an atomic instruction with its operands.
func (f *function) access(o operator, depth int) (exact bool) {
	width := int(o.info.AccessBytes)
	isAtomic := o.info.Feature == wasm.FeatureThreads
	offset, uncertain := f.address(width, isAtomic, depth)
	align := bits.TrailingZeros(uint(width))
	if !isAtomic {
		align = f.g.r.IntN(align + 1)
	}
	memArg := appendUnsigned(appendUnsigned(nil, uint64(align)), uint64(offset))
	if uncertain && o.operands == "i" && f.chance(60) {
		// What is dropped at once must trap, even if the load below is not needed.
		t := f.temporary('i')
		f.emit(wasm.OpLocalTee, t)
		f.op(o.opcode)
		f.code = append(f.code, memArg...)
		f.op(wasm.OpDrop)
		f.emit(wasm.OpLocalGet, t)
	}
	for k := 1; k < len(o.operands); k++ {
		f.canonical(o.operands[k], depth-1)
	}
	f.op(o.opcode)
	f.code = append(f.code, memArg...)
	if o.info.Immediate == wasm.ImmediateMemArgLane {
		f.code = append(f.code, byte(f.g.r.IntN(16/width)))
	}
	return true
}

// store is a statement.
func (f *function) store(depth int) { f.access(pick(f.g.r, f.g.stores), depth) }

// length pushes a number of bytes that is not large.
func (f *function) length(depth, mask int) {
	if f.chance(40) {
		f.i32(pick(f.g.r, []int{0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 32, 33, 64}) & mask)
		return
	}
	f.expression('i', depth-1)
	f.i32(mask)
	f.op(opI32And)
}

// place pushes an address that is far from the end of memory.
func (f *function) place(depth int) {
	f.expression('i', depth-1)
	f.i32(pick(f.g.r, []int{0x7f, 0x3ff, addressMask}))
	f.op(opI32And)
}

// bulk is a statement that fills, copies or initialises memory.
func (f *function) bulk(depth int) {
	switch n := f.g.r.IntN(10); {
	case n < 4:
		f.place(depth)
		f.expression('i', depth-1)
		f.length(depth, 0x1ff)
		f.op(wasm.OpMemoryFill)
		f.code = append(f.code, 0)
	case n < 8:
		f.place(depth)
		f.place(depth)
		f.length(depth, 0x1ff)
		f.op(wasm.OpMemoryCopy)
		f.code = append(f.code, 0, 0)
	case n < 9 || f.risks == 0:
		f.place(depth)
		f.i32(f.g.r.IntN(8))
		if f.risk() {
			f.expression('i', depth-1)
		} else {
			f.length(depth, 0x1f)
		}
		f.op(wasm.OpMemoryInit)
		f.code = append(f.code, passiveData, 0)
	default: // what comes after traps unless it has no bytes
		f.risks--
		f.op(wasm.OpDataDrop)
		f.code = append(f.code, passiveData)
	}
}

// tableStatement is a statement that changes a table.
func (f *function) tableStatement(depth int) {
	letter := byte('x')
	if f.g.mutableTable && f.chance(60) {
		letter = 'r'
	}
	table := tableOf(letter)
	switch n := f.g.r.IntN(10); {
	case n < 5:
		f.element(depth)
		f.expression(letter, depth-1)
		f.emit(wasm.OpTableSet, table)
	case n < 6:
		f.expression(letter, depth-1)
		f.i32(f.g.r.IntN(4))
		f.emit(wasm.OpTableGrow, table)
		f.op(wasm.OpDrop)
	case n < 7:
		f.element(depth)
		f.expression(letter, depth-1)
		f.i32(f.g.r.IntN(2))
		f.emit(wasm.OpTableFill, table)
	case n < 8:
		f.length(depth, tableElements/2-1)
		f.length(depth, tableElements/2-1)
		f.length(depth, tableElements/2-1)
		f.emit(wasm.OpTableCopy, table)
		f.code = appendUnsigned(f.code, uint64(table))
	case n < 9 && letter == 'r':
		f.element(depth)
		f.i32(f.g.r.IntN(passiveElements))
		f.i32(f.g.r.IntN(2))
		f.emit(wasm.OpTableInit, passiveElement)
		f.code = append(f.code, 0)
	default:
		f.emit(wasm.OpTableSize, table)
		f.op(wasm.OpMemorySize)
		f.code = append(f.code, 0)
		f.op(wasm.OpI32Add)
		f.setSome('i')
	}
}

// setSome writes what is on the stack to some variable.
func (f *function) setSome(letter byte) {
	to := f.readable(letter, true)
	for k := range len(f.locals) {
		if isProposed(letter) && !f.owned[k] && f.locals[k] != letter && f.g.isSubtype(letter, f.locals[k]) {
			to = append(to, k)
		}
	}
	if len(to) > 0 {
		f.emit(wasm.OpLocalSet, pick(f.g.r, to))
		return
	}
	f.op(wasm.OpDrop)
}

// vectorLoop is a statement of the kind that LLVM makes vectors of: a counted
// loop over elements of memory, with some distance between what it reads and
// what it writes.
func (f *function) vectorLoop(depth int) {
	r := f.g.r
	var loads []operator
	list := pick(r, []string{"iIfF", "i", "f", "iI"})
	letter := list[r.IntN(len(list))]
	for _, o := range f.g.scalars[letter] {
		if o.info.Immediate == wasm.ImmediateMemArg && strings.Contains(o.info.Name, ".load") && o.info.Feature == wasm.FeatureNone {
			loads = append(loads, o)
		}
	}
	var stores []operator
	for _, o := range f.g.stores {
		if o.operands == "i"+string(letter) && o.info.Feature == wasm.FeatureNone {
			stores = append(stores, o)
		}
	}
	load, store := pick(r, loads), pick(r, stores)
	step := int(max(load.info.AccessBytes, store.info.AccessBytes))
	pointer, element := f.local('i'), f.local(letter)
	f.place(depth)
	f.emit(wasm.OpLocalSet, pointer)
	f.loop(depth, func() {
		f.emit(wasm.OpLocalGet, pointer)
		f.op(load.opcode)
		f.code = appendUnsigned(append(f.code, 0), uint64(r.IntN(4)*step))
		f.emit(wasm.OpLocalSet, element)
		f.emit(wasm.OpLocalGet, pointer)
		f.canonical(letter, 2)
		f.op(store.opcode)
		f.code = appendUnsigned(append(f.code, 0), uint64(r.IntN(8)*step))
		if to := f.readable(letter, true); len(to) > 0 && f.chance(50) { // a sum of all
			sum := pick(r, to)
			f.emit(wasm.OpLocalGet, sum)
			f.emit(wasm.OpLocalGet, element)
			f.op(pick(r, reductions[letter]))
			f.emit(wasm.OpLocalSet, sum)
		}
		f.emit(wasm.OpLocalGet, pointer)
		f.i32(step)
		f.op(wasm.OpI32Add)
		f.emit(wasm.OpLocalSet, pointer)
	})
}

// reductions are instructions by which a loop may sum up elements.
var reductions = map[byte][]wasm.Opcode{
	'i': {wasm.OpI32Add, wasm.OpI32Mul, opI32And, opI32Or, opI32Xor},
	'I': {wasm.OpI64Add, wasm.OpI64Mul, 0x83, 0x84, 0x85},
	'f': {0x92, 0x94, 0x96, 0x97}, // add, mul, min, max
	'F': {0xa0, 0xa2, 0xa4, 0xa5},
}
