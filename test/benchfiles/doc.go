// Command benchfiles measures file systems: ours in a machine, and those of Linux
// over the same devices of the same host, in guest instructions.
//
// In: one program in C (src/files.c), as a module and native; Debian's kernel. Out:
// tables in docs/benchmarks.md. Each machine is a QEMU with one processor under TCG
// with a plugin that counts. The program does an operation n times and 3n times; the
// difference is what 2n cost, so that what happens once does not count. Iterations of
// string instructions (rep movs, which Linux copies by) are left out on both sides;
// our kernel copies by vector instructions, which count.
package main
