// Package kernelfile builds the ELF file of a kernel and checks in it what the
// linker of images and the machine rely on. It runs on the host.
//
// In: a Go package with the kernel's main. Out: a static ELF file with its symbol
// table, in which one unused program header has become the PT_NOTE of the PVH
// boot protocol, so that it boots as it stands. ELF-64 gABI; x86/HVM direct boot
// ABI. It never changes anything but that header.
package kernelfile
