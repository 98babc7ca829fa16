// Package peers is a module of its own for what only the benchmarks need and
// what is too large for the project's: wasmtime as a library, which comes
// prebuilt and is called through cgo, and a library that plots.
package peers
