;; Sums in loops: what is there early is added first.
(module
  (memory 1)

  ;; The loads come before what is computed of a local that goes around.
  ;; CHECK: define hidden void @"f0"(i32 %p0)
  ;; CHECK: %6 = xor i32 %5, 5
  ;; CHECK: %14 = add i32 %p0, %9
  ;; CHECK: %15 = add i32 %13, %14
  ;; CHECK: %16 = add i32 %6, %15
  ;; CHECK: ret void
  (func $ordered (param i32) (local i32)
    (loop
      (i32.add
        (i32.add
          (i32.add (local.get 0) (i32.xor (i32.rotl (local.get 1) (i32.const 3)) (i32.const 5)))
          (i32.load (i32.const 16)))
        (i32.load (i32.const 32)))
      (local.set 1)
      (br_if 0 (local.get 1))))

  ;; What the local had before is last.
  ;; CHECK: define hidden void @"f1"(i64 %p0, i64 %p1)
  ;; CHECK: %v4 = phi i64 [ %p0, %b1 ], [ %8, %b3 ]
  ;; CHECK: %7 = xor i64 %p1, %p1
  ;; CHECK: %8 = xor i64 %7, %v4
  ;; CHECK: ret void
  (func $accumulated (param i64 i64)
    (loop
      (local.set 0 (i64.xor (i64.xor (local.get 0) (local.get 1)) (local.get 1)))
      (br_if 0 (i64.eqz (local.get 0)))))

  ;; A sum that a local has is one term of another.
  ;; CHECK: define hidden void @"f2"(i32 %p0)
  ;; CHECK: %8 = add i32 %p0, %p0
  ;; CHECK: %9 = add i32 %8, %6
  ;; CHECK: %10 = add i32 %9, %p0
  ;; CHECK: ret void
  (func $shared (param i32) (local i32 i32)
    (loop
      (i32.mul (local.get 1) (local.get 2))
      (i32.add (local.get 0))
      (i32.add (local.get 0))
      (local.tee 1)
      (i32.add (local.get 0))
      (local.set 2)
      (br_if 0 (local.get 2))))

  ;; Out of loops everything stays in its order.
  ;; CHECK: define hidden i32 @"f3"(i32 %p0, i32 %p1, i32 %p2)
  ;; CHECK: %3 = mul i32 %p0, %p1
  ;; CHECK: %4 = add i32 %3, %p1
  ;; CHECK: %5 = add i32 %4, %p2
  ;; CHECK: ret
  (func $straight (param i32 i32 i32) (result i32)
    (i32.add (i32.add (i32.mul (local.get 0) (local.get 1)) (local.get 1)) (local.get 2))))
