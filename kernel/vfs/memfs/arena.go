package memfs

import (
	"math/bits"
	"syscall"

	"mewz/kernel/vfs"
)

// Sizes of what the arena hands out. A slab is what is asked of the machine at
// once: small, because a machine has few megabytes and most file systems few
// files.
const (
	unitBytes  = 64
	blockBytes = 4096
	blockUnits = blockBytes / unitBytes
	slabBlocks = 16
	slabBytes  = slabBlocks * blockBytes
	slabUnits  = slabBytes / unitBytes
	pageBytes  = 4096

	// arenaMaxBytes is what references reach: 256 GiB.
	arenaMaxBytes = (1<<32 - slabUnits) * unitBytes
	// idleMax is how many slabs without content are kept, so that a file that comes
	// and goes does not take and give back memory each time.
	idleMax = 1
)

// ref names an object or a block in the arena: its place in units. Those below
// firstRef are free for other meanings; 0 is nothing.
type ref uint32

const firstRef ref = blockUnits

// class is a size of small objects.
type class uint8

// Classes of objects; a block is cut into objects of one class.
const (
	class64 class = iota
	class128
	class256
	class320
	classes
)

// classUnits is the size of a class in units.
var classUnits = [classes]uint8{class64: 1, class128: 2, class256: 4, class320: 5}

// classOf returns the smallest class for n bytes, or classes if it takes a block.
func classOf(n int) class {
	c := class64
	for c < classes && n > int(classUnits[c])*unitBytes {
		c++
	}
	return c
}

// objects is the header of a block that is cut into objects, in its first unit.
type objects struct {
	free       uint64 // a bit for each object that is free
	next, prev ref    // of the blocks with free objects of the class
	class      class
}

// allFree is objects.free of a block without objects in use.
func (c class) allFree() uint64 { return 1<<((blockUnits-1)/uint64(classUnits[c])) - 1 }

// slab is the state of slabBytes of the arena.
type slab struct {
	free       uint16 // a bit for each free block
	ready      bool   // its memory is there
	next, prev uint32 // index+1: of the slabs with free blocks; of the slabs not ready, next only
}

const slabFree = 1<<slabBlocks - 1

// arena is memory outside of the Go heap: the collector neither sees nor counts
// it, and what is not used any more goes back to the machine.
type arena struct {
	bytes  []byte // address space; slabs of it have memory
	charge func(bytes int64) bool
	slabs  []slab
	room   uint32 // index+1 of the first slab with free blocks
	gone   uint32 // index+1 of the first slab that has been given back
	idle   int    // slabs that are ready and without a block in use
	blocks uint64 // in use
	lists  [classes]ref
}

// openArena reserves addresses for bytes.
func openArena(bytes uint64, charge func(bytes int64) bool) (*arena, error) {
	bytes = min((bytes+slabBytes-1)/slabBytes*slabBytes, arenaMaxBytes)
	const flags = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_NORESERVE
	b, err := syscall.Mmap(-1, 0, int(bytes), syscall.PROT_READ|syscall.PROT_WRITE, flags)
	if err != nil {
		return nil, err
	}
	return &arena{bytes: b, charge: charge}, nil
}

// close gives all back. Nothing may be used afterwards.
func (a *arena) close() error {
	b := a.bytes
	a.bytes = nil
	return syscall.Munmap(b)
}

// listSlab puts a slab first among those with free blocks.
func (a *arena) listSlab(number uint32) {
	s := &a.slabs[number-1]
	s.next, s.prev = a.room, 0
	if a.room != 0 {
		a.slabs[a.room-1].prev = number
	}
	a.room = number
}

// unlistSlab takes a slab from that list.
func (a *arena) unlistSlab(number uint32) {
	s := &a.slabs[number-1]
	if s.prev != 0 {
		a.slabs[s.prev-1].next = s.next
	} else {
		a.room = s.next
	}
	if s.next != 0 {
		a.slabs[s.next-1].prev = s.prev
	}
}

// addSlab makes another slab ready. Its memory is booked, then taken by touching
// it, so that the machine counts it as used; then the booking is over.
func (a *arena) addSlab() error {
	number := a.gone
	if number == 0 && len(a.slabs) == len(a.bytes)/slabBytes {
		return vfs.ErrNoSpace
	}
	if !a.charge(slabBytes) {
		return vfs.ErrNoSpace
	}
	if number == 0 {
		a.slabs = append(a.slabs, slab{free: slabFree})
		number = uint32(len(a.slabs))
	} else {
		a.gone = a.slabs[number-1].next
	}
	b := a.slabBytes(number)
	for i := 0; i < slabBytes; i += pageBytes {
		b[i] = 0
	}
	a.charge(-slabBytes)
	a.slabs[number-1].ready = true
	a.idle++
	a.listSlab(number)
	return nil
}

// slabBytes returns the memory of a slab.
func (a *arena) slabBytes(number uint32) []byte {
	return a.bytes[uint64(number-1)*slabBytes:][:slabBytes]
}

// takeBlock takes a block with whatever is in it.
func (a *arena) takeBlock() (ref, error) {
	if a.room == 0 {
		if err := a.addSlab(); err != nil {
			return 0, err
		}
	}
	number := a.room
	s := &a.slabs[number-1]
	if s.free == slabFree {
		a.idle--
	}
	i := bits.TrailingZeros16(s.free)
	s.free &^= 1 << i
	if s.free == 0 {
		a.unlistSlab(number)
	}
	a.blocks++
	return firstRef + ref(number-1)*slabUnits + ref(i)*blockUnits, nil
}

// freeBlock gives a block back.
func (a *arena) freeBlock(r ref) {
	at := r - firstRef
	number := uint32(at/slabUnits) + 1
	s := &a.slabs[number-1]
	if s.free == 0 {
		a.listSlab(number)
	}
	s.free |= 1 << (at % slabUnits / blockUnits)
	a.blocks--
	if s.free != slabFree {
		return
	}
	a.idle++
	if a.idle <= idleMax {
		return
	}
	a.idle--
	a.unlistSlab(number)
	// Should the machine not take it back, it is touched again when it is needed.
	_ = syscall.Madvise(a.slabBytes(number), syscall.MADV_DONTNEED)
	s.ready, s.next = false, a.gone
	a.gone = number
}

// take takes a cleared object.
func (a *arena) take(c class) (ref, error) {
	block := a.lists[c]
	if block == 0 {
		var err error
		if block, err = a.takeBlock(); err != nil {
			return 0, err
		}
		*a.objects(block) = objects{free: c.allFree(), class: c}
		a.lists[c] = block
	}
	o := a.objects(block)
	i := bits.TrailingZeros64(o.free)
	o.free &^= 1 << i
	if o.free == 0 {
		a.unlist(o)
	}
	r := block + 1 + ref(i)*ref(classUnits[c])
	clear(a.raw(r, int(classUnits[c])*unitBytes))
	return r, nil
}

// unlist takes a block from the list of those with free objects.
func (a *arena) unlist(o *objects) {
	if o.prev != 0 {
		a.objects(o.prev).next = o.next
	} else {
		a.lists[o.class] = o.next
	}
	if o.next != 0 {
		a.objects(o.next).prev = o.prev
	}
	o.next, o.prev = 0, 0
}

// free gives an object back.
func (a *arena) free(r ref) {
	block := r &^ (blockUnits - 1)
	o := a.objects(block)
	if o.free == 0 {
		o.next, o.prev = a.lists[o.class], 0
		if o.next != 0 {
			a.objects(o.next).prev = block
		}
		a.lists[o.class] = block
	}
	o.free |= 1 << ((uint8(r-block) - 1) / classUnits[o.class])
	if o.free == o.class.allFree() {
		a.unlist(o)
		a.freeBlock(block)
	}
}

// takeBytes takes room for n bytes, up to a block.
func (a *arena) takeBytes(n int) (ref, error) {
	if c := classOf(n); c < classes {
		return a.take(c)
	}
	return a.takeBlock()
}

// freeBytes gives back what takeBytes(n) took.
func (a *arena) freeBytes(r ref, n int) {
	if classOf(n) < classes {
		a.free(r)
	} else {
		a.freeBlock(r)
	}
}
