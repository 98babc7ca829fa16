package memory

import "mewz/kernel/cpu"

// PageBytes and LargePageBytes are the two sizes of pages that are mapped.
const (
	PageBytes      = 4096
	LargePageBytes = 2 << 20

	pageShift = 12
	// LargeOrder is the order of a block of LargePageBytes.
	LargeOrder = 9

	// orders is the number of block sizes: 4 KiB to 1 GiB. The large ones make
	// handing over a whole machine's RAM at boot cheap.
	orders = 19

	// A free list has room for orderSlots, a power of two, so that a masked
	// index needs no bounds check: a check is a call that may panic.
	orderSlots = 32
	orderMask  = orderSlots - 1

	// The state of a frame is one byte: stateFree|order at the first frame of a
	// free block, 0 at all others.
	stateFree = 0x80
)

// Frames is a buddy allocator of page frames. A free block holds its links: the
// address of the next free block of its order, then of the previous one.
type Frames struct {
	offset uintptr // virtual minus physical address of RAM: the direct map
	state  uintptr // virtual address of the state bytes, one for each frame
	limit  uintptr // frames at or above this physical address do not exist
	free   [orderSlots]uintptr

	FreePages  uintptr
	TotalPages uintptr // all that was ever handed over with AddRange
}

// StateBytes returns the size of the state table for RAM below limit.
//
//go:nosplit
func StateBytes(limit uintptr) uintptr {
	return (limit>>pageShift + PageBytes - 1) &^ (PageBytes - 1)
}

// Init makes f an allocator without frames for RAM below limit.
//
// Preconditions: state is the address of StateBytes(limit) zero bytes; RAM is
// mapped at its physical address plus offset.
//
//go:nosplit
func (f *Frames) Init(offset, state, limit uintptr) {
	f.offset, f.state, f.limit = offset, state, limit
}

// AddRange hands the frames of [low, high) to f.
//
// Preconditions: both are multiples of PageBytes and below the limit, and no
// frame in between was handed over before.
//
//go:nosplit
func (f *Frames) AddRange(low, high uintptr) {
	for low < high {
		order := uintptr(0)
		for order < orders-1 {
			size := uintptr(PageBytes) << (order + 1)
			if low&(size-1) != 0 || low+size > high {
				break
			}
			order++
		}
		f.TotalPages += 1 << order
		f.Free(low, order)
		low += PageBytes << order
	}
}

// Allocate returns the physical address of 1<<order contiguous frames, aligned
// to their size, or 0 when there are none. They are not cleared.
//
//go:nosplit
func (f *Frames) Allocate(order uintptr) uintptr {
	have := order
	for have < orders && f.free[have&orderMask] == 0 {
		have++
	}
	if have >= orders {
		return 0
	}
	block := f.free[have&orderMask]
	f.unlink(block, have)
	for have > order { // give the upper halves back
		have--
		f.link(block+PageBytes<<have, have)
	}
	f.FreePages -= 1 << order
	return block - f.offset
}

// Free gives back 1<<order frames at physical.
//
//go:nosplit
func (f *Frames) Free(physical, order uintptr) {
	f.FreePages += 1 << order
	for order < orders-1 {
		buddy := physical ^ PageBytes<<order
		if buddy >= f.limit || cpu.Load8(f.state+buddy>>pageShift) != stateFree|uint8(order) {
			break
		}
		f.unlink(buddy+f.offset, order)
		physical &^= PageBytes << order
		order++
	}
	f.link(physical+f.offset, order)
}

// link puts a block at the head of its free list.
//
//go:nosplit
func (f *Frames) link(block, order uintptr) {
	head := f.free[order&orderMask]
	cpu.Store64(block, head)
	cpu.Store64(block+8, 0)
	if head != 0 {
		cpu.Store64(head+8, block)
	}
	f.free[order&orderMask] = block
	cpu.Store8(f.state+(block-f.offset)>>pageShift, stateFree|uint8(order))
}

// unlink takes a block out of its free list.
//
//go:nosplit
func (f *Frames) unlink(block, order uintptr) {
	next, previous := cpu.Load64(block), cpu.Load64(block+8)
	if previous == 0 {
		f.free[order&orderMask] = next
	} else {
		cpu.Store64(previous, next)
	}
	if next != 0 {
		cpu.Store64(next+8, previous)
	}
	cpu.Store8(f.state+(block-f.offset)>>pageShift, 0)
}
