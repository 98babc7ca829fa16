package ip

import (
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// sendARP sends a packet; its SenderMAC is ours.
func (l *Layer) sendARP(a header.ARP, to packet.MAC) {
	f := l.device.Reserve()
	if f == nil {
		l.counters.Dropped++
		return
	}
	a.SenderMAC = l.mac
	header.PutEthernet(f.Header, to, l.mac, header.EtherTypeARP)
	a.Put(f.Header[header.EthernetBytes:])
	f.HeaderBytes, f.PartCount = header.EthernetBytes+header.ARPBytes, 0
	f.Checksum, f.Segmentation, f.SegmentBytes = false, packet.SegmentNone, 0
	l.device.Send(f)
}

// inputARP takes a packet (RFC 826; RFC 5227 for probes and conflicts).
func (l *Layer) inputARP(b []byte) {
	a, ok := header.ParseARP(b)
	if !ok || a.SenderMAC[0]&1 != 0 || a.SenderMAC == l.mac {
		l.counters.Malformed++
		return
	}
	sender, target := header.MapIPv4(a.SenderIPv4), header.MapIPv4(a.TargetIPv4)
	if i := l.find(sender); i >= 0 {
		l.conflict4(i)
		return
	}
	isProbe := sender == header.Unspecified4
	t := l.find(target)
	if t >= 0 && l.addresses[t].state == stateTentative {
		if isProbe && !a.Reply {
			l.taken(t) // another node probes for it too (RFC 5227, 2.1.1)
		}
		return
	}
	if !isProbe && l.learnARP(a, sender) {
		return
	}
	if t < 0 || a.Reply {
		return
	}
	if !isProbe && l.isNeighbor4(sender) {
		l.heard(sender, a.SenderMAC) // who asks is about to send
	}
	l.sendARP(header.ARP{
		Reply: true, SenderIPv4: a.TargetIPv4, TargetMAC: a.SenderMAC, TargetIPv4: a.SenderIPv4,
	}, a.SenderMAC)
}

// learnARP merges what a packet says about its sender into an entry that is there
// (RFC 826, Merge_flag). It returns true if there is nothing else to do.
func (l *Layer) learnARP(a header.ARP, sender socket.Address) (done bool) {
	n := l.neighbors.find(sender)
	if n == nil || n.state == stateFixed {
		return false
	}
	asked := n.state == stateIncomplete && n.asked > 0 || n.state == stateProbe
	switch {
	case a.Reply && asked:
		l.resolved(n, a.SenderMAC, stateReachable)
	case !n.Resolved || packet.MAC(n.Link[:6]) != a.SenderMAC:
		l.resolved(n, a.SenderMAC, stateStale)
	}
	return a.Reply
}

// isNeighbor4 reports whether an address can be that of a node on the link.
func (l *Layer) isNeighbor4(a socket.Address) bool {
	if l.martian4(header.Number4(a)) {
		return false
	}
	hop, ok := l.nextHop(a)
	return ok && hop == a
}

// conflict4 handles a packet of another node from address i of ours (RFC 5227, 2.1.1, 2.4).
func (l *Layer) conflict4(i int) {
	a := &l.addresses[i]
	if a.state == stateTentative {
		l.taken(i)
		return
	}
	if a.defended != 0 && l.now < a.defended+defendTime {
		return
	}
	a.defended = max(l.now, 1)
	l.watcher.Log("another node on the network uses our address " + header.FormatAddress(a.Address) + ": one of the two must change")
	l.sendARP(header.ARP{SenderIPv4: header.IPv4(a.Address), TargetIPv4: header.IPv4(a.Address)}, header.BroadcastMAC)
}
