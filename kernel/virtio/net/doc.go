// Package net drives a virtio network device (virtio 1.2, 5.1).
//
// In: a transport, and the pool that payload lies in. Out: a packet.Device. Of
// what a device offers it takes checksums and segmentation in both directions,
// buffers that are merged for a large frame, the event index, the MTU and the
// state of the link, each only with what it needs (5.1.3.1). It has one queue for
// each direction and no control queue, so it is neither promiscuous nor in
// multicast groups: devices hand over all frames unless they are told otherwise.
//
// A frame to send is one chain: a slot of memory of the driver with the header of
// the device and those of the frame, then payload by reference to chunks, which
// are held until the device has used the chain. Received frames lie in buffers of
// the driver until Recycle. Nothing is allocated after Open.
//
// The device interrupts only while somebody waits: between Arm and Disarm, for a
// frame, or for room when Reserve had none. What was sent is taken back in Flush.
// When a device breaks a rule it is reset and given up; every chunk it held is
// released, and Err says why. One goroutine owns the device.
package net
