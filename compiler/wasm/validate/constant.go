package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// checkConstant checks a constant expression (3.3.10) that must leave one value
// of type want. Its context knows the imported globals, and those that the
// module defines before it (3.4.10 of 3.0).
func (c *checker) checkConstant(e *wasm.ConstExpr, want wasm.ValueType) error {
	r := wasm.NewReader(e.Body, e.Offset)
	var i wasm.Instruction
	var room [4]wasm.ValueType // enough for nearly all
	stack := room[:0]
	for {
		if err := r.Next(&i); err != nil {
			return err
		}
		if i.Opcode == wasm.OpEnd {
			break
		}
		if operand, ok := extendedConst[i.Opcode]; ok {
			c.use(wasm.FeatureExtendedConst)
			if stack = c.popConstants(stack, operand); stack == nil {
				return fail(i.Offset, fmt.Errorf("%w: %s needs two values of %s", ErrTypeMismatch, i.Info().Name, operand))
			}
			continue
		}
		t, err := c.constantType(&i)
		if err != nil {
			return fail(i.Offset, err)
		}
		stack = append(stack, t)
	}
	switch {
	case len(stack) != 1:
		return fail(i.Offset, fmt.Errorf("%w: expected one value of %s, found %d values", ErrTypeMismatch, want, len(stack)))
	case stack[0] != want:
		return fail(e.Offset, fmt.Errorf("%w: expected %s, found %s", ErrTypeMismatch, want, stack[0]))
	case r.Len() > 0:
		return r.Fail(ErrBodySize)
	}
	return nil
}

// popConstants puts the result of an operation in place of its two operands, or
// returns nil if they are not of type t.
func (c *checker) popConstants(stack []wasm.ValueType, t wasm.ValueType) []wasm.ValueType {
	n := len(stack)
	if n < 2 || stack[n-1] != t || stack[n-2] != t {
		return nil
	}
	return stack[:n-1]
}

// constantType is the type of a constant instruction's value.
func (c *checker) constantType(i *wasm.Instruction) (wasm.ValueType, error) {
	switch i.Opcode {
	case wasm.OpI32Const:
		return wasm.I32, nil
	case wasm.OpI64Const:
		return wasm.I64, nil
	case wasm.OpF32Const:
		return wasm.F32, nil
	case wasm.OpF64Const:
		return wasm.F64, nil
	case wasm.OpV128Const:
		c.use(wasm.FeatureSIMD)
		return wasm.V128, nil
	case wasm.OpRefNull:
		c.use(wasm.FeatureReferenceTypes)
		return i.Types[0], nil
	case wasm.OpRefFunc:
		if uint64(i.Index) >= uint64(len(c.functionTypes)) {
			return 0, fmt.Errorf("%w function %d", ErrUnknown, i.Index)
		}
		c.use(wasm.FeatureReferenceTypes)
		c.refer(i.Index)
		return wasm.FuncRef, nil
	case wasm.OpGlobalGet:
		if uint64(i.Index) >= uint64(len(c.globals)) {
			return 0, fmt.Errorf("%w global %d: a constant expression may only name a global before it", ErrUnknown, i.Index)
		}
		if uint64(i.Index) >= uint64(c.importedGlobals) {
			c.use(wasm.FeatureExtendedConst)
		}
		if c.globals[i.Index].Mutable {
			return 0, fmt.Errorf("%w: global %d is mutable", ErrConstantRequired, i.Index)
		}
		return c.globals[i.Index].Type, nil
	default:
		return 0, fmt.Errorf("%w, found %s", ErrConstantRequired, i.Info().Name)
	}
}

// extendedConst are the operations that the extended-const proposal makes
// constant, with the type of their operands and their result.
var extendedConst = map[wasm.Opcode]wasm.ValueType{
	wasm.OpI32Add: wasm.I32, wasm.OpI32Sub: wasm.I32, wasm.OpI32Mul: wasm.I32,
	wasm.OpI64Add: wasm.I64, wasm.OpI64Sub: wasm.I64, wasm.OpI64Mul: wasm.I64,
}
