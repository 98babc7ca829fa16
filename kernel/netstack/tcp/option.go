package tcp

import (
	"syscall"
	"time"

	"mewz/kernel/socket"
)

// Keep-alive (RFC 9293, 3.8.4). Off unless the program asks.
const (
	aliveIdleDefault     = 7_200_000
	aliveIntervalDefault = 75_000
	aliveCountDefault    = 9
	// aliveMaxMS bounds times so that they can be compared (sequence.go).
	aliveMaxMS = 1 << 30
)

// finWait2MS is how long a connection without a program waits for the peer's FIN.
const finWait2MS = 60_000

// orphanLifeMS bounds the life of a connection without a program whose peer takes what was written, but as slowly as it
// can: as many as there may be (orphansMax) would have all others reset.
const orphanLifeMS = 600_000

// Option and SetOption know NoDelay, KeepAlive…, Linger, SendBuffer, ReceiveBuffer.
// Errors: ENOPROTOOPT.
func (c *Conn) Option(o socket.Option) (int64, error) {
	switch o {
	case socket.OptionNoDelay:
		return boolean(c.noDelay), nil
	case socket.OptionKeepAlive:
		return boolean(c.keepAlive), nil
	case socket.OptionKeepAliveIdle:
		return int64(c.aliveIdle) * int64(time.Millisecond), nil
	case socket.OptionKeepAliveInterval:
		return int64(c.aliveInterval) * int64(time.Millisecond), nil
	case socket.OptionKeepAliveCount:
		return int64(c.aliveCount), nil
	case socket.OptionLinger:
		return int64(c.linger), nil
	case socket.OptionSendBuffer:
		return int64(c.sndLimit), nil
	case socket.OptionReceiveBuffer:
		return int64(c.rcvLimit), nil
	case socket.OptionError:
		errno := c.error
		c.error = 0
		c.tell()
		return int64(errno), nil
	default:
		return 0, syscall.ENOPROTOOPT
	}
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// SetOption sets an option. Errors: ENOPROTOOPT, EINVAL.
func (c *Conn) SetOption(o socket.Option, v int64) error {
	switch o {
	case socket.OptionNoDelay:
		c.noDelay = v != 0
		if c.noDelay {
			c.output()
		}
	case socket.OptionKeepAlive:
		c.keepAlive = v != 0
		c.startKeepAlive()
	case socket.OptionKeepAliveIdle, socket.OptionKeepAliveInterval:
		ms := v / int64(time.Millisecond)
		if ms < 1 {
			return syscall.EINVAL
		}
		if o == socket.OptionKeepAliveIdle {
			c.aliveIdle = uint32(min(ms, aliveMaxMS))
		} else {
			c.aliveInterval = uint32(min(ms, aliveMaxMS))
		}
		c.startKeepAlive()
	case socket.OptionKeepAliveCount:
		if v < 1 || v > 127 {
			return syscall.EINVAL
		}
		c.aliveCount = uint16(v)
		c.startKeepAlive()
	case socket.OptionLinger:
		c.linger = time.Duration(min(max(v, -1), int64(aliveMaxMS*time.Millisecond)))
	case socket.OptionSendBuffer:
		c.sndLimit = uint32(min(max(v, bufferMin), bufferMax))
	case socket.OptionReceiveBuffer:
		c.rcvLimit = uint32(min(max(v, bufferMin), bufferMax))
	default:
		return syscall.ENOPROTOOPT
	}
	return nil
}

// startKeepAlive starts the timer of keep-alive.
func (c *Conn) startKeepAlive() {
	c.aliveAt = 0
	if c.keepAlive && c.state >= established && (c.owned || !c.accepted) {
		c.alivesLeft = c.aliveCount
		c.aliveAt = c.engine.in(c.aliveIdle)
		c.engine.arm(c, c.aliveAt)
	}
}

// keepAliveTimeout sends a probe if the peer has been silent, and gives up after so many.
func (c *Conn) keepAliveTimeout() {
	e := c.engine
	if !c.keepAlive || c.state == closed {
		return
	}
	silent := e.ms - c.heard
	switch {
	case silent < c.aliveIdle:
		c.alivesLeft = c.aliveCount
		c.aliveAt = e.in(c.aliveIdle - silent)
		return
	case c.alivesLeft == 0:
		c.sendReset()
		c.fail(c.timeoutError())
		return
	case c.sndUna == c.sndNxt: // otherwise the retransmission timer asks
		c.alivesLeft--
		c.ackOwed = !c.transmit(c.sndNxt-1, 0, flagACK)
	default:
	}
	c.aliveAt = e.in(c.aliveInterval)
}

// closeTimeout ends a connection without a program: linger is over, or the FIN of the peer does not come.
func (c *Conn) closeTimeout() {
	if c.state == finWait2 {
		c.detach()
		c.recycle()
		return
	}
	c.sendReset()
	c.fail(syscall.ECONNABORTED)
}
