// Package virtio has what all virtio drivers share: how a device is brought up,
// and the split virtqueue (virtio 1.2, chapters 2 and 3).
//
// In: a Transport (virtio/mmio, virtio/pci) and memory that the device reaches.
// Out: a negotiated device and queues of buffers. Devices before virtio 1 are
// refused; indirect descriptors and packed queues are not used. A driver whose
// queues are busy uses the event index, the others flags.
//
// A device is outside: what it writes is read once, checked, and only then used.
// What the driver itself needs to know of a queue (which descriptors are free,
// how long a buffer is) it keeps in memory of its own and never reads back. A
// queue whose device breaks the rules is broken for good: Used returns an error
// from then on, and the driver gives the device up. Nothing here waits, except
// for a reset, which is bounded.
//
// QEMU without KVM and with one processor drops memory barriers: neither a
// notification nor an interrupt may be relied on. A driver looks at the used
// ring again after an access to the device and before it waits, bounds every
// wait, and notifies again when nothing moves.
package virtio
