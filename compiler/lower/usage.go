package lower

import (
	"fmt"

	"mewz/compiler/wasm"
)

// usage is what the code of a module does to its tables and segments. It
// decides what can be constant.
type usage struct {
	tableInspected map[uint32]bool // elements are used as references: table.get, source of table.copy
	tableMutated   map[uint32]bool
	tableGrown     map[uint32]bool
	tableFilled    map[uint32]bool
	elementDropped map[uint32]bool
	dataDropped    map[uint32]bool
	functionTaken  map[uint32]bool // ref.func
	globalWritten  bool            // global 0, see convention.go
	tailCalls      bool
	objects        bool // structures or arrays are made, or references tested
	exceptions     exceptionUsage
	code           []codeUsage // of each function
}

// codeUsage is what decides which functions become a shard.
type codeUsage struct {
	hash     uint32 // of the instructions, without their immediates
	branches int
}

func newUsage() *usage {
	return &usage{
		tableInspected: map[uint32]bool{}, tableMutated: map[uint32]bool{}, tableGrown: map[uint32]bool{},
		tableFilled: map[uint32]bool{}, elementDropped: map[uint32]bool{}, dataDropped: map[uint32]bool{},
		functionTaken: map[uint32]bool{},
	}
}

// hashMultiplier is that of FNV-1a with 32 bits (RFC 9923).
const hashMultiplier = 0x01000193

// scanUsage reads all code of m once.
func scanUsage(m *wasm.Module) (*usage, error) {
	u := newUsage()
	var i wasm.Instruction
	for k := range m.Code {
		code := &m.Code[k]
		u.exceptions.functions = append(u.exceptions.functions, functionThrows{})
		r := wasm.NewReader(code.Body, code.Offset)
		c := codeUsage{hash: uint32(len(code.Locals))}
		for r.Len() > 0 {
			if err := r.Next(&i); err != nil {
				return nil, fmt.Errorf("function %d: %w", k+m.CountImports(wasm.ExternFunc), err)
			}
			u.note(&i)
			c.note(&i)
			u.exceptions.note(&i)
		}
		u.code = append(u.code, c)
	}
	return u, nil
}

func (c *codeUsage) note(i *wasm.Instruction) {
	c.hash = (c.hash ^ uint32(i.Opcode)) * hashMultiplier
	switch i.Opcode {
	case wasm.OpBrIf, wasm.OpIf:
		c.branches++
	case wasm.OpBrTable:
		c.branches += len(i.Labels)
	}
}

func (u *usage) note(i *wasm.Instruction) {
	switch i.Opcode {
	case wasm.OpTableGet:
		u.tableInspected[i.Index] = true
	case wasm.OpTableSet:
		u.tableMutated[i.Index] = true
	case wasm.OpTableGrow:
		u.tableMutated[i.Index], u.tableGrown[i.Index] = true, true
	case wasm.OpTableFill:
		u.tableMutated[i.Index], u.tableFilled[i.Index] = true, true
	case wasm.OpTableCopy:
		u.tableMutated[i.Index], u.tableInspected[i.Index2] = true, true
	case wasm.OpTableInit:
		u.tableMutated[i.Index2] = true
	case wasm.OpStructNew, wasm.OpStructNewDefault, wasm.OpArrayNew, wasm.OpArrayNewDefault, wasm.OpArrayNewFixed, wasm.OpArrayNewData,
		wasm.OpArrayNewElem, wasm.OpRefTest, wasm.OpRefTestNull, wasm.OpRefCast, wasm.OpRefCastNull, wasm.OpBrOnCast, wasm.OpBrOnCastFail:
		u.objects = true
	case wasm.OpElemDrop:
		u.elementDropped[i.Index] = true
	case wasm.OpDataDrop:
		u.dataDropped[i.Index] = true
	case wasm.OpGlobalSet:
		u.globalWritten = u.globalWritten || i.Index == global0
	case wasm.OpReturnCall, wasm.OpReturnCallIndirect, wasm.OpReturnCallRef:
		u.tailCalls = true
	case wasm.OpRefFunc:
		u.functionTaken[i.Index] = true
	}
}
