package lower

import (
	"slices"

	"mewz/abi"
	"mewz/compiler/wasm"
)

// Calls through tables (4.4.8, call_indirect).

// lowerCallIndirect calls through a table after three checks: the index, that
// there is a function, and its type. If only one function can pass them, it is
// called by its name, so that LLVM may inline it.
func lowerCallIndirect(f *function, i *wasm.Instruction) {
	code := f.indirectCallee(i)
	if only, ok := f.module.onlyCallee(i); ok {
		f.callFunction(only)
		return
	}
	f.call(&f.module.Types[i.Index].FuncType, f.module.referenceConvention(), func() { f.register(code) })
}

func lowerReturnCallIndirect(f *function, i *wasm.Instruction) {
	code := f.indirectCallee(i)
	if only, ok := f.module.onlyCallee(i); ok {
		f.returnCallFunction(only)
		return
	}
	f.returnCall(&f.module.Types[i.Index].FuncType, f.module.referenceConvention(), func() { f.register(code) })
}

// onlyCallee is the function that a call through a table which never changes
// reaches, if the table holds one of a type that fits and no other.
func (m *module) onlyCallee(i *wasm.Instruction) (index uint32, ok bool) {
	table := &m.tables[i.Index2]
	if !table.fixed {
		return 0, false
	}
	index = noFunction
	for k, t := range table.entryTypes {
		if !m.isSubtype(t, i.Index) {
			continue
		}
		if index != noFunction || table.entryOnly[k] == noFunction {
			return 0, false
		}
		index = table.entryOnly[k]
	}
	return index, index != noFunction
}

// indirectCallee loads the code that an index into a table stands for.
func (f *function) indirectCallee(i *wasm.Instruction) int {
	index := f.pop()
	if table := &f.module.tables[i.Index2]; table.fixed {
		return f.fixedCallee(table, index, i.Index)
	}
	return f.checkedCallee(i.Index2, index, i.Index)
}

// fixedCallee loads code from a table that never changes.
func (f *function) fixedCallee(table *tableInfo, index value, want uint32) int {
	symbol := f.variable(table.symbol, "[0 x { ptr, i64 }]")
	length := f.fixedLength(table, index)
	beyond := f.define()
	f.put("icmp uge ").typed(index).put(", ").put(length).line()
	f.trapIf(beyond, abi.TrapUndefinedElement)
	wide := f.extend(index)
	entry := f.define()
	f.put("getelementptr { ptr, i64 }, ptr ").put(symbol).put(", i64 ").register(wide).line()
	if ids, all := f.idsIn(table, want); !all {
		f.checkEntry(entry, ids)
	}
	code := f.define()
	f.put("load ptr, ptr ").register(entry).line()
	return code
}

// fixedLength returns the number of elements of a table that never changes, as
// something to compare an index with. In a movable shard it is a variable, since
// it changes with every new function whose address is taken.
func (f *function) fixedLength(table *tableInfo, index value) string {
	if !f.module.movable || index.wasmType != wasm.I32 {
		return decimal(uint64(len(table.entries)))
	}
	name := f.variable(table.symbol+".length", "i32")
	r := f.define()
	f.put("load i32, ptr ").put(name).put(", !invariant.load !1").line()
	return registerName(r)
}

// idsIn lists the ids in a fixed table of types that match want; all says that
// no entry has another one or is null.
func (f *function) idsIn(table *tableInfo, want uint32) (ids []uint64, all bool) {
	all = !table.hasNull
	for _, t := range table.entryTypes {
		if f.module.isSubtype(t, want) {
			ids = append(ids, f.module.types[t].id)
		} else {
			all = false
		}
	}
	if len(ids) == 0 {
		ids = append(ids, f.module.types[want].id)
	}
	slices.Sort(ids)
	return ids, all
}

// checkEntry traps unless the type id in an entry of a fixed table is one of ids.
// A null entry has id 0, so one comparison checks both.
func (f *function) checkEntry(entry int, ids []uint64) {
	at := f.define()
	f.put("getelementptr i8, ptr ").register(entry).put(", i64 8").line()
	have := f.define()
	f.put("load i64, ptr ").register(at).line()
	f.next++
	good := f.next
	for _, id := range ids {
		differs := f.define()
		f.put("icmp ne i64 ").register(have).put(", ").put(signed(id)).line()
		f.next++
		slow := f.next
		f.put("  br i1 ").register(differs).put(", ").labelName(slow).put(", ").labelName(good).put(", !prof !0").line()
		f.split(slow)
	}
	null := f.define()
	f.put("icmp eq i64 ").register(have).put(", 0").line()
	f.trapIf(null, abi.TrapUninitialized)
	f.trapAlways(abi.TrapIndirectType)
	f.split(good)
}

// checkedCallee loads code through a reference in a table.
func (f *function) checkedCallee(table uint32, index value, want uint32) int {
	slot := f.tableSlot(table, index, abi.TrapUndefinedElement)
	reference := f.define()
	f.put("load ptr, ptr ").register(slot).line()
	element := f.module.tables[table].wasmType.Element
	f.checkNull(registerValue(element, reference), abi.TrapUninitialized)
	if !f.module.refersTo(element, want) {
		matches := f.functionMatches(registerValue(element, reference), want)
		f.trapUnless(matches, abi.TrapIndirectType)
	}
	code := f.define()
	f.put("load ptr, ptr ").register(reference).line()
	return code
}

// functionMatches says whether a reference to a function, which is not null, is
// to one of type want. Only a type that has subtypes may be found in a display.
func (f *function) functionMatches(v value, want uint32) int {
	at := f.define()
	f.put("getelementptr i8, ptr ").value(v).put(", i64 8").line()
	have := f.define()
	f.put("load i64, ptr ").register(at).line()
	equal := f.define()
	f.put("icmp eq i64 ").register(have).put(", ").put(signed(f.module.types[want].id)).line()
	if f.module.Types[want].Final {
		return equal
	}
	equalFrom := f.label
	f.next += 3
	other, display, done := f.next-2, f.next-1, f.next
	f.put("  br i1 ").register(equal).put(", ").labelName(done).put(", ").labelName(other).put(", !prof !2").line()
	f.split(other)
	odd := f.define()
	f.put("trunc i64 ").register(have).put(" to i1").line()
	f.put("  br i1 ").register(odd).put(", ").labelName(done).put(", ").labelName(display).line()
	f.split(display)
	place := f.define()
	f.put("getelementptr i8, ptr ").value(v).put(", i64 16").line()
	list := f.define()
	f.put("load ptr, ptr ").register(place).line()
	found := f.inDisplay(list, 0, want)
	f.put("  br ").labelName(done).line()
	f.split(done)
	r := f.define()
	f.put("phi i1 [ true, ").blockName(equalFrom).put(" ], [ false, ").blockName(other).put(" ], [ ").register(found).put(", ").blockName(display).put(" ]").line()
	return r
}

// inDisplay says whether the display at an offset from a pointer has type want.
func (f *function) inDisplay(list int, offset uint64, want uint32) int {
	t := &f.module.types[want]
	at := f.define()
	f.put("getelementptr i8, ptr ").register(list).put(", i64 ").number(offset + 8*uint64(t.depth())).line()
	super := f.define()
	f.put("load i64, ptr ").register(at).line()
	found := f.define()
	f.put("icmp eq i64 ").register(super).put(", ").put(signed(t.id)).line()
	return found
}

// blockName writes the name of a block as phis have it.
func (f *function) blockName(label int) *function { return f.put("%b").number(uint64(label)) }
