;; OPTIONS: slots
;; Without optimisation locals are stack slots, and large offsets are hidden
;; from instruction selection, which would overflow the relocation.
(module
  (memory 1)
  ;; CHECK: %wide = alloca i64
  ;; CHECK: %l0 = alloca i32
  ;; CHECK: store i32 %p0, ptr %l0
  ;; CHECK: store i64 2147483647, ptr %wide
  ;; CHECK: load i64, ptr %wide
  (func (param i32) (result i32)
    local.get 0
    i32.load offset=0x7fffffff))
