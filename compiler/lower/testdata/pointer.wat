;; OPTIONS: pointer prefix
(module
  (memory 1)
  ;; CHECK: @"p$wasm_memory_base" = external hidden global ptr
  ;; CHECK: define hidden i32 @"p$f0"(i32 %p0)
  ;; CHECK: %base = load ptr, ptr @"p$wasm_memory_base", !invariant.load !1
  ;; CHECK: getelementptr i8, ptr %base, i64
  (func (param i32) (result i32)
    local.get 0
    i32.load)
  )
