package console

import (
	"io"
	"syscall"
	"time"

	"mewz/kernel/system"
)

// Output is an output stream of the program.
type Output interface {
	// Write writes all of p, waiting as long as it takes.
	Write(p []byte) (n int, err error)
}

// Input is the input stream of the program.
type Input interface {
	// Read returns what is there, at least one byte; it waits for it. It
	// returns io.EOF at the end.
	Read(p []byte) (n int, err error)
	// Wait waits until Read would not wait, or until timeout has passed;
	// system.Forever is no timeout. It may return early with neither.
	Wait(timeout time.Duration) Readiness
}

// Readiness is what a Wait found.
type Readiness struct {
	Ready  bool // bytes, or the end
	Hangup bool // the other side has gone; bytes may still be there
}

// Descriptor is an inherited descriptor as a stream.
type Descriptor int

// Write writes all of p to the descriptor.
func (d Descriptor) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, errno := system.Write(int(d), p[written:])
		switch errno {
		case 0:
			written += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			// Whoever started us shares a descriptor that does not wait.
			system.Poll(int(d), system.PollOut, system.Forever)
		default:
			return written, errno
		}
	}
	return written, nil
}

// Read reads what is there.
func (d Descriptor) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := system.Read(int(d), p)
		switch {
		case errno == 0 && n == 0, errno == syscall.EBADF:
			return 0, io.EOF // a descriptor that is closed has nothing to say
		case errno == 0:
			return n, nil
		case errno == syscall.EAGAIN:
			system.Poll(int(d), system.PollIn, system.Forever)
		case errno != syscall.EINTR:
			return 0, errno
		}
	}
}

// Wait waits for input.
func (d Descriptor) Wait(timeout time.Duration) Readiness {
	events, errno := system.Poll(int(d), system.PollIn, timeout)
	if errno != 0 {
		return Readiness{Ready: errno != syscall.EINTR} // let Read find out what is wrong
	}
	return Readiness{Ready: events != 0, Hangup: events&system.PollHangup != 0}
}
