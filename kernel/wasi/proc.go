package wasi

import "runtime"

// procExit is proc_exit: the program ends. It has no result and does not
// return.
//
// Parameters: rval i32, the exit code.
func (s *System) procExit(a *Args) Errno {
	s.exitCode = uint32(a[0])
	return Exited
}

// procRaise is proc_raise: a signal to the program itself, of which preview 1
// says no more; newer versions have dropped it.
//
// Parameters: sig i32, a signal.
//
// Errors:
//   - ENOSYS: always.
func (s *System) procRaise(*Args) Errno { return ENoSys }

// schedYield is sched_yield: lets others run, which are the kernel's own
// goroutines and the network: a program that spins until something arrives does no
// harm but to itself.
//
// Errors: none.
func (s *System) schedYield(*Args) Errno {
	runtime.Gosched()
	s.poll()
	return Success
}
