package lower

import (
	"sort"

	"mewz/compiler/wasm"
)

// Beyond these a function's locals live in stack slots, whatever the options
// say: the work of finding the values of locals at joins is blocks times
// locals in the worst case.
const (
	maxSSABlocks     = 100_000
	maxSSABlockCount = 8_000_000 // blocks times locals
)

// functionScan is what a first look at a body finds.
type functionScan struct {
	blocks      int
	loopEnds    map[wasm.Offset]wasm.Offset // of each loop, by the offset of its opcode
	assignments map[uint32][]wasm.Offset    // where each local is written, ascending
}

// scanFunction looks at a body once before it is lowered. If global 0 is a
// local, global0Local is its number; calls write it too.
func scanFunction(code *wasm.Code, internal bool, global0Local uint32) (*functionScan, error) {
	s := &functionScan{loopEnds: map[wasm.Offset]wasm.Offset{}, assignments: map[uint32][]wasm.Offset{}}
	r := wasm.NewReader(code.Body, code.Offset)
	var i wasm.Instruction
	var open []wasm.Offset // loops have their offset, other blocks 0
	tries := false         // there was a try
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			return nil, err
		}
		switch i.Opcode {
		case wasm.OpLoop:
			open = append(open, i.Offset)
			s.blocks++
		case wasm.OpBlock:
			open = append(open, 0)
			s.blocks++
		case wasm.OpIf:
			open = append(open, 0)
			s.blocks += 3
		case wasm.OpTry, wasm.OpTryTable:
			open = append(open, 0)
			s.blocks += 3 + 2*len(i.Catches)
			tries = true
		case wasm.OpBrIf, wasm.OpBrTable, wasm.OpCatch, wasm.OpBrOnNull, wasm.OpBrOnNonNull, wasm.OpBrOnCast, wasm.OpBrOnCastFail:
			s.blocks++
		case wasm.OpEnd, wasm.OpDelegate:
			if n := len(open); n > 0 {
				if open[n-1] != 0 {
					s.loopEnds[open[n-1]] = i.Offset
				}
				open = open[:n-1]
			}
		case wasm.OpCall, wasm.OpCallIndirect, wasm.OpCallRef:
			if tries {
				s.blocks++ // an invoke ends its block
			}
			if internal {
				s.assignments[global0Local] = append(s.assignments[global0Local], i.Offset)
			}
		case wasm.OpGlobalSet:
			if internal && i.Index == global0 {
				s.assignments[global0Local] = append(s.assignments[global0Local], i.Offset)
			}
		case wasm.OpLocalSet, wasm.OpLocalTee:
			s.assignments[i.Index] = append(s.assignments[i.Index], i.Offset)
		}
	}
	return s, nil
}

// assignedWithin says whether a local is written between two offsets.
func (s *functionScan) assignedWithin(local uint32, start, end wasm.Offset) bool {
	list := s.assignments[local]
	i := sort.Search(len(list), func(i int) bool { return list[i] >= start })
	return i < len(list) && list[i] < end
}

// needsSlots says whether the locals are too many for the number of blocks.
func (s *functionScan) needsSlots(locals int) bool {
	return s.blocks > maxSSABlocks || s.blocks*locals > maxSSABlockCount
}
