package ip

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// arp is a packet of a node on the link.
func arp(reply bool, m packet.MAC, sender, target string) []byte {
	b := make([]byte, header.ARPBytes)
	header.ARP{Reply: reply, SenderMAC: m, SenderIPv4: header.IPv4(at(sender)), TargetIPv4: header.IPv4(at(target))}.Put(b)
	return append(ethernet(header.EtherTypeARP, b...), make([]byte, 18)...)
}

// arps reads what was sent as ARP.
func (r *rig) arps() (all []header.ARP) {
	for _, f := range r.frames() {
		if a, ok := header.ParseARP(f[14:]); ok && f[12] == 8 && f[13] == 6 {
			all = append(all, a)
		}
	}
	return all
}

// send sends a frame of a transport protocol to a destination.
func (r *rig) send(destination string) Route {
	r.Helper()
	route, err := r.Route(socket.Address{}, at(destination))
	if err != nil {
		r.Fatal(err)
	}
	r.sendOn(&route)
	return route
}

func (r *rig) sendOn(route *Route) {
	d := Datagram{Route: route, Protocol: ProtocolTCP, Head: make([]byte, 20), Data: make([]byte, 300)}
	if err := r.Transmit(&d); err != nil {
		r.Fatal(err)
	}
}

// TestARPAnswers answers for our address only, and learns who asks.
func TestARPAnswers(t *testing.T) {
	r := newRig(t, packettest.Options{})
	other := packet.MAC{2, 0, 0, 0, 0, 9}
	r.input(arp(false, other, "10.0.0.9", "10.0.0.1"))
	got := r.arps()
	want := header.ARP{Reply: true, SenderMAC: ourMAC, SenderIPv4: [4]byte{10, 0, 0, 1}, TargetMAC: other, TargetIPv4: [4]byte{10, 0, 0, 9}}
	if len(got) != 1 || got[0] != want {
		t.Fatalf("answers %+v", got)
	}
	if n := r.neighbors.find(at("10.0.0.9")); n == nil || n.state != stateStale {
		t.Errorf("neighbour %+v", n)
	}
	for _, f := range [][]byte{
		arp(false, other, "10.0.0.9", "10.0.0.7"), arp(true, other, "10.0.0.8", "10.0.0.1"),
		arp(false, packet.MAC{1}, "10.0.0.9", "10.0.0.1"), arp(false, other, "10.0.0.9", "10.0.0.1")[:30],
	} {
		r.input(f)
		if got := r.arps(); len(got) != 0 {
			t.Errorf("%x: answers %+v", f, got)
		}
	}
	// Nobody from outside of the network, and no impossible sender, is learnt.
	for _, sender := range []string{"192.0.2.1", "127.0.0.1", "224.0.0.1", "10.0.0.255"} {
		r.input(arp(false, other, sender, "10.0.0.1"))
		if n := r.neighbors.find(at(sender)); n != nil && n.state != stateFixed {
			t.Errorf("%s was learnt", sender)
		}
	}
}

// TestNeighborStates goes through the states of RFC 4861, 7.3.2, for both families.
func TestNeighborStates(t *testing.T) {
	for _, c := range []struct {
		peer     string
		question func(f []byte) (unicast, ok bool)
		answer   func(r *rig, m packet.MAC)
	}{
		{"10.0.0.9", func(f []byte) (bool, bool) { return f[0] != 255, f[12] == 8 && f[13] == 6 },
			func(r *rig, m packet.MAC) { r.input(arp(true, m, "10.0.0.9", "10.0.0.1")) }},
		{"fd00::9", func(f []byte) (bool, bool) {
			return f[0] != 0x33, f[12] == 0x86 && f[20] == ProtocolICMPv6 && f[54] == header.ICMPv6NeighborSolicitation
		}, func(r *rig, m packet.MAC) {
			r.input(advertisement("fd00::9", "fd00::9", "fd00::1", header.NeighborSolicited|header.NeighborOverride, m))
		}},
	} {
		r := newRig(t, packettest.Options{})
		count := func(unicast bool) (questions, others int) {
			for _, f := range r.frames() {
				if u, ok := c.question(f); ok && u == unicast {
					questions++
				} else if !ok {
					others++
				}
			}
			return questions, others
		}
		expect := func(what string, unicast bool, questions, others int) {
			t.Helper()
			if q, o := count(unicast); q != questions || o != others {
				t.Errorf("%s: %s: %d questions and %d others, want %d and %d", c.peer, what, q, o, questions, others)
			}
		}
		route := r.send(c.peer)
		expect("first frame", false, 1, 0)
		for range heldEach + 2 {
			r.sendOn(&route)
		}
		expect("more frames", false, 0, 0)
		c.answer(r, packet.MAC{2, 9, 9, 9, 9, 9})
		expect("the answer", false, 0, heldEach)
		n := route.Neighbor
		if n.state != stateReachable || packet.MAC(n.Link[:6]) != (packet.MAC{2, 9, 9, 9, 9, 9}) {
			t.Fatalf("%s: %+v", c.peer, n)
		}
		r.sendOn(&route)
		expect("reachable", true, 0, 1)
		r.after(reachableTime + time.Second)
		r.sendOn(&route)
		if expect("stale", true, 0, 1); n.state != stateDelay {
			t.Errorf("%s: state %d, want delay", c.peer, n.state)
		}
		r.Confirm(&route)
		r.after(delayTime + time.Second)
		expect("confirmed", true, 0, 0)
		r.after(reachableTime + time.Second)
		r.sendOn(&route)
		r.frames()
		r.after(delayTime + time.Second/2)
		expect("probe", true, 1, 0)
		c.answer(r, packet.MAC{2, 9, 9, 9, 9, 9})
		if n.state != stateReachable {
			t.Errorf("%s: state %d after the answer, want reachable", c.peer, n.state)
		}
		r.after(reachableTime + time.Second)
		r.sendOn(&route)
		r.frames()
		r.after(delayTime + solicitations*retransTime + time.Second)
		expect("silence", true, solicitations, 0)
		if n.state != stateGone || n.Resolved {
			t.Errorf("%s: state %d after silence, want gone", c.peer, n.state)
		}
		r.sendOn(&route)
		expect("the next frame", false, 1, 0)
		r.took()
		r.after(5 * time.Second)
		got := r.took()
		if len(got) != 1 || !strings.HasPrefix(got[0], "failure 5 about ") {
			t.Errorf("%s: failures %q", c.peer, got)
		}
	}
}

// advertisement is a neighbour advertisement.
func advertisement(target, source, destination string, flags uint32, m packet.MAC) []byte {
	a := at(target)
	data := append([]byte{}, a[:]...)
	if m != (packet.MAC{}) {
		data = append(data, header.NDPTargetLink, 1)
		data = append(data, m[:]...)
	}
	return message6(source, destination, 255, header.ICMP{Type: header.ICMPv6NeighborAdvertisement, Rest: flags}, data...)
}

// solicitation is a neighbour solicitation.
func solicitation(target, source, destination string, hops uint8, m packet.MAC) []byte {
	a := at(target)
	data := append([]byte{}, a[:]...)
	if m != (packet.MAC{}) {
		data = append(data, header.NDPSourceLink, 1)
		data = append(data, m[:]...)
	}
	return message6(source, destination, hops, header.ICMP{Type: header.ICMPv6NeighborSolicitation}, data...)
}

// TestAdvertisement has the table of RFC 4861, appendix C, for a neighbour that is known.
func TestAdvertisement(t *testing.T) {
	other := packet.MAC{2, 7, 7, 7, 7, 7}
	const s, o = header.NeighborSolicited, header.NeighborOverride
	for _, c := range []struct {
		name  string
		state neighborState
		flags uint32
		mac   packet.MAC
		want  neighborState
		link  packet.MAC
	}{
		{"solicited, same", stateStale, s, peerMAC, stateReachable, peerMAC},
		{"solicited, none", stateStale, s, packet.MAC{}, stateReachable, peerMAC},
		{"solicited, other, no override", stateReachable, s, other, stateStale, peerMAC},
		{"solicited, other, no override, probe", stateProbe, s, other, stateProbe, peerMAC},
		{"solicited, other, override", stateProbe, s | o, other, stateReachable, other},
		{"unsolicited, same", stateStale, 0, peerMAC, stateStale, peerMAC},
		{"unsolicited, other, override", stateReachable, o, other, stateStale, other},
		{"unsolicited, other", stateReachable, 0, other, stateStale, peerMAC},
		{"a group as address", stateReachable, o, packet.MAC{3}, stateReachable, peerMAC},
	} {
		r := newRig(t, packettest.Options{})
		n := r.neighbor(at("fd00::2"))
		r.enter(n, c.state)
		r.input(advertisement("fd00::2", "fd00::2", "fd00::1", c.flags|header.NeighborRouter, c.mac))
		if n.state != c.want || packet.MAC(n.Link[:6]) != c.link {
			t.Errorf("%s: state %d, link %x, want %d, %x", c.name, n.state, n.Link[:6], c.want, c.link)
		}
	}
}

// TestSolicitation answers for our addresses, not to what RFC 4861, 7.1.1 forbids.
func TestSolicitation(t *testing.T) {
	group := header.FormatAddress(header.SolicitedNode(at("fd00::1")))
	for _, c := range []struct {
		name  string
		frame []byte
		to    string
		flags uint32
	}{
		{"a neighbour", solicitation("fd00::1", "fd00::2", group, 255, peerMAC), "fd00::2", 3 << 29},
		{"a probe", solicitation("fd00::1", "::", group, 255, packet.MAC{}), "ff02::1", 1 << 29},
		{"from far away", solicitation("fd00::1", "fd00::2", group, 254, peerMAC), "", 0},
		{"for another", solicitation("fd00::3", "fd00::2", group, 255, peerMAC), "", 0},
		{"a probe with a link address", solicitation("fd00::1", "::", group, 255, peerMAC), "", 0},
		{"a probe to one address", solicitation("fd00::1", "::", "fd00::1", 255, packet.MAC{}), "", 0},
		{"a group as target", solicitation("ff02::1", "fd00::2", group, 255, peerMAC), "", 0},
		{"an option of length 0", message6("fd00::2", "fd00::1", 255, header.ICMP{Type: 135}, append(slices.Clone(fd1[:]), 1, 0, 0, 0, 0, 0, 0, 0)...), "", 0},
		{"cut", message6("fd00::2", "fd00::1", 255, header.ICMP{Type: 135}, fd1[:12]...), "", 0},
	} {
		r := newRig(t, packettest.Options{})
		r.input(c.frame)
		f := r.frames()
		if c.to == "" {
			if len(f) != 0 {
				t.Errorf("%s: %x", c.name, f)
			}
			continue
		}
		if len(f) != 1 {
			t.Errorf("%s: %d frames", c.name, len(f))
			continue
		}
		h, _ := header.ParseIPv6(f[0][14:])
		i, _ := header.ParseICMP(f[0][54:])
		sum := header.Fold(header.Sum(f[0][54:], header.PseudoSum(h.Source, h.Destination, 58, int(h.PayloadBytes))))
		if h.Destination != at(c.to) || h.HopLimit != 255 || i.Type != 136 || i.Rest != c.flags || sum != 0xffff ||
			socket.Address(f[0][62:78]) != at("fd00::1") {
			t.Errorf("%s: %+v %+v, sum %x", c.name, h, i, sum)
		}
	}
}

var fd1 = at("fd00::1")

// TestProbes assigns addresses that nobody has, and none that somebody has.
func TestProbes(t *testing.T) {
	for _, c := range []struct {
		prefix   string
		conflict []byte
	}{
		{"10.0.0.5/24", arp(true, peerMAC, "10.0.0.5", "10.0.0.5")},
		{"10.0.0.5/24", arp(false, peerMAC, "0.0.0.0", "10.0.0.5")},
		{"fd00::5/64", advertisement("fd00::5", "fd00::5", "ff02::1", header.NeighborOverride, peerMAC)},
		{"fd00::5/64", solicitation("fd00::5", "::", "ff02::1:ff00:5", 255, packet.MAC{})},
	} {
		for _, taken := range []bool{false, true} {
			r := bareRig(t, packettest.Options{})
			if err := r.Assign(Assignment{Prefix: prefix(c.prefix), Probe: true, Valid: socket.Forever}); err != nil {
				t.Fatal(err)
			}
			a := prefix(c.prefix).Address
			r.after(0)
			if r.IsLocal(a) {
				t.Errorf("%s is ours before the probe", c.prefix)
			}
			want := "ready "
			if taken {
				r.input(c.conflict)
				want = "taken "
			}
			r.after(2 * time.Second)
			if r.IsLocal(a) == taken || !slices.Equal(r.notes, []string{want + header.FormatAddress(a)}) {
				t.Errorf("%s, taken %t: local %t, notes %q, %x, %+v", c.prefix, taken, r.IsLocal(a), r.notes, c.conflict, r.counters)
			}
			r.frames()
		}
	}
}

// TestDefence tells who uses our address that it is ours, not too often.
func TestDefence(t *testing.T) {
	r := newRig(t, packettest.Options{})
	for range 5 {
		r.input(arp(false, peerMAC, "10.0.0.1", "10.0.0.1"))
	}
	if got := r.arps(); len(got) != 1 || got[0].SenderIPv4 != [4]byte{10, 0, 0, 1} {
		t.Errorf("defence %+v", got)
	}
	if len(r.notes) != 1 || !strings.Contains(r.notes[0], "10.0.0.1") || !r.IsLocal(at("10.0.0.1")) {
		t.Errorf("notes %q", r.notes)
	}
}

// TestNeighborFlood: who is in use is not forgotten for those who only speak, nor who is being asked for.
func TestNeighborFlood(t *testing.T) {
	r := newRig(t, packettest.Options{})
	if err := r.Assign(Assignment{Prefix: prefix("172.16.0.1/16"), Valid: socket.Forever}); err != nil {
		t.Fatal(err)
	}
	var other packet.MAC
	router, err := r.Route(socket.Address{}, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	asked, err := r.Route(socket.Address{}, at("10.0.0.77"))
	if err != nil {
		t.Fatal(err)
	}
	r.sendOn(&router)
	r.sendOn(&asked)
	for i := range 1000 {
		r.Begin(r.now + 100*time.Microsecond)
		binary.BigEndian.PutUint32(other[2:], uint32(i))
		a := [4]byte{172, 16, byte(1 + i>>8), byte(i)}
		r.input(arp(false, other, header.FormatAddress(header.MapIPv4(a)), "172.16.0.1"))
	}
	r.frames()
	if router.Neighbor.state != stateReachable || asked.Neighbor.state != stateIncomplete || asked.Neighbor.heldCount != 1 {
		t.Errorf("after a flood the router is in state %d, the one that is asked for in %d with %d frames",
			router.Neighbor.state, asked.Neighbor.state, asked.Neighbor.heldCount)
	}
}

// TestNeighborsBound fills the table: it stays bounded, and routes find their way again.
func TestNeighborsBound(t *testing.T) {
	r := newRig(t, packettest.Options{})
	if err := r.Assign(Assignment{Prefix: prefix("172.16.0.1/16"), Valid: socket.Forever}); err != nil {
		t.Fatal(err)
	}
	r.input(arp(false, peerMAC, "172.16.9.9", "172.16.0.1"))
	route, err := r.Route(socket.Address{}, at("172.16.9.9"))
	if err != nil {
		t.Fatal(err)
	}
	var other packet.MAC
	for i := range 3000 {
		r.Begin(r.now + time.Millisecond)
		binary.BigEndian.PutUint32(other[2:], uint32(i))
		a := [4]byte{172, 16, byte(1 + i>>8), byte(i)}
		r.input(arp(false, other, header.FormatAddress(header.MapIPv4(a)), "172.16.0.1"))
	}
	if r.neighbors.count > neighborsMax {
		t.Errorf("%d neighbours", r.neighbors.count)
	}
	r.frames()
	if route.Neighbor.state != stateGone {
		t.Fatal("the neighbour was not forgotten")
	}
	r.sendOn(&route)
	if got := r.arps(); len(got) != 1 || got[0].TargetIPv4 != [4]byte{172, 16, 9, 9} {
		t.Errorf("ARP %+v", got)
	}
	// Frames that wait are bounded for all together.
	for i := range heldMax + 30 {
		route, err := r.Route(socket.Address{}, header.MapIPv4([4]byte{172, 16, 200, byte(i)}))
		if err != nil {
			t.Fatal(err)
		}
		r.sendOn(&route)
		r.frames()
	}
	if r.neighbors.held != heldMax || r.device.Free() != 256-heldMax {
		t.Errorf("%d frames are held, %d are free", r.neighbors.held, r.device.Free())
	}
	r.after(time.Minute)
	if r.neighbors.held != 0 {
		t.Errorf("%d frames are held a minute later", r.neighbors.held)
	}
}

// advertise is a router advertisement with options.
func advertise(source string, lifetime uint16, options ...byte) []byte {
	data := []byte{0, 0, 0, 0, 0, 0, 0, 0}
	return message6(source, "ff02::1", 255, header.ICMP{Type: 134, Rest: 64<<24 | uint32(lifetime)}, append(data, options...)...)
}

// prefixOption is Prefix Information for fd12::/64.
func prefixOption(flags byte, valid, preferred uint32) []byte {
	b := []byte{3, 4, 64, flags}
	b = binary.BigEndian.AppendUint32(b, valid)
	b = binary.BigEndian.AppendUint32(b, preferred)
	b = append(b, 0, 0, 0, 0, 0xfd, 0x12)
	return append(b, make([]byte, 14)...)
}

const own6 = "fd12::ff:fe00:1"

// autoRig has made its link-local address and asked for routers.
func autoRig(t *testing.T) *rig {
	r := bareRig(t, packettest.Options{})
	r.AssignLinkLocal()
	r.Autoconfigure()
	r.after(3 * time.Second)
	kinds := map[byte]int{}
	for _, f := range r.frames() {
		kinds[f[54]]++
	}
	if kinds[133] == 0 || kinds[135] != 1 {
		t.Fatalf("messages by type: %v", kinds)
	}
	if !r.IsLocal(at("fe80::ff:fe00:1")) {
		t.Fatal("no link-local address")
	}
	r.notes = nil
	return r
}

// TestAutoconfiguration makes an address of a prefix, finds router, MTU and servers, and
// forgets them in time (RFC 4862, 5.5; RFC 8106).
func TestAutoconfiguration(t *testing.T) {
	r := autoRig(t)
	rdnss := append([]byte{25, 3, 0, 0, 0, 0, 1, 0x2c}, fd1[:]...)
	dnssl := []byte{31, 3, 0, 0, 0, 0, 1, 0x2c, 4, 'c', 'o', 'r', 'p', 4, 't', 'e', 's', 't', 0, 0, 0, 0, 0, 0}
	mtu := []byte{5, 1, 0, 0, 0, 0, 5, 0x14}
	r.input(advertise("fe80::2", 1800, slices.Concat(prefixOption(0xc0, 3600*3, 600), rdnss, dnssl, mtu, []byte{1, 1, 2, 0, 0, 0, 0, 2})...))
	r.after(2 * time.Second)
	if !r.IsLocal(at(own6)) || !slices.Equal(r.notes, []string{"ready " + own6}) {
		t.Fatalf("addresses %v, notes %q", r.Addresses(), r.notes)
	}
	servers, search, version := r.Servers()
	if len(servers) != 1 || servers[0] != fd1 || !slices.Equal(search, []string{"corp.test"}) || r.mtu != 1300 {
		t.Errorf("servers %v, search %q, MTU %d", servers, search, r.mtu)
	}
	route, err := r.Route(socket.Address{}, at("2001:db8::1"))
	if err != nil || route.Source != at(own6) || route.Neighbor.address != at("fe80::2") || !route.Neighbor.Resolved {
		t.Errorf("route %+v, %v", route, err)
	}
	r.frames()
	r.after(5 * time.Minute)
	if s, d, v := r.Servers(); len(s) != 0 || len(d) != 0 || v == version {
		t.Errorf("servers %v, %q after their time", s, d)
	}
	r.after(30 * time.Minute)
	if _, err := r.Route(socket.Address{}, at("2001:db8::1")); err == nil {
		t.Error("the router is used after its time")
	}
	r.after(3 * time.Hour)
	if r.IsLocal(at(own6)) {
		t.Error("the address is used after its time")
	}
	r.frames()
}

// TestHostileAdvertisement ignores what must not be believed.
func TestHostileAdvertisement(t *testing.T) {
	for name, f := range map[string][]byte{
		"from far away":          message6("fe80::2", "ff02::1", 64, header.ICMP{Type: 134, Rest: 1800}, append(make([]byte, 8), prefixOption(0xc0, 9999, 9999)...)...),
		"no link-local source":   advertise("fd00::2", 1800, prefixOption(0xc0, 9999, 9999)...),
		"preferred beyond valid": advertise("fe80::2", 0, prefixOption(0x40, 10, 9999)...),
		"valid for no time":      advertise("fe80::2", 0, prefixOption(0xc0, 0, 0)...),
		"a cut option":           advertise("fe80::2", 1800, prefixOption(0xc0, 9999, 9999)[:24]...),
		"MTU below 1280":         advertise("fe80::2", 0, 5, 1, 0, 0, 0, 0, 0, 100),
		"a hop limit of 1":       message6("fe80::2", "ff02::1", 255, header.ICMP{Type: 134, Rest: 1 << 24}, make([]byte, 8)...),
		"MTU beyond the device":  advertise("fe80::2", 0, 5, 1, 0, 0, 0, 0, 0xff, 0xff),
		"a redirect":             message6("fe80::2", "fe80::ff:fe00:1", 255, header.ICMP{Type: 137}, make([]byte, 32)...),
	} {
		r := autoRig(t)
		r.input(f)
		r.after(2 * time.Second)
		if r.auto.hops == 1 || r.IsLocal(at(own6)) || len(r.gateways) != 0 || len(r.prefixes) != 1 || r.mtu != 1500 {
			t.Errorf("%s: addresses %v, %d gateways, %d prefixes, MTU %d", name, r.Addresses(), len(r.gateways), len(r.prefixes), r.mtu)
		}
		r.frames()
	}
	// The two hours of RFC 4862, 5.5.3 e: nobody ends an address at once.
	r := autoRig(t)
	r.input(advertise("fe80::2", 1800, prefixOption(0xc0, 86400, 86400)...))
	r.after(2 * time.Second)
	r.input(advertise("fe80::2", 1800, prefixOption(0xc0, 1, 0)...))
	r.after(time.Hour)
	if !r.IsLocal(at(own6)) {
		t.Error("an advertisement has ended an address at once")
	}
	if r.after(time.Hour + time.Minute); r.IsLocal(at(own6)) {
		t.Error("an address outlives its two hours")
	}
	// Many prefixes, routers and servers are bounded.
	for i := range 100 {
		p := prefixOption(0xc0, 86400, 86400)
		p[18] = byte(i + 1)
		server := append([]byte{25, 3, 0, 0, 0, 0, 1, 0x2c}, make([]byte, 16)...)
		server[8], server[9] = 0xfd, byte(i)
		r.input(advertise("fe80::1:"+string(rune('a'+i%6)), 1800, append(p, server...)...))
	}
	servers, _, _ := r.Servers()
	if len(r.addresses) > addressesMax || len(r.prefixes) > prefixesMax || len(r.gateways) > gatewaysMax || len(servers) > serversMax {
		t.Errorf("%d addresses, %d prefixes, %d gateways, %d servers", len(r.addresses), len(r.prefixes), len(r.gateways), len(servers))
	}
	r.frames()
}

// TestGatewayFails uses another router when one does not answer (RFC 4861, 6.3.6).
func TestGatewayFails(t *testing.T) {
	r := newRig(t, packettest.Options{})
	r.SetGateway(at("fd00::3"), socket.Forever)
	route := r.send("2001:db8::1")
	if route.Neighbor.address != at("fd00::2") {
		t.Fatalf("by %v", route.Neighbor.address)
	}
	r.after(reachableTime + time.Second)
	r.sendOn(&route)
	r.after(delayTime + 5*time.Second)
	r.frames()
	r.sendOn(&route)
	if route.Neighbor.address != at("fd00::3") {
		t.Errorf("still by %s", header.FormatAddress(route.Neighbor.address))
	}
}
