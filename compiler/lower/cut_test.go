package lower

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"mewz/compiler/wasm"
)

// codeOfSizes makes a module of functions whose bodies have these sizes.
func codeOfSizes(sizes []int) *wasm.Module {
	m := &wasm.Module{}
	for _, n := range sizes {
		m.Code = append(m.Code, wasm.Code{Body: make([]byte, n)})
	}
	return m
}

// TestCutShards checks sizes, and that every function is in one shard.
func TestCutShards(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		functions, bytes int // of each, at most
		limit            int
	}{
		{0, 0, smallShardBytes}, {1, 10, smallShardBytes}, {100, 100, smallShardBytes}, {400, 5000, 64 << 10},
		{5000, 3000, shardBytes}, {300, 150_000, shardBytes}, {60, hugeBytes + 100, shardBytes},
	} {
		var sizes []int
		var code []codeUsage
		for range c.functions {
			sizes = append(sizes, 1+random.IntN(c.bytes))
			code = append(code, codeUsage{hash: random.Uint32()})
		}
		m := codeOfSizes(sizes)
		if got := shardLimit(m); got != c.limit {
			t.Errorf("%+v: limit %d", c, got)
		}
		end, shards := 0, cutShards(m, code)
		for i, s := range shards {
			bytes := 0
			for _, n := range sizes[s.First:s.End] {
				bytes += n
			}
			most := max(c.limit+c.limit/2, slices.Max(append(sizes[s.First:s.End:s.End], 0)))
			if s.First != end || bytes != s.CodeBytes || bytes > most || s.Huge != (bytes >= hugeBytes) || s.Huge && s.End != s.First+1 {
				t.Errorf("%+v: shard %d = %+v with %d bytes behind function %d", c, i, s, bytes, end)
			}
			end = s.End
		}
		if end != c.functions || len(shards) > 1 && shards[0].End != 0 {
			t.Errorf("%+v: %d shards to function %d, the first %+v", c, len(shards), end, shards[0])
		}
	}
}

// TestCutShardsAfterChange checks that a change moves only the cuts around it.
func TestCutShardsAfterChange(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var sizes []int
	var code []codeUsage
	for range 6000 {
		sizes = append(sizes, 1+random.IntN(2000))
		code = append(code, codeUsage{hash: random.Uint32()})
	}
	// starts are the functions that shards begin with, by their hashes.
	starts := func(sizes []int, code []codeUsage) map[uint32]bool {
		set := map[uint32]bool{}
		for _, s := range cutShards(codeOfSizes(sizes), code)[1:] {
			set[code[s.First].hash] = true
		}
		return set
	}
	before, moved := starts(sizes, code), 0
	const changes = 100
	for n := range changes {
		at := 50 * n
		after := starts(slices.Insert(slices.Clone(sizes), at, 700), slices.Insert(slices.Clone(code), at, codeUsage{hash: random.Uint32()}))
		for start := range after {
			if !before[start] {
				moved++
			}
		}
	}
	if moved > changes {
		t.Errorf("%d changes moved %d of %d cuts each", changes, moved, len(before))
	}
}

// TestMovableIR checks that IR of a shard is the same wherever it stands.
func TestMovableIR(t *testing.T) {
	const shared = `
	  (func $callee (export "callee") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 3)))
	  (func $caller (param i32) (result i32)
	    (drop (ref.func $last))
	    (call_indirect (type $unary) (call $callee (call $import (local.get 0))) (i32.const 0)))
	  (func $last (param i32) (result i32) (call $caller (local.get 0)))`
	module := func(front, types string) *Plan {
		return plan(t, assembleText(t, fmt.Sprintf(`(module %s
		  (type $unary (func (param i32) (result i32)))
		  (import "env" "f" (func $import (param i32) (result i32)))
		  (table 1 funcref) (memory 1) (elem declare func $last)
		  %s %s
		  (elem (i32.const 0) func $caller))`, types, front, shared)), Options{Movable: true, Locations: true})
	}
	first := module("", "")
	other := module("(func (result f32) (f32.const 1)) (func)", "(type (func (param f64 f64)))")
	var irs [2]string
	for n, p := range []*Plan{first, other} {
		p.module.movable = true // which one shard alone is not
		s := newShard(p.module, Shard{First: 2 * n, End: 2*n + 3})
		if err := s.write(false); err != nil {
			t.Fatal(err)
		}
		irs[n] = string(s.out)
		for name, want := range map[string]uint32{"f0": 1, "f1": 2, "r2": 3, "f2": 3} {
			if got, want := s.place.symbol(name), fmt.Sprint(name[:1], want+2*uint32(n)); got != want {
				t.Errorf("module %d: symbol %s is %s, want %s", n, name, got, want)
			}
		}
		for _, name := range []string{"f9", "f", "g0", "env.f", "f1x", "wasm_export.f1", ""} {
			if got := s.place.symbol(name); got != name {
				t.Errorf("module %d: symbol %s becomes %s", n, name, got)
			}
		}
	}
	if irs[0] != irs[1] {
		t.Errorf("the IR is another behind other functions:\n%s\n%s", irs[0], irs[1])
	}
}
