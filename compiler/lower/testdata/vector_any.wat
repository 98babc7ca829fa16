;; Lane by lane: whether some lane is not zero.
(module
  ;; CHECK: define hidden i32 @"f0"(<16 x i8> %p0)
  ;; CHECK: call i32 @llvm.vector.reduce.or.v4i32(<4 x i32>
  ;; CHECK-NOT: or i32
  ;; CHECK: define hidden i32 @"f1"(<16 x i8> %p0, <16 x i8> %p1)
  (func (param v128) (result i32)
    (i32.or
      (i32.or (i32x4.extract_lane 2 (local.get 0)) (i32x4.extract_lane 0 (local.get 0)))
      (i32.or (i32x4.extract_lane 1 (local.get 0)) (i32x4.extract_lane 3 (local.get 0)))))
  ;; Of two vectors, and of three lanes of one.
  ;; CHECK-NOT: reduce
  ;; CHECK: ret
  (func (param v128 v128) (result i32)
    (i32.or
      (i32.or (i32x4.extract_lane 0 (local.get 0)) (i32x4.extract_lane 1 (local.get 0)))
      (i32.or (i32x4.extract_lane 2 (local.get 1)) (i32x4.extract_lane 3 (local.get 1)))))
  ;; CHECK: define hidden i32 @"f2"(<16 x i8> %p0)
  ;; CHECK-NOT: reduce
  ;; CHECK: ret
  (func (param v128) (result i32)
    (i32.or
      (i32.or (i32x4.extract_lane 0 (local.get 0)) (i32x4.extract_lane 1 (local.get 0)))
      (i32.or (i32x4.extract_lane 3 (local.get 0)) (i32x4.extract_lane 3 (local.get 0))))))
