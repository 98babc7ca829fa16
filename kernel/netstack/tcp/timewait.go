package tcp

import (
	"mewz/kernel/socket"
)

// timeWaitMS is 2 MSL (RFC 9293, 3.4.2), with an MSL of 30 seconds.
const timeWaitMS = 60_000

// Bounds of TIME-WAIT.
const (
	// timeWaitsMax is how many there are, 0.8 MB of them; the oldest goes for another.
	timeWaitsMax = 16384
	// localsMax bounds the addresses that we have had.
	localsMax = 64
	// timeWaitTable is the size of the hash table.
	timeWaitTable = 4096
)

// timeWait is a connection in TIME-WAIT: 48 bytes.
type timeWait struct {
	remote     socket.Address
	ports      uint32
	rcvNxt     uint32
	sndNxt     uint32
	tsRecent   uint32
	until      uint32
	next       uint32 // in the chain of the hash table
	after      uint32 // the next one to expire
	local      uint8  // index
	timestamps bool
	restarted  bool // until was moved
	used       bool
}

// timeWaits are all of them: entry 0 is none. They expire in the order in which they came.
type timeWaits struct {
	entries     []timeWait
	table       []uint32
	locals      []socket.Address
	first, last uint32 // by expiry
	free        uint32 // list by after
	count       int
}

// find returns the entry of a name, or 0.
func (w *timeWaits) find(e *Engine, k *key) uint32 {
	if w.count == 0 {
		return 0
	}
	local, remote := k.addresses()
	for i := w.table[e.hash(k)%timeWaitTable]; i != 0; i = w.entries[i].next {
		if t := &w.entries[i]; t.ports == k.ports && t.remote == remote && w.locals[t.local] == local {
			return i
		}
	}
	return 0
}

// localIndex finds or adds one of our addresses.
func (w *timeWaits) localIndex(a socket.Address) (uint8, bool) {
	for i, l := range w.locals {
		if l == a {
			return uint8(i), true
		}
	}
	if len(w.locals) == localsMax {
		if w.count > 0 {
			return 0, false
		}
		w.locals = w.locals[:0]
	}
	w.locals = append(w.locals, a)
	return uint8(len(w.locals) - 1), true
}

// enterTimeWait ends a connection that both sides have closed.
func (c *Conn) enterTimeWait() {
	e := c.engine
	w := &e.waiting
	local, remote := c.key.addresses()
	c.detach()
	if index, ok := w.localIndex(local); ok {
		i := w.take(e)
		t := &w.entries[i]
		*t = timeWait{
			remote: remote, ports: c.key.ports, local: index, used: true,
			rcvNxt: c.rcvNxt, sndNxt: c.sndNxt, tsRecent: c.tsRecent, timestamps: c.timestamps,
			until: e.in(timeWaitMS),
		}
		slot := &w.table[e.hash(&c.key)%timeWaitTable]
		t.next, *slot = *slot, i
		w.append(i)
		w.count++
	}
	c.tell()
	c.recycle()
}

// take returns a free entry.
func (w *timeWaits) take(e *Engine) uint32 {
	if w.table == nil {
		w.table = make([]uint32, timeWaitTable)
		w.entries = make([]timeWait, 1, 64)
	}
	if w.free == 0 && len(w.entries) > timeWaitsMax {
		w.remove(e, w.first)
	}
	if i := w.free; i != 0 {
		w.free = w.entries[i].after
		return i
	}
	w.entries = append(w.entries, timeWait{})
	return uint32(len(w.entries) - 1)
}

// append puts an entry at the end of the order.
func (w *timeWaits) append(i uint32) {
	w.entries[i].after = 0
	if w.last == 0 {
		w.first = i
	} else {
		w.entries[w.last].after = i
	}
	w.last = i
}

// unlinkFirst takes the entry that expires first out of the order.
func (w *timeWaits) unlinkFirst() uint32 {
	i := w.first
	w.first = w.entries[i].after
	if w.first == 0 {
		w.last = 0
	}
	return i
}

// forget takes an entry out of the table. It stays in the order until its turn.
func (w *timeWaits) forget(e *Engine, i uint32) {
	t := &w.entries[i]
	if !t.used {
		return
	}
	t.used = false
	w.count--
	k := makeKey(&w.locals[t.local], &t.remote, t.ports)
	slot := &w.table[e.hash(&k)%timeWaitTable]
	for *slot != i {
		slot = &w.entries[*slot].next
	}
	*slot = t.next
}

// remove frees the entry that expires first.
func (w *timeWaits) remove(e *Engine, i uint32) {
	w.forget(e, i)
	w.unlinkFirst()
	w.entries[i].after = w.free
	w.free = i
}

// expire frees what is over.
func (w *timeWaits) expire(e *Engine) {
	for w.first != 0 {
		t := &w.entries[w.first]
		switch {
		case !t.used || !before(e.ms, t.until):
			w.remove(e, w.first)
		case t.restarted:
			t.restarted = false
			w.append(w.unlinkFirst())
		default:
			return
		}
	}
}

// over forgets an entry whose time is over before EndPoll does.
func (w *timeWaits) over(e *Engine, i uint32) bool {
	if before(e.ms, w.entries[i].until) {
		return false
	}
	w.forget(e, i)
	return true
}

// timeWaitGap is what a new sequence number is above the last one of the connection before it: more than any window that
// is not scaled.
const timeWaitGap = 65535 + 2

// inputTimeWait takes a segment to a connection in TIME-WAIT (RFC 9293, 3.10.7.4; RFC 6191). again says
// that it is a SYN that opens a new one, whose numbers begin at sequence. RST is ignored (RFC 1337).
func (e *Engine) inputTimeWait(i uint32, k *key, s *segment) (sequence uint32, again bool) {
	t := &e.waiting.entries[i]
	if s.flags&flagRST != 0 {
		return 0, false
	}
	if s.flags&(flagSYN|flagACK) == flagSYN {
		newer := before(t.rcvNxt, s.seq)
		if t.timestamps && s.hasTimestamp && s.value != t.tsRecent {
			newer = before(t.tsRecent, s.value)
		}
		if newer {
			sequence = max(t.sndNxt+timeWaitGap, 1)
			e.waiting.forget(e, i)
			return sequence, true
		}
	}
	if s.flags&flagFIN != 0 && s.end() == t.rcvNxt {
		t.until, t.restarted = e.in(timeWaitMS), true
	} else if s.flags&flagSYN == 0 && s.bytes == 0 && s.flags&flagFIN == 0 && s.seq == t.rcvNxt {
		return 0, false // an acknowledgement, nothing to answer
	}
	if !e.mayAnswer() {
		return 0, false
	}
	route, err := e.out.Route(s.packet.Destination, s.packet.Source)
	if err != nil {
		return 0, false
	}
	answer := raw{ports: k.ports, seq: t.sndNxt, ack: t.rcvNxt, flags: flagACK}
	if t.timestamps {
		answer.addTimestamp(e.ms+e.timestampOffset(k), t.tsRecent)
	}
	e.sendRaw(&route, &answer)
	return 0, false
}
