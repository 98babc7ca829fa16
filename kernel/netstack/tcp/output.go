package tcp

import (
	"encoding/binary"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
)

const (
	ethernetBytes  = 14
	ipv4Bytes      = 20
	ipv6Bytes      = 40
	hopLimit       = 64 // RFC 1700
	headerMaxBytes = 60 // of TCP
	// templateBytes is Ethernet, IPv6, TCP with time stamps; six times 16 bytes are copied quickly.
	templateBytes = 96
	// segmentMax is how much data one frame takes: 15 chunks, so that it is at most
	// PartsMax parts and with its headers 65,535 bytes of IP.
	segmentMax = 15 * packet.ChunkBytes
)

// prepare fills the template of headers. Ethernet is filled by package ip.
func (c *Conn) prepare() {
	be := binary.BigEndian
	h := c.template[:]
	clear(h)
	r := &c.route
	c.tcpAt = putIP(h, r)
	c.headerSum = 0
	if r.IsIPv4 {
		c.headerSum = uint32(header.Fold(header.Sum(h[ethernetBytes:ethernetBytes+ipv4Bytes], 0)))
	}
	c.pseudoSum = uint32(header.Fold(pseudo(&r.Source, &r.Destination)))
	t := h[c.tcpAt:]
	be.PutUint32(t, c.key.ports)
	c.tcpBytes = headerBytes
	if c.timestamps {
		c.tcpBytes += timestampBytes
		be.PutUint32(t[headerBytes:], timestampPrefix)
	}
	t[12] = uint8(c.tcpBytes / 4 << 4)
}

// putIP writes an IP header without length and checksum and returns where it ends.
func putIP(h []byte, r *ip.Route) uint16 {
	b := h[ethernetBytes:]
	if r.IsIPv4 {
		b[0], b[1] = 0x45, 0
		b[4], b[5] = 0, 0 // RFC 6864, 4.1: any identification, as it is never cut
		b[6], b[7] = 0x40, 0
		b[8], b[9] = hopLimit, ip.ProtocolTCP
		b[10], b[11] = 0, 0
		copy(b[12:], r.Source[12:])
		copy(b[16:], r.Destination[12:])
		return ethernetBytes + ipv4Bytes
	}
	b[0], b[1], b[2], b[3] = 0x60, 0, 0, 0
	b[6], b[7] = ip.ProtocolTCP, hopLimit
	copy(b[8:], r.Source[:])
	copy(b[24:], r.Destination[:])
	return ethernetBytes + ipv6Bytes
}

// putLength writes the length of an IP packet. sum is the sum of an IPv4 header without it.
func putLength(h []byte, isIPv4 bool, sum, tcpBytes uint32) {
	be := binary.BigEndian
	if !isIPv4 {
		be.PutUint16(h[ethernetBytes+4:], uint16(tcpBytes))
		return
	}
	total := tcpBytes + ipv4Bytes
	be.PutUint16(h[ethernetBytes+2:], uint16(total))
	sum += total
	sum = sum&0xffff + sum>>16
	sum = sum&0xffff + sum>>16
	be.PutUint16(h[ethernetBytes+10:], ^uint16(sum))
}

// putChecksum makes the checksum, or asks the device for it. sum is that of the
// pseudo header without length.
func (e *Engine) putChecksum(f *packet.Frame, at uint16, sum, tcpBytes uint32) {
	be := binary.BigEndian
	t := f.Header[at:f.HeaderBytes]
	sum += tcpBytes
	sum = sum&0xffff + sum>>16
	sum = sum&0xffff + sum>>16
	if e.offload.SendChecksum {
		be.PutUint16(t[16:], uint16(sum))
		f.Checksum, f.ChecksumStart, f.ChecksumOffset = true, at, 16
		return
	}
	f.Checksum = false
	t[16], t[17] = 0, 0
	all := header.Sum(t, uint64(sum))
	offset := 0 // headers are even
	for _, p := range f.Parts[:f.PartCount] {
		all = sumAt(e.pool.Bytes(p.Chunk)[p.Offset:p.Offset+p.Bytes], offset, all)
		offset += int(p.Bytes)
	}
	be.PutUint16(t[16:], ^header.Fold(all))
}

// transmit sends the segment with n bytes of data from seq on. It reports false if the
// device has no room; the connection is then on the list for EndPoll.
func (c *Conn) transmit(seq, n uint32, flags uint8) bool {
	e := c.engine
	if len(e.blocked) > 0 { // others come first
		c.block()
		return false
	}
	f := e.out.Reserve()
	if f == nil {
		c.block()
		return false
	}
	be := binary.BigEndian
	h := f.Header
	*(*[templateBytes]byte)(h) = c.template
	t := (*[headerMaxBytes]byte)(h[c.tcpAt:])
	be.PutUint32(t[4:], seq)
	be.PutUint32(t[8:], c.rcvNxt)
	t[13] = flags
	be.PutUint16(t[14:], c.window())
	if c.timestamps {
		be.PutUint32(t[24:], e.ms+c.tsOffset)
		be.PutUint32(t[28:], c.tsRecent)
	}
	bytes := uint32(c.tcpBytes)
	segment := c.mss
	if c.gaps != nil && c.sackOK {
		segment -= c.sackBytes()
		bytes += c.putSack(t[bytes:])
		t[12] = uint8(bytes / 4 << 4)
	}
	f.HeaderBytes = c.tcpAt + uint16(bytes)
	f.PartCount, f.Segmentation = 0, packet.SegmentNone
	if n > 0 {
		c.snd.parts(e, f, seq, n)
		if n > segment {
			f.Segmentation, f.SegmentBytes = packet.SegmentTCP4, uint16(segment)
			if !c.route.IsIPv4 {
				f.Segmentation = packet.SegmentTCP6
			}
		}
	}
	bytes += n
	putLength(h, c.route.IsIPv4, c.headerSum, bytes)
	if e.offload.SendChecksum {
		sum := c.pseudoSum + bytes
		be.PutUint16(t[16:], uint16(sum+sum>>16)) // both are below 1<<16: one carry
		f.Checksum, f.ChecksumStart, f.ChecksumOffset = true, c.tcpAt, 16
	} else {
		e.putChecksum(f, c.tcpAt, c.pseudoSum, bytes)
	}
	e.out.Send(&c.route, f)
	e.Stats.Sent++
	c.lastAck = c.rcvNxt
	c.ackPending, c.ackOwed, c.ackAt = false, false, 0
	return true
}

// block puts the connection on the list of those that the device had no room for.
func (c *Conn) block() {
	if !c.inBlocked {
		c.inBlocked = true
		c.engine.blocked = append(c.engine.blocked, c)
	}
}

// acknowledge sends a segment without data.
func (c *Conn) acknowledge() {
	if c.state < established {
		return
	}
	c.ackOwed = !c.transmit(c.sndNxt, 0, flagACK)
}

// sackBytes is what the option of selective acknowledgements takes at present, with padding.
func (c *Conn) sackBytes() uint32 {
	if c.gaps == nil || !c.sackOK {
		return 0
	}
	return 4 + 8*uint32(min(c.gaps.count, c.sackMax()))
}

// sackMax is how many ranges fit.
func (c *Conn) sackMax() int {
	if c.timestamps {
		return sackBlocksMax - 1
	}
	return sackBlocksMax
}

// putSack writes the option: the range that changed last first, then those before it (RFC 2018, section 4).
func (c *Conn) putSack(t []byte) uint32 {
	be := binary.BigEndian
	var told [sackBlocksMax]span
	n, limit := 0, min(c.gaps.count, c.sackMax())
	tell := func(r span) {
		for _, other := range told[:n] {
			if other == r {
				return
			}
		}
		told[n] = r
		n++
	}
	for _, seq := range c.gaps.recent {
		if r, ok := c.gaps.find(seq); ok && n < limit {
			tell(r)
		}
	}
	for i := 0; i < c.gaps.count && n < limit; i++ {
		tell(c.gaps.list[i])
	}
	t[0], t[1], t[2], t[3] = optionNone, optionNone, optionSack, uint8(2+8*n)
	for i, r := range told[:n] {
		be.PutUint32(t[4+8*i:], r.start)
		be.PutUint32(t[8+8*i:], r.end)
	}
	return uint32(4 + 8*n)
}

// segmentBytes is how much data a segment on the wire takes at present.
func (c *Conn) segmentBytes() uint32 { return c.mss - c.sackBytes() }

// isCut reports whether the device cuts a frame of several segments.
func (c *Conn) isCut() bool {
	o := &c.engine.offload
	return o.SendChecksum && (c.route.IsIPv4 && o.SendTCP4 || !c.route.IsIPv4 && o.SendTCP6)
}

// frameBytes is how much data one frame takes: a segment, or many if the device cuts them.
func (c *Conn) frameBytes(segment uint32) uint32 {
	if c.isCut() {
		return max(segmentMax/segment*segment, segment)
	}
	return segment
}

// output sends what the windows, Nagle and the recovery of losses permit (RFC 9293, 3.8.6.2.1).
func (c *Conn) output() {
	if c.state < established {
		return
	}
	if n := c.sndTail - c.sndNxt; c.fast && c.sndUna == c.sndNxt && !c.corked && n-1 < min(c.sndWnd, c.congestion.window) &&
		(n <= c.mss || n <= segmentMax-c.mss && c.mss < segmentMax && c.isCut()) {
		// As a rule: an answer of one frame, and nothing is out.
		c.beforeSend()
		if c.transmit(c.sndNxt, n, flagACK|flagPSH) {
			c.afterSend(n, flagACK)
		}
		return
	}
	if c.recovery.active && !c.resendLost() {
		return
	}
	for !c.finSent && (c.sndTail != c.sndNxt || c.finQueued) {
		n, ok := c.sendable()
		if !ok {
			break
		}
		flags := uint8(flagACK)
		end := c.sndNxt + n
		if end == c.sndTail {
			if n > 0 {
				flags |= flagPSH
			}
			if c.finQueued {
				flags |= flagFIN
			}
		}
		c.beforeSend()
		if !c.transmit(c.sndNxt, n, flags) {
			return
		}
		c.afterSend(n, flags)
	}
	if c.sndUna == c.sndNxt && c.unsent() > 0 && c.resendAt == 0 && !c.corked {
		c.stalled = c.engine.ms
		c.startResend() // the window is closed: probe it
	}
}

// unsent is how many bytes were never sent.
func (c *Conn) unsent() uint32 {
	if c.finSent {
		return 0
	}
	return c.sndTail - c.sndNxt
}

// sendable decides how much new data may go in the next frame. With ok, 0 is a FIN alone.
func (c *Conn) sendable() (n uint32, ok bool) {
	unsent := c.unsent()
	segment := c.segmentBytes()
	n = unsent
	usable := c.sndUna + c.sndWnd - c.sndNxt
	if int32(usable) < 0 {
		usable = 0
	}
	flight := c.pipe()
	room := c.congestion.window - min(flight, c.congestion.window)
	if !c.recovery.active && c.recovery.duplicates > 0 && c.recovery.sacked == nil { // limited transmit (RFC 3042)
		extra := min(uint32(c.recovery.duplicates), 2) * c.mss
		room = max(room, extra-min(c.recovery.limited, extra))
	}
	if room < min(n, usable) {
		c.congestion.limited = true
	}
	n = min(n, usable, room)
	if unsent == 0 {
		return 0, true // FIN
	}
	if n < unsent {
		// Silly window: whole segments, or half the largest window there was.
		if n < segment && (n == 0 || n < c.sndWndMax/2 || n == room) {
			return 0, false
		}
		if n > segment {
			n -= n % segment
		}
	}
	if n == unsent && n%segment != 0 && (c.corked || !c.noDelay && !c.finQueued && before(c.sndUna, c.smallEnd)) {
		// Nagle, in Minshall's form: one short segment at a time is unacknowledged.
		n -= n % segment
	}
	return min(n, c.frameBytes(segment)), n > 0
}

// beforeSend restarts slow start after a pause (RFC 5681, 4.1) and times a segment.
func (c *Conn) beforeSend() {
	if c.sndUna == c.sndNxt {
		c.congestion.restart(c)
	}
	if !c.rtt.timing {
		c.rtt.begin(c.sndNxt, c.engine.now)
	}
}

// afterSend counts a frame of new data.
func (c *Conn) afterSend(n uint32, flags uint8) {
	if c.sndUna == c.sndNxt {
		c.stalled = c.engine.ms
	}
	c.sndNxt += n
	if c.recovery.duplicates > 0 && !c.recovery.active {
		c.recovery.limited += n
	}
	if segment := c.segmentBytes(); n < segment || n%segment != 0 {
		c.smallEnd = c.sndNxt
	}
	if flags&flagFIN != 0 {
		c.finSent = true
		c.sndNxt++
	}
	c.congestion.sentAt = c.engine.ms
	if c.resendAt == 0 || n > 0 && !c.recovery.tail.due && c.sndNxt-c.sndUna > c.mss && c.mayProbeTail() {
		c.startResend()
	}
}

// window returns the window to tell and moves its right edge, which never goes back and
// advances by no less than a segment or half the buffer (RFC 9293, 3.8.6.2.2).
func (c *Conn) window() uint16 {
	w := c.rcvAdv - c.rcvNxt
	if int32(w) < 0 {
		w = 0
	}
	used := c.rcvNxt - c.rcvRead
	if w+used+min(c.rcvLimit/2, c.mss) <= c.rcvLimit {
		w = max(w, c.rcvFree())
	}
	scale := c.rcvScale & 15
	scaled := min((w+1<<scale-1)>>scale, 0xffff) // rounded up: an edge does not go back
	c.rcvAdv = later(c.rcvAdv, c.rcvNxt+scaled<<scale)
	return uint16(scaled)
}

// rcvFree is how much the peer may send from rcvNxt on.
func (c *Conn) rcvFree() uint32 {
	used := c.rcvNxt - c.rcvRead
	limit := c.rcvLimit
	if share := c.engine.share(); share < limit/packet.ChunkBytes {
		limit = share * packet.ChunkBytes
	}
	free := min(limit-min(used, limit), 0xffff<<c.rcvScale)
	if !c.engine.plenty() { // promise nothing new, the peer probes
		free = min(free, later(c.rcvAdv, c.rcvNxt)-c.rcvNxt)
	}
	return free
}

// updateFraction is the part of the buffer below which a window is small.
const updateFraction = 8

// windowUpdate tells the peer of room if the window had become small and has at least
// doubled, by a segment at least.
func (c *Conn) windowUpdate() {
	left := c.rcvAdv - c.rcvNxt
	if int32(left) < 0 {
		left = 0
	}
	if left > c.rcvLimit/updateFraction {
		return
	}
	if free := c.rcvFree(); free >= 2*left && free-left >= min(c.rcvLimit/2, c.mss) {
		c.acknowledge()
	}
}
