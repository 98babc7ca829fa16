package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Structures (4.6.8 of 3.0) and i31.

// newStruct allocates a structure with all fields zero.
func (f *function) newStruct(t uint32) value {
	layout := f.module.types[t].layout
	class, ok := heapClass(layout.bytes)
	if !ok {
		name := f.use(f.module.options.SymbolPrefix+"gc_new_large", "declare hidden ptr %s(ptr) nounwind")
		r := f.define()
		f.put("call ptr ").put(name).put("(ptr ").put(f.objectType(t)).put(")").locatedLine()
		return f.allocated(t, r)
	}
	heap := f.variable(f.module.heapSymbol(), "i8")
	nextAt, limitAt, cell, limit := f.define(), 0, 0, 0
	f.put("getelementptr i8, ptr ").put(heap).put(", i64 ").number(uint64(heapBumpsAt + 16*class)).line()
	limitAt = f.define()
	f.put("getelementptr i8, ptr ").put(heap).put(", i64 ").number(uint64(heapBumpsAt + 16*class + 8)).line()
	cell = f.define()
	f.put("load ptr, ptr ").register(nextAt).line()
	limit = f.define()
	f.put("load ptr, ptr ").register(limitAt).line()
	next := f.define()
	f.put("getelementptr i8, ptr ").register(cell).put(", i64 ").number(heapClasses[class]).line()
	full := f.define()
	f.put("icmp ugt ptr ").register(next).put(", ").register(limit).line()
	f.next += 3
	slow, fast, done := f.next-2, f.next-1, f.next
	f.put("  br i1 ").register(full).put(", ").labelName(slow).put(", ").labelName(fast).put(", !prof !0").line()

	f.split(slow)
	name := f.use(f.module.options.SymbolPrefix+"gc_new", "declare hidden ptr %s(ptr, i64) nounwind")
	fresh := f.define()
	f.put("call ptr ").put(name).put("(ptr ").put(f.objectType(t)).put(", i64 ").number(uint64(class)).put(")").locatedLine()
	f.allocated(t, fresh)
	slowEnd := f.label
	f.put("  br ").labelName(done).line()

	f.split(fast)
	f.put("  store ptr ").register(next).put(", ptr ").register(nextAt).line()
	f.put("  store ptr ").put(f.objectType(t)).put(", ptr ").register(cell).line()
	f.put("  br ").labelName(done).line()

	f.split(done)
	r := f.define()
	f.put("phi ptr [ ").register(fresh).put(", ").blockName(slowEnd).put(" ], [ ").register(cell).put(", ").blockName(fast).put(" ]").line()
	return registerValue(wasm.ReferenceTo(t).NonNull(), r)
}

// allocated traps if the heap had no room.
func (f *function) allocated(t uint32, r int) value {
	v := registerValue(wasm.ReferenceTo(t), r)
	f.trapIf(f.isNull(v), abi.TrapHeap)
	v.wasmType = v.wasmType.NonNull()
	return v
}

func lowerStructNew(f *function, i *wasm.Instruction) {
	fields := f.module.Types[i.Index].Fields
	values := f.top(len(fields))
	f.stack = f.stack[:len(f.stack)-len(fields)]
	v := f.newStruct(i.Index)
	for k, field := range fields {
		if values[k] != zero(values[k].wasmType) {
			f.storeField(f.fieldPlace(v, f.module.types[i.Index].layout.offsets[k]), field.Type, values[k])
		}
	}
	f.push(v)
}

func lowerStructNewDefault(f *function, i *wasm.Instruction) { f.push(f.newStruct(i.Index)) }

// fieldPlace is the address of what lies at an offset of an object.
func (f *function) fieldPlace(object value, offset uint64) int {
	r := f.define()
	f.put("getelementptr i8, ptr ").value(object).put(", i64 ").number(offset).line()
	return r
}

// storageType is the LLVM type of a field in memory.
func storageType(t wasm.ValueType) string {
	switch t {
	case wasm.I8:
		return "i8"
	case wasm.I16:
		return "i16"
	default:
		return llvmType(t)
	}
}

// storeField stores a value in a field.
func (f *function) storeField(place int, t wasm.ValueType, v value) {
	if t.IsPacked() {
		r := f.define()
		f.put("trunc i32 ").value(v).put(" to ").put(storageType(t)).line()
		f.put("  store ").put(storageType(t)).put(" ").register(r)
	} else {
		f.put("  store ").typed(v)
	}
	f.put(", ptr ").register(place).put(", align ").number(min(storageBytes(t), fieldAlignMax)).line()
}

// loadField pushes the value of a field; that of a packed one is extended.
func (f *function) loadField(place int, t wasm.ValueType, signed bool) {
	r := f.define()
	f.put("load ").put(storageType(t)).put(", ptr ").register(place).put(", align ").number(min(storageBytes(t), fieldAlignMax)).line()
	if t.IsPacked() {
		extension := "zext "
		if signed {
			extension = "sext "
		}
		narrow := r
		r = f.define()
		f.put(extension).put(storageType(t)).put(" ").register(narrow).put(" to i32").line()
	}
	f.pushRegister(t.Unpacked(), r)
}

func lowerStructGet(f *function, i *wasm.Instruction) {
	v := f.pop()
	f.checkNull(v, abi.TrapNullStructure)
	place := f.fieldPlace(v, f.module.types[i.Index].layout.offsets[i.Index2])
	f.loadField(place, f.module.Types[i.Index].Fields[i.Index2].Type, i.Opcode == wasm.OpStructGetS)
}

func lowerStructSet(f *function, i *wasm.Instruction) {
	v, object := f.pop(), f.pop()
	f.checkNull(object, abi.TrapNullStructure)
	place := f.fieldPlace(object, f.module.types[i.Index].layout.offsets[i.Index2])
	f.storeField(place, f.module.Types[i.Index].Fields[i.Index2].Type, v)
}

func lowerRefI31(f *function, _ *wasm.Instruction) {
	v := f.pop()
	doubled := f.define()
	f.put("shl i32 ").value(v).put(", 1").line()
	odd := f.define()
	f.put("or i32 ").register(doubled).put(", 1").line()
	wide := f.define()
	f.put("zext i32 ").register(odd).put(" to i64").line()
	r := f.define()
	f.put("inttoptr i64 ").register(wide).put(" to ptr").line()
	f.pushRegister(wasm.I31Ref.NonNull(), r)
}

// i31Get undoes lowerRefI31 by a shift.
func i31Get(shift string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		f.checkNull(v, abi.TrapNullI31)
		bits := f.define()
		f.put("ptrtoint ptr ").value(v).put(" to i32").line()
		r := f.define()
		f.put(shift).put(" i32 ").register(bits).put(", 1").line()
		f.pushRegister(wasm.I32, r)
	}
}
