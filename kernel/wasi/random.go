package wasi

// randomGet is random_get: random numbers that nobody can predict.
//
// Parameters: buf i32 and buf_len i32, the bytes to fill.
//
// Errors:
//   - EFAULT: they lie outside of memory.
//   - ENOSYS: the machine has no generator. The kernel does not start a program
//     that imports random_get on such a machine, so this is never seen.
func (s *System) randomGet(a *Args) Errno {
	b, ok := s.Memory.slice(uint32(a[0]), uint32(a[1]))
	if !ok {
		return EFault
	}
	if s.machine.Random == nil {
		return ENoSys
	}
	s.machine.Random.Fill(b)
	return Success
}
