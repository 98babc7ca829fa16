package ip

import (
	"encoding/binary"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Bounds of what neighbours cost.
const (
	neighborsMax = 256 // a /24; more would be a scan
	heldMax      = 64  // for all neighbours: a quarter of a queue
	heldEach     = 32  // frames that wait for a neighbour: a crowd connects before its router has answered
	bucketCount  = 64
)

// Protocol constants (RFC 4861, 10), also for ARP.
const (
	reachableTime = 30 * time.Second // REACHABLE_TIME
	retransTime   = time.Second      // RETRANS_TIMER
	delayTime     = 5 * time.Second  // DELAY_FIRST_PROBE_TIME
	solicitations = 3                // MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT
)

// neighborState is a state of RFC 4861, 7.3.2.
//
//	          use                    answer
//	(gone) ───────▶ incomplete ─────────────▶ reachable ◀──────── answer, Confirm
//	   ▲               │                       │                  │
//	   │ no answer     │ told unasked     time │                  │
//	   ├───────────────┤                       ▼    use           │
//	   │               └────────────────────▶ stale ────▶ delay ──┼──▶ probe
//	   └──────────────────────────── no answer ◀─────────────────────────┘
type neighborState uint8

const (
	stateGone       neighborState = iota // not in the table any more
	stateIncomplete                      // asked, no answer yet
	stateReachable                       // until n.until
	stateStale                           // known, but not lately heard of
	stateDelay                           // used: a hint is awaited until n.until
	stateProbe                           // asked again; the next time at n.until
	stateFixed                           // a group or broadcast address
	stateSelf                            // us
)

// neighborTable is a hash table of neighbours.
type neighborTable struct {
	buckets [bucketCount]*Neighbor
	count   int
	held    int
	key     uint32
}

func (t *neighborTable) bucket(a socket.Address) **Neighbor {
	be := binary.BigEndian
	h := (be.Uint64(a[:]) ^ be.Uint64(a[8:])) + uint64(t.key)
	h *= 0x9e3779b97f4a7c15 // the golden ratio in 64 bits
	return &t.buckets[h>>58]
}

func (t *neighborTable) find(a socket.Address) *Neighbor {
	for n := *t.bucket(a); n != nil; n = n.next {
		if n.address == a {
			return n
		}
	}
	return nil
}

// neighbor returns the entry for an address on the link, a new one if need be.
func (l *Layer) neighbor(a socket.Address) *Neighbor {
	if n := l.neighbors.find(a); n != nil {
		n.used = l.now
		return n
	}
	if l.neighbors.count >= neighborsMax {
		l.evict()
	}
	n := &Neighbor{address: a, used: l.now}
	b := l.neighbors.bucket(a)
	n.next, *b = *b, n
	l.neighbors.count++
	switch {
	case l.IsBroadcast(a):
		l.resolved(n, header.BroadcastMAC, stateFixed)
	case header.IsMulticast(a):
		l.resolved(n, header.MulticastMAC(a), stateFixed)
	default:
		n.state, n.until = stateIncomplete, socket.Forever // nothing is asked before Send
	}
	return n
}

// resolved notes the Ethernet address of a neighbour.
func (l *Layer) resolved(n *Neighbor, m packet.MAC, s neighborState) {
	if !n.Resolved || packet.MAC(n.Link[:6]) != m {
		n.Version++
	}
	t := header.EtherTypeIPv6
	if header.IsIPv4(n.address) {
		t = header.EtherTypeIPv4
	}
	header.PutEthernet(n.Link[:], m, l.mac, t)
	n.Resolved = true
	l.enter(n, s)
	l.sendHeld(n)
}

// enter changes the state of a neighbour.
func (l *Layer) enter(n *Neighbor, s neighborState) {
	n.state, n.asked = s, 0
	switch s {
	case stateReachable:
		n.until = l.now + l.auto.reachable()
	case stateDelay:
		n.until = l.now + delayTime
		l.schedule(n.until)
	case stateProbe:
		n.until = l.now
		l.schedule(n.until)
	default:
		n.until = socket.Forever
	}
}

// Confirm: see Output.
func (l *Layer) Confirm(r *Route) {
	switch n := r.Neighbor; n.state {
	case stateReachable:
		n.until = l.now + l.auto.reachable()
	case stateStale, stateDelay, stateProbe:
		l.enter(n, stateReachable)
	}
}

// forget takes a neighbour out of the table and drops what waits for it.
func (l *Layer) forget(n *Neighbor) {
	for at := l.neighbors.bucket(n.address); *at != nil; at = &(*at).next {
		if *at == n {
			*at = n.next
			l.neighbors.count--
			break
		}
	}
	l.dropHeld(n)
	n.state, n.Resolved, n.next = stateGone, false, nil
	n.Version++
}

// evict makes room: it forgets the neighbour of least value that was not used for longest.
func (l *Layer) evict() {
	var least *Neighbor
	for _, n := range l.neighbors.buckets {
		for ; n != nil; n = n.next {
			if least == nil || n.value() < least.value() || n.value() == least.value() && n.used < least.used {
				least = n
			}
		}
	}
	l.forget(least)
}

// value orders neighbours: who answers comes before who was sent to, and that one before who has only spoken
// unasked. Neither a flood of requests nor a scan makes us forget a router in use.
func (n *Neighbor) value() int {
	switch {
	case n.state == stateReachable || n.state == stateDelay || n.state == stateProbe:
		return 2
	case n.wanted:
		return 1
	default:
		return 0
	}
}

// neighborTimers asks again, gives up, and forgets who is not needed.
func (l *Layer) neighborTimers() {
	for _, n := range l.neighbors.buckets {
		for n != nil {
			next := n.next
			l.neighborTimer(n)
			n = next
		}
	}
}

func (l *Layer) neighborTimer(n *Neighbor) {
	if n.until > l.now {
		if n.state == stateIncomplete || n.state == stateDelay || n.state == stateProbe {
			l.schedule(n.until)
		}
		return
	}
	switch n.state {
	case stateReachable:
		l.enter(n, stateStale)
	case stateDelay:
		l.enter(n, stateProbe)
		l.solicit(n)
	case stateIncomplete, stateProbe:
		if n.asked < solicitations {
			l.solicit(n)
			return
		}
		l.gatewayFailed(n.address)
		l.failHeld(n)
		l.forget(n)
	}
}

// solicit asks a neighbour for its Ethernet address: all nodes, or only itself when it
// is known and only to be confirmed.
func (l *Layer) solicit(n *Neighbor) {
	n.asked++
	n.until = l.now + l.auto.retrans()
	l.schedule(n.until)
	to := header.BroadcastMAC
	if n.Resolved {
		to = packet.MAC(n.Link[:6])
	}
	source, ok := l.solicitSource(n)
	switch {
	case !ok:
	case header.IsIPv4(n.address):
		l.sendARP(header.ARP{SenderIPv4: header.IPv4(source), TargetIPv4: header.IPv4(n.address)}, to)
	case n.Resolved:
		l.sendSolicitation(source, n.address, &to)
	default:
		l.sendSolicitation(source, n.address, nil)
	}
}

// solicitSource chooses the address that a neighbour is asked from: that of a frame
// that waits for it, if there is one (RFC 4861, 7.2.2).
func (l *Layer) solicitSource(n *Neighbor) (a socket.Address, ok bool) {
	if n.heldCount > 0 {
		if b := n.held[0].Header[header.EthernetBytes:]; b[0]>>4 == 4 {
			a = header.MapNumber4(binary.BigEndian.Uint32(b[12:]))
		} else {
			a = socket.Address(b[8:24])
		}
		if l.IsLocal(a) {
			return a, true
		}
	}
	return l.source(n.address)
}

// hold keeps a frame until its neighbour is resolved. The chunks of its payload are
// held too, because who sent it may let go of them.
func (l *Layer) hold(n *Neighbor, f *packet.Frame) {
	l.counters.Held++
	if n.heldCount == heldEach { // the oldest goes (RFC 4861, 7.2.2)
		l.release(n.held[0])
		copy(n.held[:], n.held[1:])
		n.heldCount--
	} else if l.neighbors.held >= heldMax {
		l.counters.Dropped++
		l.device.Cancel(f)
		return
	}
	for _, part := range f.Parts[:f.PartCount] {
		l.pool.Hold(part.Chunk)
	}
	n.held[n.heldCount] = f
	n.heldCount++
	l.neighbors.held++
	if n.asked == 0 {
		l.solicit(n)
	}
}

// release drops a frame that was held.
func (l *Layer) release(f *packet.Frame) {
	for _, part := range f.Parts[:f.PartCount] {
		l.pool.Release(part.Chunk)
	}
	l.device.Cancel(f)
	l.neighbors.held--
}

func (l *Layer) dropHeld(n *Neighbor) {
	for i, f := range n.held[:n.heldCount] {
		l.release(f)
		n.held[i] = nil
	}
	n.heldCount = 0
}

// sendHeld sends what has waited.
func (l *Layer) sendHeld(n *Neighbor) {
	for i, f := range n.held[:n.heldCount] {
		n.held[i] = nil
		copy(f.Header, n.Link[:])
		l.device.Send(f)
		for _, part := range f.Parts[:f.PartCount] {
			l.pool.Release(part.Chunk)
		}
		l.neighbors.held--
	}
	n.heldCount = 0
}

// failHeld tells the protocols of frames that waited in vain that their destination
// cannot be reached (RFC 4861, 7.2.2; RFC 1122, 2.3.2.2).
func (l *Layer) failHeld(n *Neighbor) {
	for _, f := range n.held[:n.heldCount] {
		q, ok := parseQuoted(f.Header[header.EthernetBytes:f.HeaderBytes])
		if ok {
			l.failed(q, NeighborUnreachable)
		}
	}
}

// heard takes what a packet says about its sender unasked (RFC 4861, 7.2.3): a new
// entry is stale, one that differs becomes so.
func (l *Layer) heard(a socket.Address, m packet.MAC) {
	n := l.neighbor(a)
	if n.state == stateFixed {
		return
	}
	if !n.Resolved || packet.MAC(n.Link[:6]) != m {
		l.resolved(n, m, stateStale)
	}
}
