package gc

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// What heap.go does that Go's language has not, on memory made for tests. Package
// translate makes instructions of calls of these functions (its table of
// intrinsics), so nothing of this is in an object.

// address is a place in memory; a pointer in an object.
type address uint64

// vector is a value of the type v128.
type vector [16]byte

// area is memory from an address on.
type area struct {
	at     address
	bytes  []byte
	usable []bool // blocks of it; nil: all
}

// has says whether n bytes from an address on lie there and are usable.
func (r *area) has(a address, n uint64) bool {
	offset := uint64(a - r.at)
	if a < r.at || offset >= uint64(len(r.bytes)) || n > uint64(len(r.bytes))-offset {
		return false
	}
	if r.usable == nil || n == 0 {
		return true
	}
	return !slices.Contains(r.usable[offset>>blockShift:(offset+n-1)>>blockShift+1], false)
}

// machine is the memory that the functions below work on, set by tests.
var machine struct {
	areas  []area
	heap   address // of wasm_heap
	frame  address // what frameAddress returns
	commit func(offset, bytes uint64) int32
}

// at returns n bytes of memory. It panics on what the processor could not do, or
// should not: the address is wrong then.
func at(a address, n, alignment uint64) []byte {
	for k := range machine.areas {
		if r := &machine.areas[k]; uint64(a)%alignment == 0 && r.has(a, n) {
			return r.bytes[a-r.at:][:n]
		}
	}
	panic(fmt.Sprintf("gc: %d bytes at %#x are not there, or not aligned to %d", n, uint64(a), alignment))
}

func load8(a address) uint8   { return at(a, 1, 1)[0] }
func load32(a address) uint32 { return binary.LittleEndian.Uint32(at(a, 4, 4)) }
func load64(a address) uint64 { return binary.LittleEndian.Uint64(at(a, 8, 8)) }

func loadAddress(a address) address { return address(load64(a)) }

func store8(a address, value uint8)   { at(a, 1, 1)[0] = value }
func store16(a address, value uint16) { binary.LittleEndian.PutUint16(at(a, 2, 2), value) }
func store32(a address, value uint32) { binary.LittleEndian.PutUint32(at(a, 4, 4), value) }
func store64(a address, value uint64) { binary.LittleEndian.PutUint64(at(a, 8, 8), value) }

func storeAddress(a, value address) { store64(a, uint64(value)) }

func storeVector(a address, value vector) { copy(at(a, 16, 8), value[:]) }

// clearBytes sets bytes to zero.
func clearBytes(a address, bytes uint64) { clear(at(a, bytes, 1)) }

// touch reads a byte, for the page fault that may come of it.
func touch(a address) { at(a, 1, 1) }

func onesCount(x uint64) uint64 { return uint64(bits.OnesCount64(x)) }

func leadingZeros(x uint64) uint64 { return uint64(bits.LeadingZeros64(x)) }

// likely is its argument, and says that it is true nearly always.
func likely(condition bool) bool { return condition }

// heap is the address of wasm_heap, the state of the heap.
func heap() address { return machine.heap }

// commitMemory is wasm_heap_commit.
func commitMemory(offset, bytes uint64) int32 { return machine.commit(offset, bytes) }

// saveRegisters writes the registers that calls keep into the frame of the function,
// below its address. The function must not be inlined.
func saveRegisters() {}

// frameAddress is the address of the frame of the function, above which nothing of
// it lies but the address it returns to.
func frameAddress() address { return machine.frame }
