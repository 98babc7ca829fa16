package udp

import (
	"encoding/binary"
	"syscall"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Output is what UDP needs of IP: ip.Layer.
type Output interface {
	ip.Output
	Transmit(d *ip.Datagram) error
	PortUnreachable(p *ip.Packet)
	IsBroadcast(a socket.Address) bool
	Broadcast(source socket.Address) ip.Route
}

// Watcher is told when the readiness of an endpoint changes.
type Watcher interface{ SetReady(r socket.Readiness) }

// Bounds.
const (
	bucketCount    = 256
	endpointsMax   = 16384 // as many as there are ephemeral ports
	ephemeralFirst = 49152 // RFC 6335, 6
	ephemeralCount = 16384
)

// Engine is UDP of one machine: it is an ip.Handler.
type Engine struct {
	out     Output
	pool    *packet.Pool
	random  ip.Random
	buckets [bucketCount]*Endpoint // by local port
	count   int
	rings   int // entries of the rings of all queues
	// What is being sent lies here, so that nothing is allocated.
	head     [header.UDPBytes]byte
	datagram ip.Datagram
	route    ip.Route
}

// New returns UDP over out. What waits to be read lies in chunks of pool.
func New(out Output, pool *packet.Pool, random ip.Random) *Engine {
	return &Engine{out: out, pool: pool, random: random}
}

// Input: see ip.Handler.
func (e *Engine) Input(p *ip.Packet) {
	u, ok := header.ParseUDP(p.Payload)
	if !ok || int(u.Bytes) > p.Bytes {
		return
	}
	cut(p, int(u.Bytes))
	if !p.ChecksumGood && !good(p, u) {
		return
	}
	if p.Group {
		e.inputGroup(p, u)
		return
	}
	if to := e.lookup(p, u); to != nil {
		to.queue.put(p, socket.Endpoint{Address: p.Source, Port: u.SourcePort})
		to.notify()
		return
	}
	e.out.PortUnreachable(p)
}

// cut drops what follows the datagram in its packet.
func cut(p *ip.Packet, bytes int) {
	if p.Bytes == bytes {
		return
	}
	p.Bytes = bytes
	p.Payload = p.Payload[:min(bytes, len(p.Payload))]
	left := bytes - len(p.Payload)
	for i, b := range p.More {
		if len(b) >= left {
			p.More[i] = b[:left]
			p.More = p.More[:i+1]
			if left == 0 {
				p.More = p.More[:i]
			}
			return
		}
		left -= len(b)
	}
}

// good reports whether the checksum is right. IPv4 may go without (RFC 768), IPv6 may
// not (RFC 8200, 8.1).
func good(p *ip.Packet, u header.UDP) bool {
	if u.Checksum == 0 {
		return p.IsIPv4
	}
	sum := header.PseudoSum(p.Source, p.Destination, ip.ProtocolUDP, p.Bytes)
	return header.Fold(ip.SumPayload(p, sum)) == 0xffff
}

// lookup finds the endpoint for a packet: connected to its sender before bound to the
// address before bound to all.
func (e *Engine) lookup(p *ip.Packet, u header.UDP) (best *Endpoint) {
	bestScore := 0
	for x := e.buckets[u.DestinationPort%bucketCount]; x != nil; x = x.next {
		if score := x.score(p, u); score > bestScore {
			best, bestScore = x, score
		}
	}
	return best
}

// inputGroup hands a broadcast or multicast datagram to all endpoints that are
// bound to its port.
func (e *Engine) inputGroup(p *ip.Packet, u header.UDP) {
	for x := e.buckets[u.DestinationPort%bucketCount]; x != nil; x = x.next {
		if x.score(p, u) > 0 {
			x.queue.put(p, socket.Endpoint{Address: p.Source, Port: u.SourcePort})
			x.notify()
		}
	}
}

// Failed: see ip.Handler. Only a connected socket hears of it (RFC 1122, 4.1.3.3), because
// only there it is known that the packet was ours.
func (e *Engine) Failed(local, remote socket.Address, quoted []byte, f ip.Failure) {
	x := e.quoted(local, remote, quoted)
	if x == nil {
		return
	}
	switch f {
	case ip.PortUnreachable:
		x.failure = syscall.ECONNREFUSED
	case ip.ProtocolUnreachable:
		x.failure = syscall.ENOPROTOOPT
	case ip.Prohibited:
		x.failure = syscall.EACCES
	case ip.NetUnreachable, ip.NeighborUnreachable:
		x.failure = syscall.EHOSTUNREACH
	default:
		return // TimeExceeded may pass
	}
	x.notify()
}

// PathMTU: see ip.Handler. ip remembers it; a datagram is sent in pieces from then on.
func (e *Engine) PathMTU(local, remote socket.Address, quoted []byte, mtu uint16) {
	if x := e.quoted(local, remote, quoted); x != nil {
		x.routed = false
	}
}

// quoted finds the connected endpoint that sent a packet.
func (e *Engine) quoted(local, remote socket.Address, quoted []byte) *Endpoint {
	be := binary.BigEndian
	from, to := be.Uint16(quoted), be.Uint16(quoted[2:])
	for x := e.buckets[from%bucketCount]; x != nil; x = x.next {
		if x.local.Port == from && x.connected && x.peer.Port == to && x.peer.Address == remote && x.local.Address == local {
			return x
		}
	}
	return nil
}

// add puts an endpoint into its bucket.
func (e *Engine) add(x *Endpoint) {
	b := &e.buckets[x.local.Port%bucketCount]
	x.next, *b = *b, x
	x.bound = true
	e.count++
}

// remove takes it out.
func (e *Engine) remove(x *Endpoint) {
	if !x.bound {
		return
	}
	for at := &e.buckets[x.local.Port%bucketCount]; *at != nil; at = &(*at).next {
		if *at == x {
			*at = x.next
			break
		}
	}
	x.bound = false
	e.count--
}

// conflicts reports whether an endpoint that is there keeps x from local.
func (e *Engine) conflicts(x *Endpoint, local socket.Endpoint) bool {
	wanted := ip.ClaimOf(local.Address, x.family, x.only6)
	for other := e.buckets[local.Port%bucketCount]; other != nil; other = other.next {
		if other == x || other.local.Port != local.Port || other.reuse && x.reuse {
			continue
		}
		if theirs := ip.ClaimOf(other.local.Address, other.family, other.only6); wanted.Meets(&theirs) {
			return true
		}
	}
	return false
}

// ephemeral finds a free port (RFC 6056, 3.3.1): a random one, then those after it.
func (e *Engine) ephemeral(x *Endpoint, a socket.Address) (port uint16, ok bool) {
	var b [2]byte
	e.random.Fill(b[:])
	first := int(binary.LittleEndian.Uint16(b[:])) % ephemeralCount
	for i := range ephemeralCount {
		port := uint16(ephemeralFirst + (first+i)%ephemeralCount)
		if e.isFree(port) {
			return port, true
		}
	}
	return 0, false
}

// isFree reports whether no endpoint has a port.
func (e *Engine) isFree(port uint16) bool {
	for x := e.buckets[port%bucketCount]; x != nil; x = x.next {
		if x.local.Port == port {
			return false
		}
	}
	return true
}
