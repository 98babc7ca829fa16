package main

import (
	"time"

	"mewz/abi"
	"mewz/kernel/cpu"
	"mewz/kernel/device"
	"mewz/kernel/socket"
	"mewz/kernel/system"
)

// source is a device that ends a wait: the port of standard input.
type source interface {
	// Arm asks the device to interrupt when it has something. It returns the
	// interrupts to wait for and whether it has something already.
	Arm() (slots uint32, pending bool)
	// Disarm takes that back.
	Disarm()
}

// deviceSource is a source that can be asked: virtio/net, and what a file system
// waits for (virtio/request).
type deviceSource interface {
	source
	// Pending reports whether there is something to do.
	Pending() bool
}

// Bounds of a wait. Interrupts and notifications may get lost (see package
// virtio), so every wait ends by the clock, and then the rings are looked at
// again. Waits get longer, so an idle machine sleeps: four looks a second are nothing to
// the host, and what is lost is found before a peer sends a second time.
const (
	pauseFirst = 10 * time.Millisecond
	pauseLast  = 250 * time.Millisecond
	pauseBlind = time.Millisecond // for a device without an interrupt

	// pauseOpening is for a device that is being opened, which nobody can arm yet: it
	// is asked two or three things then.
	pauseOpening = 100 * time.Microsecond

	// spinTurns is how often the ring is looked at before the processor halts, with a
	// PAUSE between: 40 to 140 cycles. An answer of the same host comes within
	// some microseconds, and to halt and to be woken takes longer than that.
	spinTurns = 100
)

// waiter is how a machine or a process waits.
type waiter interface {
	// Wait implements wasi.Waiter.
	Wait(input bool, timeout time.Duration)
	// Pause waits for a file system: until its device or descriptor has something,
	// until a frame arrives, or until limit has passed; it may end sooner.
	Pause(of *mount, limit time.Duration)
}

// machineWaiter waits in a machine.
type machineWaiter struct {
	machine device.Machine
	network deviceSource // nil: none
	stdin   source       // nil: the serial port
	// asked is called when something has come over the serial port while that is
	// not the program's input: a request of the host.
	asked func()
}

// Wait waits until a frame arrives, until there is input if input is set, or until
// timeout has passed; it may end sooner.
func (w *machineWaiter) Wait(input bool, timeout time.Duration) {
	if timeout == 0 {
		return
	}
	until := socket.Forever
	if timeout > 0 && timeout != socket.Forever {
		until = w.machine.Now() + timeout
	}
	w.wait(nil, input, until)
}

// Pause waits for the device of a file system.
func (w *machineWaiter) Pause(of *mount, limit time.Duration) {
	if of.device == nil { // it is being opened
		w.machine.Wait(0, min(limit, pauseOpening))
		return
	}
	w.wait(of.device, false, w.machine.Now()+limit)
}

// wait waits for the network, for on if it is not nil, and for input, until a moment.
func (w *machineWaiter) wait(on deviceSource, input bool, until time.Duration) {
	// To look at the ring of a file system does not pay: its answer is made by another
	// thread of the host, and takes longer than to be woken.
	if on == nil && w.spin() {
		return
	}
	for pause := pauseFirst; ; pause = min(2*pause, pauseLast) {
		slots, longest, pending := w.arm(on, input)
		if pending {
			break
		}
		limit := min(pause, longest)
		if until != socket.Forever {
			left := until - w.machine.Now()
			if left <= 0 {
				break
			}
			limit = min(limit, left)
		}
		came := w.machine.Wait(slots, limit)
		if came&device.SlotInput != 0 && w.stdin != nil {
			w.asked()
		}
		if came != 0 {
			break
		}
	}
	for _, s := range [...]deviceSource{w.network, on} {
		if s != nil {
			s.Disarm()
		}
	}
	if input && w.stdin != nil {
		w.stdin.Disarm()
	}
}

// spin looks at the ring of the network for a while; it reports whether there is something.
func (w *machineWaiter) spin() bool {
	if w.network == nil {
		return false
	}
	for range spinTurns {
		if w.network.Pending() {
			return true
		}
		cpu.Pause()
	}
	return false
}

// arm arms the devices. longest is how long to wait at most.
func (w *machineWaiter) arm(on deviceSource, input bool) (slots uint32, longest time.Duration, pending bool) {
	longest = pauseLast
	for _, s := range [...]deviceSource{w.network, on} {
		if s == nil || pending {
			continue
		}
		var more uint32
		if more, pending = s.Arm(); more == 0 {
			longest = pauseBlind
		}
		slots |= more
	}
	if w.stdin != nil || input {
		slots |= device.SlotInput
	}
	if w.stdin != nil && input && !pending {
		var more uint32
		if more, pending = w.stdin.Arm(); more == 0 {
			longest = pauseBlind
		}
		slots |= more
	}
	return slots, longest, pending
}

// processWaiter waits in a Linux process.
type processWaiter struct {
	// network says what to wait for on abi.DescriptorNetwork; nil: there is none.
	network eventSource
	// requests says where the host asks for something (console.Host.Requests).
	requests func() (descriptor int, ok bool)
	asked    func() // called when it does
}

// eventSource is a device that has a descriptor.
type eventSource interface{ Events() system.PollEvents }

// Wait is as that of a machine.
func (w *processWaiter) Wait(input bool, timeout time.Duration) {
	descriptor := none
	if input {
		descriptor = abi.DescriptorStdin
	}
	w.wait(descriptor, timeout)
}

// Pause waits for the descriptor of a file system.
func (w *processWaiter) Pause(of *mount, limit time.Duration) { w.wait(of.descriptor, limit) }

// none is no descriptor.
const none = -1

// wait waits for input on a descriptor, for the network, for a request of the host, and
// for time to pass.
func (w *processWaiter) wait(descriptor int, timeout time.Duration) {
	var set [3]system.PollDescriptor
	n := 0
	if w.network != nil {
		set[n] = system.PollDescriptor{Descriptor: abi.DescriptorNetwork, Events: w.network.Events()}
		n++
	}
	if descriptor != none {
		set[n] = system.PollDescriptor{Descriptor: int32(descriptor), Events: system.PollIn}
		n++
	}
	request, hasRequests := w.requests()
	if hasRequests {
		set[n] = system.PollDescriptor{Descriptor: int32(request), Events: system.PollIn}
		n++
	}
	if timeout == socket.Forever {
		timeout = system.Forever
	}
	system.PollAll(set[:n], timeout) // an error: whoever waits looks again
	if hasRequests && set[n-1].Found != 0 {
		w.asked()
	}
}
