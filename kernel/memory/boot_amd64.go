package memory

import (
	"mewz/abi"
	"mewz/kernel/cpu"
)

// Boot says what is known before there is any memory management.
type Boot struct {
	StartInfo uintptr // physical address of hvm_start_info
	KernelEnd uintptr // end of the kernel's own bss
}

// Offsets in hvm_start_info and its memory map (x86/HVM direct boot ABI).
const (
	startMagic      = 0x336ec578
	startLine       = 24
	startModules    = 12
	startModuleList = 16
	startMapAddress = 40
	startMapEntries = 48
	mapEntryBytes   = 24
	mapSize         = 8
	mapType         = 16
	mapTypeRAM      = 1
	mapEntriesMax   = 256 // more is not a map
	moduleSize      = 8   // in an entry of the list of modules; its address is at 0
)

// Offsets in the ELF header and a program header (ELF-64 gABI).
const (
	elfMagic        = 0x464c457f
	elfPhoff        = 32
	elfPhentsize    = 54
	elfPhnum        = 56
	programFlags    = 4
	programVaddr    = 16
	programPaddr    = 24
	programFilesz   = 32
	programMemsz    = 40
	programTypeLoad = 1
	programFlagX    = 1
	programFlagW    = 2
	programFlagR    = 4
)

var (
	// bootRanges is the RAM that nobody uses yet; after boot, Frames has it.
	bootRanges ranges
	ramRanges  ranges // all RAM but the image
)

// Kernel is the address space of this machine.
var Kernel Space

// Init takes over the memory of the machine: it builds page tables, switches to
// them and fills the allocator. It returns what is wrong, or "".
//
// Preconditions: the first GiB is mapped at its physical address, writable.
// Postconditions: only the areas, the direct map and the windows of the package
// comment are mapped.
//
//go:nosplit
func (s *Space) Init(b *Boot) string {
	if wrong := readMap(b.StartInfo); wrong != "" {
		return wrong
	}
	if wrong := readLine(b.StartInfo); wrong != "" {
		return wrong
	}
	if cpu.Load32(uintptr(abi.KernelBase)) != elfMagic {
		return "the ELF header of the image is not mapped"
	}
	bootRanges.subtract(0, PageBytes)
	for h := firstHeader(); h.more(); h.advance() {
		if h.load() {
			if !bootRanges.contains(h.physical(), h.physical()+h.memoryBytes()) {
				return "the image does not fit in the memory of the machine; give it more"
			}
		}
	}
	for h := firstHeader(); h.more(); h.advance() {
		if h.load() {
			bootRanges.subtract(h.physical(), h.physical()+h.memoryBytes())
		}
	}
	for i := 0; i < bootRanges.n; i++ {
		v := &bootRanges.list[i&rangeMask]
		ramRanges.add(v.low, v.high)
	}
	if wrong := readModule(b.StartInfo); wrong != "" {
		return wrong
	}
	if !s.buildTables(b.KernelEnd) || !s.startFrames() {
		return "not enough memory for page tables"
	}
	if !s.addSegments(b.KernelEnd) {
		return "too many segments in the image"
	}
	s.linearLow = uintptr(abi.MemoryBase)
	s.linearHigh = s.linearLow + abi.MemoryReservedBytes
	s.moreLow = uintptr(abi.MoreMemoriesBase)
	s.moreHigh = uintptr(abi.HeapBase + abi.HeapReservedBytes)
	return ""
}

// readMap reads the memory map of the VMM into bootRanges.
//
//go:nosplit
func readMap(info uintptr) string {
	if info == 0 || info >= gigabyte || cpu.Load32(info) != startMagic {
		return "not started by the PVH protocol"
	}
	entry := cpu.Load64(info + startMapAddress)
	n := cpu.Load32(info + startMapEntries)
	if entry == 0 || entry >= gigabyte || n == 0 || n > mapEntriesMax {
		return "the VMM gives no memory map"
	}
	for ; n > 0; n-- {
		if cpu.Load32(entry+mapType) == mapTypeRAM {
			low, size := cpu.Load64(entry), cpu.Load64(entry+mapSize)
			if low < 1<<46 && size < 1<<46 {
				bootRanges.add(low, low+size)
			}
		}
		entry += mapEntryBytes
	}
	return ""
}

// commandLine is the command line of the VMM, kept before its memory is used for
// other things.
var (
	commandLine      [abi.CommandLineMaxBytes]byte
	commandLineBytes uintptr
)

// CommandLine returns where the command line of the VMM is.
//
//go:nosplit
func CommandLine() (address, bytes uintptr) { return commandLineAddress(), commandLineBytes }

// readLine copies the command line of the VMM. There need not be one.
//
// Preconditions: readMap found info in order.
//
//go:nosplit
func readLine(info uintptr) string {
	from := cpu.Load64(info + startLine)
	if from == 0 {
		return ""
	}
	if from >= gigabyte-abi.CommandLineMaxBytes {
		return "the kernel command line lies beyond the first GiB"
	}
	to := commandLineAddress()
	for i := uintptr(0); i < abi.CommandLineMaxBytes; i++ {
		c := cpu.Load8(from + i)
		if c == 0 {
			commandLineBytes = i
			return ""
		}
		cpu.Store8(to+i, c)
	}
	return "the kernel command line is longer than 4095 bytes"
}

// What the VMM gives besides the image and the command line. Nobody else gets this memory.
var modulePhysical, moduleBytes uintptr

// Module returns where the first module of the VMM is, 0 bytes if there is none.
//
//go:nosplit
func Module() (physical, bytes uintptr) { return modulePhysical, moduleBytes }

// readModule keeps the memory of the first module (QEMU's -initrd) from the allocator;
// others are not looked at.
//
// Preconditions: readMap found info in order; bootRanges has no memory of the image.
//
//go:nosplit
func readModule(info uintptr) string {
	if cpu.Load32(info+startModules) == 0 {
		return ""
	}
	entry := cpu.Load64(info + startModuleList)
	if entry == 0 || entry >= gigabyte {
		return "the list of modules of the VMM lies beyond the first GiB"
	}
	low, size := cpu.Load64(entry), cpu.Load64(entry+moduleSize)
	if size == 0 {
		return ""
	}
	if low >= 1<<46 || size >= 1<<46 || !bootRanges.contains(low, low+size) {
		return "the initrd does not lie in memory beside the image; give the machine more"
	}
	bootRanges.subtract(low, low+size)
	modulePhysical, moduleBytes = low, size
	return ""
}

// buildTables makes the direct map, maps the kernel by its program headers and
// switches to the result.
//
//go:nosplit
func (s *Space) buildTables(kernelEnd uintptr) bool {
	s.early = true
	_, _, _, extended := cpu.CPUID(0x80000001, 0)
	s.huge = extended&(1<<26) != 0 // PDPE1GB
	if s.root = s.table(); s.root == 0 {
		return false
	}
	for i := 0; i < ramRanges.n; i++ {
		v := &ramRanges.list[i&rangeMask]
		if !s.mapRange(DirectBase+v.low, v.low, v.high-v.low, entryPresent|entryWrite|entryNoExecute) {
			return false
		}
	}
	for h := firstHeader(); h.more(); h.advance() {
		if !h.load() || h.virtual() >= kernelEnd {
			continue
		}
		low := h.virtual() &^ (PageBytes - 1)
		high := (h.virtual() + h.memoryBytes() + PageBytes - 1) &^ (PageBytes - 1)
		if !s.mapRange(low, low, high-low, entryFlags(h.protection())) {
			return false
		}
	}
	cpu.WriteCR3(s.root)
	s.live, s.Frames.offset = true, DirectBase
	return true
}

// startFrames hands the RAM that is left to the allocator.
//
//go:nosplit
func (s *Space) startFrames() bool {
	limit := bootRanges.end()
	bytes := StateBytes(limit)
	state := bootRanges.take(bytes, limit)
	if state == 0 {
		return false
	}
	cpu.ZeroPages(state+DirectBase, bytes)
	s.Frames.Init(DirectBase, state+DirectBase, limit)
	for i := 0; i < bootRanges.n; i++ {
		v := &bootRanges.list[i&rangeMask]
		s.Frames.AddRange(v.low, v.high)
	}
	s.early = false
	return true
}

// addSegments makes an area of each segment. Those of the kernel are mapped
// already; what the linker added is mapped on first touch.
//
//go:nosplit
func (s *Space) addSegments(kernelEnd uintptr) bool {
	for h := firstHeader(); h.more(); h.advance() {
		if !h.load() || h.memoryBytes() == 0 {
			continue
		}
		if !s.areas.hasRoom() {
			return false
		}
		low := h.virtual() &^ (PageBytes - 1)
		physical := h.physical() &^ (PageBytes - 1)
		high := (h.virtual() + h.memoryBytes() + PageBytes - 1) &^ (PageBytes - 1)
		if h.virtual() < kernelEnd {
			s.areas.set(low, high, 0, h.protection()|areaLocked)
			continue
		}
		fileEnd := h.virtual() + h.fileBytes()
		backed := (fileEnd + PageBytes - 1) &^ (PageBytes - 1)
		if backed < high {
			s.areas.set(backed, high, 0, h.protection()&^ProtectExec)
		}
		if backed > low {
			s.areas.set(low, backed, physical, h.protection()|areaImage)
		}
		if tail := fileEnd & (PageBytes - 1); tail != 0 {
			if !s.clearTail(physical+(backed-low)-PageBytes, tail) {
				return false
			}
		}
	}
	return true
}

// clearTail clears a frame of the image from offset on: what the VMM left there
// is not the program's.
//
//go:nosplit
func (s *Space) clearTail(frame, offset uintptr) bool {
	slot := s.page(scratchPage)
	if slot == 0 {
		return false
	}
	cpu.Store64(slot, frame|entryPresent|entryWrite|entryNoExecute)
	for ; offset&7 != 0; offset++ {
		cpu.Store8(scratchPage+offset, 0)
	}
	cpu.ZeroPages(scratchPage+offset, PageBytes-offset)
	cpu.Store64(slot, 0)
	cpu.InvalidatePage(scratchPage)
	return true
}

// MapDevice maps the registers at [physical, physical+n) uncached and returns
// their address, or 0.
//
//go:nosplit
func (s *Space) MapDevice(physical, n uintptr) uintptr {
	low := physical &^ (PageBytes - 1)
	high := (physical + n + PageBytes - 1) &^ (PageBytes - 1)
	at := deviceBase + s.device
	if at+(high-low) > scratchPage {
		return 0
	}
	if !s.mapRange(at, low, high-low, entryPresent|entryWrite|entryNoExecute|entryUncached) {
		return 0
	}
	s.device += high - low
	return at + physical - low
}

// stackSlotBytes is the distance of two stacks; what a stack does not use of
// it stays unmapped, at least one page on each side.
const stackSlotBytes = 64 << 10

// MapStack maps a stack of the kernel of the given number of pages, at most 14,
// and returns its top, or 0.
//
//go:nosplit
func (s *Space) MapStack(index, pages uintptr) uintptr {
	top := stackBase + (index+1)*stackSlotBytes - PageBytes
	for at := top - pages*PageBytes; at < top; at += PageBytes {
		frame := s.Frames.Allocate(0)
		if frame == 0 || !s.mapRange(at, frame, PageBytes, entryPresent|entryWrite|entryNoExecute) {
			return 0
		}
	}
	return top
}

// IsStack reports whether address lies in the window of the kernel's stacks,
// guard pages included.
//
//go:nosplit
func IsStack(address uintptr) bool { return address >= stackBase && address < deviceBase }

// segments walks the program headers of the image, in the header table that its
// first segment maps.
type segments struct {
	at, size, left uintptr
}

//go:nosplit
func firstHeader() segments {
	const base = uintptr(abi.KernelBase)
	return segments{base + cpu.Load64(base+elfPhoff), uintptr(cpu.Load16(base + elfPhentsize)), uintptr(cpu.Load16(base + elfPhnum))}
}

//go:nosplit
func (h *segments) more() bool { return h.left > 0 }

//go:nosplit
func (h *segments) advance() { h.at, h.left = h.at+h.size, h.left-1 }

//go:nosplit
func (h *segments) load() bool {
	return cpu.Load32(h.at) == programTypeLoad && cpu.Load64(h.at+programMemsz) != 0
}

//go:nosplit
func (h *segments) virtual() uintptr { return cpu.Load64(h.at + programVaddr) }

//go:nosplit
func (h *segments) physical() uintptr { return cpu.Load64(h.at + programPaddr) }

//go:nosplit
func (h *segments) fileBytes() uintptr { return cpu.Load64(h.at + programFilesz) }

//go:nosplit
func (h *segments) memoryBytes() uintptr { return cpu.Load64(h.at + programMemsz) }

// protection turns the flags of a segment, R, W and X from the top, into those
// of mmap. A segment that asks for both W and X gets no X.
//
//go:nosplit
func (h *segments) protection() uintptr {
	flags, protection := cpu.Load32(h.at+programFlags), uintptr(0)
	if flags&programFlagR != 0 {
		protection |= ProtectRead
	}
	if flags&programFlagW != 0 {
		protection |= ProtectWrite
	} else if flags&programFlagX != 0 {
		protection |= ProtectExec
	}
	return protection
}
