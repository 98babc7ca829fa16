package tcp

import (
	"syscall"
	"time"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// state is a state of RFC 9293, 3.3.2. LISTEN is a Listener, TIME-WAIT a timeWait.
type state uint8

// States. The transitions:
//
//	closed -> synSent                     Connect
//	(Listener) -> synReceived             Engine.passive; from synSent: inputSynSent
//	(cookie) -> established               Engine.cookieAnswer
//	synSent, synReceived -> established   Conn.establish
//	established -> finWait1, closeWait -> lastAck   Conn.finish (Shutdown, Close)
//	established -> closeWait, finWait1 -> closing, finWait2 -> TIME-WAIT   Conn.inputFIN
//	finWait1 -> finWait2, closing -> TIME-WAIT, lastAck -> closed          Conn.finAcknowledged
//	all -> closed                         Conn.fail, Conn.enterTimeWait
const (
	closed state = iota
	synSent
	synReceived
	established
	finWait1
	finWait2
	closeWait
	closing
	lastAck
)

// Conn is a connection. Names of sequence numbers are those of RFC 9293, 3.3.1.
type Conn struct {
	engine  *Engine
	chain   *Conn // next in the table, or in the list of free ones
	watcher Watcher
	key     key
	// What header prediction looks at lies together.
	state      state
	fast       bool // nothing is out of the ordinary: header prediction may work
	timestamps bool
	sackOK     bool
	rcvNxt     uint32
	sndUna     uint32
	sndNxt     uint32 // the highest ever sent, plus one: it does not go back
	sndWnd     uint32
	sndTail    uint32 // behind the last byte of Write; a FIN has this number
	tsRecent   uint32 // RFC 7323, 4.3
	lastAck    uint32 // Last.ACK.sent
	rcvAdv     uint32 // the right edge of the window that the peer was told
	rcvRead    uint32 // the next byte for Read
	rcvMSS     uint32 // the largest segment of the peer
	sndScale   uint8
	rcvScale   uint8

	ready      socket.Readiness
	owned      bool // by the program
	accepted   bool // or never had a listener
	inTable    bool
	inVisits   bool
	inBlocked  bool
	inStarved  bool
	inWheel    bool
	ackPending bool // something arrived that no segment has acknowledged
	written    bool // less than a segment waits for the end of the Poll
	ackOwed    bool // an acknowledgement found no room in the device
	everOpen   bool // was established

	noDelay     bool
	corked      bool // Write said that more follows
	finQueued   bool
	finSent     bool
	finReceived bool
	readShut    bool
	unwritable  bool // there was no room for a Write since there was a third
	keepAlive   bool

	mss        uint32 // bytes of data of a segment, with time stamps taken off
	peerMSS    uint32 // as the peer said
	sndWl1     uint32
	sndWl2     uint32
	sndWndMax  uint32
	smallEnd   uint32 // behind the last segment sent that was not full
	iss        uint32
	irs        uint32
	tsOffset   uint32
	snd, rcv   buffer
	sndLimit   uint32
	rcvLimit   uint32
	gaps       *spans // what has arrived behind a gap
	sparse     int    // chunks behind gaps
	error      syscall.Errno
	softError  syscall.Errno // of ICMP: the reason if it times out
	listener   *Listener
	queueNext  *Conn // in the queue of listener
	route      ip.Route
	template   [templateBytes]byte
	headerSum  uint32 // of the IPv4 header without length
	pseudoSum  uint32 // of the pseudo header without length
	tcpAt      uint16 // where the TCP header lies in a frame
	tcpBytes   uint16 // of the header, without SACK
	confirmed  uint32 // when the neighbor was confirmed last
	challenged uint32 // when the last challenge was sent, 0: never
	rtt        roundTrip
	congestion congestion
	recovery   recovery

	wheelNext, wheelPrevious *Conn
	wheelTick                uint32
	wheelAt                  uint32 // the same in milliseconds
	ackAt                    uint32 // delayed acknowledgement
	corkAt                   uint32
	resendAt                 uint32 // retransmission or window probe
	aliveAt                  uint32 // keep-alive
	closeAt                  uint32 // FIN-WAIT-2 without a program, linger
	heard                    uint32 // when a segment came last
	stalled                  uint32 // since when sndUna has not moved
	backoff                  uint8  // how often the timer was doubled
	alivesLeft               uint16

	linger        time.Duration // < 0: off
	aliveIdle     uint32        // ms
	aliveInterval uint32        // ms
	aliveCount    uint16
}

// Limits of buffers.
const (
	bufferDefault = 256 << 10 // each direction: 2 Gbit/s at 1 ms, 20 Mbit/s at 100 ms
	bufferMin     = 4 << 10
	bufferMax     = 4 << 20
	// ourScale is the shift of our windows: bufferMax needs 7.
	ourScale = 7
)

// orphansMin is how many connections there may be at least whose program has gone away and whose peer has not.
// Further ones are reset.
const orphansMin = 1024

// orphansMax is how many there may be: half of all, as a program that ends thousands at once does nothing wrong.
func (e *Engine) orphansMax() int { return max(e.connsMax()/2, orphansMin) }

// newConn returns a connection in no state.
func (e *Engine) newConn() *Conn {
	c := e.free
	if c != nil {
		e.free = c.chain
	} else {
		c = new(Conn)
	}
	*c = Conn{
		engine: e, sndLimit: bufferDefault, rcvLimit: bufferDefault, linger: -1,
		aliveIdle: aliveIdleDefault, aliveInterval: aliveIntervalDefault, aliveCount: aliveCountDefault,
		rcvMSS: defaultMSS,
	}
	c.rtt.init()
	c.congestion.init()
	return c
}

// recycle keeps a connection for the next one when nobody knows it any more.
func (c *Conn) recycle() {
	if c.state != closed || c.owned || c.inVisits || c.inBlocked || c.inStarved || c.listener != nil || c.engine == nil {
		return
	}
	e := c.engine
	e.disarm(c)
	c.rcv.clear(e)
	*c = Conn{chain: e.free}
	e.free = c
}

// detach ends all work for a connection: it is closed. What can be read stays.
func (c *Conn) detach() {
	e := c.engine
	if c.state == synReceived {
		e.halfOpen--
	}
	if c.state != closed && !c.owned && c.accepted {
		e.orphans--
	}
	c.state, c.fast = closed, false
	e.remove(c)
	e.disarm(c)
	c.ackAt, c.corkAt, c.resendAt, c.aliveAt, c.closeAt = 0, 0, 0, 0, 0
	c.ackPending, c.ackOwed = false, false
	c.snd.clear(e)
	c.dropGaps()
	e.dropSpans(&c.recovery.sacked)
	if !c.owned {
		c.rcv.clear(e)
	}
}

// fail ends a connection with an error for its program.
func (c *Conn) fail(errno syscall.Errno) {
	if c.state == closed {
		return
	}
	c.detach()
	c.error = errno
	if l := c.listener; l != nil {
		l.drop(c)
	}
	c.tell()
	c.recycle()
}

// Watch tells w from now on, and now.
func (c *Conn) Watch(w Watcher) {
	c.watcher = w
	c.ready = c.readiness()
	if w != nil {
		w.SetReady(c.ready)
	}
}

// readiness is what Read and Write would do.
func (c *Conn) readiness() (r socket.Readiness) {
	if c.state == closed {
		return socket.Readable | socket.Writable | socket.Hangup
	}
	if c.rcvNxt != c.rcvRead || c.finReceived || c.readShut || c.error != 0 {
		r |= socket.Readable
	}
	if c.finReceived {
		r |= socket.Hangup
	}
	if c.state >= established && (!c.unwritable && !c.inStarved || c.finQueued) || c.error != 0 {
		r |= socket.Writable
	}
	return r
}

// tell tells the watcher if the readiness has changed.
func (c *Conn) tell() {
	if c.watcher == nil {
		return
	}
	if r := c.readiness(); r != c.ready {
		c.ready = r
		c.watcher.SetReady(r)
	}
}

// Established reports whether the connection has been.
func (c *Conn) Established() bool { return c.everOpen }

// takeError returns the pending error and clears it.
func (c *Conn) takeError() error {
	if c.error == 0 {
		return nil
	}
	errno := c.error
	c.error = 0
	c.tell()
	return errno
}

// Error returns the error of the connection and clears it.
func (c *Conn) Error() error { return c.takeError() }

// Read reads what has arrived, in order; see socket.Socket.
// Errors: EAGAIN; ECONNRESET, ETIMEDOUT and what else ended the connection; ENOTCONN.
func (c *Conn) Read(b []byte, peek bool) (int, error) {
	n := min(c.rcvNxt-c.rcvRead, uint32(min(len(b), bufferMax)))
	if c.finReceived && c.rcvNxt-c.rcvRead > 0 { // the FIN has a number too
		n = min(n, c.rcvNxt-1-c.rcvRead)
	}
	if n == 0 {
		return 0, c.readNothing(len(b))
	}
	e := c.engine
	c.rcv.read(e, c.rcvRead, b[:n])
	if peek {
		return int(n), nil
	}
	c.consume(n)
	return int(n), nil
}

// readNothing is why Read has no bytes: nil is the end.
func (c *Conn) readNothing(wanted int) error {
	switch {
	case c.error != 0:
		return c.takeError()
	case wanted == 0 || c.finReceived || c.readShut:
		return nil
	case c.state != closed:
		return syscall.EAGAIN
	case !c.everOpen:
		return syscall.ENOTCONN
	default:
		return nil
	}
}

// consume takes n bytes out of the buffer of what has arrived.
func (c *Conn) consume(n uint32) {
	c.rcvRead += n
	if c.fast && c.rcvRead == c.rcvNxt { // as a rule
		c.rcv.clear(c.engine)
		if c.error == 0 && c.watcher != nil {
			c.ready &^= socket.Readable
			c.watcher.SetReady(c.ready)
		}
	} else {
		c.rcv.discard(c.engine, c.rcvRead)
		c.tidy()
		c.tell()
	}
	if c.state != closed && !c.finReceived {
		c.windowUpdate()
	}
}

// dataEnd is the number behind the data that can be read.
func (c *Conn) dataEnd() uint32 {
	if c.finReceived {
		return c.rcvNxt - 1
	}
	return c.rcvNxt
}

// Write queues bytes; see socket.Socket. It takes what there is room for. Less than a segment goes at the end of
// the next Poll, which is when a device is told of frames anyway: what a program writes in pieces until it waits
// is one segment, and Nagle does not keep its second piece until the peer acknowledges the first.
// Errors: EAGAIN; EPIPE after Shutdown or the end of the connection; its error.
func (c *Conn) Write(b []byte, more bool) (int, error) {
	if !c.fast {
		if err := c.mayWrite(); err != nil {
			return 0, err
		}
	}
	queued := c.sndTail - c.sndUna
	room := c.sndLimit - min(queued, c.sndLimit)
	n := c.take(b[:min(uint32(len(b)), room)])
	if n == len(b) && uint32(n) < room {
		if more || c.corked {
			c.cork(more)
		}
		if c.fast && c.sndTail-c.sndNxt < c.mss {
			if !more && !c.noDelay {
				c.written = true
				c.visit()
				return n, nil
			}
			if more {
				return n, nil // less than a segment waits for more
			}
		}
		c.output()
		return n, nil
	}
	c.cork(more && n == len(b))
	c.output()
	c.unwritable = c.unwritable || c.sndTail-c.sndUna >= c.sndLimit
	c.tell()
	if n == 0 && len(b) > 0 {
		return 0, syscall.EAGAIN
	}
	return n, nil
}

// mayWrite is why Write takes nothing, or nil.
func (c *Conn) mayWrite() error {
	switch {
	case c.error != 0:
		return c.takeError()
	case c.state == closed && !c.everOpen:
		return syscall.ENOTCONN
	case c.state == closed || c.finQueued:
		return syscall.EPIPE
	case c.state < established:
		return syscall.EAGAIN
	}
	return nil
}

// take copies bytes into the buffer of what is to be sent. When memory runs short the program
// waits until there is some.
func (c *Conn) take(b []byte) int {
	e := c.engine
	if room := c.snd.end - c.sndTail; c.snd.head != 0 && room <= packet.ChunkBytes && uint32(len(b)) <= room {
		copy(e.pool.Bytes(c.snd.tail)[packet.ChunkBytes-room:], b)
	} else if c.snd.head != 0 || len(b) > packet.ChunkBytes || !e.plenty() || !c.snd.start(e, c.sndTail, b) {
		return c.takeMany(b)
	}
	c.sndTail += uint32(len(b))
	return len(b)
}

// takeMany is take for any number of chunks.
//
// Preconditions: sndTail lies in the last chunk, or behind it, or there is none.
func (c *Conn) takeMany(b []byte) (n int) {
	e := c.engine
	for n < len(b) {
		room := c.snd.end - c.sndTail
		if c.snd.head == 0 || room == 0 {
			if c.snd.chunks() >= e.share() || !c.snd.extend(e, c.sndTail) {
				break
			}
			room = packet.ChunkBytes
		}
		k := copy(e.pool.Bytes(c.snd.tail)[packet.ChunkBytes-room:], b[n:])
		c.sndTail += uint32(k)
		n += k
	}
	if n < len(b) && !c.inStarved {
		c.inStarved = true
		e.starved = append(e.starved, c)
	}
	return n
}

// corkMS is how long bytes wait for more that was announced.
const corkMS = 200

func (c *Conn) cork(more bool) {
	c.corked = more
	if !more {
		c.corkAt = 0
	} else if c.corkAt == 0 {
		c.corkAt = c.engine.in(corkMS)
		c.engine.arm(c, c.corkAt)
	}
}

// Shutdown closes directions; see socket.Socket. Errors: ENOTCONN.
func (c *Conn) Shutdown(how socket.Shutdown) error {
	if c.state < established {
		return syscall.ENOTCONN
	}
	if how&socket.ShutdownRead != 0 {
		c.readShut, c.fast = true, false
		if unread := c.dataEnd() - c.rcvRead; unread > 0 {
			c.consume(unread)
		}
	}
	if how&socket.ShutdownWrite != 0 {
		c.finish()
	}
	c.tell()
	return nil
}

// finish queues a FIN.
func (c *Conn) finish() {
	if c.finQueued {
		return
	}
	switch c.state {
	case synReceived: // opened sends it
		c.finQueued = true
		return
	case established:
		c.state = finWait1
	case closeWait:
		c.state = lastAck
	default:
		return
	}
	c.finQueued, c.fast = true, false
	c.cork(false)
	c.output()
}

// Close gives the connection up; see socket.Socket. Bytes that nobody has read, or a
// linger of 0, reset it (RFC 9293, 3.10.4; RFC 2525, 2.17).
func (c *Conn) Close() {
	e := c.engine
	c.watcher = nil
	unread := c.dataEnd() != c.rcvRead && !c.readShut
	switch {
	case c.state == closed:
		c.owned = false
		c.rcv.clear(e)
		c.recycle()
	case c.state == synSent, unread, c.linger == 0, e.orphans >= e.orphansMax():
		c.Abort()
	default:
		c.owned = false
		e.orphans++
		c.finish()
		c.orphaned()
	}
}

// orphaned sets the time that is left to a connection without a program.
func (c *Conn) orphaned() {
	e := c.engine
	if c.state == closed {
		return
	}
	c.aliveAt = 0
	c.stalled = e.ms
	life := uint32(orphanLifeMS)
	switch {
	case c.state == finWait2: // what there was to send has arrived: no time to linger is left
		life = finWait2MS
	case c.linger > 0:
		life = uint32(c.linger / time.Millisecond)
	}
	c.closeAt = e.in(life)
	e.arm(c, c.closeAt)
}

// Abort resets the connection and gives it up.
func (c *Conn) Abort() {
	c.watcher = nil
	if c.state != synSent && c.state != closed {
		c.sendReset()
	}
	if c.owned {
		c.owned = false
		if c.state != closed {
			c.engine.orphans++ // detach counts it off
		}
	}
	if c.state == closed {
		c.rcv.clear(c.engine)
		c.recycle()
		return
	}
	c.fail(syscall.ECONNABORTED)
}

// Local returns our end.
func (c *Conn) Local() socket.Endpoint {
	local, _ := c.key.addresses()
	return socket.Endpoint{Address: local, Port: uint16(c.key.ports >> 16)}
}

// Peer returns the other end.
func (c *Conn) Peer() socket.Endpoint {
	_, remote := c.key.addresses()
	return socket.Endpoint{Address: remote, Port: uint16(c.key.ports)}
}
