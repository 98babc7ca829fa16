package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Table instructions (4.4.6). A table is a descriptor {ptr elements, i64 size,
// i64 capacity}; its elements are references, one pointer each. Tables that
// never change have neither (fixedCallee).

const (
	tableDescriptor = "{ ptr, i64, i64 }"
	tableSizeAt     = 8
	tableCapacityAt = 16
	referenceBytes  = 8
)

// declareTableFill declares the function that sets references.
const declareTableFill = "declare hidden void %s(ptr, ptr, i64) nounwind"

// tableSize loads the current size of a table.
func (f *function) tableSize(table uint32) int {
	t := &f.module.tables[table]
	at := f.define()
	f.put("getelementptr i8, ptr ").put(f.variable(t.symbol, tableDescriptor)).put(", i64 ").number(tableSizeAt).line()
	r := f.define()
	f.put("load i64, ptr ").register(at).line()
	return r
}

// tableElements is the address of element 0. It never changes while a table
// lives; that of an imported table is known to its descriptor only.
func (f *function) tableElements(table uint32) string {
	t := &f.module.tables[table]
	if !t.imported {
		return f.variable(t.symbol+".elements", "["+decimal(t.capacity)+" x ptr]")
	}
	name := f.variable(t.symbol, tableDescriptor)
	r := f.define()
	f.put("load ptr, ptr ").put(name).line()
	return registerName(r)
}

// tablePointer is the address of the element at a 64-bit index.
func (f *function) tablePointer(table uint32, index int) int {
	elements := f.tableElements(table)
	r := f.define()
	f.put("getelementptr ptr, ptr ").put(elements).put(", i64 ").register(index).line()
	return r
}

// tableSlot checks an index and returns the address of its element.
func (f *function) tableSlot(table uint32, index value, code abi.TrapCode) int {
	wide := f.extend(index)
	size := f.tableSize(table)
	beyond := f.define()
	f.put("icmp uge i64 ").register(wide).put(", ").register(size).line()
	f.trapIf(beyond, code)
	return f.tablePointer(table, wide)
}

func lowerTableGet(f *function, i *wasm.Instruction) {
	slot := f.tableSlot(i.Index, f.pop(), abi.TrapTable)
	r := f.define()
	f.put("load ptr, ptr ").register(slot).line()
	f.pushRegister(f.module.tables[i.Index].wasmType.Element, r)
}

func lowerTableSet(f *function, i *wasm.Instruction) {
	v, index := f.pop(), f.pop()
	slot := f.tableSlot(i.Index, index, abi.TrapTable)
	f.put("  store ").typed(v).put(", ptr ").register(slot).line()
}

func lowerTableSize(f *function, i *wasm.Instruction) {
	if t := &f.module.tables[i.Index]; t.fixed {
		f.push(value{wasmType: t.wasmType.Limits.AddressType(), bits: uint64(len(t.entries))})
		return
	}
	f.pushCount(f.tableSize(i.Index), &f.module.tables[i.Index].wasmType.Limits)
}

func lowerTableGrow(f *function, i *wasm.Instruction) {
	count, v := f.popCount(), f.pop()
	descriptor := f.variable(f.module.tables[i.Index].symbol, tableDescriptor)
	name := f.use(f.module.options.SymbolPrefix+"table_grow", "declare hidden i32 %s(ptr, ptr, i32) nounwind")
	r := f.define()
	f.put("call i32 ").put(name).put("(ptr ").put(descriptor).put(", ").typed(v).put(", i32 ").value(count).put(")").locatedLine()
	f.pushGrown(r, &f.module.tables[i.Index].wasmType.Limits)
}

func lowerTableFill(f *function, i *wasm.Instruction) {
	length, v, at := f.pop(), f.pop(), f.pop()
	start, count := f.extend(at), f.extend(length)
	f.checkRange(start, count, registerName(f.tableSize(i.Index)), abi.TrapTable)
	slot := f.tablePointer(i.Index, start)
	name := f.use(f.module.options.SymbolPrefix+"table_fill", declareTableFill)
	f.put("  call void ").put(name).put("(ptr ").register(slot).put(", ").typed(v).put(", i64 ").register(count).put(")").locatedLine()
}

func lowerTableCopy(f *function, i *wasm.Instruction) {
	length, source, target := f.pop(), f.pop(), f.pop()
	from, to, count := f.extend(source), f.extend(target), f.extend(length)
	f.checkRange(from, count, registerName(f.tableSize(i.Index2)), abi.TrapTable)
	f.checkRange(to, count, registerName(f.tableSize(i.Index)), abi.TrapTable)
	sourceSlot, targetSlot := f.tablePointer(i.Index2, from), f.tablePointer(i.Index, to)
	f.move("memmove", targetSlot, registerName(sourceSlot), f.referencesBytes(count))
}

func (f *function) referencesBytes(count int) int {
	r := f.define()
	f.put("mul nuw nsw i64 ").register(count).put(", ").number(referenceBytes).line()
	return r
}

func lowerTableInit(f *function, i *wasm.Instruction) {
	length, source, target := f.pop(), f.pop(), f.pop()
	f.initTable(i.Index, i.Index2, length, source, target, abi.TrapTable)
}

// initTable copies from an element segment (table.init), for the segment's size
// as it is now.
func (f *function) initTable(segment, table uint32, length, source, target value, code abi.TrapCode) {
	s := &f.module.elements[segment]
	from, to, count := f.extend(source), f.extend(target), f.extend(length)
	limit := f.segmentLength(s, f.module.Elements[segment].Mode, code)
	f.checkRange(from, count, limit, code)
	f.checkRange(to, count, registerName(f.tableSize(table)), code)
	if limit == "0" {
		return
	}
	source0 := f.variable(s.symbol, "["+decimal(s.length)+" x ptr]")
	pointer := f.define()
	f.put("getelementptr ptr, ptr ").put(source0).put(", i64 ").register(from).line()
	slot := f.tablePointer(table, to)
	f.move("memcpy", slot, registerName(pointer), f.referencesBytes(count))
}

func lowerElemDrop(f *function, i *wasm.Instruction) {
	if s := &f.module.elements[i.Index]; s.dropped {
		f.put("  store i64 0, ptr ").put(f.variable(s.symbol+".length", "i64")).line()
	}
}
