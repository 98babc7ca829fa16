package linuxabi

import (
	"unsafe"

	"mewz/kernel/cpu"
)

// threadAt returns the thread at address: the start of a page of the direct map
// that newThread took for good. The collector never looks there.
//
//go:nosplit
func threadAt(address uintptr) *thread { return (*thread)(cpu.Pointer(address)) }

//go:nosplit
func (t *thread) address() uintptr { return uintptr(unsafe.Pointer(t)) }

// frameAt returns the trap frame that trapEntry pushed at address; it is valid
// until the handler returns.
//
//go:nosplit
func frameAt(address uintptr) *trapFrame { return (*trapFrame)(cpu.Pointer(address)) }

// The following are addresses of global variables of the kernel, which never
// move.

//go:nosplit
func reportAddress() uintptr { return uintptr(unsafe.Pointer(&report.text)) }

//go:nosplit
func headerAddress() uintptr { return uintptr(unsafe.Pointer(&frameHeader)) }

//go:nosplit
func seedAddress() uintptr { return uintptr(unsafe.Pointer(&seed)) }

// stringAddress returns where the bytes of s are: a constant of the kernel.
//
//go:nosplit
func stringAddress(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
