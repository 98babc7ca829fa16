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
		{Value{"i32", "4294967295"}, math.MaxUint32},
		{Value{"i32", "-1"}, math.MaxUint32},
		{Value{"i64", "-2"}, math.MaxUint64 - 1},
		{Value{"f32", "1065353216"}, 0x3f80_0000},
		{Value{"externref", "null"}, 0},
		{Value{"externref", "0"}, 1},
		{Value{"funcref", "null"}, 0},
	}
	for _, test := range tests {
		if got, err := test.value.Bits(); err != nil || got != test.want {
			t.Errorf("%v.Bits() = %#x, %v, want %#x", test.value, got, err, test.want)
		}
	}
	for _, bad := range []Value{{"v128", "1"}, {"i32", nil}, {"i32", "4294967296"}, {"i64", "x"}} {
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
		{Value{"i32", "7"}, wasm.I32, 7, true},
		{Value{"i32", "7"}, wasm.I64, 7, false},
		{Value{"f32", "nan:canonical"}, wasm.F32, 0x7fc0_0000, true},
		{Value{"f32", "nan:canonical"}, wasm.F32, 0xffc0_0000, true},
		{Value{"f32", "nan:canonical"}, wasm.F32, 0x7fc0_0001, false},
		{Value{"f32", "nan:arithmetic"}, wasm.F32, 0xffc0_0001, true},
		{Value{"f32", "nan:arithmetic"}, wasm.F32, 0x7fa0_0000, false},
		{Value{"f64", "nan:canonical"}, wasm.F64, 0xfff8_0000_0000_0000, true},
		{Value{"f64", "nan:arithmetic"}, wasm.F64, 0x7ff8_0000_0000_0001, true},
		{Value{"f64", "nan:arithmetic"}, wasm.F64, 0x7ff4_0000_0000_0000, false},
		{Value{"externref", nil}, wasm.ExternRef, 1, true},
		{Value{"externref", nil}, wasm.ExternRef, 0, false},
		{Value{"funcref", "null"}, wasm.FuncRef, 0, true},
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
