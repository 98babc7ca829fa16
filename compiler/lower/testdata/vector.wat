;; Vectors: each instruction in its shape, <16 x i8> between blocks and functions.
(module
  (memory 1)
  (global $stack (mut i32) (i32.const 65536))
  (global $variable (mut v128) (v128.const i32x4 1 2 3 4))
  (global $constant (export "constant") v128 (v128.const i64x2 0 0))
  ;; CHECK: @"g1" = hidden global <16 x i8> <i8 1, i8 0, i8 0, i8 0, i8 2,
  ;; CHECK: @"g2" = hidden constant <16 x i8> zeroinitializer

  ;; No cast between instructions of one shape.
  ;; CHECK: define hidden <16 x i8> @"f0"(<16 x i8> %p0, <16 x i8> %p1)
  ;; CHECK: bitcast <16 x i8> %p1 to <4 x float>
  ;; CHECK: bitcast <16 x i8> %p0 to <4 x float>
  ;; CHECK: fmul <4 x float>
  ;; CHECK-NOT: bitcast
  ;; CHECK: fadd <4 x float>
  ;; CHECK: bitcast <4 x float>
  ;; CHECK: ret <16 x i8>
  (func $chain (param v128 v128) (result v128)
    (f32x4.add (f32x4.mul (local.get 0) (local.get 1)) (v128.const f32x4 2 2 2 nan:0x200000)))

  ;; Lanes that LLVM could take the operand for.
  ;; CHECK: define hidden <16 x i8> @"f1"
  ;; CHECK: call <4 x float> @llvm.experimental.constrained.fmul.v4f32(<4 x float> %3, <4 x float> <float 0x3FF0000000000000, float 0x4000000000000000,
  (func $quiet (param v128) (result v128)
    (f32x4.mul (local.get 0) (v128.const f32x4 1 2 3 4)))

  ;; A constant count needs no splat, another is taken modulo the width.
  ;; CHECK: define hidden <16 x i8> @"f2"
  ;; CHECK: and i32 %p1, 15
  ;; CHECK: trunc i32
  ;; CHECK: shufflevector <8 x i16>
  ;; CHECK: shl <8 x i16>
  ;; CHECK: lshr <8 x i16> %8, <i16 1, i16 1,
  (func $shift (param v128 i32) (result v128)
    (i16x8.shr_u (i16x8.shl (local.get 0) (local.get 1)) (i32.const 17)))

  ;; Accesses trap as a whole: one load or store, of any alignment.
  ;; CHECK: define hidden void @"f3"
  ;; CHECK: load <8 x i8>, ptr %4, align 1
  ;; CHECK: sext <8 x i8> %5 to <8 x i16>
  ;; CHECK: store <16 x i8>
  ;; CHECK: align 1
  ;; CHECK: load volatile <16 x i8>
  (func $memory (param i32)
    (v128.store (local.get 0) (v128.load8x8_s (local.get 0)))
    (drop (v128.load (local.get 0))))

  ;; CHECK: define hidden { <16 x i8>, i32, <16 x i8>, <16 x i8> } @"f4"(<16 x i8> %p0, float %p1)
  ;; CHECK: bitcast float %p1 to i32
  (func $results (param v128 f32) (result v128 f32 v128 v128)
    (local.get 0) (local.get 1) (global.get $variable) (global.get $constant))

  ;; A condition stays an i1.
  ;; CHECK: define hidden i32 @"f5"
  ;; CHECK: icmp ne i128
  ;; CHECK-NOT: zext
  ;; CHECK: br i1
  ;; CHECK: phi <16 x i8>
  (func $branch (param v128) (result i32)
    (i32x4.extract_lane 3
      (if (result v128) (v128.any_true (local.get 0))
        (then (i8x16.neg (local.get 0)))
        (else (v128.const i32x4 1 2 3 4)))))

  ;; Without a processor that has something better, lane by lane.
  ;; CHECK: define hidden <16 x i8> @"f6"
  ;; CHECK: extractelement <16 x i8> %p0, i8
  ;; CHECK: select <16 x i1>
  (func $swizzle (param v128 v128) (result v128)
    (i8x16.swizzle (local.get 0) (local.get 1)))

  ;; CHECK: define hidden <16 x i8> @"f7"
  ;; CHECK: shufflevector <16 x i8> %p0, <16 x i8> %p1, <16 x i32> <i32 0, i32 31,
  (func $shuffle (param v128 v128) (result v128)
    (i8x16.shuffle 0 31 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 0) (local.get 1)))

  ;; CHECK: define hidden <16 x i8> @"f8"
  ;; CHECK: call <2 x float> @llvm.experimental.constrained.fptrunc.v2f32.v2f64
  (func $there-and-back (param v128) (result v128) (local v128)
    (local.set 1 (f64x2.promote_low_f32x4 (local.get 0)))
    (global.set $stack (i32.const 1))
    (f32x4.demote_f64x2_zero (local.get 1)))
)
