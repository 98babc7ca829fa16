package tcp

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"syscall"
	"time"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Random gives numbers that nobody can predict.
type Random interface{ Fill(p []byte) }

// Watcher is told when the readiness of a connection or listener changes.
type Watcher interface{ SetReady(r socket.Readiness) }

// Stats count what has happened since New.
type Stats struct {
	Received, Predicted, Sent uint64 // segments; Predicted by the short way
	Retransmitted             uint64
	ChecksumErrors            uint64
	Dropped                   uint64 // for want of memory, room or sense
	Challenges                uint64 // RFC 5961
	Resets                    uint64 // sent
	Cookies                   uint64 // SYN cookies sent
	CookiesGood               uint64
	Timeouts                  uint64 // retransmission timer
	TailProbes                uint64 // RFC 8985, section 7
	Probes                    uint64 // of a zero window
}

// Engine is TCP of one machine: it is an ip.Handler.
type Engine struct {
	out    ip.Output
	pool   *packet.Pool
	random Random
	secret secret
	// hashKeys make the place in the table of connections unpredictable.
	hashKeys [4]uint64

	now     time.Duration
	offload packet.Offload // of the device
	ms      uint32         // now in milliseconds, wraps
	tick    uint32         // now in ticks of the wheel, wraps

	table     []*Conn // by hash: chains
	conns     int
	listeners map[uint16][]*Listener
	bound     map[uint16][]reservation
	waiting   timeWaits
	wheel     wheel

	links     []packet.ChunkID // by ChunkID: the chunk behind it
	visits    []*Conn          // have something to acknowledge or to send at the end of the Poll
	blocked   []*Conn          // the device had no room; in order
	unblocked []*Conn          // memory for another such list
	starved   []*Conn          // the pool had none
	shedAt    uint32           // when shed looked for somebody last
	free      *Conn
	freeSpans *spans

	halfOpen int // connections in SYN-RECEIVED
	orphans  int // closed by the program, not yet by the peer
	sparse   int // chunks behind gaps
	portNext uint32
	answers  tokens
	cookieAt uint32 // when the last cookie was sent, 0: never
	scratch  segment

	Stats Stats
}

// tableMin is the first size of the table of connections.
const tableMin = 64

// New returns TCP over out. Payload that waits to be sent or to be read lies in
// chunks of pool.
func New(out ip.Output, pool *packet.Pool, random Random) *Engine {
	e := &Engine{
		out: out, pool: pool, random: random, secret: newSecret(random),
		table:     make([]*Conn, tableMin),
		listeners: map[uint16][]*Listener{},
		bound:     map[uint16][]reservation{},
	}
	var b [36]byte
	random.Fill(b[:])
	for i := range e.hashKeys {
		e.hashKeys[i] = binary.LittleEndian.Uint64(b[i*8:])
	}
	e.portNext = binary.LittleEndian.Uint32(b[32:])
	e.now = -1
	e.clock()
	e.wheel.at = e.tick
	e.answers.at = e.ms - 1000
	return e
}

// clock takes the time of this Poll.
func (e *Engine) clock() {
	if now := e.out.Now(); now != e.now {
		e.setClock(now)
	}
}

func (e *Engine) setClock(now time.Duration) {
	e.now = now
	e.ms = uint32(uint64(now) / uint64(time.Millisecond))
	e.tick = uint32(uint64(now) / uint64(tick))
	e.offload = e.out.Offload()
}

// key names a connection.
type key struct {
	localHigh, localLow   uint64
	remoteHigh, remoteLow uint64
	ports                 uint32 // local << 16 | remote
}

func makeKey(local, remote *socket.Address, ports uint32) key {
	be := binary.LittleEndian
	return key{be.Uint64(local[:8]), be.Uint64(local[8:]), be.Uint64(remote[:8]), be.Uint64(remote[8:]), ports}
}

// addresses is the other direction of makeKey.
func (k *key) addresses() (local, remote socket.Address) {
	be := binary.LittleEndian
	be.PutUint64(local[:8], k.localHigh)
	be.PutUint64(local[8:], k.localLow)
	be.PutUint64(remote[:8], k.remoteHigh)
	be.PutUint64(remote[8:], k.remoteLow)
	return local, remote
}

// hash is a keyed function in which somebody who does not know the keys and never sees its values
// finds no collisions: two folded multiplications.
func (e *Engine) hash(k *key) uint32 {
	high, low := bits.Mul64(k.remoteLow^e.hashKeys[0], k.localLow^e.hashKeys[1])
	folded := high ^ low
	high, low = bits.Mul64(folded^uint64(k.ports)^e.hashKeys[2], k.remoteHigh^bits.RotateLeft64(k.localHigh, 32)^e.hashKeys[3])
	return uint32(high ^ low)
}

// find returns the connection of a name, or nil.
func (e *Engine) find(k *key) *Conn {
	c := e.table[e.hash(k)&uint32(len(e.table)-1)]
	for c != nil {
		if c.key.remoteLow == k.remoteLow && c.key.ports == k.ports && c.key.localLow == k.localLow &&
			c.key.remoteHigh == k.remoteHigh && c.key.localHigh == k.localHigh {
			return c
		}
		c = c.chain
	}
	return nil
}

// insert puts a connection into the table, which grows to one entry a connection.
func (e *Engine) insert(c *Conn) {
	if e.conns >= len(e.table) {
		old := e.table
		e.table = make([]*Conn, 2*len(old))
		for _, c := range old {
			for c != nil {
				next := c.chain
				slot := &e.table[e.hash(&c.key)&uint32(len(e.table)-1)]
				c.chain, *slot = *slot, c
				c = next
			}
		}
	}
	slot := &e.table[e.hash(&c.key)&uint32(len(e.table)-1)]
	c.chain, *slot = *slot, c
	c.inTable = true
	e.conns++
}

// remove takes a connection out of the table.
func (e *Engine) remove(c *Conn) {
	if !c.inTable {
		return
	}
	slot := &e.table[e.hash(&c.key)&uint32(len(e.table)-1)]
	for *slot != c {
		slot = &(*slot).chain
	}
	*slot, c.chain = c.chain, nil
	c.inTable = false
	e.conns--
}

// Memory. Who holds little comes before who holds much, so that peers who do not read leave room for others. What
// a connection may hold in one direction depends on how much of the pool is free:
//
//	1                1/2              1/8             1/32            0
//	| half of what is | from 4 chunks | one chunk     | nothing new   |
//	| beyond 1/2      | down to one   |               |               |
//
// What is there stays, and what is in order is received to the end: the first chunk of a connection comes from
// anywhere.
const (
	// bulkFraction is what is kept for connections with up to smallChunks in one direction: a request, an answer.
	bulkFraction = 2
	smallChunks  = 4
	// reserveFraction is what is kept for those who hold nothing in one direction: newcomers. Where it begins, those
	// who do not read are given up (shed), so that newcomers need not be refused.
	reserveFraction = 8
	// lastFraction is what is kept for requests that have been let in.
	lastFraction = 32
	// shareFraction is the part of what is free beyond all that which one connection may hold
	// (dynamic thresholds: Choudhury and Hahne, 1998).
	shareFraction = 2
)

// plenty reports whether there is memory for more than what must be.
func (e *Engine) plenty() bool {
	limit := e.pool.Max()
	return limit-e.pool.Used() > limit/reserveFraction
}

// share returns how many chunks a connection may hold in one direction at present.
func (e *Engine) share() uint32 {
	limit := e.pool.Max()
	free := limit - e.pool.Used()
	bulk, reserve := limit/bulkFraction, limit/reserveFraction
	switch {
	case free > bulk:
		return uint32(max((free-bulk)/shareFraction, smallChunks))
	case free > reserve:
		return uint32(min(1+smallChunks*(free-reserve)/(bulk-reserve), smallChunks))
	case free > limit/lastFraction:
		return 1
	default:
		return 0
	}
}

// Shedding.
const (
	// shedProbes is how often a closed window has been probed in vain: for 3 seconds at least, as the shortest timeout
	// is 200 ms. Newcomers repeat their SYN after one and after three.
	shedProbes = 4
	// shedEveryMS is how often all connections are looked at, for somebody to give up.
	shedEveryMS = 250
)

// shed gives up connections whose peers keep their window closed while memory is short: those that hold most
// first, and no more than have to go. RFC 6429, section 3 allows it: who never reads must not keep others from being
// served.
func (e *Engine) shed() {
	if e.ms-e.shedAt < shedEveryMS {
		return
	}
	e.shedAt = e.ms
	var found []*Conn
	for _, c := range e.table {
		for ; c != nil; c = c.chain {
			if c.sndWnd == 0 && c.state >= established && c.snd.head != 0 && c.backoff >= shedProbes {
				found = append(found, c)
			}
		}
	}
	slices.SortFunc(found, func(a, b *Conn) int { return int(b.snd.chunks()) - int(a.snd.chunks()) })
	for _, c := range found {
		if e.plenty() {
			return
		}
		c.sendReset()
		c.fail(syscall.ETIMEDOUT)
	}
}

// chunks is how many a buffer holds.
func (b *buffer) chunks() uint32 {
	if b.head == 0 {
		return 0
	}
	return (b.end - b.base) / packet.ChunkBytes
}

// admits reports whether there is memory for data in order up to end: the reserve is for those who
// hold little. What is refused comes again.
func (c *Conn) admits(end uint32) bool {
	return c.rcv.head == 0 || atMost(end, c.rcv.end) || c.engine.plenty() || c.rcv.chunks() < c.engine.share()
}

// Connections themselves are memory too: some 1 KB with their socket and descriptor. Two
// for each chunk are half as much as what the data may take.
const (
	chunkConns = 2
	connsMin   = 256
)

func (e *Engine) connsMax() int { return max(chunkConns*e.pool.Max(), connsMin) }

// roomForNew reports whether there may be another connection. Those that are there live on.
func (e *Engine) roomForNew() bool { return e.share() > 0 && e.conns < e.connsMax() }

// EndPoll retries what the device had no room for, sends what Write has left and the acknowledgements that nothing
// carried, and runs the timers that are due.
func (e *Engine) EndPoll(now time.Duration) {
	if now != e.now {
		e.setClock(now)
	}
	if len(e.blocked) > 0 {
		e.unblock()
	}
	for i := 0; i < len(e.visits); i++ { // may grow
		c := e.visits[i]
		c.inVisits = false
		c.endPoll()
		c.recycle()
	}
	e.visits = e.visits[:0]
	if len(e.starved) > 0 && e.share() > 0 {
		e.feed()
	}
	if e.wheel.at != e.tick {
		if !e.plenty() {
			e.shed()
		}
		e.turn()
	}
	e.waiting.expire(e)
}

// unblock retries what the device had no room for, in the order in which it was, until it
// has none again.
func (e *Engine) unblock() {
	list := e.blocked
	e.blocked = e.unblocked[:0]
	for i, c := range list {
		c.inBlocked = false
		if c.ackOwed {
			c.acknowledge()
		}
		c.output()
		if len(e.blocked) > 0 {
			e.blocked = append(e.blocked, list[i+1:]...)
			break
		}
		c.recycle()
	}
	clear(list)
	e.unblocked = list[:0]
}

// mayFeed reports whether there is memory for a connection that got none: by so much less than its share
// that it is worth waking the program, or it is closed.
func (c *Conn) mayFeed(share uint32) bool {
	return c.state == closed || share > 0 && c.snd.chunks() <= share*3/4
}

// feed tells those who got no memory that there is some for them.
func (e *Engine) feed() {
	share := e.share()
	all := e.starved
	e.starved = e.starved[:0]
	for _, c := range all { // nobody is added meanwhile: programs write later
		if !c.mayFeed(share) {
			e.starved = append(e.starved, c)
			continue
		}
		c.inStarved = false
		c.tell()
		c.recycle()
	}
}

// feedable reports whether feed would find somebody.
func (e *Engine) feedable() bool {
	if len(e.starved) == 0 {
		return false
	}
	share := e.share()
	for _, c := range e.starved {
		if c.mayFeed(share) {
			return true
		}
	}
	return false
}

// retryAfter is when to look again whether the device has room.
const retryAfter = time.Millisecond

// Deadline returns the moment when EndPoll is due next, or socket.Forever.
func (e *Engine) Deadline() time.Duration {
	if len(e.visits) > 0 {
		return e.now
	}
	if len(e.blocked) > 0 || e.feedable() {
		return e.now + retryAfter
	}
	return e.next()
}

// Connections returns how many connections there are, for statistics; those in
// TIME-WAIT do not count.
func (e *Engine) Connections() int { return e.conns }

// isSettled reports whether the peer has acknowledged all that it is to get, the end of the
// connection included.
func (c *Conn) isSettled() bool {
	return c.sndUna == c.sndNxt && (c.finSent || !c.finQueued && c.sndNxt == c.sndTail)
}

// Settled reports whether every connection is. It looks at all of them.
func (e *Engine) Settled() bool {
	for _, c := range e.table {
		for ; c != nil; c = c.chain {
			if !c.isSettled() {
				return false
			}
		}
	}
	return true
}

// Abandon resets what is not settled: the machine ends, and nobody would answer those peers any more. It returns
// how many there were.
func (e *Engine) Abandon() int {
	var left []*Conn
	for _, c := range e.table {
		for ; c != nil; c = c.chain {
			if !c.isSettled() {
				left = append(left, c)
			}
		}
	}
	for _, c := range left {
		c.Abort()
	}
	return len(left)
}

// tokens limit the answers to those who have no connection.
type tokens struct {
	left uint32
	at   uint32 // since when they are for a second
}

// mayAnswer reports whether one more may be sent. How many a second has is not the same each
// time: who counts those that are left would learn what others have sent (CVE-2016-5696).
func (e *Engine) mayAnswer() bool {
	t := &e.answers
	if e.ms-t.at >= 1000 {
		var b [1]byte
		e.random.Fill(b[:])
		t.at, t.left = e.ms, resetsPerSecond/2+resetsPerSecond/2*uint32(b[0])/255
	}
	if t.left == 0 {
		return false
	}
	t.left--
	return true
}
