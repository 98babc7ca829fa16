package ext4

import (
	"cmp"
	"math/bits"
	"slices"
	"syscall"

	"mewz/kernel/vfs"
)

// Sizes of what is kept of files.
const (
	// chunkBytes is what lies together on the volume and in memory, so that one copy and
	// one request move much: as much as package block puts into a request, and at most 64
	// blocks, one for each bit of a mask.
	chunkBytes = 64 << 10
	pageBytes  = 4096
	chunkPages = chunkBytes / pageBytes
	// dataMinBytes are there whatever else wants memory: enough for what one call needs at
	// once, a read of aheadMaxBytes.
	dataMinBytes = 2 << 20
	dataMinPages = dataMinBytes / pageBytes
	// A dataShare-th of the memory that is free is what is kept at most, and dataMaxBytes of it.
	dataShare    = 4
	dataMaxBytes = 1 << 30
	// dataSpread is how much more addresses there are than memory: a chunk of which one
	// page was read takes all of its addresses, but one page of memory.
	dataSpread = 8
)

// noChunk is the number of a chunk that holds nothing.
const noChunk = ^uint64(0)

// chunk is the memory of chunkBytes of the volume.
type chunk struct {
	number uint64 // of its first block, in chunks
	have   uint64 // by block: its data is here
	dirty  uint64 // and the volume does not have it yet
	memory uint16 // by page: there is memory behind the addresses
	busy   bool   // being filled
	data   []byte
	// In the ring of those that are neither dirty nor busy.
	older, newer *chunk
	inDirty      int    // index in dataCache.dirty
	next         *chunk // perhaps the one that follows on the volume: its number says it
}

// dataCache holds data of files, outside of the Go heap. What it has of a block is what the volume
// has, or newer; a block that was given back is dropped (forget).
type dataCache struct {
	charge func(bytes int64) bool
	shift  uint   // from blocks to chunks
	mask   uint64 // of the blocks in a chunk
	space  []byte // addresses, of which the first taken belong to chunks
	taken  int
	chunks map[uint64]*chunk
	recent *chunk // found last
	ring   chunk  // ring.newer was used longest ago, ring.older last
	spare  []*chunk
	bare   []*chunk // spare, and without memory
	dirty  []*chunk
	// dirtyBlocks counts their dirty blocks.
	dirtyBlocks int
	// pages have memory: at most limit, which is less than most when the machine is short
	// of memory.
	pages, limit, most int
	vectors            [][]byte // of writeData, which loadData may call
}

// openData makes a cache of at most bytes.
func openData(blockShift uint, bytes uint64, charge func(int64) bool) (*dataCache, error) {
	bytes = min(max(bytes, dataMinBytes), dataMaxBytes)
	const flags = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_NORESERVE
	space, err := syscall.Mmap(-1, 0, int(bytes*dataSpread)&^(chunkBytes-1), syscall.PROT_READ|syscall.PROT_WRITE, flags)
	if err != nil {
		return nil, err
	}
	d := &dataCache{charge: charge, space: space, chunks: map[uint64]*chunk{}}
	d.shift = uint(bits.TrailingZeros(chunkBytes)) - blockShift
	d.mask = 1<<d.shift - 1
	d.most = int(bytes / pageBytes)
	d.limit = d.most
	d.ring.number, d.ring.older, d.ring.newer = noChunk, &d.ring, &d.ring
	d.recent = &d.ring
	return d, nil
}

// close gives all back. Nothing may be used afterwards.
func (d *dataCache) close() {
	_ = syscall.Munmap(d.space)
	*d = dataCache{}
}

// some returns the bits of n blocks from one on.
func some(first, n uint64) uint64 { return ^uint64(0) >> (64 - n) << first }

// pagesOf returns the bits of the pages of some bytes of a chunk.
func pagesOf(from, end int) uint16 {
	first, last := from/pageBytes, (end-1)/pageBytes
	return uint16(1<<(last+1) - 1<<first)
}

// unlist takes a chunk out of the ring.
func (d *dataCache) unlist(c *chunk) {
	if c.newer != nil {
		c.older.newer, c.newer.older = c.newer, c.older
		c.older, c.newer = nil, nil
	}
}

// use makes a chunk the one used last.
func (d *dataCache) use(c *chunk) {
	d.unlist(c)
	if c.dirty == 0 && !c.busy {
		last := d.ring.older
		c.older, c.newer = last, &d.ring
		last.newer, d.ring.older = c, c
	}
}

// find returns the chunk of a block, nil if nothing of it is here.
func (d *dataCache) find(block uint64) *chunk {
	last := d.recent
	number := block >> d.shift
	if last.number == number {
		return last
	}
	c := last.next
	if c == nil || c.number != number {
		if c = d.chunks[number]; c == nil {
			return nil
		}
		if last.number+1 == number {
			last.next = c
		}
	}
	d.recent = c
	d.use(c)
	return c
}

// drop makes a chunk spare.
//
// Preconditions: it is neither dirty nor busy.
func (d *dataCache) drop(c *chunk) {
	d.unlist(c)
	delete(d.chunks, c.number)
	if d.recent == c {
		d.recent = &d.ring
	}
	c.number, c.have = noChunk, 0
	d.spare = append(d.spare, c)
}

// evict drops the chunk that was used longest ago; it reports whether there is one.
func (d *dataCache) evict() bool {
	c := d.ring.newer
	if c == &d.ring {
		return false
	}
	d.drop(c)
	return true
}

// shed gives memory back to the machine: of a spare chunk, else of the one used longest
// ago. It reports whether there was any.
func (d *dataCache) shed() bool {
	if len(d.spare) == 0 && !d.evict() {
		return false
	}
	last := len(d.spare) - 1
	c := d.spare[last]
	d.spare = d.spare[:last]
	// Should the machine not take it back, it is touched again when it is needed.
	_ = syscall.Madvise(c.data, syscall.MADV_DONTNEED)
	d.pages -= bits.OnesCount16(c.memory)
	c.memory = 0
	d.bare = append(d.bare, c)
	return true
}

// shed is that of the cache, after writing what is dirty if it has to be.
func (fs *FileSystem) shed() error {
	if fs.data.shed() {
		return nil
	}
	if err := fs.writeData(); err != nil {
		return err
	}
	if !fs.data.shed() {
		return syscall.ENOMEM
	}
	return nil
}

// Reclaim gives memory back of what can be read again; it reports whether it was any. What it
// has given it does not take again at once.
//
// Preconditions: no call of the file system is under way.
func (fs *FileSystem) Reclaim(bytes uint64) bool {
	d := fs.data
	before := d.pages
	for before-d.pages < int(min(bytes/pageBytes+1, dataMaxBytes/pageBytes)) && d.pages > dataMinPages {
		if fs.shed() != nil {
			break
		}
	}
	if d.pages == before {
		return false
	}
	d.limit = max(d.pages, dataMinPages)
	return true
}

// back gives pages of a chunk memory.
//
// Preconditions: the chunk is busy, or the pages have memory.
func (fs *FileSystem) back(c *chunk, pages uint16) error {
	d, need := fs.data, pages&^c.memory
	if need == 0 {
		return nil
	}
	n := bits.OnesCount16(need)
	charged := false
	for {
		if d.pages+n <= d.limit {
			if d.pages < dataMinPages {
				break
			}
			if charged = d.charge(int64(n) * pageBytes); charged {
				break
			}
			d.limit = max(d.pages, dataMinPages)
		}
		if err := fs.shed(); err != nil {
			return err
		}
	}
	for left := need; left != 0; left &= left - 1 {
		c.data[bits.TrailingZeros16(left)*pageBytes] = 0
	}
	if charged { // the machine sees it itself now
		d.charge(-int64(n) * pageBytes)
	}
	c.memory |= need
	d.pages += n
	return nil
}

// chunk returns the chunk of a block, which is a new one if nothing of it is here.
func (fs *FileSystem) chunk(block uint64) (*chunk, error) {
	d := fs.data
	if c := d.find(block); c != nil {
		return c, nil
	}
	if d.pages+chunkPages > d.limit && len(d.spare) == 0 {
		d.evict() // its memory is what the new one gets
	}
	var c *chunk
	for c == nil {
		switch {
		case len(d.spare) > 0:
			last := len(d.spare) - 1
			c, d.spare = d.spare[last], d.spare[:last]
		case len(d.bare) > 0:
			last := len(d.bare) - 1
			c, d.bare = d.bare[last], d.bare[:last]
		case d.taken < len(d.space):
			c = &chunk{data: d.space[d.taken:][:chunkBytes:chunkBytes]}
			d.taken += chunkBytes
		default:
			if err := fs.shed(); err != nil {
				return nil, err
			}
		}
	}
	c.number = block >> d.shift
	d.chunks[c.number] = c
	d.recent = c
	d.use(c)
	return c, nil
}

// loadData reads blocks that are not here, from one on that is not: at most count, and up to
// the next that is here.
func (fs *FileSystem) loadData(block, count uint64) error {
	d := fs.data
	count = min(count, uint64(d.limit/4*pageBytes)>>fs.blockShift)
	list, filled := fs.vectors[:0], fs.filled[:0]
	var err error
	for at := block; count > 0; {
		var c *chunk
		if c, err = fs.chunk(at); err != nil {
			break
		}
		first := at & d.mask
		n := min(count, d.mask+1-first)
		if here := c.have >> first; here != 0 {
			n = min(n, uint64(bits.TrailingZeros64(here)))
			count = n // the last
		}
		if n == 0 {
			break
		}
		c.busy = true
		d.unlist(c)
		from, end := int(first)<<fs.blockShift, int(first+n)<<fs.blockShift
		filled = append(filled, filling{c, some(first, n)})
		if err = fs.back(c, pagesOf(from, end)); err != nil {
			filled[len(filled)-1].blocks = 0
			break
		}
		list = append(list, c.data[from:end])
		at, count = at+n, count-n
	}
	fs.vectors, fs.filled = list, filled
	if len(list) > 0 {
		if err = fs.device.Read(list, block<<fs.blockShift); err != nil {
			err = vfs.ErrDamaged
		}
	}
	for i := range filled {
		c := filled[i].chunk
		if err == nil {
			c.have |= filled[i].blocks
		}
		c.busy = false
		d.use(c)
		filled[i].chunk = nil
	}
	return err
}

// filling is a chunk that blocks are read into.
type filling struct {
	chunk  *chunk
	blocks uint64
}

// dataBlock returns a block of a file in its chunk.
func (fs *FileSystem) dataBlock(block uint64) (c *chunk, b []byte, err error) {
	d := fs.data
	at := block & d.mask
	if c = d.find(block); c == nil || c.have>>at&1 == 0 {
		if err = fs.loadData(block, 1); err != nil {
			return nil, nil, err
		}
		c = d.find(block)
	}
	return c, c.data[at<<fs.blockShift:][:fs.blockBytes], nil
}

// setDirty notes that blocks of a chunk have data that the volume has not.
func (d *dataCache) setDirty(c *chunk, blocks uint64) {
	if c.dirty == 0 {
		d.unlist(c)
		c.inDirty = len(d.dirty)
		d.dirty = append(d.dirty, c)
	}
	d.dirtyBlocks += bits.OnesCount64(blocks &^ c.dirty)
	c.dirty |= blocks
}

// setClean takes that back for some blocks.
func (d *dataCache) setClean(c *chunk, blocks uint64) {
	if c.dirty&blocks == 0 {
		return
	}
	d.dirtyBlocks -= bits.OnesCount64(blocks & c.dirty)
	if c.dirty &^= blocks; c.dirty != 0 {
		return
	}
	last := len(d.dirty) - 1
	moved := d.dirty[last]
	d.dirty[c.inDirty], moved.inDirty = moved, c.inDirty
	d.dirty[last] = nil
	d.dirty = d.dirty[:last]
	d.use(c)
}

// forget drops the data of blocks that belong to no file any more.
func (d *dataCache) forget(r run) {
	one := func(c *chunk) {
		begin := c.number << d.shift
		from, end := max(r.block, begin), min(r.end(), begin+d.mask+1)
		gone := some(from-begin, end-from)
		d.setClean(c, gone)
		if c.have &^= gone; c.have == 0 {
			d.drop(c)
		}
	}
	first, last := r.block>>d.shift, (r.end()-1)>>d.shift
	if last-first >= uint64(len(d.chunks)) {
		for number, c := range d.chunks {
			if number >= first && number <= last {
				one(c)
			}
		}
		return
	}
	for number := first; number <= last; number++ {
		if c := d.chunks[number]; c != nil {
			one(c)
		}
	}
}

// writeData gives the device the data of files that it has not yet, neighbours together.
func (fs *FileSystem) writeData() error {
	d := fs.data
	if d.dirtyBlocks == 0 {
		return nil
	}
	slices.SortFunc(d.dirty, func(a, b *chunk) int { return cmp.Compare(a.number, b.number) })
	var err error
	list, from, next := d.vectors[:0], uint64(0), uint64(0)
	for i, c := range d.dirty {
		c.inDirty = i
		for left := c.dirty; left != 0; {
			first := uint64(bits.TrailingZeros64(left))
			n := uint64(bits.TrailingZeros64(^(left >> first)))
			left &^= some(first, n)
			block := c.number<<d.shift + first
			if block != next && len(list) > 0 {
				err = cmp.Or(err, fs.device.Write(list, from<<fs.blockShift))
				list = list[:0]
			}
			if len(list) == 0 {
				from = block
			}
			list = append(list, c.data[first<<fs.blockShift:(first+n)<<fs.blockShift])
			next = block + n
		}
	}
	err = cmp.Or(err, fs.device.Write(list, from<<fs.blockShift))
	d.vectors = list[:0]
	for len(d.dirty) > 0 { // from the last on, so that none moves
		d.setClean(d.dirty[len(d.dirty)-1], ^uint64(0))
	}
	if err != nil {
		return fs.fail(err)
	}
	return nil
}
