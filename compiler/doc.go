// Package compiler translates a WebAssembly module ahead of time into a native
// relocatable object, whose contract is docs/abi.md.
//
// In: the bytes of a module. Out: one ELF object with what the module imports
// undefined, so that it belongs to no operating system. The stages are packages
// of their own: decode, validate, lower, llvm, object.
//
// The same module and options give the same bytes. It never writes a file but
// into the cache.
package compiler
