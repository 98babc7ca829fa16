package ext4

import "mewz/kernel/vfs"

// buffer is a block of metadata in memory; that of files is in dataCache.
//
//	clean    as on the volume; may be dropped
//	running  changed by the running transaction
//	logged   in the journal, but not yet in its place
//
// running and logged may both be set: then data is newer than what is logged.
type buffer struct {
	block   uint64
	data    []byte
	kind    kind
	owner   uint32 // of a bitmap the group; of what an inode owns, the seed of its sums
	checked bool   // the content is as its kind wants it
	running bool
	logged  bool
	keep    bool // it stays in memory: the superblock
	// undo is the content before the operation under way, was whether it was running, and
	// wasKind its kind.
	undo       []byte
	was        bool
	wasKind    kind
	previous   *buffer // in the list of clean buffers
	next       *buffer
	inTransact int    // index in transaction.buffers, while running
	inLog      int    // and in journal.logged, while logged
	loggedIn   uint32 // and the last transaction that logged it
}

// kind says what a block holds, and with that, how it is sealed: how its sum is
// made before it is written.
type kind uint8

const (
	kindPlain kind = iota
	kindSuper
	kindGroups
	kindBlockBitmap
	kindInodeBitmap
	kindExtents
	kindLeaf  // of a directory: entries
	kindIndex // of a directory: root or node of the hash tree
)

func (b *buffer) pinned() bool { return b.running || b.logged || b.keep || b.undo != nil }

// cache holds blocks of metadata. Nothing is dropped but by trim, which is called where
// nobody holds a buffer.
type cache struct {
	device  Device
	bytes   int // of a block
	limit   int // buffers
	buffers map[uint64]*buffer
	clean   buffer // head of the ring of clean buffers, least recently used first
	spare   []*buffer
	undos   [][]byte
	one     [1][]byte
}

func newCache(device Device, blockBytes, limitBytes int) *cache {
	c := &cache{device: device, bytes: blockBytes, limit: max(limitBytes/blockBytes, cacheMinBlocks), buffers: map[uint64]*buffer{}}
	c.clean.previous, c.clean.next = &c.clean, &c.clean
	return c
}

// use makes b the most recently used of the clean ones, or takes it out of them.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (c *cache) use(b *buffer) {
	if b.next != nil {
		b.previous.next, b.next.previous = b.next, b.previous
		b.previous, b.next = nil, nil
	}
	if !b.pinned() {
		last := c.clean.previous
		b.previous, b.next = last, &c.clean
		last.next, c.clean.previous = b, b
	}
}

// find returns a block if it is in memory.
func (c *cache) find(block uint64) *buffer {
	b := c.buffers[block]
	if b != nil {
		c.use(b)
	}
	return b
}

// get returns a block.
func (c *cache) get(block uint64, k kind) (*buffer, error) {
	if b := c.find(block); b != nil {
		return b, nil
	}
	b := c.make(block, k)
	c.one[0] = b.data
	if err := c.device.Read(c.one[:], block*uint64(c.bytes)); err != nil {
		c.drop(b)
		return nil, vfs.ErrDamaged
	}
	return b, nil
}

// make returns a buffer for a block that is not in memory, with any content.
func (c *cache) make(block uint64, k kind) *buffer {
	var b *buffer
	if n := len(c.spare); n > 0 {
		b, c.spare = c.spare[n-1], c.spare[:n-1]
		data := b.data
		*b = buffer{data: data}
	} else {
		b = &buffer{data: make([]byte, c.bytes)}
	}
	b.block, b.kind = block, k
	c.buffers[block] = b
	c.use(b)
	return b
}

// fresh returns a block full of zeroes, whatever the volume has there.
func (c *cache) fresh(block uint64, k kind) *buffer {
	b := c.buffers[block]
	if b == nil {
		b = c.make(block, k)
	}
	clear(b.data)
	b.kind, b.checked = k, true
	return b
}

// drop forgets a buffer, whatever its state.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (c *cache) drop(b *buffer) {
	if b.next != nil {
		b.previous.next, b.next.previous = b.next, b.previous
		b.previous, b.next = nil, nil
	}
	delete(c.buffers, b.block)
	if len(c.spare) < c.limit {
		c.spare = append(c.spare, b)
	}
}

// trim drops clean buffers beyond the limit.
//
// Preconditions: nobody holds a clean buffer.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (c *cache) trim() {
	for len(c.buffers) > c.limit && c.clean.next != &c.clean {
		c.drop(c.clean.next)
	}
}

// save returns memory for the content of a block before an operation.
func (c *cache) save(data []byte) []byte {
	var undo []byte
	if n := len(c.undos); n > 0 {
		undo, c.undos = c.undos[n-1], c.undos[:n-1]
	} else {
		undo = make([]byte, c.bytes)
	}
	copy(undo, data)
	return undo
}
