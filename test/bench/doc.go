// Command bench measures what the design sets budgets for (DESIGN.md, section
// 6) and what else issue 2 asks for: code speed, the way to the first Wasm
// instruction, a WASI call, sizes, memory, compile and link time.
//
//	go run ./test/bench [-short] [-only NAME] [-markdown FILE]
//
// In: the command build/mewz (or what MEWZ says), the programs of src/ built by
// test/toolchain, QEMU. Out: tables on standard output, what is being done on
// standard error; with -markdown the tables replace those between the markers
// of FILE.
//
// A computer is noisy, so what is compared is either a ratio between programs
// that ran in turn in the same minutes, the best of several rounds each, or a
// count of guest instructions under QEMU's TCG (icount/icount.c). Nothing here
// fails because something is slow: it fails when something does not run, or
// gives a wrong result. Every process has an end: the whole run has -timeout.
package main
