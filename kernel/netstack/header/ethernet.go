package header

import (
	"encoding/binary"

	"mewz/kernel/packet"
)

// Sizes of headers.
const (
	EthernetBytes = 14
	ARPBytes      = 28
	IPv4Bytes     = 20 // without options
	IPv6Bytes     = 40
	UDPBytes      = 8
	ICMPBytes     = 8
	FragmentBytes = 8 // the Fragment header of IPv6
)

// EtherType says what an Ethernet frame carries.
type EtherType uint16

// EtherTypes (IEEE 802 numbers).
const (
	EtherTypeIPv4 EtherType = 0x0800
	EtherTypeARP  EtherType = 0x0806
	EtherTypeIPv6 EtherType = 0x86dd
)

// BroadcastMAC reaches everybody on the link.
var BroadcastMAC = packet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// PutEthernet writes an Ethernet header. Preconditions: b has EthernetBytes.
func PutEthernet(b []byte, destination, source packet.MAC, t EtherType) {
	_ = b[EthernetBytes-1]
	copy(b[0:6], destination[:])
	copy(b[6:12], source[:])
	binary.BigEndian.PutUint16(b[12:], uint16(t))
}

// ARP is a packet of the address resolution protocol for IPv4 over Ethernet (RFC 826).
type ARP struct {
	Reply      bool // or a request
	SenderMAC  packet.MAC
	SenderIPv4 [4]byte
	TargetMAC  packet.MAC
	TargetIPv4 [4]byte
}

// The fixed part of an ARP packet: hardware Ethernet, protocol IPv4, lengths 6 and 4.
const arpPrefix = 1<<48 | uint64(EtherTypeIPv4)<<32 | 6<<24 | 4<<16

// ParseARP reads an ARP packet.
func ParseARP(b []byte) (a ARP, ok bool) {
	if len(b) < ARPBytes {
		return a, false
	}
	operation := binary.BigEndian.Uint64(b) ^ arpPrefix
	if operation != 1 && operation != 2 {
		return a, false
	}
	a.Reply = operation == 2
	copy(a.SenderMAC[:], b[8:])
	copy(a.SenderIPv4[:], b[14:])
	copy(a.TargetMAC[:], b[18:])
	copy(a.TargetIPv4[:], b[24:])
	return a, true
}

// Put writes an ARP packet. Preconditions: b has ARPBytes.
func (a ARP) Put(b []byte) {
	operation := uint64(1)
	if a.Reply {
		operation = 2
	}
	_ = b[ARPBytes-1]
	binary.BigEndian.PutUint64(b, arpPrefix|operation)
	copy(b[8:], a.SenderMAC[:])
	copy(b[14:], a.SenderIPv4[:])
	copy(b[18:], a.TargetMAC[:])
	copy(b[24:], a.TargetIPv4[:])
}
