package tcp

import "syscall"

// recovery is what is known of losses: the scoreboard of RFC 6675, or what RFC 6582 counts
// for a peer without selective acknowledgements. A timeout uses the same: all is
// lost then that is not on the scoreboard.
type recovery struct {
	active     bool
	plain      bool   // began without a scoreboard: RFC 6582
	timedOut   bool   // began with a timeout
	force      bool   // the next retransmission goes whatever the pipe holds
	probing    bool   // a probe of a closed window is out
	duplicates uint8  // acknowledgements that acknowledged nothing new
	limited    uint32 // bytes sent by limited transmit (RFC 3042)
	left       uint32 // bytes that have left the pipe as duplicates tell, without SACK
	point      uint32 // RecoveryPoint: sndNxt when it began
	resent     uint32 // HighRxt: what is before has been sent again
	lostTo     uint32 // what is before and not on the scoreboard is lost
	sacked     *spans
	tail       tailProbe
}

const (
	// duplicatesMax is DupThresh (RFC 6675, section 2).
	duplicatesMax = 3
	// stallMS is how long data may wait for its acknowledgement: the user timeout of RFC 9293, 3.9.1.
	stallMS = 300_000
	// orphanMS is the same for a connection without a program: R2 of RFC 9293, 3.8.3.
	orphanMS = 100_000
	// synMS and synAckMS are how long a SYN is repeated: R2 for SYN is 3 minutes
	// at least; an answer to a SYN that nobody acknowledges takes memory from others.
	synMS    = 180_000
	synAckMS = 60_000
	// backoffMax keeps shifts in range; the timeout has its maximum long before.
	backoffMax = 12
)

// begin sets the numbers of a connection that has sent nothing but its SYN.
func (r *recovery) begin(seq uint32) { r.point, r.resent, r.lostTo = seq, seq, seq }

// lostEdge returns where the losses end: what lies before and is not on the scoreboard is lost,
// because DupThresh ranges or more than DupThresh-1 segments arrived behind (IsLost of RFC 6675).
func (c *Conn) lostEdge() uint32 {
	r := &c.recovery
	edge := later(c.sndUna, r.lostTo)
	if r.sacked == nil {
		return edge
	}
	bytes := uint32(0)
	for i := r.sacked.count - 1; i >= 0; i-- {
		s := r.sacked.list[i]
		bytes += s.end - s.start
		if r.sacked.count-i >= duplicatesMax || bytes > (duplicatesMax-1)*c.mss {
			return later(edge, s.start)
		}
	}
	return edge
}

// outstanding counts the numbers from a up to b that are not on the scoreboard.
func (c *Conn) outstanding(a, b uint32) uint32 {
	if !before(a, b) {
		return 0
	}
	n := b - a
	if s := c.recovery.sacked; s != nil {
		n -= s.within(a, b)
	}
	return n
}

// pipe estimates how many bytes are in the network (SetPipe of RFC 6675).
func (c *Conn) pipe() uint32 {
	r := &c.recovery
	if !r.active {
		if r.sacked == nil {
			return c.sndNxt - c.sndUna
		}
		return c.outstanding(c.sndUna, c.sndNxt)
	}
	edge := c.lostEdge()
	n := c.outstanding(edge, c.sndNxt) + c.outstanding(c.sndUna, earlier(r.resent, edge))
	return n - min(n, r.left)
}

// takeSack puts what the peer says to have into the scoreboard and returns how much is new.
// Ranges that cannot be (and those of RFC 2883, which lie before sndUna) are ignored.
func (c *Conn) takeSack(s *segment) (added uint32) {
	if !c.sackOK {
		return 0
	}
	r := &c.recovery
	for _, b := range s.sack[:s.sackCount] {
		una := later(c.sndUna, earlier(s.ack, c.sndNxt))
		if !before(una, b.start) || !before(b.start, b.end) || before(c.sndNxt, b.end) {
			continue
		}
		if r.sacked == nil {
			r.sacked = c.engine.newSpans()
		}
		n, _ := r.sacked.add(b)
		added += n
	}
	return added
}

// duplicate counts an acknowledgement that acknowledged nothing new. One without ranges counts as long as
// there is no scoreboard, even from a peer that has agreed to SACK: some tell no ranges when they
// have closed their direction, and middleboxes take them away.
func (c *Conn) duplicate() {
	r := &c.recovery
	r.duplicates = min(r.duplicates, 254) + 1
	if r.sacked == nil {
		r.left += c.mss
	}
}

// progressed follows an advance of sndUna.
func (c *Conn) progressed(acked uint32) {
	r := &c.recovery
	r.probing = false
	if r.sacked != nil {
		r.sacked.dropBelow(c.sndUna)
		if r.sacked.count == 0 {
			c.engine.dropSpans(&r.sacked)
		}
	}
	if before(r.resent, c.sndUna) {
		r.resent = c.sndUna
	}
	if before(r.lostTo, c.sndUna) {
		r.lostTo = c.sndUna
	}
	if !r.active || !before(c.sndUna, r.point) {
		r.active, r.timedOut, r.force = false, false, false
		r.duplicates, r.limited, r.left = 0, 0, 0
		if before(r.point, c.sndUna) {
			r.point = c.sndUna
		}
		return
	}
	if r.plain && !r.timedOut { // partial acknowledgement (RFC 6582, 3.2, step 3)
		r.left -= min(r.left, max(acked, c.mss)-c.mss)
		r.lostTo = later(r.lostTo, earlier(c.sndUna+c.mss, c.sndNxt))
		r.resent = c.sndUna
		r.force = true
	}
}

// mayRecover begins fast recovery when a loss shows (RFC 6675, section 5).
func (c *Conn) mayRecover() {
	r := &c.recovery
	if r.active || c.sndUna == c.sndNxt || before(c.sndUna, r.point) {
		return
	}
	if r.duplicates < duplicatesMax && c.lostEdge() == c.sndUna {
		return
	}
	c.congestion.reduce(c, c.sndNxt-c.sndUna)
	c.congestion.window = c.congestion.threshold
	c.lose(later(c.sndUna+c.mss, r.lostTo))
}

// lose begins to send again what is lost: all before to that is not on the scoreboard, and
// what the scoreboard shows.
func (c *Conn) lose(to uint32) {
	r := &c.recovery
	r.active, r.force, r.plain = true, true, r.sacked == nil
	r.point = c.sndNxt
	r.resent = c.sndUna
	probe := r.tail.due
	r.tail = tailProbe{}
	if probe {
		c.startResend() // the timer was that of the probe: too early for a timeout
	}
	r.lostTo = earlier(to, c.sndNxt)
	c.rtt.timing = false // Karn
	c.fast = false
}

// resendLost sends lost data again as the window permits. It reports false if
// the device has no room.
func (c *Conn) resendLost() bool {
	r := &c.recovery
	edge := c.lostEdge()
	for {
		start, n := c.nextLost(edge)
		if n == 0 {
			return true
		}
		n = min(n, c.segmentBytes())
		if !r.force && c.pipe()+n > c.congestion.window {
			return true
		}
		if !c.resend(start, n) {
			return false
		}
		r.resent = start + n
		r.force = false
	}
}

// nextLost returns the next numbers that are lost and were not sent again (NextSeg of RFC 6675, rule 1).
func (c *Conn) nextLost(edge uint32) (start, n uint32) {
	r := &c.recovery
	start, end := later(r.resent, c.sndUna), edge
	if r.sacked != nil {
		for _, s := range r.sacked.list[:r.sacked.count] {
			if before(start, s.start) {
				end = earlier(end, s.start)
				break
			}
			start = later(start, s.end)
		}
	}
	if !before(start, end) {
		return start, 0
	}
	return start, end - start
}

// resend sends n numbers from seq on again; the last one may be the FIN.
func (c *Conn) resend(seq, n uint32) bool {
	flags := uint8(flagACK)
	if c.finSent && seq+n == c.sndNxt {
		flags |= flagFIN
		n--
	}
	if n > 0 && seq+n == c.sndTail {
		flags |= flagPSH
	}
	c.rtt.timing = false
	if !c.transmit(seq, n, flags) {
		return false
	}
	c.engine.Stats.Retransmitted++
	c.congestion.sentAt = c.engine.ms
	if c.resendAt == 0 {
		c.startResend()
	}
	return true
}

// startResend starts the retransmission timer (RFC 6298, 5.1), or that of a tail loss probe.
func (c *Conn) startResend() {
	wait := min(c.rtt.timeout<<c.backoff, timeoutMax)
	c.recovery.tail.due = false
	if c.sndNxt-c.sndUna > c.mss && c.mayProbeTail() {
		wait = c.tailWait(wait)
	}
	c.resendAt = c.engine.in(wait)
	c.engine.arm(c, c.resendAt)
}

// resendTimeout is the retransmission timer (RFC 6298, 5.4 on) and the persist timer (RFC 9293, 3.8.6.1).
func (c *Conn) resendTimeout() {
	if c.recovery.tail.due {
		c.probeTail()
		return
	}
	if c.tooLong() {
		if c.state == established || c.state == closeWait {
			c.sendReset()
		}
		c.fail(c.timeoutError())
		return
	}
	c.backoff = min(c.backoff+1, backoffMax)
	e := c.engine
	switch {
	case c.state < established:
		c.rtt.timing = false
		c.rtt.timeout = max(c.rtt.timeout, timeoutInitial)
		e.Stats.Retransmitted++
		c.sendSYN()
	case c.sndUna == c.sndNxt:
		c.probe()
	case c.sndWnd == 0:
		e.Stats.Probes++
		c.recovery.probing = true
		c.fast = false
		c.resend(c.sndUna, 1)
		c.startResend()
	default:
		e.Stats.Timeouts++
		c.timedOut()
	}
}

// tooLong reports whether the peer has been silent for so long that the connection is given up.
func (c *Conn) tooLong() bool {
	limit := uint32(stallMS)
	switch {
	case c.state == synSent:
		limit = synMS
	case c.state == synReceived:
		limit = synAckMS
	case !c.owned && c.accepted:
		limit = orphanMS
	}
	return c.engine.ms-c.stalled >= limit
}

// timeoutError is the reason to give: what ICMP said, if it did.
func (c *Conn) timeoutError() syscall.Errno {
	if c.softError != 0 {
		return c.softError
	}
	return syscall.ETIMEDOUT
}

// timedOut sends again from the first number on, one segment at first (RFC 5681, 3.1; RFC 6675, 5.1).
func (c *Conn) timedOut() {
	r := &c.recovery
	if r.sacked != nil && atMost(r.sacked.list[0].start, c.sndUna) {
		c.engine.dropSpans(&r.sacked) // the peer has dropped what it had (RFC 2018, section 8)
	}
	if !r.timedOut {
		c.congestion.reduce(c, c.sndNxt-c.sndUna)
	}
	c.congestion.window = c.mss
	r.left, r.duplicates, r.limited = 0, 0, 0
	c.lose(c.sndNxt)
	r.timedOut = true
	c.startResend()
	c.output()
}

// probe sends what a closed window does not permit: one byte, or the little that is open.
func (c *Conn) probe() {
	e := c.engine
	unsent := c.unsent()
	if unsent == 0 {
		return
	}
	usable := c.sndUna + c.sndWnd - c.sndNxt
	if int32(usable) < 1 {
		usable = 1
		e.Stats.Probes++
		c.recovery.probing = true
		c.fast = false
	}
	n := min(usable, unsent, c.segmentBytes())
	c.startResend()
	stalled := c.stalled
	c.rtt.timing = false
	flags := uint8(flagACK)
	if n == unsent {
		flags |= flagPSH
	}
	if c.transmit(c.sndNxt, n, flags) {
		c.afterSend(n, flagACK)
	}
	c.stalled = stalled
}
