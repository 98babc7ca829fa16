// Package boot takes over a machine that a VMM has started with the kernel and
// starts the Go runtime in it, as Linux would have started a process.
//
// In: the state of the PVH boot protocol (x86/HVM direct boot ABI, Xen
// docs/misc/pvh.pandoc): 32-bit protected mode, paging off, EBX = address of
// hvm_start_info. Out: _rt0_amd64_linux runs in ring 0, with a stack, arguments
// and an auxiliary vector; kernel/linuxabi answers its system calls.
//
// A kernel imports it for its effect only. The linker of images finds the note
// of the boot protocol by the symbol mewz/kernel/boot.pvhNote. As a Linux
// process the same file never comes here: its ELF entry is the Go runtime's own.
package boot
