package header

import (
	"encoding/binary"
	"time"

	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Sizes of the messages of neighbour discovery with their ICMPv6 header, without options.
const (
	RouterSolicitationBytes  = 8
	RouterAdvertisementBytes = 16
	NeighborMessageBytes     = 24 // solicitation and advertisement
	LinkAddressOptionBytes   = 8
)

// Flags of a neighbour advertisement in ICMP.Rest (RFC 4861, 4.4).
const (
	NeighborRouter    = 1 << 31
	NeighborSolicited = 1 << 30
	NeighborOverride  = 1 << 29
)

// Types of options of neighbour discovery.
const (
	NDPSourceLink = 1  // RFC 4861, 4.6.1
	NDPTargetLink = 2  // RFC 4861, 4.6.1
	NDPPrefix     = 3  // RFC 4861, 4.6.2
	NDPMTU        = 5  // RFC 4861, 4.6.4
	NDPRDNSS      = 25 // RFC 8106, 5.1
	NDPDNSSL      = 31 // RFC 8106, 5.2
)

// NDPOption is an option of neighbour discovery. Value is what follows its type and length.
type NDPOption struct {
	Type  uint8
	Value []byte
}

// NextNDPOption takes the first option of b. ok is false if it is cut off or
// has no length (RFC 4861, 4.6: then the whole message is discarded).
func NextNDPOption(b []byte) (o NDPOption, rest []byte, ok bool) {
	if len(b) < 8 {
		return o, nil, false
	}
	bytes := int(b[1]) * 8
	if bytes == 0 || bytes > len(b) {
		return o, nil, false
	}
	return NDPOption{b[0], b[2:bytes]}, b[bytes:], true
}

// GoodNDPOptions reports whether b is a sequence of options.
func GoodNDPOptions(b []byte) bool {
	for ok := true; len(b) > 0; {
		if _, b, ok = NextNDPOption(b); !ok {
			return false
		}
	}
	return true
}

// LinkOption returns the Ethernet address in the option of a type, if there is one.
// Preconditions: GoodNDPOptions(b).
func LinkOption(b []byte, wanted uint8) (m packet.MAC, ok bool) {
	for len(b) > 0 {
		o, rest, _ := NextNDPOption(b)
		if o.Type == wanted && len(o.Value) == len(m) {
			return packet.MAC(o.Value), true
		}
		b = rest
	}
	return m, false
}

// PutLinkOption writes an option with an Ethernet address. Preconditions: b has LinkAddressOptionBytes.
func PutLinkOption(b []byte, t uint8, m packet.MAC) {
	_ = b[LinkAddressOptionBytes-1]
	b[0], b[1] = t, 1
	copy(b[2:], m[:])
}

// RouterAdvertisement are the fixed fields of the message (RFC 4861, 4.2).
type RouterAdvertisement struct {
	HopLimit  uint8         // 0: unspecified, like the others
	Lifetime  time.Duration // 0: not a default router
	Reachable time.Duration
	Retrans   time.Duration
}

// ParseRouterAdvertisement reads a message from its ICMPv6 header on.
func ParseRouterAdvertisement(b []byte) (r RouterAdvertisement, options []byte, ok bool) {
	if len(b) < RouterAdvertisementBytes {
		return r, nil, false
	}
	be := binary.BigEndian
	r = RouterAdvertisement{
		HopLimit: b[4], Lifetime: time.Duration(be.Uint16(b[6:])) * time.Second,
		Reachable: time.Duration(be.Uint32(b[8:])) * time.Millisecond,
		Retrans:   time.Duration(be.Uint32(b[12:])) * time.Millisecond,
	}
	options = b[RouterAdvertisementBytes:]
	return r, options, GoodNDPOptions(options)
}

// PrefixInformation is the value of the option of that name.
type PrefixInformation struct {
	Prefix     Prefix
	OnLink     bool
	Autonomous bool          // make an address of it (RFC 4862)
	Valid      time.Duration // or socket.Forever
	Preferred  time.Duration
}

// prefixValueBytes is the value of the Prefix Information option.
const prefixValueBytes = 30

// ParsePrefixInformation reads the value of an option.
func ParsePrefixInformation(v []byte) (p PrefixInformation, ok bool) {
	if len(v) != prefixValueBytes || v[0] > 128 {
		return p, false
	}
	be := binary.BigEndian
	p = PrefixInformation{
		Prefix: Prefix{socket.Address(v[14:30]), v[0]},
		OnLink: v[1]&0x80 != 0, Autonomous: v[1]&0x40 != 0,
		Valid: seconds(be.Uint32(v[2:])), Preferred: seconds(be.Uint32(v[6:])),
	}
	return p, true
}

// ParseRDNSS reads the value of an option: a lifetime and the addresses of name servers,
// which it passes to each.
func ParseRDNSS(v []byte, each func(socket.Address)) (lifetime time.Duration, ok bool) {
	if len(v) < 6+16 || (len(v)-6)%16 != 0 {
		return 0, false
	}
	lifetime = seconds(binary.BigEndian.Uint32(v[2:]))
	for v = v[6:]; len(v) > 0; v = v[16:] {
		each(socket.Address(v[:16]))
	}
	return lifetime, true
}

// ParseDNSSL reads the value of an option: a lifetime and search domains (RFC 8106, 5.2),
// padded with zero bytes. It passes each domain as text.
func ParseDNSSL(v []byte, each func(domain string)) (lifetime time.Duration, ok bool) {
	if len(v) < 6+2 {
		return 0, false
	}
	lifetime = seconds(binary.BigEndian.Uint32(v[2:]))
	for v = v[6:]; len(v) > 0 && v[0] != 0; {
		name, rest, ok := domainName(v)
		if !ok {
			return 0, false
		}
		each(name)
		v = rest
	}
	return lifetime, true
}

// domainMaxBytes bounds a name (RFC 1035, 2.3.4).
const domainMaxBytes = 255

// domainName reads a name of labels without compression (RFC 1035, 3.1).
func domainName(b []byte) (name string, rest []byte, ok bool) {
	var text [domainMaxBytes]byte
	n := 0
	for len(b) > 0 {
		size := int(b[0])
		switch {
		case size == 0:
			return string(text[:n]), b[1:], n > 0
		case size > 63 || size >= len(b) || n+size+1 > len(text):
			return "", nil, false
		}
		if n > 0 {
			text[n] = '.'
			n++
		}
		for _, c := range b[1 : 1+size] {
			if c <= ' ' || c >= 0x7f || c == '.' {
				return "", nil, false
			}
			text[n] = c
			n++
		}
		b = b[1+size:]
	}
	return "", nil, false
}

// seconds makes a lifetime of a number, all ones meaning for ever (RFC 4861, 4.6.2).
func seconds(n uint32) time.Duration {
	if n == 1<<32-1 {
		return socket.Forever
	}
	return time.Duration(n) * time.Second
}
