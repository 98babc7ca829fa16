package lower

import "mewz/compiler/wasm"

// Sizes of shards, in bytes of code. They depend on the module only, so that
// the object is the same on every machine: about eight shards a megabyte for
// large modules, and enough pieces of small ones to keep a few cores busy.
const (
	shardBytes      = 128 << 10
	smallShardBytes = 32 << 10 // less is not worth a process
	smallShards     = 8

	// A function beyond this takes LLVM minutes to hours (WAMR issue 2124), so
	// it is compiled without optimisation, alone.
	hugeBytes = 1 << 20
	// So does one with many branches: InstCombine and SimplifyCFG look at each
	// together with those before it. 7,700 that depend on one value take 7 s, twice
	// as many 30 s; interpreters, the largest functions that people write, have 4,000.
	hugeBranches = 10_000
)

func isHuge(code *wasm.Code, u *codeUsage) bool {
	return len(code.Body) >= hugeBytes || u.branches > hugeBranches
}

// cutShards divides the functions of m into runs of about equal size.
//
// Where a shard ends depends on the functions around, not on what stands before
// them: it is before the function with the least hash of those that give a shard
// between a half and one and a half times the size. After a change the cuts are
// the same as before from the next shard or the one after it on.
func cutShards(m *wasm.Module, code []codeUsage) []Shard {
	limit := shardLimit(m)
	var shards []Shard
	for first := 0; first < len(m.Code); {
		s := cutShard(m, code, first, limit)
		shards = append(shards, s)
		first = s.End
	}
	// What is no function mentions nearly all of them, so it changes with any.
	if len(shards) != 1 || shards[0].Huge {
		shards = append([]Shard{{}}, shards...)
	}
	return shards
}

// shardLimit is the size that shards should have: a power of two, so that it
// does not change with every change of the module.
func shardLimit(m *wasm.Module) int {
	total := 0
	for i := range m.Code {
		total += len(m.Code[i].Body)
	}
	limit := smallShardBytes
	for limit < shardBytes && limit*2*smallShards <= total {
		limit *= 2
	}
	return limit
}

// cutShard returns the shard that begins with function first.
func cutShard(m *wasm.Module, code []codeUsage, first, limit int) Shard {
	s := Shard{First: first, End: first}
	cut := Shard{} // the best so far
	for k := first; k < len(m.Code); k++ {
		n := len(m.Code[k].Body)
		if isHuge(&m.Code[k], &code[k]) {
			if k == first {
				return Shard{First: k, End: k + 1, CodeBytes: n, Huge: true}
			}
			return s
		}
		if k > first && s.CodeBytes+n > limit+limit/2 {
			if cut.End == 0 {
				return s
			}
			return cut
		}
		if s.CodeBytes >= limit/2 && (cut.End == 0 || code[k].hash < code[cut.End].hash) {
			cut = s
		}
		s.End = k + 1
		s.CodeBytes += n
	}
	return s
}
