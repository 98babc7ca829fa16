;; OPTIONS: locations
;; Every place that can trap has its own trap, which LLVM may not merge.
(module
  (memory 1)
  ;; CHECK: attributes #1 = { nomerge noreturn nounwind }
  ;; CHECK: distinct !DISubprogram(name: "f0"
  ;; CHECK: define hidden i32 @"f0"(i32 %p0, i32 %p1) #0 !dbg !
  ;; CHECK: load i32, ptr %4, align 1, !dbg !
  ;; CHECK: call void @llvm.ubsantrap(i8 2) #1, !dbg !
  ;; CHECK: call void @llvm.ubsantrap(i8 2) #1, !dbg !
  (func (param i32 i32) (result i32)
    local.get 0
    i32.load
    local.get 1
    i32.div_u
    local.get 0
    i32.div_u))
