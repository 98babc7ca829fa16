// Command benchnet compares HTTP servers in Wasm in our machine with servers in
// a Linux guest of the same size, native ones and the same Wasm under another
// engine (issue 4):
//
//	go run ./test/benchnet [-quick] [-only NAMES] [-markdown FILE] [-profile FILE]
//
// In: the command build/mewz (or what MEWZ says), the programs of test/net,
// Debian's packages of Linux 6.1 and nginx (unpacked, not installed), QEMU, wrk. Out:
// tables on standard output, what is being done on standard error; with -markdown the
// tables replace those between the markers of FILE, and plots lie beside it.
//
// Everything runs under TCG with one processor, on TAP devices in a network
// namespace of this process, which ends with it. Every server has two machines:
// one for requests per second, one with a plugin (histogram/histogram.c) for
// instructions of the guest. Only the machine that is measured runs: the others are stopped.
// A count is the difference of a long and a short run, so that opening and
// closing the connections cancels out. Nothing fails because it is slow, but a
// response that is not the file is an error.
package main
