package ip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// TestEcho answers requests of all sizes, not those to groups over IPv4.
func TestEcho(t *testing.T) {
	group := header.PseudoSum(at("fd00::2"), at("ff02::1"), 58, 12)
	for _, c := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"IPv4", from4(1, icmp(header.ICMP{Type: 8, Rest: 7}, 0, 1, 2, 3, 4)...), true},
		{"wrong checksum", from4(1, 8, 0, 1, 1, 0, 0, 0, 0), false},
		{"cut", from4(1, 8, 0, 0xf7), false},
		{"broadcast", to4(header.IPv4Header{Protocol: 1, Source: at("10.0.0.2"), Destination: header.Broadcast4}, icmp(header.ICMP{Type: 8}, 0)...), false},
		{"a reply", from4(1, icmp(header.ICMP{}, 0)...), false},
		{"a redirect", from4(1, icmp(header.ICMP{Type: 5, Code: 1}, 0, make([]byte, 28)...)...), false},
		{"a timestamp request", from4(1, icmp(header.ICMP{Type: 13}, 0, make([]byte, 12)...)...), false},
		{"IPv6", message6("fd00::2", "fd00::1", 64, header.ICMP{Type: 128, Rest: 7}, 1, 2, 3, 4), true},
		{"IPv6 to all nodes", to6(header.IPv6Header{NextHeader: 58, Source: at("fd00::2"), Destination: at("ff02::1")}, icmp(header.ICMP{Type: 128, Rest: 7}, group, 1, 2, 3, 4)...), true},
		{"IPv6 wrong checksum", from6(58, 128, 0, 1, 1, 0, 0, 0, 0), false},
	} {
		r := newRig(t, packettest.Options{})
		r.input(c.frame)
		f := r.frames()
		if (len(f) == 1) != c.want {
			t.Errorf("%s: %x", c.name, f)
			continue
		}
		if c.want {
			p := parsed(t, f[0])
			if !strings.HasSuffix(string(p.LinkLayer().LayerPayload()), "\x00\x00\x00\x07\x01\x02\x03\x04") {
				t.Errorf("%s: %v", c.name, p)
			}
		}
	}
}

// parsed reads a frame by another's parser, and checks the checksums there.
func parsed(t *testing.T, f []byte) gopacket.Packet {
	t.Helper()
	p := gopacket.NewPacket(f, layers.LayerTypeEthernet, gopacket.Default)
	if e := p.ErrorLayer(); e != nil {
		t.Errorf("%x: %v", f, e.Error())
	}
	again := gopacket.NewSerializeBuffer()
	var all []gopacket.SerializableLayer
	for _, l := range p.Layers() {
		s, ok := l.(gopacket.SerializableLayer)
		if !ok {
			return p // some layers can be read only
		}
		switch l := l.(type) {
		case *layers.ICMPv6Echo:
			return p // it would be written without its data
		case *layers.UDP:
			if l.SetNetworkLayerForChecksum(p.NetworkLayer()) != nil {
				t.Fatal("no network layer")
			}
		case *layers.ICMPv6:
			if l.SetNetworkLayerForChecksum(p.NetworkLayer()) != nil {
				t.Fatal("no network layer")
			}
		}
		all = append(all, s)
	}
	if err := gopacket.SerializeLayers(again, gopacket.SerializeOptions{ComputeChecksums: true}, all...); err != nil {
		t.Fatal(err)
	}
	if b := again.Bytes(); !slices.Equal(b[:min(len(b), len(f))], f) { // it adds padding
		t.Errorf("another writes the frame otherwise:\n%x, ours\n%x", b, f)
	}
	return p
}

// TestPacketsByAnother compares what we send with what another library reads and
// writes.
func TestPacketsByAnother(t *testing.T) {
	r := newRig(t, packettest.Options{Offload: packet.Offload{SendChecksum: true}})
	for _, to := range []string{"10.0.0.2", "fd00::2"} {
		for _, size := range []int{0, 1, 51, 1000, 1400} {
			route, err := r.Route(socket.Address{}, at(to))
			if err != nil {
				t.Fatal(err)
			}
			head := make([]byte, 8)
			header.UDP{SourcePort: 1000, DestinationPort: 2000, Bytes: uint16(8 + size)}.Put(head)
			data := make([]byte, size)
			seeded{rand.NewChaCha8([32]byte{byte(size)})}.Fill(data)
			if err := r.Transmit(&Datagram{Route: &route, Protocol: ProtocolUDP, TrafficClass: 0xb8, Head: head, ChecksumAt: 6, Pseudo: true, Data: data}); err != nil {
				t.Fatal(err)
			}
			f := r.frames()
			p := parsed(t, f[0])
			u, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
			if !ok || u.SrcPort != 1000 || u.DstPort != 2000 || !slices.Equal(u.Payload, data) || u.Checksum == 0 {
				t.Errorf("%s, %d bytes: %v", to, size, p)
			}
		}
	}
	r.sendARP(header.ARP{SenderIPv4: [4]byte{10, 0, 0, 1}, TargetIPv4: [4]byte{10, 0, 0, 7}}, header.BroadcastMAC)
	a, ok := parsed(t, r.frames()[0]).Layer(layers.LayerTypeARP).(*layers.ARP)
	if !ok || a.Operation != layers.ARPRequest || !slices.Equal(a.DstProtAddress, []byte{10, 0, 0, 7}) || !slices.Equal(a.SourceHwAddress, ourMAC[:]) {
		t.Errorf("ARP %+v", a)
	}
	r.sendSolicitation(fd1, at("fd00::9"), nil)
	s, ok := parsed(t, r.frames()[0]).Layer(layers.LayerTypeICMPv6NeighborSolicitation).(*layers.ICMPv6NeighborSolicitation)
	if !ok || s.TargetAddress.String() != "fd00::9" || len(s.Options) != 1 {
		t.Errorf("solicitation %+v", s)
	}
	r.joinSolicitedNode(fd1)
	m, ok := parsed(t, r.frames()[0]).Layer(layers.LayerTypeMLDv2MulticastListenerReport).(*layers.MLDv2MulticastListenerReportMessage)
	if !ok || len(m.MulticastAddressRecords) != 1 || m.MulticastAddressRecords[0].MulticastAddress.String() != "ff02::1:ff00:1" {
		t.Errorf("report %+v", m)
	}
}

// TestErrorsSent sends errors for what nobody takes, never about what RFC 1122, 3.2.2 and
// RFC 4443, 2.4 e forbid.
func TestErrorsSent(t *testing.T) {
	one := header.IPv4Header{Protocol: 99, Source: at("10.0.0.2"), Destination: at("10.0.0.1")}
	with := func(change func(h *header.IPv4Header)) []byte {
		h := one
		change(&h)
		return to4(h, 1, 2, 3, 4, 5, 6, 7, 8)
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  []byte // type and code
	}{
		{"unknown protocol", from4(99, 1, 2, 3), []byte{3, 2}},
		{"to all", with(func(h *header.IPv4Header) { h.Destination = header.Broadcast4 }), nil},
		{"a fragment", with(func(h *header.IPv4Header) { h.Offset = 8 }), nil},
		{"a first fragment", with(func(h *header.IPv4Header) { h.More = true }), nil},
		{"unknown next header", from6(99, 1, 2, 3), []byte{4, 1}},
		{"unknown next header to all", to6(header.IPv6Header{NextHeader: 99, Source: at("fd00::2"), Destination: at("ff02::1")}, 1), nil},
		{"option 2 to all", to6(header.IPv6Header{NextHeader: 60, Source: at("fd00::2"), Destination: at("ff02::1")}, 17, 0, 0x8a, 4, 0, 0, 0, 0), []byte{4, 2}},
		{"option 3 to all", to6(header.IPv6Header{NextHeader: 60, Source: at("fd00::2"), Destination: at("ff02::1")}, 17, 0, 0xca, 4, 0, 0, 0, 0), nil},
		{"option 3", from6(60, 17, 0, 0xca, 4, 0, 0, 0, 0), []byte{4, 2}},
		{"option 1", from6(60, 17, 0, 0x4a, 4, 0, 0, 0, 0), nil},
		{"routing", from6(43, 17, 0, 0, 1, 0, 0, 0, 0), []byte{4, 0}},
	} {
		r := newRig(t, packettest.Options{})
		r.input(c.frame)
		f := r.frames()
		switch {
		case c.want == nil && len(f) == 0:
		case c.want == nil || len(f) != 1:
			t.Errorf("%s: %x", c.name, f)
		default:
			at := 34
			if f[0][12] == 0x86 {
				at = 54
			}
			if !slices.Equal(f[0][at:at+2], c.want) || !slices.Equal(f[0][at+8:], c.frame[14:]) {
				t.Errorf("%s: %x", c.name, f[0])
			}
			parsed(t, f[0])
		}
	}
	r := newRig(t, packettest.Options{})
	count := func() (n int) {
		for range 200 {
			r.input(from4(99, 1, 2, 3))
			n += len(r.frames())
		}
		return n
	}
	differ := false
	for range 8 { // nobody can tell how many there will be
		n := count()
		if n < errorBurst/2 || n > errorBurst {
			t.Errorf("%d errors at once, want %d to %d", n, errorBurst/2, errorBurst)
		}
		r.Begin(r.now + errorBurst*errorInterval + errorInterval)
		differ = differ || count() != n
		r.Begin(r.now + errorBurst*errorInterval + errorInterval)
	}
	if !differ {
		t.Error("each time there are as many errors")
	}
	count()
	r.Begin(r.now + 10*errorInterval)
	if n := count(); n < 4 || n > 10 {
		t.Errorf("%d errors later, want 4 to 10", n)
	}
}

// TestErrorsReceived passes on errors about packets that we can have sent, and keeps the MTU of paths.
func TestErrorsReceived(t *testing.T) {
	quote4 := func(h header.IPv4Header) []byte {
		return to4(h, 0, 80, 0, 90, 1, 2, 3, 4)[14:]
	}
	ours := header.IPv4Header{Protocol: ProtocolTCP, Source: at("10.0.0.1"), Destination: at("192.0.2.1"), TotalBytes: 1500}
	quote6 := to6(header.IPv6Header{NextHeader: ProtocolTCP, Source: fd1, Destination: at("2001:db8::1")}, 0, 80, 0, 90, 1, 2, 3, 4)[14:]
	error4 := func(kind, code byte, rest uint32, quoted []byte) []byte {
		return from4(1, icmp(header.ICMP{Type: kind, Code: code, Rest: rest}, 0, quoted...)...)
	}
	error6 := func(kind, code byte, rest uint32, quoted []byte) []byte {
		return message6("fd00::2", "fd00::1", 64, header.ICMP{Type: kind, Code: code, Rest: rest}, quoted...)
	}
	foreign, fragment, icmpAbout := ours, ours, ours
	foreign.Source, fragment.Offset, icmpAbout.Protocol = at("10.0.0.9"), 8, 1
	const about4, about6 = " about 10.0.0.1 to 192.0.2.1: 0050005a01020304", " about fd00::1 to 2001:db8::1: 0050005a01020304"
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"host unreachable", error4(3, 1, 0, quote4(ours)), "failure 0" + about4},
		{"protocol unreachable", error4(3, 2, 0, quote4(ours)), "failure 1" + about4},
		{"port unreachable", error4(3, 3, 0, quote4(ours)), "failure 2" + about4},
		{"prohibited", error4(3, 13, 0, quote4(ours)), "failure 3" + about4},
		{"time exceeded", error4(11, 0, 0, quote4(ours)), "failure 4" + about4},
		{"too big", error4(3, 4, 1400, quote4(ours)), "MTU 1400 to 192.0.2.1"},
		{"too big, old router", error4(3, 4, 0, quote4(ours)), "MTU 1492 to 192.0.2.1"},
		{"too big, tiny", error4(3, 4, 68, quote4(ours)), "MTU 552 to 192.0.2.1"},
		{"about another's packet", error4(3, 3, 0, quote4(foreign)), ""},
		{"about a later fragment", error4(3, 3, 0, quote4(fragment)), ""},
		{"about ICMP", error4(3, 3, 0, quote4(icmpAbout)), ""},
		{"cut", error4(3, 3, 0, quote4(ours)[:27]), ""},
		{"quench", error4(4, 0, 0, quote4(ours)), ""},
		{"port unreachable 6", error6(1, 4, 0, quote6), "failure 2" + about6},
		{"no route 6", error6(1, 0, 0, quote6), "failure 0" + about6},
		{"prohibited 6", error6(1, 1, 0, quote6), "failure 3" + about6},
		{"next header 6", error6(4, 1, 6, quote6), "failure 1" + about6},
		{"time exceeded 6", error6(3, 0, 0, quote6), "failure 4" + about6},
		{"too big 6", error6(2, 0, 1400, quote6), "MTU 1400 to 2001:db8::1"},
		{"too big 6, below 1280", error6(2, 0, 600, quote6), "MTU 1280 to 2001:db8::1"},
		{"cut 6", error6(1, 4, 0, quote6[:47]), ""},
	} {
		r := newRig(t, packettest.Options{})
		r.input(c.frame)
		if got := strings.Join(r.took(), "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if n := len(r.frames()); n != 0 {
			t.Errorf("%s: an error is answered", c.name)
		}
	}
}

// TestPathMTU lowers the MTU of a destination, for ten minutes, for few destinations.
func TestPathMTU(t *testing.T) {
	r := newRig(t, packettest.Options{})
	tooBig := func(to string, mtu uint32) {
		q := to6(header.IPv6Header{NextHeader: ProtocolTCP, Source: fd1, Destination: at(to)}, make([]byte, 8)...)[14:]
		r.input(message6("fd00::2", "fd00::1", 64, header.ICMP{Type: 2, Rest: mtu}, q...))
	}
	mtu := func(to string) uint16 {
		route, err := r.Route(socket.Address{}, at(to))
		if err != nil {
			t.Fatal(err)
		}
		return route.MTU
	}
	tooBig("2001:db8::1", 1400)
	tooBig("2001:db8::1", 1450) // more than is known is no news
	tooBig("2001:db8::2", 9000)
	if a, b := mtu("2001:db8::1"), mtu("2001:db8::2"); a != 1400 || b != 1500 {
		t.Errorf("MTU %d and %d, want 1400 and 1500", a, b)
	}
	if r.after(pathTime); mtu("2001:db8::1") != 1500 {
		t.Error("the MTU is not forgotten")
	}
	for i := range 5000 {
		tooBig(fmt.Sprintf("2001:db8::%x", i+1), 1300)
	}
	if mtu("2001:db8::1388") != 1300 {
		t.Error("the last destination is not known")
	}
	r.frames()
}

// pieces cuts a datagram into fragments of an IPv4 or IPv6 packet.
func pieces(isIPv4 bool, id uint32, data []byte, size int) (all [][]byte) {
	for offset := 0; offset < len(data); offset += size {
		end := min(offset+size, len(data))
		all = append(all, piece(isIPv4, id, data[offset:end], offset, end < len(data)))
	}
	return all
}

func piece(isIPv4 bool, id uint32, data []byte, offset int, more bool) []byte {
	if isIPv4 {
		return to4(header.IPv4Header{
			Protocol: ProtocolUDP, ID: uint16(id), Offset: uint16(offset), More: more, Source: at("10.0.0.2"), Destination: at("10.0.0.1"),
		}, data...)
	}
	var f [8]byte
	header.FragmentHeader{NextHeader: ProtocolUDP, Offset: uint16(offset), More: more, ID: id}.Put(f[:])
	return from6(header.Fragment, append(f[:], data...)...)
}

// TestReassembly puts fragments together in any order, and refuses what overlaps.
func TestReassembly(t *testing.T) {
	data := make([]byte, 20000)
	random := rand.New(rand.NewPCG(1, 2))
	seeded{rand.NewChaCha8([32]byte{3})}.Fill(data)
	suffix := fmt.Sprintf("20000 bytes, sum %x", packettest.Checksum(data))
	for _, isIPv4 := range []bool{true, false} {
		for round := range 20 {
			r := newRig(t, packettest.Options{})
			all := pieces(isIPv4, 77, data, 8*(50+random.IntN(120)))
			all = append(all, all[random.IntN(len(all))], all[random.IntN(len(all))])
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			var got []string
			for _, f := range all {
				r.input(f)
				got = append(got, r.took()...)
			}
			if len(got) != 1 || !strings.HasSuffix(got[0], suffix) {
				t.Fatalf("IPv4 %t, round %d: %q", isIPv4, round, got)
			}
		}
		whole := pieces(isIPv4, 78, data[:3000], 1000)
		for name, extra := range map[string][]byte{
			"overlap at the end":      piece(isIPv4, 78, data[:16], 992, true),
			"overlap inside":          piece(isIPv4, 78, data[:8], 8, true),
			"overlap over all":        piece(isIPv4, 78, data[:1400], 0, true),
			"beyond the end":          piece(isIPv4, 78, data[:8], 4000, true),
			"two ends":                piece(isIPv4, 78, data[:8], 4000, false),
			"another end":             piece(isIPv4, 78, data[:8], 2992, false),
			"beyond 64 KiB":           piece(isIPv4, 78, data[:1000], 65528, false),
			"a length not of eighths": piece(isIPv4, 78, data[:1001], 3000, true),
		} {
			r := newRig(t, packettest.Options{})
			r.input(whole[2])
			r.input(whole[0])
			r.input(extra)
			r.input(whole[1])
			got := r.took()
			want := 0
			if strings.HasPrefix(name, "beyond 64") || strings.HasPrefix(name, "a length") {
				want = 1 // such a thing is dropped by itself
			}
			if len(got) != want {
				t.Errorf("IPv4 %t, %s: %q", isIPv4, name, got)
			}
		}
	}
}

// TestReassemblyBounds floods with first fragments: memory is bounded, and in time comes
// back.
func TestReassemblyBounds(t *testing.T) {
	for _, isIPv4 := range []bool{true, false} {
		r := newRig(t, packettest.Options{})
		for id := range uint32(1000) {
			r.input(piece(isIPv4, id, make([]byte, 1400), 8*int(id), true))
		}
		for i := range 300 {
			r.input(piece(isIPv4, 3, make([]byte, 8), 8000+16*i, true))
		}
		if n := r.pool.Used(); n > assembliesMax*packet.PartsMax || r.reassembly.count > assembliesMax {
			t.Errorf("%d chunks, %d packets", n, r.reassembly.count)
		}
		r.after(assemblyTime6 + time.Second)
		if n := r.pool.Used(); n != 0 || r.reassembly.count != 0 {
			t.Errorf("%d chunks, %d packets a minute later", n, r.reassembly.count)
		}
		for _, f := range pieces(isIPv4, 5, make([]byte, 3000), 1000) {
			r.input(f)
		}
		if got := r.took(); len(got) != 1 {
			t.Errorf("after the flood: %q", got)
		}
		r.frames()
	}
}

// TestTransmitErrors wants errors for what cannot be sent.
func TestTransmitErrors(t *testing.T) {
	r := newRig(t, packettest.Options{})
	route, err := r.Route(socket.Address{}, at("10.0.0.2"))
	if err != nil {
		t.Fatal(err)
	}
	send := func(n int, fragment bool) error {
		return r.Transmit(&Datagram{Route: &route, Protocol: ProtocolUDP, Head: make([]byte, 8), ChecksumAt: 6, Pseudo: true, Data: make([]byte, n), Fragment: fragment})
	}
	for _, c := range []struct {
		bytes    int
		fragment bool
		want     error
	}{{65507, true, nil}, {65508, true, syscall.EMSGSIZE}, {1472, false, nil}, {1473, false, syscall.EMSGSIZE}} {
		if err := send(c.bytes, c.fragment); !errors.Is(err, c.want) {
			t.Errorf("%d bytes: %v, want %v", c.bytes, err, c.want)
		}
		r.frames()
	}
	var held []*packet.Frame
	for f := r.Reserve(); f != nil; f = r.Reserve() {
		held = append(held, f)
	}
	if err := send(100, true); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("without a frame: %v, want EAGAIN", err)
	}
	for _, f := range held {
		r.Cancel(f)
	}
	var chunks []packet.ChunkID
	for id, ok := r.pool.Get(); ok; id, ok = r.pool.Get() {
		chunks = append(chunks, id)
	}
	if err := send(1000, true); !errors.Is(err, syscall.ENOBUFS) {
		t.Errorf("without memory: %v, want ENOBUFS", err)
	}
	for _, id := range chunks {
		r.pool.Release(id)
	}
	for _, c := range []struct {
		source, destination string
		want                error
	}{
		{"10.0.0.9", "10.0.0.2", syscall.EADDRNOTAVAIL}, {"127.0.0.1", "10.0.0.2", syscall.ENETUNREACH},
		{"::", "0.0.0.0", syscall.ENETUNREACH}, {"fd00::1", "10.0.0.2", syscall.EADDRNOTAVAIL}, {"::", "192.0.2.1", nil},
	} {
		if _, err := r.Route(at(c.source), at(c.destination)); !errors.Is(err, c.want) {
			t.Errorf("from %s to %s: %v, want %v", c.source, c.destination, err, c.want)
		}
	}
}

// FuzzInput feeds frames in the states that a machine can be in.
func FuzzInput(f *testing.F) {
	for _, seed := range [][]byte{
		from4(17, 0, 7, 0, 9, 0, 9, 0, 0, 1), from6(17, 0, 7, 0, 9, 0, 9, 0, 0, 1), arp(false, peerMAC, "10.0.0.9", "10.0.0.1"),
		solicitation("fd00::1", "fd00::2", "ff02::1:ff00:1", 255, peerMAC), advertise("fe80::2", 1800, prefixOption(0xc0, 9, 9)...),
		piece(true, 1, make([]byte, 16), 0, true), piece(false, 1, make([]byte, 16), 8, false),
		from6(0, 60, 0, 5, 2, 0, 0, 1, 0, 17, 0, 1, 4, 0, 0, 0, 0), from4(1, icmp(header.ICMP{Type: 8}, 0, 1, 2)...),
	} {
		f.Add(seed, uint16(0), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, split uint16, repair bool) {
		r := newRig(t, packettest.Options{SplitBytes: int(split)})
		r.Autoconfigure()
		if repair {
			repairSums(b)
		}
		for len(b) > 0 { // several frames, one after the other
			n := min(len(b), 200)
			r.input(slices.Clone(b[:n]))
			r.input(slices.Clone(b))
			r.after(time.Second)
			r.frames()
			b = b[n:]
		}
		r.took()
	})
}

// repairSums makes the checksums of a frame right, so that the fuzzer gets behind them.
func repairSums(b []byte) {
	if len(b) < 34 {
		return
	}
	copy(b, ourMAC[:])
	be := binary.BigEndian
	switch {
	case b[12] == 8 && b[13] == 0:
		n := min(int(b[14]&15)*4, len(b)-14)
		be.PutUint16(b[16:], uint16(len(b)-14))
		be.PutUint16(b[24:], 0)
		be.PutUint16(b[24:], packettest.Checksum(b[14:14+n]))
		if l4 := b[14+n:]; b[23] == 1 && len(l4) >= 4 {
			be.PutUint16(l4[2:], 0)
			be.PutUint16(l4[2:], packettest.Checksum(l4))
		}
	case b[12] == 0x86 && len(b) >= 62:
		be.PutUint16(b[18:], uint16(len(b)-54))
		if b[20] == 58 {
			be.PutUint16(b[56:], 0)
			sum := header.PseudoSum(socket.Address(b[22:38]), socket.Address(b[38:54]), 58, len(b)-54)
			be.PutUint16(b[56:], ^header.Fold(header.Sum(b[54:], sum)))
		}
	}
}
