// Package packet is what a network driver and the network stack hand each other:
// frames, and the memory that their payload lies in.
//
// In: memory of a device.Machine. Out: a pool of chunks that devices reach, and
// the Device interface. Nothing here is on the Go heap but the bookkeeping, and
// nothing is allocated while packets flow. One goroutine owns it all.
//
// Receiving: a frame lies in buffers of the driver, valid until the next call of
// Device.Receive or Device.Recycle; the stack copies what it keeps. Sending: the headers lie
// in a slot of the driver, the payload is chunks by reference, which the driver
// holds until the device has sent them.
package packet
