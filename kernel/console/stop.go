package console

import (
	"syscall"

	"mewz/abi"
	"mewz/kernel/system"
)

// Request is something that the host asks for or tells (abi.RequestStop, abi.RequestLost).
type Request struct {
	Kind     byte
	Argument string
}

// openRequests finds out where the host asks for something. In a machine with ports that is
// the serial port, over which nothing else comes; without ports it is the program's input.
//
// Who gives a process a descriptor for requests ends it by one: a signal that a terminal
// sends to the process as well as to whoever started it would come before the request, and
// what the program wrote would be lost.
func (h *Host) openRequests(isProcess bool) {
	switch {
	case h.streams != nil:
		h.requests, h.asks = abi.DescriptorStdin, true
	case isProcess && system.Inherited(abi.DescriptorRequests):
		h.requests, h.asks = abi.DescriptorRequests, true
		for _, signal := range [...]syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			_ = system.SetAction(uint32(signal), &system.Action{Handler: system.Ignore}) // else as without a request
		}
	}
}

// Requests returns the descriptor to wait on for a request; ok is false when nobody asks.
func (h *Host) Requests() (descriptor int, ok bool) { return h.requests, h.asks }

// Request returns the next request of the host, if there is one. It never waits.
func (h *Host) Request() (r Request, ok bool) {
	for h.asks {
		events, errno := system.Poll(h.requests, system.PollIn, 0)
		if errno != 0 || events == 0 {
			return r, false
		}
		var b [1]byte
		switch n, errno := system.Read(h.requests, b[:]); {
		case errno == system.Interrupted:
			continue
		case errno != 0 || n != 1: // the other end is closed: it would end every wait
			h.asks = false
			return r, false
		}
		if r, ok = h.request.add(b[0]); ok {
			return r, true
		}
	}
	return r, false
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
