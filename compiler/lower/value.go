package lower

import (
	"math"
	"strconv"

	"mewz/compiler/wasm"
)

// valueKind is what stands for a value in the text of the IR.
type valueKind uint8

const (
	valueConstant  valueKind = iota // bits; references: 0 is null
	valueRegister                   // %v<bits>
	valueCondition                  // %v<bits>, an i1 that stands for an i32 of 0 or 1
	valueParameter                  // %p<bits>
	valueFunction                   // ref.func <bits>: the function's descriptor
	valueGlobal0                    // %g, the parameter that is global 0
)

// value is a wasm value as the lowering knows it. Two equal values are the same
// at run time.
type value struct {
	kind valueKind
	// promoted marks the result of f64.promote_f32, see demote.
	promoted bool
	shape    shape // of a v128
	wasmType wasm.ValueType
	bits     uint64
	high     uint64 // of a constant v128
}

func constantI32(v uint32) value { return value{wasmType: wasm.I32, bits: uint64(v)} }
func constantI64(v uint64) value { return value{wasmType: wasm.I64, bits: v} }

// zero is the initial value of a local of type t (4.4.10.1).
func zero(t wasm.ValueType) value { return value{wasmType: t} }

// isConstant says whether v is known, and not a reference.
func (v value) isConstant() bool { return v.kind == valueConstant && !v.wasmType.IsReference() }

// llvmType is the type of IR that holds a wasm value. References are pointers:
// a funcref points to the function's descriptor {code, type id}.
func llvmType(t wasm.ValueType) string {
	switch t {
	case wasm.I32:
		return "i32"
	case wasm.I64:
		return "i64"
	case wasm.F32:
		return "float"
	case wasm.F64:
		return "double"
	case wasm.V128:
		return shapes[shapeI8x16].vector
	default:
		return "ptr"
	}
}

// llvmType is the type of IR that v has.
func (v value) llvmType() string {
	if v.wasmType == wasm.V128 {
		return shapes[v.shape].vector
	}
	return llvmType(v.wasmType)
}

// overload is the suffix of an intrinsic for t.
func overload(t wasm.ValueType) string {
	switch t {
	case wasm.F32:
		return "f32"
	case wasm.F64:
		return "f64"
	default:
		return llvmType(t)
	}
}

// bitWidth is the number of bits of a number type.
func bitWidth(t wasm.ValueType) int {
	if t == wasm.I32 || t == wasm.F32 {
		return 32
	}
	return 64
}

// appendConstant appends the constant v.
func appendConstant(b []byte, v value) []byte {
	bits := v.bits
	switch v.wasmType {
	case wasm.I32:
		return strconv.AppendInt(b, int64(int32(bits)), 10)
	case wasm.I64:
		return strconv.AppendInt(b, int64(bits), 10)
	case wasm.F32:
		return appendF32(b, uint32(bits))
	case wasm.F64:
		return appendHex(b, bits)
	case wasm.V128:
		return appendVector(b, v)
	default:
		return append(b, "null"...)
	}
}

// appendF32 appends a float constant. IR writes floats as doubles, a detour on
// which NaNs could lose their payload, so those are written as bits.
func appendF32(b []byte, bits uint32) []byte {
	if f := math.Float32frombits(bits); f == f {
		return appendHex(b, math.Float64bits(float64(f)))
	}
	b = append(b, "bitcast (i32 "...)
	b = strconv.AppendInt(b, int64(int32(bits)), 10)
	return append(b, " to float)"...)
}

// appendHex appends the form of a double that LLVM reads bit by bit.
func appendHex(b []byte, bits uint64) []byte {
	const digits = "0123456789ABCDEF"
	b = append(b, "0x"...)
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[bits>>shift&15])
	}
	return b
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

func signed(n uint64) string { return strconv.FormatInt(int64(n), 10) }

func hex(bits uint64) string { return string(appendHex(nil, bits)) }

func registerName(r int) string { return "%v" + strconv.Itoa(r) }
