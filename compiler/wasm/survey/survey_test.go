package survey

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/internal/suite"
	"mewz/compiler/wasm/validate"
)

// TestSuite compares with what the validator says about the valid modules of the
// official suites. What the validator alone knows (br_table with labels of
// different types) is left out, and features that came after this test are the
// validator's own affair until somebody adds them here.
func TestSuite(t *testing.T) {
	known := map[wasm.Feature]bool{
		wasm.FeatureSignExtension: true, wasm.FeatureSatTruncation: true, wasm.FeatureBulkMemory: true, wasm.FeatureMultiValue: true,
		wasm.FeatureMutableGlobals: true, wasm.FeatureSIMD: true, wasm.FeatureExtendedConst: true, wasm.FeatureTailCall: true,
		wasm.FeatureMultiMemory: true, wasm.FeatureRelaxedSIMD: true, wasm.FeatureThreads: true, wasm.FeatureMemory64: true,
	}
	modules := 0
	for _, version := range suite.Versions {
		cases, err := suite.Read(version)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			m, err := decode.Module(cases[i].Bytes)
			if err != nil {
				continue
			}
			uses := Module(m) // of modules that are not valid as well
			checked, err := validate.Module(m)
			if err != nil {
				continue
			}
			modules++
			var got, want []wasm.Feature
			for _, u := range uses {
				if u.Count < 1 || u.What == "" {
					t.Errorf("%s: use %+v has no first place", cases[i].File, u)
				}
				if known[u.Feature] {
					got = append(got, u.Feature)
				}
			}
			for _, f := range checked.Features() {
				if known[f] {
					want = append(want, f)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: features differ (-validator +survey):\n%s", cases[i].File, diff)
			}
		}
	}
	if modules < 1000 {
		t.Errorf("%d modules, want more than 1000", modules)
	}
}

// TestModule counts, and finds the first of each.
func TestModule(t *testing.T) {
	m := &wasm.Module{
		Types:    []wasm.Type{{}, {FuncType: wasm.FuncType{Results: []wasm.ValueType{wasm.I32, wasm.I32}}, Offset: 11}},
		Imports:  []wasm.Import{{Module: "env", Name: "f", Kind: wasm.ExternFunc}},
		Memories: []wasm.Memory{{Offset: 20}, {Type: wasm.MemoryType{Limits: wasm.Limits{Shared: true}}, Offset: 24}},
		Code: []wasm.Code{
			{Body: []byte("\x41\x00\xc0\xc0\x1a\x0b"), Offset: 100},         // i32.const; two i32.extend8_s
			{Body: []byte("\xfc\x13\x41\x00\xc0\x1a\x0b"), Offset: 200},     // i64.add128: nothing behind it is read
			{Body: []byte("\xfc\x14\x0b"), Offset: 300},                     // i64.sub128
			{Body: []byte("\x02\x01\xff"), Offset: 400},                     // block of type 1, malformed
			{Body: []byte("\x41\x00\xc0\x1a\x02\x01\x0b\x0b"), Offset: 500}, // i32.extend8_s, block of type 1
		},
	}
	unsupported := &wasm.UnsupportedError{What: "instruction i64.add128", Proposal: wasm.FeatureWideArithmetic}
	want := []Use{
		{Feature: wasm.FeatureMultiMemory, Count: 1, What: "a second memory", Offset: 24, Function: NoFunction},
		{Feature: wasm.FeatureMultiValue, Count: 3, What: "a function type of several results", Offset: 11, Function: NoFunction},
		{Feature: wasm.FeatureSignExtension, Count: 3, What: "i32.extend8_s", Offset: 102, Function: 1},
		{Feature: wasm.FeatureThreads, Count: 1, What: "a shared memory", Offset: 24, Function: NoFunction},
		{Feature: wasm.FeatureWideArithmetic, Count: 2, What: "instruction i64.add128", Offset: 200, Function: 2, Unsupported: unsupported},
	}
	if diff := cmp.Diff(want, Module(m), cmp.Comparer(func(a, b *wasm.UnsupportedError) bool {
		return a == b || a != nil && b != nil && *a == *b
	})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Module(&wasm.Module{}); len(got) != 0 {
		t.Errorf("features of an empty module: %+v", got)
	}
}

// A table that is filled by indices of functions is of 1.0, though they are never null.
func TestElements(t *testing.T) {
	indices := wasm.Element{Type: wasm.FuncRef.NonNull(), Funcs: []uint32{0}}
	if got := Module(&wasm.Module{Elements: []wasm.Element{indices, {Type: indices.Type}}}); len(got) != 0 {
		t.Errorf("features of segments of indices: %+v", got)
	}
	expressions := wasm.Element{Type: indices.Type, Exprs: []wasm.ConstExpr{{Body: []byte("\xd2\x00\x0b")}}, Offset: 9}
	got := Module(&wasm.Module{Elements: []wasm.Element{expressions}})
	if !slices.ContainsFunc(got, func(u Use) bool { return u.Feature == wasm.FeatureFunctionReferences && u.Offset == 9 }) {
		t.Errorf("features of a segment of expressions that are never null: %+v", got)
	}
}
