package socket

import (
	"net/netip"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, text := range []string{
		"0.0.0.0", "10.0.2.15", "255.255.255.255", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1..2.3", "", "+1.2.3.4", "1.2.3.4.",
		"::", "::1", "1::", "2001:db8::8:800:200c:417a", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", ":1", "1:",
		"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "12345::", "fe80::1%eth0", "::g", "1:2:3:4:5:6:7::", "::+1", "::-1",
		"1:2:3:4::5:6:7:8", "1.2.3.4::", "1:1.2.3.4::1", "::1.2.3.4:5",
	} {
		want, err := netip.ParseAddr(text)
		ok := err == nil && want.Zone() == ""
		got, family, gotOK := ParseAddress(text)
		if gotOK != ok || ok && (got != Address(want.As16()) || (family == IPv4) != want.Is4()) {
			t.Errorf("ParseAddress(%q) = %v, %v, %v, want %v, %v", text, got, family, gotOK, want, ok)
		}
	}
}

func TestParseEndpoint(t *testing.T) {
	for _, text := range []string{
		"0.0.0.0:8080", "1.2.3.4:0", "1.2.3.4:65535", "1.2.3.4:65536", "1.2.3.4", ":80", "1.2.3.4:", "[::]:80", "[::1]:8080", "::1:80", "[1.2.3.4]:80",
		"[::1:80", "::1]:80", "[::1]80", "a:80", "1.2.3.4:x", "1.2.3.4:-1",
	} {
		want, err := netip.ParseAddrPort(text)
		ok := err == nil
		got, _, gotOK := ParseEndpoint(text)
		if gotOK != ok || ok && (got.Address != Address(want.Addr().As16()) || got.Port != want.Port()) {
			t.Errorf("ParseEndpoint(%q) = %v, %v, want %v, %v", text, got, gotOK, want, ok)
		}
	}
}

func TestIPv4(t *testing.T) {
	a := FromIPv4([4]byte{1, 2, 3, 4})
	if b, ok := a.IPv4(); !ok || b != [4]byte{1, 2, 3, 4} {
		t.Errorf("IPv4 = %v, %v", b, ok)
	}
	if _, ok := (&Address{15: 1}).IPv4(); ok {
		t.Error("::1 is no IPv4 address")
	}
}
