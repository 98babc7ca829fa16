package linuxabi

import "unsafe"

// callAt returns entry i of the table; i is below callCount. An index expression
// would carry a check that may panic.
//
//go:nosplit
func callAt(i uintptr) *call {
	return (*call)(unsafe.Add(unsafe.Pointer(&calls), i*unsafe.Sizeof(call{})))
}
