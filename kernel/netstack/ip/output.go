package ip

import (
	"encoding/binary"
	"syscall"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// defaultHopLimit is that of packets whose sender says nothing (RFC 1700; RFC 4861, 6.3.2).
const defaultHopLimit = 64

// Reserve: see Output.
func (l *Layer) Reserve() *packet.Frame { return l.device.Reserve() }

// Cancel: see Output.
func (l *Layer) Cancel(f *packet.Frame) { l.device.Cancel(f) }

// Offload: see Output.
func (l *Layer) Offload() packet.Offload { return l.device.Offload() }

// Send: see Output.
func (l *Layer) Send(r *Route, f *packet.Frame) {
	n := r.Neighbor
	if n.state != stateReachable || l.now >= n.until {
		if n = l.use(r); n == nil {
			l.counters.Dropped++
			l.device.Cancel(f)
			return
		}
		switch n.state {
		case stateIncomplete:
			l.hold(n, f)
			return
		case stateSelf:
			l.sendToSelf(f)
			return
		}
	}
	copy(f.Header[:header.EthernetBytes], n.Link[:])
	l.device.Send(f)
}

// use returns the neighbour of a route for a frame that is about to be sent, after
// looking for it again if it was forgotten. It is nil if there is no way any more.
func (l *Layer) use(r *Route) *Neighbor {
	n := r.Neighbor
	if n.state == stateGone {
		hop, ok := l.nextHop(r.Destination)
		if !ok {
			return nil
		}
		n = l.neighbor(hop)
		r.Neighbor = n
	}
	n.used, n.wanted = l.now, true
	if n.state == stateStale || n.state == stateReachable && l.now >= n.until {
		l.enter(n, stateDelay) // RFC 4861, 7.3.3
	}
	return n
}

// Datagram is a packet of a protocol that has no templates for its headers.
type Datagram struct {
	Route        *Route
	Protocol     uint8
	HopLimit     uint8 // 0: the default
	TrafficClass uint8
	// Fragment allows to send it in pieces, when it is longer than the path takes.
	Fragment bool
	// Head is the transport header, in which the checksum is put at ChecksumAt when
	// that is not 0; then its field is 0 before.
	Head       []byte
	ChecksumAt uint8
	// Pseudo says that the checksum covers the pseudo header.
	Pseudo bool
	Data   []byte
	// alert puts a Router Alert for MLD before Head (RFC 3810, 5).
	alert bool
}

func (d *Datagram) bytes() int { return len(d.Head) + len(d.Data) }

// headMax bounds Datagram.Head, so that it fits behind the headers of Ethernet, IPv6 and a fragment.
const headMax = packet.HeaderMaxBytes - header.EthernetBytes - header.IPv6Bytes - header.FragmentBytes

// Transmit sends a datagram. Errors: EMSGSIZE, EAGAIN when the device has no room,
// ENOBUFS when there is no memory. Preconditions: len(Head) <= headMax.
func (l *Layer) Transmit(d *Datagram) error {
	// The length of IPv6 does not count its header (RFC 8200, 3), that of IPv4 does.
	ipBytes, most := header.IPv6Bytes, maxMTU
	if d.Route.IsIPv4 {
		ipBytes = header.IPv4Bytes
		most -= ipBytes
	}
	if d.bytes() > most {
		return syscall.EMSGSIZE
	}
	if ipBytes+d.bytes() > int(d.Route.MTU) {
		if !d.Fragment {
			return syscall.EMSGSIZE
		}
		return l.transmitFragments(d)
	}
	f := l.device.Reserve()
	if f == nil {
		return syscall.EAGAIN
	}
	f.Checksum, f.Segmentation, f.SegmentBytes, f.PartCount = false, packet.SegmentNone, 0, 0
	at := header.EthernetBytes + l.putHeader(f.Header[header.EthernetBytes:], d, d.bytes())
	if d.ChecksumAt != 0 {
		if d.Pseudo && len(d.Data) > 0 && l.device.Offload().SendChecksum && d.Route.Neighbor.state != stateSelf {
			f.Checksum, f.ChecksumStart, f.ChecksumOffset = true, uint16(at), uint16(d.ChecksumAt)
			sum := header.PseudoSum(d.Route.Source, d.Route.Destination, d.Protocol, d.bytes())
			binary.BigEndian.PutUint16(d.Head[d.ChecksumAt:], header.Fold(sum))
		} else {
			d.sum()
		}
	}
	copy(f.Header[at:], d.Head)
	c, ok := l.fill(f, at+len(d.Head), d.Data)
	if !ok {
		l.device.Cancel(f)
		return syscall.ENOBUFS
	}
	l.Send(d.Route, f)
	c.release(l.pool)
	return nil
}

// putHeader writes the IP header of a whole datagram with a payload of n bytes and
// returns its length.
func (l *Layer) putHeader(b []byte, d *Datagram, n int) int {
	hops := d.HopLimit
	if hops == 0 {
		hops = l.auto.hopLimit(d.Route.IsIPv4)
	}
	if d.Route.IsIPv4 {
		h := header.IPv4Header{
			TrafficClass: d.TrafficClass, TotalBytes: uint16(header.IPv4Bytes + n), DontFragment: true,
			TTL: hops, Protocol: d.Protocol, Source: d.Route.Source, Destination: d.Route.Destination,
		}
		h.Put(b)
		return header.IPv4Bytes
	}
	h := header.IPv6Header{
		TrafficClass: d.TrafficClass, PayloadBytes: uint16(n), NextHeader: d.Protocol,
		HopLimit: hops, Source: d.Route.Source, Destination: d.Route.Destination,
	}
	if !d.alert {
		h.Put(b)
		return header.IPv6Bytes
	}
	h.PayloadBytes, h.NextHeader = uint16(n+8), header.HopByHop
	h.Put(b)
	copy(b[header.IPv6Bytes:], []byte{d.Protocol, 0, header.OptionRouterAlert, 2, 0, 0, header.OptionPadN, 0})
	return header.IPv6Bytes + 8
}

// sum puts the checksum into Head.
func (d *Datagram) sum() {
	sum := uint64(0)
	if d.Pseudo {
		sum = header.PseudoSum(d.Route.Source, d.Route.Destination, d.Protocol, d.bytes())
	}
	checksum := ^header.Fold(header.Sum(d.Data, header.Sum(d.Head, sum)))
	if checksum == 0 && d.Protocol == ProtocolUDP {
		checksum = 0xffff // RFC 768: 0 is none
	}
	binary.BigEndian.PutUint16(d.Head[d.ChecksumAt:], checksum)
}

// filled are the chunks that fill took for a frame.
type filled struct {
	chunks [packet.PartsMax]packet.ChunkID
	count  int
}

// release lets go of them: the device holds them by then, or nobody needs them.
func (c *filled) release(pool *packet.Pool) {
	for _, id := range c.chunks[:c.count] {
		pool.Release(id)
	}
}

// fill appends data to the first at bytes of a frame: behind them if there is room,
// or in chunks, held once. It is false if there are none.
func (l *Layer) fill(f *packet.Frame, at int, data []byte) (c filled, ok bool) {
	f.PartCount = 0
	if at+len(data) <= packet.HeaderMaxBytes {
		f.HeaderBytes = uint16(at + copy(f.Header[at:], data))
		return c, true
	}
	f.HeaderBytes = uint16(at)
	for len(data) > 0 {
		id, ok := l.pool.Get()
		if !ok {
			c.release(l.pool)
			return c, false
		}
		n := copy(l.pool.Bytes(id), data)
		f.Parts[c.count] = packet.Part{Chunk: id, Bytes: uint16(n)}
		c.chunks[c.count] = id
		c.count++
		data = data[n:]
	}
	f.PartCount = uint8(c.count)
	return c, true
}

// transmitFragments sends a datagram in pieces (RFC 791, 3.2; RFC 8200, 4.5).
func (l *Layer) transmitFragments(d *Datagram) error {
	if d.ChecksumAt != 0 {
		d.sum()
	}
	id := l.random.uint32()
	overhead := header.IPv6Bytes + header.FragmentBytes
	if d.Route.IsIPv4 {
		overhead = header.IPv4Bytes
	}
	size := (int(d.Route.MTU) - overhead) &^ 7
	for offset := 0; offset < d.bytes(); offset += size {
		n := min(size, d.bytes()-offset)
		f := l.device.Reserve()
		if f == nil {
			return syscall.EAGAIN // the receiver drops the beginning in time
		}
		f.Checksum, f.Segmentation, f.SegmentBytes, f.PartCount = false, packet.SegmentNone, 0, 0
		at := header.EthernetBytes
		at += l.putFragmentHeader(f.Header[at:], d, fragment{id, offset, n, offset+n < d.bytes()})
		data := d.Data
		if offset == 0 {
			at += copy(f.Header[at:], d.Head)
			data = data[:n-len(d.Head)]
		} else {
			data = data[offset-len(d.Head):][:n]
		}
		c, ok := l.fill(f, at, data)
		if !ok {
			l.device.Cancel(f)
			return syscall.ENOBUFS
		}
		l.Send(d.Route, f)
		c.release(l.pool)
	}
	return nil
}

// fragment is a piece of a datagram.
type fragment struct {
	id     uint32
	offset int
	bytes  int
	more   bool
}

// putFragmentHeader writes the IP headers of a fragment and returns their length.
func (l *Layer) putFragmentHeader(b []byte, d *Datagram, p fragment) int {
	hops := d.HopLimit
	if hops == 0 {
		hops = l.auto.hopLimit(d.Route.IsIPv4)
	}
	if d.Route.IsIPv4 {
		h := header.IPv4Header{
			TrafficClass: d.TrafficClass, TotalBytes: uint16(header.IPv4Bytes + p.bytes), ID: uint16(p.id),
			More: p.more, Offset: uint16(p.offset), TTL: hops, Protocol: d.Protocol,
			Source: d.Route.Source, Destination: d.Route.Destination,
		}
		h.Put(b)
		return header.IPv4Bytes
	}
	h := header.IPv6Header{
		TrafficClass: d.TrafficClass, PayloadBytes: uint16(header.FragmentBytes + p.bytes), NextHeader: header.Fragment,
		HopLimit: hops, Source: d.Route.Source, Destination: d.Route.Destination,
	}
	h.Put(b)
	header.FragmentHeader{NextHeader: d.Protocol, Offset: uint16(p.offset), More: p.more, ID: p.id}.Put(b[header.IPv6Bytes:])
	return header.IPv6Bytes + header.FragmentBytes
}

// loopMax bounds the frames that are on their way to ourselves: two windows of TCP
// without segmentation offload.
const loopMax = 256

// loopback is a queue of frames to ourselves. Their payload stays in its chunks.
type loopback struct {
	frames []looped // loopMax of them from the first use on
	first  int
	count  int
	more   [packet.PartsMax][]byte
}

// looped is a frame on its way.
type looped struct {
	header       [packet.HeaderMaxBytes]byte
	headerBytes  uint16
	segmentBytes uint16
	partCount    uint8
	parts        [packet.PartsMax]packet.Part
}

// sendToSelf queues a frame for DeliverToSelf.
func (l *Layer) sendToSelf(f *packet.Frame) {
	if l.loop.count == loopMax {
		l.counters.Dropped++
		l.device.Cancel(f)
		return
	}
	if l.loop.frames == nil {
		l.loop.frames = make([]looped, loopMax)
	}
	q := &l.loop.frames[(l.loop.first+l.loop.count)%loopMax]
	l.loop.count++
	q.headerBytes, q.segmentBytes, q.partCount = f.HeaderBytes, 0, f.PartCount
	if f.Segmentation != packet.SegmentNone {
		q.segmentBytes = f.SegmentBytes
	}
	copy(q.header[:], f.Header[:f.HeaderBytes])
	copy(q.parts[:], f.Parts[:f.PartCount])
	for _, part := range f.Parts[:f.PartCount] {
		l.pool.Hold(part.Chunk)
	}
	l.device.Cancel(f)
}

// DeliverToSelf takes the frames that have been sent to ourselves; what they cause is
// left for the next call. It reports whether there were any.
func (l *Layer) DeliverToSelf() bool {
	n := l.loop.count
	l.fromSelf = true
	for range n {
		q := &l.loop.frames[l.loop.first]
		r := packet.Received{Bytes: q.header[:q.headerBytes], ChecksumGood: true, SegmentBytes: q.segmentBytes}
		for i, part := range q.parts[:q.partCount] {
			l.loop.more[i] = l.pool.Bytes(part.Chunk)[part.Offset : int(part.Offset)+int(part.Bytes)]
		}
		r.More = l.loop.more[:q.partCount]
		if b := r.Bytes[header.EthernetBytes:]; b[0]>>4 == 4 {
			l.input4(&r, b, false)
		} else {
			l.input6(&r, b, false)
		}
		for _, part := range q.parts[:q.partCount] {
			l.pool.Release(part.Chunk)
		}
		l.loop.first = (l.loop.first + 1) % loopMax
		l.loop.count--
	}
	l.fromSelf = false
	return n > 0
}

// SourceFor returns the address that packets to a destination are sent from.
func (l *Layer) SourceFor(destination socket.Address) (a socket.Address, ok bool) {
	if l.IsLocal(destination) {
		return destination, true
	}
	return l.source(destination)
}
