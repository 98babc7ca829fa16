package line

import (
	"bytes"
	"debug/gosym"
	"encoding/binary"

	"mewz/compiler/wasm"
)

// Go writes no DWARF into modules. But its programs carry the table that the
// runtime reads for panics, the pclntab, in linear memory. It numbers the
// instructions of a function by a counter that rises at calls and a few other
// places (PC_B): good enough for the line of every call.

// goTable is the pclntab of a Go program.
type goTable struct {
	module *wasm.Module
	table  *gosym.Table
}

const (
	// goBuildID is a section that every Go program has.
	goBuildID = "go:buildid"
	// goFunctionShift separates the two parts of a Go PC on wasm: PC_F, the number
	// of the function, and PC_B. Here functions are numbered from 0.
	goFunctionShift = 16
	// goDataMax bounds the initial memory that is rebuilt to find the table.
	goDataMax = 1 << 30
)

// goHeader begins a pclntab of Go 1.20 and later: magic, two zeroes, the least
// size of instructions, the size of pointers.
var goHeader = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// readGo finds the pclntab of a Go program.
func readGo(m *wasm.Module, _ Open) (*Table, error) {
	if custom(m, goBuildID) == nil {
		return nil, ErrNone
	}
	data := initialMemory(m)
	for {
		i := bytes.Index(data, goHeader)
		if i < 0 {
			return nil, ErrNone
		}
		data = data[i:]
		if shiftFunctions(data) {
			table, err := gosym.NewTable(nil, gosym.NewLineTable(data, 0))
			if err == nil && len(table.Funcs) > 0 {
				return &Table{lookup: &goTable{module: m, table: table}}, nil
			}
		}
		data = data[1:]
	}
}

// Of the header of a pclntab.
const (
	goHeaderBytes   = 72
	goFunctionCount = 8  // where the number of functions stands
	goFunctionTable = 64 // where the offset of the table of functions stands
)

// shiftFunctions changes a pclntab so that function n begins at n<<16, where
// debug/gosym finds its PC_B: since Go 1.25 the table of functions has just
// their numbers. It says whether data is a pclntab of less than 1<<16 functions.
func shiftFunctions(data []byte) bool {
	le := binary.LittleEndian
	if len(data) < goHeaderBytes {
		return false
	}
	count, at := le.Uint64(data[goFunctionCount:]), le.Uint64(data[goFunctionTable:])
	if count == 0 || count >= 1<<(32-goFunctionShift) || at >= uint64(len(data)) {
		return false
	}
	functions := data[at:] // pairs of uint32, entry and offset of the function from here, and a last entry
	if uint64(len(functions)) < 8*count+4 {
		return false
	}
	first, shift := le.Uint32(functions), uint(goFunctionShift)
	if le.Uint32(functions[8:])-first >= 1<<goFunctionShift {
		shift = 0 // before Go 1.25 it is as it should be
	}
	for i := range count {
		entry := (le.Uint32(functions[8*i:]) - first) << shift
		info := uint64(le.Uint32(functions[8*i+4:]))
		if info+4 > uint64(len(functions)) {
			return false
		}
		le.PutUint32(functions[8*i:], entry)
		le.PutUint32(functions[info:], entry)
	}
	le.PutUint32(functions[8*count:], (le.Uint32(functions[8*count:])-first)<<shift)
	return true
}

// initialMemory is what the active data segments make of linear memory, without
// the zeroes before the first; nil if there is none or it is out of bounds.
func initialMemory(m *wasm.Module) []byte {
	low, high := uint64(1)<<32, uint64(0)
	addresses := make([]uint64, len(m.Data))
	for i := range m.Data {
		address, ok := constantAddress(&m.Data[i])
		if !ok {
			return nil
		}
		addresses[i] = address
		low, high = min(low, address), max(high, address+uint64(len(m.Data[i].Bytes)))
	}
	if high <= low || high-low > goDataMax {
		return nil
	}
	memory := make([]byte, high-low)
	for i := range m.Data {
		copy(memory[addresses[i]-low:], m.Data[i].Bytes)
	}
	return memory
}

// constantAddress returns the address of an active segment, if it is a constant.
func constantAddress(d *wasm.Data) (uint64, bool) {
	var i wasm.Instruction
	if d.Mode != wasm.SegmentActive || wasm.NewReader(d.Address.Body, d.Address.Offset).Next(&i) != nil || i.Opcode != wasm.OpI32Const {
		return 0, false
	}
	return uint64(uint32(i.Value)), true
}

func (g *goTable) frames(offset wasm.Offset) []Frame {
	k, ok := g.module.CodeAt(offset)
	if !ok {
		return nil
	}
	block, exact := goBlock(&g.module.Code[k], offset)
	file, line, function := g.table.PCToLine(uint64(k)<<goFunctionShift + uint64(block))
	if function == nil {
		return nil
	}
	f := Frame{Function: function.Name}
	if line > 0 && file != "" {
		f.Place = Place{File: file, Line: line, Near: !exact}
	}
	return []Frame{f}
}

// goBlock returns the PC_B with which the part of a function ends that holds the
// instruction at offset; exact says that the instruction is the call there.
//
// A function that calls others begins with one block for each of its parts and
// a br_table over PC_B, so that it can go on after a call: label n leads behind
// the end of block n, where part n begins. An instruction is in the part that the
// last of these ends began, and the last PC_B that leads to a part is at its end.
func goBlock(code *wasm.Code, offset wasm.Offset) (block int, exact bool) {
	r := wasm.NewReader(code.Body, code.Offset)
	var i wasm.Instruction
	var targets []uint32 // the part of each PC_B
	var lastCall wasm.Offset
	depth, base, part := 0, 0, -1 // base: depth at the br_table
	for r.Len() > 0 && r.Next(&i) == nil {
		switch i.Opcode {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
			depth++
		case wasm.OpEnd:
			depth--
			if targets == nil || depth != base-part-2 {
				continue
			}
			if i.Offset > offset {
				return lastPC(targets, part), lastCall == offset
			}
			part++
		case wasm.OpBrTable:
			if targets == nil {
				targets = append(append(targets, i.Labels...), i.Index)
				base = depth
			}
		case wasm.OpCall, wasm.OpCallIndirect:
			lastCall = i.Offset
		}
	}
	return lastPC(targets, part), lastCall == offset
}

// lastPC returns the last PC_B that leads to a part.
func lastPC(targets []uint32, part int) (block int) {
	for pc, target := range targets {
		if int(target) == max(part, 0) {
			block = pc
		}
	}
	return block
}
