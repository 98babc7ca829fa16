package lower

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"

	"github.com/google/go-cmp/cmp"
)

// TestHeapClasses holds that code allocates cells of the sizes that package gc has.
func TestHeapClasses(t *testing.T) {
	table := regexp.MustCompile(`(?m)^@cellBytes = .* constant \[38 x i16\] \[(.*)\]$`).FindStringSubmatch(heapText)
	if table == nil {
		t.Fatal("heap.ll has no table of sizes")
	}
	var sizes []uint64
	for _, text := range strings.Split(table[1], ", ") {
		n, err := strconv.ParseUint(strings.TrimPrefix(text, "i16 "), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, n)
	}
	if diff := cmp.Diff(heapClasses[:], sizes); diff != "" {
		t.Errorf("sizes of cells (-gc.go +heap.ll):\n%s", diff)
	}
	if !slices.IsSorted(sizes) {
		t.Error("the sizes are not sorted")
	}
	for bytes := uint64(1); bytes <= sizes[len(sizes)-1]; bytes++ {
		class, ok := heapClass(bytes)
		if !ok || sizes[class] < bytes || class > 0 && sizes[class-1] >= bytes {
			t.Fatalf("heapClass(%d) = %d, %v", bytes, class, ok)
		}
	}
	if class, ok := heapClass(sizes[len(sizes)-1] + 1); ok {
		t.Errorf("a cell of class %d for more than the largest", class)
	}
}

func fields(types ...wasm.ValueType) []wasm.FieldType {
	var list []wasm.FieldType
	for _, t := range types {
		list = append(list, wasm.FieldType{Type: t})
	}
	return list
}

func TestLayOut(t *testing.T) {
	m := &wasm.Module{Types: []wasm.Type{{Kind: wasm.KindFunc}, {Kind: wasm.KindStruct}}}
	toFunction, toStruct := wasm.ReferenceTo(0), wasm.ReferenceTo(1).NonNull()
	tests := []struct {
		name string
		kind wasm.CompositeKind
		of   []wasm.ValueType
		want objectLayout
	}{
		{"empty", wasm.KindStruct, nil, objectLayout{bytes: 8}},
		{"packed", wasm.KindStruct, []wasm.ValueType{wasm.I8, wasm.I16, wasm.I8, wasm.I32}, objectLayout{[]uint64{8, 10, 12, 16}, 20, nil}},
		{
			"references", wasm.KindStruct, []wasm.ValueType{wasm.I32, toStruct, wasm.I31Ref, wasm.ExternRef, toFunction, wasm.AnyRef},
			objectLayout{[]uint64{8, 16, 24, 32, 40, 48}, 56, []uint64{16, 32, 48}},
		},
		{"vector", wasm.KindStruct, []wasm.ValueType{wasm.I8, wasm.V128, wasm.F64}, objectLayout{[]uint64{8, 16, 32}, 40, nil}},
		{"bytes", wasm.KindArray, []wasm.ValueType{wasm.I8}, objectLayout{nil, 1, nil}},
		{"structures", wasm.KindArray, []wasm.ValueType{toStruct}, objectLayout{nil, 8, []uint64{0}}},
		{"functions", wasm.KindArray, []wasm.ValueType{wasm.FuncRef}, objectLayout{nil, 8, nil}},
	}
	for _, test := range tests {
		got := layOut(m, &wasm.Type{Kind: test.kind, Fields: fields(test.of...)})
		if diff := cmp.Diff(test.want, *got, cmp.AllowUnexported(objectLayout{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if longer := layOut(m, &wasm.Type{Kind: test.kind, Fields: fields(append(test.of, wasm.I64)...)}); test.kind == wasm.KindStruct &&
			!slices.Equal(longer.offsets[:len(test.of)], got.offsets) {
			t.Errorf("%s: a subtype has its fields at %v", test.name, longer.offsets)
		}
	}
}

// TestTypeIDs holds the ids of docs/abi.md.
func TestTypeIDs(t *testing.T) {
	function := func(supers []uint32, final bool, params ...wasm.ValueType) wasm.Type {
		return wasm.Type{FuncType: wasm.FuncType{Params: params}, Supers: supers, Final: final, GroupSize: 1}
	}
	types := []wasm.Type{
		function(nil, true, wasm.I32), function(nil, true, wasm.I64), function(nil, true, wasm.I32),
		function(nil, false, wasm.I32), function([]uint32{3}, true, wasm.I32),
	}
	for i := range types {
		types[i].GroupFirst = uint32(i)
	}
	for _, hashed := range []bool{false, true} {
		checked, err := validate.Module(&wasm.Module{Types: types})
		if err != nil {
			t.Fatal(err)
		}
		m, err := newModule(checked, Options{HashedTypeIDs: hashed})
		if err != nil {
			t.Fatal(err)
		}
		id := func(k int) uint64 { return m.types[k].id }
		if id(0) != id(2) || id(0) == id(1) || id(0) == id(3) || id(3) == id(4) || id(1) == 0 {
			t.Errorf("hashed %v: ids %v", hashed, m.types)
		}
		if id(0)&1 == 0 || id(3)&1 == 0 || id(4)&1 != 0 {
			t.Errorf("hashed %v: ids %v, want even ones for types with supertypes only", hashed, m.types)
		}
		const i32 = 0x2a3ceafbee11b071 // SHA-256 of "i:"
		if hashed && id(0) != i32 {
			t.Errorf("the id of [i32] -> [] is %#x, want %#x", id(0), uint64(i32))
		}
		if !m.isSubtype(4, 3) || m.isSubtype(3, 4) || !m.isSubtype(2, 0) {
			t.Errorf("hashed %v: subtypes are wrong", hashed)
		}
	}
}
