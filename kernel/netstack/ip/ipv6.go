package ip

import (
	"encoding/binary"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// extensionsMax bounds the extension headers of a packet: those of RFC 8200, 4.1,
// with destination options twice, and one more.
const extensionsMax = 7

// input6 takes an IPv6 packet. group says that the frame was for more than us.
func (l *Layer) input6(r *packet.Received, b []byte, group bool) {
	if len(b) < header.IPv6Bytes || b[0]>>4 != 6 {
		l.counters.Malformed++
		return
	}
	be := binary.BigEndian
	total := header.IPv6Bytes + int(be.Uint16(b[4:]))
	if (len(b) != total || len(r.More) > 0) && !trim(r, &b, total) {
		l.counters.Malformed++
		return
	}
	p := &l.packet
	p.Source, p.Destination = socket.Address(b[8:24]), socket.Address(b[24:40])
	group, ok := l.accepts6(p.Destination, group)
	if !ok || !l.fromSelf && l.martian6(p.Source) {
		l.counters.Misdirected++
		return
	}
	p.IsIPv4, p.Group = false, group
	p.TrafficClass, p.HopLimit, p.Protocol = uint8(be.Uint16(b)>>4), b[7], b[6]
	p.ChecksumGood, p.SegmentBytes = r.ChecksumGood, r.SegmentBytes
	p.Payload, p.More, p.Bytes = b[header.IPv6Bytes:], r.More, total-header.IPv6Bytes
	p.whole, p.nextHeaderAt = b, 6
	if p.Protocol == ProtocolTCP && p.Source != header.Unspecified6 {
		l.tcp.Input(p)
		return
	}
	l.extensions(p, p.Protocol, false)
}

// accepts6 says whether a packet to a destination is for us, and whether it was for
// a group. Tentative addresses are not ours yet, but their groups are.
func (l *Layer) accepts6(a socket.Address, group bool) (isGroup, ok bool) {
	if a[0] == 0xff {
		if a[1]&15 < 2 && !l.fromSelf {
			return true, false // RFC 4291, 2.7: never leaves a node
		}
		if a == header.AllNodes {
			return true, true
		}
		for i := range l.addresses {
			if x := &l.addresses[i]; !x.is4 && header.SolicitedNode(x.Address) == a {
				return true, true
			}
		}
		return true, false
	}
	for i := range l.addresses {
		if x := &l.addresses[i]; x.Address == a {
			return false, !x.is4 && x.state == stateAssigned && !group
		}
	}
	return false, l.fromSelf && a == header.Loopback6
}

// martian6 reports whether an address cannot be that of a sender: a group, loopback,
// an IPv4-mapped one, our own (RFC 4291, 2.5.3, 2.7; RFC 4942, 2.2). The unspecified one can, in
// neighbour discovery.
func (l *Layer) martian6(a socket.Address) bool {
	if a[0] == 0xff || a == header.Loopback6 || header.IsIPv4(a) {
		return true
	}
	for i := range l.addresses {
		if x := &l.addresses[i]; x.Address == a && x.state == stateAssigned {
			return true
		}
	}
	return false
}

// extensions goes through the extension headers of a packet, of which the payload of p
// begins with the first, and hands it on. reassembled says that no fragment
// header may follow.
func (l *Layer) extensions(p *Packet, next uint8, reassembled bool) {
	for i := 0; i < extensionsMax; i++ {
		b := p.Payload
		switch next {
		case header.HopByHop, header.DestinationOptions, header.Routing:
			if next == header.HopByHop && (i > 0 || reassembled) {
				p.Protocol = next
				l.ProtocolUnreachable(p) // RFC 8200, 4.1
				return
			}
			if len(b) < 8 || len(b) < 8+int(b[1])*8 {
				l.counters.Malformed++
				return
			}
			n := 8 + int(b[1])*8
			if next == header.Routing && !l.routing(p, b) || next != header.Routing && !l.options(p, b[2:n]) {
				return
			}
			p.nextHeaderAt = l.offset(p)
			next = b[0]
			p.Payload, p.Bytes = b[n:], p.Bytes-n
		case header.Fragment:
			f, ok := header.ParseFragment(b)
			if !ok || reassembled {
				l.counters.Malformed++
				return
			}
			p.nextHeaderAt = l.offset(p)
			p.Payload, p.Bytes = b[header.FragmentBytes:], p.Bytes-header.FragmentBytes
			if f.Offset != 0 || f.More {
				p.Protocol = f.NextHeader
				l.reassembly.input(p, f)
				return
			}
			next, reassembled = f.NextHeader, true // an atomic fragment (RFC 6946)
		default:
			p.Protocol = next
			l.dispatch6(p)
			return
		}
	}
	l.counters.Malformed++
}

// offset returns where in p.whole its payload begins, which is where the number of
// the header after it lies.
func (l *Layer) offset(p *Packet) uint16 { return uint16(len(p.whole) - len(p.Payload)) }

// options checks the options of a header (RFC 8200, 4.2): we know none but padding
// and Router Alert, and the type says what to do with others.
func (l *Layer) options(p *Packet, b []byte) (goOn bool) {
	size := len(b)
	for len(b) > 0 {
		o, rest, ok := header.NextOption(b)
		if !ok {
			l.counters.Malformed++
			return false
		}
		at := uint32(l.offset(p)) + uint32(2+size-len(b))
		b = rest
		if o.Type == header.OptionPad1 || o.Type == header.OptionPadN || o.Type == header.OptionRouterAlert {
			continue
		}
		switch o.Type >> 6 {
		case 0: // skip
			continue
		case 2:
			l.sendError(p, header.ICMP{Type: header.ICMPv6Parameter, Code: header.ICMPv6ParameterOption, Rest: at})
		case 3:
			if !p.Group {
				l.sendError(p, header.ICMP{Type: header.ICMPv6Parameter, Code: header.ICMPv6ParameterOption, Rest: at})
			}
		}
		l.counters.Malformed++
		return false
	}
	return true
}

// routing checks a Routing header: with segments left it is for somebody else, and
// hosts forward nothing (RFC 8200, 4.4; RFC 5095).
func (l *Layer) routing(p *Packet, b []byte) (goOn bool) {
	if b[3] == 0 {
		return true
	}
	l.counters.Malformed++
	l.sendError(p, header.ICMP{Type: header.ICMPv6Parameter, Rest: uint32(l.offset(p)) + 2})
	return false
}

// dispatch6 hands a whole packet to its protocol.
func (l *Layer) dispatch6(p *Packet) {
	if p.Source == header.Unspecified6 && p.Protocol != ProtocolICMPv6 {
		l.counters.Misdirected++
		return
	}
	switch p.Protocol {
	case ProtocolTCP:
		l.tcp.Input(p)
	case ProtocolUDP:
		l.udp.Input(p)
	case ProtocolICMPv6:
		l.inputICMPv6(p)
	case header.NoNextHeader:
	default:
		l.counters.Unknown++
		l.ProtocolUnreachable(p)
	}
}
