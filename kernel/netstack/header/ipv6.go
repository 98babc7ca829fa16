package header

import (
	"encoding/binary"

	"mewz/kernel/socket"
)

// IPv6Header are the fields of an IPv6 header (RFC 8200, 3).
type IPv6Header struct {
	TrafficClass uint8
	FlowLabel    uint32 // 20 bits
	PayloadBytes uint16
	NextHeader   uint8
	HopLimit     uint8
	Source       socket.Address
	Destination  socket.Address
}

// Values of NextHeader that are extension headers (RFC 8200, 4).
const (
	HopByHop           = 0
	Routing            = 43
	Fragment           = 44
	NoNextHeader       = 59
	DestinationOptions = 60
)

// ParseIPv6 reads an IPv6 header.
func ParseIPv6(b []byte) (h IPv6Header, ok bool) {
	if len(b) < IPv6Bytes || b[0]>>4 != 6 {
		return h, false
	}
	be := binary.BigEndian
	first := be.Uint32(b)
	h = IPv6Header{
		TrafficClass: uint8(first >> 20), FlowLabel: first & 0xfffff,
		PayloadBytes: be.Uint16(b[4:]), NextHeader: b[6], HopLimit: b[7],
		Source: socket.Address(b[8:24]), Destination: socket.Address(b[24:40]),
	}
	return h, true
}

// Put writes a header. Preconditions: b has IPv6Bytes.
func (h *IPv6Header) Put(b []byte) {
	_ = b[IPv6Bytes-1]
	be := binary.BigEndian
	be.PutUint32(b, 6<<28|uint32(h.TrafficClass)<<20|h.FlowLabel&0xfffff)
	be.PutUint16(b[4:], h.PayloadBytes)
	b[6], b[7] = h.NextHeader, h.HopLimit
	copy(b[8:24], h.Source[:])
	copy(b[24:40], h.Destination[:])
}

// FragmentHeader is the Fragment header of IPv6 (RFC 8200, 4.5).
type FragmentHeader struct {
	NextHeader uint8
	Offset     uint16 // in bytes
	More       bool
	ID         uint32
}

// ParseFragment reads a Fragment header.
func ParseFragment(b []byte) (f FragmentHeader, ok bool) {
	if len(b) < FragmentBytes {
		return f, false
	}
	word := binary.BigEndian.Uint16(b[2:])
	return FragmentHeader{b[0], word &^ 7, word&1 != 0, binary.BigEndian.Uint32(b[4:])}, true
}

// Put writes a Fragment header. Preconditions: b has FragmentBytes; Offset is a
// multiple of 8.
func (f FragmentHeader) Put(b []byte) {
	_ = b[FragmentBytes-1]
	word := f.Offset
	if f.More {
		word |= 1
	}
	b[0], b[1] = f.NextHeader, 0
	binary.BigEndian.PutUint16(b[2:], word)
	binary.BigEndian.PutUint32(b[4:], f.ID)
}

// Option is an option of a hop-by-hop or destination options header (RFC 8200, 4.2).
type Option struct {
	Type  uint8
	Value []byte
}

// Types of options.
const (
	OptionPad1        = 0
	OptionPadN        = 1
	OptionRouterAlert = 5 // RFC 2711
)

// NextOption takes the first option from the bytes of an options header behind its
// first two. ok is false if it is cut off.
func NextOption(b []byte) (o Option, rest []byte, ok bool) {
	if len(b) > 0 && b[0] == OptionPad1 {
		return Option{}, b[1:], true
	}
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return o, nil, false
	}
	end := 2 + int(b[1])
	return Option{b[0], b[2:end]}, b[end:], true
}
