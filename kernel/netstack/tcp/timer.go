package tcp

import (
	"math/bits"
	"time"

	"mewz/kernel/socket"
)

// The wheel of timers. A connection is in it at most once, at or before the first of its
// deadlines. A deadline that moves away is left alone: when its slot comes, the
// connection is put where it belongs now. So nothing is done per segment.
const (
	tick       = 4 * time.Millisecond
	tickMS     = uint32(tick / time.Millisecond)
	wheelSlots = 1024 // 4.1 s; what is due later comes by again
)

type wheel struct {
	slots [wheelSlots]*Conn
	used  [wheelSlots / 64]uint64
	at    uint32 // the tick whose slot was looked at last
}

// arm makes sure that the timers of c are looked at at a moment.
func (e *Engine) arm(c *Conn, at uint32) {
	if !c.inWheel || before(at, c.wheelAt) {
		e.insertTimer(c, at)
	}
}

// insertTimer puts c into the slot of a moment.
func (e *Engine) insertTimer(c *Conn, at uint32) {
	wait := uint32(max(int32(at-e.ms), 0))
	due := e.tick + (wait+tickMS-1)/tickMS
	ahead := min(max(int32(due-e.wheel.at), 1), wheelSlots-1)
	due = e.wheel.at + uint32(ahead)
	e.disarm(c)
	slot := due % wheelSlots
	c.inWheel, c.wheelTick = true, due
	c.wheelAt = e.ms + (due-e.tick)*tickMS
	c.wheelPrevious, c.wheelNext = nil, e.wheel.slots[slot]
	if c.wheelNext != nil {
		c.wheelNext.wheelPrevious = c
	}
	e.wheel.slots[slot] = c
	e.wheel.used[slot/64] |= 1 << (slot % 64)
}

// disarm takes c out of the wheel.
func (e *Engine) disarm(c *Conn) {
	if !c.inWheel {
		return
	}
	slot := c.wheelTick % wheelSlots
	if c.wheelNext != nil {
		c.wheelNext.wheelPrevious = c.wheelPrevious
	}
	if c.wheelPrevious != nil {
		c.wheelPrevious.wheelNext = c.wheelNext
	} else {
		e.wheel.slots[slot] = c.wheelNext
		if c.wheelNext == nil {
			e.wheel.used[slot/64] &^= 1 << (slot % 64)
		}
	}
	c.inWheel, c.wheelNext, c.wheelPrevious = false, nil, nil
}

// turn runs the timers that are due.
func (e *Engine) turn() {
	w := &e.wheel
	if e.tick-w.at > wheelSlots {
		w.at = e.tick - wheelSlots
	}
	for w.at != e.tick {
		w.at++
		slot := w.at % wheelSlots
		if w.used[slot/64]&(1<<(slot%64)) == 0 {
			continue
		}
		for c := w.slots[slot]; c != nil; c = w.slots[slot] {
			e.disarm(c)
			c.timers()
		}
	}
}

// next returns when the wheel wants to be turned.
func (e *Engine) next() time.Duration {
	first := (e.wheel.at + 1) % wheelSlots
	for i := range uint32(wheelSlots/64 + 1) {
		word := (first/64 + i) % (wheelSlots / 64)
		used := e.wheel.used[word]
		if i == 0 {
			used &= ^uint64(0) << (first % 64)
		}
		if used == 0 {
			continue
		}
		slot := word*64 + uint32(bits.TrailingZeros64(used))
		ahead := (slot-first)%wheelSlots + 1
		due := e.wheel.at + ahead
		return e.now - e.now%tick + time.Duration(int32(due-e.tick))*tick
	}
	return socket.Forever
}

// in returns the moment after so many milliseconds. 0 is none.
func (e *Engine) in(ms uint32) uint32 {
	at := e.ms + ms
	if at == 0 {
		at = 1
	}
	return at
}

// due reports whether a deadline has passed.
func (e *Engine) due(at uint32) bool { return at != 0 && !before(e.ms, at) }

// timers runs what is due of a connection and puts it back into the wheel.
func (c *Conn) timers() {
	e := c.engine
	if e.due(c.ackAt) {
		c.ackAt = 0
		if c.ackPending {
			c.acknowledge()
		}
	}
	if e.due(c.corkAt) {
		c.corkAt, c.corked = 0, false
		c.output()
	}
	if e.due(c.resendAt) {
		c.resendAt = 0
		c.resendTimeout()
	}
	if e.due(c.aliveAt) {
		c.aliveAt = 0
		c.keepAliveTimeout()
	}
	if e.due(c.closeAt) {
		c.closeAt = 0
		c.closeTimeout()
	}
	if c.state == closed {
		return
	}
	for _, at := range [...]uint32{c.ackAt, c.corkAt, c.resendAt, c.aliveAt, c.closeAt} {
		if at != 0 {
			e.arm(c, at)
		}
	}
}
