package memory

import "unsafe"

// commandLineAddress is the address of a global variable, which never moves.
//
//go:nosplit
func commandLineAddress() uintptr { return uintptr(unsafe.Pointer(&commandLine)) }
