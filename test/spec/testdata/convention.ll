; What compiled modules look like to the runner: the calling convention for
; arguments and several results, traps, memory and its growth.
target triple = "x86_64-unknown-none-elf"

@wasm_memory = external hidden global [0 x i8]
@wasm_memory_bytes = global i64 65536
declare i32 @wasm_memory_grow(i32)
declare void @llvm.ubsantrap(i8 immarg)

define i64 @mixed(i32 %a, i64 %b, float %c, double %d) {
  %a64 = zext i32 %a to i64
  %ci = fptosi float %c to i64
  %di = fptosi double %d to i64
  %s = add i64 %a64, %b
  %t = add i64 %s, %ci
  %u = add i64 %t, %di
  ret i64 %u
}

define i64 @spilled(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f, i64 %g, i64 %h, i32 %i) {
  %x = mul i64 %g, 100
  %y = mul i64 %h, 10
  %z = zext i32 %i to i64
  %xy = add i64 %x, %y
  %xyz = add i64 %xy, %z
  ret i64 %xyz
}

define { i32, double, i64, float, i32 } @five(i32 %a) { ; 3 integers, 2 floats: all registers
  %r0 = insertvalue { i32, double, i64, float, i32 } poison, i32 %a, 0
  %r1 = insertvalue { i32, double, i64, float, i32 } %r0, double 2.0, 1
  %r2 = insertvalue { i32, double, i64, float, i32 } %r1, i64 3, 2
  %r3 = insertvalue { i32, double, i64, float, i32 } %r2, float 4.0, 3
  %r4 = insertvalue { i32, double, i64, float, i32 } %r3, i32 5, 4
  ret { i32, double, i64, float, i32 } %r4
}

define { i32, i64, i32, i64 } @four(i32 %a) {
  %r0 = insertvalue { i32, i64, i32, i64 } poison, i32 %a, 0
  %r1 = insertvalue { i32, i64, i32, i64 } %r0, i64 2, 1
  %r2 = insertvalue { i32, i64, i32, i64 } %r1, i32 3, 2
  %r3 = insertvalue { i32, i64, i32, i64 } %r2, i64 4, 3
  ret { i32, i64, i32, i64 } %r3
}

; LLVM would return the third float on the x87 stack, which changes signalling
; NaNs: the compiler returns more than two as integers.
define { i32, i32, i32 } @floats() {
  ret { i32, i32, i32 } { i32 1065353216, i32 1073741824, i32 1077936128 }
}

define void @divide() {
  call void @llvm.ubsantrap(i8 2)
  unreachable
}

define i32 @load(i32 %address) {
  %a = zext i32 %address to i64
  %p = getelementptr i8, ptr @wasm_memory, i64 %a
  %v = load volatile i32, ptr %p, align 1
  ret i32 %v
}

define i32 @grow(i32 %pages) {
  %old = call i32 @wasm_memory_grow(i32 %pages)
  ret i32 %old
}

define i32 @recurse(i32 %n) "probe-stack"="inline-asm" {
  %buffer = alloca [20000 x i8]
  %m = add i32 %n, 1
  %r = call i32 @recurse(i32 %m)
  %p = getelementptr i8, ptr %buffer, i32 %r
  store volatile i8 1, ptr %p
  %s = add i32 %r, 1
  ret i32 %s
}

define void @wild() {
  store volatile i8 1, ptr inttoptr (i64 4096 to ptr)
  ret void
}

define i64 @copied(ptr %to) {
  call void @llvm.memset.p0.i64(ptr @scratch, i8 7, i64 4096, i1 false)
  %p = getelementptr i8, ptr @scratch, i64 4088
  %v = load i64, ptr %p
  ret i64 %v
}

@scratch = internal global [4096 x i8] zeroinitializer
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
