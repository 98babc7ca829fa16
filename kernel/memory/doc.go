// Package memory manages the memory of a machine: which page frames are free,
// which ranges of virtual memory mean what, and the page tables in between.
//
// In: the memory map of the VMM and the program headers of the image. Out:
// frames, areas and a page fault handler that fills areas on first touch.
// Intel SDM volume 3, chapter 4 (4-level paging); x86/HVM direct boot ABI (PVH).
//
// It runs below the Go runtime: every function is nosplit, allocates nothing
// from the Go heap, holds no Go pointers, so takes no write barrier, and cannot
// panic. Interrupts are off while it runs, so there are no locks. Running out of
// frames is a result, never the end: the caller decides.
//
//	0x0000_0000_0000  page 0: never mapped
//	0x0000_0040_0000  kernel, mapped at boot by its program headers
//	0x0000_0000_0000 … 0x7fff_ffff_f000  areas: image segments, mmap
//	0xffff_8000_0000_0000  direct map of RAM, not executable, without the image
//	0xffff_ff00_0000_0000  stacks of the kernel, guard pages between them
//	0xffff_ff00_4000_0000  device registers, uncached
package memory
