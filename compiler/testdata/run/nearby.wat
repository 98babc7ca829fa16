;; An address near one that was accessed traps where it is beyond memory, and wraps
;; around where nothing was accessed.
(module
  (memory 1)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08")
  ;; The access to p is made if y is not zero.
  (func (export "may") (param i64 i64 i64) (result i64) (local $p i32)
    (local.set $p (i32.wrap_i64 (local.get 0)))
    (if (i64.ne (local.get 1) (i64.const 0))
      (then (i32.store8 offset=100 (local.get $p) (i32.const 0))))
    (i64.load8_u (i32.add (local.get $p) (i32.const 16))))
  (func (export "after") (param i64 i64 i64) (result i64) (local $p i32)
    (local.set $p (i32.wrap_i64 (local.get 0)))
    (i64.add
      (i64.load8_u (local.get $p))
      (i64.load8_u (i32.add (local.get $p) (i32.const 2)))))
  (func (export "below") (param i64 i64 i64) (result i64) (local $p i32)
    (local.set $p (i32.wrap_i64 (local.get 0)))
    (i64.add
      (i64.load8_u (local.get $p))
      (i64.load8_u (i32.sub (local.get $p) (i32.const 2)))))
  ;; From x, y times by 2 upwards: each byte, if z is zero, and its neighbour. Beyond the
  ;; last address the neighbour is byte 0.
  (func (export "loop") (param i64 i64 i64) (result i64) (local $p i32) (local $sum i64)
    (local.set $p (i32.wrap_i64 (local.get 0)))
    (loop $next
      (if (i64.eqz (local.get 2))
        (then (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $p))))))
      (local.set $sum (i64.add (local.get $sum) (i64.load8_u (i32.add (local.get $p) (i32.const 1)))))
      (local.set $p (i32.add (local.get $p) (i32.const 2)))
      (local.set 1 (i64.sub (local.get 1) (i64.const 1)))
      (br_if $next (i64.ne (local.get 1) (i64.const 0))))
    (local.get $sum))
  (func (export "grow") (param i64 i64 i64) (result i64)
    (i64.extend_i32_s (memory.grow (i32.wrap_i64 (local.get 0))))))
;; may 4294967280 0 0 = 1
;; may 4294967283 0 0 = 4
;; may 4294967280 1 0 = trap 1
;; may 1 1 0 = 0
;; may 65520 0 0 = trap 1
;; after 0 0 0 = 4
;; after 65533 0 0 = 0
;; after 65534 0 0 = trap 1
;; after 4294967294 0 0 = trap 1
;; below 2 0 0 = 4
;; below 1 0 0 = trap 1
;; below 65536 0 0 = trap 1
;; loop 0 4 0 = 36
;; loop 4294967295 4 1 = 16
;; loop 65534 1 0 = 0
;; loop 65534 2 0 = trap 1
;; loop 4294967295 1 0 = trap 1
