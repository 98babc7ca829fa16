package packet

import (
	"mewz/abi"
	"mewz/kernel/device"
)

// ChunkBytes is the size of a chunk: a page, so that 64 KiB are PartsMax parts.
const ChunkBytes = 4096

// slabChunks is how many chunks are taken from the machine at once: 1 MiB.
const slabChunks = 256

// ChunkID names a chunk of a Pool. 0 is none.
type ChunkID uint32

// Pool is memory for payload in chunks, each counted by who holds it.
type Pool struct {
	allocate func(bytes int) (device.Memory, error)
	max      int // chunks
	slabs    []device.Memory
	chunks   []chunk // by ChunkID
	free     ChunkID // list of free chunks
	used     int
}

type chunk struct {
	holders uint32
	next    ChunkID // free chunk after this one
}

// NewPool returns an empty pool that takes up to maxBytes by allocate, 1 MiB at a time.
func NewPool(allocate func(bytes int) (device.Memory, error), maxBytes int) *Pool {
	return &Pool{allocate: allocate, max: maxBytes / ChunkBytes, chunks: make([]chunk, 1)}
}

// Get takes a chunk, held once. Its bytes are what they were. ok is false at the limit.
func (p *Pool) Get() (id ChunkID, ok bool) {
	if p.free == 0 && !p.grow() {
		return 0, false
	}
	return p.take(), true
}

// take takes the first free chunk.
func (p *Pool) take() ChunkID {
	id := p.free
	c := &p.chunks[id]
	p.free, c.holders = c.next, 1
	p.used++
	return id
}

// grow adds a slab.
func (p *Pool) grow() bool {
	n := min(slabChunks, p.max-(len(p.chunks)-1))
	if n <= 0 {
		return false
	}
	slab, err := p.allocate(slabChunks * ChunkBytes)
	if err != nil {
		p.max = len(p.chunks) - 1
		return false
	}
	p.slabs = append(p.slabs, slab)
	for range n {
		p.chunks = append(p.chunks, chunk{next: p.free})
		p.free = ChunkID(len(p.chunks) - 1)
	}
	return true
}

// Bytes returns the memory of a chunk. Preconditions: it is held.
func (p *Pool) Bytes(id ChunkID) []byte {
	at := int(id-1) % slabChunks * ChunkBytes
	return p.slabs[(id-1)/slabChunks].Bytes[at : at+ChunkBytes : at+ChunkBytes]
}

// Physical returns where a device finds a chunk. Preconditions: it is held.
func (p *Pool) Physical(id ChunkID) abi.PhysAddr {
	return p.slabs[(id-1)/slabChunks].Physical + abi.PhysAddr(int(id-1)%slabChunks*ChunkBytes)
}

// Hold adds a holder to a chunk. Preconditions: it is held.
func (p *Pool) Hold(id ChunkID) { p.chunks[id].holders++ }

// Release takes a holder away; the last one frees the chunk.
// Preconditions: it is held.
func (p *Pool) Release(id ChunkID) {
	c := &p.chunks[id]
	if c.holders == 0 {
		panic("packet: a chunk is released that nobody holds")
	}
	c.holders--
	if c.holders == 0 {
		c.next = p.free
		p.free = id
		p.used--
	}
}

// shortFraction: a pool is short when less than this part of it is free.
const shortFraction = 8

// Short reports whether chunks are nearly used up, so that whoever holds some to
// no end should release them.
func (p *Pool) Short() bool { return p.used >= p.max-p.max/shortFraction }

// Used returns how many chunks are held.
func (p *Pool) Used() int { return p.used }

// Max returns how many chunks there can be.
func (p *Pool) Max() int { return p.max }
