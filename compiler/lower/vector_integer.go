package lower

import (
	"fmt"

	"mewz/compiler/wasm"
)

// Vector instructions on integers (4.3.2 lane by lane).

func vectorNegate(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(s)
		f.pushVector(s, f.assign("sub %s zeroinitializer, %s", shapes[s].vector, f.name(v)))
	}
}

// vectorShift lowers a shift of all lanes by one count modulo their width.
func vectorShift(s shape, name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		count, v := f.pop(), f.popVector(s)
		bits, lanes := shapes[s].bits, shapes[s].lanes
		if count.isConstant() {
			f.pushVector(s, f.assign("%s %s, %s", name, f.operand(v), splatOf(lanes, bits, int64(count.bits)&int64(bits-1))))
			return
		}
		masked := registerValue(wasm.I32, f.assign("and %s, %d", f.operand(count), bits-1))
		lane := ""
		if bits == 64 {
			lane = fmt.Sprintf("i64 %%v%d", f.assign("zext %s to i64", f.operand(masked)))
		} else {
			lane = f.laneOf(s, masked)
		}
		f.pushVector(s, f.assign("%s %s, %%v%d", name, f.operand(v), f.splat(s, lane)))
	}
}

// half returns the low or high lanes of v with twice their width.
func (f *function) half(v value, high bool, extend string) int {
	s := &shapes[v.shape]
	first := 0
	if high {
		first = s.lanes / 2
	}
	lanes := f.assign("shufflevector %s, %s poison, %s", f.operand(v), s.vector, laneList(first, 1, s.lanes/2))
	return f.assign("%s %s %%v%d to %s", extend, vectorOf(s.lanes/2, s.bits), lanes, shapes[v.shape.wider()].vector)
}

// extendHalf lowers extend_low and extend_high of lanes of shape s.
func extendHalf(s shape, high bool, extend string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		f.pushVector(s.wider(), f.half(f.popVector(s), high, extend))
	}
}

// multiplyHalf lowers extmul_low and extmul_high of lanes of shape s.
func multiplyHalf(s shape, high bool, extend string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		a, b := f.half(first, high, extend), f.half(second, high, extend)
		f.pushVector(s.wider(), f.assign("mul %s %%v%d, %%v%d", shapes[s.wider()].vector, a, b))
	}
}

// addPairs lowers extadd_pairwise of lanes of shape s. Lanes 2k and 2k+1 are the
// halves of lane k of the wider shape.
func addPairs(s shape, shiftRight string) lowering {
	wide := s.wider()
	t, lanes, bits := shapes[wide].vector, shapes[wide].lanes, shapes[wide].bits
	by := splatOf(lanes, bits, int64(bits/2))
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(wide)
		up := f.assign("shl %s, %s", f.operand(v), by)
		even := f.assign("%s %s %%v%d, %s", shiftRight, t, up, by)
		odd := f.assign("%s %s, %s", shiftRight, f.operand(v), by)
		f.pushVector(wide, f.assign("add %s %%v%d, %%v%d", t, even, odd))
	}
}

// narrowLanes lowers narrow of two vectors of shape s into lanes of half the
// size, saturated to between low and high.
func narrowLanes(s, to shape, low, high int64) lowering {
	bits, lanes := shapes[s].bits, shapes[to].lanes
	t := vectorOf(lanes, bits)
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		both := f.assign("shufflevector %s, %s, %s", f.operand(first), f.operand(second), laneList(0, 1, lanes))
		above := f.assign("call %s @llvm.smax.v%di%d(%s %%v%d, %s %s)", t, lanes, bits, t, both, t, splatOf(lanes, bits, low))
		within := f.assign("call %s @llvm.smin.v%di%d(%s %%v%d, %s %s)", t, lanes, bits, t, above, t, splatOf(lanes, bits, high))
		f.pushVector(to, f.assign("trunc %s %%v%d to %s", t, within, shapes[to].vector))
	}
}

// average lowers avgr_u: the rounded average of unsigned lanes.
func average(s shape) lowering {
	lanes, bits := shapes[s].lanes, shapes[s].bits
	t, one := vectorOf(lanes, 2*bits), splatOf(lanes, 2*bits, 1)
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		a := f.assign("zext %s to %s", f.operand(first), t)
		b := f.assign("zext %s to %s", f.operand(second), t)
		sum := f.assign("add %s %%v%d, %%v%d", t, a, b)
		up := f.assign("add %s %%v%d, %s", t, sum, one)
		down := f.assign("lshr %s %%v%d, %s", t, up, one)
		f.pushVector(s, f.assign("trunc %s %%v%d to %s", t, down, shapes[s].vector))
	}
}

// products returns the eight products of lanes of 16 bits, in 32 bits each.
func (f *function) products() int {
	second, first := f.popVector(shapeI16x8), f.popVector(shapeI16x8)
	a := f.assign("sext %s to <8 x i32>", f.operand(first))
	b := f.assign("sext %s to <8 x i32>", f.operand(second))
	return f.assign("mul <8 x i32> %%v%d, %%v%d", a, b)
}

// lowerDot lowers i32x4.dot_i16x8_s. The sum of two products wraps around if all
// four factors are the smallest integer.
func lowerDot(f *function, _ *wasm.Instruction) {
	products := f.products()
	even := f.assign("shufflevector <8 x i32> %%v%d, <8 x i32> poison, %s", products, laneList(0, 2, 4))
	odd := f.assign("shufflevector <8 x i32> %%v%d, <8 x i32> poison, %s", products, laneList(1, 2, 4))
	f.pushVector(shapeI32x4, f.assign("add <4 x i32> %%v%d, %%v%d", even, odd))
}

// lowerQ15 lowers i16x8.q15mulr_sat_s: the rounded product of fixed-point
// numbers of 15 bits. Only -1 times -1 is too large.
func lowerQ15(f *function, _ *wasm.Instruction) {
	products := f.products()
	up := f.assign("add <8 x i32> %%v%d, %s", products, splatOf(8, 32, 1<<14))
	down := f.assign("ashr <8 x i32> %%v%d, %s", up, splatOf(8, 32, 15))
	within := f.assign("call <8 x i32> @llvm.smin.v8i32(<8 x i32> %%v%d, <8 x i32> %s)", down, splatOf(8, 32, 1<<15-1))
	f.pushVector(shapeI16x8, f.assign("trunc <8 x i32> %%v%d to <8 x i16>", within))
}
