package ip

import (
	"encoding/binary"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"
)

// Errors that we send are limited (RFC 1812, 4.3.2.8; RFC 4443, 2.4 f).
const (
	errorBurst    = 50
	errorInterval = 10 * time.Millisecond // some 67 a second in the long run
)

// bucket is a token bucket.
type bucket struct {
	tokens int
	filled time.Duration
}

// mayFail reports whether one more error may be sent. It costs one or two tokens: who counts those that are left
// would learn which ports are closed to others, and so where a question of DNS waits for its answer (CVE-2020-25705).
func (l *Layer) mayFail() bool {
	b := &l.errors
	if n := int((l.now - b.filled) / errorInterval); n > 0 {
		b.tokens = min(b.tokens+n, errorBurst)
		b.filled = l.now
	}
	if b.tokens <= 0 {
		return false
	}
	b.tokens -= 1 + int(l.random.uint32()&1)
	return true
}

// quoted is what an ICMP error says about a packet that we sent.
type quoted struct {
	local, remote socket.Address
	protocol      uint8
	payload       []byte // at least 8 bytes of the transport header
	bytes         int    // of the packet
}

// quotedMin is how much of the transport header an error has at least (RFC 792).
const quotedMin = 8

// parseQuoted reads the beginning of a packet. Extension headers of IPv6 are none of ours
// but that of a first fragment.
func parseQuoted(b []byte) (q quoted, ok bool) {
	if len(b) > 0 && b[0]>>4 == 4 {
		h, ok := header.ParseIPv4(b)
		if !ok || h.Offset != 0 {
			return q, false
		}
		q = quoted{h.Source, h.Destination, h.Protocol, b[h.HeaderBytes:], int(h.TotalBytes)}
		return q, len(q.payload) >= quotedMin
	}
	h, ok := header.ParseIPv6(b)
	if !ok {
		return q, false
	}
	q = quoted{h.Source, h.Destination, h.NextHeader, b[header.IPv6Bytes:], header.IPv6Bytes + int(h.PayloadBytes)}
	if q.protocol == header.Fragment {
		f, ok := header.ParseFragment(q.payload)
		if !ok || f.Offset != 0 {
			return q, false
		}
		q.protocol, q.payload = f.NextHeader, q.payload[header.FragmentBytes:]
	}
	return q, len(q.payload) >= quotedMin
}

// handler returns who sent a quoted packet, or nil.
func (l *Layer) handler(protocol uint8) Handler {
	switch protocol {
	case ProtocolTCP:
		return l.tcp
	case ProtocolUDP:
		return l.udp
	}
	return nil
}

// failed passes an error on.
func (l *Layer) failed(q quoted, f Failure) {
	if h := l.handler(q.protocol); h != nil {
		h.Failed(q.local, q.remote, q.payload, f)
	}
}

// tooBig passes on that a path takes packets up to mtu only, and notes it. Who forges such
// a message can make packets small, not smaller than minPath4 or minMTU6, for pathTime; TCP checks
// for itself whether it has sent what is quoted.
func (l *Layer) tooBig(q quoted, mtu int) {
	h := l.handler(q.protocol)
	if h == nil {
		return
	}
	l.paths.lower(q.remote, uint16(mtu), l)
	h.PathMTU(q.local, q.remote, q.payload, uint16(mtu))
}

// whole returns the message of p in one slice, for those that are short; nil if it
// is longer than the first buffer.
func (l *Layer) wholeMessage(p *Packet) []byte {
	if len(p.More) > 0 {
		return nil
	}
	return p.Payload
}

// goodSum reports whether the checksum of a message is right.
func (p *Packet) goodSum(sum uint64) bool { return header.Fold(SumPayload(p, sum)) == 0xffff }

// SumPayload adds the bytes of a packet to a sum (header.Sum), buffer by buffer.
func SumPayload(p *Packet, sum uint64) uint64 {
	if len(p.More) == 0 {
		return header.Sum(p.Payload, sum)
	}
	odd := len(p.Payload)%2 != 0
	sum = header.Sum(p.Payload, sum)
	for _, b := range p.More {
		part := header.Fold(header.Sum(b, 0))
		if odd {
			part = part<<8 | part>>8 // RFC 1071, 2 (B)
		}
		sum = uint64(header.Fold(sum)) + uint64(part)
		odd = odd != (len(b)%2 != 0)
	}
	return sum
}

// inputICMP takes a message over IPv4 (RFC 792; RFC 1122, 3.2.2).
func (l *Layer) inputICMP(p *Packet) {
	i, ok := header.ParseICMP(p.Payload)
	if !ok || !p.goodSum(0) {
		l.counters.Malformed++
		return
	}
	switch i.Type {
	case header.ICMPEcho:
		l.echo(p, i, header.ICMPEchoReply)
	case header.ICMPUnreachable, header.ICMPTimeExceeded, header.ICMPParameter:
		if p.Group {
			return
		}
		if q, ok := parseQuoted(p.Payload[header.ICMPBytes:]); ok && header.IsIPv4(q.local) && l.IsLocal(q.local) {
			l.icmpError(i, q)
		}
	default:
		// Redirects would let anybody on the link take our packets; source quench is
		// obsolete (RFC 6633); the rest is not for hosts.
	}
}

// icmpError takes an error about a packet of ours.
func (l *Layer) icmpError(i header.ICMP, q quoted) {
	switch {
	case i.Type == header.ICMPTimeExceeded && i.Code == 0:
		l.failed(q, TimeExceeded)
	case i.Type == header.ICMPParameter:
		l.failed(q, ProtocolUnreachable)
	case i.Type != header.ICMPUnreachable:
	case i.Code == header.ICMPFragmentationNeeded:
		mtu := int(i.Rest & 0xffff)
		if mtu == 0 {
			mtu = plateau(q.bytes) // RFC 1191, 7.1: a router that does not say
		}
		l.tooBig(q, max(mtu, minPath4))
	case i.Code == header.ICMPProtocolUnreachable:
		l.failed(q, ProtocolUnreachable)
	case i.Code == header.ICMPPortUnreachable:
		l.failed(q, PortUnreachable)
	case i.Code == header.ICMPNetProhibited, i.Code == header.ICMPHostProhibited, i.Code == header.ICMPProhibited:
		l.failed(q, Prohibited)
	default:
		l.failed(q, NetUnreachable)
	}
}

// echoMax bounds the data of an echo that we answer: what one frame carries.
const echoMax = 64 << 10

// echo answers a request. One to a group is not answered (RFC 1122, 3.2.2.6).
func (l *Layer) echo(p *Packet, i header.ICMP, reply uint8) {
	if p.Group && p.IsIPv4 || p.Bytes > echoMax {
		return
	}
	source := p.Destination
	if p.Group {
		source = header.Unspecified6
	}
	r, err := l.Route(source, p.Source)
	if err != nil {
		return
	}
	data := p.Payload[header.ICMPBytes:]
	if len(p.More) > 0 {
		data = l.join(p)
	}
	var head [header.ICMPBytes]byte
	header.ICMP{Type: reply, Rest: i.Rest}.Put(head[:])
	l.transmitICMP(&Datagram{Route: &r, Head: head[:], Data: data, TrafficClass: p.TrafficClass, Fragment: true})
}

// join copies the data of a message that spans several buffers. It is for the rare
// long echo, and allocates.
func (l *Layer) join(p *Packet) []byte {
	data := append(make([]byte, 0, p.Bytes), p.Payload[header.ICMPBytes:]...)
	for _, b := range p.More {
		data = append(data, b...)
	}
	return data
}

// transmitICMP sends a message of the family of its route.
func (l *Layer) transmitICMP(d *Datagram) {
	d.Protocol, d.ChecksumAt = ProtocolICMP, 2
	if !d.Route.IsIPv4 {
		d.Protocol, d.Pseudo = ProtocolICMPv6, true
	}
	if l.Transmit(d) != nil {
		l.counters.Dropped++
	}
}

// PortUnreachable tells the sender of a packet that nobody listens on its port
// (RFC 1122, 4.1.3.1; RFC 4443, 3.1).
func (l *Layer) PortUnreachable(p *Packet) {
	if p.IsIPv4 {
		l.sendError(p, header.ICMP{Type: header.ICMPUnreachable, Code: header.ICMPPortUnreachable})
	} else {
		l.sendError(p, header.ICMP{Type: header.ICMPv6Unreachable, Code: header.ICMPv6PortUnreachable})
	}
}

// ProtocolUnreachable tells the sender that there is no such protocol (RFC 1122,
// 3.2.2.1; RFC 8200, 4).
func (l *Layer) ProtocolUnreachable(p *Packet) {
	if p.IsIPv4 {
		l.sendError(p, header.ICMP{Type: header.ICMPUnreachable, Code: header.ICMPProtocolUnreachable})
		return
	}
	if p.whole == nil {
		return
	}
	l.sendError(p, header.ICMP{
		Type: header.ICMPv6Parameter, Code: header.ICMPv6ParameterNextHeader, Rest: uint32(p.nextHeaderAt),
	})
}

// Bounds of an error: the whole packet as far as it fits.
const (
	errorMax4 = 576     // RFC 1812, 4.3.2.3
	errorMax6 = minMTU6 // RFC 4443, 2.4 c
)

// sendError sends an error about p, if one may be sent about it: not about errors,
// fragments, groups, or to what is no node (RFC 1122, 3.2.2; RFC 4443, 2.4 e).
func (l *Layer) sendError(p *Packet, i header.ICMP) {
	mayGroup := !p.IsIPv4 && i.Type == header.ICMPv6Parameter && i.Code == header.ICMPv6ParameterOption
	if p.whole == nil || p.Group && !mayGroup || l.isError(p) ||
		header.IsUnspecified(p.Source) || header.IsMulticast(p.Source) || l.IsBroadcast(p.Source) {
		return
	}
	if !l.mayFail() {
		return
	}
	source := p.Destination
	if p.Group {
		source = header.Unspecified6
	}
	r, err := l.Route(source, p.Source)
	if err != nil {
		return
	}
	room := errorMax6 - header.IPv6Bytes - header.ICMPBytes
	if p.IsIPv4 {
		room = errorMax4 - header.IPv4Bytes - header.ICMPBytes
	}
	var head [header.ICMPBytes]byte
	i.Put(head[:])
	l.transmitICMP(&Datagram{Route: &r, Head: head[:], Data: p.whole[:min(len(p.whole), room)]})
}

// isError reports whether a packet is an ICMP error, or of a type that might be one.
func (l *Layer) isError(p *Packet) bool {
	if len(p.Payload) == 0 {
		return p.Protocol == ProtocolICMP || p.Protocol == ProtocolICMPv6
	}
	switch p.Protocol {
	case ProtocolICMP:
		return p.Payload[0] != header.ICMPEcho
	case ProtocolICMPv6:
		return p.Payload[0] < header.ICMPv6FirstInformational || p.Payload[0] == header.ICMPv6Redirect
	}
	return false
}

// minPath4 is the least MTU of a path that is believed: an attacker could say less, and
// each packet would carry next to nothing.
const minPath4 = 552

// plateau returns the next likely MTU below a packet's length (RFC 1191, 7.1).
func plateau(bytes int) int {
	for _, mtu := range [...]int{32000, 17914, 8166, 4352, 2002, 1492, 1006, 576} {
		if mtu < bytes {
			return mtu
		}
	}
	return minPath4
}

// Bounds of what is known of paths.
const (
	pathsMax = 256              // destinations with a smaller MTU than the link's
	pathTime = 10 * time.Minute // RFC 1191, 6.3; RFC 8201, 5.2
)

// pathTable are the MTUs of paths (RFC 1191, RFC 8201), a set of four per hash value.
type pathTable struct{ entries [pathsMax]path }

type path struct {
	destination socket.Address
	mtu         uint16
	until       time.Duration
}

const pathWays = 4

func (t *pathTable) set(a socket.Address) []path {
	be := binary.BigEndian
	h := (be.Uint64(a[:]) ^ be.Uint64(a[8:])) * 0x9e3779b97f4a7c15
	at := int(h>>58) * pathWays
	return t.entries[at : at+pathWays]
}

// mtu returns what the path to a destination takes, as far as is known.
func (t *pathTable) mtu(a socket.Address, now time.Duration) uint16 {
	for i := range t.set(a) {
		if p := &t.set(a)[i]; p.until > now && p.destination == a {
			return p.mtu
		}
	}
	return maxMTU
}

// lower notes a smaller MTU. A larger one than is known is no news.
func (t *pathTable) lower(a socket.Address, mtu uint16, l *Layer) {
	if mtu >= min(l.mtu, t.mtu(a, l.now)) {
		return
	}
	set := t.set(a)
	oldest := 0
	for i := range set {
		if set[i].destination == a {
			oldest = i
			break
		}
		if set[i].until < set[oldest].until {
			oldest = i
		}
	}
	set[oldest] = path{a, mtu, l.now + pathTime}
}
