package ip

import (
	"time"

	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Neighbor is a node on the link, or one that has been looked for (RFC 826, RFC 4861).
type Neighbor struct {
	// Link is the Ethernet header of frames to it, when it is Resolved.
	Link     [14]byte
	Resolved bool
	// Version changes with Link, so that a template knows when to copy it anew.
	Version uint32

	state     neighborState
	isRouter  bool  // RFC 4861, 7.2.5
	wanted    bool  // a frame went or was to go to it
	asked     uint8 // solicitations in this state
	heldCount uint8
	held      [heldEach]*packet.Frame
	address   socket.Address
	until     time.Duration // what the state says
	used      time.Duration
	next      *Neighbor // in the bucket
}

// Route is the way to a destination. It is a value that its user keeps.
type Route struct {
	Source      socket.Address
	Destination socket.Address
	IsIPv4      bool
	Neighbor    *Neighbor
	// MTU is the largest IP packet on the path (RFC 1191, RFC 8201); see Handler.PathMTU.
	MTU uint16
}

// Packet is a received IP packet. It is valid during the call that brings it.
type Packet struct {
	Source       socket.Address
	Destination  socket.Address
	IsIPv4       bool
	Protocol     uint8
	TrafficClass uint8 // with ECN in the low two bits
	HopLimit     uint8
	// Payload is the transport header and data; More is the rest of it when it
	// spans several buffers.
	Payload []byte
	More    [][]byte
	// Bytes is the length of Payload and More.
	Bytes int
	// ChecksumGood says that the transport checksum needs no check.
	ChecksumGood bool
	// SegmentBytes is not 0 if the device joined several segments.
	SegmentBytes uint16
	// Group says that it was sent to a multicast or broadcast address.
	Group bool

	// whole is the packet from its IP header on as far as it lies in one buffer, for
	// errors about it; nil if it was put together from fragments.
	whole []byte
	// nextHeaderAt is where the number of an IPv6 packet's protocol lies in whole.
	nextHeaderAt uint16
}

// Protocol numbers.
const (
	ProtocolICMP   = 1
	ProtocolTCP    = 6
	ProtocolUDP    = 17
	ProtocolICMPv6 = 58
)

// Failure is what an ICMP message says about a packet that we sent.
type Failure uint8

// Failures.
const (
	NetUnreachable Failure = iota // also host unreachable
	ProtocolUnreachable
	PortUnreachable
	Prohibited
	TimeExceeded
	// NeighborUnreachable is no ICMP message: a node on the link that does not answer.
	NeighborUnreachable
)

// Handler is a transport protocol.
type Handler interface {
	// Input takes a packet whose length was checked, not its transport header.
	Input(p *Packet)
	// Failed reports an ICMP error about a packet from local to remote. quoted is
	// at least 8 bytes of its transport header; nothing of it is to be trusted.
	Failed(local, remote socket.Address, quoted []byte, f Failure)
	// PathMTU reports that the path to remote takes packets up to mtu only.
	PathMTU(local, remote socket.Address, quoted []byte, mtu uint16)
}

// Output is what a transport protocol needs of IP: implemented by Layer, faked in
// the tests of TCP.
type Output interface {
	// Route finds the way to a destination, from source if it is not zero.
	// Errors: ENETUNREACH, EADDRNOTAVAIL.
	Route(source, destination socket.Address) (Route, error)
	// Reserve returns a frame to fill, or nil when the device has no room.
	Reserve() *packet.Frame
	// Send sends a frame with its IP and transport headers in place, from byte 14 of
	// Header on; it writes the Ethernet header itself. When the neighbor is
	// not resolved the frame is kept, or dropped, until it is.
	Send(r *Route, f *packet.Frame)
	// Cancel gives a frame back.
	Cancel(f *packet.Frame)
	// Confirm tells that the neighbor of r answers (RFC 4861, 7.3.1).
	Confirm(r *Route)
	// IsLocal reports whether an address is one of ours; the unspecified one is not.
	IsLocal(a socket.Address) bool
	Offload() packet.Offload
	// Now is the clock as of the beginning of this Poll.
	Now() time.Duration
}
