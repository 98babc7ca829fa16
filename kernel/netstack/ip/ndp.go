package ip

import (
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// ndpHopLimit proves that a message of neighbour discovery comes from the link
// (RFC 4861, 7.1).
const ndpHopLimit = 255

// inputICMPv6 takes a message over IPv6 (RFC 4443).
func (l *Layer) inputICMPv6(p *Packet) {
	i, ok := header.ParseICMP(p.Payload)
	if !ok || !p.goodSum(header.PseudoSum(p.Source, p.Destination, ProtocolICMPv6, p.Bytes)) {
		l.counters.Malformed++
		return
	}
	switch i.Type {
	case header.ICMPv6Echo:
		if p.Source != header.Unspecified6 {
			l.echo(p, i, header.ICMPv6EchoReply)
		}
	case header.ICMPv6Unreachable, header.ICMPv6PacketTooBig, header.ICMPv6TimeExceeded, header.ICMPv6Parameter:
		q, ok := parseQuoted(p.Payload[header.ICMPBytes:])
		if ok && !p.Group && !header.IsIPv4(q.local) && l.IsLocal(q.local) {
			l.icmpv6Error(i, q)
		}
	case header.ICMPv6RouterAdvertisement, header.ICMPv6NeighborSolicitation, header.ICMPv6NeighborAdvertisement:
		l.inputNDP(p, i)
	default:
		// Redirects would let anybody on the link take our packets; queries for
		// groups are not answered, we report when we join; the rest is not for hosts.
	}
}

// icmpv6Error takes an error about a packet of ours.
func (l *Layer) icmpv6Error(i header.ICMP, q quoted) {
	switch i.Type {
	case header.ICMPv6PacketTooBig:
		l.tooBig(q, int(max(min(i.Rest, maxMTU), minMTU6))) // RFC 8201, 4: never below 1280
	case header.ICMPv6TimeExceeded:
		if i.Code == 0 {
			l.failed(q, TimeExceeded)
		}
	case header.ICMPv6Parameter:
		if i.Code == header.ICMPv6ParameterNextHeader {
			l.failed(q, ProtocolUnreachable)
		}
	default:
		switch i.Code {
		case header.ICMPv6PortUnreachable:
			l.failed(q, PortUnreachable)
		case header.ICMPv6Prohibited, header.ICMPv6FailedPolicy, header.ICMPv6RejectRoute:
			l.failed(q, Prohibited)
		default:
			l.failed(q, NetUnreachable)
		}
	}
}

// inputNDP takes a message of neighbour discovery that RFC 4861, 7.1 and 6.1 allow.
func (l *Layer) inputNDP(p *Packet, i header.ICMP) {
	b := l.wholeMessage(p)
	if p.HopLimit != ndpHopLimit || i.Code != 0 || b == nil {
		l.counters.Malformed++
		return
	}
	if i.Type == header.ICMPv6RouterAdvertisement {
		l.inputAdvertisement(p, b)
		return
	}
	if len(b) < header.NeighborMessageBytes || !header.GoodNDPOptions(b[header.NeighborMessageBytes:]) {
		l.counters.Malformed++
		return
	}
	target, options := socket.Address(b[8:24]), b[header.NeighborMessageBytes:]
	switch {
	case header.IsMulticast(target) || header.IsIPv4(target):
		l.counters.Malformed++
	case i.Type == header.ICMPv6NeighborSolicitation:
		l.inputSolicitation(p, target, options)
	default:
		l.inputNeighborAdvertisement(p, i, target, options)
	}
}

// inputSolicitation answers who asks for an address of ours (RFC 4861, 7.2.3; RFC
// 4862, 5.4.3).
func (l *Layer) inputSolicitation(p *Packet, target socket.Address, options []byte) {
	t := l.find(target)
	if t < 0 {
		return
	}
	m, known := header.LinkOption(options, header.NDPSourceLink)
	probing := p.Source == header.Unspecified6
	if probing && (known || p.Destination != header.SolicitedNode(target)) || known && m[0]&1 != 0 {
		l.counters.Malformed++
		return
	}
	if l.addresses[t].state == stateTentative {
		if probing {
			l.taken(t) // another node probes for it too
		}
		return
	}
	flags := uint32(header.NeighborSolicited | header.NeighborOverride)
	to := p.Source
	if probing {
		flags, to = header.NeighborOverride, header.AllNodes
	} else if known {
		l.heard(p.Source, m)
	}
	l.sendNeighborAdvertisement(target, to, flags)
}

// inputNeighborAdvertisement takes an answer (RFC 4861, 7.2.5; RFC 4862, 5.4.4).
func (l *Layer) inputNeighborAdvertisement(p *Packet, i header.ICMP, target socket.Address, options []byte) {
	solicited, override := i.Rest&header.NeighborSolicited != 0, i.Rest&header.NeighborOverride != 0
	if p.Group && solicited || p.Source == header.Unspecified6 {
		l.counters.Malformed++
		return
	}
	if t := l.find(target); t >= 0 {
		if l.addresses[t].state == stateTentative {
			l.taken(t)
		} else {
			l.watcher.Log("another node on the network uses our address " + header.FormatAddress(target) + ": one of the two must change")
		}
		return
	}
	n := l.neighbors.find(target)
	if n == nil || n.state == stateFixed {
		return
	}
	m, known := header.LinkOption(options, header.NDPTargetLink)
	if known && m[0]&1 != 0 {
		return
	}
	if n.state == stateIncomplete {
		switch {
		case !known:
		case solicited && n.asked > 0:
			l.resolved(n, m, stateReachable)
		default:
			l.resolved(n, m, stateStale)
		}
		return
	}
	same := !known || packet.MAC(n.Link[:6]) == m
	switch {
	case !override && !same:
		if n.state == stateReachable {
			l.enter(n, stateStale)
		}
		return
	case !same:
		l.resolved(n, m, stateStale)
	}
	if solicited {
		l.enter(n, stateReachable)
	}
	l.routerFlag(n, i.Rest&header.NeighborRouter != 0)
}

// sendSolicitation asks for target, at its group, or only at a node that may
// have it. From the unspecified address it is a probe (RFC 4861, 4.3).
func (l *Layer) sendSolicitation(source, target socket.Address, at *packet.MAC) {
	destination := header.SolicitedNode(target)
	if at != nil {
		destination = target
	}
	var head [header.NeighborMessageBytes + header.LinkAddressOptionBytes]byte
	header.ICMP{Type: header.ICMPv6NeighborSolicitation}.Put(head[:])
	copy(head[8:], target[:])
	n := header.NeighborMessageBytes
	if source != header.Unspecified6 {
		header.PutLinkOption(head[n:], header.NDPSourceLink, l.mac)
		n += header.LinkAddressOptionBytes
	}
	l.sendNDP(source, destination, head[:n])
}

// sendNeighborAdvertisement tells that target is ours.
func (l *Layer) sendNeighborAdvertisement(target, to socket.Address, flags uint32) {
	var head [header.NeighborMessageBytes + header.LinkAddressOptionBytes]byte
	header.ICMP{Type: header.ICMPv6NeighborAdvertisement, Rest: flags}.Put(head[:])
	copy(head[8:], target[:])
	header.PutLinkOption(head[header.NeighborMessageBytes:], header.NDPTargetLink, l.mac)
	l.sendNDP(target, to, head[:])
}

// sendNDP sends a message to a node on the link or a group.
func (l *Layer) sendNDP(source, destination socket.Address, message []byte) {
	r := Route{Source: source, Destination: destination, Neighbor: l.neighbor(destination), MTU: max(l.mtu, minMTU6)}
	l.transmitICMP(&Datagram{Route: &r, HopLimit: ndpHopLimit, Head: message})
}

// joinSolicitedNode reports that we listen to the group of an address (RFC 3810, 5.2; RFC
// 4861, 7.2.1), for switches that forward groups only where they are wanted.
func (l *Layer) joinSolicitedNode(a socket.Address) {
	const changeToExclude = 4
	source := header.Unspecified6
	if x, ok := l.source(header.MLDv2Routers); ok && header.IsLinkLocal6(x) {
		source = x
	}
	var head [header.ICMPBytes + 20]byte
	header.ICMP{Type: header.ICMPv6MLDv2Report, Rest: 1}.Put(head[:])
	head[header.ICMPBytes] = changeToExclude
	group := header.SolicitedNode(a)
	copy(head[header.ICMPBytes+4:], group[:])
	r := Route{
		Source: source, Destination: header.MLDv2Routers, Neighbor: l.neighbor(header.MLDv2Routers), MTU: max(l.mtu, minMTU6),
	}
	l.transmitICMP(&Datagram{Route: &r, HopLimit: 1, Head: head[:], alert: true})
}
