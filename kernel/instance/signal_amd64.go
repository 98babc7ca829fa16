package instance

import (
	"errors"

	"mewz/kernel/system"
)

// Signals of Linux on x86-64 (signal(7)).
const (
	signalIllegal  = 4  // SIGILL
	signalTrap     = 5  // SIGTRAP
	signalBus      = 7  // SIGBUS
	signalFloat    = 8  // SIGFPE
	signalSegment  = 11 // SIGSEGV
	timerSignal    = 40 // SIGRTMIN+6 as C libraries count: none of them uses it, nor does the Go runtime
	signalSIKernel = 0x80
)

var trapSignals = [...]uint32{signalIllegal, signalTrap, signalBus, signalFloat, signalSegment}

var errSignals = errors.New("installing the handlers of traps failed")

// installHandlers puts the handlers of the program in front of the Go
// runtime's. Mask, flags and restorer stay the runtime's own, so that a signal
// that goes on to it finds everything as if it had come directly.
func installHandlers() error {
	for _, signal := range trapSignals {
		action, errno := system.GetAction(signal)
		if errno != 0 {
			return errSignals
		}
		if action.Handler == current.trapEntry {
			continue
		}
		current.runtimeHandlers[signal] = action.Handler
		action.Handler = current.trapEntry
		action.Flags |= system.ActionOnStack | system.ActionSigInfo
		if system.SetAction(signal, &action) != 0 {
			return errSignals
		}
	}
	action, errno := system.GetAction(signalSegment)
	if errno != 0 {
		return errSignals
	}
	action.Handler = current.timerEntry
	action.Flags |= system.ActionRestart
	if system.SetAction(timerSignal, &action) != 0 {
		return errSignals
	}
	return nil
}

// Bits of CPUID and XCR0 (Intel SDM volumes 1, 13.2, and 2, CPUID).
const (
	featureOSXSAVE = 1 << 27 // CPUID.1:ECX.OSXSAVE
	stateLeaf      = 0xd
	// programState are the components compiled code can change: x87, SSE, AVX
	// and the three of AVX-512.
	programState = 0xe7
	basicState   = 3 // x87 and SSE
)

// extendedState returns the components that preempted has to save, or 0 when
// the processor has no XSAVE.
func extendedState() uint64 {
	if _, _, ecx, _ := cpuid(1, 0); ecx&featureOSXSAVE == 0 {
		return 0
	}
	mask := uint64(enabledState()) & programState
	for component := uint32(2); component < 8; component++ {
		size, offset, _, _ := cpuid(stateLeaf, component)
		if mask&(1<<component) != 0 && offset+size > saveBytes {
			return basicState
		}
	}
	return mask
}
