package lower

import "mewz/compiler/wasm"

// evaluate computes a constant expression (3.3.10); known is false if its value
// is not known before the module is linked.
func (m *module) evaluate(e *wasm.ConstExpr) (v value, known bool) {
	r := wasm.NewReader(e.Body, e.Offset)
	var i wasm.Instruction
	var room [4]value // enough for nearly all
	stack := room[:0]
	for r.Next(&i) == nil {
		if i.Opcode == wasm.OpEnd {
			return stack[0], true
		}
		if n := len(stack); n >= 2 {
			if v, ok := computeConstant(i.Opcode, stack[n-2], stack[n-1]); ok {
				stack = append(stack[:n-2], v)
				continue
			}
		}
		v, known := m.constantOf(&i)
		if !known {
			return value{}, false
		}
		stack = append(stack, v)
	}
	return value{}, false
}

// constantOf is the value of an instruction without operands.
func (m *module) constantOf(i *wasm.Instruction) (v value, known bool) {
	switch i.Opcode {
	case wasm.OpI32Const:
		return constantI32(uint32(i.Value)), true
	case wasm.OpI64Const:
		return constantI64(uint64(i.Value)), true
	case wasm.OpF32Const:
		return value{wasmType: wasm.F32, bits: uint64(uint32(i.Value))}, true
	case wasm.OpF64Const:
		return value{wasmType: wasm.F64, bits: uint64(i.Value)}, true
	case wasm.OpV128Const:
		return vectorConstant(i), true
	case wasm.OpRefNull:
		return value{wasmType: i.Types[0]}, true
	case wasm.OpRefFunc:
		return m.functionReference(i.Index), true
	case wasm.OpGlobalGet:
		g := &m.globals[i.Index]
		return g.initial, g.known && !g.wasmType.Mutable
	default:
		return value{}, false
	}
}

// computeConstant carries out an operation of the extended-const proposal.
func computeConstant(o wasm.Opcode, a, b value) (v value, ok bool) {
	switch o {
	case wasm.OpI32Add:
		return constantI32(uint32(a.bits) + uint32(b.bits)), true
	case wasm.OpI32Sub:
		return constantI32(uint32(a.bits) - uint32(b.bits)), true
	case wasm.OpI32Mul:
		return constantI32(uint32(a.bits) * uint32(b.bits)), true
	case wasm.OpI64Add:
		return constantI64(a.bits + b.bits), true
	case wasm.OpI64Sub:
		return constantI64(a.bits - b.bits), true
	case wasm.OpI64Mul:
		return constantI64(a.bits * b.bits), true
	default:
		return value{}, false
	}
}
