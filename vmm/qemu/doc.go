// Package qemu runs an image under QEMU.
//
// In: a vmm.Machine. Out: a vmm.Result. The machine has what abi/layout.go and
// abi/port.go list and nothing else: isa-debugcon as host channel, a virtio
// console device with a port for each stream, a serial port for kernels that do
// not know it, isa-debug-exit, a real-time clock. No other device, no network,
// no disk, no monitor.
//
// QEMU never gets the descriptors of this command: it would make them
// non-blocking for all who share them, and keep errors of writing to itself.
// Output comes through pipes, which are copied; input goes out when the machine
// asks for it, so nothing is read that its program does not read.
//
// KVM is used where it works. A /dev/kvm that opens proves little: on nested or
// emulated virtualisation it may take a machine and then not run it. So a
// machine under KVM has to show its first frame within kvmReadyTimeout; if it
// does not, it is killed and started again under TCG before the program has
// seen any input or the user any output, and the verdict is kept in the user's
// cache directory until the computer boots again.
package qemu
