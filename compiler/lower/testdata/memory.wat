;; Linear memory is a symbol; offsets become displacements.
(module
  (memory (export "memory") 1 10)
  (data (i32.const 16) "static")
  (data $passive "passive")
  ;; CHECK: @"d1" = external hidden global [0 x i8]
  ;; CHECK: @"wasm_memory" = external hidden global [0 x i8]
  ;; CHECK: declare i32 @"wasm_memory_grow"(i32) nounwind
  ;; CHECK: define hidden i32 @"f0"(i32 %p0)
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: add nuw nsw i64 %3, 4294967295
  ;; CHECK: getelementptr i8, ptr @"wasm_memory", i64 %4
  ;; CHECK: load i32, ptr %5, align 1
  (func $load (param i32) (result i32)
    local.get 0
    i32.load offset=0xffffffff)

  ;; Only a load that is dropped at once is volatile.
  ;; CHECK: define hidden void @"f1"
  ;; CHECK: load volatile i8
  (func $dropped (param i32)
    local.get 0
    i32.load8_u
    drop)

  ;; CHECK: define hidden void @"f2"
  ;; CHECK: , 7
  ;; CHECK: load i64, ptr @"wasm_memory_bytes"
  ;; CHECK: call void @llvm.memcpy.p0.p0.i64
  (func $init (param i32 i32 i32)
    local.get 0
    local.get 1
    local.get 2
    memory.init $passive)

  ;; CHECK: define hidden i32 @"f3"
  ;; CHECK: call i32 @"wasm_memory_grow"(i32 1)
  (func $grow (result i32)
    i32.const 1
    memory.grow)

  ;; CHECK: define void @"wasm_instantiate"() #0 {
  ;; CHECK-NOT: memcpy
  ;; CHECK: ret void
  )
