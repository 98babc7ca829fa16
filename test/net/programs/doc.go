// Package programs is a module of its own for the Go programs of test/net, whose
// sockets are those of a library for wasip1 that the project itself does not use,
// and for the command that is their oracle: wasi-go, which has WasmEdge's sockets
// on wazero.
package programs
