//go:build !nonetwork

package main

import (
	"time"

	"mewz/abi"
	"mewz/kernel/cpu"
	"mewz/kernel/device"
	"mewz/kernel/packet/tap"
	"mewz/kernel/socket"
	"mewz/kernel/system"
)

// source is a device that ends a wait: virtio/net, or the port of standard input.
type source interface {
	// Arm asks the device to interrupt when it has something. It returns the
	// interrupts to wait for and whether it has something already.
	Arm() (slots uint32, pending bool)
	// Disarm takes that back.
	Disarm()
}

// Bounds of a wait. Interrupts and notifications may get lost (see package
// virtio), so every wait ends by the clock, and then the rings are looked at
// again. Waits get longer, so an idle machine sleeps: four looks a second are nothing to
// the host, and what is lost is found before a peer sends a second time.
const (
	pauseFirst = 10 * time.Millisecond
	pauseLast  = 250 * time.Millisecond
	pauseBlind = time.Millisecond // for a device without an interrupt

	// spinTurns is how often the ring is looked at before the processor halts, with a
	// PAUSE between: 40 to 140 cycles. An answer of the same host comes within
	// some microseconds, and to halt and to be woken takes longer than that.
	spinTurns = 100
)

// machineWaiter waits in a machine (wasi.Waiter).
type machineWaiter struct {
	machine device.Machine
	network interface {
		source
		// Pending reports whether there is something to do.
		Pending() bool
	}
	stdin source // nil: the serial port
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
	for range spinTurns {
		if w.network.Pending() {
			return
		}
		cpu.Pause()
	}
	until := socket.Forever
	if timeout > 0 && timeout != socket.Forever {
		until = w.machine.Now() + timeout
	}
	for pause := pauseFirst; ; pause = min(2*pause, pauseLast) {
		slots, longest, pending := w.arm(input)
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
	w.network.Disarm()
	if input && w.stdin != nil {
		w.stdin.Disarm()
	}
}

// arm arms the devices. longest is how long to wait at most.
func (w *machineWaiter) arm(input bool) (slots uint32, longest time.Duration, pending bool) {
	slots, pending = w.network.Arm()
	longest = pauseLast
	if slots == 0 {
		longest = pauseBlind
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
type processWaiter struct{ network *tap.Device }

// Wait is as that of a machine.
func (w processWaiter) Wait(input bool, timeout time.Duration) {
	set := [2]system.PollDescriptor{{Descriptor: abi.DescriptorNetwork, Events: w.network.Events()}}
	n := 1
	if input {
		set[n] = system.PollDescriptor{Descriptor: abi.DescriptorStdin, Events: system.PollIn}
		n++
	}
	if timeout == socket.Forever {
		timeout = system.Forever
	}
	system.PollAll(set[:n], timeout)
}
