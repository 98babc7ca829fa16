package wasi

// clockResGet is clock_res_get: the resolution of a clock.
//
// Parameters: id i32, a clockid; result.resolution i32, where the smallest step
// goes, in nanoseconds (u64).
//
// Errors:
//   - EINVAL: there is no clock id.
//   - EFAULT: the result lies outside of memory.
func (s *System) clockResGet(a *Args) Errno {
	nanos, ok := s.machine.Clock.Resolution(ClockID(uint32(a[0])))
	if !ok {
		return EInval
	}
	if !s.Memory.putUint64(uint32(a[1]), nanos) {
		return EFault
	}
	return Success
}

// clockTimeGet is clock_time_get: the time of a clock.
//
// Parameters: id i32, a clockid; precision i64, how far off the answer may be,
// which is ignored: it is as good as the clock; result.time i32, where the time
// goes, in nanoseconds (u64).
//
// Errors:
//   - EINVAL: there is no clock id.
//   - EFAULT: the result lies outside of memory.
func (s *System) clockTimeGet(a *Args) Errno {
	nanos, ok := s.machine.Clock.Now(ClockID(uint32(a[0])))
	if !ok {
		return EInval
	}
	if !s.Memory.putUint64(uint32(a[2]), nanos) {
		return EFault
	}
	return Success
}
