;; Control flow becomes SSA: phis only where values differ and are read.
(module
  (memory 1)
  ;; CHECK: define hidden i32 @"f0"(i32 %p0) #0
  ;; CHECK-NOT: alloca
  ;; CHECK: phi i32
  ;; CHECK: ret i32
  (func $sum (export "sum") (param i32) (result i32) (local i32)
    loop
      local.get 1
      local.get 0
      i32.add
      local.set 1
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0
    end
    local.get 1)

  ;; A local that the loop does not write needs no phi.
  ;; CHECK: define hidden i32 @"f1"
  ;; CHECK-NOT: phi
  ;; CHECK: ret i32
  (func $no_phi (param i32 i32) (result i32)
    loop
      local.get 0
      i32.load
      br_if 0
    end
    local.get 1)

  ;; Cases that go where the default goes are left out; a target of several
  ;; others is reached by one edge.
  ;; CHECK: define hidden i32 @"f2"
  ;; CHECK: switch i32 %p0, label %b
  (func $table (param i32) (result i32)
    block (result i32)
      block (result i32)
        i32.const 7
        local.get 0
        br_table 1 0 0 1 1
      end
      i32.const 1
      i32.add
    end)

  ;; Loop parameters.
  ;; CHECK: define hidden { i32, i64 } @"f3"
  ;; CHECK: phi i32
  ;; CHECK: phi i64
  ;; CHECK: insertvalue { i32, i64 }
  (func $multi (param i32) (result i32 i64)
    i32.const 0
    i64.const 1
    loop (param i32 i64) (result i32 i64)
      i64.const 2
      i64.mul
      block (param i32 i64) (result i32 i64)
        local.get 0
        i32.eqz
        br_if 0
        local.get 0
        i32.const 1
        i32.sub
        local.set 0
        br 1
      end
    end)

  ;; Code that cannot be reached is not lowered.
  ;; CHECK: define hidden i32 @"f4"
  ;; CHECK-NOT: mul
  ;; CHECK: call void @llvm.ubsantrap(i8 12) #1
  (func $dead (param i32) (result i32)
    unreachable
    local.get 0
    i32.mul
    if (result i32)
      i32.const 1
    else
      i32.const 2
    end))
