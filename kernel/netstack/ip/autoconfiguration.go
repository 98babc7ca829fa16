package ip

import (
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"
)

// autoconfiguration is what routers say about the link (RFC 4861, 6.3; RFC 4862).
type autoconfiguration struct {
	on        bool // make addresses of announced prefixes
	hops      uint8
	reachTime time.Duration // 0: the default
	retryTime time.Duration

	solicited uint8         // router solicitations sent
	wait      time.Duration // between them
	next      time.Duration // when the next is due, 0: none
	mtu       uint16

	servers []learned[socket.Address]
	search  []learned[string]
	// Version changes with servers and search.
	version uint32
}

// learned is a word of a router, until it is forgotten.
type learned[T comparable] struct {
	value T
	until time.Duration
}

// Bounds of what routers may set, against routers that would stop us.
const (
	reachableMax = time.Hour // RFC 4861, 6.2.1
	retransMax   = 10 * time.Second
	retransMin   = 100 * time.Millisecond
	hopLimitMin  = 32 // less reaches the next router only (CVE-2015-2922), and no path is longer
	serversMax   = 4
	searchMax    = 6 // resolv.conf(5) of old
)

// reachable is how long a neighbour counts as reachable.
func (a *autoconfiguration) reachable() time.Duration {
	if a.reachTime == 0 {
		return reachableTime
	}
	return a.reachTime
}

// retrans is the time between two solicitations.
func (a *autoconfiguration) retrans() time.Duration {
	if a.retryTime == 0 {
		return retransTime
	}
	return a.retryTime
}

// hopLimit is that of packets whose sender says nothing.
func (a *autoconfiguration) hopLimit(isIPv4 bool) uint8 {
	if isIPv4 || a.hops == 0 {
		return defaultHopLimit
	}
	return a.hops
}

// Solicitation of routers (RFC 4861, 10; RFC 7559 goes on with longer waits).
const (
	solicitationFirst = 50 * time.Millisecond // MAX_RTR_SOLICITATION_DELAY is a second, which a machine that boots in milliseconds does not have
	solicitationWait  = 4 * time.Second       // RTR_SOLICITATION_INTERVAL
	solicitationMax   = time.Hour             // RFC 7559: MRT
)

// Autoconfigure asks for routers and makes addresses of the prefixes that they announce (RFC
// 4862).
func (l *Layer) Autoconfigure() {
	l.auto.on = true
	l.auto.next = max(l.now, 1) + l.random.upTo(solicitationFirst)
	l.schedule(l.auto.next)
}

// AssignLinkLocal makes the link-local address that every node has (RFC 4291, 2.8).
func (l *Layer) AssignLinkLocal() {
	l.addOnLink(header.LinkLocal6, socket.Forever)
	l.addAutomatic(header.LinkLocal6, socket.Forever, socket.Forever)
}

// addAutomatic makes an address of a prefix and the Ethernet address (RFC 4862, 5.5.3 d).
func (l *Layer) addAutomatic(p header.Prefix, preferred, valid time.Duration) {
	id := header.InterfaceID(l.mac)
	a := p
	copy(a.Address[8:], id[:])
	if len(l.addresses) >= addressesMax || l.find(a.Address) >= 0 {
		return
	}
	l.addAddress(address{Prefix: a, automatic: true, preferred: preferred, valid: valid}, true)
}

// autoTimers asks for routers, and forgets servers.
func (l *Layer) autoTimers() {
	a := &l.auto
	if a.next != 0 && a.next <= l.now {
		l.solicitRouters()
	}
	if a.next != 0 {
		l.schedule(a.next)
	}
	servers, search := expire(&a.servers, l), expire(&a.search, l)
	if servers || search {
		a.version++
	}
}

// expire drops what has had its time.
func expire[T comparable](all *[]learned[T], l *Layer) (changed bool) {
	kept := (*all)[:0]
	for _, x := range *all {
		if x.until > l.now {
			kept = append(kept, x)
			l.schedule(x.until)
		}
	}
	changed = len(kept) != len(*all)
	*all = kept
	return changed
}

// learn notes a word of a router for a lifetime. Its 0 takes it back.
func learn[T comparable](all *[]learned[T], limit int, x learned[T], l *Layer) (changed bool) {
	for i := range *all {
		if (*all)[i].value == x.value {
			(*all)[i].until = x.until
			l.schedule(x.until)
			return x.until <= l.now
		}
	}
	if len(*all) >= limit || x.until <= l.now {
		return false
	}
	*all = append(*all, x)
	l.schedule(x.until)
	return true
}

// solicitRouters asks for routers and waits twice as long each time (RFC 7559, 2).
func (l *Layer) solicitRouters() {
	a := &l.auto
	if a.solicited < 2 {
		a.wait = solicitationWait
	} else {
		a.wait = min(2*a.wait, solicitationMax)
	}
	a.solicited = min(a.solicited+1, 100)
	a.next = l.now + a.wait + l.random.upTo(a.wait/8)
	var head [header.RouterSolicitationBytes + header.LinkAddressOptionBytes]byte
	header.ICMP{Type: header.ICMPv6RouterSolicitation}.Put(head[:])
	n := header.RouterSolicitationBytes
	source, ok := l.source(header.AllRouters)
	if !ok {
		source = header.Unspecified6
	} else {
		header.PutLinkOption(head[n:], header.NDPSourceLink, l.mac)
		n += header.LinkAddressOptionBytes
	}
	l.sendNDP(source, header.AllRouters, head[:n])
}

// until is when a lifetime that begins now ends.
func (l *Layer) until(lifetime time.Duration) time.Duration {
	if lifetime == socket.Forever {
		return socket.Forever
	}
	return l.now + lifetime
}

// inputAdvertisement takes a router advertisement (RFC 4861, 6.1.2, 6.3.4).
func (l *Layer) inputAdvertisement(p *Packet, b []byte) {
	r, options, ok := header.ParseRouterAdvertisement(b)
	if !ok || !header.IsLinkLocal6(p.Source) {
		l.counters.Malformed++
		return
	}
	a := &l.auto
	if !a.on {
		return
	}
	if r.HopLimit >= hopLimitMin {
		a.hops = r.HopLimit
	}
	if r.Reachable != 0 {
		a.reachTime = min(r.Reachable, reachableMax)
	}
	if r.Retrans != 0 {
		a.retryTime = max(min(r.Retrans, retransMax), retransMin)
	}
	l.SetGateway(p.Source, l.now+r.Lifetime)
	if r.Lifetime > 0 {
		a.next = 0 // RFC 4861, 6.3.7
	}
	if m, ok := header.LinkOption(options, header.NDPSourceLink); ok && m[0]&1 == 0 {
		l.heard(p.Source, m)
	}
	l.neighbor(p.Source).isRouter = true
	for len(options) > 0 {
		var o header.NDPOption
		o, options, _ = header.NextNDPOption(options)
		l.advertised(o)
	}
}

// advertised takes an option of a router advertisement.
func (l *Layer) advertised(o header.NDPOption) {
	a := &l.auto
	changed := false
	switch o.Type {
	case header.NDPPrefix:
		if p, ok := header.ParsePrefixInformation(o.Value); ok {
			l.prefixInformation(p)
		}
	case header.NDPMTU:
		l.linkMTU(o.Value)
	case header.NDPRDNSS:
		var found [serversMax]socket.Address
		n := 0
		lifetime, _ := header.ParseRDNSS(o.Value, func(s socket.Address) { n += copy(found[n:], []socket.Address{s}) })
		for _, s := range found[:n] {
			changed = learn(&a.servers, serversMax, learned[socket.Address]{s, l.until(lifetime)}, l) || changed
		}
	case header.NDPDNSSL:
		var found [searchMax]string
		n := 0
		lifetime, _ := header.ParseDNSSL(o.Value, func(s string) { n += copy(found[n:], []string{s}) })
		for _, s := range found[:n] {
			changed = learn(&a.search, searchMax, learned[string]{s, l.until(lifetime)}, l) || changed
		}
	}
	if changed {
		a.version++
	}
}

// linkMTU takes the MTU option (RFC 4861, 6.3.4), which can only lower the device's.
func (l *Layer) linkMTU(v []byte) {
	if len(v) != 6 {
		return
	}
	mtu := int(v[2])<<24 | int(v[3])<<16 | int(v[4])<<8 | int(v[5])
	if mtu >= minMTU6 && mtu <= min(l.device.MTU(), maxMTU) {
		l.mtu = uint16(mtu)
	}
}

// twoHours is the shortest lifetime that an unauthenticated router can leave an
// address (RFC 4862, 5.5.3 e).
const twoHours = 2 * time.Hour

// prefixInformation takes a prefix (RFC 4861, 6.3.4; RFC 4862, 5.5.3).
func (l *Layer) prefixInformation(p header.PrefixInformation) {
	if header.IsLinkLocal6(p.Prefix.Address) || header.IsMulticast(p.Prefix.Address) || header.IsIPv4(p.Prefix.Address) {
		return
	}
	if p.OnLink {
		l.addOnLink(p.Prefix, l.until(p.Valid))
	}
	if !p.Autonomous || p.Prefix.Bits != 64 || p.Preferred > p.Valid {
		return
	}
	preferred, valid := l.until(p.Preferred), l.until(p.Valid)
	for i := range l.addresses {
		x := &l.addresses[i]
		if !x.automatic || !p.Prefix.Contains(x.Address) {
			continue
		}
		x.preferred = preferred
		if p.Valid > twoHours || valid > x.valid {
			x.valid = valid
		} else if left := x.valid - l.now; x.valid == socket.Forever || left > twoHours {
			x.valid = l.now + twoHours
		}
		l.schedule(x.valid)
		return
	}
	if p.Valid > 0 {
		l.addAutomatic(p.Prefix, preferred, valid)
	}
}

// routerFlag takes what an advertisement says about a neighbour: one that is no
// router any more is none of ours (RFC 4861, 7.2.5).
func (l *Layer) routerFlag(n *Neighbor, isRouter bool) {
	if n.isRouter && !isRouter && !header.IsIPv4(n.address) {
		l.SetGateway(n.address, l.now)
	}
	n.isRouter = isRouter
}

// Servers returns the name servers and search domains that routers have announced
// (RFC 8106), and a number that changes with them.
func (l *Layer) Servers() (servers []socket.Address, search []string, version uint32) {
	for _, s := range l.auto.servers {
		servers = append(servers, s.value)
	}
	for _, s := range l.auto.search {
		search = append(search, s.value)
	}
	return servers, search, l.auto.version
}
