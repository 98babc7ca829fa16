package instance

import (
	"errors"
	"unsafe"
)

// importsMax is how many functions can be bound; numbers of imports are bytes, so
// that the index into imports needs no comparison.
const importsMax = 256

// Exited is the result of a function that ends the program.
const Exited = 1<<16 - 1

// imports are the functions that Bind has bound, by number, and importHost is their
// first parameter. They are global because dispatchImport is on the way of every call.
var (
	imports    [importsMax]func(host unsafe.Pointer, args *Args) uint16
	importHost unsafe.Pointer
)

var errImports = errors.New("instance: no functions to bind, or more than numbers of one byte")

// Bind has the functions of table answer the imports, by number; each gets host.
// It replaces what was bound before.
//
// The functions are called as ones of another type: pointers are passed alike
// whatever they point to, arguments are arrays of the same words, and a defined type
// of 16 bits is returned as those. TestImports calls some through all entries.
func Bind[H any, A ~[len(Args{})]uint64, E ~uint16, F ~func(*H, *A) E](host *H, table []F) error {
	if len(table) == 0 || len(table) > importsMax {
		return errImports
	}
	importHost = unsafe.Pointer(host) // global: it lives as long as the kernel
	for number := range imports {
		function := table[number%len(table)]
		imports[number] = *(*func(unsafe.Pointer, *Args) uint16)(unsafe.Pointer(&function))
	}
	return nil
}

// dispatchImport answers the call of an import. It is called by hostcall2 to
// hostcall6, on the Go stack. It checks no stack because the function does.
//
//go:nosplit
//lint:ignore U1000 called from context_amd64.s
func dispatchImport() {
	current.errno = imports[uint8(current.number)](importHost, &current.args)
}
