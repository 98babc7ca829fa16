package image

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"mewz/abi"
	"mewz/compiler/debuginfo"
	"mewz/compiler/object"
)

// linker is the state of one Build.
type linker struct {
	in      *Input
	object  *object.File
	module  *object.Module
	machine *machine
	kernel  *kernel
	imports *importTable

	placed      []placement // of each section of the object
	text        segment
	rodata      segment
	data        segment
	zero        abi.Range // bss of the program beyond the data segment's pages
	chunks      []segment
	stubs       []stub
	environment map[string]uint64 // what the object's undefined symbols may name
	values      []uint64          // of each symbol of the object
	undefined   []bool            // symbols nothing defines
	image       *Image
}

// placement says where a section of the object lies.
type placement struct {
	class   class
	address uint64
	data    []byte // to relocate; nil without content
}

// class says to which segment a section goes.
type class uint8

const (
	classNone   class = iota // not loaded
	classText                // executable
	classRodata              // read-only
	classData                // writable
	classZero                // writable, zero
	classChunk               // initial linear memory
	classes
)

// segment is a run of addresses with its content: parts in ascending order,
// zeroes between them.
type segment struct {
	flags   elf.ProgFlag
	address uint64
	bytes   uint64
	parts   []part
	archive *Archive // instead of parts
}

// part is content at an offset of a segment.
type part struct {
	offset uint64
	data   []byte
}

// stub is code that the linker made.
type stub struct {
	name    string
	address uint64
	bytes   uint64
}

// link runs the stages of linking in their order.
func (l *linker) link() (*Image, error) {
	for _, stage := range []func() error{
		l.classify, l.placeSections, l.placeChunks, l.copySections,
		l.makeStubs, l.resolveSymbols, l.relocateSections, l.assemble,
	} {
		if err := stage(); err != nil {
			return nil, err
		}
	}
	return l.image, nil
}

// classify decides which segment each section goes to.
func (l *linker) classify() error {
	l.placed = make([]placement, len(l.object.Sections))
	for i := range l.object.Sections {
		s := &l.object.Sections[i]
		c, err := classOf(s)
		if err != nil {
			return fmt.Errorf("section %q: %w", s.Name, err)
		}
		l.placed[i].class = c
	}
	return nil
}

func classOf(s *object.Section) (class, error) {
	if s.Flags&elf.SHF_ALLOC == 0 || s.Type == elf.SHT_NOTE || s.Name == debuginfo.EHFrameSection {
		return classNone, nil
	}
	switch s.Type {
	case elf.SHT_INIT_ARRAY, elf.SHT_FINI_ARRAY, elf.SHT_PREINIT_ARRAY:
		return classNone, errors.New("constructors and destructors are not supported")
	}
	if s.Flags&elf.SHF_TLS != 0 {
		return classNone, errors.New("thread-local storage is not supported")
	}
	if _, ok := object.ParseChunkSection(s.Name); ok {
		if s.Type == elf.SHT_NOBITS || len(s.Relocations) > 0 {
			return classNone, errors.New("initial memory without content, or with relocations")
		}
		return classChunk, nil
	}
	switch {
	case s.Flags&elf.SHF_EXECINSTR != 0 && s.Type == elf.SHT_NOBITS:
		return classNone, errors.New("code without content")
	case s.Flags&elf.SHF_EXECINSTR != 0:
		return classText, nil
	case s.Type == elf.SHT_NOBITS:
		return classZero, nil
	case s.Flags&elf.SHF_WRITE != 0:
		return classData, nil
	}
	return classRodata, nil
}

// Code that asks for lines of the cache does it for the beginnings of loops (package llvm's
// flags). They get their place in a line, but not its first bytes: Zen 5 takes up to 1.7 times
// as long for a short loop that begins with a line and ends in the next (decision 0025).
const (
	lineBytes  = 64
	loopOffset = 16
)

// placeSections gives every section its address: text, rodata, data and bss in
// this order after the kernel, each but bss from a page of its own.
func (l *linker) placeSections() error {
	at := pageUp(l.kernel.end)
	place := func(c class) uint64 {
		for i := range l.placed {
			if l.placed[i].class == c {
				s := &l.object.Sections[i]
				at = alignUp(at, s.Align)
				if c == classText && s.Align == lineBytes {
					at += loopOffset
				}
				l.placed[i].address = at
				at += s.Bytes
			}
		}
		return at
	}
	l.text = segment{flags: elf.PF_R | elf.PF_X, address: at}
	at = alignUp(place(classText), l.machine.stubBytes)
	at += l.stubCount() * l.machine.stubBytes
	l.text.bytes = at - l.text.address

	at = pageUp(at)
	l.rodata = segment{flags: elf.PF_R, address: at}
	l.rodata.bytes = place(classRodata) - l.rodata.address

	at = pageUp(at)
	l.data = segment{flags: elf.PF_R | elf.PF_W, address: at}
	l.data.bytes = place(classData) - l.data.address
	// The pages of the data segment are zero beyond its content, so only whole
	// pages of bss are left to map.
	zero := pageUp(at)
	end := pageUp(place(classZero))
	if end > zero {
		l.zero = abi.Range{Start: abi.VirtAddr(zero), Bytes: end - zero}
	}
	if end > uint64(abi.MemoryBase) {
		return fmt.Errorf("code and data end at %#x, beyond linear memory at %#x: the program is too large", end, uint64(abi.MemoryBase))
	}
	return nil
}

// copySections makes the content of the segments, ready to relocate.
func (l *linker) copySections() error {
	segments := [classes]*segment{classText: &l.text, classRodata: &l.rodata, classData: &l.data}
	var content [classes][]byte
	for c, s := range segments {
		if s != nil {
			content[c] = make([]byte, s.bytes)
			s.parts = []part{{0, content[c]}}
		}
	}
	fill(content[classText], l.machine.padding)
	for i := range l.placed {
		p := &l.placed[i]
		if s := segments[p.class]; s != nil {
			start := p.address - s.address
			p.data = content[p.class][start : start+l.object.Sections[i].Bytes]
			copy(p.data, l.object.Sections[i].Data)
		}
	}
	return nil
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// makeStubs writes the code that calls the kernel behind the program's text,
// and lists all that the object's undefined symbols may name.
func (l *linker) makeStubs() error {
	l.environment = map[string]uint64{
		l.module.SymbolPrefix + object.SymbolMemory: uint64(abi.MemoryBase),
	}
	for _, name := range kernelFunctions {
		l.environment[name] = l.kernel.functions[name]
	}
	text := l.text.parts[0].data
	offset := l.text.bytes - l.stubCount()*l.machine.stubBytes
	hostcall := l.kernel.functions[kernelHostcall]
	jump := func(name string, number uint32, argument int64, entry uint64) {
		address := l.text.address + offset
		code := l.machine.stub(nil, address, entry, number, argument)
		copy(text[offset:offset+l.machine.stubBytes], code)
		l.stubs = append(l.stubs, stub{name, address, uint64(len(code))})
		l.environment[name] = address
		offset += l.machine.stubBytes
	}
	add := func(name string, number uint32) { jump(name, number, -1, hostcall) }
	for _, im := range l.imports.stubs {
		if im.unknown {
			jump(im.symbol, abi.CallUnknownImport, int64(im.number), hostcall)
		} else {
			jump(im.symbol, uint32(im.number), -1, l.kernel.entry(&abi.Functions[im.number]))
		}
	}
	prefix := l.module.SymbolPrefix
	add(prefix+object.SymbolMemoryGrow, abi.CallMemoryGrow)
	add(prefix+object.SymbolMemoryWait, abi.CallMemoryWait)
	if l.module.Heap {
		add(prefix+object.SymbolHeapCommit, abi.CallHeapCommit)
	}
	for i := range l.module.More {
		symbol := prefix + object.MemorySymbol(i+1)
		add(symbol+"_grow", abi.CallMoreMemoryGrow+uint32(i+1))
		// The pointer is a constant, which may lie in the text as well.
		binary.LittleEndian.PutUint64(text[offset:], uint64(abi.MemoryAddress(i+1)))
		l.environment[symbol+"_base"] = l.text.address + offset
		offset += l.machine.stubBytes
	}
	return nil
}

// stubCount is how many pieces of machine.stubBytes makeStubs writes: a stub for
// each import, memory.grow, memory.atomic.wait and a module's heap, a stub and a pointer for
// each further memory.
func (l *linker) stubCount() uint64 {
	n := len(l.imports.stubs) + 2 + 2*len(l.module.More)
	if l.module.Heap {
		n++
	}
	return uint64(n)
}

// resolveSymbols gives every symbol its value.
func (l *linker) resolveSymbols() error {
	symbols := l.object.Symbols
	l.values, l.undefined = make([]uint64, len(symbols)), make([]bool, len(symbols))
	defined := make(map[string]bool, len(symbols))
	for i := range symbols {
		s := &symbols[i]
		if s.Binding == elf.STB_GLOBAL && s.Section != object.SectionUndefined {
			if defined[s.Name] {
				return fmt.Errorf("symbol %q is defined twice", s.Name)
			}
			defined[s.Name] = true
		}
		switch {
		case s.Section >= 0:
			// In sections that are not loaded, which start at 0, the value is
			// what debug sections refer to.
			l.values[i] = l.placed[s.Section].address + s.Value
		case s.Section == object.SectionAbsolute:
			l.values[i] = s.Value
		default:
			value, ok := l.environment[s.Name]
			l.values[i] = value
			l.undefined[i] = !ok && s.Binding != elf.STB_WEAK // gABI: an undefined weak symbol is 0
		}
	}
	return nil
}

// undefinedMax bounds how many undefined symbols one message lists.
const undefinedMax = 10

// relocateSections applies the relocations of the sections that are loaded.
func (l *linker) relocateSections() error {
	missing := map[uint32]string{} // undefined symbol to its first use
	var order []uint32
	for i := range l.placed {
		p := &l.placed[i]
		if p.data == nil {
			continue
		}
		relocations := l.object.Sections[i].Relocations
		for k := range relocations {
			r := &relocations[k]
			target := uint64(r.Addend)
			if r.Symbol != object.NoSymbol {
				if l.undefined[r.Symbol] {
					if _, ok := missing[r.Symbol]; !ok {
						order = append(order, r.Symbol)
						missing[r.Symbol] = ""
						if len(order) <= undefinedMax {
							missing[r.Symbol] = l.placeName(i, r.Offset)
						}
					}
					continue
				}
				if s := l.object.Symbols[r.Symbol].Section; s >= 0 && l.placed[s].class == classNone {
					return fmt.Errorf("%s refers to section %q, which is not loaded", l.placeName(i, r.Offset), l.object.Sections[s].Name)
				}
				target += l.values[r.Symbol]
			}
			if err := l.machine.relocate(p.data, r.Offset, r.Type, p.address+r.Offset, target); err != nil {
				return fmt.Errorf("%s: relocation %s against %s (%#x) %w",
					l.placeName(i, r.Offset), l.machine.name(r.Type), l.object.SymbolName(r.Symbol), target, err)
			}
		}
	}
	if len(order) == 0 {
		return nil
	}
	var names []string
	for _, symbol := range order[:min(len(order), undefinedMax)] {
		names = append(names, fmt.Sprintf("%s (needed by %s)", l.object.SymbolName(symbol), missing[symbol]))
	}
	if len(order) > undefinedMax {
		names = append(names, fmt.Sprintf("and %d more", len(order)-undefinedMax))
	}
	return fmt.Errorf("undefined symbols that are no imports of the module: %s", strings.Join(names, ", "))
}

// placeName says for a message what lies at offset of section i.
func (l *linker) placeName(i int, offset uint64) string {
	place := fmt.Sprintf("%s+%#x", l.object.Sections[i].Name, offset)
	for k := range l.object.Symbols {
		s := &l.object.Symbols[k]
		if s.Section == i && s.Name != "" && offset-s.Value < s.Bytes {
			return fmt.Sprintf("%s (%s)", place, s.Name)
		}
	}
	return place
}

// find returns the address of a symbol of the contract that the object must
// define in a section of class c.
func (l *linker) find(name string, c class, size uint64) (abi.VirtAddr, error) {
	name = l.module.SymbolPrefix + name
	for i := range l.object.Symbols {
		s := &l.object.Symbols[i]
		if s.Name != name || s.Binding == elf.STB_LOCAL || s.Section == object.SectionUndefined {
			continue
		}
		if s.Section < 0 || l.placed[s.Section].class != c || size > l.object.Sections[s.Section].Bytes-s.Value {
			return 0, fmt.Errorf("symbol %s is in the wrong section", name)
		}
		return abi.VirtAddr(l.values[i]), nil
	}
	return 0, fmt.Errorf("symbol %s is not defined: not an object of mewz compile", name)
}

func pageUp(v uint64) uint64 { return alignUp(v, abi.PageBytes) }

// alignUp rounds v up to a multiple of align, a power of two.
func alignUp(v, align uint64) uint64 { return (v + align - 1) &^ (align - 1) }

// textOffset returns address relative to the start of the text.
func (l *linker) textOffset(address uint64) (uint32, bool) {
	offset := address - l.text.address
	return uint32(offset), offset < l.text.bytes && offset <= math.MaxUint32
}
