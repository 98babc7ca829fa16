package header

import "encoding/binary"

// UDP are the fields of a UDP header (RFC 768).
type UDP struct {
	SourcePort      uint16
	DestinationPort uint16
	Bytes           uint16 // header and payload; 0 in a jumbogram, which we do not take
	Checksum        uint16 // 0: none
}

// ParseUDP reads a UDP header.
func ParseUDP(b []byte) (u UDP, ok bool) {
	if len(b) < UDPBytes {
		return u, false
	}
	be := binary.BigEndian
	u = UDP{be.Uint16(b), be.Uint16(b[2:]), be.Uint16(b[4:]), be.Uint16(b[6:])}
	return u, u.Bytes >= UDPBytes
}

// Put writes a UDP header. Preconditions: b has UDPBytes.
func (u UDP) Put(b []byte) {
	_ = b[UDPBytes-1]
	be := binary.BigEndian
	be.PutUint16(b, u.SourcePort)
	be.PutUint16(b[2:], u.DestinationPort)
	be.PutUint16(b[4:], u.Bytes)
	be.PutUint16(b[6:], u.Checksum)
}

// ICMP are the fields of an ICMP (RFC 792) or ICMPv6 (RFC 4443) header. Rest are the four
// bytes whose meaning depends on the type: identifier and number, MTU, pointer.
type ICMP struct {
	Type     uint8
	Code     uint8
	Checksum uint16
	Rest     uint32
}

// Types of ICMP.
const (
	ICMPEchoReply    = 0
	ICMPUnreachable  = 3
	ICMPSourceQuench = 4
	ICMPRedirect     = 5
	ICMPEcho         = 8
	ICMPTimeExceeded = 11
	ICMPParameter    = 12
)

// Codes of ICMPUnreachable (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1).
const (
	ICMPNetUnreachable      = 0
	ICMPHostUnreachable     = 1
	ICMPProtocolUnreachable = 2
	ICMPPortUnreachable     = 3
	ICMPFragmentationNeeded = 4
	ICMPNetProhibited       = 9
	ICMPHostProhibited      = 10
	ICMPProhibited          = 13
)

// Types of ICMPv6. Errors are below 128 (RFC 4443, 2.1).
const (
	ICMPv6Unreachable           = 1
	ICMPv6PacketTooBig          = 2
	ICMPv6TimeExceeded          = 3
	ICMPv6Parameter             = 4
	ICMPv6Echo                  = 128
	ICMPv6EchoReply             = 129
	ICMPv6RouterSolicitation    = 133
	ICMPv6RouterAdvertisement   = 134
	ICMPv6NeighborSolicitation  = 135
	ICMPv6NeighborAdvertisement = 136
	ICMPv6Redirect              = 137
	ICMPv6MLDv2Report           = 143 // RFC 3810
	ICMPv6FirstInformational    = 128
)

// Codes of ICMPv6Unreachable and ICMPv6Parameter (RFC 4443, 3.1, 3.4).
const (
	ICMPv6NoRoute             = 0
	ICMPv6Prohibited          = 1
	ICMPv6AddressUnreachable  = 3
	ICMPv6PortUnreachable     = 4
	ICMPv6FailedPolicy        = 5
	ICMPv6RejectRoute         = 6
	ICMPv6ParameterNextHeader = 1
	ICMPv6ParameterOption     = 2
)

// ParseICMP reads the header of a message.
func ParseICMP(b []byte) (i ICMP, ok bool) {
	if len(b) < ICMPBytes {
		return i, false
	}
	be := binary.BigEndian
	return ICMP{b[0], b[1], be.Uint16(b[2:]), be.Uint32(b[4:])}, true
}

// Put writes the header of a message. Preconditions: b has ICMPBytes.
func (i ICMP) Put(b []byte) {
	_ = b[ICMPBytes-1]
	be := binary.BigEndian
	b[0], b[1] = i.Type, i.Code
	be.PutUint16(b[2:], i.Checksum)
	be.PutUint32(b[4:], i.Rest)
}
