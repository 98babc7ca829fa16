package udp

import (
	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// entriesMax bounds the datagrams that wait for one endpoint, so that empty ones
// are bounded too.
const entriesMax = 1024

// Bounds of the rings of all endpoints, which the pool does not bound.
const (
	chunkEntries = 16 // for each chunk of the pool: a tenth of it at most
	ringKept     = 256
)

// queue holds datagrams that nobody has read: their bytes one after the other in chunks,
// what else is known of them beside.
type queue struct {
	pool  *packet.Pool
	limit int // bytes

	rings   *int    // entries of the rings of all endpoints
	entries []entry // a ring
	first   int
	count   int
	bytes   int

	chunks []packet.ChunkID // from the one that is read to the one that is written
	read   int              // in the first chunk
	write  int              // in the last chunk
	// Dropped counts datagrams for which there was no room.
	Dropped uint64
}

type entry struct {
	from  socket.Endpoint
	bytes uint16
}

// put appends the data of a datagram, or drops it when the queue is full.
func (q *queue) put(p *ip.Packet, from socket.Endpoint) {
	size := p.Bytes - header.UDPBytes
	if q.count >= entriesMax || q.bytes+size > q.limit && q.count > 0 || q.count == len(q.entries) && !q.grow() || !q.reserve(size) {
		q.Dropped++
		return
	}
	q.entries[(q.first+q.count)%len(q.entries)] = entry{from, uint16(size)}
	q.count++
	q.bytes += size
	at := len(q.chunks) - 1 - q.behind(size)
	write := q.write
	skip := header.UDPBytes
	for i := -1; i < len(p.More); i++ {
		b := p.Payload
		if i >= 0 {
			b = p.More[i]
		}
		if skip > 0 {
			n := min(skip, len(b))
			b, skip = b[n:], skip-n
		}
		for len(b) > 0 {
			if write == packet.ChunkBytes {
				at, write = at+1, 0
			}
			n := copy(q.pool.Bytes(q.chunks[at])[write:], b)
			b, write = b[n:], write+n
		}
	}
	q.write = write
}

// behind returns how many chunks were added for size more bytes.
func (q *queue) behind(size int) int {
	if free := packet.ChunkBytes - q.write; size > free {
		return (size - free + packet.ChunkBytes - 1) / packet.ChunkBytes
	}
	return 0
}

// reserve makes room for size more bytes. It is false if the pool has none.
func (q *queue) reserve(size int) bool {
	if len(q.chunks) == 0 {
		q.read, q.write = 0, packet.ChunkBytes // as if one were full
	}
	need := q.behind(size)
	if need > 0 && q.pool.Short() { // the rest is for connections that are there
		return false
	}
	for n := need; n > 0; n-- {
		id, ok := q.pool.Get()
		if !ok {
			q.trim(need - n)
			return false
		}
		q.chunks = append(q.chunks, id)
	}
	return true
}

// trim gives the last n chunks back.
func (q *queue) trim(n int) {
	for ; n > 0; n-- {
		last := len(q.chunks) - 1
		q.pool.Release(q.chunks[last])
		q.chunks = q.chunks[:last]
	}
}

func (q *queue) ringsMax() int { return chunkEntries * q.pool.Max() }

// grow doubles the ring. It is false if all together have too many.
func (q *queue) grow() bool {
	more := max(8, len(q.entries))
	if *q.rings+more > q.ringsMax() {
		return false
	}
	*q.rings += more
	entries := make([]entry, len(q.entries)+more)
	for i := range q.count {
		entries[i] = q.entries[(q.first+i)%len(q.entries)]
	}
	q.entries, q.first = entries, 0
	return true
}

// releaseRing gives the ring of an empty queue back.
func (q *queue) releaseRing() {
	*q.rings -= len(q.entries)
	q.entries, q.first = nil, 0
}

// get copies the first datagram, as far as it fits, and takes it out unless peek.
// Preconditions: there is one.
func (q *queue) get(b []byte, peek bool) (bytes int, from socket.Endpoint) {
	e := q.entries[q.first]
	bytes = int(e.bytes)
	at, read := 0, q.read
	for left := b[:min(len(b), bytes)]; len(left) > 0; {
		if read == packet.ChunkBytes {
			at, read = at+1, 0
		}
		n := copy(left, q.pool.Bytes(q.chunks[at])[read:])
		left, read = left[n:], read+n
	}
	if !peek {
		q.drop()
	}
	return bytes, e.from
}

// drop takes the first datagram out.
func (q *queue) drop() {
	size := int(q.entries[q.first].bytes)
	q.first = (q.first + 1) % len(q.entries)
	q.count--
	q.bytes -= size
	q.read += size
	n := 0
	for q.read >= packet.ChunkBytes && n < len(q.chunks) {
		q.pool.Release(q.chunks[n])
		q.read -= packet.ChunkBytes
		n++
	}
	if q.count == 0 {
		for ; n < len(q.chunks); n++ { // an idle endpoint holds no memory
			q.pool.Release(q.chunks[n])
		}
		q.chunks = q.chunks[:0]
		if len(q.entries) > ringKept || *q.rings > q.ringsMax()/2 {
			q.releaseRing()
		}
		return
	}
	q.chunks = q.chunks[:copy(q.chunks, q.chunks[n:])]
}

// clear drops all.
func (q *queue) clear() {
	for _, id := range q.chunks {
		q.pool.Release(id)
	}
	q.releaseRing()
	*q = queue{pool: q.pool, limit: q.limit, rings: q.rings}
}
