package header

import (
	"encoding/binary"

	"mewz/kernel/socket"
)

// IPv4Header are the fields of an IPv4 header (RFC 791, 3.1).
type IPv4Header struct {
	TrafficClass uint8
	TotalBytes   uint16 // header and payload
	ID           uint16
	DontFragment bool
	More         bool   // fragments follow
	Offset       uint16 // of the fragment, in bytes
	TTL          uint8
	Protocol     uint8
	Source       socket.Address
	Destination  socket.Address
	HeaderBytes  uint8 // with options
}

// Bits of the flags and offset of an IPv4 header.
const (
	dontFragment4   = 0x4000
	moreFragments4  = 0x2000
	offsetMask4     = 0x1fff
	FragmentedMask4 = moreFragments4 | offsetMask4
)

// ParseIPv4 reads an IPv4 header whose packet may lie in b only in part.
func ParseIPv4(b []byte) (h IPv4Header, ok bool) {
	if len(b) < IPv4Bytes || b[0]>>4 != 4 {
		return h, false
	}
	be := binary.BigEndian
	flags := be.Uint16(b[6:])
	h = IPv4Header{
		TrafficClass: b[1], TotalBytes: be.Uint16(b[2:]), ID: be.Uint16(b[4:]),
		DontFragment: flags&dontFragment4 != 0, More: flags&moreFragments4 != 0, Offset: flags & offsetMask4 << 3,
		TTL: b[8], Protocol: b[9],
		Source: MapNumber4(be.Uint32(b[12:])), Destination: MapNumber4(be.Uint32(b[16:])),
		HeaderBytes: b[0] & 15 * 4,
	}
	ok = h.HeaderBytes >= IPv4Bytes && int(h.HeaderBytes) <= len(b) && h.TotalBytes >= uint16(h.HeaderBytes)
	return h, ok
}

// Put writes a header without options and its checksum. Preconditions: b has
// IPv4Bytes; the addresses are IPv4; Offset is a multiple of 8.
func (h *IPv4Header) Put(b []byte) {
	_ = b[IPv4Bytes-1]
	be := binary.BigEndian
	flags := h.Offset >> 3
	if h.DontFragment {
		flags |= dontFragment4
	}
	if h.More {
		flags |= moreFragments4
	}
	b[0], b[1] = 0x45, h.TrafficClass
	be.PutUint16(b[2:], h.TotalBytes)
	be.PutUint16(b[4:], h.ID)
	be.PutUint16(b[6:], flags)
	b[8], b[9] = h.TTL, h.Protocol
	be.PutUint16(b[10:], 0)
	copy(b[12:16], h.Source[12:])
	copy(b[16:20], h.Destination[12:])
	be.PutUint16(b[10:], ^Fold(Sum(b[:IPv4Bytes], 0)))
}

// GoodIPv4 reports whether the checksum of an IPv4 header is right.
// Preconditions: b is the header with its options.
func GoodIPv4(b []byte) bool { return Fold(Sum(b, 0)) == 0xffff }

// PseudoSum is the sum of the pseudo header of IPv4 (RFC 9293, 3.1) or IPv6 (RFC 8200, 8.1),
// before the upper layer itself.
func PseudoSum(source, destination socket.Address, protocol uint8, bytes int) uint64 {
	sum := uint64(protocol) + uint64(bytes)
	if IsIPv4(source) {
		return Sum(source[12:], Sum(destination[12:], sum))
	}
	return Sum(source[:], Sum(destination[:], sum))
}
