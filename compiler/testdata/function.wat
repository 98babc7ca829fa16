(module
  (import "env" "f" (func (param i32)))
  (memory 1)
  (func $divide (export "divide") (param i32 i32) (result i32)
    (i32.div_s (i32.load (local.get 0)) (local.get 1)))
  (func $loop (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call $divide (local.get 0) (i32.const 3))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  (local.get 1)))
