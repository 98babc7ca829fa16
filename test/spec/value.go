package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

// valueTypes are the types that scripts name.
var valueTypes = map[string]wasm.ValueType{
	"i32": wasm.I32, "i64": wasm.I64, "f32": wasm.F32, "f64": wasm.F64,
	"funcref": wasm.FuncRef, "externref": wasm.ExternRef,
}

// Canonical NaNs (2.2.3), of positive sign, and the bits that are the sign.
const (
	f32CanonicalNaN = 0x7fc0_0000
	f64CanonicalNaN = 0x7ff8_0000_0000_0000
	f32Sign         = 1 << 31
	f64Sign         = 1 << 63
)

// Bits is the value as a register holds it. The host's reference n is n+1,
// because zero is the null reference.
func (v Value) Bits() (uint64, error) {
	text, ok := v.Value.(string)
	if !ok {
		return 0, fmt.Errorf("value %v of type %s is not text", v.Value, v.Type)
	}
	bits := 64
	switch v.Type {
	case "i32", "f32":
		bits = 32
	case "i64", "f64":
	case "funcref", "externref":
		if text == "null" {
			return 0, nil
		}
		n, err := strconv.ParseUint(text, 10, 32)
		return n + 1, err
	default:
		return 0, fmt.Errorf("value of type %s", v.Type)
	}
	if strings.HasPrefix(text, "-") {
		n, err := strconv.ParseInt(text, 10, bits)
		return uint64(n) & (math.MaxUint64 >> (64 - bits)), err
	}
	return strconv.ParseUint(text, 10, bits)
}

// Matches says whether got, the bits of a result of type t, is what v expects.
// A NaN pattern leaves the sign open; an arithmetic one also the payload below
// its highest bit.
func (v Value) Matches(t wasm.ValueType, got uint64) (bool, error) {
	if valueTypes[v.Type] != t {
		return false, nil
	}
	switch v.Value {
	case nil: // any reference, but not null
		return got != 0, nil
	case "nan:canonical":
		if t == wasm.F32 {
			return got&^f32Sign == f32CanonicalNaN, nil
		}
		return got&^f64Sign == f64CanonicalNaN, nil
	case "nan:arithmetic":
		if t == wasm.F32 {
			return got&f32CanonicalNaN == f32CanonicalNaN, nil
		}
		return got&f64CanonicalNaN == f64CanonicalNaN, nil
	}
	want, err := v.Bits()
	return got == want, err
}

// String is the value as the script has it.
func (v Value) String() string { return fmt.Sprintf("%s:%v", v.Type, v.Value) }

// formatValue shows the bits of a result.
func formatValue(t wasm.ValueType, bits uint64) string {
	switch t {
	case wasm.F32:
		return fmt.Sprintf("f32:%d (%v)", bits, math.Float32frombits(uint32(bits)))
	case wasm.F64:
		return fmt.Sprintf("f64:%d (%v)", bits, math.Float64frombits(bits))
	default:
		return fmt.Sprintf("%v:%d", t, bits)
	}
}
