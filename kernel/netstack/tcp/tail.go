package tcp

// tailProbe is the tail loss probe of RFC 8985, section 7: when nothing comes back for two round trips, the
// last segment goes again, so that a loss at the end of an answer shows by what the peer says to it, and does
// not wait for the timeout.
type tailProbe struct {
	due    bool // the retransmission timer is that of the probe
	out    bool // a probe is out: there is not another one
	resent bool // it was old data (TLP.is_retrans)
	start  uint32
	end    uint32 // TLP.end_seq: behind all that was out with it
}

// tailMinMS is the least time before a probe: machines and peers do other things for some milliseconds.
const tailMinMS = 10

// mayProbeTail reports whether a probe may be scheduled (RFC 8985, 7.2): the peer tells what it has, and
// nothing is known to be missing.
func (c *Conn) mayProbeTail() bool {
	r := &c.recovery
	return c.sackOK && r.sacked == nil && !r.active && !r.tail.out && c.backoff == 0 && c.sndWnd != 0 && c.rtt.smooth != 0 &&
		c.state >= established
}

// tailWait returns when the probe is due, or wait, the timeout, if that is not later. With one segment out, whose
// acknowledgement may be delayed, it never is, so nobody asks then.
func (c *Conn) tailWait(wait uint32) uint32 {
	if early := max(c.rtt.smooth/500, tailMinMS); early < wait { // 2 SRTT, in milliseconds
		c.recovery.tail.due = true
		return early
	}
	return wait
}

// probeTail sends the probe: a segment of new data if there is some, whatever the congestion window says, or the last
// one again (RFC 8985, 7.3). After it the timeout runs.
func (c *Conn) probeTail() {
	r := &c.recovery
	r.tail = tailProbe{}
	if c.sndUna == c.sndNxt || !c.mayProbeTail() {
		if c.sndUna != c.sndNxt {
			c.startResend()
		}
		return
	}
	segment := c.segmentBytes()
	start, resent := c.sndNxt, false
	room := c.sndUna + c.sndWnd - c.sndNxt
	sent := false
	if n := min(c.unsent(), segment); n > 0 && int32(room) >= int32(n) {
		flags := uint8(flagACK)
		if c.sndNxt+n == c.sndTail {
			flags |= flagPSH
		}
		c.rtt.timing = false
		if sent = c.transmit(start, n, flags); sent {
			c.afterSend(n, flagACK)
		}
	} else {
		n := min(c.sndNxt-c.sndUna, segment)
		start, resent = c.sndNxt-n, true
		sent = c.resend(start, n)
	}
	if sent {
		c.engine.Stats.TailProbes++
		r.tail = tailProbe{out: true, resent: resent, start: start, end: c.sndNxt}
		c.fast = false
	}
	c.startResend()
}

// tailAnswered looks at an acknowledgement while a probe is out (RFC 8985, 7.4).
func (c *Conn) tailAnswered(s *segment) {
	r := &c.recovery
	p := &r.tail
	if r.sacked != nil {
		// The peer has the probe. All that was sent before is two round trips older: what is missing of it is lost
		// (RFC 8985, 6.2, for this one segment).
		if last := r.sacked.list[r.sacked.count-1]; before(p.start, last.end) {
			r.lostTo = later(r.lostTo, last.start)
		}
		return
	}
	switch {
	case before(s.ack, p.end):
	case !p.resent:
		p.out = false
	case s.ack == p.end && s.ack == c.sndUna && s.bytes == 0 && s.flags&flagFIN == 0:
		p.out = false // it has come twice: nothing was lost
	case before(p.end, s.ack) && !before(c.sndNxt, s.ack):
		// The probe has repaired the loss, which nobody else has seen.
		p.out = false
		c.congestion.reduce(c, c.congestion.window)
		c.congestion.window = c.congestion.threshold
	}
}
