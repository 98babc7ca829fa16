;; A table that nothing changes is an array of {code, type id}.
(module
  (type $unary (func (param i32) (result i32)))
  (type $nullary (func (result i32)))
  (table $fixed 3 funcref)
  (table $open 1 5 funcref)
  (elem (table $fixed) (i32.const 1) func $a $b)
  (elem $passive func $a)
  ;; CHECK: @"t0" = hidden constant [3 x { ptr, i64 }] [{ ptr, i64 } zeroinitializer, { ptr, i64 } { ptr @"f0", i64 1 }, { ptr, i64 } { ptr @"f1", i64 3 }]
  ;; CHECK: @"t1.elements" = hidden global [5 x ptr] zeroinitializer
  ;; CHECK: @"t1" = hidden global { ptr, i64, i64 } { ptr @"t1.elements", i64 1, i64 5 }
  ;; CHECK: @"r0" = hidden constant { ptr, i64 } { ptr @"f0", i64 1 }
  (func $a (type $unary) local.get 0)
  (func $b (type $nullary) i32.const 4)

  ;; CHECK: define hidden i32 @"f2"
  ;; CHECK: icmp uge i32 %p0, 3
  ;; CHECK: , 3
  ;; CHECK: , 0
  ;; CHECK: call i32 @"f1"()
  (func (param i32) (result i32)
    local.get 0
    call_indirect $fixed (type $nullary)) ;; nothing but $b can pass the checks

  ;; CHECK: define hidden void @"f3"
  ;; CHECK: store ptr @"r0", ptr
  ;; CHECK: call i32 @"table_grow"(ptr @"t1", ptr null, i32 2)
  (func
    i32.const 0
    ref.func $a
    table.set $open
    ref.null func
    i32.const 2
    table.grow $open
    drop
    elem.drop $passive)
  ;; CHECK: define hidden i32 @"table_grow"
  ;; CHECK: define hidden void @"table_fill"
  )
