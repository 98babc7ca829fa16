package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Numeric instructions on integers (4.4.1; 4.3.2).

func lowerI32Const(f *function, i *wasm.Instruction) { f.push(constantI32(uint32(i.Value))) }

func lowerI64Const(f *function, i *wasm.Instruction) { f.push(constantI64(uint64(i.Value))) }

// operation lowers to an instruction of LLVM with two operands of one type.
func operation(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second := f.pop()
		first := f.pop()
		r := f.define()
		f.put(name).put(" ").typed(first).put(", ").value(second).line()
		f.pushRegister(first.wasmType, r)
	}
}

// compare lowers to icmp or fcmp.
func compare(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second := f.pop()
		first := f.pop()
		r := f.define()
		f.put(name).put(" ").typed(first).put(", ").value(second).line()
		f.pushCondition(r)
	}
}

func lowerEqz(f *function, _ *wasm.Instruction) {
	if v := f.stack[len(f.stack)-1]; v.kind == valueCondition {
		f.stack = f.stack[:len(f.stack)-1]
		r := f.define()
		f.put("xor i1 ").value(v).put(", true").line()
		f.pushCondition(r)
		return
	}
	v := f.pop()
	r := f.define()
	f.put("icmp eq ").typed(v).put(", 0").line()
	f.pushCondition(r)
}

// intrinsic lowers to an intrinsic of one operand; more are its other operands.
func intrinsic(name, more string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		r := f.define()
		f.put("call ").put(llvmType(v.wasmType)).put(" @llvm.").put(name).put(".").put(overload(v.wasmType)).
			put("(").typed(v).put(more).put(")").line()
		f.pushRegister(v.wasmType, r)
	}
}

// shift lowers to a shift by the count modulo the width, which LLVM leaves
// undefined beyond it.
func shift(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		count := f.pop()
		v := f.pop()
		width := uint64(bitWidth(v.wasmType))
		if count.isConstant() {
			count.bits &= width - 1
		} else {
			masked := f.define()
			f.put("and ").typed(count).put(", ").number(width - 1).line()
			count = registerValue(count.wasmType, masked)
		}
		r := f.define()
		f.put(name).put(" ").typed(v).put(", ").value(count).line()
		f.pushRegister(v.wasmType, r)
	}
}

// rotate lowers to a funnel shift, whose count is taken modulo the width.
func rotate(name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		count := f.pop()
		v := f.pop()
		r := f.define()
		f.put("call ").put(llvmType(v.wasmType)).put(" @llvm.").put(name).put(".").put(overload(v.wasmType)).
			put("(").typed(v).put(", ").typed(v).put(", ").typed(count).put(")").line()
		f.pushRegister(v.wasmType, r)
	}
}

// divide lowers a division or remainder with its traps.
func divide(name string, signed, remainder bool) lowering {
	return func(f *function, _ *wasm.Instruction) {
		divisor := f.pop()
		dividend := f.pop()
		t := dividend.wasmType
		minusOne := zero(t)
		minusOne.bits = ^uint64(0) >> (64 - bitWidth(t))
		if !divisor.isConstant() || divisor.bits == 0 {
			isZero := f.define()
			f.put("icmp eq ").typed(divisor).put(", 0").line()
			f.trapIf(isZero, abi.TrapDivideByZero)
		}
		if signed && (!divisor.isConstant() || divisor == minusOne) {
			if remainder {
				divisor = f.avoidMinusOne(divisor)
			} else {
				f.checkOverflow(dividend, divisor)
			}
		}
		r := f.define()
		f.put(name).put(" ").typed(dividend).put(", ").value(divisor).line()
		f.pushRegister(t, r)
	}
}

// avoidMinusOne returns 1 for a divisor of -1: both leave no remainder, but the
// smallest integer divided by -1 overflows.
func (f *function) avoidMinusOne(divisor value) value {
	isMinusOne := f.define()
	f.put("icmp eq ").typed(divisor).put(", -1").line()
	r := f.define()
	t := llvmType(divisor.wasmType)
	f.put("select i1 ").register(isMinusOne).put(", ").put(t).put(" 1, ").typed(divisor).line()
	return registerValue(divisor.wasmType, r)
}

// checkOverflow traps if the quotient does not fit: the smallest integer
// divided by -1.
func (f *function) checkOverflow(dividend, divisor value) {
	smallest := zero(dividend.wasmType)
	smallest.bits = 1 << (bitWidth(dividend.wasmType) - 1)
	isMinusOne := f.define()
	f.put("icmp eq ").typed(divisor).put(", -1").line()
	isSmallest := f.define()
	f.put("icmp eq ").typed(dividend).put(", ").value(smallest).line()
	both := f.define()
	f.put("and i1 ").register(isMinusOne).put(", ").register(isSmallest).line()
	f.trapIf(both, abi.TrapIntegerOverflow)
}

// signExtend lowers an extension of the low bits of a value.
func signExtend(from string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		low := f.define()
		f.put("trunc ").typed(v).put(" to ").put(from).line()
		r := f.define()
		f.put("sext ").put(from).put(" ").register(low).put(" to ").put(llvmType(v.wasmType)).line()
		f.pushRegister(v.wasmType, r)
	}
}
