package spec

import (
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// TestMatches matches types of one module with those of another, which has them
// in another order.
func TestMatches(t *testing.T) {
	structure := wasm.Type{Kind: wasm.KindStruct, GroupSize: 1}
	function := wasm.Type{Kind: wasm.KindFunc, GroupSize: 1, Final: true}
	list := func(types ...wasm.Type) *validate.Checked {
		for i := range types {
			types[i].GroupFirst = uint32(i)
		}
		checked, err := validate.Module(&wasm.Module{Types: types})
		if err != nil {
			t.Fatal(err)
		}
		return checked
	}
	sub := structure
	sub.Supers, sub.Fields = []uint32{0}, []wasm.FieldType{{Type: wasm.I32}}
	moved := sub
	moved.Supers = []uint32{1}
	array := wasm.Type{Kind: wasm.KindArray, GroupSize: 1, Final: true, Fields: []wasm.FieldType{{Type: wasm.I8}}}
	a := list(structure, sub, function, array)
	b := list(function, structure, array, moved)
	const toStruct, toSub, toFunction, toArray = 0, 1, 2, 3             // in a
	const otherFunction, otherStruct, otherArray, otherSub = 0, 1, 2, 3 // in b
	to := wasm.ReferenceTo
	tests := []struct {
		have, want wasm.ValueType
		ok         bool
	}{
		{wasm.I32, wasm.I32, true},
		{wasm.I32, wasm.I64, false},
		{wasm.I32, wasm.FuncRef, false},
		{to(toStruct), to(otherStruct), true},
		{to(toSub), to(otherStruct), true},
		{to(toStruct), to(otherSub), false},
		{to(toSub).NonNull(), to(otherSub), true},
		{to(toSub), to(otherSub).NonNull(), false},
		{to(toFunction), to(otherFunction), true},
		{to(toFunction), to(otherStruct), false},
		{to(toFunction), wasm.FuncRef, true},
		{to(toFunction), wasm.AnyRef, false},
		{to(toSub), wasm.StructRef, true},
		{to(toSub), wasm.ArrayRef, false},
		{to(toArray), wasm.EqRef, true},
		{wasm.EqRef, to(otherArray), false},
		{wasm.I31Ref, wasm.AnyRef, true},
		{wasm.AnyRef, wasm.I31Ref, false},
		{wasm.NullRef, to(otherSub), true},
		{wasm.NullRef, wasm.I31Ref, true},
		{wasm.NullRef, to(otherFunction), false},
		{wasm.NullFuncRef, to(otherFunction), true},
		{wasm.NullExternRef, wasm.ExternRef, true},
		{wasm.NullExternRef, wasm.AnyRef, false},
		{wasm.ExternRef, wasm.AnyRef, false},
	}
	for _, test := range tests {
		if got := (ownType{a, test.have}).matches(ownType{b, test.want}); got != test.ok {
			t.Errorf("%v matches %v of another module: %v, want %v", test.have, test.want, got, test.ok)
		}
	}
}
