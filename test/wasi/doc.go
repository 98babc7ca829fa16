// Package wasi tests all of WASI preview 1, function by function.
//
// In: the programs of src, each of which makes named checks and prints one a line
// (src/check.h), with a specification in testdata in the format of
// WebAssembly/wasi-testsuite: arguments, environment, directories, exit code. Out:
// every check holds on every file system that a program can have, as a process and
// as a machine; and what wazero and wasmtime, the oracles, answer to the same. Where
// an oracle answers otherwise, deviations_test.go says why it is not followed.
//
// src/sequence makes calls about files at random, by a seed. sequence_test.go runs it
// under mewz and wazero and compares answer by answer; its rules say which differences
// are meant. MEWZ_NIGHTLY=1 makes it thousands of sequences.
//
// With MEWZ_WASI_TESTSUITE=DIRECTORY the same harness runs programs that are not
// ours: each .wasm or .wat in the folder or below, with its .json beside it.
package wasi
