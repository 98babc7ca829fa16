package ip

import (
	"encoding/binary"
	"math/bits"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Random gives numbers that nobody can predict.
type Random interface{ Fill(p []byte) }

// Watcher is told what happens to the addresses of the machine.
type Watcher interface {
	// AddressReady: nobody else has it, it is used from now on.
	AddressReady(a socket.Address)
	// AddressTaken: another node has it, it is not ours any more.
	AddressTaken(a socket.Address)
	// Log takes a message for people.
	Log(text string)
}

// Config is what a Layer works with.
type Config struct {
	Device  packet.Device
	Pool    *packet.Pool
	Random  Random
	Watcher Watcher
}

// Layer is IP over one Ethernet device. It is an Output.
type Layer struct {
	device  packet.Device
	pool    *packet.Pool
	watcher Watcher
	random  randomNumbers
	tcp     Handler
	udp     Handler

	now      time.Duration // of this Poll
	deadline time.Duration // when Timers has something to do
	mtu      uint16        // of the link: the device's, or less by a router's word
	mac      packet.MAC
	mac48    uint64 // mac as a number

	// packet is the one that is being handled, reused.
	packet Packet
	// fromSelf says that it comes from loopback.
	fromSelf bool

	addresses  []address
	primary4   uint32 // the first IPv4 address in use, or 0
	broadcast4 uint32 // of its network, or 0
	single4    bool   // it is the only one
	prefixes   []onLink
	gateways   []gateway
	neighbors  neighborTable
	self       Neighbor // the way to ourselves
	loop       loopback
	paths      pathTable
	reassembly reassembly
	errors     bucket // ICMP errors that may be sent
	auto       autoconfiguration
	// AcceptAny takes UDP to any unicast IPv4 address, while DHCP has none yet
	// (RFC 2131, 4.1: the answer may come to the address that is offered).
	AcceptAny bool

	counters Counters
}

// Counters counts what went wrong, for people who look for a reason.
type Counters struct {
	Malformed   uint64 // headers that cannot be
	Misdirected uint64 // not for us, or from an address that cannot send
	Unknown     uint64 // no such protocol
	Held        uint64 // frames that waited for their neighbour
	Dropped     uint64 // frames dropped for want of room
}

// New returns IP without addresses but loopback. Its MTU is the device's.
func New(c Config) *Layer {
	l := &Layer{
		device: c.Device, pool: c.Pool, watcher: c.Watcher,
		mtu: uint16(min(max(c.Device.MTU(), minMTU4), maxMTU)), mac: c.Device.MAC(), deadline: socket.Forever,
	}
	l.random.source = c.Random
	l.mac48 = binary.BigEndian.Uint64(append(l.mac[:], 0, 0)) >> 16
	l.self.state = stateSelf
	l.self.Resolved = true
	l.neighbors.key = l.random.uint32()
	l.errors = bucket{tokens: errorBurst}
	l.reassembly.layer = l
	return l
}

// Bounds of an MTU.
const (
	minMTU4 = 68   // RFC 791, 3.2: every node forwards that
	minMTU6 = 1280 // RFC 8200, 5
	maxMTU  = 65535
)

// SetHandlers names the transport protocols.
func (l *Layer) SetHandlers(tcp, udp Handler) { l.tcp, l.udp = tcp, udp }

// Begin sets the clock for this Poll.
func (l *Layer) Begin(now time.Duration) { l.now = now }

// Now: see Output.
func (l *Layer) Now() time.Duration { return l.now }

// MTU returns the MTU of the link.
func (l *Layer) MTU() int { return int(l.mtu) }

// Counters returns the counters.
func (l *Layer) Counters() Counters { return l.counters }

// Deadline returns when Timers is due next, or socket.Forever.
func (l *Layer) Deadline() time.Duration {
	if l.loop.count > 0 {
		return l.now
	}
	return l.deadline
}

// schedule makes Timers run at a moment or before.
func (l *Layer) schedule(at time.Duration) { l.deadline = min(l.deadline, at) }

// Timers does what is due.
func (l *Layer) Timers() {
	if l.now < l.deadline {
		return
	}
	l.deadline = socket.Forever
	l.neighborTimers()
	l.addressTimers()
	l.reassembly.timers()
	l.autoTimers()
}

// randomNumbers hands out random numbers from a stock.
type randomNumbers struct {
	source Random
	stock  [128]byte
	left   int
}

func (r *randomNumbers) uint32() uint32 {
	if r.left < 4 {
		r.source.Fill(r.stock[:])
		r.left = len(r.stock)
	}
	r.left -= 4
	return binary.LittleEndian.Uint32(r.stock[r.left:])
}

// upTo returns a duration from 0 to d.
func (r *randomNumbers) upTo(d time.Duration) time.Duration {
	return time.Duration(uint64(d) * uint64(r.uint32()) >> 32)
}

// Input takes a frame.
func (l *Layer) Input(r *packet.Received) {
	b := r.Bytes
	if len(b) < header.EthernetBytes+header.IPv4Bytes {
		l.counters.Malformed++
		return
	}
	group := false
	if binary.BigEndian.Uint64(b)>>16 != l.mac48 {
		if group = b[0]&1 != 0; !group {
			return // for somebody else on the link
		}
	}
	switch header.EtherType(binary.BigEndian.Uint16(b[12:])) {
	case header.EtherTypeIPv4:
		l.input4(r, b[header.EthernetBytes:], group)
	case header.EtherTypeIPv6:
		l.input6(r, b[header.EthernetBytes:], group)
	case header.EtherTypeARP:
		l.inputARP(b[header.EthernetBytes:])
	}
}

// input4 takes an IPv4 packet. group says that the frame was for more than us.
func (l *Layer) input4(r *packet.Received, b []byte, group bool) {
	be := binary.BigEndian
	h := (*[header.IPv4Bytes]byte)(b) // one check of the length for all of it
	headerBytes := header.IPv4Bytes
	if h[0] != 0x45 {
		if headerBytes = l.options4(b); headerBytes == 0 {
			return
		}
	} else {
		sum, carry := bits.Add64(be.Uint64(h[:8]), be.Uint64(h[8:16]), 0)
		sum, carry = bits.Add64(sum, uint64(be.Uint32(h[16:])), carry)
		if header.Fold(sum+carry) != 0xffff {
			l.counters.Malformed++
			return
		}
	}
	total := int(be.Uint16(h[2:]))
	if total < headerBytes || (len(b) != total || len(r.More) > 0) && !trim(r, &b, total) {
		l.counters.Malformed++
		return
	}
	source, destination := be.Uint32(h[12:]), be.Uint32(h[16:])
	if destination != l.primary4 || group {
		var ok bool
		if group, ok = l.accepts4(destination, group, h[9]); !ok {
			l.counters.Misdirected++
			return
		}
	}
	// Who asks for an address by DHCP has none yet (RFC 1122, 3.2.1.3 a).
	if !l.ordinary4(source) && !l.fromSelf && l.martian4(source) && !(source == 0 && group && h[9] == ProtocolUDP) {
		l.counters.Misdirected++
		return
	}
	p := &l.packet
	be.PutUint64(p.Source[:8], 0)
	be.PutUint64(p.Source[8:], 0xffff<<32|uint64(source))
	be.PutUint64(p.Destination[:8], 0)
	be.PutUint64(p.Destination[8:], 0xffff<<32|uint64(destination))
	p.IsIPv4, p.Group = true, group
	p.TrafficClass, p.HopLimit, p.Protocol = h[1], h[8], h[9]
	p.ChecksumGood, p.SegmentBytes = r.ChecksumGood, r.SegmentBytes
	p.Payload, p.More, p.Bytes = b[headerBytes:], r.More, total-headerBytes
	p.whole = b
	if be.Uint16(h[6:])&header.FragmentedMask4 != 0 {
		l.reassembly.input4(p, b)
		return
	}
	if p.Protocol == ProtocolTCP {
		l.tcp.Input(p)
		return
	}
	l.dispatch4(p)
}

// ordinary4 reports whether an address is certainly none that martian4 looks for, as when
// there is only one address of ours to compare with.
func (l *Layer) ordinary4(source uint32) bool {
	const first, afterUnicast, loopbackNet = 1 << 24, 224 << 24, 127
	return l.single4 && source-first < afterUnicast-first && source>>24 != loopbackNet &&
		source != l.primary4 && source != l.broadcast4
}

// trim makes b and r.More as long as a packet of total bytes, which is followed by
// padding (IEEE 802.3, 3.2.8). ok is false if it is shorter.
func trim(r *packet.Received, b *[]byte, total int) (ok bool) {
	if len(*b) >= total {
		*b = (*b)[:total]
		r.More = nil
		return true
	}
	left := total - len(*b)
	for i, more := range r.More {
		if len(more) >= left {
			r.More[i] = more[:left]
			r.More = r.More[:i+1]
			return true
		}
		left -= len(more)
	}
	return false
}

// options4 checks a header with options, which are ignored, and returns its length or
// 0. Source routes are not taken (RFC 7126, 4.3, 4.4).
func (l *Layer) options4(b []byte) int {
	n := int(b[0]&15) * 4
	if b[0]>>4 != 4 || n < header.IPv4Bytes || n > len(b) || !header.GoodIPv4(b[:n]) {
		l.counters.Malformed++
		return 0
	}
	const end, noOperation, looseRoute, strictRoute = 0, 1, 131, 137
	for o := b[header.IPv4Bytes:n]; len(o) > 0 && o[0] != end; {
		if o[0] == noOperation {
			o = o[1:]
			continue
		}
		if len(o) < 2 || o[1] < 2 || int(o[1]) > len(o) || o[0] == looseRoute || o[0] == strictRoute {
			l.counters.Malformed++
			return 0
		}
		o = o[o[1]:]
	}
	return n
}

// martian4 reports whether an address cannot be that of a sender (RFC 1122, 3.2.1.3;
// RFC 1812, 5.3.7): this network, loopback, multicast, broadcast, reserved, our own.
func (l *Layer) martian4(source uint32) bool {
	const first, afterUnicast, loopbackNet = 1 << 24, 224 << 24, 127
	if source-first >= afterUnicast-first || source>>24 == loopbackNet || source == l.primary4 {
		return true
	}
	for i := range l.addresses {
		if a := &l.addresses[i]; a.is4 && a.state != stateTentative && (a.number4 == source || a.broadcast4 == source) {
			return true
		}
	}
	return false
}

// accepts4 says whether a packet to a destination is for us, and whether it was for
// a group.
func (l *Layer) accepts4(destination uint32, group bool, protocol uint8) (isGroup, ok bool) {
	const broadcast, loopbackNet = 1<<32 - 1, 127
	if l.fromSelf && destination>>24 == loopbackNet {
		return false, true
	}
	for i := range l.addresses {
		a := &l.addresses[i]
		switch {
		case !a.is4 || a.state == stateTentative:
		case a.number4 == destination:
			return false, !group // RFC 1122, 3.3.6: a unicast address in a broadcast frame
		case a.broadcast4 == destination && a.broadcast4 != 0:
			return true, true
		}
	}
	if destination == broadcast {
		return true, true
	}
	// No multicast group but that of all systems is joined, and nobody listens there.
	return false, l.AcceptAny && protocol == ProtocolUDP && !group && destination>>28 != 0xe
}

// dispatch4 hands a whole packet to its protocol. The source is an IPv4 address.
func (l *Layer) dispatch4(p *Packet) {
	switch p.Protocol {
	case ProtocolTCP:
		l.tcp.Input(p)
	case ProtocolUDP:
		l.udp.Input(p)
	case ProtocolICMP:
		l.inputICMP(p)
	default:
		l.counters.Unknown++
		l.ProtocolUnreachable(p)
	}
}
