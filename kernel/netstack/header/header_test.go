package header

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// TestSum compares with the slow sum at all lengths.
func TestSum(t *testing.T) {
	b := make([]byte, 300)
	r := rand.New(rand.NewPCG(1, 1))
	for n := range b {
		for i := range b[:n] {
			b[i] = byte(r.Uint32() | r.Uint32()) // many ones, for carries
		}
		if got, want := ^Fold(Sum(b[:n], 0)), packettest.Checksum(b[:n]); got != want {
			t.Errorf("%d bytes: %04x, want %04x", n, got, want)
		}
	}
}

// TestRoundTrip writes headers of random bits and reads them again.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var b [64]byte
	for range 1000 {
		w := func() uint16 { return uint16(r.Uint32()) }
		address6 := func() (a socket.Address) {
			binary.BigEndian.PutUint64(a[:], r.Uint64())
			binary.BigEndian.PutUint64(a[8:], r.Uint64())
			return a
		}
		arp := ARP{Reply: w()&1 != 0, SenderIPv4: [4]byte{1, byte(w())}, TargetIPv4: [4]byte{byte(w()), 2}, SenderMAC: packet.MAC{byte(w())}, TargetMAC: packet.MAC{5: byte(w())}}
		arp.Put(b[:])
		if got, ok := ParseARP(b[:28]); !ok || got != arp {
			t.Errorf("ARP %+v, want %+v", got, arp)
		}
		four := IPv4Header{
			TrafficClass: uint8(w()), TotalBytes: max(w(), 20), ID: w(), DontFragment: w()&1 != 0, More: w()&1 != 0, Offset: w() &^ 7,
			TTL: uint8(w()), Protocol: uint8(w()), Source: MapNumber4(r.Uint32()), Destination: MapNumber4(r.Uint32()), HeaderBytes: 20,
		}
		four.Put(b[:])
		if got, ok := ParseIPv4(b[:]); !ok || got != four || !GoodIPv4(b[:20]) {
			t.Errorf("IPv4 %+v, want %+v", got, four)
		}
		six := IPv6Header{uint8(w()), r.Uint32() & 0xfffff, w(), uint8(w()), uint8(w()), address6(), address6()}
		six.Put(b[:])
		if got, ok := ParseIPv6(b[:]); !ok || got != six {
			t.Errorf("IPv6 %+v, want %+v", got, six)
		}
		fragment := FragmentHeader{uint8(w()), w() &^ 7, w()&1 != 0, r.Uint32()}
		fragment.Put(b[:])
		if got, ok := ParseFragment(b[:]); !ok || got != fragment {
			t.Errorf("fragment %+v, want %+v", got, fragment)
		}
		udp := UDP{w(), w(), max(w(), 8), w()}
		udp.Put(b[:])
		if got, ok := ParseUDP(b[:]); !ok || got != udp {
			t.Errorf("UDP %+v, want %+v", got, udp)
		}
		icmp := ICMP{uint8(w()), uint8(w()), w(), r.Uint32()}
		icmp.Put(b[:])
		if got, ok := ParseICMP(b[:]); !ok || got != icmp {
			t.Errorf("ICMP %+v, want %+v", got, icmp)
		}
	}
}

// TestShort wants every parser to refuse what is too short.
func TestShort(t *testing.T) {
	full := bytes.Repeat([]byte{0x66}, 64)
	full[0] = 0x45
	check := func(name string, n int, ok bool) {
		if ok {
			t.Errorf("%s takes %d bytes", name, n)
		}
	}
	for n := range 40 {
		b := full[:n]
		if _, ok := ParseARP(b); n < 28 {
			check("ARP", n, ok)
		}
		if _, ok := ParseIPv4(b); n < 20 {
			check("IPv4", n, ok)
		}
		_, ok := ParseIPv6(b)
		check("IPv6", n, ok)
		if _, ok := ParseUDP(b); n < 8 {
			check("UDP", n, ok)
		}
		if _, ok := ParseICMP(b); n < 8 {
			check("ICMP", n, ok)
		}
		if _, ok := ParseFragment(b); n < 8 {
			check("fragment", n, ok)
		}
	}
}

// TestAddresses has the helpers.
func TestAddresses(t *testing.T) {
	a := func(text string) socket.Address {
		x, ok := ParseAddress(text)
		if !ok {
			t.Fatalf("%q is no address", text)
		}
		return x
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"IsIPv4", IsIPv4(a("10.0.0.1")), true}, {"IsIPv4 6", IsIPv4(a("::a00:1")), false},
		{"multicast 4", IsMulticast(a("224.0.0.1")), true}, {"multicast 4 end", IsMulticast(a("240.0.0.1")), false},
		{"multicast 6", IsMulticast(a("ff02::1")), true}, {"link-local", IsLinkLocal6(a("febf::1")), true},
		{"not link-local", IsLinkLocal6(a("fec0::1")), false}, {"loopback", IsLoopback(a("127.9.9.9")), true},
		{"solicited node", SolicitedNode(a("2001:db8::aa:bbcc:ddee")), a("ff02::1:ffcc:ddee")},
		{"MAC 4", MulticastMAC(a("239.129.2.3")), packet.MAC{1, 0, 0x5e, 1, 2, 3}},
		{"MAC 6", MulticastMAC(a("ff02::1:ff12:3456")), packet.MAC{0x33, 0x33, 0xff, 0x12, 0x34, 0x56}},
		{"EUI-64", InterfaceID(packet.MAC{0x52, 0x54, 0, 1, 2, 3}), [8]byte{0x50, 0x54, 0, 0xff, 0xfe, 1, 2, 3}},
		{"common bits", CommonBits(a("fd00::1"), a("fd00::2")), 126}, {"all bits", CommonBits(a("::1"), a("::1")), 128},
		{"in", Prefix{a("10.0.0.0"), 8}.Contains(a("10.255.0.1")), true}, {"not in", Prefix{a("10.0.0.0"), 8}.Contains(a("11.0.0.1")), false},
		{"all", Prefix{a("0.0.0.0"), 0}.Contains(a("11.0.0.1")), true}, {"all of one family", Prefix{a("0.0.0.0"), 0}.Contains(a("fd00::1")), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	for _, c := range []struct{ prefix, want string }{
		{"10.1.2.3/24", "10.1.2.255"}, {"10.1.2.3/8", "10.255.255.255"}, {"10.1.2.255/30", "10.1.2.255"}, {"10.1.2.3/31", ""}, {"10.1.2.3/32", ""}, {"fd00::1/64", ""}, {"1.2.3.4/0", "255.255.255.255"},
	} {
		p, _ := ParsePrefix(c.prefix)
		if got, ok := p.Broadcast4(); ok != (c.want != "") || ok && FormatAddress(got) != c.want {
			t.Errorf("broadcast of %s: %s, want %s", c.prefix, FormatAddress(got), c.want)
		}
	}
}

// TestAdvertisementOptions reads the options of routers.
func TestAdvertisementOptions(t *testing.T) {
	v := append([]byte{64, 0xc0, 0, 0, 0, 60, 255, 255, 255, 255, 0, 0, 0, 0}, make([]byte, 16)...)
	if p, ok := ParsePrefixInformation(v); !ok || !p.OnLink || !p.Autonomous || p.Valid != time.Minute || p.Preferred != socket.Forever || p.Prefix.Bits != 64 {
		t.Errorf("prefix %+v, %t", p, ok)
	}
	for _, c := range []struct {
		name string
		v    []byte
		want []string
		ok   bool
	}{
		{"one", []byte{0, 0, 0, 0, 0, 60, 1, 'a', 3, 'o', 'r', 'g', 0, 0}, []string{"a.org"}, true},
		{"two", []byte{0, 0, 0, 0, 0, 60, 1, 'a', 0, 1, 'b', 0}, []string{"a", "b"}, true},
		{"no end", []byte{0, 0, 0, 0, 0, 60, 1, 'a', 1}, nil, false},
		{"a pointer", []byte{0, 0, 0, 0, 0, 60, 0xc0, 0}, nil, false},
		{"a space", []byte{0, 0, 0, 0, 0, 60, 1, ' ', 0}, nil, false},
		{"a dot", []byte{0, 0, 0, 0, 0, 60, 1, '.', 0}, nil, false},
	} {
		var got []string
		if _, ok := ParseDNSSL(c.v, func(s string) { got = append(got, s) }); ok != c.ok || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %t", c.name, got, ok)
		}
	}
}

// FuzzAddress compares with net/netip, which the kernel does without.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"10.0.0.2", "fd00::2", "::", "::1", "1::", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1::2::3", "01.2.3.4",
		"256.1.1.1", "1.2.3", "1.2.3.4.5", ":1", "1:", "12345::", "::1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "fe80::1%eth0", "", "1:2:3:4:5:6:7:8:9", "g::", "1:2:3:4:5:6:7:1.2.3.4"} {
		f.Add(s, "24")
	}
	f.Fuzz(func(t *testing.T, text, length string) {
		want, err := netip.ParseAddr(text)
		got, ok := ParseAddress(text)
		if ok != (err == nil && want.Zone() == "") {
			t.Fatalf("%q: %t, netip: %v", text, ok, err)
		}
		if !ok {
			return
		}
		if got != socket.Address(want.As16()) {
			t.Fatalf("%q: %x, want %x", text, got, want.As16())
		}
		if again, want := FormatAddress(got), want.Unmap().String(); again != want {
			t.Errorf("%q: %q, want %q", text, again, want)
		}
		p, err := netip.ParsePrefix(text + "/" + length)
		gotPrefix, ok := ParsePrefix(text + "/" + length)
		if ok != (err == nil && !want.Is4In6()) {
			t.Fatalf("%q/%q: %t, netip: %v", text, length, ok, err)
		}
		if ok && (int(gotPrefix.Bits) != p.Bits() || gotPrefix.Address != got) {
			t.Errorf("%q/%q: %+v", text, length, gotPrefix)
		}
	})
}

// FuzzParsers reads hostile bytes with every parser that has a loop or a length.
func FuzzParsers(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 20})
	f.Add([]byte{3, 4, 64, 0xc0, 0, 0, 0, 60, 255, 255, 255, 255, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 0, 60, 1, 'a', 3, 'o', 'r', 'g', 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, ok := ParseIPv4(b); ok && (int(h.HeaderBytes) > len(b) || h.HeaderBytes < 20) {
			t.Errorf("IPv4 %+v", h)
		}
		ParseIPv6(b)
		ParseUDP(b)
		ParseICMP(b)
		ParseARP(b)
		ParseFragment(b)
		ParsePrefixInformation(b)
		ParseRDNSS(b, func(socket.Address) {})
		ParseDNSSL(b, func(s string) {
			if len(s) > domainMaxBytes {
				t.Errorf("a name of %d bytes", len(s))
			}
		})
		if r, options, ok := ParseRouterAdvertisement(b); ok {
			LinkOption(options, NDPSourceLink)
			_ = r
		}
		for rest, ok := b, true; ok && len(rest) > 0; {
			_, rest, ok = NextOption(rest)
		}
	})
}
