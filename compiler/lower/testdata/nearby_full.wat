;; A memory that is all of the address space from the beginning has no byte to spare,
;; but for those in front of an offset.
(module
  (memory 65536)
  ;; CHECK: define hidden void @"f0"(i32 %p0)
  ;; CHECK: store i32 1
  ;; CHECK: = add i32 %p0, 12
  ;; CHECK: store i32 2
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: store i32 3
  (func (param i32)
    (i32.store offset=8 (local.get 0) (i32.const 1))
    (i32.store (i32.add (local.get 0) (i32.const 12)) (i32.const 2))
    (i32.store (i32.add (local.get 0) (i32.const 8)) (i32.const 3))))
