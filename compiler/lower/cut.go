package lower

import "mewz/compiler/wasm"

// Sizes of shards, in bytes of code. They depend on the module only, so that
// the object is the same on every machine: about four shards a megabyte for
// large modules, and enough pieces of small ones to keep a few cores busy.
const (
	shardBytes      = 256 << 10
	smallShardBytes = 32 << 10 // less is not worth a process
	smallShards     = 8

	// A function beyond this takes LLVM minutes to hours (WAMR issue 2124), so
	// it is compiled without optimisation, alone.
	hugeBytes = 1 << 20
)

// cutShards divides the functions of m into runs of about equal size.
func cutShards(m *wasm.Module) []Shard {
	total := 0
	for i := range m.Code {
		total += len(m.Code[i].Body)
	}
	limit := min(shardBytes, max(smallShardBytes, total/smallShards))
	shards := []Shard{{}}
	for i := range m.Code {
		n := len(m.Code[i].Body)
		last := &shards[len(shards)-1]
		if n >= hugeBytes {
			// The first shard also holds what is no function; it stays optimised.
			shards = append(shards, Shard{First: i, End: i + 1, CodeBytes: n, Huge: true})
			continue
		}
		if last.Huge || last.CodeBytes > 0 && last.CodeBytes+n/2 > limit {
			shards = append(shards, Shard{First: i, End: i})
			last = &shards[len(shards)-1]
		}
		last.End = i + 1
		last.CodeBytes += n
	}
	return shards
}
