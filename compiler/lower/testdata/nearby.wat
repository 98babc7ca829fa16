;; Addresses near one that was accessed before are made of its 64 bits.
(module
  (memory 1)

  ;; The first access is by the parameter; the others share its extension.
  ;; CHECK: define hidden i32 @"f0"(i32 %p0)
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: load i32
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: add nuw nsw i64 %7, 28
  ;; CHECK: load i32
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: add nuw nsw i64 %13, 8
  ;; CHECK: load i32
  (func $after (param i32) (result i32)
    (i32.load (local.get 0))
    (i32.load offset=12 (i32.add (local.get 0) (i32.const 16)))
    (i32.load (i32.sub (i32.add (i32.const 24) (local.get 0)) (i32.const 16)))
    i32.add
    i32.add)

  ;; Nothing says that a sum does not wrap: before the access, below it, too far.
  ;; CHECK: define hidden void @"f1"(i32 %p0)
  ;; CHECK: %3 = add i32 %p0, 16
  ;; CHECK: zext i32 %3 to i64
  ;; CHECK: store i32 0
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: store i32 1
  ;; CHECK: %8 = add i32 %p0, -4
  ;; CHECK: zext i32 %8 to i64
  ;; CHECK: store i32 2
  ;; CHECK: %11 = add i32 %p0, 60000
  ;; CHECK: zext i32 %11 to i64
  ;; CHECK: store i32 3
  (func $unknown (param i32)
    (i32.store (i32.add (local.get 0) (i32.const 16)) (i32.const 0))
    (i32.store (local.get 0) (i32.const 1))
    (i32.store (i32.add (local.get 0) (i32.const -4)) (i32.const 2))
    (i32.store (i32.add (local.get 0) (i32.const 60000)) (i32.const 3)))

  ;; The access is made on one way only.
  ;; CHECK: define hidden void @"f2"(i32 %p0, i32 %p1)
  ;; CHECK: store i32 4
  ;; CHECK: store i32 5
  ;; CHECK: = add i32 %p0, 8
  ;; CHECK: store i32 6
  (func $beside (param i32 i32)
    (if (local.get 1)
      (then (i32.store (local.get 0) (i32.const 4)))
      (else (i32.store offset=4 (local.get 1) (i32.const 5))))
    (i32.store (i32.add (local.get 0) (i32.const 8)) (i32.const 6)))

  ;; It is made before a branch, before a loop.
  ;; CHECK: define hidden void @"f3"(i32 %p0, i32 %p1)
  ;; CHECK: store i32 7
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: store i32 8
  ;; CHECK: zext i32 %p0 to i64
  ;; CHECK: store i32 9
  (func $behind (param i32 i32)
    (i32.store (local.get 0) (i32.const 7))
    (if (local.get 1)
      (then (i32.store (i32.add (local.get 0) (i32.const 4)) (i32.const 8))))
    (loop
      (i32.store (i32.add (local.get 0) (i32.const 8)) (i32.const 9))
      (br_if 0 (local.get 1))))

  ;; What goes around a loop is another value in each pass.
  ;; CHECK: define hidden void @"f4"(i32 %p0)
  ;; CHECK: store i32 10
  ;; CHECK: = phi i32
  ;; CHECK: zext i32 %v
  ;; CHECK: store i32 11
  ;; CHECK: zext i32 %v
  ;; CHECK: , 8
  ;; CHECK: store i32 12
  (func $around (param i32)
    (i32.store (local.get 0) (i32.const 10))
    (loop
      (i32.store (local.get 0) (i32.const 11))
      (i32.store (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const 12))
      (br_if 0 (local.get 0)))))
