// Package sockettest is a network in memory for tests of what uses sockets: all its
// sockets are in one machine, and reach each other by loopback. What a connection does
// happens in Poll, as on a real network; errors and losses can be had on demand.
package sockettest

import (
	"syscall"
	"time"

	"mewz/kernel/socket"
)

// bufferBytes is what one direction of a connection holds.
const bufferBytes = 4096

// Network is a socket.Network.
type Network struct {
	// Names are what Lookup finds; Answers is the number of Polls it takes.
	Names   map[string][]socket.Address
	Answers int
	// OpenError, if there is one, is what Open returns.
	OpenError error
	// OnPoll is called by each Poll, for what is to happen on its own.
	OnPoll func()
	// Timer is what Wait returns, if it is not 0.
	Timer time.Duration
	Polls int
	// Open sockets that a test may look at.
	Sockets map[*Socket]bool

	ready   []socket.Readiness
	raised  []socket.Readiness
	pending []func() // for the next Poll
	port    uint16
}

var _ socket.Network = (*Network)(nil)

// Loopback is the address of this machine.
func Loopback() socket.Address { return socket.FromIPv4([4]byte{127, 0, 0, 1}) }

// Open makes a socket.
func (n *Network) Open(f socket.Family, k socket.Kind) (socket.Socket, error) {
	if n.OpenError != nil {
		return nil, n.OpenError
	}
	return n.add(&Socket{network: n, family: f, kind: k, tag: -1}), nil
}

func (n *Network) add(s *Socket) *Socket {
	if n.Sockets == nil {
		n.Sockets = map[*Socket]bool{}
	}
	n.Sockets[s] = true
	s.options = map[socket.Option]int64{socket.OptionSendBuffer: bufferBytes, socket.OptionReceiveBuffer: bufferBytes, socket.OptionLinger: -1}
	return s
}

// Poll lets happen what is due.
func (n *Network) Poll() bool {
	n.Polls++
	if n.OnPoll != nil {
		n.OnPoll()
	}
	pending := n.pending
	n.pending = nil
	for _, f := range pending {
		f()
	}
	return len(pending) != 0
}

// Hold takes back what is due: it never happens.
func (n *Network) Hold() { n.pending = nil }

// Wait is 0 while something is due.
func (n *Network) Wait() time.Duration {
	switch {
	case len(n.pending) != 0:
		return 0
	case n.Timer != 0:
		return n.Timer
	default:
		return socket.Forever
	}
}

// Ready is the table of readiness.
func (n *Network) Ready() []socket.Readiness { return n.ready }

// Raised is the table of what has become ready.
func (n *Network) Raised() []socket.Readiness {
	n.raised = append(n.raised, n.ready[len(n.raised):]...)
	return n.raised
}

// set writes an entry of both tables.
func (n *Network) set(tag int, r socket.Readiness) {
	if tag < len(n.raised) {
		up := r &^ n.ready[tag]
		if up&socket.Hangup != 0 {
			up = r
		}
		n.raised[tag] |= up
	}
	n.ready[tag] = r
}

// Lookup finds a name in Names.
func (n *Network) Lookup(name string, f socket.Family) (socket.Lookup, error) {
	q := &lookup{network: n, left: n.Answers}
	list, ok := n.Names[name]
	if !ok {
		q.err = socket.ErrNoName
	}
	for _, a := range list {
		if _, isIPv4 := a.IPv4(); f == socket.Unspecified || isIPv4 == (f == socket.IPv4) {
			q.list = append(q.list, a)
		}
	}
	n.pending = append(n.pending, q.poll)
	return q, nil
}

// lookup is a name that takes a while.
type lookup struct {
	network *Network
	left    int
	list    []socket.Address
	err     error
}

func (q *lookup) poll() {
	if q.left--; q.left > 0 {
		q.network.pending = append(q.network.pending, q.poll)
	}
}

func (q *lookup) Result() ([]socket.Address, error) {
	switch {
	case q.left > 0:
		return nil, syscall.EAGAIN
	case q.err != nil:
		return nil, q.err
	}
	return q.list, nil
}

func (q *lookup) Close() {}

// find returns the socket of a kind that has an address, or nil.
func (n *Network) find(k socket.Kind, e socket.Endpoint, listening bool) *Socket {
	for s := range n.Sockets {
		any := s.local.Address == socket.Address{} || s.local.Address == socket.FromIPv4([4]byte{})
		if s.kind == k && s.bound && s.local.Port == e.Port && (any || s.local.Address == e.Address) && (!listening || s.listening) && s.peer == nil {
			return s
		}
	}
	return nil
}
