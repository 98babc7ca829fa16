;; Bulk operations check before they write, and a dropped segment is empty.
(module
  (memory (export "memory") 1 3)
  (data $p "\01\02\03\04")
  (data (i32.const 8) "\11\22\33\44")
  (table $t 4 funcref)
  (elem $e func $seven $seven)
  (func $seven (result i32) i32.const 7)
  (func (export "init") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 local.get 1 i32.wrap_i64 local.get 2 i32.wrap_i64 memory.init $p
    local.get 0 i32.wrap_i64 i64.load8_u)
  (func (export "drop") (param i64 i64 i64) (result i64) data.drop $p i64.const 0)
  (func (export "copy") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 local.get 1 i32.wrap_i64 local.get 2 i32.wrap_i64 memory.copy i64.const 0)
  (func (export "fill") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 local.get 1 i32.wrap_i64 local.get 2 i32.wrap_i64 memory.fill i64.const 0)
  (func (export "load") (param i64 i64 i64) (result i64) local.get 0 i32.wrap_i64 i64.load)
  (func (export "far") (param i64 i64 i64) (result i64) local.get 0 i32.wrap_i64 i64.load offset=0xffffffff)
  (func (export "near") (param i64 i64 i64) (result i64) local.get 0 i32.wrap_i64 i64.load offset=0x7fffff00)
  (func (export "lost") (param i64 i64 i64) (result i64) local.get 0 i32.wrap_i64 i64.load drop i64.const 0)
  (func (export "grow") (param i64 i64 i64) (result i64) local.get 0 i32.wrap_i64 memory.grow i64.extend_i32_s)
  (func (export "tinit") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 local.get 1 i32.wrap_i64 local.get 2 i32.wrap_i64 table.init $t $e i64.const 0)
  (func (export "call") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 call_indirect $t (result i32) i64.extend_i32_u)
  (func (export "wrong") (param i64 i64 i64) (result i64)
    local.get 0 i32.wrap_i64 call_indirect $t (result i64)))
;; init 0 0 4 = 1
;; init 0 1 4 = trap 1
;; init 65533 0 4 = trap 1
;; load 65528 0 0 = 0
;; copy 65535 0 1 = 0
;; copy 65535 0 2 = trap 1
;; copy 65536 0 0 = 0
;; copy 65537 0 0 = trap 1
;; fill 65535 1 2 = trap 1
;; load 65528 0 0 = 72057594037927936
;; load 8 0 0 = 1144201745
;; load 65529 0 0 = trap 1
;; far 0 0 0 = trap 1
;; far 4294967295 0 0 = trap 1
;; near 0 0 0 = trap 1
;; lost 65529 0 0 = trap 1
;; drop 0 0 0 = 0
;; init 0 0 1 = trap 1
;; init 5 0 0 = 0
;; grow 1 0 0 = 1
;; load 65529 0 0 = 281474976710656
;; grow 2 0 0 = 18446744073709551615
;; grow 0 0 0 = 2
;; call 0 0 0 = trap 7
;; call 4 0 0 = trap 6
;; tinit 3 0 2 = trap 5
;; tinit 2 0 2 = 0
;; call 3 0 0 = 7
;; wrong 3 0 0 = trap 8
