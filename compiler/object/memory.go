package object

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"mewz/abi"
)

// Symbols of the contract (docs/abi.md), each behind Module.SymbolPrefix.
const (
	SymbolStart       = "wasm_start"
	SymbolInstantiate = "wasm_instantiate"
	SymbolExport      = "wasm_export." // followed by the export's name
	SymbolMemory      = "wasm_memory"
	SymbolMemoryBytes = "wasm_memory_bytes"
	SymbolMemoryMax   = "wasm_memory_max"
	SymbolMemoryImage = "wasm_memory_image"
	SymbolMemoryGrow  = "wasm_memory_grow"
	SymbolMemoryWait  = "wasm_memory_wait"
	SymbolHeap        = "wasm_heap"        // state of the heap of objects
	SymbolHeapCommit  = "wasm_heap_commit" // makes a part of its range usable
	SymbolExceptions  = "wasm_exceptions"
)

// chunkPrefix begins the name of a section that holds initial linear memory.
const chunkPrefix = ".wasm.memory."

// chunkGapBytes is the least run of zeroes between two data segments that
// splits a chunk: below it a chunk of its own costs more (a section, a program
// header, a page of rounding) than the zeroes.
const chunkGapBytes = 64 << 10

// Data is an active data segment whose place is known: bytes at an offset of
// linear memory.
type Data struct {
	Offset uint64
	Bytes  []byte
}

// Chunk is a run of initial linear memory that begins on a page.
type Chunk struct {
	Offset uint64 // multiple of abi.PageBytes
	Bytes  []byte
}

// ChunkSection is the name of the section that holds a chunk.
func ChunkSection(offset uint64) string { return chunkPrefix + strconv.FormatUint(offset, 16) }

// ParseChunkSection returns the offset in linear memory that the name of a
// section gives; ok is false for other sections.
func ParseChunkSection(name string) (offset uint64, ok bool) {
	digits, ok := strings.CutPrefix(name, chunkPrefix)
	if !ok {
		return 0, false
	}
	offset, err := strconv.ParseUint(digits, 16, 64)
	return offset, err == nil && ChunkSection(offset) == name
}

// Chunks merges data segments, given in order of sections, into chunks in
// ascending order. Where segments overlap the later one wins, as instantiation
// demands (WebAssembly core 4.5.4: segments are initialised in order).
//
// Preconditions: every segment ends below 1<<40.
func Chunks(segments []Data) []Chunk {
	var chunks []Chunk
	for _, run := range runs(segments) {
		// A chunk starts on a page, and no page belongs to two chunks,
		// because gaps are larger than a page.
		chunks = append(chunks, Chunk{run.Start, make([]byte, run.End-run.Start)})
	}
	for _, s := range segments {
		if len(s.Bytes) == 0 {
			continue
		}
		c := findChunk(chunks, s.Offset)
		copy(c.Bytes[s.Offset-c.Offset:], s.Bytes)
	}
	return chunks
}

// zeroesMax bounds the zeroes between data segments that are in the object. Programs of
// Go have the most segments, 30,000, and some MiB between them; a segment of a
// byte in each wasm page is all of 4 GiB.
const zeroesMax = 512 << 20

// CheckSpread refuses data segments of which Chunks would make little but zeroes.
func CheckSpread(segments []Data) error {
	bytes, covered := uint64(0), uint64(0)
	for i := range segments {
		bytes += uint64(len(segments[i].Bytes))
	}
	for _, run := range runs(segments) {
		covered += run.End - run.Start
	}
	if covered > bytes+zeroesMax {
		return fmt.Errorf("%d MiB of zeroes between %d data segments of %d bytes, at most %d MiB: have the program write what lies far apart",
			(covered-bytes)>>20, len(segments), bytes, zeroesMax>>20)
	}
	return nil
}

// AddMemory adds what the contract says of a module's linear memory: its
// current size, the most pages it may have, its initial content as sections,
// and the table of them.
func (f *File) AddMemory(prefix string, m Memory, chunks []Chunk) error {
	if m.MinPages > m.MaxPages || m.MaxPages > abi.MemoryMaxPages {
		return fmt.Errorf("memory of %d to %d pages: an address space holds %d", m.MinPages, m.MaxPages, abi.MemoryMaxPages)
	}
	const alloc, write = elf.SHF_ALLOC, elf.SHF_WRITE
	le := binary.LittleEndian
	size := f.AddSection(Section{
		Name: ".data." + SymbolMemoryBytes, Flags: alloc | write, Align: 8,
		Data: le.AppendUint64(nil, m.MinPages*abi.WasmPageBytes),
	})
	f.AddObject(prefix+SymbolMemoryBytes, size)
	most := f.AddSection(Section{
		Name: ".rodata." + SymbolMemoryMax, Flags: alloc, Align: 8, Data: le.AppendUint64(nil, m.MaxPages),
	})
	f.AddObject(prefix+SymbolMemoryMax, most)

	pointer, err := pointerRelocation(f.Machine)
	if err != nil {
		return err
	}
	const entryBytes = 24 // uint64 offset, uint64 bytes, pointer
	table := Section{Name: ".rodata." + SymbolMemoryImage, Flags: alloc, Align: 8}
	for i, c := range chunks {
		if c.Offset%abi.PageBytes != 0 || c.Offset+uint64(len(c.Bytes)) > m.MinPages*abi.WasmPageBytes {
			return fmt.Errorf("initial memory at %#x: not on a page or beyond the memory", c.Offset)
		}
		section := f.AddSection(Section{
			Name: ChunkSection(c.Offset), Flags: alloc | write, Align: abi.PageBytes, Data: c.Bytes,
		})
		table.Data = le.AppendUint64(table.Data, c.Offset)
		table.Data = le.AppendUint64(table.Data, uint64(len(c.Bytes)))
		table.Data = le.AppendUint64(table.Data, 0)
		table.Relocations = append(table.Relocations, Relocation{
			Offset: uint64(i*entryBytes + 16), Symbol: uint32(f.AddSectionSymbol(section)), Type: pointer,
		})
	}
	table.Data = append(table.Data, make([]byte, entryBytes)...)
	f.AddObject(prefix+SymbolMemoryImage, f.AddSection(table))
	return nil
}

// MemorySymbol is the stem of the symbols of a memory that a module defines, by
// its number among these.
func MemorySymbol(number int) string {
	if number == 0 {
		return SymbolMemory
	}
	return SymbolMemory + strconv.Itoa(number)
}

// AddFurtherMemory adds what the contract says of a memory other than the first:
// its current size and the most pages it may have.
func (f *File) AddFurtherMemory(prefix string, number int, m Memory) {
	const alloc, write = elf.SHF_ALLOC, elf.SHF_WRITE
	symbol := MemorySymbol(number)
	f.AddObject(prefix+symbol+"_bytes", f.AddSection(Section{
		Name: ".data." + symbol + "_bytes", Flags: alloc | write, Align: 8,
		Data: binary.LittleEndian.AppendUint64(nil, m.MinPages*abi.WasmPageBytes),
	}))
	f.AddObject(prefix+symbol+"_max", f.AddSection(Section{
		Name: ".rodata." + symbol + "_max", Flags: alloc, Align: 8, Data: binary.LittleEndian.AppendUint64(nil, m.MaxPages),
	}))
}

// pointerRelocation is the relocation type of a 64-bit address.
func pointerRelocation(machine elf.Machine) (uint32, error) {
	switch machine {
	case elf.EM_X86_64:
		return uint32(elf.R_X86_64_64), nil
	case elf.EM_AARCH64:
		return uint32(elf.R_AARCH64_ABS64), nil
	}
	return 0, fmt.Errorf("objects for %v are not supported", machine)
}
