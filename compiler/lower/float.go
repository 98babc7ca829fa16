package lower

import (
	"mewz/compiler/wasm"
)

// Numeric instructions on floats (4.4.1; 4.3.3). LLVM's plain arithmetic is that
// of IEEE 754 except that it may pass a signalling NaN through where the result
// equals an operand (x * 1.0 is x). Wasm demands a quiet NaN of an arithmetic
// instruction, so where an operand is such a constant the constrained form is
// used, which LLVM leaves alone.

func lowerF32Const(f *function, i *wasm.Instruction) {
	f.push(value{wasmType: wasm.F32, bits: uint64(uint32(i.Value))})
}

func lowerF64Const(f *function, i *wasm.Instruction) {
	f.push(value{wasmType: wasm.F64, bits: uint64(i.Value)})
}

// constrained are the operands of a constrained intrinsic behind its values.
const constrained = `, metadata !"round.tonearest", metadata !"fpexcept.strict")`

// isMagnitude says whether v is the constant 0 or 1, as one says, of either sign.
func isMagnitude(v value, one bool) bool {
	if !v.isConstant() {
		return false
	}
	sign, want := uint64(1)<<63, uint64(0x3ff0_0000_0000_0000)
	if v.wasmType == wasm.F32 {
		sign, want = 1<<31, 0x3f80_0000
	}
	if !one {
		want = 0
	}
	return v.bits&^sign == want
}

// mayVanish says whether LLVM may take the result for an operand, or its
// negation: x+0, x-0, 0-x, x*1, x/1.
func mayVanish(name string, first, second value) bool {
	switch name {
	case "fadd", "fsub":
		return isMagnitude(first, false) || isMagnitude(second, false)
	case "fmul":
		return isMagnitude(first, true) || isMagnitude(second, true)
	default:
		return isMagnitude(second, true)
	}
}

// arithmetic lowers fadd, fsub, fmul and fdiv.
func arithmetic(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second := f.pop()
		first := f.pop()
		f.pushRegister(first.wasmType, f.arithmetic(name, first, second))
	}
}

// arithmetic writes fadd, fsub, fmul or fdiv.
func (f *function) arithmetic(name string, first, second value) int {
	r := f.define()
	if !mayVanish(name, first, second) {
		f.put(name).put(" ").typed(first).put(", ").value(second).line()
		return r
	}
	f.put("call ").put(llvmType(first.wasmType)).put(" @llvm.experimental.constrained.").put(name).put(".").
		put(overload(first.wasmType)).put("(").typed(first).put(", ").typed(second).put(constrained).line()
	return r
}

// extremum lowers min and max. The sum of the operands is the quiet NaN that
// results if one of them is a NaN.
func extremum(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second := f.pop()
		first := f.pop()
		t := llvmType(first.wasmType)
		unordered := f.define()
		f.put("fcmp uno ").typed(first).put(", ").value(second).line()
		sum := f.arithmetic("fadd", first, second)
		extreme := f.define()
		f.put("call nnan ").put(t).put(" @llvm.").put(name).put(".").put(overload(first.wasmType)).
			put("(").typed(first).put(", ").typed(second).put(")").line()
		r := f.define()
		f.put("select i1 ").register(unordered).put(", ").put(t).put(" ").register(sum).put(", ").put(t).put(" ").
			register(extreme).line()
		f.pushRegister(first.wasmType, r)
	}
}

func lowerNegate(f *function, _ *wasm.Instruction) {
	v := f.pop()
	r := f.define()
	f.put("fneg ").typed(v).line()
	f.pushRegister(v.wasmType, r)
}

func lowerCopysign(f *function, _ *wasm.Instruction) {
	sign := f.pop()
	v := f.pop()
	r := f.define()
	f.put("call ").put(llvmType(v.wasmType)).put(" @llvm.copysign.").put(overload(v.wasmType)).
		put("(").typed(v).put(", ").typed(sign).put(")").line()
	f.pushRegister(v.wasmType, r)
}
