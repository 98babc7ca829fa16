package console

import (
	"time"

	"mewz/kernel/virtio"
)

// Forever is the end of a Read that waits until something happens.
const Forever = time.Duration(1<<63 - 1)

// Read reads what has come, at least one byte. It waits for it until the moment
// until of the machine's clock and then returns 0.
//
// Errors: ErrClosed when the host has closed the port and nothing is left, or
// what was wrong with the device.
func (p *Port) Read(b []byte, until time.Duration) (int, error) {
	d := p.device
	if err := p.startInput(); err != nil {
		return 0, err
	}
	for len(p.received) == 0 {
		c, ok, err := d.await(&p.in, p, until)
		if err != nil || !ok {
			return 0, err
		}
		p.buffer = p.in.owner[c.Head%inputBuffers]
		p.received = p.in.buffers.Part(int(p.buffer)*inputBufferBytes, int(c.Bytes)).Bytes
		if len(p.received) == 0 {
			p.in.give(p.buffer, inputBufferBytes)
		}
	}
	n := copy(b, p.received)
	p.received = p.received[n:]
	if len(p.received) == 0 {
		p.in.give(p.buffer, inputBufferBytes)
	}
	return n, nil
}

// startInput gives the device the buffers for input.
func (p *Port) startInput() error {
	if p.in.buffers.Bytes != nil {
		return nil
	}
	memory, err := p.device.machine.Allocate(inputBuffers * inputBufferBytes)
	if err != nil {
		return err
	}
	p.in.buffers = memory
	p.device.fill(&p.in, inputBufferBytes)
	return nil
}

// Arm asks the device to interrupt when Read would not wait, and looks for lost
// notifications. It returns the interrupts to wait for, and whether Read has
// something to return already, be it an error.
func (p *Port) Arm() (slots uint32, pending bool) {
	d := p.device
	if d.failed != nil || p.startInput() != nil {
		return 0, true
	}
	p.in.WantInterrupts()
	d.controlIn.WantInterrupts()
	if err := d.transport.Acknowledge(); err != nil {
		_ = d.fail(err) // Read returns it
		return 0, true
	}
	if p.in.unseen || p.in.Unseen() {
		d.notify(&p.in)
	}
	if d.events() != nil {
		return 0, true
	}
	return d.transport.Slots(), len(p.received) != 0 || !p.open || p.in.HasUsed()
}

// Disarm takes Arm back.
func (p *Port) Disarm() {
	p.in.QuietInterrupts()
	p.device.controlIn.QuietInterrupts()
}

// Write writes all of b, waiting as long as the host takes.
//
// Errors: ErrClosed when the host has closed the port, or what was wrong with
// the device.
func (p *Port) Write(b []byte) (written int, err error) {
	d := p.device
	if err := d.startOutput(); err != nil {
		return 0, err
	}
	for written < len(b) {
		if err := d.events(); err != nil {
			return written, err
		}
		if !p.open {
			return written, ErrClosed
		}
		p.out.buffers = d.output
		n := copy(d.output.Bytes, b[written:])
		if err := d.send(&p.out, p, n); err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// startOutput takes the memory that output goes through.
func (d *Device) startOutput() error {
	if d.output.Bytes != nil {
		return nil
	}
	memory, err := d.machine.Allocate(outputPieceBytes)
	if err != nil {
		memory, err = d.machine.Allocate(inputBufferBytes) // slower
	}
	d.output = memory
	return err
}

// send gives the device the first n bytes of the buffers of l and waits until it
// has taken them.
func (d *Device) send(l *line, p *Port, n int) error {
	for l.InFlight() != 0 { // a write to a port that was closed meanwhile
		if _, _, err := d.await(l, p, Forever); err != nil {
			return err
		}
	}
	if _, ok := l.Add(virtio.Buffer{Physical: l.buffers.Physical, Bytes: uint32(n)}); !ok {
		return d.fail(virtio.ErrNoQueue)
	}
	l.show()
	d.notify(l)
	_, _, err := d.await(l, p, Forever)
	return err
}

// await waits until the device is done with a chain of l, at most until the
// moment until. A port that the host closes ends the wait. Without a port the
// wait is for the control queue and has its own end.
func (d *Device) await(l *line, p *Port, until time.Duration) (c virtio.Completion, ok bool, err error) {
	if d.failed != nil {
		return c, false, d.failed
	}
	w := waiter{device: d, line: l, port: p, until: until, pause: pauseFirst}
	for {
		if c, ok, err = l.Used(); err != nil {
			return c, false, d.fail(err)
		}
		if ok {
			break
		}
		var more bool
		if more, err = w.wait(); !more || err != nil {
			break
		}
	}
	if w.waited {
		l.QuietInterrupts()
		if p != nil {
			d.controlIn.QuietInterrupts()
		}
	}
	return c, ok, err
}

// waiter is one wait for a queue.
type waiter struct {
	device *Device
	line   *line
	port   *Port
	until  time.Duration
	pause  time.Duration
	waited bool // interrupts are asked for, and everything was looked at again
	closed bool // the port is, which was found before the last look
}

// wait waits a while; more says that the ring should be looked at again. The
// first time it only asks for interrupts: what the device did before that comes
// without one.
func (w *waiter) wait() (more bool, err error) {
	d := w.device
	if !w.waited {
		w.waited = true
		if w.port == nil {
			w.until = d.machine.Now() + handshakePatience
		}
		w.line.WantInterrupts()
		if w.port != nil {
			d.controlIn.WantInterrupts()
		}
		if w.line.unseen {
			d.notify(w.line)
		}
		_ = d.transport.Acknowledge() // Check comes after the wait
		return true, nil
	}
	if w.port != nil {
		if err := d.events(); err != nil {
			return false, err
		}
		if !w.port.open && w.closed {
			return false, ErrClosed
		}
		if w.closed = !w.port.open; w.closed {
			return true, nil // what came before is still there
		}
	}
	left := w.until - d.machine.Now()
	if left <= 0 {
		if w.port == nil {
			return false, d.fail(virtio.ErrBroken) // control messages are answered at once
		}
		return false, nil
	}
	have := d.machine.Wait(d.transport.Slots(), min(w.pause, left))
	_ = d.transport.Acknowledge()
	if err := virtio.Check(d.transport); err != nil {
		return false, d.fail(err)
	}
	if have == 0 {
		d.notify(w.line) // either may have been lost
		w.pause = min(2*w.pause, w.longest())
	}
	return true, nil
}

// longest is the longest pause: short without interrupts.
func (w *waiter) longest() time.Duration {
	if w.device.transport.Slots() == 0 {
		return pauseBlind
	}
	return pauseLast
}
