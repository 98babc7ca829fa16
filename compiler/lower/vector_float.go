package lower

import (
	"math"

	"mewz/compiler/wasm"
)

// Vector instructions on floats and conversions (4.3.3 and 4.3.4 lane by lane).
// What float.go says of signalling NaNs holds for each lane.

// hasMagnitude says whether some lane of v is the constant 0 or 1, as one says.
func hasMagnitude(v value, one bool) bool {
	if !v.isConstant() {
		return false
	}
	for k := range shapes[v.shape].lanes {
		if isMagnitude(value{wasmType: shapes[v.shape].scalar, bits: v.laneBits(k)}, one) {
			return true
		}
	}
	return false
}

// vectorMayVanish is mayVanish for lanes.
func vectorMayVanish(name string, first, second value) bool {
	switch name {
	case "fadd", "fsub":
		return hasMagnitude(first, false) || hasMagnitude(second, false)
	case "fmul":
		return hasMagnitude(first, true) || hasMagnitude(second, true)
	default:
		return hasMagnitude(second, true)
	}
}

// vectorArithmetic writes fadd, fsub, fmul or fdiv of vectors.
func (f *function) vectorArithmetic(name string, first, second value) int {
	if !vectorMayVanish(name, first, second) {
		return f.assign("%s %s, %s", name, f.operand(first), f.name(second))
	}
	s := &shapes[first.shape]
	return f.assign("call %s @llvm.experimental.constrained.%s.%s(%s, %s%s", s.vector, name, s.overload,
		f.operand(first), f.operand(second), constrained)
}

func vectorArithmetic(s shape, name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		f.pushVector(s, f.vectorArithmetic(name, first, second))
	}
}

func vectorFloatNegate(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(s)
		f.pushVector(s, f.assign("fneg %s", f.operand(v)))
	}
}

// choose writes a comparison that selects: first where it holds, else second.
func (f *function) choose(comparison string, first, second value) int {
	condition := f.assign("fcmp %s %s, %s", comparison, f.operand(first), f.name(second))
	return f.assign("select <%d x i1> %%v%d, %s, %s", shapes[first.shape].lanes, condition, f.operand(first), f.operand(second))
}

// vectorExtremum lowers min and max. Choosing in both orders gives both operands
// where they are equal, so that join, or for min and and for max, has the sign of
// the zero that counts. Where an operand is a NaN the sum is the quiet NaN that
// results.
func vectorExtremum(s shape, comparison, join string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		integer := shapes[s].integer
		unordered := f.assign("fcmp uno %s, %s", f.operand(first), f.name(second))
		sum := f.vectorArithmetic("fadd", first, second)
		a := f.reshape(vectorValue(s, f.choose(comparison, first, second)), integer)
		b := f.reshape(vectorValue(s, f.choose(comparison, second, first)), integer)
		joined := f.reshape(vectorValue(integer, f.assign("%s %s, %s", join, f.operand(a), f.name(b))), s)
		f.pushVector(s, f.assign("select <%d x i1> %%v%d, %s %%v%d, %s", shapes[s].lanes, unordered, shapes[s].vector, sum,
			f.operand(joined)))
	}
}

// pseudoExtremum lowers pmin (second < first ? second : first) and pmax.
func pseudoExtremum(s shape, comparison string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		f.pushVector(s, f.choose(comparison, second, first))
	}
}

// vectorConvert lowers f32x4.convert_i32x4.
func vectorConvert(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(shapeI32x4)
		f.pushVector(shapeF32x4, f.assign("%s %s to <4 x float>", name, f.operand(v)))
	}
}

// lowLanes returns lanes 0 and 1 of four.
func (f *function) lowLanes(v value) int {
	return f.assign("shufflevector %s, %s poison, %s", f.operand(v), v.llvmType(), laneList(0, 1, 2))
}

// withZeroes puts two zeroes behind a vector of two lanes, for a result of
// shape s.
func (f *function) withZeroes(s shape, low int) int {
	lane := shapes[s].lane
	return f.assign("shufflevector <2 x %s> %%v%d, <2 x %s> zeroinitializer, %s", lane, low, lane, laneList(0, 1, 4))
}

// vectorConvertLow lowers f64x2.convert_low_i32x4.
func vectorConvertLow(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		low := f.lowLanes(f.popVector(shapeI32x4))
		f.pushVector(shapeF64x2, f.assign("%s <2 x i32> %%v%d to <2 x double>", name, low))
	}
}

func lowerVectorPromote(f *function, _ *wasm.Instruction) {
	low := f.lowLanes(f.popVector(shapeF32x4))
	v := vectorValue(shapeF64x2, f.assign("fpext <2 x float> %%v%d to <2 x double>", low))
	v.promoted = true
	f.push(v)
}

// lowerVectorDemote rounds to f32, see lowerDemote.
func lowerVectorDemote(f *function, _ *wasm.Instruction) {
	v := f.popVector(shapeF64x2)
	low := 0
	if v.promoted {
		low = f.assign("call <2 x float> @llvm.experimental.constrained.fptrunc.v2f32.v2f64(%s%s", f.operand(v), constrained)
	} else {
		low = f.assign("fptrunc %s to <2 x float>", f.operand(v))
	}
	f.pushVector(shapeF32x4, f.withZeroes(shapeF32x4, low))
}

// vectorSaturate lowers i32x4.trunc_sat_f32x4.
func vectorSaturate(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(shapeF32x4)
		f.pushVector(shapeI32x4, f.assign("call <4 x i32> @llvm.%s.sat.v4i32.v4f32(%s)", name, f.operand(v)))
	}
}

// lowerSaturateZero lowers i32x4.trunc_sat_f64x2_s_zero.
func lowerSaturateZero(f *function, _ *wasm.Instruction) {
	v := f.popVector(shapeF64x2)
	low := f.assign("call <2 x i32> @llvm.fptosi.sat.v2i32.v2f64(%s)", f.operand(v))
	f.pushVector(shapeI32x4, f.withZeroes(shapeI32x4, low))
}

// floatSplat is a constant of a float shape with all lanes the same.
func floatSplat(s shape, number float64) value {
	if s == shapeF32x4 {
		bits := uint64(math.Float32bits(float32(number)))
		return value{shape: s, wasmType: wasm.V128, bits: bits | bits<<32, high: bits | bits<<32}
	}
	bits := math.Float64bits(number)
	return value{shape: s, wasmType: wasm.V128, bits: bits, high: bits}
}

// chosen is choose as a value.
func (f *function) chosen(comparison string, first, second value) value {
	return vectorValue(first.shape, f.choose(comparison, first, second))
}

// lowerSaturateUnsignedZero lowers i32x4.trunc_sat_f64x2_u_zero. Once the number
// is an integer of 32 bits, adding 2^52 puts it into the low half of the double.
func lowerSaturateUnsignedZero(f *function, _ *wasm.Instruction) {
	v := f.popVector(shapeF64x2)
	positive := f.chosen("ogt", v, floatSplat(shapeF64x2, 0))
	within := f.chosen("olt", positive, floatSplat(shapeF64x2, math.MaxUint32))
	whole := f.assign("call <2 x double> @llvm.trunc.v2f64(%s)", f.operand(within))
	shifted := vectorValue(shapeF64x2, f.assign("fadd <2 x double> %%v%d, %s", whole, f.name(floatSplat(shapeF64x2, 1<<52))))
	words := f.reshape(shifted, shapeI32x4)
	f.pushVector(shapeI32x4, f.assign("shufflevector %s, <4 x i32> zeroinitializer, %s", f.operand(words), laneMask([]int{0, 2, 4, 4})))
}
