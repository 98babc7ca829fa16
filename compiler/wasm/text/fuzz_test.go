package text

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"
)

// The parser may take a multiple of the text's bytes: a token of a byte becomes
// twelve, in a list that grows by copying.
const (
	memoryPerByte = 400
	memoryFixed   = 4 << 20
)

// seeds have every kind of field, instruction, type and literal.
var seeds = []string{
	`(module $m (@name "n") (import "a" "b" (func $f (param $x i32) (result i64))) (import "a" "t" (table 1 2 funcref))
		(import "a" "m" (memory i64 1 2 shared)) (import "a" "g" (global (mut f32))) (import "a" "e" (tag (param i32))))`,
	`(type $t (func (param i32 f64) (result (ref null $t)))) (func $f (export "x") (type $t) (local $l v128) (local i32 i32)
		block $b (result i32) local.get 0 br_if $b loop end i32.const -0x1_0 if $c else $c end end drop unreachable)`,
	`(rec (type $s (sub (struct (field $a (mut i8)) (field i64)))) (type (sub final $s (struct (field (mut i8)) (field i64) (field (ref $s))))))
		(type $a (array (mut i16))) (func (struct.set $s $a (struct.new_default $s) (i32.const 1))
		(drop (array.new_fixed $a 2 (i32.const 1) (i32.const 2))) (drop (ref.cast (ref null $s) (ref.null none)))
		(block $l (result anyref) (br_on_cast $l anyref (ref i31) (ref.i31 (i32.const 1)))) drop)`,
	`(memory $m 1) (memory 2) (data $d "a\00\u{41}") (data (memory 1) (offset i32.const 1) "b" "c") (func
		(memory.init 1 $d (i32.const 0) (i32.const 0) (i32.const 1)) (memory.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 1)) data.drop 0
		(i64.store offset=8 align=4 (i32.const 0) (i64.const 0)) (i32.store8 1 (i32.const 0) (i32.const 0)) (memory.fill $m (i32.const 0) (i32.const 0) (i32.const 0)))`,
	`(table $t 1 (ref null func) (ref.null func)) (table i64 funcref (elem $f)) (elem declare func $f) (elem (table 0) (i32.const 0) funcref (item ref.func 0) (ref.null func))
		(elem (i32.const 0) 0) (func $f (call_indirect $t (param i32) (i32.const 1) (i32.const 0)) (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))`,
	`(tag $e (param i32)) (func (block $h (result i32) (try_table (catch $e $h) (catch_all_ref 0) (throw $e (i32.const 1))) (i32.const 0)) drop
		try (result i32) i32.const 0 catch $e catch_all i32.const 1 rethrow 0 end drop (try (do (nop)) (delegate 0)))`,
	`(func (drop (v128.const f32x4 1 -inf nan:0x1 0x1.8p-3)) (drop (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 -1))
		(drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.const i64x2 0 1) (v128.const f64x2 0 1))) (drop (f64.const 0x1p-1074))
		(drop (i32x4.extract_lane 3 (v128.const i32x4 0 0 0 0))) (drop (select (result f32) (f32.const 1e3) (f32.const nan) (i32.const 0))))`,
	`(global $g (mut i64) (i64.add (i64.const 1) (i64.const 2))) (export "g" (global $g)) (func $s (return_call $s) i32.atomic.rmw.add atomic.fence) (start $s)`,
	`(@custom "x" (after func) "y") (@a (b) "c" ;; d
		(; (; ;) ;)) (func $"a b")`,
}

// FuzzModule checks that the parser never panics, that its memory is bounded by
// the text, that its errors are one line, and that what it makes of a text can
// be decoded: it is refused, if at all, because it is invalid, because it goes
// beyond a limit or because it needs what the compiler does not have.
func FuzzModule(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b, err := Module(source)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(memoryFixed+memoryPerByte*len(source)) {
			t.Errorf("Module(%d bytes) allocated %d bytes", len(source), used)
		}
		if err != nil {
			malformed := (*Error)(nil)
			if !errors.As(err, &malformed) || b != nil {
				t.Errorf("Module() = %x, %v, want an *Error alone", b, err)
			}
			if strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
				t.Errorf("Module() = %q, want one line", err)
			}
			return
		}
		if !bytes.Contains(source, []byte("binary")) { // which is taken as it is
			checkDecodes(t, b)
		}
	})
}

// malformedBinary are the errors of the decoder that a module made of a text must
// not have.
var malformedBinary = []error{
	wasm.ErrUnexpectedEnd, wasm.ErrIntegerTooLong, wasm.ErrIntegerTooLarge, wasm.ErrIllegalOpcode, wasm.ErrZeroByteExpected,
	wasm.ErrMalformedRefType, wasm.ErrMalformedValType, wasm.ErrMalformedHeapType, wasm.ErrMalformedCastFlags, wasm.ErrMalformedCatch,
}

func checkDecodes(t *testing.T, b []byte) {
	t.Helper()
	m, err := decode.Module(b)
	var unsupported *wasm.UnsupportedError
	if errors.As(err, &unsupported) || errors.Is(err, decode.ErrImplementationSize) {
		return
	}
	if err != nil {
		t.Errorf("decode: %v\n%x", err, b)
		return
	}
	_, err = validate.Module(m)
	if errors.As(err, &unsupported) {
		return
	}
	for _, malformed := range malformedBinary {
		if errors.Is(err, malformed) {
			t.Errorf("validate: %v\n%x", err, b)
		}
	}
}

// TestSeeds checks that the seeds are well formed.
func TestSeeds(t *testing.T) {
	for _, seed := range seeds {
		if _, err := Module([]byte(seed)); err != nil {
			t.Errorf("Module(%q) = %v", seed, err)
		}
	}
}
