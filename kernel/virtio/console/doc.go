// Package console drives a virtio console device with ports (virtio 1.2, 5.3).
//
// In: a transport, and the names of the ports that are wanted. Out: Ports, each
// a stream of bytes in both directions. A port's buffers for input are given to
// the device at the first Read; a Write returns when the device has taken all.
// Bytes go through memory of the driver, in large pieces.
//
// One goroutine owns the device with all its ports. A wait has no end when the
// host takes or sends nothing, but is made of bounded ones, after each of which
// the rings are looked at again and the device is notified again. When the
// device breaks a rule, every call returns the error from then on.
package console
