package lower

import "mewz/compiler/wasm"

// Whether some lane of a vector is not zero, asked lane by lane: C has no word for
// v128.any_true, and compilers leave `v[0] | v[1] | v[2] | v[3]` as it is. LLVM has
// one instruction for all of that, but finds it only by the pass for straight-line
// vectors, which level fast does not have.

// laneSet is an i32 that is some lanes of an i32x4 by i32.or.
type laneSet struct {
	vector value // as it was on the operand stack
	lanes  uint8 // a set
}

const everyLane = 0b1111 // of an i32x4

// lowerExtractWord lowers i32x4.extract_lane and notes what it takes.
func lowerExtractWord(f *function, i *wasm.Instruction) {
	vector := f.stack[len(f.stack)-1]
	extractLane(shapeI32x4, "")(f, i)
	if vector.kind == valueRegister || vector.kind == valueParameter {
		f.laneSets[f.stack[len(f.stack)-1]] = laneSet{vector, 1 << i.Lane}
	}
}

// lowerI32Or lowers i32.or, to a reduction where the result is all lanes of a vector.
func lowerI32Or(f *function, i *wasm.Instruction) {
	second, first := f.stack[len(f.stack)-1], f.stack[len(f.stack)-2]
	a, ok := f.laneSets[first]
	b, both := f.laneSets[second]
	if !ok || !both || a.vector != b.vector {
		operation("or")(f, i)
		return
	}
	set := laneSet{a.vector, a.lanes | b.lanes}
	if set.lanes != everyLane {
		operation("or")(f, i)
		f.laneSets[f.stack[len(f.stack)-1]] = set
		return
	}
	f.stack = f.stack[:len(f.stack)-2]
	words := f.reshape(set.vector, shapeI32x4)
	f.pushRegister(wasm.I32, f.assign("call i32 @llvm.vector.reduce.or.v4i32(%s)", f.operand(words)))
}
