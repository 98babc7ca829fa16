package spec

import (
	"errors"
	"fmt"
	"math"

	"mewz/abi"
	"mewz/compiler/wasm"
)

// errSegmentFit is the refusal of a module whose segments lie outside of its
// tables or memory.
var errSegmentFit = errors.New("segment does not fit")

// segmentsFit holds the rule of 1.0 that 2.0 gave up: a module whose active
// segments do not all fit is refused before anything of it is written (1.0,
// 4.5.4, steps 9 and 10). The compiler follows 2.0, so for scripts of 1.0 the
// harness checks it as an embedder of 1.0 would.
func (p *process) segmentsFit(m *wasm.Module, imports []external) error {
	in := &instance{module: m, imports: imports}
	for k := range m.Elements {
		e := &m.Elements[k]
		if e.Mode != wasm.SegmentActive {
			continue
		}
		size, err := p.sizeOfTable(in, e.Table)
		if err != nil {
			return err
		}
		if ok, err := p.fits(in, &e.Address, uint64(e.Len()), size); err != nil || !ok {
			return refusal("elements", err)
		}
	}
	for k := range m.Data {
		d := &m.Data[k]
		if d.Mode != wasm.SegmentActive {
			continue
		}
		size, err := p.sizeOfMemory(in)
		if err != nil {
			return err
		}
		if ok, err := p.fits(in, &d.Address, uint64(len(d.Bytes)), size); err != nil || !ok {
			return refusal("data", err)
		}
	}
	return nil
}

func refusal(what string, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s %w", what, errSegmentFit)
}

func (p *process) sizeOfTable(in *instance, table uint32) (uint64, error) {
	if imported, ok := in.imported(wasm.ExternTable, table); ok {
		return p.tableSize(imported)
	}
	return in.module.Tables[int(table)-in.module.CountImports(wasm.ExternTable)].Type.Limits.Min, nil
}

func (p *process) sizeOfMemory(in *instance) (uint64, error) {
	if imported, ok := in.imported(wasm.ExternMemory, 0); ok {
		return p.readWord(imported.memory.bytesAddress)
	}
	return in.module.Memories[0].Type.Limits.Min * abi.WasmPageBytes, nil
}

// fits says whether length items from the value of a constant expression lie
// within size.
func (p *process) fits(in *instance, address *wasm.ConstExpr, length, size uint64) (bool, error) {
	var i wasm.Instruction
	if err := wasm.NewReader(address.Body, address.Offset).Next(&i); err != nil {
		return false, err
	}
	start := uint64(uint32(i.Value))
	if i.Opcode == wasm.OpGlobalGet {
		global, ok := in.imported(wasm.ExternGlobal, i.Index)
		if !ok {
			return false, fmt.Errorf("global %d is not imported", i.Index)
		}
		value, err := p.readWord(global.address)
		if err != nil {
			return false, err
		}
		start = value & math.MaxUint32
	}
	return start+length <= size, nil
}
