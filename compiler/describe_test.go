package compiler

import (
	"runtime"
	"slices"
	"testing"

	"mewz/compiler/wasm"
)

// TestDescribeManyOfOneType holds that functions and tags of a large type share its text.
func TestDescribeManyOfOneType(t *testing.T) {
	const count = 20_000
	m := &wasm.Module{
		Types:     []wasm.Type{{FuncType: wasm.FuncType{Params: slices.Repeat([]wasm.ValueType{wasm.V128}, wasm.MaxParams)}}},
		Functions: make([]uint32, count), Tags: make([]wasm.Tag, count),
		Exports: []wasm.Export{{Name: "f", Kind: wasm.ExternFunc, Index: count - 1}},
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := Describe(m)
	runtime.ReadMemStats(&after)
	if len(d.Exports) != 1 || len(d.Exports[0].Params) != wasm.MaxParams {
		t.Errorf("exports %+v", d.Exports)
	}
	// A few words for each function and tag; a copy of the text for each would be 150 MB.
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 20<<20 {
		t.Errorf("%d bytes allocated for %d functions and tags of one type", bytes, count)
	}
}
