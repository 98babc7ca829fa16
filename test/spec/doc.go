// Package spec runs the core test suites of WebAssembly 1.0, 2.0 and 3.0 on what the
// compiler makes of it: native code in Linux processes.
//
// In: the suite as JSON commands and modules (the output of wast2json), which
// wazero's Go module carries, and the scripts of 3.0 as they are (suite3.go,
// wast.go). Out: one Outcome for each assertion, and
// the table of docs/conformance.md. Specification: the script format of the
// reference interpreter (WebAssembly/spec, interpreter/README.md).
//
// The way of a file: ReadScript or Script.Read -> Plan (which modules share a process) ->
// Runner.Run, which for each command decodes and validates X, links the object into a process (loader.go: relocation,
// imports matched by the rules of the specification, 4.5.4), and calls it
// (process.go, runner.c). Every module is its own object with its own symbols.
//
// A module that shares its process with no other uses linear memory at
// abi.MemoryBase, as in an image; modules linked with each other have
// memories anywhere, behind a pointer (lower.MemoryPointer).
package spec
