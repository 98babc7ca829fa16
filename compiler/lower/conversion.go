package lower

import (
	"math"

	"mewz/abi"
	"mewz/compiler/wasm"
)

// Conversions (4.3.4).

// convert lowers to a conversion of LLVM that is defined for all operands.
func convert(name string, to wasm.ValueType) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		if folded, ok := foldInteger(name, v); ok {
			f.push(folded)
			return
		}
		r := f.define()
		f.put(name).put(" ").typed(v).put(" to ").put(llvmType(to)).line()
		f.pushRegister(to, r)
	}
}

// foldInteger converts a constant between integer types. Go programs have one
// before most accesses to globals.
func foldInteger(name string, v value) (value, bool) {
	if !v.isConstant() {
		return v, false
	}
	switch name {
	case "trunc":
		return constantI32(uint32(v.bits)), true
	case "zext":
		return constantI64(uint64(uint32(v.bits))), true
	case "sext":
		return constantI64(uint64(int32(v.bits))), true
	default:
		return v, false
	}
}

func lowerPromote(f *function, _ *wasm.Instruction) {
	v := f.pop()
	r := f.define()
	f.put("fpext ").typed(v).put(" to double").line()
	f.push(value{kind: valueRegister, promoted: true, wasmType: wasm.F64, bits: uint64(r)})
}

// lowerDemote rounds to f32. LLVM would take a promoted value back unchanged,
// a signalling NaN included.
func lowerDemote(f *function, _ *wasm.Instruction) {
	v := f.pop()
	r := f.define()
	if v.promoted {
		f.put("call float @llvm.experimental.constrained.fptrunc.f32.f64(").typed(v).put(constrained).line()
	} else {
		f.put("fptrunc ").typed(v).put(" to float").line()
	}
	f.pushRegister(wasm.F32, r)
}

// floatRange are the floats whose truncation fits an integer type: from low on,
// or above it, and below high.
type floatRange struct {
	low, high float64
	above     bool
}

// truncationRange returns the range for a conversion. Where low-1 is a float of
// the type the bound is exclusive, because low-0.5 truncates to low.
func truncationRange(from, to wasm.ValueType, signed bool) floatRange {
	switch {
	case !signed:
		return floatRange{-1, math.Ldexp(1, bitWidth(to)), true}
	case from == wasm.F64 && to == wasm.I32:
		return floatRange{-math.Ldexp(1, 31) - 1, math.Ldexp(1, 31), true}
	default:
		return floatRange{-math.Ldexp(1, bitWidth(to)-1), math.Ldexp(1, bitWidth(to)-1), false}
	}
}

// truncate lowers a float to integer conversion that traps.
func truncate(from, to wasm.ValueType, signed bool) lowering {
	name := "fptoui"
	if signed {
		name = "fptosi"
	}
	bounds := truncationRange(from, to, signed)
	comparison := "fcmp oge "
	if bounds.above {
		comparison = "fcmp ogt "
	}
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		low := f.define()
		f.put(comparison).typed(v).put(", ").put(hex(math.Float64bits(bounds.low))).line()
		high := f.define()
		f.put("fcmp olt ").typed(v).put(", ").put(hex(math.Float64bits(bounds.high))).line()
		fits := f.define()
		f.put("and i1 ").register(low).put(", ").register(high).line()
		f.next += 2
		slow, good := f.next-1, f.next
		f.put("  br i1 ").register(fits).put(", ").labelName(good).put(", ").labelName(slow).put(", !prof !2").line()
		f.split(slow)
		nan := f.define()
		f.put("fcmp uno ").typed(v).put(", ").value(v).line()
		f.trapIf(nan, abi.TrapInvalidConversion)
		f.trapAlways(abi.TrapIntegerOverflow)
		f.split(good)
		r := f.define()
		f.put(name).put(" ").typed(v).put(" to ").put(llvmType(to)).line()
		f.pushRegister(to, r)
	}
}

// saturate lowers a float to integer conversion that does not trap.
func saturate(name string, to wasm.ValueType) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.pop()
		r := f.define()
		f.put("call ").put(llvmType(to)).put(" @llvm.").put(name).put(".sat.").put(overload(to)).put(".").
			put(overload(v.wasmType)).put("(").typed(v).put(")").line()
		f.pushRegister(to, r)
	}
}
