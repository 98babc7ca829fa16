// Package wasi implements the functions that a program may import: WASI
// preview 1 (module wasi_snapshot_preview1, witx of the WebAssembly/WASI
// repository, legacy/preview1), the same under the name it had before (wasi_unstable,
// legacy/preview0), and the sockets of WasmEdge, in both of their generations
// (docs/abi.md; differences in docs/conformance.md).
//
// In: the number of a function (abi.Functions), its parameters as they came
// from the program, and linear memory. Out: an Errno, and results written to
// linear memory. Every address and length of the program is checked against
// linear memory; a bad one is EFAULT and nothing is read or written there. The
// functions are one table (table.go), one file a family. Hardware is reached
// through Clock, Waiter, socket, console, entropy and vfs only, so that everything runs
// under go test.
//
// Sockets never wait (kernel/socket); calls do, in System.wait alone. Whenever a call
// finds nothing it lets the network run first, so that a program that spins gets on too.
//
// Files lie behind vfs.FileSystem. A descriptor holds a reference to its node and a handle;
// whatever ends it gives both back. A call of a file system may take long, and lets the
// network go on meanwhile. Rights, and errors where WASI leaves a choice: docs/decisions/0016.
//
// The goroutine of the program is the only caller: no locks.
package wasi
