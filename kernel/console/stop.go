package console

import (
	"mewz/abi"
	"mewz/kernel/system"
)

// Request is something that the host asks for or tells (abi.RequestStop, abi.RequestLost).
type Request struct {
	Kind     byte
	Argument string
}

// Request returns the next request of the host, if there is one. It never waits. Where there
// are ports nothing else comes over the serial port; where there are none it is the program's
// input, and nobody asks.
func (h *Host) Request() (r Request, ok bool) {
	if h.streams == nil {
		return r, false
	}
	for {
		if events, errno := system.Poll(abi.DescriptorStdin, system.PollIn, 0); errno != 0 || events&system.PollIn == 0 {
			return r, false
		}
		var b [1]byte
		if n, errno := system.Read(abi.DescriptorStdin, b[:]); errno != 0 || n != 1 {
			return r, false
		}
		if r, ok = h.request.add(b[0]); ok {
			return r, true
		}
	}
}

// requestBytes is the beginning of a request.
type requestBytes []byte

// add takes one more byte of a request; ok is set when it is the last. What is none is
// left out.
func (q *requestBytes) add(b byte) (r Request, ok bool) {
	*q = append(*q, b)
	have := *q
	switch have[0] {
	case abi.RequestStop:
		r.Kind = have[0]
	case abi.RequestLost:
		const headBytes = 2
		if len(have) < headBytes || len(have) < headBytes+int(have[1]) {
			return r, false
		}
		r = Request{have[0], string(have[headBytes:])}
	default:
	}
	*q = have[:0]
	return r, r.Kind != 0
}
