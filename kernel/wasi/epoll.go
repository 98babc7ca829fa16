package wasi

import (
	"bytes"
	"encoding/binary"

	"mewz/kernel/socket"
)

// edges are what epoll_oneoff remembers from one call to the next.
type edges struct {
	// raised has by descriptor what has become ready since it was told, and socket.Other as
	// network.ready has; nil before the first call.
	raised []socket.Readiness
	last   []byte // subscriptions of the last call, without a clock at the end
	asking bool   // during a call
}

// epollOneoff is epoll_oneoff, WasmEdge's poll_oneoff for programs that use what is ready up
// (tokio, mio): EPOLLET of Linux. A socket is told when it becomes ready, and not again while it
// stays so. It is looked at anew after the program has received from it or accepted, and when the
// subscription is new: the last call did not have it in this place. All else is as poll_oneoff.
//
// WasmEdge 0.13 and later change every subscription in each call (EPOLL_CTL_MOD), after which Linux
// tells again whatever is ready, and mio never sleeps. That is not what the function was made for
// (WasmEdge issue 1974).
//
// Parameters and errors: those of pollOneoff.
func (s *System) epollOneoff(a *Args) Errno {
	n := &s.network
	if n.stack == nil {
		return s.pollOneoff(a)
	}
	if in, ok := s.Memory.array(uint32(a[0]), uint32(a[2]), subscriptionBytes); ok {
		if n.raised == nil {
			n.raised = n.stack.Raised()
		}
		n.renew(in)
	}
	n.asking = true
	errno := s.pollOneoff(a)
	n.asking = false
	return errno
}

// table is what a scan of subscriptions looks at, or nil: at each of them.
func (n *network) table() []socket.Readiness {
	switch {
	case n.plain:
		return nil
	case n.asking:
		return n.raised
	default:
		return n.ready
	}
}

// take takes note that a subscription is looked at, and reports whether that is necessary.
func (n *network) take(fd uint32, tag uint8) bool {
	if uint64(fd) >= uint64(len(n.raised)) {
		return true
	}
	raised := n.raised[fd] & socket.Readiness(tag)
	n.raised[fd] &^= raised
	return raised != 0
}

// rearm has the socket told again if it is still readable at the next call: the program
// takes something out of it.
func (n *network) rearm(fd uint32) {
	if uint64(fd) < uint64(len(n.raised)) {
		n.raised[fd] |= socket.Readable
	}
}

// renew has all subscriptions told that the last call did not have in the same place.
func (n *network) renew(in []byte) {
	if at := len(in) - subscriptionBytes; at >= 0 && in[at+subscriptionTag] == eventClock {
		in = in[:at] // another time in each call
	}
	if bytes.Equal(in, n.last) {
		return
	}
	le := binary.LittleEndian
	for at := 0; at < len(in); at += subscriptionBytes {
		sub := (*[subscriptionBytes]byte)(in[at:])
		if len(n.last)-at >= subscriptionBytes {
			// The rest is padding, which may be anything.
			if was := (*[subscriptionBytes]byte)(n.last[at:]); le.Uint64(sub[:]) == le.Uint64(was[:]) &&
				sub[subscriptionTag] == was[subscriptionTag] && le.Uint32(sub[subscriptionFD:]) == le.Uint32(was[subscriptionFD:]) {
				continue
			}
		}
		fd, tag := le.Uint32(sub[subscriptionFD:]), sub[subscriptionTag]
		if tag <= eventWrite && uint64(fd) < uint64(len(n.raised)) {
			n.raised[fd] |= socket.Readiness(tag)
		}
	}
	// Two for each descriptor are all that make sense; others are new each time.
	kept := min(len(in), 2*subscriptionBytes*len(n.raised))
	n.last = append(n.last[:0], in[:kept]...)
}
