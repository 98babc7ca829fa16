package ip

import (
	"encoding/binary"
	"slices"
	"syscall"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"
)

// Bounds of what can be configured, by people or by packets.
const (
	addressesMax = 16 // addresses of the machine; routers may announce many prefixes
	prefixesMax  = 16 // prefixes on the link
	gatewaysMax  = 4  // routers: RFC 4861, 6.3.4 wants at least two
)

// addressState is where an address is on its way to be used.
type addressState uint8

const (
	stateTentative addressState = iota // probed (RFC 4862, 5.4; RFC 5227): not ours yet
	stateAssigned
)

// address is one of the machine.
type address struct {
	header.Prefix
	state      addressState
	is4        bool
	automatic  bool // made by autoconfiguration
	number4    uint32
	broadcast4 uint32
	probes     uint8         // still to send
	next       time.Duration // when the next probe is due, or the address is ready
	defended   time.Duration // when we last said that it is ours
	preferred  time.Duration // until then new connections use it (RFC 4862, 5.5.4)
	valid      time.Duration // until then it is ours
}

// Probing. RFC 5227 wants up to seven seconds, in which a machine that boots in
// milliseconds would stand still; a conflict after this is still noticed.
const (
	probes4    = 1
	probeTime4 = 200 * time.Millisecond
	defendTime = 10 * time.Second // RFC 5227, 1.1: DEFEND_INTERVAL
	probes6    = 1                // RFC 4862, 5.1: DupAddrDetectTransmits
	probeTime6 = time.Second      // RFC 4861, 10: RETRANS_TIMER
)

// onLink is a prefix whose addresses are neighbours.
type onLink struct {
	header.Prefix
	valid time.Duration
}

// gateway is a default router.
type gateway struct {
	address socket.Address
	valid   time.Duration
	failed  time.Duration // it did not answer at that time; 0: it did
}

// Assignment is an address for the machine.
type Assignment struct {
	header.Prefix
	// Probe asks the link first whether another node has it; Watcher tells.
	Probe bool
	// Valid is when the address ends, or socket.Forever.
	Valid time.Duration
}

// Assign gives the machine an address, and its prefix is on the link. It replaces
// the same address. Errors: EINVAL for one that is no address of a node, ENOBUFS.
func (l *Layer) Assign(a Assignment) error {
	if header.IsMulticast(a.Address) || header.IsUnspecified(a.Address) || header.IsLoopback(a.Address) ||
		a.Address == header.Broadcast4 {
		return syscall.EINVAL
	}
	l.Remove(a.Address)
	if len(l.addresses) >= addressesMax {
		return syscall.ENOBUFS
	}
	n := address{Prefix: a.Prefix, is4: header.IsIPv4(a.Address), preferred: a.Valid, valid: a.Valid}
	if n.is4 {
		n.number4 = header.Number4(a.Address)
		if broadcast, ok := n.Broadcast4(); ok {
			n.broadcast4 = header.Number4(broadcast)
		}
	}
	l.addOnLink(a.Prefix, a.Valid)
	l.addAddress(n, a.Probe)
	return nil
}

// addAddress begins to probe an address or to use it.
func (l *Layer) addAddress(n address, probe bool) {
	switch {
	case !probe:
		n.state = stateAssigned
	case n.is4:
		n.probes, n.next = probes4, l.now
	default:
		n.probes, n.next = probes6, l.now
	}
	l.addresses = append(l.addresses, n)
	l.schedule(min(n.next, n.valid))
	if n.state == stateAssigned {
		l.assigned(len(l.addresses) - 1)
	}
}

// assigned makes address i one that is used, and tells the link and the Watcher.
func (l *Layer) assigned(i int) {
	a := &l.addresses[i]
	a.state = stateAssigned
	l.choosePrimary()
	if a.is4 {
		l.sendARP(header.ARP{SenderIPv4: header.IPv4(a.Address), TargetIPv4: header.IPv4(a.Address)}, header.BroadcastMAC)
	} else {
		l.joinSolicitedNode(a.Address)
	}
	l.watcher.AddressReady(a.Address)
}

// choosePrimary finds the address that the fast path compares with.
func (l *Layer) choosePrimary() {
	l.primary4, l.broadcast4, l.single4 = 0, 0, false
	for i := range l.addresses {
		a := &l.addresses[i]
		switch {
		case !a.is4 || a.state != stateAssigned:
		case l.primary4 == 0:
			l.primary4, l.broadcast4, l.single4 = a.number4, a.broadcast4, true
		default:
			l.single4 = false
		}
	}
}

// Extend makes an address of ours last until another moment. It is false if there is none.
func (l *Layer) Extend(p header.Prefix, valid time.Duration) bool {
	i := l.find(p.Address)
	if i < 0 || l.addresses[i].Bits != p.Bits {
		return false
	}
	l.addresses[i].valid, l.addresses[i].preferred = valid, valid
	l.addOnLink(p, valid)
	l.schedule(valid)
	return true
}

// LimitMTU lowers the MTU of the link, not below what IPv6 needs.
func (l *Layer) LimitMTU(mtu uint16) {
	if mtu >= minMTU6 && mtu < l.mtu {
		l.mtu = mtu
	}
}

// Remove takes an address away. The prefix stays on the link as long as it was said to.
func (l *Layer) Remove(a socket.Address) {
	l.addresses = slices.DeleteFunc(l.addresses, func(x address) bool { return x.Address == a })
	l.choosePrimary()
}

// RemovePrefix makes a prefix one that is reached through the gateway.
func (l *Layer) RemovePrefix(p header.Prefix) {
	l.prefixes = slices.DeleteFunc(l.prefixes, func(x onLink) bool { return x.Prefix == p })
}

// addOnLink notes a prefix until a moment; a moment that has come takes it away.
func (l *Layer) addOnLink(p header.Prefix, valid time.Duration) {
	for i := range l.prefixes {
		if x := &l.prefixes[i]; x.Bits == p.Bits && x.Contains(p.Address) {
			x.valid = valid
			l.schedule(valid)
			return
		}
	}
	if len(l.prefixes) < prefixesMax && valid > l.now {
		l.prefixes = append(l.prefixes, onLink{p, valid})
		l.schedule(valid)
	}
}

// SetGateway makes a node a default router until valid; a moment that has come takes
// it away. The address tells the family.
func (l *Layer) SetGateway(a socket.Address, valid time.Duration) {
	for i := range l.gateways {
		if g := &l.gateways[i]; g.address == a {
			if g.valid = valid; valid <= l.now {
				l.gateways = slices.Delete(l.gateways, i, i+1)
			}
			l.schedule(valid)
			return
		}
	}
	if len(l.gateways) < gatewaysMax && valid > l.now {
		l.gateways = append(l.gateways, gateway{address: a, valid: valid})
		l.schedule(valid)
	}
}

// addressTimers sends probes and ends what has had its time.
func (l *Layer) addressTimers() {
	expired := false
	for i := 0; i < len(l.addresses); i++ {
		a := &l.addresses[i]
		if a.valid <= l.now {
			l.addresses = slices.Delete(l.addresses, i, i+1)
			i--
			expired = true
			continue
		}
		l.schedule(a.valid)
		if a.state == stateTentative {
			l.probeTimer(i)
		}
	}
	if expired {
		l.choosePrimary()
	}
	l.prefixes = slices.DeleteFunc(l.prefixes, func(p onLink) bool { return p.valid <= l.now })
	for i := range l.prefixes {
		l.schedule(l.prefixes[i].valid)
	}
	l.gateways = slices.DeleteFunc(l.gateways, func(g gateway) bool { return g.valid <= l.now })
	for i := range l.gateways {
		l.schedule(l.gateways[i].valid)
	}
}

// probeTimer asks for tentative address i, or takes it when nobody has answered.
func (l *Layer) probeTimer(i int) {
	a := &l.addresses[i]
	switch {
	case a.next > l.now:
	case a.probes == 0:
		l.assigned(i)
		return
	case a.is4:
		a.probes--
		a.next = l.now + probeTime4
		l.sendARP(header.ARP{TargetIPv4: header.IPv4(a.Address)}, header.BroadcastMAC)
	default:
		a.probes--
		a.next = l.now + probeTime6
		l.joinSolicitedNode(a.Address)
		l.sendSolicitation(header.Unspecified6, a.Address, nil)
	}
	l.schedule(a.next)
}

// taken gives an address up, because another node has it.
func (l *Layer) taken(i int) {
	a := l.addresses[i].Address
	l.addresses = slices.Delete(l.addresses, i, i+1)
	l.choosePrimary()
	l.watcher.AddressTaken(a)
}

// find returns the index of an address of ours, tentative or not, or -1.
func (l *Layer) find(a socket.Address) int {
	for i := range l.addresses {
		if l.addresses[i].Address == a {
			return i
		}
	}
	return -1
}

// IsLocal: see Output.
func (l *Layer) IsLocal(a socket.Address) bool {
	if header.IsLoopback(a) {
		return true
	}
	i := l.find(a)
	return i >= 0 && l.addresses[i].state == stateAssigned
}

// Addresses returns what others reach the machine by.
func (l *Layer) Addresses() (all []header.Prefix) {
	for i := range l.addresses {
		if l.addresses[i].state == stateAssigned {
			all = append(all, l.addresses[i].Prefix)
		}
	}
	return all
}

// IsBroadcast reports whether packets to an address go to all nodes of a network.
func (l *Layer) IsBroadcast(a socket.Address) bool {
	if !header.IsIPv4(a) {
		return false
	}
	number := binary.BigEndian.Uint32(a[12:])
	if number == 1<<32-1 {
		return true
	}
	for i := range l.addresses {
		if l.addresses[i].broadcast4 == number && number != 0 {
			return true
		}
	}
	return false
}

// nextHop finds the neighbour that packets to a destination go to.
func (l *Layer) nextHop(destination socket.Address) (hop socket.Address, ok bool) {
	if header.IsMulticast(destination) || header.IsLinkLocal6(destination) || l.IsBroadcast(destination) {
		return destination, true
	}
	for i := range l.prefixes {
		if l.prefixes[i].Contains(destination) {
			return destination, true
		}
	}
	is4, found := header.IsIPv4(destination), -1
	for i := range l.gateways {
		g := &l.gateways[i]
		if header.IsIPv4(g.address) != is4 {
			continue
		}
		// RFC 4861, 6.3.6: one that answers before one that does not; of those, round robin.
		if found < 0 || g.failed < l.gateways[found].failed {
			found = i
		}
	}
	if found < 0 {
		return hop, false
	}
	return l.gateways[found].address, true
}

// gatewayFailed notes that a router does not answer, so that another is tried.
func (l *Layer) gatewayFailed(a socket.Address) {
	for i := range l.gateways {
		if l.gateways[i].address == a {
			l.gateways[i].failed = max(l.now, 1)
		}
	}
}

// source chooses the address to send to a destination from (RFC 6724, 5: rules 2, 3 and 8).
func (l *Layer) source(destination socket.Address) (best socket.Address, ok bool) {
	is4, bestScore := header.IsIPv4(destination), -1
	wantLocal := header.IsLinkLocal6(destination) ||
		destination[0] == 0xff && destination[1]&15 <= 2 // link-local scope
	for i := range l.addresses {
		a := &l.addresses[i]
		if a.is4 != is4 || a.state != stateAssigned {
			continue
		}
		score := header.CommonBits(a.Address, destination)
		if a.preferred > l.now {
			score += 1 << 8
		}
		if header.IsLinkLocal6(a.Address) == wantLocal {
			score += 1 << 9
		}
		if score > bestScore {
			best, bestScore = a.Address, score
		}
	}
	return best, bestScore >= 0
}

// Route: see Output.
func (l *Layer) Route(source, destination socket.Address) (r Route, err error) {
	r = Route{Source: source, Destination: destination, IsIPv4: header.IsIPv4(destination), MTU: l.mtu}
	given := !header.IsUnspecified(source)
	switch {
	case given && (!l.IsLocal(source) || header.IsIPv4(source) != r.IsIPv4):
		return r, syscall.EADDRNOTAVAIL
	case header.IsUnspecified(destination):
		return r, syscall.ENETUNREACH
	case l.IsLocal(destination):
		if r.Neighbor = &l.self; !given {
			r.Source = destination
		}
		return r, nil
	case given && header.IsLoopback(source):
		return r, syscall.ENETUNREACH
	case !r.IsIPv4 && l.mtu < minMTU6:
		return r, syscall.ENETUNREACH // RFC 8200, 5
	}
	hop, ok := l.nextHop(destination)
	if !ok {
		return r, syscall.ENETUNREACH
	}
	if !given {
		if r.Source, ok = l.source(destination); !ok {
			return r, syscall.ENETUNREACH
		}
	}
	r.Neighbor = l.neighbor(hop)
	r.MTU = min(r.MTU, l.paths.mtu(destination, l.now))
	return r, nil
}

// Broadcast returns the way to all nodes on the link from an IPv4 address that may
// be the unspecified one (RFC 2131, 4.1).
func (l *Layer) Broadcast(source socket.Address) Route {
	return Route{
		Source: source, Destination: header.Broadcast4, IsIPv4: true,
		Neighbor: l.neighbor(header.Broadcast4), MTU: l.mtu,
	}
}
