package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Tests and casts of references (4.6.7 of 3.0).

// typeTest is the state of writing one test: conditions that decide it lead to
// one place.
type typeTest struct {
	*function
	done  int      // label
	edges []string // of the phi there
}

// decide ends the test with an answer if the i1 in register condition is set.
func (t *typeTest) decide(condition int, answer string) {
	t.next++
	more := t.next
	t.put("  br i1 ").register(condition).put(", ").labelName(t.done).put(", ").labelName(more).line()
	t.edge(answer)
	t.split(more)
}

// require ends the test with no if the i1 in register condition is not set.
func (t *typeTest) require(condition int) {
	t.next++
	more := t.next
	t.put("  br i1 ").register(condition).put(", ").labelName(more).put(", ").labelName(t.done).line()
	t.edge("false")
	t.split(more)
}

func (t *typeTest) edge(answer string) {
	t.edges = append(t.edges, "[ "+answer+", %b"+decimal(uint64(t.label))+" ]")
}

// finish ends the test with a last answer, and returns the register of the whole.
func (t *typeTest) finish(answer string) int {
	t.put("  br ").labelName(t.done).line()
	t.edge(answer)
	t.split(t.done)
	r := t.define()
	t.put("phi i1 ")
	for k, edge := range t.edges {
		if k > 0 {
			t.put(", ")
		}
		t.put(edge)
	}
	t.line()
	return r
}

// test writes whether a reference is of type want: an i1.
func (f *function) test(v value, want wasm.ValueType) int {
	f.next++
	t := &typeTest{function: f, done: f.next}
	if v.wasmType.IsNullable() {
		null := "false"
		if want.IsNullable() {
			null = "true"
		}
		t.decide(f.isNull(v), null)
	}
	if want.IsConcrete() {
		return t.testConcrete(v, want.TypeIndex())
	}
	switch want.Nullable() {
	case wasm.EqRef:
		if !mayBeForeign(v.wasmType) {
			return t.finish("true")
		}
		t.decide(f.isI31(v), "true")
		return t.finish(registerName(f.isInHeap(v)))
	case wasm.I31Ref:
		return t.finish(registerName(f.isI31(v)))
	case wasm.StructRef:
		return t.testKind(v, wasm.StructRef, kindStruct)
	case wasm.ArrayRef:
		return t.testKind(v, wasm.ArrayRef, kindArray)
	case wasm.NullRef, wasm.NullFuncRef, wasm.NullExternRef, wasm.NullExnRef:
		return t.finish("false")
	default: // any, func, extern, exn: the top of a hierarchy
		return t.finish("true")
	}
}

// testConcrete tests for a type of the module.
func (t *typeTest) testConcrete(v value, want uint32) int {
	if t.module.refersTo(v.wasmType, want) {
		return t.finish("true")
	}
	if t.module.Types[want].Kind == wasm.KindFunc {
		return t.finish(registerName(t.functionMatches(v, want)))
	}
	t.requireObject(v)
	header := t.header(v)
	if t.module.Types[want].Final && !t.module.options.HashedTypeIDs {
		r := t.define()
		t.put("icmp eq ptr ").register(header).put(", ").put(t.objectType(want)).line()
		return t.finish(registerName(r))
	}
	return t.finish(registerName(t.inDisplay(header, typeDisplayAt, want)))
}

// testKind tests for all structures or all arrays.
func (t *typeTest) testKind(v value, top wasm.ValueType, kind uint64) int {
	have := v.wasmType.Nullable()
	if have == top || have.IsConcrete() && t.module.kindOf(have.TypeIndex()) == kind {
		return t.finish("true")
	}
	t.requireObject(v)
	header := t.header(v)
	at := t.define()
	t.put("getelementptr i8, ptr ").register(header).put(", i64 8").line()
	r := t.define()
	t.put("load i32, ptr ").register(at).line()
	is := t.define()
	t.put("icmp eq i32 ").register(r).put(", ").number(kind).line()
	return t.finish(registerName(is))
}

// kindOf is the kind of a structure or array type as package gc numbers it.
func (m *module) kindOf(t uint32) uint64 {
	if m.Types[t].Kind == wasm.KindArray {
		return kindArray
	}
	return kindStruct
}

// header loads the type of an object.
func (f *function) header(v value) int {
	r := f.define()
	f.put("load ptr, ptr ").value(v).line()
	return r
}

// mayBeForeign says whether a reference of type t may be one of the host, which
// any.convert_extern has made one to anything.
func mayBeForeign(t wasm.ValueType) bool { return t.Nullable() == wasm.AnyRef }

// mayBeI31 says whether a reference of type t that is not of the host may be an i31.
// The type asked for need not be below t: an operand is of every type above its own.
func mayBeI31(t wasm.ValueType) bool {
	return t.Nullable() == wasm.EqRef || t.Nullable() == wasm.I31Ref
}

// requireObject goes on only if v, which is not null, leads to an object.
func (t *typeTest) requireObject(v value) {
	switch {
	case mayBeForeign(v.wasmType):
		t.require(t.isInHeap(v)) // an i31 is below the heap
	case mayBeI31(v.wasmType):
		t.decide(t.isI31(v), "false")
	}
}

// isI31 says whether a reference is an i31.
func (f *function) isI31(v value) int {
	bits := f.define()
	f.put("ptrtoint ptr ").value(v).put(" to i64").line()
	r := f.define()
	f.put("trunc i64 ").register(bits).put(" to i1").line()
	return r
}

// isInHeap says whether a reference lies in the range of the heap.
func (f *function) isInHeap(v value) int {
	heap := f.variable(f.module.heapSymbol(), "i8")
	base := f.define()
	f.put("load i64, ptr ").put(heap).line()
	at := f.define()
	f.put("getelementptr i8, ptr ").put(heap).put(", i64 8").line()
	bytes := f.define()
	f.put("load i64, ptr ").register(at).line()
	bits := f.define()
	f.put("ptrtoint ptr ").value(v).put(" to i64").line()
	offset := f.define()
	f.put("sub i64 ").register(bits).put(", ").register(base).line()
	r := f.define()
	f.put("icmp ult i64 ").register(offset).put(", ").register(bytes).line()
	return r
}

func lowerRefEq(f *function, _ *wasm.Instruction) {
	b, a := f.pop(), f.pop()
	r := f.define()
	f.put("icmp eq ptr ").value(a).put(", ").value(b).line()
	f.pushCondition(r)
}

func lowerRefTest(f *function, i *wasm.Instruction) { f.pushCondition(f.test(f.pop(), i.Types[0])) }

func lowerRefCast(f *function, i *wasm.Instruction) {
	v := f.pop()
	f.trapUnless(f.test(v, i.Types[0]), abi.TrapCast)
	v.wasmType = i.Types[0]
	f.push(v)
}

// without is the type of references of type t that are not of type taken.
func without(t, taken wasm.ValueType) wasm.ValueType {
	if taken.IsNullable() {
		return t.NonNull()
	}
	return t
}

func lowerBrOnCast(f *function, i *wasm.Instruction) {
	v, to := f.pop(), i.Types[1]
	have := v.wasmType
	is := f.test(v, to)
	v.wasmType = to
	f.push(v)
	f.branchOn(i.Index, value{kind: valueCondition, wasmType: wasm.I32, bits: uint64(is)})
	f.pop()
	v.wasmType = without(have, to)
	f.push(v)
}

func lowerBrOnCastFail(f *function, i *wasm.Instruction) {
	v, to := f.pop(), i.Types[1]
	is := f.test(v, to)
	not := f.define()
	f.put("xor i1 ").register(is).put(", true").line()
	v.wasmType = without(v.wasmType, to)
	f.push(v)
	f.branchOn(i.Index, value{kind: valueCondition, wasmType: wasm.I32, bits: uint64(not)})
	f.pop()
	v.wasmType = to
	f.push(v)
}

// lowerConvert lowers the conversions between references of the host and all
// others: the value stays.
func lowerConvert(to wasm.ValueType) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		nullable := v.wasmType.IsNullable()
		if v.wasmType = to; !nullable {
			v.wasmType = to.NonNull()
		}
		f.push(v)
	}
}
