package ip

import (
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Bounds of reassembly (RFC 791, 3.2; RFC 8200, 4.5). An attacker can fill them, and then
// fragments of others are lost; nothing else is.
const (
	assembliesMax  = 16 // packets of 64 KiB at once: 1 MiB of chunks
	fragmentsMax   = 64 // of one packet: 64 KiB in frames of 1,280 bytes need 52
	assemblyTime4  = 30 * time.Second
	assemblyTime6  = 60 * time.Second // RFC 8200, 4.5
	assembledBytes = 65535
)

// reassembly puts packets together.
type reassembly struct {
	layer *Layer
	slots [assembliesMax]assembly
	count int
	more  [packet.PartsMax][]byte
}

// assembly is a packet of which fragments have arrived.
type assembly struct {
	used         bool
	refused      bool // fragments overlap: the rest is dropped too (RFC 5722, 4; RFC 8200, 4.5)
	isIPv4       bool
	protocol     uint8 // from the first fragment for IPv6; part of the key for IPv4
	trafficClass uint8
	hopLimit     uint8
	id           uint32
	source       socket.Address
	destination  socket.Address
	until        time.Duration
	have         int // bytes that have arrived
	total        int // bytes of the packet, or -1 before the last fragment
	ranges       [fragmentsMax]span
	rangeCount   int
	chunks       [packet.PartsMax]packet.ChunkID
}

// span is a range of bytes.
type span struct{ from, to uint16 }

// input4 takes a fragment. b begins with its IPv4 header.
func (r *reassembly) input4(p *Packet, b []byte) {
	h, ok := header.ParseIPv4(b)
	if !ok {
		return
	}
	r.input(p, header.FragmentHeader{NextHeader: p.Protocol, Offset: h.Offset, More: h.More, ID: uint32(h.ID)})
}

// input takes a fragment whose data is the payload of p, and delivers the packet when
// it is whole.
func (r *reassembly) input(p *Packet, f header.FragmentHeader) {
	end := int(f.Offset) + p.Bytes
	if p.Bytes == 0 || f.More && p.Bytes%8 != 0 || end > assembledBytes || p.Group && p.IsIPv4 && p.Protocol != ProtocolUDP {
		r.layer.counters.Malformed++
		return
	}
	a := r.find(p, f)
	if a == nil {
		r.layer.counters.Dropped++
		return
	}
	if a.refused {
		return
	}
	if !r.place(a, p, f, end) {
		r.refuse(a)
		return
	}
	if a.total >= 0 && a.have == a.total {
		r.deliver(a, p)
	}
}

// find returns the assembly that a fragment belongs to, or a new one, or nil.
func (r *reassembly) find(p *Packet, f header.FragmentHeader) *assembly {
	var free *assembly
	for i := range r.slots {
		a := &r.slots[i]
		switch {
		case !a.used:
			free = a
		case a.id == f.ID && a.isIPv4 == p.IsIPv4 && a.source == p.Source && a.destination == p.Destination &&
			(!p.IsIPv4 || a.protocol == p.Protocol):
			return a
		}
	}
	if free == nil {
		return nil
	}
	until := r.layer.now + assemblyTime6
	if p.IsIPv4 {
		until = r.layer.now + assemblyTime4
	}
	*free = assembly{
		used: true, isIPv4: p.IsIPv4, protocol: p.Protocol, id: f.ID, source: p.Source, destination: p.Destination,
		until: until, total: -1,
	}
	r.count++
	r.layer.schedule(until)
	return free
}

// place puts the data of a fragment where it belongs. It is false if it contradicts others;
// an exact repetition does not.
func (r *reassembly) place(a *assembly, p *Packet, f header.FragmentHeader, end int) bool {
	s := span{f.Offset, uint16(end)}
	for _, other := range a.ranges[:a.rangeCount] {
		if other == s {
			return f.More == (a.total != end)
		}
		if s.from < other.to && other.from < s.to {
			return false
		}
	}
	if !f.More {
		if a.total >= 0 {
			return false
		}
		a.total = end
	}
	for _, other := range a.ranges[:a.rangeCount] {
		if a.total >= 0 && int(other.to) > a.total {
			return false
		}
	}
	if a.total >= 0 && end > a.total || a.rangeCount == fragmentsMax || !r.write(a, p, int(f.Offset)) {
		return false
	}
	a.ranges[a.rangeCount] = s
	a.rangeCount++
	a.have += p.Bytes
	if f.Offset == 0 {
		a.protocol, a.trafficClass, a.hopLimit = f.NextHeader, p.TrafficClass, p.HopLimit
	}
	return true
}

// write copies the payload of p to an offset of the packet.
func (r *reassembly) write(a *assembly, p *Packet, at int) bool {
	pool := r.layer.pool
	for i := -1; i < len(p.More); i++ {
		b := p.Payload
		if i >= 0 {
			b = p.More[i]
		}
		for len(b) > 0 {
			chunk := &a.chunks[at/packet.ChunkBytes]
			if *chunk == 0 {
				if pool.Short() { // the rest is for connections that are there
					return false
				}
				id, ok := pool.Get()
				if !ok {
					return false
				}
				*chunk = id
			}
			n := copy(pool.Bytes(*chunk)[at%packet.ChunkBytes:], b)
			b, at = b[n:], at+n
		}
	}
	return true
}

// refuse drops what has arrived of a packet, and what still will.
func (r *reassembly) refuse(a *assembly) {
	r.layer.counters.Malformed++
	a.refused = true
	r.releaseChunks(a)
}

func (r *reassembly) releaseChunks(a *assembly) {
	for i, id := range a.chunks {
		if id != 0 {
			r.layer.pool.Release(id)
			a.chunks[i] = 0
		}
	}
}

// free ends an assembly.
func (r *reassembly) free(a *assembly) {
	r.releaseChunks(a)
	a.used = false
	r.count--
}

// deliver hands a whole packet on.
func (r *reassembly) deliver(a *assembly, p *Packet) {
	l := r.layer
	left := a.total
	n := 0
	for ; left > 0; n++ {
		size := min(left, packet.ChunkBytes)
		r.more[n] = l.pool.Bytes(a.chunks[n])[:size]
		left -= size
	}
	p.Protocol, p.TrafficClass, p.HopLimit = a.protocol, a.trafficClass, a.hopLimit
	p.Payload, p.More, p.Bytes = r.more[0], r.more[1:n], a.total
	p.ChecksumGood, p.SegmentBytes, p.whole = l.fromSelf, 0, nil
	if p.IsIPv4 {
		l.dispatch4(p)
	} else {
		l.extensions(p, p.Protocol, true)
	}
	r.free(a)
}

// timers drops packets of which no more has come.
func (r *reassembly) timers() {
	if r.count == 0 {
		return
	}
	for i := range r.slots {
		a := &r.slots[i]
		switch {
		case !a.used:
		case a.until <= r.layer.now:
			r.free(a)
		default:
			r.layer.schedule(a.until)
		}
	}
}
