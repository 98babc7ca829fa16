package tcp

import (
	"syscall"
	"time"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// Listener is a listening endpoint.
type Listener struct {
	engine  *Engine
	watcher Watcher
	local   socket.Endpoint
	family  socket.Family
	only6   bool
	backlog int
	ready   bool
	// The queue of connections that are established and wait for Accept.
	first, last *Conn
	queued      int
}

const (
	// backlogMax bounds what Listen asks for: 4,096 like other systems.
	backlogMax = 4096
	// halfOpenMax bounds connections in SYN-RECEIVED, 1 MB of them. Beyond that answers
	// are cookies.
	halfOpenMax = 1024
	// defaultMSS holds for a peer that names none (RFC 9293, 3.7.1), IPv6 has 1220.
	defaultMSS  = 536
	defaultMSS6 = 1220
	// mssMin keeps headers from outweighing the data of a peer that names less.
	mssMin = 64
)

// Listen begins to listen. A zero address is every address of the family (IPv6: also IPv4 unless only6).
// Errors: EADDRINUSE.
func (e *Engine) Listen(local socket.Endpoint, f socket.Family, only6 bool, backlog int, w Watcher) (*Listener, error) {
	l := &Listener{engine: e, watcher: w, local: local, family: f, only6: only6, backlog: min(max(backlog, 1), backlogMax)}
	mine := l.claim()
	for _, other := range e.listeners[local.Port] {
		if theirs := other.claim(); overlap(&mine, &theirs) {
			return nil, syscall.EADDRINUSE
		}
	}
	e.listeners[local.Port] = append(e.listeners[local.Port], l)
	return l, nil
}

func (l *Listener) claim() ip.Claim { return ip.ClaimOf(l.local.Address, l.family, l.only6) }

// overlap reports whether two listeners are in each other's way: one that names its address comes before one
// that takes all.
func overlap(a, b *ip.Claim) bool { return a.IsAny() == b.IsAny() && a.Meets(b) }

// mappedPrefix is ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
var mappedPrefix = [12]byte{10: 0xff, 11: 0xff}

func isIPv4(a *socket.Address) bool { return [12]byte(a[:12]) == mappedPrefix }

// unspecified reports whether a is :: or 0.0.0.0.
func unspecified(a *socket.Address) bool {
	return *a == socket.Address{} || isIPv4(a) && [4]byte(a[12:]) == [4]byte{}
}

// listener finds who listens at an address; the one that named it comes first.
func (e *Engine) listener(local *socket.Address, port uint16) (found *Listener) {
	for _, l := range e.listeners[port] {
		c := l.claim()
		switch {
		case !c.Has(*local):
		case !c.IsAny():
			return l
		default:
			found = l
		}
	}
	return found
}

// Accept returns the next connection, or EAGAIN.
func (l *Listener) Accept() (*Conn, error) {
	c := l.first
	if c == nil {
		return nil, syscall.EAGAIN
	}
	l.unlink(nil, c)
	c.owned, c.accepted, c.listener = true, true, nil
	l.tell()
	return c, nil
}

// unlink takes c, which follows previous, out of the queue.
func (l *Listener) unlink(previous, c *Conn) {
	if previous == nil {
		l.first = c.queueNext
	} else {
		previous.queueNext = c.queueNext
	}
	if l.last == c {
		l.last = previous
	}
	c.queueNext = nil
	l.queued--
}

// push puts an established connection into the queue.
func (l *Listener) push(c *Conn) {
	if l.last == nil {
		l.first = c
	} else {
		l.last.queueNext = c
	}
	l.last = c
	l.queued++
	l.tell()
}

// drop forgets a connection that failed before somebody accepted it.
func (l *Listener) drop(c *Conn) {
	c.listener = nil
	var previous *Conn
	for q := l.first; q != nil; previous, q = q, q.queueNext {
		if q == c {
			l.unlink(previous, c)
			break
		}
	}
	l.tell()
}

func (l *Listener) tell() {
	ready := l.first != nil
	if ready == l.ready || l.watcher == nil {
		return
	}
	l.ready = ready
	if ready {
		l.watcher.SetReady(socket.Readable)
	} else {
		l.watcher.SetReady(0)
	}
}

// Watch tells w from now on, and now.
func (l *Listener) Watch(w Watcher) {
	l.watcher = w
	l.ready = l.first == nil // tell sees a change
	l.tell()
}

// Local returns where it listens.
func (l *Listener) Local() socket.Endpoint { return l.local }

// Close stops listening; connections that nobody accepted are reset.
func (l *Listener) Close() {
	e := l.engine
	l.watcher = nil
	all := e.listeners[l.local.Port]
	for i, other := range all {
		if other == l {
			e.listeners[l.local.Port] = append(all[:i:i], all[i+1:]...)
		}
	}
	if len(e.listeners[l.local.Port]) == 0 {
		delete(e.listeners, l.local.Port)
	}
	var mine []*Conn
	for _, c := range e.table {
		for ; c != nil; c = c.chain {
			if c.listener == l {
				mine = append(mine, c)
			}
		}
	}
	for c := l.first; c != nil; c = c.queueNext {
		if c.state == closed { // in the queue, but no longer in the table
			mine = append(mine, c)
		}
	}
	for _, c := range mine {
		l.drop(c)
		c.Abort()
	}
}

// stranger takes a segment that belongs to no connection.
func (e *Engine) stranger(k *key, s *segment) {
	sequence := uint32(0)
	if w := e.waiting.find(e, k); w != 0 && !e.waiting.over(e, w) {
		var again bool
		if sequence, again = e.inputTimeWait(w, k, s); !again {
			return
		}
	}
	p := s.packet
	l := e.listener(&p.Destination, uint16(k.ports>>16))
	switch {
	case l == nil:
		e.refuse(s)
	case s.flags&flagRST != 0: // RFC 9293, 3.10.7.2
	case s.flags&flagSYN == 0:
		if s.flags&flagACK == 0 {
			return
		}
		if !e.cookieAnswer(l, k, s) {
			e.refuse(s)
		}
	case s.flags&flagACK != 0:
		e.refuse(s)
	case s.flags&flagFIN != 0:
		e.Stats.Dropped++
	default:
		e.passive(l, k, s, sequence)
	}
}

// passive answers a SYN. sequence is where ours begins if it follows a connection in TIME-WAIT, or 0.
func (e *Engine) passive(l *Listener, k *key, s *segment, sequence uint32) {
	if l.queued >= l.backlog || !e.roomForNew() {
		e.Stats.Dropped++ // the peer tries again
		return
	}
	route, err := e.out.Route(s.packet.Destination, s.packet.Source)
	if err != nil {
		e.Stats.Dropped++
		return
	}
	if e.halfOpen >= min(halfOpenMax, e.connsMax()/2) {
		e.sendCookie(k, &route, s)
		return
	}
	c := e.newConn()
	c.key, c.route, c.listener = *k, route, l
	c.state = synReceived
	c.iss = e.sequence(k)
	if sequence != 0 && before(c.iss, sequence) {
		c.iss = sequence // RFC 6191, RFC 9293, 3.4.1: above all that the last one used
	}
	c.tsOffset = e.timestampOffset(k)
	c.takeSYN(s)
	c.sndUna, c.sndNxt, c.sndTail = c.iss, c.iss+1, c.iss+1
	e.halfOpen++
	e.insert(c)
	c.stalled, c.heard = e.ms, e.ms
	c.sendSYN()
}

// sequence makes an initial sequence number (RFC 6528).
func (e *Engine) sequence(k *key) uint32 {
	return uint32(e.secret.sum(k, tagSequence, 0)) + uint32(e.now/(4*time.Microsecond))
}

// timestampOffset hides the clock, and is the same for the same name (RFC 7323, 5.4).
func (e *Engine) timestampOffset(k *key) uint32 { return uint32(e.secret.sum(k, tagTimestamp, 0)) }

// takeSYN takes the numbers and options of the peer's SYN.
func (c *Conn) takeSYN(s *segment) {
	c.irs = s.seq
	c.rcvNxt, c.rcvRead, c.lastAck, c.rcvAdv = s.seq+1, s.seq+1, s.seq+1, s.seq+1
	c.timestamps = s.hasTimestamp
	c.tsRecent = s.value
	c.sackOK = s.sackPermitted
	c.sndScale, c.rcvScale = 0, 0
	if s.scale != noScale {
		c.sndScale, c.rcvScale = s.scale, ourScale
	}
	c.sndWnd, c.sndWndMax = uint32(s.window), uint32(s.window) // not scaled
	c.sndWl1, c.sndWl2 = s.seq, s.ack
	c.setMSS(s.mss)
}

// setMSS computes what a segment takes from what the peer says, 0 for nothing, and from the path (RFC 6691).
func (c *Conn) setMSS(peer uint16) {
	c.peerMSS = uint32(peer)
	if peer == 0 {
		c.peerMSS = defaultMSS
		if !c.route.IsIPv4 {
			c.peerMSS = defaultMSS6
		}
	}
	c.prepare()
	c.mss = max(min(c.peerMSS, uint32(c.ourMSS())), mssMin) - uint32(c.tcpBytes-headerBytes)
	c.congestion.start(c.mss)
	c.smallEnd = c.iss
	c.recovery.begin(c.iss)
}

// establish is the acknowledgement of our SYN in SYN-RECEIVED (RFC 9293, 3.10.7.4). It reports false
// if the segment is to be dropped.
func (c *Conn) establish(s *segment) bool {
	e := c.engine
	if s.ack != c.sndNxt {
		e.refuse(s)
		return false
	}
	l := c.listener
	if l != nil && l.queued >= l.backlog {
		e.Stats.Dropped++ // it comes again, or our SYN does
		return false
	}
	e.halfOpen--
	c.opened()
	c.sndWl1, c.sndWl2 = s.seq, s.ack-1 // so that the window is taken, scaled now
	if l != nil {
		l.push(c)
	}
	c.tell()
	return true
}

// opened makes a connection established.
func (c *Conn) opened() {
	e := c.engine
	c.state = established
	if c.finQueued {
		c.state = finWait1 // closed meanwhile
	}
	c.everOpen = true
	if c.backoff > 0 { // RFC 6298, 5.7: the SYN was lost
		c.rtt.timeout = timeoutSYN
		c.congestion.window = c.mss
	}
	c.backoff, c.resendAt = 0, 0
	c.startKeepAlive()
	c.confirmed = e.ms
	e.out.Confirm(&c.route)
}

// inputSynSent is RFC 9293, 3.10.7.3.
func (c *Conn) inputSynSent(s *segment) {
	e := c.engine
	if s.flags&flagACK != 0 && s.ack != c.sndNxt {
		e.refuse(s)
		return
	}
	if s.flags&flagRST != 0 {
		if s.flags&flagACK != 0 {
			c.fail(syscall.ECONNREFUSED)
		}
		return
	}
	if s.flags&flagSYN == 0 {
		return
	}
	c.takeSYN(s)
	if s.flags&flagACK == 0 { // simultaneous open (RFC 9293, 3.5)
		c.state = synReceived
		e.halfOpen++
		c.backoff = 0
		c.sendSYN()
		return
	}
	c.opened()
	c.rcvAdv = c.rcvNxt + min(c.rcvLimit, 0xffff)
	c.sndUna = c.sndNxt
	if c.rtt.timing {
		c.rtt.timing = false
		c.rtt.sample(e.now - c.rtt.at)
	}
	c.acknowledge()
	c.tell()
	if s.bytes > 0 || s.flags&flagFIN != 0 {
		s.seq++
		s.flags &^= flagSYN
		c.inputText(s)
	}
	if c.state != closed {
		c.predict()
		c.output()
	}
}

// Connect begins to connect: SYN-SENT. The connection becomes Writable when it is
// established or has failed (see Error). A zero local port is chosen (RFC 6056).
// Errors: those of Route; EADDRNOTAVAIL, EADDRINUSE, ENOBUFS.
func (e *Engine) Connect(local, remote socket.Endpoint, w Watcher) (*Conn, error) {
	e.clock()
	if unspecified(&local.Address) {
		local.Address = socket.Address{}
	}
	if unspecified(&remote.Address) || remote.Port == 0 {
		return nil, syscall.EADDRNOTAVAIL
	}
	route, err := e.out.Route(local.Address, remote.Address)
	if err != nil {
		return nil, err
	}
	if !e.roomForNew() {
		return nil, syscall.ENOBUFS
	}
	k := makeKey(&route.Source, &route.Destination, uint32(local.Port)<<16|uint32(remote.Port))
	if local.Port == 0 {
		if !e.choosePort(&k) {
			return nil, syscall.EADDRNOTAVAIL
		}
	} else if e.find(&k) != nil || e.waiting.find(e, &k) != 0 {
		return nil, syscall.EADDRINUSE
	}
	c := e.newConn()
	c.key, c.route, c.owned, c.accepted, c.watcher = k, route, true, true, w
	c.state = synSent
	c.iss = e.sequence(&k)
	c.tsOffset = e.timestampOffset(&k)
	c.setMSS(0)
	c.sndUna, c.sndNxt, c.sndTail = c.iss, c.iss+1, c.iss+1
	e.insert(c)
	c.stalled, c.heard = e.ms, e.ms
	c.sendSYN()
	return c, nil
}

// SYN cookies: what a half-open connection would remember, in the number that we send.
//
//	31    27 26  24 23                   0
//	| period | MSS | SipHash of all, and of the peer's number |
//
// With time stamps, six bits of ours keep its window scale and whether it takes SACK.
const (
	cookiePeriod = 64 * time.Second
	// cookieAge is how many periods a cookie is good for, besides its own.
	cookieAge = 1
	// cookieOptions is the part of a time stamp that keeps options, and what is in it.
	cookieOptions = 0x3f
	cookieSack    = 0x10
	cookieNoScale = 0x0f
)

// cookieMSS are the sizes that a cookie can say.
var cookieMSS = [8]uint16{216, 536, 1220, 1360, 1440, 1452, 1460, 8940}

func (e *Engine) cookieHash(k *key, irs, period, size uint32) uint32 {
	return uint32(e.secret.sum(k, tagCookie+uint64(size)<<8, uint64(period)<<32|uint64(irs))) & 0xff_ffff
}

// sendCookie answers a SYN and forgets it.
func (e *Engine) sendCookie(k *key, r *ip.Route, s *segment) {
	mss := s.mss
	if mss == 0 {
		mss = defaultMSS
	}
	size := uint32(0)
	for size+1 < uint32(len(cookieMSS)) && cookieMSS[size+1] <= mss {
		size++
	}
	period := uint32(e.now / cookiePeriod)
	answer := raw{ports: k.ports, ack: s.seq + 1, flags: flagSYN | flagACK, window: 0xffff}
	answer.seq = period<<27 | size<<24 | e.cookieHash(k, s.seq, period, size)
	scale := uint8(noScale)
	if s.hasTimestamp && s.scale != noScale {
		scale = ourScale
	}
	c := Conn{route: *r}
	answer.addSYN(c.ourMSS(), scale, s.hasTimestamp && s.sackPermitted)
	if s.hasTimestamp {
		options := uint32(cookieNoScale)
		if s.scale != noScale {
			options = uint32(s.scale)
		}
		if s.sackPermitted {
			options |= cookieSack
		}
		now := e.ms + e.timestampOffset(k)
		value := now&^cookieOptions | options
		if before(now, value) {
			value -= cookieOptions + 1
		}
		answer.addTimestamp(value, s.value)
	}
	e.Stats.Cookies++
	e.cookieAt = e.in(0)
	e.sendRaw(r, &answer)
}

// cookieAnswer makes a connection of the acknowledgement of a cookie. It reports whether it was one.
func (e *Engine) cookieAnswer(l *Listener, k *key, s *segment) bool {
	lifetime := uint32((cookieAge + 1) * cookiePeriod / time.Millisecond)
	if e.cookieAt == 0 || e.ms-e.cookieAt > lifetime {
		return false
	}
	cookie, irs := s.ack-1, s.seq-1
	size, period := cookie>>24&7, uint32(e.now/cookiePeriod)
	age := (period - cookie>>27) & 31
	if age > cookieAge || e.cookieHash(k, irs, period-age, size) != cookie&0xff_ffff {
		return false
	}
	if l.queued >= l.backlog || !e.roomForNew() {
		e.Stats.Dropped++
		return true
	}
	route, err := e.out.Route(s.packet.Destination, s.packet.Source)
	if err != nil {
		return true
	}
	syn := segment{packet: s.packet, seq: irs, ack: cookie, window: s.window, mss: cookieMSS[size], scale: noScale}
	if s.hasTimestamp {
		options := s.echo & cookieOptions
		syn.hasTimestamp, syn.value = true, s.value
		syn.sackPermitted = options&cookieSack != 0
		if scale := options & cookieNoScale; scale != cookieNoScale {
			syn.scale = min(uint8(scale), scaleMax)
		}
	}
	c := e.newConn()
	c.key, c.route, c.listener = *k, route, l
	c.state = synReceived
	c.iss = cookie
	c.tsOffset = e.timestampOffset(k)
	c.takeSYN(&syn)
	c.rcvAdv = c.rcvNxt + 0xffff
	c.sndUna, c.sndNxt, c.sndTail = c.iss, c.iss+1, c.iss+1
	e.halfOpen++
	e.insert(c)
	c.stalled = e.ms
	e.Stats.CookiesGood++
	c.input(s)
	return true
}
