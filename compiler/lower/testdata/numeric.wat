;; Everything that LLVM leaves undefined is explicit.
(module
  ;; CHECK: define hidden i32 @"f0"
  ;; CHECK: icmp eq i32 %p1, 0
  ;; CHECK: icmp eq i32 %p1, -1
  ;; CHECK: icmp eq i32 %p0, -2147483648
  ;; CHECK: sdiv i32 %p0, %p1
  ;; CHECK: ubsantrap(i8 2)
  ;; CHECK: ubsantrap(i8 3)
  (func (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)

  ;; A known divisor needs no checks.
  ;; CHECK: define hidden i64 @"f1"
  ;; CHECK-NOT: icmp
  ;; CHECK: srem i64 %p0, 10
  (func (param i64) (result i64) local.get 0 i64.const 10 i64.rem_s)

  ;; CHECK: define hidden i64 @"f2"
  ;; CHECK: and i64 %p1, 63
  ;; CHECK: shl i64 %p0,
  (func (param i64 i64) (result i64) local.get 0 local.get 1 i64.shl)

  ;; CHECK: define hidden i32 @"f3"
  ;; CHECK: fcmp ogt double %p0, 0xC1E0000000200000
  ;; CHECK: fcmp olt double %p0, 0x41E0000000000000
  ;; CHECK: ubsantrap(i8 3)
  ;; CHECK: ubsantrap(i8 4)
  (func (param f64) (result i32) local.get 0 i32.trunc_f64_s)

  ;; x * 1 is not x for a signalling NaN.
  ;; CHECK: define hidden double @"f4"
  ;; CHECK: @llvm.experimental.constrained.fmul.f64(double %p0, double 0x3FF0000000000000
  (func (param f64) (result f64) local.get 0 f64.const 1 f64.mul)

  ;; CHECK: define hidden float @"f5"
  ;; CHECK: ret float bitcast (i32 2141192192 to float)
  (func (result f32) f32.const nan:0x200000)

  ;; CHECK: define hidden i32 @"f6"
  ;; CHECK: call i32 @llvm.fptoui.sat.i32.f32(float %p0)
  (func (param f32) (result i32) local.get 0 i32.trunc_sat_f32_u)

  ;; A comparison is used as a condition without a detour.
  ;; CHECK: define hidden i32 @"f7"
  ;; CHECK-NOT: zext
  ;; CHECK: br i1
  (func (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.lt_u
    i32.eqz
    if (result i32)
      i32.const 1
    else
      i32.const 2
    end))
