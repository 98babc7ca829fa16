package object

import (
	"cmp"
	"slices"
	"sort"

	"mewz/abi"
)

// span is a run of linear memory.
type span struct{ Start, End uint64 }

// runs returns the parts of linear memory that segments cover, in ascending
// order, each starting on a page, those closer than chunkGapBytes joined.
func runs(segments []Data) []span {
	spans := make([]span, 0, len(segments))
	for _, s := range segments {
		if len(s.Bytes) > 0 {
			spans = append(spans, span{s.Offset &^ (abi.PageBytes - 1), s.Offset + uint64(len(s.Bytes))})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.Start, b.Start) })
	var joined []span
	for _, s := range spans {
		if n := len(joined); n > 0 && s.Start < joined[n-1].End+chunkGapBytes {
			joined[n-1].End = max(joined[n-1].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// findChunk returns the chunk that holds offset.
//
// Preconditions: one does.
func findChunk(chunks []Chunk, offset uint64) *Chunk {
	i := sort.Search(len(chunks), func(i int) bool { return chunks[i].Offset > offset })
	return &chunks[i-1]
}
