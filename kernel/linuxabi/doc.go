// Package linuxabi is Linux for one process: the system calls that the Go
// runtime and the portable part of the kernel make, threads, signals, and the
// exceptions and interrupts of the processor, all in ring 0.
//
// In: the SYSCALL instruction, exceptions, interrupts. Out: what Linux would
// have done (man-pages 6.x; x86-64 psABI). Table has every system call, and some
// private ones for linear memory and for drivers above the runtime. Writes
// to descriptors 1 to 4 become frames of the host channel (package abi), reads
// from 0 come from the serial port.
//
// It runs below the Go runtime: every function is nosplit, allocates nothing,
// takes no write barrier and cannot panic; kernel/kernelfile proves it from the
// machine code. Interrupts are off in all of it but WaitForInterrupt, and there
// is one processor, so there are no locks. Addresses from the caller are checked
// against the areas of the address space before they are used.
//
// How the processor comes in, and on which stack:
//
//	SYSCALL           sysEntry    kernel stack
//	interrupt         trapEntry   interrupt stack; to switch threads: kernel stack
//	page fault        trapEntry   page fault stack; to deliver a signal: kernel stack
//	other exception   trapEntry   interrupt stack; to deliver a signal: kernel stack
//	#DF, NMI, #MC     trapEntry   a stack each; the machine ends
package linuxabi
