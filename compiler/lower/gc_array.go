package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Arrays (4.6.9 of 3.0).

// element is the storage type of the elements of array type t.
func (f *function) element(t uint32) wasm.ValueType { return f.module.Types[t].Fields[0].Type }

// newArray allocates an array with all elements zero.
func (f *function) newArray(t uint32, length value) value {
	name := f.use(f.module.options.SymbolPrefix+"gc_new_array", "declare hidden ptr %s(ptr, i32) nounwind")
	r := f.define()
	f.put("call ptr ").put(name).put("(ptr ").put(f.objectType(t)).put(", ").typed(length).put(")").locatedLine()
	return f.allocated(t, r)
}

// arrayLength loads the length of an array, which is known not to be null. It
// never changes.
func (f *function) arrayLength(v value) value {
	at := f.fieldPlace(v, arrayLengthAt)
	r := f.define()
	f.put("load i32, ptr ").register(at).put(", align 8, !invariant.load !1").line()
	return registerValue(wasm.I32, r)
}

// elementPlace is the address of the element at an index of 64 bits.
func (f *function) elementPlace(v value, t uint32, index int) int {
	elements := f.fieldPlace(v, arrayElementsAt)
	r := f.define()
	f.put("getelementptr [").number(storageBytes(f.element(t))).put(" x i8], ptr ").register(elements).put(", i64 ").register(index).line()
	return r
}

// checkedElement is the address of an element, after all checks.
func (f *function) checkedElement(v value, t uint32, index value) int {
	f.checkNull(v, abi.TrapNullArray)
	length := f.arrayLength(v)
	beyond := f.define()
	f.put("icmp uge ").typed(index).put(", ").value(length).line()
	f.trapIf(beyond, abi.TrapArray)
	return f.elementPlace(v, t, f.extend(index))
}

// keep has the optimiser hold v itself up to here. Otherwise it may go on with an
// address from which that of an element is computed, but which lies outside of
// the array, and the collector would not find the array by it.
func (f *function) keep(v value) {
	f.put("  call void asm sideeffect \"\", \"r\"(ptr ").value(v).put(") nounwind willreturn memory(inaccessiblemem: write)").line()
}

func lowerArrayGet(f *function, i *wasm.Instruction) {
	index, v := f.pop(), f.pop()
	place := f.checkedElement(v, i.Index, index)
	f.loadField(place, f.element(i.Index), i.Opcode == wasm.OpArrayGetS)
	f.keep(v)
}

func lowerArraySet(f *function, i *wasm.Instruction) {
	element, index, v := f.pop(), f.pop(), f.pop()
	place := f.checkedElement(v, i.Index, index)
	f.storeField(place, f.element(i.Index), element)
	f.keep(v)
}

func lowerArrayLen(f *function, _ *wasm.Instruction) {
	v := f.pop()
	f.checkNull(v, abi.TrapNullArray)
	f.push(f.arrayLength(v))
}

func lowerArrayNew(f *function, i *wasm.Instruction) {
	length, element := f.pop(), f.pop()
	v := f.newArray(i.Index, length)
	if element != zero(element.wasmType) {
		f.fill(f.fieldPlace(v, arrayElementsAt), f.extend(length), f.element(i.Index), element)
	}
	f.push(v)
}

func lowerArrayNewDefault(f *function, i *wasm.Instruction) { f.push(f.newArray(i.Index, f.pop())) }

func lowerArrayNewFixed(f *function, i *wasm.Instruction) {
	elements := f.top(int(i.Index2))
	f.stack = f.stack[:len(f.stack)-len(elements)]
	v := f.newArray(i.Index, constantI32(i.Index2))
	t := f.element(i.Index)
	for k, element := range elements {
		if element != zero(element.wasmType) {
			f.storeField(f.fieldPlace(v, arrayElementsAt+uint64(k)*storageBytes(t)), t, element)
		}
	}
	f.push(v)
}

// fillTypes are the types that elements of some bytes are filled as.
var fillTypes = map[uint64]string{1: "i8 zeroext", 2: "i16 zeroext", 4: "i32", 8: "i64", 16: "<16 x i8>"}

// fill sets elements (Fill1 and the others of package gc).
func (f *function) fill(place, count int, t wasm.ValueType, v value) {
	bytes := storageBytes(t)
	name := f.use(f.module.options.SymbolPrefix+"gc_fill_"+decimal(bytes), "declare hidden void %s(ptr, i64, "+fillTypes[bytes]+") nounwind")
	switch {
	case t.IsPacked():
		r := f.define()
		f.put("trunc i32 ").value(v).put(" to ").put(storageType(t)).line()
		f.callFill(name, place, count, fillTypes[bytes]+" "+registerName(r))
		return
	case t.IsReference():
		r := f.define()
		f.put("ptrtoint ").typed(v).put(" to i64").line()
		v = registerValue(wasm.I64, r)
	case t == wasm.F32:
		v = f.bitcast(v, wasm.I32)
	case t == wasm.F64:
		v = f.bitcast(v, wasm.I64)
	}
	f.callFill(name, place, count, string(f.appendValue([]byte(v.llvmType()+" "), v)))
}

func (f *function) callFill(name string, place, count int, argument string) {
	f.put("  call void ").put(name).put("(ptr ").register(place).put(", i64 ").register(count).put(", ").put(argument).put(")").line()
}

// arrayRange checks a range of an array.
func (f *function) arrayRange(v value, start, count int) {
	f.checkRange(start, count, registerName(f.extend(f.arrayLength(v))), abi.TrapArray)
}

func lowerArrayFill(f *function, i *wasm.Instruction) {
	length, element, index, v := f.pop(), f.pop(), f.pop(), f.pop()
	f.checkNull(v, abi.TrapNullArray)
	start, count := f.extend(index), f.extend(length)
	f.arrayRange(v, start, count)
	f.fill(f.elementPlace(v, i.Index, start), count, f.element(i.Index), element)
	f.keep(v)
}

func lowerArrayCopy(f *function, i *wasm.Instruction) {
	length, sourceIndex, source, targetIndex, target := f.pop(), f.pop(), f.pop(), f.pop(), f.pop()
	f.checkNull(target, abi.TrapNullArray)
	f.checkNull(source, abi.TrapNullArray)
	to, from, count := f.extend(targetIndex), f.extend(sourceIndex), f.extend(length)
	f.arrayRange(target, to, count)
	f.arrayRange(source, from, count)
	targetPlace, sourcePlace := f.elementPlace(target, i.Index, to), f.elementPlace(source, i.Index2, from)
	f.move("memmove", targetPlace, registerName(sourcePlace), f.elementsBytes(i.Index, count))
	f.keep(target)
	f.keep(source)
}

// elementsBytes is the size of some elements.
func (f *function) elementsBytes(t uint32, count int) int {
	r := f.define()
	f.put("mul nuw nsw i64 ").register(count).put(", ").number(storageBytes(f.element(t))).line()
	return r
}

// segmentSource checks a range of a data or element segment, in bytes or
// references, and returns its address; ok is false if it can only be empty.
func (f *function) segmentSource(t uint32, segment uint32, start, count int) (place int, ok bool) {
	if isReferenceSegment := f.element(t).IsReference(); isReferenceSegment {
		s := &f.module.elements[segment]
		f.checkRange(start, count, f.segmentLength(s, f.module.Elements[segment].Mode, abi.TrapTable), abi.TrapTable)
		if s.static || f.module.Elements[segment].Mode != wasm.SegmentPassive {
			return 0, false
		}
		symbol := f.variable(s.symbol, "["+decimal(s.length)+" x ptr]")
		place = f.define()
		f.put("getelementptr ptr, ptr ").put(symbol).put(", i64 ").register(start).line()
		return place, true
	}
	s := &f.module.data[segment]
	f.checkRange(start, f.elementsBytes(t, count), f.segmentLength(s, f.module.Data[segment].Mode, abi.TrapMemory), abi.TrapMemory)
	if s.static || f.module.Data[segment].Mode != wasm.SegmentPassive {
		return 0, false
	}
	place = f.define()
	f.put("getelementptr i8, ptr ").put(f.variable(s.symbol, "[0 x i8]")).put(", i64 ").register(start).line()
	return place, true
}

// lowerArrayNewSegment lowers array.new_data and array.new_elem.
func lowerArrayNewSegment(f *function, i *wasm.Instruction) {
	length, start := f.pop(), f.pop()
	count := f.extend(length)
	source, ok := f.segmentSource(i.Index, i.Index2, f.extend(start), count)
	v := f.newArray(i.Index, length)
	if ok {
		f.move("memcpy", f.fieldPlace(v, arrayElementsAt), registerName(source), f.elementsBytes(i.Index, count))
	}
	f.push(v)
}

// lowerArrayInitSegment lowers array.init_data and array.init_elem.
func lowerArrayInitSegment(f *function, i *wasm.Instruction) {
	length, start, index, v := f.pop(), f.pop(), f.pop(), f.pop()
	f.checkNull(v, abi.TrapNullArray)
	count, to := f.extend(length), f.extend(index)
	f.arrayRange(v, to, count)
	if source, ok := f.segmentSource(i.Index, i.Index2, f.extend(start), count); ok {
		f.move("memcpy", f.elementPlace(v, i.Index, to), registerName(source), f.elementsBytes(i.Index, count))
		f.keep(v)
	}
}
