;; Throws through functions and catches: exits with 40 plus what it caught, then, without
;; arguments to tell it otherwise, throws what nobody catches.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (tag $t (param i32))
  (tag $nobody)
  (func $down (param $n i32)
    (if (i32.eqz (local.get $n)) (then (throw $t (i32.const 2))))
    (call $down (i32.sub (local.get $n) (i32.const 1))))
  (func (export "_start")
    try
      (call $down (i32.const 100))
    catch $t
      (if (i32.ne (i32.const 2)) (then (call $exit (i32.const 1))))
    end
    (throw $nobody)))
