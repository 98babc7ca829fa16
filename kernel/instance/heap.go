package instance

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/system"
)

// The heap of objects (docs/abi.md, wasm_heap): the program has allocator and
// collector, the kernel gives it memory.

// heapWordsBytes is what the kernel writes into wasm_heap: the range, its length,
// and where the stack ends.
const heapWordsBytes = 3 * 8

// processHeapBytes is what the heap may take of a computer that is not the
// program's alone: as much as linear memory.
const processHeapBytes = abi.MemoryMaxPages * abi.WasmPageBytes

// mapHeap reserves the range of the heap and tells the program of it.
func mapHeap(c *abi.Config) error {
	if c.Heap == 0 {
		return nil
	}
	if system.Map(uint64(abi.HeapBase), abi.HeapReservedBytes, system.ProtectNone) != 0 {
		return errMap
	}
	usable := uint64(abi.HeapReservedBytes)
	if !system.Charges() {
		usable = processHeapBytes
	}
	words := mapped(c.Heap, heapWordsBytes)
	for k, v := range []uint64{uint64(abi.HeapBase), usable, uint64(abi.StackTop)} {
		binary.LittleEndian.PutUint64(words[8*k:], v)
	}
	return nil
}

// CommitHeap is wasm_heap_commit: it makes bytes from an offset of the heap's
// range on usable. The result is 0, or GrowFailed when the range or the machine's memory
// is used up.
func (i *Instance) CommitHeap(offset, bytes uint64) uint64 {
	if i.config.Heap == 0 || offset > abi.HeapReservedBytes || bytes > abi.HeapReservedBytes-offset ||
		offset%abi.PageBytes != 0 || bytes%abi.PageBytes != 0 || !system.Charge(int64(bytes)) {
		return GrowFailed
	}
	if system.Protect(uint64(abi.HeapBase)+offset, bytes, system.ProtectReadWrite) != 0 {
		system.Charge(-int64(bytes))
		return GrowFailed
	}
	return 0
}

// inHeap says whether an address lies in the range of the heap.
func inHeap(address uint64) bool {
	return address >= uint64(abi.HeapBase) && address-uint64(abi.HeapBase) < abi.HeapReservedBytes
}
