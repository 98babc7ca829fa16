package tcp

import "mewz/kernel/packet"

// buffer is a stretch of one direction's bytes in chunks of the pool: byte seq lies in chunk
// (seq-base)/ChunkBytes. All chunks from base to end are there, so that what arrives
// behind a gap is written to its place at once. An empty buffer has no chunk.
//
//	base            base+4096        base+8192        end
//	 | head            |                | tail           |
//	 ^ up to here: read, or acknowledged
type buffer struct {
	head, tail packet.ChunkID
	base, end  uint32
	// at is the chunk that was looked for last, from atBase on: the next search
	// begins there.
	at     packet.ChunkID
	atBase uint32
}

// link makes next the chunk behind id.
func (e *Engine) link(id, next packet.ChunkID) {
	for int(id) >= len(e.links) {
		e.links = append(e.links, 0)
	}
	e.links[id] = next
}

// extend adds a chunk at the end; an empty buffer begins at seq.
func (b *buffer) extend(e *Engine, seq uint32) bool {
	id, ok := e.pool.Get()
	if !ok {
		return false
	}
	if int(id) < len(e.links) {
		e.links[id] = 0
	} else {
		e.link(id, 0)
	}
	if b.head == 0 {
		b.head, b.base, b.end = id, seq, seq
		b.at, b.atBase = id, seq
	} else {
		e.links[b.tail] = id
	}
	b.tail = id
	b.end += packet.ChunkBytes
	return true
}

// locate returns the chunk of a byte and where it lies there.
//
// Preconditions: base <= seq < end.
func (b *buffer) locate(e *Engine, seq uint32) (packet.ChunkID, uint32) {
	if at := seq - (b.end - packet.ChunkBytes); at < packet.ChunkBytes {
		return b.tail, at
	}
	if before(seq, b.atBase) {
		b.at, b.atBase = b.head, b.base
	}
	for seq-b.atBase >= packet.ChunkBytes {
		b.at = e.links[b.at]
		b.atBase += packet.ChunkBytes
	}
	return b.at, seq - b.atBase
}

// write puts p at seq and returns how many bytes found room.
//
// Preconditions: the buffer is empty, or base <= seq.
func (b *buffer) write(e *Engine, seq uint32, p []byte) (done int) {
	for done < len(p) {
		if b.head == 0 || atMost(b.end, seq) {
			if !b.extend(e, seq) {
				return done
			}
			continue
		}
		id, at := b.locate(e, seq)
		n := copy(e.pool.Bytes(id)[at:], p[done:])
		done += n
		seq += uint32(n)
	}
	return done
}

// start puts p, at most a chunk, into an empty buffer at seq.
func (b *buffer) start(e *Engine, seq uint32, p []byte) bool {
	id, ok := e.pool.Get()
	if !ok {
		return false
	}
	if int(id) >= len(e.links) {
		e.link(id, 0)
	}
	e.links[id] = 0
	b.head, b.tail, b.at = id, id, id
	b.base, b.atBase, b.end = seq, seq, seq+packet.ChunkBytes
	copy(e.pool.Bytes(id), p)
	return true
}

// read copies bytes from seq on.
//
// Preconditions: all of them lie in the buffer.
func (b *buffer) read(e *Engine, seq uint32, p []byte) {
	if at := seq - (b.end - packet.ChunkBytes); at < packet.ChunkBytes { // as a rule
		copy(p, e.pool.Bytes(b.tail)[at:])
		return
	}
	for len(p) > 0 {
		id, at := b.locate(e, seq)
		n := copy(p, e.pool.Bytes(id)[at:])
		p = p[n:]
		seq += uint32(n)
	}
}

// parts makes n bytes from seq on the payload of a frame.
//
// Preconditions: all of them lie in the buffer, and 0 < n <= segmentMax.
func (b *buffer) parts(e *Engine, f *packet.Frame, seq, n uint32) {
	if at := seq - (b.end - packet.ChunkBytes); at < packet.ChunkBytes { // as a rule
		f.Parts[0] = packet.Part{Chunk: b.tail, Offset: uint16(at), Bytes: uint16(n)}
		f.PartCount = 1
		return
	}
	f.PartCount = 0
	for n > 0 {
		id, at := b.locate(e, seq)
		bytes := min(n, packet.ChunkBytes-at)
		f.Parts[f.PartCount] = packet.Part{Chunk: id, Offset: uint16(at), Bytes: uint16(bytes)}
		f.PartCount++
		seq += bytes
		n -= bytes
	}
}

// discard releases the chunks of bytes before seq.
func (b *buffer) discard(e *Engine, seq uint32) {
	for b.head != 0 && atMost(b.base+packet.ChunkBytes, seq) {
		id := b.head
		b.head = e.links[id]
		b.base += packet.ChunkBytes
		if b.at == id {
			b.at, b.atBase = b.head, b.base
		}
		e.pool.Release(id)
	}
	if b.head == 0 {
		*b = buffer{}
	}
}

// clear releases all chunks.
func (b *buffer) clear(e *Engine) {
	if b.head == 0 {
		return
	}
	for id := b.head; id != 0; {
		next := e.links[id]
		e.pool.Release(id)
		id = next
	}
	*b = buffer{}
}
