package header

import (
	"encoding/binary"
	"math/bits"

	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Well-known addresses.
var (
	Unspecified4   = MapIPv4([4]byte{})
	Loopback4      = MapIPv4([4]byte{127, 0, 0, 1})
	Broadcast4     = MapIPv4([4]byte{255, 255, 255, 255})
	Unspecified6   = socket.Address{}
	Loopback6      = socket.Address{15: 1}
	AllNodes       = socket.Address{0: 0xff, 1: 0x02, 15: 1}    // RFC 4291, 2.7.1
	AllRouters     = socket.Address{0: 0xff, 1: 0x02, 15: 2}    // RFC 4291, 2.7.1
	MLDv2Routers   = socket.Address{0: 0xff, 1: 0x02, 15: 0x16} // RFC 3810, 5.2.14
	LinkLocal6     = Prefix{Address: socket.Address{0: 0xfe, 1: 0x80}, Bits: 64}
	solicitedNode6 = socket.Address{0: 0xff, 1: 0x02, 11: 1, 12: 0xff} // RFC 4291, 2.7.1
)

// mappedPrefix are bytes 8 to 11 of an IPv4-mapped address.
const mappedPrefix = 0xffff

// MapIPv4 makes an address of an IPv4 address (RFC 4291, 2.5.5.2).
func MapIPv4(v [4]byte) (a socket.Address) {
	a[10], a[11] = 0xff, 0xff
	copy(a[12:], v[:])
	return a
}

// MapNumber4 makes an address of an IPv4 address as a number.
func MapNumber4(v uint32) (a socket.Address) {
	binary.BigEndian.PutUint64(a[8:], mappedPrefix<<32|uint64(v))
	return a
}

// IsIPv4 reports whether an address is IPv4.
func IsIPv4(a socket.Address) bool {
	return binary.BigEndian.Uint64(a[:]) == 0 && binary.BigEndian.Uint32(a[8:]) == mappedPrefix
}

// IPv4 returns the IPv4 address in a. Preconditions: IsIPv4(a).
func IPv4(a socket.Address) [4]byte { return [4]byte(a[12:]) }

// Number4 is IPv4 as a number.
func Number4(a socket.Address) uint32 { return binary.BigEndian.Uint32(a[12:]) }

// IsUnspecified reports whether an address is :: or 0.0.0.0.
func IsUnspecified(a socket.Address) bool {
	return a == Unspecified6 || a == Unspecified4
}

// IsLoopback reports whether an address is ::1 or in 127.0.0.0/8.
func IsLoopback(a socket.Address) bool {
	return a == Loopback6 || IsIPv4(a) && a[12] == 127
}

// IsMulticast reports whether an address is in ff00::/8 or 224.0.0.0/4.
func IsMulticast(a socket.Address) bool {
	return a[0] == 0xff || IsIPv4(a) && a[12]>>4 == 0xe
}

// IsLinkLocal6 reports whether an address is in fe80::/10.
func IsLinkLocal6(a socket.Address) bool { return a[0] == 0xfe && a[1]&0xc0 == 0x80 }

// SolicitedNode returns the multicast address for solicitations of a (RFC 4291, 2.7.1).
func SolicitedNode(a socket.Address) socket.Address {
	group := solicitedNode6
	copy(group[13:], a[13:])
	return group
}

// MulticastMAC is where packets to a multicast address go (RFC 1112, 6.4; RFC 2464, 7).
func MulticastMAC(a socket.Address) packet.MAC {
	if IsIPv4(a) {
		return packet.MAC{0x01, 0x00, 0x5e, a[13] & 0x7f, a[14], a[15]}
	}
	return packet.MAC{0x33, 0x33, a[12], a[13], a[14], a[15]}
}

// InterfaceID is the modified EUI-64 of an Ethernet address (RFC 4291, appendix A).
func InterfaceID(m packet.MAC) [8]byte {
	return [8]byte{m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]}
}

// Prefix is a prefix of addresses. For IPv4, Bits counts those of the IPv4 address.
type Prefix struct {
	Address socket.Address
	Bits    uint8
}

// bits128 returns the length of the prefix in the 128 bits of an Address.
func (p Prefix) bits128() int {
	if IsIPv4(p.Address) {
		return int(p.Bits) + 96
	}
	return int(p.Bits)
}

// Contains reports whether an address begins with the prefix.
func (p Prefix) Contains(a socket.Address) bool {
	return CommonBits(p.Address, a) >= p.bits128()
}

// Broadcast4 returns the address of all hosts of an IPv4 prefix; ok is false for one
// that has none: /31 (RFC 3021) and /32.
func (p Prefix) Broadcast4() (a socket.Address, ok bool) {
	if !IsIPv4(p.Address) || p.Bits > 30 {
		return a, false
	}
	return MapNumber4(Number4(p.Address) | (1<<(32-p.Bits) - 1)), true
}

// CommonBits counts the leading bits that a and b share.
func CommonBits(a, b socket.Address) int {
	be := binary.BigEndian
	if x := be.Uint64(a[:8]) ^ be.Uint64(b[:8]); x != 0 {
		return bits.LeadingZeros64(x)
	}
	return 64 + bits.LeadingZeros64(be.Uint64(a[8:])^be.Uint64(b[8:]))
}
