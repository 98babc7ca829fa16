package interrupt

import "unsafe"

// The tables are global variables of the kernel, which never move; the
// processor keeps their addresses for as long as the machine runs.

//go:nosplit
func globalTableAddress() uintptr { return uintptr(unsafe.Pointer(&globalTable)) }

//go:nosplit
func interruptTableAddress() uintptr { return uintptr(unsafe.Pointer(&interruptTable)) }

//go:nosplit
func taskStateAddress() uintptr { return uintptr(unsafe.Pointer(&taskState)) }

//go:nosplit
func tableRegisterAddress() uintptr { return uintptr(unsafe.Pointer(&tableRegister)) }
