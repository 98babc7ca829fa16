package linuxabi

// call is one system call of the table.
type call struct {
	number   uintptr
	name     string
	function func(*thread) uintptr
	support  Support
	sentence string // what is supported, and what is left out
}

// Support says how much of a system call there is.
type Support uint8

// Levels of support.
const (
	Full    Support = iota + 1 // all that Linux does, as far as one process can tell
	Partial                    // what the Go runtime and the kernel ask for
	Refused                    // answers with an error that callers expect
)

const (
	callSlots      = 512 // a power of two above all numbers of Linux that matter
	callNumberMask = callSlots - 1

	sysNumberSigreturn = 15

	// Private system calls have numbers beyond all of Linux, from "me" on.
	sysNumberCommit          = 0x6d65
	sysNumberDeviceMap       = 0x6d66
	sysNumberDeviceMemory    = 0x6d67
	sysNumberDeviceInterrupt = 0x6d68
	sysNumberDeviceWait      = 0x6d69
	sysNumberInitramfs       = 0x6d6a
	sysNumberDeviceReach     = 0x6d6b
	privateSlots             = 8 // a power of two
	privateMask              = privateSlots - 1
)

// callIndex maps a number to one more than its index in calls; 0 is none.
var (
	callIndex    [callSlots]uint8
	privateIndex [privateSlots]uint8 // from sysNumberCommit on
)

// StartCalls makes the index of the table.
//
//go:nosplit
func startCalls() {
	for i := uintptr(0); i < callCount; i++ {
		number := callAt(i).number
		if number < callSlots {
			callIndex[number&callNumberMask] = uint8(i + 1)
		} else {
			privateIndex[(number-sysNumberCommit)&privateMask] = uint8(i + 1)
		}
	}
}

// systemCall answers the system call of t, which runs, and returns the thread
// that runs next.
//
//lint:ignore U1000 called from entry_amd64.s
//go:nosplit
func systemCall(t *thread) *thread {
	number := t.rax
	result := dispatch(t, number)
	if t.state == stateReady {
		if number != sysNumberSigreturn {
			t.rax = result
		}
		deliverPending(t)
		return t
	}
	if t.state == stateYield {
		t.state = stateReady
	}
	return pick()
}

// dispatch calls the function for a system call.
//
//go:nosplit
func dispatch(t *thread, number uintptr) uintptr {
	t.call = number
	slot := uint8(0)
	if number < callSlots {
		slot = callIndex[number&callNumberMask]
	} else if number-sysNumberCommit < privateSlots {
		slot = privateIndex[(number-sysNumberCommit)&privateMask]
	}
	if slot == 0 {
		return enosys
	}
	return callAt(uintptr(slot - 1)).function(t)
}
