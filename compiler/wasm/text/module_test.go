package text

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"mewz/compiler/wasm/decode"
)

// TestModuleSections compares the sections of modules with bytes worked out from
// the specification, for what the comparison with wasm-tools (test/spec) does
// not have.
func TestModuleSections(t *testing.T) {
	const void = "01 04 01 60 00 00 | 03 02 01 00 | "
	tests := []struct{ name, source, want string }{
		{"empty", "(module)", ""},
		{"no text", "", ""},
		{"fields without module", "(func)", void + "0a 04 01 02 00 0b"},
		{"legacy try", "(tag) (func try nop catch 0 rethrow 0 catch_all end)",
			"01 04 01 60 00 00 | 03 02 01 00 | 0d 03 01 00 00 | 0a 0d 01 0b 00 06 40 01 07 00 09 00 19 0b 0b"},
		{"legacy try in parentheses", "(tag) (func (try (do (nop)) (catch 0 (rethrow 0)) (catch_all)))",
			"01 04 01 60 00 00 | 03 02 01 00 | 0d 03 01 00 00 | 0a 0d 01 0b 00 06 40 01 07 00 09 00 19 0b 0b"},
		{"legacy delegate", "(func block $a try $b nop delegate $a end)", void + "0a 0c 01 0a 00 02 40 06 40 01 18 00 0b 0b | " +
			"00 10 04 6e 61 6d 65 03 09 01 00 02 00 01 61 01 01 62"},
		{"legacy delegate in parentheses", "(func (try (do) (delegate 0)))", void + "0a 08 01 06 00 06 40 18 00 0b"},
		{"quoted and plain names are one", `(func $"a\62" (call $ab))`, void + "0a 06 01 04 00 10 00 0b | 00 0c 04 6e 61 6d 65 01 05 01 00 02 61 62"},
		{"name annotations", `(module $m (@name "x") (func $f (@name "y")))`, void + "0a 04 01 02 00 0b | 00 0f 04 6e 61 6d 65 00 02 01 78 01 04 01 00 01 79"},
		{"custom sections", `(module (@custom "z") (@custom "b" (before first) "1") (func) (@custom "c" (after func) "2\00" "3") (@custom "d" (before code)) (@other "x"))`,
			"00 03 01 62 31 | 01 04 01 60 00 00 | 03 02 01 00 | 00 05 01 63 32 00 33 | 00 02 01 64 | 0a 04 01 02 00 0b | 00 02 01 7a"},
		{"binary", `(module $m binary "\00asm\01\00\00\00" "\05\03\01\00\01")`, "05 03 01 00 01"},
		{"inline segment of 1.0", `(memory 1) (data 0 (i32.const 1) "a")`, "05 03 01 00 01 | 0b 07 01 00 41 01 0b 01 61"},
		{"memory with data", `(memory i64 (data "a" "b"))`, "05 04 01 05 01 01 | 0b 08 01 00 42 00 0b 02 61 62"},
		{"table of non-null functions", "(func $f) (table (ref func) (elem $f))",
			"01 04 01 60 00 00 | 03 02 01 00 | 04 06 01 64 70 01 01 01 | 09 0c 01 06 00 41 00 0b 64 70 01 d2 00 0b | 0a 04 01 02 00 0b | " +
				"00 0b 04 6e 61 6d 65 01 04 01 00 01 66"},
		{"locals of one type are a group", "(func (local i32 i32) (local i32) (local f64))", void + "0a 08 01 06 02 03 7f 01 7c 0b"},
		{"imported memory and lane", `(memory 1) (memory 1) (func (drop (v128.load8_lane 1 3 (i32.const 0) (v128.const i64x2 -1 0))))`,
			"01 04 01 60 00 00 | 03 02 01 00 | 05 05 02 00 01 00 01 | 0a 1f 01 1d 00 41 00 fd 0c ff ff ff ff ff ff ff ff 00 00 00 00 00 00 00 00 fd 54 40 01 00 03 1a 0b"},
	}
	for _, test := range tests {
		got, err := Module([]byte(test.source))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		want, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "").Replace(test.want))
		if err != nil {
			t.Fatal(err)
		}
		if got = bytes.TrimPrefix(got, []byte(preamble)); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %x\nwant %x", test.name, got, want)
		}
	}
}

func TestModuleNames(t *testing.T) {
	b, err := Module([]byte(`(module $m
		(import "a" "b" (func $imported (param i32) (param $x i32)))
		(func $own (param $p i32) (param i64) (param $q (@name "quoted q") i32) (local $l f32)))`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode.Module(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Names.Module != "m" || m.Names.Functions[0] != "imported" || m.Names.Functions[1] != "own" {
		t.Errorf("names = %+v", m.Names)
	}
	if locals := m.Names.Locals[1]; locals[0] != "p" || locals[2] != "quoted q" || locals[3] != "l" || len(locals) != 3 {
		t.Errorf("locals = %v", locals)
	}
	if locals := m.Names.Locals[0]; locals[1] != "x" || len(locals) != 1 {
		t.Errorf("locals of the import = %v", locals)
	}
}

func TestModuleMalformed(t *testing.T) {
	tests := []struct{ source, want string }{
		{"(", "1:2: unexpected token: the text ends where a module field should be"},
		{"(module", "1:8: unexpected token: the text ends where a module field should be"},
		{"(module))", "1:9: unexpected token ): expected the end of the module"},
		{"(module) (module)", "1:10: unexpected token (: expected the end of the module"},
		{"(module\n  (fun))", "2:4: unknown operator fun: expected a module field"},
		{"(module (i32.add))", "1:10: unexpected token i32.add: expected a module field"},
		{"(func (i32.addd))", "1:8: unknown operator i32.addd: expected an instruction"},
		{"(func i32.const)", "1:16: unexpected token ): expected an integer"},
		{"(func i32.const 4294967296)", "1:17: constant out of range: 4294967296 has more than 32 bits"},
		{"(func f32.const 1e40)", "1:17: constant out of range: 1e40 is no f32"},
		{"(func call $f)", "1:12: unknown function $f"},
		{"(func local.get $x)", "1:17: unknown local $x"},
		{"(func br $x)", "1:10: unknown label $x"},
		{"(func $f) (func $f)", "1:17: duplicate func $f"},
		{"(func (param $x i32) (local $x i32))", "1:29: duplicate local $x"},
		{"(func block $a end $b)", "1:20: mismatching label $b"},
		{"(func block)", "1:12: unexpected token ): expected an instruction, or end"},
		{"(func end)", "1:7: unexpected token end: there is no block here that it belongs to"},
		{"(func (block end))", "1:14: unexpected token end: there is no block here that it belongs to"},
		{"(func block else end)", "1:13: unexpected token else: there is no block here that it belongs to"},
		{"(func try catch_all catch 0 end)", "1:21: unexpected token catch: there is no block here that it belongs to"},
		{"(func (else))", "1:7: unexpected token (else: it stands in no parentheses, or belongs to no block"},
		{"(func (if (nop)))", "1:16: unexpected token ): expected (then ...)"},
		{"(func i32.load align=3)", "1:16: alignment must be a power of two"},
		{"(func i32.load offset=x)", "1:16: unknown operator offset=x: expected offset= and a number"},
		{"(func i32.load offset=0x1_0000_0000_0000_0000)", "1:16: i64 constant out of range: offset=0x1_0000_0000_0000_0000"},
		{"(func v128.const i32x4 0 0)", "1:18: wrong number of lane literals: i32x4 has 4"},
		{"(func v128.const i31x4 0 0)", "1:18: unknown operator i31x4: expected the shape of a vector, as i32x4"},
		{"(type $t (func)) (func (type $t) (param i32))", "1:30: inline function type is not the type $t"},
		{"(func (type 3) (param i32))", "1:13: unknown type 3"},
		{"(type (struct (field $a i32) (field $a i32)))", "1:37: duplicate field $a"},
		{"(type $s (struct)) (func struct.get $s $x)", "1:40: unknown field $x"},
		{"(func) (import \"\" \"\" (func))", "1:8: import after function definition"},
		{"(start 0) (start 0)", "1:12: multiple start sections"},
		{"(export \"a\" (funk 0))", "1:14: unknown operator funk: expected (func ...), (table ...), (memory ...), (global ...) or (tag ...)"},
		{"(import \"a\" \"b\" (funk))", "1:18: unknown operator funk: expected (func ...), (table ...), (memory ...), (global ...) or (tag ...)"},
		{"(export \"a\" 1)", "1:13: unexpected token 1: expected (func ...), (table ...), (memory ...), (global ...) or (tag ...)"},
		{"(import \"a\" func)", "1:13: unexpected token func: expected the name of an import"},
		{"(import \"\\ff\" \"b\" (func))", "1:9: malformed UTF-8 encoding: the name of a module"},
		{"(module (@custom \"a\" (beside func)))", "1:23: unexpected token: expected (before ...) or (after ...)"},
		{"(module (@custom x))", "1:18: unknown operator x: expected the name of a custom section"},
		{"(module binary x)", "1:16: unknown operator x: expected a string"},
		{"(module binary) x", "1:17: unknown operator x: expected the end of the module"},
		{"(module (@name 1))", "1:9: malformed annotation: (@name \"...\") has one string"},
		{"(func i32.const 99999999999999999999999999999999999999999999999999999999999999999999999999)",
			"1:17: constant out of range: 999999999999999999999999999999999999999999999999999999999999... has more than 32 bits"},
		{strings.Repeat("(func", 3), "1:16: unexpected token: the text ends where a closing parenthesis should be"},
	}
	for _, test := range tests {
		_, err := Module([]byte(test.source))
		if err == nil || err.Error() != test.want {
			t.Errorf("Module(%q) = %v, want %s", test.source, err, test.want)
		}
		if malformed := (*Error)(nil); err != nil && !errors.As(err, &malformed) {
			t.Errorf("Module(%q) = %T, want *Error", test.source, err)
		}
	}
}

// TestModuleDeep nests as deep as is allowed, and one deeper.
func TestModuleDeep(t *testing.T) {
	nested := func(depth int) []byte {
		return []byte("(func " + strings.Repeat("(block ", depth) + strings.Repeat(")", depth) + ")")
	}
	if _, err := Module(nested(maxFoldedDepth)); err != nil {
		t.Errorf("nested %d deep: %v", maxFoldedDepth, err)
	}
	if _, err := Module(nested(maxFoldedDepth + 1)); err == nil || !strings.Contains(err.Error(), "nested deeper than") {
		t.Errorf("nested %d deep: %v, want an error", maxFoldedDepth+1, err)
	}
	comment := strings.Repeat("(;", 1_000_000) + strings.Repeat(";)", 1_000_000)
	if _, err := Module([]byte(comment)); err != nil {
		t.Errorf("nested comments: %v", err)
	}
	plain := "(func " + strings.Repeat("block ", 100_001) + ")"
	if _, err := Module([]byte(plain)); err == nil || !strings.Contains(err.Error(), "blocks nested deeper than") {
		t.Errorf("nested blocks without parentheses: %v, want an error", err)
	}
}
