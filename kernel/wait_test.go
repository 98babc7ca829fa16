package main

import (
	"slices"
	"testing"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/socket"
	"mewz/kernel/virtio/virtiotest"
)

// fakeSource is a device that may have something.
type fakeSource struct {
	slots   uint32
	pending bool
	armed   bool
	arms    int
}

func (s *fakeSource) Pending() bool { return s.pending }
func (s *fakeSource) Arm() (uint32, bool) {
	s.armed = true
	s.arms++
	return s.slots, s.pending
}
func (s *fakeSource) Disarm() { s.armed = false }

// waits are what a machine was asked to wait for.
type waits struct {
	*virtiotest.Machine
	slots    []uint32
	timeouts []time.Duration
	have     uint32 // what the third wait finds
}

func (w *waits) Wait(slots uint32, timeout time.Duration) uint32 {
	w.slots, w.timeouts = append(w.slots, slots), append(w.timeouts, timeout)
	if have := w.have & slots; have != 0 && len(w.slots) == 3 {
		return have
	}
	return w.Machine.Wait(slots, timeout)
}

func TestMachineWaiter(t *testing.T) {
	const networkSlot, stdinSlot = 1, 2
	ms := func(list ...int) (d []time.Duration) {
		for _, n := range list {
			d = append(d, time.Duration(n)*time.Millisecond)
		}
		return d
	}
	tests := []struct {
		name     string
		network  fakeSource
		stdin    *fakeSource
		input    bool
		timeout  time.Duration
		have     uint32
		slots    uint32 // of each wait
		timeouts []time.Duration
		asked    bool
	}{
		{"nothing to wait for", fakeSource{slots: networkSlot}, nil, false, 0, 0, 0, nil, false},
		{"a frame is there", fakeSource{slots: networkSlot, pending: true}, nil, false, socket.Forever, 0, 0, nil, false},
		{"the time passes", fakeSource{slots: networkSlot}, nil, false, 35 * time.Millisecond, 0, networkSlot, ms(10, 20, 5), false},
		{"a frame comes", fakeSource{slots: networkSlot}, nil, false, socket.Forever, networkSlot, networkSlot, ms(10, 20, 40), false},
		{"no interrupts", fakeSource{}, nil, false, 3 * time.Millisecond, 0, 0, ms(1, 1, 1), false},
		{"input by the serial port", fakeSource{slots: networkSlot}, nil, true, socket.Forever, device.SlotInput, networkSlot | device.SlotInput, ms(10, 20, 40), false},
		{"input by a port", fakeSource{slots: networkSlot}, &fakeSource{slots: stdinSlot}, true, socket.Forever, stdinSlot, networkSlot | stdinSlot | device.SlotInput, ms(10, 20, 40), false},
		{"input is there", fakeSource{slots: networkSlot}, &fakeSource{slots: stdinSlot, pending: true}, true, socket.Forever, 0, 0, nil, false},
		{"input that nobody wants", fakeSource{slots: networkSlot}, &fakeSource{slots: stdinSlot, pending: true}, false, 30 * time.Millisecond, 0, networkSlot | device.SlotInput, ms(10, 20), false},
		{"a request of the host", fakeSource{slots: networkSlot}, &fakeSource{slots: stdinSlot}, false, socket.Forever, device.SlotInput, networkSlot | device.SlotInput, ms(10, 20, 40), true},
	}
	for _, test := range tests {
		m := &waits{Machine: virtiotest.NewMachine(), have: test.have}
		asked := false
		network := test.network
		w := machineWaiter{machine: m, network: &network, asked: func() { asked = true }}
		if test.stdin != nil {
			w.stdin = test.stdin
		}
		w.Wait(test.input, test.timeout)
		if !slices.Equal(m.timeouts, test.timeouts) || asked != test.asked {
			t.Errorf("%s: waits of %v, want %v; asked %v", test.name, m.timeouts, test.timeouts, asked)
		}
		if slices.ContainsFunc(m.slots, func(s uint32) bool { return s != test.slots }) {
			t.Errorf("%s: waits for %#x, want %#x", test.name, m.slots, test.slots)
		}
		if network.armed || test.stdin != nil && test.stdin.armed {
			t.Errorf("%s: a device stays armed", test.name)
		}
		if network.arms < len(m.slots) {
			t.Errorf("%s: %d waits, but the rings are looked at %d times", test.name, len(m.slots), network.arms)
		}
	}
}

// A file system waits for its device and for the network, whatever comes first.
func TestMachineWaiterPause(t *testing.T) {
	const networkSlot, fileSlot = 1, 4
	for _, test := range []struct {
		name          string
		network, file *fakeSource
		have          uint32
		slots         uint32
		waits         int
	}{
		{"without a network", nil, &fakeSource{slots: fileSlot}, fileSlot, fileSlot, 3},
		{"an answer comes", &fakeSource{slots: networkSlot}, &fakeSource{slots: fileSlot}, fileSlot, networkSlot | fileSlot, 3},
		{"a frame comes", &fakeSource{slots: networkSlot}, &fakeSource{slots: fileSlot}, networkSlot, networkSlot | fileSlot, 3},
		{"the answer is there", &fakeSource{slots: networkSlot}, &fakeSource{slots: fileSlot, pending: true}, 0, 0, 0},
		{"a frame is there", &fakeSource{slots: networkSlot, pending: true}, &fakeSource{slots: fileSlot}, 0, 0, 0},
		{"the time passes", &fakeSource{slots: networkSlot}, &fakeSource{slots: fileSlot}, 0, networkSlot | fileSlot, 3},
		{"while it is opened", nil, nil, 0, 0, 1},
	} {
		m := &waits{Machine: virtiotest.NewMachine(), have: test.have}
		w := machineWaiter{machine: m}
		if test.network != nil {
			w.network = test.network
		}
		of := &mount{}
		if test.file != nil {
			of.device = test.file
		}
		w.Pause(of, 35*time.Millisecond)
		if len(m.slots) != test.waits || slices.ContainsFunc(m.slots, func(s uint32) bool { return s != test.slots }) {
			t.Errorf("%s: waits for %#x, want %d times %#x", test.name, m.slots, test.waits, test.slots)
		}
		if test.network != nil && test.network.armed || test.file != nil && test.file.armed {
			t.Errorf("%s: a device stays armed", test.name)
		}
	}
}
