package instance

import (
	"cmp"
	"errors"
	"slices"

	"mewz/abi"
	"mewz/kernel/system"
)

// Errors of a configuration that does not fit the address space.
var (
	errMemoryPages  = errors.New("config: the pages of linear memory are out of bounds")
	errMemories     = errors.New("config: it has more memories than an image, or names one that there is not")
	errMemoryImages = errors.New("config: initial memory does not lie in linear memory, page by page")
	errStackBytes   = errors.New("config: the stack of the program is out of bounds")
	errZero         = errors.New("config: a range of bss lies outside of the program")
	errHeap         = errors.New("config: the state of the heap lies outside of the program")
	errEntry        = errors.New("config: the entry lies outside of the text of the program")
	errMap          = errors.New("mapping the memory of the program failed")

	// ErrMemoryShort says that the machine cannot back the memory that the
	// program declares.
	ErrMemoryShort = errors.New("out of memory: the machine is too small for the linear memory that the program starts with; give it more with -m")
)

const memoryLimit = abi.MemoryBase + abi.MemoryMaxPages*abi.WasmPageBytes

// check verifies what mapping relies on.
func check(c *abi.Config) error {
	if len(c.MoreMemories) > abi.MoreMemoriesMax || c.WasiMemory > uint64(len(c.MoreMemories)) {
		return errMemories
	}
	for _, m := range c.Memories() {
		if m.MinPages > m.MaxPages || m.MaxPages > abi.MemoryMaxPages {
			return errMemoryPages
		}
	}
	if c.StackBytes == 0 || c.StackBytes%abi.PageBytes != 0 || c.StackBytes > abi.StackMaxBytes {
		return errStackBytes
	}
	if c.Entry < c.TextStart || c.Entry >= c.TextEnd {
		return errEntry
	}
	if c.Heap != 0 && (c.Heap < abi.KernelBase || c.Heap > abi.MemoryBase-heapWordsBytes) {
		return errHeap
	}
	end := abi.MemoryBase
	for _, r := range c.MemoryImages {
		if r.Start%abi.PageBytes != 0 || r.Start < end || r.Start > memoryLimit || r.Bytes > uint64(memoryLimit-r.Start) {
			return errMemoryImages
		}
		end = pageUp(r.Start + abi.VirtAddr(r.Bytes))
	}
	if end > abi.MemoryBase && uint64(end-abi.MemoryBase) > c.MemoryMinPages*abi.WasmPageBytes {
		return errMemoryImages
	}
	for _, r := range c.Zero {
		if r.Start < abi.KernelBase || r.Start > abi.MemoryBase || r.Bytes > uint64(abi.MemoryBase-r.Start) {
			return errZero
		}
	}
	return nil
}

// mapAll makes the address space of the program: bss, linear memory with what
// the image holds of it, and the stack. Preconditions: check(c) == nil.
func mapAll(c *abi.Config) error {
	for _, r := range c.Zero {
		if err := mapZero(r); err != nil {
			return err
		}
	}
	images := c.MemoryImages // all of the first memory
	for k, m := range c.Memories() {
		if err := mapMemory(abi.MemoryAddress(k), m.MinPages*abi.WasmPageBytes, images); err != nil {
			return err
		}
		images = nil
	}
	if err := mapHeap(c); err != nil {
		return err
	}
	stack := uint64(abi.StackTop) - c.StackBytes
	if system.Map(stack-abi.StackGuardBytes, abi.StackGuardBytes, system.ProtectNone) != 0 ||
		system.Map(stack, c.StackBytes, system.ProtectReadWrite) != 0 {
		return errMap
	}
	return nil
}

// mapZero maps one range of bss. A range may begin inside of the last page of
// the data segment, which is mapped already; that part is cleared.
func mapZero(r abi.Range) error {
	start, end := pageUp(r.Start), pageUp(r.Start+abi.VirtAddr(r.Bytes))
	if head := min(uint64(start-r.Start), r.Bytes); head != 0 {
		clear(mapped(r.Start, head))
	}
	if end > start && system.Map(uint64(start), uint64(end-start), system.ProtectReadWrite) != 0 {
		return errMap
	}
	return nil
}

// mapMemory reserves a linear memory around the chunks that the loader of the
// image put there, and makes bytes of it usable.
func mapMemory(start abi.VirtAddr, bytes uint64, images []abi.Range) error {
	reserved := abi.Range{Start: start, Bytes: abi.MemoryReservedBytes}
	for _, gap := range gaps(reserved, images) {
		if system.Map(uint64(gap.Start), gap.Bytes, system.ProtectNone) != 0 {
			return errMap
		}
	}
	inImage := uint64(0)
	for _, r := range images {
		end := r.Start + abi.VirtAddr(r.Bytes)
		clear(mapped(end, uint64(pageUp(end)-end))) // the loader leaves what follows in the file
		inImage += uint64(pageUp(end) - r.Start)
	}
	if !system.Charge(int64(bytes - inImage)) {
		return ErrMemoryShort
	}
	if system.Protect(uint64(start), bytes, system.ProtectReadWrite) != 0 {
		return errMap
	}
	return nil
}

// gaps returns what of whole is in none of parts, page by page.
func gaps(whole abi.Range, parts []abi.Range) []abi.Range {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b abi.Range) int { return cmp.Compare(a.Start, b.Start) })
	var list []abi.Range
	at, end := whole.Start, whole.Start+abi.VirtAddr(whole.Bytes)
	for _, r := range parts {
		if r.Bytes == 0 {
			continue
		}
		if r.Start > at {
			list = append(list, abi.Range{Start: at, Bytes: uint64(r.Start - at)})
		}
		at = pageUp(r.Start + abi.VirtAddr(r.Bytes))
	}
	if at < end {
		list = append(list, abi.Range{Start: at, Bytes: uint64(end - at)})
	}
	return list
}

func pageUp(a abi.VirtAddr) abi.VirtAddr { return (a + abi.PageBytes - 1) &^ (abi.PageBytes - 1) }
