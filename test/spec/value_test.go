package spec

import (
	"math"
	"testing"

	"mewz/compiler/wasm"
)

func TestValueBits(t *testing.T) {
	tests := []struct {
		value Value
		want  uint64
	}{
		{Value{Type: "i32", Value: "4294967295"}, math.MaxUint32},
		{Value{Type: "i32", Value: "-1"}, math.MaxUint32},
		{Value{Type: "i64", Value: "-2"}, math.MaxUint64 - 1},
		{Value{Type: "f32", Value: "1065353216"}, 0x3f80_0000},
		{Value{Type: "externref", Value: "null"}, 0},
		{Value{Type: "externref", Value: "0"}, 1},
		{Value{Type: "funcref", Value: "null"}, 0},
	}
	for _, test := range tests {
		if got, err := test.value.Bits(); err != nil || got != test.want {
			t.Errorf("%v.Bits() = %#x, %v, want %#x", test.value, got, err, test.want)
		}
	}
	for _, bad := range []Value{{Type: "v128", Value: "1"}, {Type: "i32", Value: nil}, {Type: "i32", Value: "4294967296"}, {Type: "i64", Value: "x"}} {
		if got, err := bad.Bits(); err == nil {
			t.Errorf("%v.Bits() = %#x, want an error", bad, got)
		}
	}
}

func TestValueMatches(t *testing.T) {
	tests := []struct {
		value Value
		t     wasm.ValueType
		got   uint64
		want  bool
	}{
		{Value{Type: "i32", Value: "7"}, wasm.I32, 7, true},
		{Value{Type: "i32", Value: "7"}, wasm.I64, 7, false},
		{Value{Type: "f32", Value: "nan:canonical"}, wasm.F32, 0x7fc0_0000, true},
		{Value{Type: "f32", Value: "nan:canonical"}, wasm.F32, 0xffc0_0000, true},
		{Value{Type: "f32", Value: "nan:canonical"}, wasm.F32, 0x7fc0_0001, false},
		{Value{Type: "f32", Value: "nan:arithmetic"}, wasm.F32, 0xffc0_0001, true},
		{Value{Type: "f32", Value: "nan:arithmetic"}, wasm.F32, 0x7fa0_0000, false},
		{Value{Type: "f64", Value: "nan:canonical"}, wasm.F64, 0xfff8_0000_0000_0000, true},
		{Value{Type: "f64", Value: "nan:arithmetic"}, wasm.F64, 0x7ff8_0000_0000_0001, true},
		{Value{Type: "f64", Value: "nan:arithmetic"}, wasm.F64, 0x7ff4_0000_0000_0000, false},
		{Value{Type: "externref", Value: nil}, wasm.ExternRef, 1, true},
		{Value{Type: "externref", Value: nil}, wasm.ExternRef, 0, false},
		{Value{Type: "funcref", Value: "null"}, wasm.FuncRef, 0, true},
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
