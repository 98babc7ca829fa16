package tcp

import (
	"encoding/binary"
	"syscall"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Input takes a packet; see ip.Handler.
func (e *Engine) Input(p *ip.Packet) {
	e.clock()
	e.Stats.Received++
	t := p.Payload
	if len(t) < headerBytes || p.Group {
		e.Stats.Dropped++
		return
	}
	length := int(t[12]>>4) * 4
	if length < headerBytes || length > len(t) {
		e.Stats.Dropped++
		return
	}
	if !p.ChecksumGood && !checksumHolds(p) {
		e.Stats.ChecksumErrors++
		return
	}
	k := makeKey(&p.Destination, &p.Source, swapPorts(t))
	c := e.find(&k)
	if c != nil && c.fast && c.predicted(p, length) {
		return
	}
	s := &e.scratch
	s.parse(p, length)
	if c == nil {
		e.stranger(&k, s)
	} else {
		c.input(s)
	}
	s.packet = nil
}

// predicted is the short way of what comes nearly always: the next data, or an
// acknowledgement of new data, or both. It reports false, and has changed nothing, if the segment is
// anything else.
//
// Preconditions: c.fast, so c is established and nothing is missing in either direction.
func (c *Conn) predicted(p *ip.Packet, length int) bool {
	be := binary.BigEndian
	t := (*[headerBytes]byte)(p.Payload)
	if t[13]&^flagPSH != flagACK || be.Uint32(t[4:]) != c.rcvNxt || length != int(c.tcpBytes) {
		return false
	}
	ack := be.Uint32(t[8:])
	acked := ack - c.sndUna
	n := uint32(p.Bytes - length)
	if acked > c.sndNxt-c.sndUna || acked == 0 && n == 0 || n > c.rcvAdv-c.rcvNxt || !c.admits(c.rcvNxt+n) {
		return false
	}
	echo := uint32(0)
	if c.timestamps {
		o := (*[timestampBytes]byte)(p.Payload[headerBytes:])
		value := be.Uint32(o[4:])
		if be.Uint32(o[:]) != timestampPrefix || before(value, c.tsRecent) {
			return false
		}
		echo = be.Uint32(o[8:])
		if c.lastAck == c.rcvNxt {
			c.tsRecent = value
		}
	}
	e := c.engine
	e.Stats.Predicted++
	c.heard = e.ms
	c.sndWnd = uint32(be.Uint16(t[14:])) << c.sndScale
	c.sndWndMax = max(c.sndWndMax, c.sndWnd)
	c.sndWl1, c.sndWl2 = c.rcvNxt, ack
	if acked > 0 {
		c.advance(ack, echo)
	}
	if n > 0 {
		stored := n
		if b := p.Payload[length:]; c.rcv.head != 0 || n > packet.ChunkBytes || len(b) != int(n) || !c.rcv.start(e, c.rcvNxt, b) {
			stored = c.storePacket(p, b)
		}
		c.arrived(stored, c.peerSegment(p, n))
	}
	if c.sndTail != c.sndNxt {
		c.output()
	}
	return true
}

// storePacket stores data that is in order, first and what lies in further buffers.
func (c *Conn) storePacket(p *ip.Packet, first []byte) uint32 {
	e := c.engine
	stored := c.rcv.write(e, c.rcvNxt, first)
	if stored == len(first) {
		for _, b := range p.More {
			n := c.rcv.write(e, c.rcvNxt+uint32(stored), b)
			stored += n
			if n < len(b) {
				break
			}
		}
	}
	return uint32(stored)
}

// peerSegment is the size of the segments of the peer as this packet shows it.
func (c *Conn) peerSegment(p *ip.Packet, n uint32) uint32 {
	if p.SegmentBytes != 0 {
		return min(n, uint32(p.SegmentBytes))
	}
	return n
}

// arrived takes note of n new bytes in order.
func (c *Conn) arrived(n, segment uint32) {
	if n == 0 {
		return
	}
	c.rcvNxt += n
	c.rcvMSS = max(c.rcvMSS, segment)
	c.wantAck()
	if c.ready&socket.Readable == 0 && c.watcher != nil {
		c.ready |= socket.Readable
		c.watcher.SetReady(c.ready)
	}
}

// wantAck makes sure that what has arrived is acknowledged.
func (c *Conn) wantAck() {
	c.ackPending = true
	c.visit()
}

// visit makes sure that EndPoll looks at the connection.
func (c *Conn) visit() {
	if !c.inVisits {
		c.inVisits = true
		c.engine.visits = append(c.engine.visits, c)
	}
}

// ackDelayMS is how long an acknowledgement waits for data to ride on: below the 500 ms of RFC 9293, 3.8.6.3,
// and below the 200 ms of retransmission timers.
const ackDelayMS = 40

// endPoll sends what Write has left, acknowledges two segments at once and delays the acknowledgement of less.
func (c *Conn) endPoll() {
	if c.written {
		c.written = false
		c.output()
	}
	if !c.ackPending || c.state == closed {
		return
	}
	if c.rcvNxt-c.lastAck >= 2*c.rcvMSS {
		c.acknowledge()
	} else if c.ackAt == 0 {
		c.ackAt = c.engine.in(ackDelayMS)
		c.engine.arm(c, c.ackAt)
	}
}

// predict decides whether header prediction may work from now on.
func (c *Conn) predict() {
	r := &c.recovery
	c.fast = c.state == established && c.gaps == nil && !c.readShut && !c.finReceived &&
		!r.active && r.sacked == nil && r.duplicates == 0 && !r.probing && !r.tail.out && before(c.rcvNxt, c.rcvAdv)
}

// pawsIdleMS is 24 days, after which a time stamp may have come round.
const pawsIdleMS = 24 * 24 * 3600 * 1000

// input is the long way: RFC 9293, 3.10.7.3 and 3.10.7.4.
func (c *Conn) input(s *segment) {
	e := c.engine
	if s.hasTimestamp && c.timestamps && e.ms-c.heard > pawsIdleMS {
		c.tsRecent = s.value // RFC 7323, 5.5: too old to compare with
	}
	if c.state == synSent {
		c.inputSynSent(s)
		return
	}
	if c.state == synReceived && c.listener == nil && s.flags&(flagSYN|flagACK) == flagSYN|flagACK && s.seq == c.irs {
		s.flags &^= flagSYN // simultaneous open: the answer to our SYN (RFC 9293, 3.5, figure 8)
		s.seq++
	}
	if !c.acceptable(s) {
		return
	}
	c.heard = e.ms
	if s.flags&flagRST != 0 {
		c.inputRST(s)
		return
	}
	if s.flags&flagSYN != 0 {
		c.inputSYN(s)
		return
	}
	if s.flags&flagACK == 0 {
		return
	}
	if c.state == synReceived && !c.establish(s) {
		return
	}
	if !c.inputACK(s) {
		return
	}
	c.inputText(s)
	if c.state != closed {
		c.predict()
		c.output()
	}
}

// acceptable is the check of time stamps (RFC 7323, section 5) and of sequence numbers (RFC 9293, 3.10.7.4, first).
func (c *Conn) acceptable(s *segment) bool {
	reset := s.flags&flagRST != 0
	if c.timestamps && !reset {
		if !s.hasTimestamp && s.flags&flagSYN == 0 { // RFC 7323, 3.2
			c.engine.Stats.Dropped++
			return false
		}
		if s.hasTimestamp && before(s.value, c.tsRecent) && s.flags&flagSYN == 0 { // PAWS
			c.answer(s)
			return false
		}
	}
	edge := later(c.rcvAdv, c.rcvNxt)
	end := s.end()
	// The last number must not lie before the window, the first not behind it.
	// An empty segment may be at either end; so may a probe of a closed window.
	good := atMost(s.seq, edge) && atMost(c.rcvNxt, end) && (s.seq != edge || end == s.seq || edge == c.rcvNxt)
	if good && end == c.rcvNxt && end != s.seq {
		good = false // all of it is old
	}
	if !good {
		if !reset {
			c.answer(s)
		}
		return false
	}
	if s.hasTimestamp && c.timestamps && !reset && atMost(s.seq, c.lastAck) && !before(s.value, c.tsRecent) {
		c.tsRecent = s.value // RFC 7323, 4.3
	}
	return true
}

// answer acknowledges a segment that is not acceptable. One without data might be an answer itself: such are
// limited, so that no two peers answer each other for ever.
func (c *Conn) answer(s *segment) {
	if c.state == synReceived {
		if s.flags&flagSYN != 0 && s.seq == c.irs && c.mayChallenge() {
			c.sendSYN() // ours was lost
		}
		return
	}
	if s.bytes > 0 || c.mayChallenge() {
		c.acknowledge()
	}
}

// challengeMS is how often one connection answers what may be forged (RFC 5961, section 7). There is no limit
// that connections share, which would tell others about them.
const challengeMS = 500

func (c *Conn) mayChallenge() bool {
	e := c.engine
	if c.challenged != 0 && e.ms-c.challenged < challengeMS {
		return false
	}
	c.challenged = e.in(0)
	return true
}

// challenge sends a challenge ACK.
func (c *Conn) challenge() {
	if c.mayChallenge() {
		c.engine.Stats.Challenges++
		if c.state == synReceived {
			c.sendSYN()
			return
		}
		c.acknowledge()
	}
}

// inputRST is RFC 5961, section 3: a reset must have exactly the number that is expected.
func (c *Conn) inputRST(s *segment) {
	if s.seq != c.rcvNxt {
		c.challenge()
		return
	}
	errno := syscall.ECONNRESET
	switch c.state {
	case synReceived:
		errno = syscall.ECONNREFUSED
	case closeWait:
		errno = syscall.EPIPE
	case closing, lastAck:
		errno = 0
	default:
	}
	c.fail(errno)
}

// inputSYN is RFC 5961, section 4: a SYN is never acceptable, the peer may be another one now.
func (c *Conn) inputSYN(s *segment) {
	c.challenge()
}

// inputText takes data and FIN (RFC 9293, 3.10.7.4, seventh and eighth). Urgent data is data (RFC 6093).
func (c *Conn) inputText(s *segment) {
	if s.bytes == 0 && s.flags&flagFIN == 0 {
		return
	}
	if c.finReceived {
		c.acknowledge()
		return
	}
	if old := c.rcvNxt - s.seq; int32(old) > 0 {
		s.trim(min(old, s.bytes))
	}
	edge := later(c.rcvAdv, c.rcvNxt)
	if over := s.seq + s.bytes - edge; int32(over) > 0 {
		s.bytes -= min(over, s.bytes)
		s.flags &^= flagFIN
		if s.bytes == 0 {
			c.acknowledge() // a probe
			return
		}
	}
	if s.bytes > 0 && !c.owned && c.accepted { // nobody is there to read it (RFC 9293, 3.10.4)
		c.sendReset()
		c.fail(syscall.ECONNRESET)
		return
	}
	if s.seq != c.rcvNxt {
		c.behindGap(s)
		return
	}
	if s.bytes > 0 {
		c.inOrder(s)
	}
	if s.flags&flagFIN != 0 && s.seq+s.bytes == c.rcvNxt {
		c.inputFIN()
	}
}

// inOrder takes the data that is expected next.
func (c *Conn) inOrder(s *segment) {
	if c.readShut {
		c.rcvRead += s.bytes
		c.arrived(s.bytes, s.bytes)
		return
	}
	stored := uint32(0)
	if c.admits(s.seq + s.bytes) {
		stored = c.store(s)
	}
	n := stored
	had := c.gaps != nil
	if had {
		c.gaps.dropBelow(c.rcvNxt + n)
		if c.gaps.count > 0 && c.gaps.list[0].start == c.rcvNxt+n {
			n = c.gaps.list[0].end - c.rcvNxt
			c.gaps.dropBelow(c.rcvNxt + n)
		}
		if c.gaps.count == 0 {
			c.dropGaps()
		}
	}
	if n == 0 { // no memory: it comes again
		c.engine.Stats.Dropped++
		s.bytes = 0
		s.flags &^= flagFIN
		return
	}
	c.arrived(n, c.peerSegment(s.packet, stored))
	if stored < s.bytes || n > stored {
		s.flags &^= flagFIN
	}
	if had { // RFC 5681, 4.2: a segment that fills a gap is acknowledged at once
		c.acknowledge()
	}
}

// store copies the data of a segment to its place and returns how much found memory.
func (c *Conn) store(s *segment) (stored uint32) {
	e := c.engine
	s.data(func(b []byte) bool {
		n := c.rcv.write(e, s.seq+stored, b)
		stored += uint32(n)
		return n == len(b)
	})
	return stored
}

// sparseFraction is the part of the pool that what lies behind gaps may take: a segment that skips
// most of a window takes the chunks before it as well.
const sparseFraction = 4

// behindGap keeps data that came before what it follows, and tells the peer at once
// (RFC 5681, 4.2; RFC 2018). A FIN is not kept: it comes again.
func (c *Conn) behindGap(s *segment) {
	e := c.engine
	used := e.pool.Used()
	if s.bytes > 0 && !c.readShut && e.plenty() && e.sparse < e.pool.Max()/sparseFraction {
		if c.gaps == nil {
			c.gaps = e.newSpans()
		}
		if c.rcv.head != 0 || c.rcv.extend(e, c.rcvNxt) {
			if c.store(s) == s.bytes {
				if _, ok := c.gaps.add(span{s.seq, s.seq + s.bytes}); ok {
					c.gaps.remember(s.seq)
				}
			}
		}
		more := e.pool.Used() - used
		c.sparse += more
		e.sparse += more
		if c.gaps.count == 0 {
			c.dropGaps()
			c.tidy()
		}
	} else {
		e.Stats.Dropped++
	}
	c.acknowledge()
}

// tidy releases the chunks of a connection that has nothing to read.
func (c *Conn) tidy() {
	if c.rcvRead == c.dataEnd() && c.gaps == nil {
		c.rcv.clear(c.engine)
	}
}

// dropGaps forgets what lies behind gaps.
func (c *Conn) dropGaps() {
	if c.gaps == nil {
		return
	}
	c.engine.sparse -= c.sparse
	c.sparse = 0
	c.engine.dropSpans(&c.gaps)
}

// inputFIN is the end of what the peer sends.
func (c *Conn) inputFIN() {
	c.rcvNxt++
	c.finReceived = true
	c.dropGaps()
	c.tidy()
	switch c.state {
	case established:
		c.state = closeWait
	case finWait1:
		c.state = closing
	case finWait2:
		c.tell()
		c.acknowledge()
		c.enterTimeWait()
		return
	default:
	}
	c.tell()
	c.acknowledge()
}
