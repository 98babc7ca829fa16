package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

// valueTypes are the types that scripts name, but for references.
var valueTypes = map[string]wasm.ValueType{
	"i32": wasm.I32, "i64": wasm.I64, "f32": wasm.F32, "f64": wasm.F64, "v128": wasm.V128,
}

// Canonical NaNs (2.2.3), of positive sign, and the bits that are the sign.
const (
	f32CanonicalNaN = 0x7fc0_0000
	f64CanonicalNaN = 0x7ff8_0000_0000_0000
	f32Sign         = 1 << 31
	f64Sign         = 1 << 63
)

// word is the bits of a value of any type, from the lowest on. Only a v128 has
// more than 64.
type word [2]uint64

// words are values of at most 64 bits.
func words(values ...uint64) []word {
	var list []word
	for _, v := range values {
		list = append(list, word{v})
	}
	return list
}

// narrow cuts a register down to the width of a value of type t.
func (w word) narrow(t wasm.ValueType) word {
	switch valueBytes(t) {
	case 4:
		return word{uint64(uint32(w[0]))}
	case 8:
		return word{w[0]}
	default:
		return w
	}
}

// laneBits is the width of a lane by its type in scripts.
var laneBits = map[string]int{"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}

// lane is lane k of a vector with lanes of some bits.
func (w word) lane(k, bits int) uint64 {
	at := k * bits
	return w[at/64] >> (at % 64) & (math.MaxUint64 >> (64 - bits))
}

// lanes are the lanes of a v128 as values.
func (v Value) lanes() ([]Value, error) {
	list, ok := v.Value.([]any)
	bits := laneBits[v.LaneType]
	if !ok || bits == 0 || len(list)*bits != 128 {
		return nil, fmt.Errorf("value %v of lanes %q is no vector", v.Value, v.LaneType)
	}
	lanes := make([]Value, len(list))
	for k := range list {
		lanes[k] = Value{Type: v.LaneType, Value: list[k]}
	}
	return lanes, nil
}

// Bits is the value as a register holds it.
func (v Value) Bits() (word, error) {
	if v.Type != "v128" {
		bits, err := v.scalar()
		return word{bits}, err
	}
	lanes, err := v.lanes()
	if err != nil {
		return word{}, err
	}
	var w word
	for k, lane := range lanes {
		bits, err := lane.scalar()
		if err != nil {
			return word{}, err
		}
		at := k * laneBits[v.LaneType]
		w[at/64] |= bits << (at % 64)
	}
	return w, nil
}

// scalar is the value of a number, a lane or a reference. The host's reference n
// is 2n+2: zero is the null reference, and odd ones are i31 (docs/abi.md).
func (v Value) scalar() (uint64, error) {
	text, ok := v.Value.(string)
	if !ok {
		return 0, fmt.Errorf("value %v of type %s is not text", v.Value, v.Type)
	}
	bits := 64
	switch v.Type {
	case "i8", "i16", "i32", "f32":
		bits = laneBits[v.Type]
	case "i64", "f64":
	case "funcref", "externref", "anyref", "exnref":
		if text == "null" {
			return 0, nil
		}
		n, err := strconv.ParseUint(text, 10, 32)
		return 2*n + 2, err
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
func (v Value) Matches(t wasm.ValueType, got word) (bool, error) {
	switch {
	case v.Type == "either":
		for _, one := range v.Values {
			if ok, err := one.Matches(t, got); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case v.isReference():
		return t.IsReference() && v.matchesReference(got[0]), nil
	case valueTypes[v.Type] != t:
		return false, nil
	case t != wasm.V128:
		return v.matches(got[0])
	}
	lanes, err := v.lanes()
	for k := range lanes {
		if ok, err := lanes[k].matches(got.lane(k, laneBits[v.LaneType])); !ok || err != nil {
			return false, err
		}
	}
	return err == nil, err
}

// matches is Matches for a number, a lane or a reference. A NaN pattern leaves
// the sign open; an arithmetic one also the payload below its highest bit.
func (v Value) matches(got uint64) (bool, error) {
	switch v.Value {
	case "nan:canonical":
		if v.Type == "f32" {
			return got&^f32Sign == f32CanonicalNaN, nil
		}
		return got&^f64Sign == f64CanonicalNaN, nil
	case "nan:arithmetic":
		if v.Type == "f32" {
			return got&f32CanonicalNaN == f32CanonicalNaN, nil
		}
		return got&f64CanonicalNaN == f64CanonicalNaN, nil
	}
	want, err := v.scalar()
	return got == want, err
}

// String is the value as the script has it.
func (v Value) String() string {
	if len(v.Values) > 0 {
		return fmt.Sprintf("%s:%v", v.Type, v.Values)
	}
	if v.LaneType != "" {
		return fmt.Sprintf("%s:%s:%v", v.Type, v.LaneType, v.Value)
	}
	return fmt.Sprintf("%s:%v", v.Type, v.Value)
}

// formatValue shows the bits of a result.
func formatValue(t wasm.ValueType, w word) string {
	bits := w[0]
	switch t {
	case wasm.V128:
		return fmt.Sprintf("v128:%#016x %#016x (low half first)", w[0], w[1])
	case wasm.F32:
		return fmt.Sprintf("f32:%d (%v)", bits, math.Float32frombits(uint32(bits)))
	case wasm.F64:
		return fmt.Sprintf("f64:%d (%v)", bits, math.Float64frombits(bits))
	default:
		return fmt.Sprintf("%v:%d", t, bits)
	}
}
