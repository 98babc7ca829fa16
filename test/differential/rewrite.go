package differential

import (
	"fmt"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

// body is the code of a function: what a rewriter takes and gives.
type body struct {
	params int // how many locals are parameters
	locals []wasm.LocalGroup
	code   []byte // instructions up to and with the end
}

// rewrite makes a module with other function bodies: change is called for each
// function that the module defines.
func rewrite(module []byte, change func(k int, b body) (body, error)) ([]byte, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	code := appendUnsigned(nil, uint64(len(m.Code)))
	for k := range m.Code {
		b, err := change(k, body{len(m.Types[m.Functions[k]].Params), m.Code[k].Locals, m.Code[k].Body})
		if err != nil {
			return nil, fmt.Errorf("function %d: %w", k, err)
		}
		function := appendUnsigned(nil, uint64(len(b.locals)))
		for _, group := range b.locals {
			function = appendValueType(appendUnsigned(function, uint64(group.Count)), group.Type)
		}
		function = append(function, b.code...)
		code = append(appendUnsigned(code, uint64(len(function))), function...)
	}
	result := []byte(preamble)
	for r := wasm.NewReader(module[len(preamble):], wasm.Offset(len(preamble))); r.Len() > 0; {
		id, err := r.Byte()
		if err != nil {
			return nil, err
		}
		size, err := r.Uint32()
		if err != nil {
			return nil, err
		}
		content, err := r.Bytes(size)
		if err != nil {
			return nil, err
		}
		if id == sectionCode {
			content = code
		}
		result = appendSection(result, id, content)
	}
	return result, nil
}

// localCount is how many locals a body has, with the parameters.
func (b *body) localCount() uint64 {
	n := uint64(b.params)
	for _, group := range b.locals {
		n += uint64(group.Count)
	}
	return n
}

// instructions calls visit with each instruction and its bytes.
func (b *body) instructions(visit func(i *wasm.Instruction, bytes []byte)) error {
	var i wasm.Instruction
	r := wasm.NewReader(b.code, 0)
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			return err
		}
		visit(&i, b.code[i.Offset:r.Offset()])
	}
	return nil
}

// NeedLoads makes a module in which every load is made twice, the first time to
// drop what it gave: such a load must trap, while one whose value nobody needs in
// the end may be left out by LLVM (docs/abi.md).
func NeedLoads(module []byte) ([]byte, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	return rewrite(module, func(_ int, b body) (body, error) {
		first := b.localCount()
		vector := first + 2
		var code []byte
		err := b.instructions(func(i *wasm.Instruction, bytes []byte) {
			if loadKind(i) != notLoad {
				address := first
				if m.Memories[i.Index].Type.Limits.Is64 {
					address++
				}
				code = appendNeeded(code, i, bytes, address, vector)
			} else {
				code = append(code, bytes...)
			}
		})
		b.locals = append(append([]wasm.LocalGroup{}, b.locals...), wasm.LocalGroup{Count: 1, Type: wasm.I32},
			wasm.LocalGroup{Count: 1, Type: wasm.I64}, wasm.LocalGroup{Count: 1, Type: wasm.V128})
		b.code = code
		return b, err
	})
}

// The kinds of loads: to a lane there is a vector above the address.
const (
	notLoad = iota
	plainLoad
	laneLoad
)

// loadKind says whether an instruction only reads memory, and how.
func loadKind(i *wasm.Instruction) int {
	info := i.Info()
	switch {
	case info.Feature == wasm.FeatureThreads:
		return notLoad
	case info.Immediate == wasm.ImmediateMemArg && strings.HasPrefix(info.Signature, "i:"):
		return plainLoad
	case info.Immediate == wasm.ImmediateMemArgLane && info.Signature == "iv:v":
		return laneLoad
	default:
		return notLoad
	}
}

// laneReads are loads of as many bytes as a lane has.
var laneReads = map[uint8]wasm.Opcode{1: 0x2d, 2: 0x2f, 4: wasm.OpI32Load, 8: 0x29}

// appendNeeded appends a load behind one of the same bytes whose value is dropped.
func appendNeeded(code []byte, i *wasm.Instruction, bytes []byte, address, vector uint64) []byte {
	local := func(o wasm.Opcode, index uint64) { code = appendUnsigned(append(code, byte(o)), index) }
	isLane := loadKind(i) == laneLoad
	first := bytes
	if isLane {
		first = appendUnsigned([]byte{byte(laneReads[i.Info().AccessBytes]), byte(i.Align) | memArgIndex}, uint64(i.Index))
		first = appendUnsigned(first, i.MemOffset)
		local(wasm.OpLocalSet, vector)
	}
	local(wasm.OpLocalTee, address)
	code = append(append(code, first...), byte(wasm.OpDrop))
	local(wasm.OpLocalGet, address)
	if isLane {
		local(wasm.OpLocalGet, vector)
	}
	return append(code, bytes...)
}
