;; OPTIONS: register
;; Global 0 is a parameter and a result of every function of the module.
(module
  (import "env" "f" (func $f (param i32)))
  (global $sp (mut i32) (i32.const 4096))
  (table 2 funcref)
  (elem (i32.const 0) $f $leaf)
  (export "leaf" (func $leaf))
  ;; CHECK: @"t0" = hidden constant [2 x { ptr, i64 }] [{ ptr, i64 } { ptr @"i0", i64 1 }, { ptr, i64 } { ptr @"f1", i64 1 }]
  ;; CHECK: define hidden i32 @"f1"(i32 %g, i32 %p0) #0
  ;; CHECK-NOT: @"g0"
  ;; CHECK: sub i32 %g, 16
  ;; CHECK: ret i32 %
  ;; CHECK: define void @"wasm_export.leaf"(i32 %p0)
  ;; CHECK: load i32, ptr @"g0"
  ;; CHECK: call i32 @"f1"(i32 %2, i32 %p0)
  ;; CHECK: store i32 %3, ptr @"g0"
  (func $leaf (param i32)
    global.get $sp
    i32.const 16
    i32.sub
    global.set $sp)
  ;; CHECK: define hidden { i32, i32 } @"f2"(i32 %g) #0
  ;; CHECK: store i32 %g, ptr @"g0"
  ;; CHECK: call void @"env.f"(i32 1)
  ;; CHECK: load i32, ptr @"g0"
  ;; CHECK: call i32 @"f1"(i32 %3, i32 2)
  ;; CHECK: ret { i32, i32 }
  (func $caller (result i32)
    i32.const 1
    call $f
    i32.const 2
    call $leaf
    i32.const 3)
  ;; CHECK: define hidden i32 @"i0"(i32 %g, i32 %p0) #0
  )
