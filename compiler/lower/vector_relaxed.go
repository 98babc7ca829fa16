package lower

import "mewz/compiler/wasm"

// Relaxed vector instructions (4.3.6 of 3.0). Where the specification leaves a
// choice, one is made for each kind of processor, the same for all of this kind:
// what its instruction does if there is one, else what the instruction that is
// not relaxed does. Products are rounded before they are added, as not every
// processor can leave that out.

func multiplyAdd(s shape, negate bool) lowering {
	return func(f *function, _ *wasm.Instruction) {
		addend, second, first := f.popVector(s), f.popVector(s), f.popVector(s)
		if negate {
			first = vectorValue(s, f.assign("fneg %s", f.operand(first)))
		}
		product := vectorValue(s, f.vectorArithmetic("fmul", first, second))
		f.pushVector(s, f.vectorArithmetic("fadd", product, addend))
	}
}

// relaxedDot adds the products of neighbouring lanes, both operands signed.
func (f *function) relaxedDot() value {
	second, first := f.popVector(shapeI8x16), f.popVector(shapeI8x16)
	a := f.assign("sext %s to <16 x i16>", f.operand(first))
	b := f.assign("sext %s to <16 x i16>", f.operand(second))
	product := f.assign("mul nsw <16 x i16> %%v%d, %%v%d", a, b)
	even := f.assign("shufflevector <16 x i16> %%v%d, <16 x i16> poison, %s", product, laneList(0, 2, 8))
	odd := f.assign("shufflevector <16 x i16> %%v%d, <16 x i16> poison, %s", product, laneList(1, 2, 8))
	return vectorValue(shapeI16x8, f.assign("add <8 x i16> %%v%d, %%v%d", even, odd))
}

func lowerRelaxedDot(f *function, _ *wasm.Instruction) { f.push(f.relaxedDot()) }

func lowerRelaxedDotAdd(f *function, _ *wasm.Instruction) {
	addend := f.popVector(shapeI32x4)
	dot := f.relaxedDot()
	wide := f.assign("sext %s to <8 x i32>", f.operand(dot))
	even := f.assign("shufflevector <8 x i32> %%v%d, <8 x i32> poison, %s", wide, laneList(0, 2, 4))
	odd := f.assign("shufflevector <8 x i32> %%v%d, <8 x i32> poison, %s", wide, laneList(1, 2, 4))
	sum := f.assign("add <4 x i32> %%v%d, %%v%d", even, odd)
	f.pushVector(shapeI32x4, f.assign("add <4 x i32> %%v%d, %s", sum, f.name(addend)))
}

// lowerRelaxedSwizzleX86 is PSHUFB: indices from 16 to 127 count modulo 16.
func lowerRelaxedSwizzleX86(f *function, _ *wasm.Instruction) {
	indices, v := f.popVector(shapeI8x16), f.popVector(shapeI8x16)
	f.pushVector(shapeI8x16, f.assign("call <16 x i8> @llvm.x86.ssse3.pshuf.b.128(%s, %s)", f.operand(v), f.operand(indices)))
}

// lowerRelaxedTruncateX86 is CVTTPS2DQ: the smallest integer for what does not fit.
func lowerRelaxedTruncateX86(f *function, _ *wasm.Instruction) {
	f.pushVector(shapeI32x4, f.assign("call <4 x i32> @llvm.x86.sse2.cvttps2dq(%s)", f.operand(f.popVector(shapeF32x4))))
}

// lowerRelaxedTruncateZeroX86 is CVTTPD2DQ.
func lowerRelaxedTruncateZeroX86(f *function, _ *wasm.Instruction) {
	f.pushVector(shapeI32x4, f.assign("call <4 x i32> @llvm.x86.sse2.cvttpd2dq(%s)", f.operand(f.popVector(shapeF64x2))))
}

// lowerRelaxedQ15X86 is PMULHRSW: -1 times -1 is -1.
func lowerRelaxedQ15X86(f *function, _ *wasm.Instruction) {
	second, first := f.popVector(shapeI16x8), f.popVector(shapeI16x8)
	f.pushVector(shapeI16x8, f.assign("call <8 x i16> @llvm.x86.ssse3.pmul.hr.sw.128(%s, %s)", f.operand(first), f.operand(second)))
}
