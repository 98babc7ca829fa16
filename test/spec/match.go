package spec

import (
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// Matching of types of different modules (3.3 and 3.4 of 3.0): types are equal if
// their keys are.

// ownType is a value type in the module whose types it may name.
type ownType struct {
	module *validate.Checked
	value  wasm.ValueType
}

// isDefinedSubtype says whether type a of one module is type b of another, or
// declares it as a supertype.
func isDefinedSubtype(am *validate.Checked, a uint32, bm *validate.Checked, b uint32) bool {
	want := bm.TypeKey(b)
	for {
		if am.TypeKey(a) == want {
			return true
		}
		supers := am.Module().Types[a].Supers
		if len(supers) == 0 {
			return false
		}
		a = supers[0]
	}
}

// abstractSupertypes are the abstract heap types right above each other, as the
// nullable references to them.
var abstractSupertypes = map[wasm.ValueType]wasm.ValueType{
	wasm.EqRef: wasm.AnyRef, wasm.I31Ref: wasm.EqRef, wasm.StructRef: wasm.EqRef, wasm.ArrayRef: wasm.EqRef,
}

// bottoms are the least types of each hierarchy, by the greatest.
var bottoms = map[wasm.ValueType]wasm.ValueType{
	wasm.NullRef: wasm.AnyRef, wasm.NullFuncRef: wasm.FuncRef, wasm.NullExternRef: wasm.ExternRef, wasm.NullExnRef: wasm.ExnRef,
}

// abstract is the least abstract heap type above t.
func (t ownType) abstract() wasm.ValueType {
	if !t.value.IsConcrete() {
		return t.value.Nullable()
	}
	switch t.module.Module().Types[t.value.TypeIndex()].Kind {
	case wasm.KindFunc:
		return wasm.FuncRef
	case wasm.KindStruct:
		return wasm.StructRef
	default:
		return wasm.ArrayRef
	}
}

// isAbstractSubtype says whether abstract heap type a is b or below it.
func isAbstractSubtype(a, b wasm.ValueType) bool {
	for ; a != 0; a = abstractSupertypes[a] {
		if a == b {
			return true
		}
	}
	return false
}

// matches says whether t is a subtype of want (3.3.2 to 3.3.4).
func (t ownType) matches(want ownType) bool {
	if !t.value.IsReference() || !want.value.IsReference() {
		return t.value == want.value
	}
	if t.value.IsNullable() && !want.value.IsNullable() {
		return false
	}
	if top, ok := bottoms[t.value.Nullable()]; ok {
		return want.value.Nullable() == t.value.Nullable() || isAbstractSubtype(want.abstract(), top)
	}
	switch {
	case !want.value.IsConcrete():
		return isAbstractSubtype(t.abstract(), want.value.Nullable())
	case !t.value.IsConcrete():
		return false
	default:
		return isDefinedSubtype(t.module, t.value.TypeIndex(), want.module, want.value.TypeIndex())
	}
}

// equals says whether t and want are the same type.
func (t ownType) equals(want ownType) bool { return t.matches(want) && want.matches(t) }
