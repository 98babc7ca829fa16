;; Imports are symbols of the environment; what they decide is done at run time.
(module
  (import "env" "f" (func $f (param i32)))
  (import "env" "g" (global $g i32))
  (import "env" "t" (table $t 1 funcref))
  (import "env" "m" (memory 1))
  (global $own i32 (global.get $g))
  (global $fixed i64 (i64.const 5))
  (export "f again" (func $f))
  (export "own" (global $own))
  (elem (global.get $g) func $main)
  (data (global.get $g) "abc")
  (start $main)
  ;; CHECK: declare void @"env.f"(i32) nounwind
  ;; CHECK: @"g1" = hidden global i32 0
  ;; CHECK: @"wasm_export.own" = alias i32, ptr @"g1"
  ;; CHECK: @"g2" = hidden constant i64 5
  ;; CHECK: define hidden void @"f1"() #0
  ;; CHECK: call void @"env.f"(i32 5)
  (func $main
    global.get $fixed
    i32.wrap_i64
    call $f)
  ;; CHECK: define void @"wasm_instantiate"() #0 {
  ;; CHECK: load i32, ptr @"env.g"
  ;; CHECK: store i32 %3, ptr @"g1"
  ;; CHECK: load ptr, ptr @"env.t"
  ;; CHECK: load i64, ptr @"env.m.bytes"
  ;; CHECK: getelementptr i8, ptr @"env.m"
  ;; CHECK: call void @"f1"()
  ;; CHECK: ubsantrap(i8 10)
  ;; CHECK: ubsantrap(i8 11)
  ;; CHECK: define void @"wasm_export.f%20again"(i32 %p0)
  )
