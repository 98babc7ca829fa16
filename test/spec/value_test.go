package spec

import (
	"math"
	"testing"

	"mewz/compiler/wasm"
)

// vectorOf is a v128 as scripts have it.
func vectorOf(laneType string, lanes ...any) Value {
	return Value{Type: "v128", LaneType: laneType, Value: lanes}
}

func TestValueBits(t *testing.T) {
	tests := []struct {
		value Value
		want  word
	}{
		{Value{Type: "i32", Value: "4294967295"}, word{math.MaxUint32}},
		{Value{Type: "i32", Value: "-1"}, word{math.MaxUint32}},
		{Value{Type: "i64", Value: "-2"}, word{math.MaxUint64 - 1}},
		{Value{Type: "f32", Value: "1065353216"}, word{0x3f80_0000}},
		{Value{Type: "externref", Value: "null"}, word{0}},
		{Value{Type: "externref", Value: "0"}, word{2}},
		{Value{Type: "funcref", Value: "null"}, word{0}},
		{vectorOf("i8", "-1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "0", "0", "0", "0", "0", "255"), word{0x08070605_040302ff, 0xff000000_00000009}},
		{vectorOf("i16", "1", "2", "3", "4", "5", "6", "7", "8"), word{0x00040003_00020001, 0x00080007_00060005}},
		{vectorOf("f64", "1", "2"), word{1, 2}},
	}
	for _, test := range tests {
		if got, err := test.value.Bits(); err != nil || got != test.want {
			t.Errorf("%v.Bits() = %#x, %v, want %#x", test.value, got, err, test.want)
		}
	}
	for _, bad := range []Value{{Type: "v128", Value: "1"}, {Type: "i32", Value: nil}, {Type: "i32", Value: "4294967296"}, {Type: "i64", Value: "x"}, vectorOf("i32", "1"), vectorOf("i7", "1"), vectorOf("f64", "x", "1")} {
		if got, err := bad.Bits(); err == nil {
			t.Errorf("%v.Bits() = %#x, want an error", bad, got)
		}
	}
}

func TestValueMatches(t *testing.T) {
	tests := []struct {
		value Value
		t     wasm.ValueType
		got   word
		want  bool
	}{
		{Value{Type: "i32", Value: "7"}, wasm.I32, word{7}, true},
		{Value{Type: "i32", Value: "7"}, wasm.I64, word{7}, false},
		{Value{Type: "f32", Value: "nan:canonical"}, wasm.F32, word{0x7fc0_0000}, true},
		{Value{Type: "f32", Value: "nan:canonical"}, wasm.F32, word{0xffc0_0000}, true},
		{Value{Type: "f32", Value: "nan:canonical"}, wasm.F32, word{0x7fc0_0001}, false},
		{Value{Type: "f32", Value: "nan:arithmetic"}, wasm.F32, word{0xffc0_0001}, true},
		{Value{Type: "f32", Value: "nan:arithmetic"}, wasm.F32, word{0x7fa0_0000}, false},
		{Value{Type: "f64", Value: "nan:canonical"}, wasm.F64, word{0xfff8_0000_0000_0000}, true},
		{Value{Type: "f64", Value: "nan:arithmetic"}, wasm.F64, word{0x7ff8_0000_0000_0001}, true},
		{Value{Type: "f64", Value: "nan:arithmetic"}, wasm.F64, word{0x7ff4_0000_0000_0000}, false},
		{Value{Type: "externref", Value: nil}, wasm.ExternRef, word{1}, true},
		{Value{Type: "externref", Value: nil}, wasm.ExternRef, word{0}, false},
		{Value{Type: "funcref", Value: "null"}, wasm.FuncRef, word{0}, true},
		{Value{Type: "i31ref", Value: nil}, wasm.AnyRef, word{7}, true},
		{Value{Type: "i31ref", Value: nil}, wasm.AnyRef, word{8}, false},
		{Value{Type: "anyref", Value: "3"}, wasm.AnyRef, word{8}, true},
		{Value{Type: "eqref", Value: nil}, wasm.AnyRef, word{8}, false},
		{Value{Type: "structref", Value: nil}, wasm.AnyRef, word{1 << 40}, true},
		{Value{Type: "structref", Value: nil}, wasm.AnyRef, word{1<<40 + 1}, false},
		{Value{Type: "arrayref", Value: nil}, wasm.AnyRef, word{0}, false},
		{Value{Type: "nullref", Value: nil}, wasm.AnyRef, word{0}, true},
		{Value{Type: "nullref", Value: nil}, wasm.AnyRef, word{1}, false},
		{Value{Type: "refnull"}, wasm.I32, word{0}, false},
		{vectorOf("i64", "1", "2"), wasm.V128, word{1, 2}, true},
		{vectorOf("i64", "1", "2"), wasm.V128, word{1, 3}, false},
		{vectorOf("f64", "nan:canonical", "2"), wasm.V128, word{f64CanonicalNaN | f64Sign, 2}, true},
		{vectorOf("f64", "nan:canonical", "2"), wasm.V128, word{f64CanonicalNaN | 1, 2}, false},
		{vectorOf("f32", "0", "0", "nan:arithmetic", "nan:canonical"), wasm.V128, word{0, f32CanonicalNaN<<32 | f32CanonicalNaN | 1}, true},
		{vectorOf("f32", "0", "0", "nan:arithmetic", "nan:canonical"), wasm.V128, word{0, (f32CanonicalNaN|1)<<32 | f32CanonicalNaN}, false},
	}
	for _, test := range tests {
		if got, err := test.value.Matches(test.t, test.got); err != nil || got != test.want {
			t.Errorf("%v.Matches(%v, %#x) = %v, %v, want %v", test.value, test.t, test.got, got, err, test.want)
		}
	}
}

func TestExpectTrap(t *testing.T) {
	tests := []struct {
		err  error
		text string
		ok   bool
	}{
		{&Trap{Code: 2}, "integer divide by zero", true},
		{&Trap{Code: 2}, "integer overflow", false},
		{&Trap{Code: 6}, "undefined", true},
		{&Trap{Code: 7}, "uninitialized element 7", true},
		{&Trap{Code: 66}, "processor exception", false},
		{nil, "unreachable", false},
	}
	for _, test := range tests {
		if got := expectTrap(test.err, test.text); (got == nil) != test.ok {
			t.Errorf("expectTrap(%v, %q) = %v, want ok %v", test.err, test.text, got, test.ok)
		}
	}
}
