;; Traps of arithmetic, and NaNs.
(module
  (memory 1)
  (func (export "div") (param i64 i64 i64) (result i64) local.get 0 local.get 1 i64.div_s)
  (func (export "rem") (param i64 i64 i64) (result i64) local.get 0 local.get 1 i64.rem_s)
  (func (export "div32") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 local.get 1 i32.wrap_i64 i32.div_s i64.extend_i32_u)
  (func (export "trunc") (param i64 i64 i64) (result i64) local.get 0 f64.reinterpret_i64 i32.trunc_f64_s i64.extend_i32_s)
  (func (export "truncu") (param i64 i64 i64) (result i64) local.get 0 f64.reinterpret_i64 i64.trunc_f64_u)
  (func (export "sat") (param i64 i64 i64) (result i64) local.get 0 f64.reinterpret_i64 i64.trunc_sat_f64_s)
  (func (export "one") (param i64 i64 i64) (result i64)
    local.get 0 f64.reinterpret_i64 f64.const 1 f64.mul i64.reinterpret_f64)
  (func (export "min") (param i64 i64 i64) (result i64)
    local.get 0 f64.reinterpret_i64 local.get 1 f64.reinterpret_i64 f64.min i64.reinterpret_f64)
  (func (export "there") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 f32.reinterpret_i32 f64.promote_f32 f32.demote_f64 i32.reinterpret_f32 i64.extend_i32_u)
  (func (export "nan") (param i64 i64 i64) (result i64) f32.const nan:0x200001 i32.reinterpret_f32 i64.extend_i32_u)
  (func (export "shift") (param i64 i64 i64) (result i64) local.get 0 local.get 1 i64.shl)
  (func $recurse (export "recurse") (param i64 i64 i64) (result i64)
    local.get 0 i64.const 1 i64.add i64.const 0 i64.const 0 call $recurse)
  (func (export "unreachable") (param i64 i64 i64) (result i64) unreachable))
;; div 7 0 0 = trap 2
;; div 9223372036854775808 18446744073709551615 0 = trap 3
;; div 18446744073709551609 2 0 = 18446744073709551613
;; rem 9223372036854775808 18446744073709551615 0 = 0
;; rem 1 0 0 = trap 2
;; div32 2147483648 4294967295 0 = trap 3
;; div32 2147483648 1 0 = 2147483648
;; trunc 9221120237041090560 0 0 = trap 4
;; trunc 13970166044105375744 0 0 = trap 3
;; trunc 13970166044105277440 0 0 = 18446744071562067968
;; truncu 4895412794951729152 0 0 = trap 3
;; truncu 13826050856027422720 0 0 = 0
;; sat 9218868437227405312 0 0 = 9223372036854775807
;; sat 9221120237041090560 0 0 = 0
;; one 9219994337134247936 0 0 = 9222246136947933184
;; min 9219994337134247936 0 0 = 9222246136947933184
;; min 0 9223372036854775808 0 = 9223372036854775808
;; there 2141192192 0 0 = 2145386496
;; nan 0 0 0 = 2141192193
;; shift 1 64 0 = 1
;; recurse 0 0 0 = trap 64
;; unreachable 0 0 0 = trap 12
