;; Vectors where the official suite does not look: many parameters and results
;; beside other types, calls through tables and between modules, globals,
;; blocks, loops and locals of every kind.

(module $callee
  (type $swap (func (param v128 v128) (result v128 v128)))
  (global (export "constant") v128 (v128.const i64x2 1 2))
  (global $variable (export "variable") (mut v128) (v128.const i64x2 3 4))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) $swap $first)

  (func $swap (export "swap") (type $swap) local.get 1 local.get 0)
  (func $first (export "first") (param v128) (result v128) local.get 0)

  ;; Ten vectors and two floats: the last ones are on the stack, the vectors
  ;; aligned there.
  (func (export "many") (param v128 v128 f32 v128 v128 v128 v128 i32 v128 v128 f64 v128 i64 v128) (result v128)
    local.get 0 local.get 1 i32x4.add local.get 3 i32x4.add local.get 4 i32x4.add local.get 5 i32x4.add
    local.get 6 i32x4.add local.get 8 i32x4.add local.get 9 i32x4.add local.get 11 i32x4.add
    local.get 13 i32x4.sub
    local.get 2 i32.reinterpret_f32 i32x4.replace_lane 0
    local.get 10 i64.reinterpret_f64 i32.wrap_i64 i32x4.replace_lane 1
    local.get 12 i32.wrap_i64 local.get 7 i32.add i32x4.replace_lane 2)

  ;; In registers: vectors and floats share xmm0 and xmm1.
  (func (export "vector-float") (param v128 f32) (result v128 f32 i32)
    local.get 0 local.get 1 i32.const 7)
  (func (export "four") (param v128) (result v128 v128 i64 v128 v128)
    local.get 0 local.get 0 v128.not i64.const 5 local.get 0 i64x2.neg local.get 0)
  ;; Floats become integers, so that signalling NaNs stay.
  (func (export "floats") (param v128 f32 f64) (result f32 v128 v128 f64)
    local.get 1 local.get 0 local.get 0 v128.not local.get 2)
  ;; In memory.
  (func (export "five") (param v128) (result i32 v128 v128 f32 v128 v128 v128)
    i32.const 1 local.get 0 local.get 0 v128.not f32.const 2.5 local.get 0 i32x4.neg local.get 0 i16x8.neg local.get 0 i8x16.neg)
  (func (export "get") (result v128) global.get $variable)
)
(register "callee")

(assert_return (get "constant") (v128.const i64x2 1 2))
(assert_return (get "variable") (v128.const i64x2 3 4))
(assert_return (invoke "swap" (v128.const i64x2 1 2) (v128.const i64x2 3 4)) (v128.const i64x2 3 4) (v128.const i64x2 1 2))
(assert_return (invoke "many"
    (v128.const i32x4 0 0 0 1) (v128.const i32x4 0 0 0 2) (f32.const nan:0x200001) (v128.const i32x4 0 0 0 4) (v128.const i32x4 0 0 0 8)
    (v128.const i32x4 0 0 0 16) (v128.const i32x4 0 0 0 32) (i32.const 100) (v128.const i32x4 0 0 0 64) (v128.const i32x4 0 0 0 128)
    (f64.const 0x1.0000000000007p0) (v128.const i32x4 0 0 0 256) (i64.const 11) (v128.const i32x4 0 0 0 1000))
  (v128.const i32x4 0x7fa00001 7 111 0xfffffe17))
(assert_return (invoke "vector-float" (v128.const i64x2 1 2) (f32.const 1.5)) (v128.const i64x2 1 2) (f32.const 1.5) (i32.const 7))
(assert_return (invoke "four" (v128.const i64x2 1 2))
  (v128.const i64x2 1 2) (v128.const i64x2 -2 -3) (i64.const 5) (v128.const i64x2 -1 -2) (v128.const i64x2 1 2))
(assert_return (invoke "floats" (v128.const i64x2 1 2) (f32.const nan:0x200000) (f64.const nan:0x4000000000000))
  (f32.const nan:0x200000) (v128.const i64x2 1 2) (v128.const i64x2 -2 -3) (f64.const nan:0x4000000000000))
(assert_return (invoke "five" (v128.const i32x4 1 2 3 4))
  (i32.const 1) (v128.const i32x4 1 2 3 4) (v128.const i32x4 -2 -3 -4 -5) (f32.const 2.5) (v128.const i32x4 -1 -2 -3 -4)
  (v128.const i16x8 -1 0 -2 0 -3 0 -4 0) (v128.const i8x16 -1 0 0 0 -2 0 0 0 -3 0 0 0 -4 0 0 0))

(module $caller
  (type $swap (func (param v128 v128) (result v128 v128)))
  (import "callee" "swap" (func $swap (type $swap)))
  (import "callee" "many" (func $many (param v128 v128 f32 v128 v128 v128 v128 i32 v128 v128 f64 v128 i64 v128) (result v128)))
  (import "callee" "four" (func $four (param v128) (result v128 v128 i64 v128 v128)))
  (import "callee" "floats" (func $floats (param v128 f32 f64) (result f32 v128 v128 f64)))
  (import "callee" "five" (func $five (param v128) (result i32 v128 v128 f32 v128 v128 v128)))
  (import "callee" "constant" (global $constant v128))
  (import "callee" "variable" (global $variable (mut v128)))
  (import "callee" "table" (table 2 funcref))
  (global $copy v128 (global.get $constant))
  (global $own (mut v128) (v128.const f32x4 nan:0x200000 0 0 1))
  (memory 1)

  (func (export "swap") (param v128 v128) (result v128 v128) (call $swap (local.get 0) (local.get 1)))
  (func (export "many") (param v128) (result v128)
    (call $many (local.get 0) (local.get 0) (f32.const 1) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i32.const 1)
      (local.get 0) (local.get 0) (f64.const 0) (local.get 0) (i64.const 2) (local.get 0)))
  (func (export "four") (param v128) (result v128 v128 i64 v128 v128) (call $four (local.get 0)))
  (func (export "floats") (param v128 f32 f64) (result f32 v128 v128 f64) (call $floats (local.get 0) (local.get 1) (local.get 2)))
  (func (export "five") (param v128) (result i32 v128 v128 f32 v128 v128 v128) (call $five (local.get 0)))
  (func (export "indirect") (param v128 v128 i32) (result v128 v128)
    (call_indirect (type $swap) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "indirect-none") (param i32) ;; wast2json gets a trap with two vectors wrong
    (call_indirect (type $swap) (global.get $copy) (global.get $copy) (local.get 0)) (drop) (drop))
  (func (export "copy") (result v128) (global.get $copy))
  (func (export "set") (param v128) (global.set $variable (local.get 0)))
  (func (export "own") (param v128) (result v128) (global.get $own) (global.set $own (local.get 0)))

  (func (export "local") (result v128) (local v128) (local.get 0))
  (func (export "block") (param v128 i32) (result v128)
    (block (result v128)
      (br_if 0 (i16x8.neg (local.get 0)) (local.get 1))
      (drop) (f32x4.abs (local.get 0))))
  (func (export "if") (param v128 i32) (result v128)
    (if (result v128) (local.get 1)
      (then (i32x4.add (local.get 0) (local.get 0)))
      (else (v128.const i64x2 0 0))))
  (func (export "loop") (param v128 i32) (result v128) (local v128)
    (loop
      (local.set 2 (i64x2.add (local.get 2) (local.get 0)))
      (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (local.get 2))
  (func (export "select") (param v128 v128 i32) (result v128) (select (i8x16.neg (local.get 0)) (f64x2.neg (local.get 1)) (local.get 2)))
  (func (export "typed-select") (param v128 v128 i32) (result v128) (select (result v128) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "unreachable") (result v128) (unreachable) (i8x16.add))

  ;; A value that is dropped must still trap; a trap leaves memory as it was.
  (func (export "drop") (param i32) (drop (v128.load8x8_s (local.get 0))))
  (func (export "drop-lane") (param i32) (drop (v128.load16_lane 3 (local.get 0) (v128.const i64x2 0 0))))
  (func (export "store") (param i32) (v128.store (local.get 0) (v128.const i64x2 -1 -1)))
  (func (export "word") (result i64) (i64.load (i32.const 65528)))

  ;; What LLVM may not fold: a signalling NaN becomes quiet.
  (func (export "multiply") (param v128) (result v128) (f32x4.mul (local.get 0) (v128.const f32x4 1 1 1 1)))
  (func (export "multiply-lane") (param v128) (result f64) (f64x2.extract_lane 0 (f64x2.mul (local.get 0) (v128.const f64x2 1 2))))
  (func (export "add") (param v128) (result v128) (f32x4.add (local.get 0) (v128.const f32x4 -0 -0 -0 -0)))
  (func (export "minimum") (param v128) (result v128) (f32x4.min (v128.const f32x4 -0 -0 -0 -0) (local.get 0)))
  (func (export "minimum-scalar") (param f32) (result f32) (f32.min (local.get 0) (f32.const -0)))
  (func (export "demote") (param v128) (result v128) (local v128)
    (local.set 1 (f64x2.promote_low_f32x4 (local.get 0))) (f32x4.demote_f64x2_zero (local.get 1)))
)

(assert_return (invoke "swap" (v128.const i64x2 1 2) (v128.const i64x2 3 4)) (v128.const i64x2 3 4) (v128.const i64x2 1 2))
(assert_return (invoke "many" (v128.const i32x4 1 2 3 4)) (v128.const i32x4 0x3f800000 0 3 32))
(assert_return (invoke "four" (v128.const i64x2 1 2))
  (v128.const i64x2 1 2) (v128.const i64x2 -2 -3) (i64.const 5) (v128.const i64x2 -1 -2) (v128.const i64x2 1 2))
(assert_return (invoke "floats" (v128.const i64x2 1 2) (f32.const nan:0x200000) (f64.const nan:0x4000000000000))
  (f32.const nan:0x200000) (v128.const i64x2 1 2) (v128.const i64x2 -2 -3) (f64.const nan:0x4000000000000))
(assert_return (invoke "five" (v128.const i32x4 1 2 3 4))
  (i32.const 1) (v128.const i32x4 1 2 3 4) (v128.const i32x4 -2 -3 -4 -5) (f32.const 2.5) (v128.const i32x4 -1 -2 -3 -4)
  (v128.const i16x8 -1 0 -2 0 -3 0 -4 0) (v128.const i8x16 -1 0 0 0 -2 0 0 0 -3 0 0 0 -4 0 0 0))
(assert_return (invoke "indirect" (v128.const i64x2 1 2) (v128.const i64x2 3 4) (i32.const 0)) (v128.const i64x2 3 4) (v128.const i64x2 1 2))
(assert_trap (invoke "indirect-none" (i32.const 1)) "indirect call type mismatch")
(assert_return (invoke "copy") (v128.const i64x2 1 2))
(assert_return (invoke "set" (v128.const i64x2 5 6)))
(assert_return (invoke $callee "get") (v128.const i64x2 5 6))
(assert_return (invoke "own" (v128.const i64x2 5 6)) (v128.const f32x4 nan:0x200000 0 0 1))
(assert_return (invoke "own" (v128.const i64x2 0 0)) (v128.const i64x2 5 6))
(assert_return (invoke "local") (v128.const i64x2 0 0))
(assert_return (invoke "block" (v128.const i16x8 1 2 3 4 5 6 7 8) (i32.const 1)) (v128.const i16x8 -1 -2 -3 -4 -5 -6 -7 -8))
(assert_return (invoke "block" (v128.const f32x4 -1 2 -0 -4) (i32.const 0)) (v128.const f32x4 1 2 0 4))
(assert_return (invoke "if" (v128.const i32x4 1 2 3 4) (i32.const 1)) (v128.const i32x4 2 4 6 8))
(assert_return (invoke "if" (v128.const i32x4 1 2 3 4) (i32.const 0)) (v128.const i32x4 0 0 0 0))
(assert_return (invoke "loop" (v128.const i64x2 3 -4) (i32.const 10)) (v128.const i64x2 30 -40))
(assert_return (invoke "select" (v128.const i64x2 1 0) (v128.const f64x2 1 2) (i32.const 1)) (v128.const i64x2 0xff 0))
(assert_return (invoke "select" (v128.const i64x2 1 0) (v128.const f64x2 1 2) (i32.const 0)) (v128.const f64x2 -1 -2))
(assert_return (invoke "typed-select" (v128.const i64x2 1 0) (v128.const i64x2 1 2) (i32.const 0)) (v128.const i64x2 1 2))
(assert_trap (invoke "unreachable") "unreachable")
(assert_return (invoke "drop" (i32.const 65528)))
(assert_trap (invoke "drop" (i32.const 65529)) "out of bounds memory access")
(assert_return (invoke "drop-lane" (i32.const 65534)))
(assert_trap (invoke "drop-lane" (i32.const 65535)) "out of bounds memory access")
(assert_trap (invoke "store" (i32.const 65528)) "out of bounds memory access")
(assert_return (invoke "word") (i64.const 0))
(assert_trap (invoke "store" (i32.const -1)) "out of bounds memory access")
(assert_return (invoke "store" (i32.const 65520)))
(assert_return (invoke "word") (i64.const -1))
(assert_return (invoke "multiply" (v128.const f32x4 nan:0x200000 2 3 4)) (v128.const f32x4 nan:0x600000 2 3 4))
(assert_return (invoke "multiply-lane" (v128.const f64x2 nan:0x4000000000000 1)) (f64.const nan:0xc000000000000))
(assert_return (invoke "add" (v128.const f32x4 nan:0x200000 2 3 -0)) (v128.const f32x4 nan:0x600000 2 3 -0))
(assert_return (invoke "minimum" (v128.const f32x4 nan:0x200000 2 -3 0)) (v128.const f32x4 nan:0x600000 -0 -3 -0))
(assert_return (invoke "minimum-scalar" (f32.const nan:0x200000)) (f32.const nan:0x600000))
(assert_return (invoke "demote" (v128.const f32x4 nan:0x200000 2 3 4)) (v128.const f32x4 nan:0x600000 2 0 0))

;; Types must match.
(assert_unlinkable (module (import "callee" "constant" (global (mut v128)))) "incompatible import type")
(assert_unlinkable (module (import "callee" "constant" (global i64))) "incompatible import type")
(assert_unlinkable (module (import "callee" "first" (func (param i64) (result v128)))) "incompatible import type")
