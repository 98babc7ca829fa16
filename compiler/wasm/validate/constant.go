package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// checkConstant checks a constant expression (3.3.10) that must leave one value
// of type want. Its context knows the imported globals only (3.4.10).
func (c *checker) checkConstant(e *wasm.ConstExpr, want wasm.ValueType) error {
	r := wasm.NewReader(e.Body, e.Offset)
	var i wasm.Instruction
	var found wasm.ValueType
	values := 0
	for {
		if err := r.Next(&i); err != nil {
			return err
		}
		if i.Opcode == wasm.OpEnd {
			break
		}
		t, err := c.constantType(&i)
		if err != nil {
			return fail(i.Offset, err)
		}
		found = t
		values++
	}
	switch {
	case values != 1:
		return fail(i.Offset, fmt.Errorf("%w: expected one value of %s, found %d values", ErrTypeMismatch, want, values))
	case found != want:
		return fail(e.Offset, fmt.Errorf("%w: expected %s, found %s", ErrTypeMismatch, want, found))
	case r.Len() > 0:
		return r.Fail(ErrBodySize)
	}
	return nil
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
		if uint64(i.Index) >= uint64(c.importedGlobals) {
			return 0, fmt.Errorf("%w global %d: a constant expression may only name an imported global", ErrUnknown, i.Index)
		}
		if c.globals[i.Index].Mutable {
			return 0, fmt.Errorf("%w: global %d is mutable", ErrConstantRequired, i.Index)
		}
		return c.globals[i.Index].Type, nil
	default:
		name := i.Info().Name
		if extendedConst[i.Opcode] {
			return 0, fmt.Errorf("%w: %w", ErrConstantRequired,
				&wasm.UnsupportedError{What: name + " in a constant expression", Proposal: wasm.FeatureExtendedConst})
		}
		return 0, fmt.Errorf("%w, found %s", ErrConstantRequired, name)
	}
}

// extendedConst are the instructions that the extended-const proposal makes
// constant.
var extendedConst = map[wasm.Opcode]bool{
	0x6a: true, 0x6b: true, 0x6c: true, // i32.add, i32.sub, i32.mul
	0x7c: true, 0x7d: true, 0x7e: true, // i64.add, i64.sub, i64.mul
}
