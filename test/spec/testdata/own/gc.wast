;; The heap of objects under load: what stays reachable keeps its contents, what
;; does not gives its memory back. Each function returns 0 or a checksum. The
;; runner process gives the heap 512 MiB.
(module $gc
  (memory 1) ;; compiler/testdata/linux.c wants one
  (type $node (struct (field $left (mut (ref null $node))) (field $right (mut (ref null $node))) (field $value (mut i32))))
  (type $pair (struct (field $extra (ref null $node)) (field $next (mut (ref null $pair)))))
  (type $numbers (array (mut i32)))
  (type $bytes (array (mut i8)))
  (type $vectors (array (mut v128)))
  (type $slots (array (mut (ref null $numbers))))
  (type $any (array (mut anyref)))
  (type $chunk (struct (field $data (ref $bytes)) (field $next (ref null $chunk))))

  (global $tree (mut (ref null $node)) (ref.null $node))
  (global $constant (ref $node) (struct.new $node (ref.null $node) (struct.new $node (ref.null $node) (ref.null $node) (i32.const 5)) (i32.const 4)))
  (global $chunks (mut (ref null $chunk)) (ref.null $chunk))
  (table $table 4 externref)
  (table $any 4 anyref)
  (elem $segment (ref $node) (item (struct.new $node (ref.null $node) (ref.null $node) (i32.const 77))))
  (global $seed (mut i32) (i32.const 1))

  (func $random (result i32)
    (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $seed) (i32.const 8)))

  ;; A tree of 2^depth - 1 nodes with values 1, 2, 3 ... by level.
  (func $build (param $depth i32) (param $value i32) (result (ref null $node))
    (if (i32.eqz (local.get $depth)) (then (return (ref.null $node))))
    (struct.new $node
      (call $build (i32.sub (local.get $depth) (i32.const 1)) (i32.mul (local.get $value) (i32.const 2)))
      (call $build (i32.sub (local.get $depth) (i32.const 1)) (i32.add (i32.mul (local.get $value) (i32.const 2)) (i32.const 1)))
      (local.get $value)))
  (func $sum (param $node (ref null $node)) (result i32)
    (if (ref.is_null (local.get $node)) (then (return (i32.const 0))))
    (i32.add (struct.get $node $value (local.get $node))
      (i32.add (call $sum (struct.get $node $left (local.get $node))) (call $sum (struct.get $node $right (local.get $node))))))

  ;; Short-lived nodes beside a tree that stays.
  (func $churn (export "churn") (param $depth i32) (param $rounds i32) (param $count i32) (result i32)
    (local $i i32) (local $last (ref null $node)) (local $bad i32)
    (global.set $tree (call $build (local.get $depth) (i32.const 1)))
    (loop $round
      (local.set $i (local.get $count))
      (loop $more
        (local.set $last (struct.new $node (ref.null $node) (ref.null $node) (local.get $i)))
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $more (local.get $i)))
      (local.set $bad (i32.add (local.get $bad) (i32.ne (struct.get $node $value (local.get $last)) (i32.const 1))))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $round (local.get $rounds)))
    (i32.add (call $sum (global.get $tree)) (local.get $bad)))

  ;; A list so long that marking it does not fit the mark stack, with garbage
  ;; made meanwhile and after it.
  (func $list (export "list") (param $length i32) (param $garbage i32) (result i64)
    (local $head (ref null $pair)) (local $i i32) (local $sum i64)
    (local.set $i (local.get $length))
    (loop $more
      (local.set $head (struct.new $pair (struct.new $node (ref.null $node) (ref.null $node) (local.get $i)) (local.get $head)))
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $more (local.get $i)))
    (loop $more
      (drop (call $build (i32.const 3) (i32.const 1)))
      (local.set $garbage (i32.sub (local.get $garbage) (i32.const 1)))
      (br_if $more (local.get $garbage)))
    (block $done
      (loop $walk
        (br_if $done (ref.is_null (local.get $head)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (struct.get $node $value (struct.get $pair $extra (local.get $head))))))
        (local.set $head (struct.get $pair $next (local.get $head)))
        (br $walk)))
    (local.get $sum))

  ;; Arrays of all sizes come and go in slots; each holds one number throughout.
  (func $slots (export "slots") (param $count i32) (param $steps i32) (param $longest i32) (result i32)
    (local $slots (ref $slots)) (local $at i32) (local $length i32) (local $old (ref null $numbers)) (local $new (ref $numbers))
    (local $i i32) (local $bad i32) (local $value i32)
    (local.set $slots (array.new_default $slots (local.get $count)))
    (loop $step
      (local.set $at (i32.rem_u (call $random) (local.get $count)))
      (local.set $old (array.get $slots (local.get $slots) (local.get $at)))
      (if (i32.eqz (ref.is_null (local.get $old)))
        (then
          (local.set $i (array.len (local.get $old)))
          (if (local.get $i)
            (then
              (local.set $value (array.get $numbers (local.get $old) (i32.const 0)))
              (if (i32.ne (i32.rem_u (local.get $value) (local.get $count)) (local.get $at))
                (then (local.set $bad (i32.add (local.get $bad) (i32.const 1)))))
              (loop $check
                (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                (if (i32.ne (array.get $numbers (local.get $old) (local.get $i)) (local.get $value))
                  (then (local.set $bad (i32.add (local.get $bad) (i32.const 1)))))
                (br_if $check (local.get $i)))))))
      ;; Lengths up to the longest, short ones far more often.
      (local.set $length (i32.shr_u (i32.rem_u (call $random) (local.get $longest)) (i32.rem_u (call $random) (i32.const 14))))
      (local.set $new (array.new_default $numbers (local.get $length)))
      ;; A new array is clear.
      (local.set $i (local.get $length))
      (if (local.get $i)
        (then
          (loop $check
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (if (array.get $numbers (local.get $new) (local.get $i)) (then (local.set $bad (i32.add (local.get $bad) (i32.const 1)))))
            (br_if $check (local.get $i)))))
      (array.fill $numbers (local.get $new) (i32.const 0)
        (i32.add (i32.mul (local.get $count) (i32.rem_u (call $random) (i32.const 1000))) (local.get $at)) (local.get $length))
      (array.set $slots (local.get $slots) (local.get $at) (local.get $new))
      (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
      (br_if $step (local.get $steps)))
    (local.get $bad))

  ;; What only a global, a table, a segment, a frame or an array of anything keeps.
  (func $plant (export "plant")
    (local $all (ref $any))
    (local.set $all (array.new_default $any (i32.const 3000)))
    (array.set $any (local.get $all) (i32.const 2999) (struct.new $node (ref.null $node) (ref.null $node) (i32.const 11)))
    (array.set $any (local.get $all) (i32.const 1) (ref.i31 (i32.const 12)))
    (table.set $any (i32.const 2) (local.get $all))
    (table.set $table (i32.const 3) (extern.convert_any (struct.new $node (ref.null $node) (ref.null $node) (i32.const 13)))))
  (func $value (param $v anyref) (result i32) (struct.get $node $value (ref.cast (ref $node) (local.get $v))))
  (func $harvest (export "harvest") (result i32)
    (local $all (ref $any))
    (local.set $all (ref.cast (ref $any) (table.get $any (i32.const 2))))
    (table.init $any $segment (i32.const 0) (i32.const 0) (i32.const 1))
    (i32.add
      (i32.add (call $value (array.get $any (local.get $all) (i32.const 2999)))
        (i31.get_u (ref.cast (ref i31) (array.get $any (local.get $all) (i32.const 1)))))
      (i32.add
        (i32.add (call $value (any.convert_extern (table.get $table (i32.const 3)))) (call $value (table.get $any (i32.const 0))))
        (i32.add (struct.get $node $value (global.get $constant)) (struct.get $node $value (struct.get $node $right (global.get $constant)))))))
  (func $frames (export "frames") (param $depth i32) (param $mine i32) (result i32)
    (local $kept (ref $node))
    (local.set $kept (struct.new $node (ref.null $node) (ref.null $node) (local.get $mine)))
    (if (local.get $depth)
      (then
        (drop (call $build (i32.const 6) (i32.const 1)))
        (return (i32.add (call $frames (i32.sub (local.get $depth) (i32.const 1)) (i32.add (local.get $mine) (i32.const 1)))
          (i32.ne (struct.get $node $value (local.get $kept)) (local.get $mine))))))
    (i32.ne (struct.get $node $value (local.get $kept)) (local.get $mine)))

  ;; Until there is no room; then the room comes back.
  (func (export "exhaust")
    (loop $more
      (global.set $chunks (struct.new $chunk (array.new $bytes (i32.const 1) (i32.const 1000000)) (global.get $chunks)))
      (br $more)))
  (func (export "recover") (result i32)
    (local $i i32) (local $n i32)
    (local.set $n (i32.const 0))
    (global.set $chunks (ref.null $chunk))
    (local.set $i (i32.const 3000))
    (loop $more
      (local.set $n (i32.add (local.get $n) (array.len (array.new_default $bytes (i32.const 1000000)))))
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $more (local.get $i)))
    (i32.div_u (local.get $n) (i32.const 1000000)))
  (func (export "huge") (param $length i32) (result i32)
    (array.len (array.new_default $vectors (local.get $length))))
  (func (export "large") (param $length i32) (result i32)
    (local $v (ref $bytes)) (local $i i32) (local $sum i32)
    (local.set $v (array.new_default $bytes (local.get $length)))
    (array.set $bytes (local.get $v) (i32.sub (local.get $length) (i32.const 1)) (i32.const 200))
    (i32.add (array.get_s $bytes (local.get $v) (i32.sub (local.get $length) (i32.const 1))) (array.get_u $bytes (local.get $v) (i32.const 0))))

  ;; All of it in an image (test/apps), with less memory.
  (func $check (param $ok i32) (if (i32.eqz (local.get $ok)) (then (unreachable))))
  (func (export "_start")
    (call $plant)
    (call $check (i32.eq (call $churn (i32.const 14) (i32.const 10) (i32.const 1000000)) (i32.const 134209536)))
    (call $check (i64.eq (call $list (i32.const 1200000) (i32.const 300000)) (i64.const 720000600000)))
    (call $check (i32.eqz (call $slots (i32.const 700) (i32.const 20000) (i32.const 4000))))
    (call $check (i32.eqz (call $frames (i32.const 1000) (i32.const 1))))
    (call $check (i32.eq (call $harvest) (i32.const 122))))
)
(invoke "plant")
(assert_return (invoke "large" (i32.const 200000000)) (i32.const -56))
(assert_return (invoke "large" (i32.const 200000000)) (i32.const -56))
(assert_return (invoke "churn" (i32.const 16) (i32.const 20) (i32.const 3000000)) (i32.const 2147450880))
(assert_return (invoke "list" (i32.const 2500000) (i32.const 2000000)) (i64.const 3125001250000))
(assert_return (invoke "slots" (i32.const 700) (i32.const 200000) (i32.const 40000)) (i32.const 0))
(assert_return (invoke "slots" (i32.const 20000) (i32.const 1000000) (i32.const 300)) (i32.const 0))
(assert_return (invoke "frames" (i32.const 20000) (i32.const 1)) (i32.const 0))
(assert_exhaustion (invoke "frames" (i32.const 10000000) (i32.const 1)) "call stack exhausted")
(assert_trap (invoke "exhaust") "out of memory (GC heap)")
(assert_return (invoke "recover") (i32.const 3000))
(assert_trap (invoke "large" (i32.const 600000000)) "out of memory (GC heap)")
(assert_trap (invoke "huge" (i32.const -1)) "out of memory (GC heap)")
(assert_return (invoke "large" (i32.const 200000000)) (i32.const -56))
(assert_return (invoke "huge" (i32.const 100)) (i32.const 100))
(assert_return (invoke "slots" (i32.const 700) (i32.const 100000) (i32.const 100000)) (i32.const 0))
(assert_return (invoke "harvest") (i32.const 122))

;; An image that uses up its memory (test/apps).
(module
  (memory 1)
  (type $bytes (array (mut i8)))
  (type $chunk (struct (field $data (ref $bytes)) (field $next (ref null $chunk))))
  (func (export "_start")
    (local $chunks (ref null $chunk))
    (loop $more
      (local.set $chunks (struct.new $chunk (array.new $bytes (i32.const 1) (i32.const 50000)) (local.get $chunks)))
      (br $more)))
)
(assert_trap (invoke "_start") "out of memory (GC heap)")
