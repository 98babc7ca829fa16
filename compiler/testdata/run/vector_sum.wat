;; Sums of vectors in a loop, whose additions are turned around, wrap around as
;; before; all lanes of a vector by or.
(module
  (memory 1)
  (data (i32.const 0) "\ff\ff\ff\7f\01\00\00\00\02\00\00\00\03\00\00\00\ff\ff\ff\ff\04\00\00\00\05\00\00\00\06\00\00\00")
  ;; x times, from y: lane 0, or 3, of the sum of two vectors and 7.
  (func (export "words") (param i64 i64 i64) (result i64) (local $sum v128)
    (local.set $sum (i32x4.splat (i32.wrap_i64 (local.get 1))))
    (loop $next
      (local.set $sum
        (i32x4.add
          (i32x4.add
            (v128.load offset=16 (i32.const 0))
            (i32x4.add (v128.load (i32.const 0)) (local.get $sum)))
          (i32x4.splat (i32.const 7))))
      (br_if $next (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (i64.extend_i32_u
      (if (result i32) (i64.eqz (local.get 2))
        (then (i32x4.extract_lane 0 (local.get $sum)))
        (else (i32x4.extract_lane 3 (local.get $sum))))))
  ;; The partial sum is read again, in other lanes.
  (func (export "mixed") (param i64 i64 i64) (result i64) (local $sum v128) (local $part v128)
    (loop $next
      (local.set $sum
        (i8x16.add
          (i16x8.add
            (v128.load (i32.const 16))
            (local.tee $part (i16x8.add (v128.load (i32.const 0)) (local.get $sum))))
          (local.get $part)))
      (br_if $next (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (i64x2.extract_lane 0 (local.get $sum)))
  ;; x times, from y: what goes around is in the sum twice, and the whole sum is read again.
  (func (export "twice") (param i64 i64 i64) (result i64) (local $sum v128) (local $all i64)
    (local.set $sum (i32x4.splat (i32.wrap_i64 (local.get 1))))
    (loop $next
      (local.set $all
        (i64.add (local.get $all)
          (i64.extend_i32_u
            (i32x4.extract_lane 1
              (local.tee $sum
                (i32x4.add (local.get $sum) (i32x4.add (v128.load (i32.const 16)) (local.get $sum))))))))
      (br_if $next (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (local.get $all))
  ;; All lanes by or: x in lane 2, y in lane 3, z in lanes 0 and 1.
  (func (export "any") (param i64 i64 i64) (result i64) (local $v v128)
    (local.set $v
      (i32x4.replace_lane 3
        (i32x4.replace_lane 2 (i32x4.splat (i32.wrap_i64 (local.get 2))) (i32.wrap_i64 (local.get 0)))
        (i32.wrap_i64 (local.get 1))))
    (i64.extend_i32_u
      (i32.or
        (i32x4.extract_lane 3 (local.get $v))
        (i32.or
          (i32.or (i32x4.extract_lane 0 (local.get $v)) (i32x4.extract_lane 1 (local.get $v)))
          (i32x4.extract_lane 2 (local.get $v)))))))
;; words 1 0 0 = 2147483653
;; words 2 10 0 = 20
;; words 1 0 1 = 16
;; words 3 4294967295 1 = 47
;; mixed 1 0 0 = 30047862525
;; mixed 2 0 0 = 81553521911
;; twice 1 1 0 = 6
;; twice 3 1 0 = 58
;; any 0 0 0 = 0
;; any 4 0 0 = 4
;; any 0 2147483648 1 = 2147483649
;; any 8 4 3 = 15
