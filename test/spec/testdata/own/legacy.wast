;; The legacy form of exceptions beyond the official suite.
;; wast2json --enable-exceptions legacy.wast -o legacy.json

(module
  (tag $i (param i32))
  (tag $j (param i32 i64))
  (global $depth (mut i32) (i32.const 0))
  (func $raise (param i32)
    (if (i32.and (local.get 0) (i32.const 1)) (then (throw $i (local.get 0))))
    (throw $j (local.get 0) (i64.const 1)))

  ;; What C++ makes of an object with a destructor.
  (func $down (param $n i32) (param $v i32)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    try
      (if (i32.eqz (local.get $n)) (then (call $raise (local.get $v))))
      (call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $v))
    catch_all
      (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
      rethrow 0
    end)
  (func (export "down") (param $n i32) (param $rounds i32) (result i64)
    (local $sum i64)
    loop $again
      try
        (call $down (local.get $n) (local.get $rounds))
      catch $i
        (local.set $sum (i64.add (i64.extend_i32_u) (local.get $sum)))
      catch $j
        (local.set $sum (i64.add (local.get $sum)))
        (drop)
      end
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))
    end
    (i64.add (local.get $sum) (i64.mul (i64.const 1000000) (i64.extend_i32_u (global.get $depth)))))

  ;; An exception is still there after others were thrown and caught while it was
  ;; handled, however often it was thrown again meanwhile.
  (func (export "again") (param $n i32) (result i32)
    (local $k i32)
    try (result i32)
      try (result i32)
        (call $raise (i32.const 41))
        (i32.const 0)
      catch $i
        (drop)
        loop $again
          try
            try
              (call $raise (local.get $k))
            catch_all
              try
                rethrow 4
              catch $i
                (drop)
              end
            end
          end
          (br_if $again (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n)))
        end
        rethrow 0
      end
    catch $i
    end)

  ;; delegate to the outermost of three, past a catch_all, and out of the function.
  (func $out (param i32)
    try
      try
        (call $raise (local.get 0))
      delegate 1
    catch_all
    end)
  (func (export "delegate") (param i32) (result i32)
    try $outer (result i32)
      try (result i32)
        try (result i32)
          try (result i32)
            (call $out (local.get 0))
            (i32.const 1)
          delegate $outer
        catch_all
          (i32.const 2)
        end
      catch_all
        (i32.const 3)
      end
    catch $i
    catch $j
      (drop)
      (i32.add (i32.const 1000))
    end)
)
(assert_return (invoke "down" (i32.const 0) (i32.const 1000)) (i64.const 250500))
(assert_return (invoke "down" (i32.const 100) (i32.const 2000)) (i64.const 1001000))
(assert_return (invoke "again" (i32.const 100000)) (i32.const 41))
(assert_return (invoke "delegate" (i32.const 7)) (i32.const 7))
(assert_return (invoke "delegate" (i32.const 8)) (i32.const 1008))
