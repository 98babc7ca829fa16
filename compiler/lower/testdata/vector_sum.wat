;; In a loop, what goes around is added last.
(module
  (memory 1)
  ;; CHECK: define hidden <16 x i8> @"f0"(i32 %p0)
  ;; CHECK: %v12 = phi <16 x i8>
  ;; CHECK: %20 = freeze <4 x i32> %19
  ;; CHECK: %22 = add <4 x i32> %20, %21
  ;; CHECK: %23 = freeze <4 x i32> %22
  ;; CHECK: %24 = bitcast <16 x i8> %v12 to <4 x i32>
  ;; CHECK: %25 = add <4 x i32> %24, %23
  ;; CHECK: icmp ne i32
  (func (param i32) (result v128) (local $sum v128)
    (loop $next
      (local.set $sum
        (i32x4.add
          (v128.load offset=16 (local.get 0))
          (i32x4.add (v128.load (local.get 0)) (local.get $sum))))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 32)))))
    (local.get $sum))

  ;; A sum that a local holds too is left as it is, and so is one of floats.
  ;; CHECK: define hidden <16 x i8> @"f1"(i32 %p0)
  ;; CHECK-NOT: freeze
  ;; CHECK: define
  (func (param i32) (result v128) (local $sum v128) (local $first v128)
    (loop $next
      (local.set $sum
        (f32x4.add
          (v128.load offset=16 (local.get 0))
          (i32x4.add
            (v128.load (local.get 0))
            (local.tee $first (i32x4.add (v128.load (local.get 0)) (local.get $sum))))))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 32)))))
    (v128.xor (local.get $first) (local.get $sum)))
  (func))
