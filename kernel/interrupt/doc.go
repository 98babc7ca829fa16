// Package interrupt sets up how the processor enters the kernel: descriptor
// tables, the local APIC with its timer, and the I/O APIC.
//
// In: addresses of entry code and of stacks. Out: interrupts at vectors. Intel
// SDM volume 3, chapters 6 (exceptions), 8 (task state segment) and 11 (local
// APIC); 82093AA (I/O APIC). It knows nothing of threads: kernel/linuxabi owns
// the entry code. It runs below the Go runtime, see package memory.
package interrupt
