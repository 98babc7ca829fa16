package instance

import (
	"encoding/binary"

	"mewz/abi"
	"mewz/kernel/system"
)

// memory is a linear memory of the program.
type memory struct {
	start     abi.VirtAddr
	bytes     []byte // as it is now
	maxPages  uint64
	sizeBytes []byte // the program's own wasm_memory_bytes, or nil
}

// memoriesOf are the memories that mapAll has mapped, by their numbers. A
// program without any has an empty one.
func memoriesOf(c *abi.Config) []memory {
	described := c.Memories()
	list := make([]memory, len(described))
	for number, d := range described {
		m := &list[number]
		m.start, m.maxPages = abi.MemoryAddress(number), d.MaxPages
		m.bytes = mapped(m.start, d.MinPages*abi.WasmPageBytes)
		if d.Bytes != 0 {
			m.sizeBytes = mapped(d.Bytes, 8)
		}
	}
	return list
}

// Memory returns the memory that functions of WASI work on, as it is now; Grow
// makes it stale.
func (i *Instance) Memory() []byte { return i.memories[i.config.WasiMemory].bytes }

// GrowFailed is the result of memory.grow and wasm_heap_commit that says no (-1 as i32).
const GrowFailed = 1<<32 - 1

// Grow is memory.grow (WebAssembly core 4.4.7) of the memory with a number: it
// returns the old size in wasm pages, or -1 when the memory's maximum or the
// machine's memory is reached.
func (i *Instance) Grow(number uint64, pages uint32) uint32 {
	if number >= uint64(len(i.memories)) {
		return GrowFailed
	}
	m := &i.memories[number]
	old := uint64(len(m.bytes)) / abi.WasmPageBytes
	grown := old + uint64(pages)
	if grown > m.maxPages {
		return GrowFailed
	}
	if pages == 0 {
		return uint32(old)
	}
	bytes := int64(pages) * abi.WasmPageBytes
	if !system.Charge(bytes) {
		return GrowFailed
	}
	if system.Protect(uint64(m.start)+old*abi.WasmPageBytes, uint64(bytes), system.ProtectReadWrite) != 0 {
		system.Charge(-bytes)
		return GrowFailed
	}
	m.bytes = mapped(m.start, grown*abi.WasmPageBytes)
	if m.sizeBytes != nil {
		binary.LittleEndian.PutUint64(m.sizeBytes, uint64(len(m.bytes)))
	}
	return uint32(old)
}

// memoryAt returns the memory in whose reserved range an address lies, or nil.
func (i *Instance) memoryAt(address uint64) *memory {
	for number := range i.memories {
		m := &i.memories[number]
		if address >= uint64(m.start) && address-uint64(m.start) < abi.MemoryReservedBytes {
			return m
		}
	}
	return nil
}
