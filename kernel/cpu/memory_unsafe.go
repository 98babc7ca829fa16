package cpu

import "unsafe"

// Loads and stores at a numeric address. The caller answers for the address:
// it lies in memory that the Go runtime does not manage (page tables, the
// direct map, device registers), or was checked against the areas of the
// address space. unsafe.Add from nil makes the pointer without a conversion
// that the collector could mistake for a heap object: the addresses never lie
// in a span that it would move or free while a system call runs.

// Pointer returns address as a pointer.
//
//go:nosplit
func Pointer(address uintptr) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), address) }

// Load64 loads eight bytes.
//
//go:nosplit
func Load64(address uintptr) uintptr { return *(*uintptr)(Pointer(address)) }

// Load32 loads four bytes.
//
//go:nosplit
func Load32(address uintptr) uint32 { return *(*uint32)(Pointer(address)) }

// Load16 loads two bytes.
//
//go:nosplit
func Load16(address uintptr) uint16 { return *(*uint16)(Pointer(address)) }

// Load8 loads a byte.
//
//go:nosplit
func Load8(address uintptr) uint8 { return *(*uint8)(Pointer(address)) }

// Store64 stores eight bytes.
//
//go:nosplit
func Store64(address, value uintptr) { *(*uintptr)(Pointer(address)) = value }

// Store32 stores four bytes.
//
//go:nosplit
func Store32(address uintptr, value uint32) { *(*uint32)(Pointer(address)) = value }

// Store16 stores two bytes.
//
//go:nosplit
func Store16(address uintptr, value uint16) { *(*uint16)(Pointer(address)) = value }

// Store8 stores a byte.
//
//go:nosplit
func Store8(address uintptr, value uint8) { *(*uint8)(Pointer(address)) = value }
