package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// checkConstant checks a constant expression (3.4.10 of 3.0) that must leave one
// value of type want. Its context knows the imported globals, and those that the
// module defines before it.
func (c *checker) checkConstant(e *wasm.ConstExpr, want wasm.ValueType) error {
	b := c.constants
	*b.reader = *wasm.NewReader(e.Body, e.Offset)
	b.operands, b.frames = b.operands[:0], b.frames[:0]
	b.instruction.Offset = e.Offset
	return b.run(c.one(want))
}

// constantInstruction checks that the instruction may stand in a constant
// expression.
func (b *body) constantInstruction(info *wasm.OpcodeInfo) error {
	switch o := b.instruction.Opcode; o {
	case wasm.OpEnd, wasm.OpGlobalGet, wasm.OpI32Const, wasm.OpI64Const, wasm.OpF32Const, wasm.OpF64Const, wasm.OpV128Const,
		wasm.OpRefNull, wasm.OpRefI31, wasm.OpStructNew, wasm.OpStructNewDefault,
		wasm.OpArrayNew, wasm.OpArrayNewDefault, wasm.OpArrayNewFixed, wasm.OpAnyConvertExtern, wasm.OpExternConvertAny:
		return nil
	case wasm.OpI32Add, wasm.OpI32Sub, wasm.OpI32Mul, wasm.OpI64Add, wasm.OpI64Sub, wasm.OpI64Mul:
		b.use(wasm.FeatureExtendedConst)
		return nil
	case wasm.OpRefFunc:
		if index := b.instruction.Index; uint64(index) < uint64(len(b.functionTypes)) {
			b.refer(index)
		}
		return nil
	default:
		return b.fail(fmt.Errorf("%w, found %s", ErrConstantRequired, info.Name))
	}
}

// constantGlobal checks a global that a constant expression names.
func (b *body) constantGlobal() error {
	index := b.instruction.Index
	if uint64(index) >= uint64(len(b.globals)) {
		return b.fail(fmt.Errorf("%w global %d: a constant expression may only name a global before it", ErrUnknown, index))
	}
	if uint64(index) >= uint64(b.importedGlobals) {
		b.use(wasm.FeatureExtendedConst)
	}
	if b.globals[index].Mutable {
		return b.fail(fmt.Errorf("%w: global %d is mutable", ErrConstantRequired, index))
	}
	return nil
}
