package tcp

import "time"

// confirmMS is how often package ip is told that the neighbor answers.
const confirmMS = 1000

// advance takes an acknowledgement of new data.
//
// Preconditions: sndUna < ack <= sndNxt.
func (c *Conn) advance(ack, echo uint32) {
	e := c.engine
	acked := ack - c.sndUna
	switch {
	case c.rtt.timing && before(c.rtt.seq, ack):
		c.rtt.timing = false
		c.rtt.sample(e.now - c.rtt.at)
	case c.timestamps && (c.recovery.active || c.backoff > 0): // RFC 7323, 4.1: valid for retransmissions too
		if ms := e.ms + c.tsOffset - echo; ms < timeoutMax {
			// The echo is that of an earlier copy if its acknowledgement was lost: such a
			// sample contains a timeout, and must not make the next one as much longer.
			c.rtt.sample(time.Duration(min(ms, c.rtt.timeout)) * time.Millisecond)
		}
	}
	c.sndUna = ack
	if atMost(c.sndTail, ack) {
		c.snd.clear(e)
	} else {
		c.snd.discard(e, ack)
	}
	if before(c.smallEnd, ack) {
		c.smallEnd = ack
	}
	c.backoff = 0
	c.stalled = e.ms
	if !c.recovery.active || c.recovery.timedOut {
		c.congestion.acknowledged(c, acked)
	}
	if ack == c.sndNxt {
		c.resendAt = 0
	} else {
		c.startResend()
	}
	if c.unwritable && c.sndTail-ack <= c.sndLimit/3*2 {
		c.unwritable = false
		c.tell()
	}
	if e.ms-c.confirmed >= confirmMS {
		c.confirmed = e.ms
		e.out.Confirm(&c.route)
	}
}

// takeWindow takes the window of a segment if it is not older than what we have (RFC 9293, 3.10.7.4).
// It reports whether the window is another now.
func (c *Conn) takeWindow(s *segment) bool {
	if before(s.seq, c.sndWl1) || s.seq == c.sndWl1 && before(s.ack, c.sndWl2) {
		return false
	}
	w := uint32(s.window) << c.sndScale
	changed := w != c.sndWnd
	c.sndWnd, c.sndWl1, c.sndWl2 = w, s.seq, s.ack
	c.sndWndMax = max(c.sndWndMax, w)
	return changed
}

// duplicates reports whether a segment with the window that we know is a duplicate acknowledgement of RFC 5681,
// section 2, and none of a probe. With a scoreboard only what is new there counts (RFC 6675, section 2).
func (c *Conn) duplicates(s *segment) bool {
	r := &c.recovery
	return r.sacked == nil && s.sackCount == 0 && s.bytes == 0 && s.flags&flagFIN == 0 && c.sndWnd > 0 && !r.probing
}

// inputACK is the check of the ACK field in the synchronized states (RFC 9293, 3.10.7.4, fifth).
// It reports false if the segment is to be dropped.
func (c *Conn) inputACK(s *segment) bool {
	e := c.engine
	if before(c.sndNxt, s.ack) || before(s.ack, c.sndUna-c.sndWndMax) { // RFC 5961, section 5
		c.challenge()
		return false
	}
	added := c.takeSack(s)
	if c.recovery.tail.out {
		c.tailAnswered(s)
	}
	acked := s.ack - c.sndUna
	if int32(acked) < 0 { // old
		return true
	}
	changed := c.takeWindow(s)
	if acked > 0 {
		c.advance(s.ack, s.echo)
		c.progressed(acked)
	} else if c.sndUna != c.sndNxt {
		if added > 0 || !changed && c.duplicates(s) {
			c.duplicate()
		}
	}
	if c.sndWnd == 0 || c.sndUna == c.sndNxt {
		if c.owned || !c.accepted {
			c.stalled = e.ms // it lives, and may keep its window closed (RFC 9293, 3.8.6.1)
		}
	}
	if c.recovery.probing && c.sndWnd > 0 && !c.recovery.active {
		c.recovery.probing = false
		c.backoff, c.resendAt, c.smallEnd = 0, 0, c.sndUna
		c.lose(c.sndNxt) // the probe went into a closed window
	}
	if c.sndWnd > 0 && c.sndUna == c.sndNxt {
		c.resendAt = 0 // no longer probing
		c.backoff = 0
	}
	c.mayRecover()
	if c.finSent && c.sndUna == c.sndNxt {
		c.finAcknowledged()
	}
	return c.state != closed
}

// finAcknowledged is what follows when the peer has our FIN.
func (c *Conn) finAcknowledged() {
	switch c.state {
	case finWait1:
		c.state = finWait2
		if !c.owned {
			c.orphaned()
		}
	case closing:
		c.enterTimeWait()
	case lastAck:
		c.detach()
		c.tell()
		c.recycle()
	default: // was there before
	}
}
