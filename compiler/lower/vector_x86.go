package lower

import (
	"math"
	"strings"

	"mewz/compiler/wasm"
)

// Vector instructions for which x86 has something better than what LLVM makes
// of the portable lowering. The intrinsics are those of the instructions; all are
// in x86-64-v2.

// isX86 says whether code is for x86-64.
func (o *Options) isX86() bool { return strings.HasPrefix(o.Target.Triple, "x86_64") }

// x86Vectors takes precedence over vectorInstructions.
var x86Vectors = map[wasm.Opcode]lowering{
	0x0e: lowerSwizzleX86,
	0x7c: addPairsX86(shapeI8x16, "ssse3.pmadd.ub.sw.128", true), 0x7d: addPairsX86(shapeI8x16, "ssse3.pmadd.ub.sw.128", false),
	0x7e:  addPairsX86(shapeI16x8, "sse2.pmadd.wd", false),
	0x82:  lowerQ15X86,
	0x100: lowerRelaxedSwizzleX86, 0x101: lowerRelaxedTruncateX86, 0x102: lowerSaturateUnsignedX86, 0x103: lowerRelaxedTruncateZeroX86,
	0x111: lowerRelaxedQ15X86,
	0xf8:  lowerSaturateX86, 0xf9: lowerSaturateUnsignedX86, 0xfc: lowerSaturateZeroX86,
}

// lowerSwizzleX86: PSHUFB gives 0 for an index with the highest bit set, and
// else looks at the low four bits. Adding 0x70 with saturation sets that bit for
// all indices from 16 on.
func lowerSwizzleX86(f *function, _ *wasm.Instruction) {
	indices, v := f.popVector(shapeI8x16), f.popVector(shapeI8x16)
	marked := f.assign("call <16 x i8> @llvm.uadd.sat.v16i8(%s, <16 x i8> %s)", f.operand(indices), splatOf(16, 8, 0x70))
	f.pushVector(shapeI8x16, f.assign("call <16 x i8> @llvm.x86.ssse3.pshuf.b.128(%s, <16 x i8> %%v%d)", f.operand(v), marked))
}

// addPairsX86 multiplies by ones. PMADDUBSW takes its first operand as unsigned
// and its second as signed.
func addPairsX86(s shape, name string, onesFirst bool) lowering {
	ones := shapes[s].vector + " " + splatOf(shapes[s].lanes, shapes[s].bits, 1)
	return func(f *function, _ *wasm.Instruction) {
		first := f.operand(f.popVector(s))
		second := ones
		if onesFirst {
			first, second = second, first
		}
		f.pushVector(s.wider(), f.assign("call %s @llvm.x86.%s(%s, %s)", shapes[s.wider()].vector, name, first, second))
	}
}

// lowerQ15X86: PMULHRSW wraps around for -1 times -1, the only way to get -1.
func lowerQ15X86(f *function, _ *wasm.Instruction) {
	second, first := f.popVector(shapeI16x8), f.popVector(shapeI16x8)
	product := f.assign("call <8 x i16> @llvm.x86.ssse3.pmul.hr.sw.128(%s, %s)", f.operand(first), f.operand(second))
	wrapped := f.mask(shapeI16x8, f.assign("icmp eq <8 x i16> %%v%d, %s", product, splatOf(8, 16, math.MinInt16)))
	f.pushVector(shapeI16x8, f.assign("xor <8 x i16> %%v%d, %%v%d", product, wrapped))
}

// CVTTPS2DQ and CVTTPD2DQ give the smallest integer for whatever does not fit.

// orderedOrZero is v with zeroes in place of NaNs.
func (f *function) orderedOrZero(v value) value {
	s := &shapes[v.shape]
	ordered := f.assign("fcmp ord %s, %s", f.operand(v), f.name(v))
	return vectorValue(v.shape, f.assign("select <%d x i1> %%v%d, %s, %s zeroinitializer", s.lanes, ordered, f.operand(v), s.vector))
}

// truncateX86 truncates floats, and gives the largest integer for those that are
// too large.
func (f *function) truncateX86(v value) int {
	truncated := f.assign("call <4 x i32> @llvm.x86.sse2.cvttps2dq(%s)", f.operand(v))
	large := f.mask(shapeF32x4, f.assign("fcmp oge %s, %s", f.operand(v), f.name(floatSplat(shapeF32x4, 1<<31))))
	return f.assign("xor <4 x i32> %%v%d, %%v%d", truncated, large)
}

// lowerSaturateX86 lowers i32x4.trunc_sat_f32x4_s.
func lowerSaturateX86(f *function, _ *wasm.Instruction) {
	f.pushVector(shapeI32x4, f.truncateX86(f.orderedOrZero(f.popVector(shapeF32x4))))
}

// lowerSaturateUnsignedX86 lowers i32x4.trunc_sat_f32x4_u: the number itself as a
// signed integer, which is 2^31 if it is too large, plus what it is above 2^31.
func lowerSaturateUnsignedX86(f *function, _ *wasm.Instruction) {
	v := f.chosen("ogt", f.popVector(shapeF32x4), floatSplat(shapeF32x4, 0))
	low := f.assign("call <4 x i32> @llvm.x86.sse2.cvttps2dq(%s)", f.operand(v))
	above := vectorValue(shapeF32x4, f.assign("fsub %s, %s", f.operand(v), f.name(floatSplat(shapeF32x4, 1<<31))))
	high := f.assign("call <4 x i32> @llvm.smax.v4i32(<4 x i32> %%v%d, <4 x i32> zeroinitializer)", f.truncateX86(above))
	f.pushVector(shapeI32x4, f.assign("add <4 x i32> %%v%d, %%v%d", low, high))
}

// lowerSaturateZeroX86 lowers i32x4.trunc_sat_f64x2_s_zero.
func lowerSaturateZeroX86(f *function, _ *wasm.Instruction) {
	v := f.orderedOrZero(f.popVector(shapeF64x2))
	within := f.chosen("olt", v, floatSplat(shapeF64x2, math.MaxInt32))
	f.pushVector(shapeI32x4, f.assign("call <4 x i32> @llvm.x86.sse2.cvttpd2dq(%s)", f.operand(within)))
}
