// Package listing shows one function at all stages of the compiler: the
// instructions of the module, the LLVM IR and the machine code that each became.
//
// In: a decoded module, the IR of compiler.CompileFunction and machine code with
// a line table whose lines are offsets in the module; an object or an image has
// the machine code only. Out: a Listing, for people or as JSON. It changes
// nothing and compiles nothing.
package listing

import (
	"cmp"
	"fmt"
	"slices"

	"mewz/compiler/wasm"
)

// Listing is one function. Its groups are in order of the module.
type Listing struct {
	Index  uint32      `json:"index"`
	Name   string      `json:"name,omitempty"`
	Type   string      `json:"type,omitempty"`
	Offset wasm.Offset `json:"offset,omitempty"`
	End    wasm.Offset `json:"end,omitempty"`
	Symbol string      `json:"symbol,omitempty"`
	// Address and Bytes are where the machine code lies: in the section of an
	// object, or in the machine.
	Address uint64  `json:"address"`
	Bytes   int     `json:"bytes"`
	Groups  []Group `json:"groups"`
}

// Group is one instruction of the module and what became of it.
type Group struct {
	Offset wasm.Offset `json:"offset"` // 0: what belongs to no instruction
	Wasm   string      `json:"wasm,omitempty"`
	Depth  int         `json:"-"` // blocks around it
	// Inlined names the function that the instruction is from, if that is another.
	Inlined string        `json:"inlined_from,omitempty"`
	IR      []string      `json:"ir,omitempty"`
	Machine []Instruction `json:"machine,omitempty"`
}

// Instruction is one instruction of machine code.
type Instruction struct {
	Address uint64 `json:"address"`
	Bytes   string `json:"bytes"` // hexadecimal
	Text    string `json:"text"`  // Intel's syntax
	Note    string `json:"note,omitempty"`
}

// Input is what a listing is made of. Without Module it has machine code only,
// without IR no IR.
type Input struct {
	Module *wasm.Module
	Index  uint32 // of the function, which the module defines
	IR     []byte // of the LLVM module that holds the function
	Symbol string
	Code   *Code
	// Disassemble knows what golang.org/x/arch does not. May be nil.
	Disassemble func([]byte) ([]Decoded, error)
}

// Decoded is an instruction that Input.Disassemble found.
type Decoded struct {
	Bytes int
	Text  string
}

// New makes a listing.
func New(in Input) (*Listing, error) {
	l := &Listing{Index: in.Index, Symbol: in.Symbol}
	b := builder{groups: map[wasm.Offset]*Group{}, module: in.Module}
	if m := in.Module; m != nil {
		k := int(in.Index) - m.CountImports(wasm.ExternFunc)
		if k < 0 || k >= len(m.Code) {
			return nil, fmt.Errorf("function %d: the module defines no function of this index", in.Index)
		}
		b.index = in.Index
		l.Offset, l.End = m.Code[k].Offset, m.Code[k].Offset+wasm.Offset(len(m.Code[k].Body))
		if err := b.addWasm(&m.Code[k]); err != nil {
			return nil, err
		}
	}
	if in.IR != nil {
		if err := b.addIR(in.IR, in.Symbol); err != nil {
			return nil, err
		}
	}
	if in.Code != nil {
		l.Address, l.Bytes = in.Code.Address, len(in.Code.Bytes)
		if err := b.addMachine(in.Code, in.Disassemble); err != nil {
			return nil, err
		}
	}
	l.Groups = b.finish(l.Offset, l.End)
	return l, nil
}

// builder collects groups by offset.
type builder struct {
	module *wasm.Module
	index  uint32
	groups map[wasm.Offset]*Group
}

func (b *builder) group(offset wasm.Offset) *Group {
	g := b.groups[offset]
	if g == nil {
		g = &Group{Offset: offset}
		b.groups[offset] = g
	}
	return g
}

// finish returns the groups: first what belongs to no instruction, then the
// function's own, then those of inlined functions.
func (b *builder) finish(first, end wasm.Offset) []Group {
	groups := make([]Group, 0, len(b.groups))
	for offset, g := range b.groups {
		if b.module != nil && offset != 0 && (offset < first || offset >= end) {
			b.foreign(g)
		}
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(x, y Group) int {
		if (x.Inlined == "") != (y.Inlined == "") {
			if x.Inlined == "" {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.Offset, y.Offset)
	})
	return groups
}

// foreign fills in the instruction of another function.
func (b *builder) foreign(g *Group) {
	g.Inlined = "elsewhere"
	k, ok := b.module.CodeAt(g.Offset)
	if !ok {
		return
	}
	g.Inlined = b.module.FunctionLabel(uint32(b.module.CountImports(wasm.ExternFunc) + k))
	code := &b.module.Code[k]
	text := newText(b.module, uint32(b.module.CountImports(wasm.ExternFunc)+k))
	r := wasm.NewReader(code.Body[g.Offset-code.Offset:], g.Offset)
	var i wasm.Instruction
	if r.Next(&i) == nil {
		g.Wasm = text.instruction(&i)
	}
}

// addWasm adds the instructions of the module.
func (b *builder) addWasm(code *wasm.Code) error {
	text := newText(b.module, b.index)
	r := wasm.NewReader(code.Body, code.Offset)
	var i wasm.Instruction
	depth := 0
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			return err
		}
		g := b.group(i.Offset)
		g.Wasm, g.Depth = text.instruction(&i), depth
		switch i.Opcode {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTry, wasm.OpTryTable:
			depth++
		case wasm.OpElse, wasm.OpCatch, wasm.OpCatchAll:
			g.Depth = max(depth-1, 0)
		case wasm.OpEnd, wasm.OpDelegate:
			depth--
			g.Depth = max(depth, 0)
		}
	}
	return nil
}
