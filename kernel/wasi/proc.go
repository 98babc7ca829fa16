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

// Signals by what they do (witx: signal). Those that stop a program have nobody here who could
// continue it.
const (
	signalLast     = 30                                    // sys
	signalsIgnored = 1<<13 | 1<<16 | 1<<17 | 1<<22 | 1<<27 // pipe, chld, cont, urg, winch
	signalsStop    = 1<<18 | 1<<19 | 1<<20 | 1<<21         // stop, tstp, ttin, ttou
	signalsKnown   = (1<<(signalLast+1) - 1) &^ 1          // 0 is reserved
	signalExitBase = 128                                   // of the exit code that a shell sees
	signalLinux    = 16                                    // numbers from here on are one less than those of Linux
)

// procRaise is proc_raise: a signal to the program itself, which can handle none. One that
// terminates ends the machine with the exit code that a shell shows: 128 and the
// number that the signal has on Linux.
//
// Parameters: sig i32, a signal.
//
// Errors:
//   - EINVAL: there is no such signal; 0 is none.
//   - ENOTSUP: the signal would stop the program for good.
func (s *System) procRaise(a *Args) Errno {
	signal := uint32(a[0])
	switch {
	case signal > signalLast || signalsKnown>>signal&1 == 0:
		return EInval
	case signalsIgnored>>signal&1 != 0:
		return Success
	case signalsStop>>signal&1 != 0:
		return ENotSup
	}
	if signal >= signalLinux {
		signal++
	}
	s.exitCode = signalExitBase + signal
	return Exited
}

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
