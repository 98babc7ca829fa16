package image

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"

	"mewz/abi"
	"mewz/compiler/object"
)

const (
	elfHeaderBytes     = 64
	programHeaderBytes = 56

	// physicalMaxBytes bounds the physical memory that an image needs as it
	// is. Below 2 GiB every VMM has plain memory; above begins, on some
	// machines, the window of PCI devices.
	physicalMaxBytes = 2 << 30
)

// fixedHeaders is how many program headers an image has besides the kernel's
// segments and initial memory: PT_PHDR, stack, note, ProgramHeaderConfig, text,
// rodata, data, symbols, archive, configuration.
const fixedHeaders = 10

// placeChunks puts initial memory where the program expects it. Where there are
// more chunks than program headers, those with the smallest gaps are joined.
func (l *linker) placeChunks() error {
	memoryBytes := uint64(0)
	if m := l.module.Memory; m != nil {
		memoryBytes = m.MinPages * abi.WasmPageBytes
	}
	for i := range l.placed {
		if l.placed[i].class != classChunk {
			continue
		}
		s := &l.object.Sections[i]
		offset, _ := object.ParseChunkSection(s.Name)
		if offset%abi.PageBytes != 0 || offset > memoryBytes || s.Bytes > memoryBytes-offset {
			return fmt.Errorf("section %q of %d bytes: not on a page or beyond the memory of %d bytes", s.Name, s.Bytes, memoryBytes)
		}
		if s.Bytes == 0 {
			continue
		}
		l.placed[i].address = uint64(abi.MemoryBase) + offset
		l.chunks = append(l.chunks, segment{
			flags: elf.PF_R | elf.PF_W, address: l.placed[i].address, bytes: s.Bytes, parts: []part{{0, s.Data}},
		})
	}
	slices.SortFunc(l.chunks, func(a, b segment) int { return cmp.Compare(a.address, b.address) })
	for i := 1; i < len(l.chunks); i++ {
		if before := &l.chunks[i-1]; l.chunks[i].address < pageUp(before.address+before.bytes) {
			return fmt.Errorf("initial memory at %#x lies in the pages of that at %#x", l.chunks[i].address, before.address)
		}
	}
	room := int((l.kernel.headerEnd-elfHeaderBytes)/programHeaderBytes) - fixedHeaders - len(l.kernel.loads)
	if room < 1 {
		return fmt.Errorf("kernel: no room for program headers before its content at file offset %#x", l.kernel.headerEnd)
	}
	l.chunks = joinSegments(l.chunks, room)
	return nil
}

// joinSegments joins neighbours, the closest first, until at most limit are
// left.
func joinSegments(segments []segment, limit int) []segment {
	if len(segments) <= limit {
		return segments
	}
	gaps := make([]uint64, len(segments)-1)
	for i := range gaps {
		gaps[i] = segments[i+1].address - segments[i].address - segments[i].bytes
	}
	sorted := slices.Sorted(slices.Values(gaps))
	joins := len(segments) - limit
	widest := sorted[joins-1]
	equal := 0 // gaps as wide as the widest that must be joined
	for _, g := range sorted[:joins] {
		if g == widest {
			equal++
		}
	}
	joined := segments[:1:1]
	for i, g := range gaps {
		next := segments[i+1]
		if g > widest || g == widest && equal == 0 {
			joined = append(joined, next)
			continue
		}
		if g == widest {
			equal--
		}
		last := &joined[len(joined)-1]
		for _, p := range next.parts {
			last.parts = append(last.parts, part{next.address - last.address + p.offset, p.data})
		}
		last.bytes = next.address + next.bytes - last.address
	}
	return joined
}

// assemble makes the image: symbols, configuration, program headers, and the
// order of the file.
func (l *linker) assemble() error {
	k := l.kernel
	img := &Image{Module: l.module, machine: k.header.Machine, entry: k.header.Entry, phoff: elfHeaderBytes}
	l.image = img
	symbols := abi.AppendSymbols(nil, l.symbols())
	if err := l.configure(uint64(len(symbols))); err != nil {
		return err
	}
	segments := []segment{l.text, l.rodata, l.data}
	segments = append(segments, l.chunks...)
	segments = append(segments, segment{
		flags: elf.PF_R, address: uint64(abi.SymbolsBase), bytes: uint64(len(symbols)), parts: []part{{0, symbols}},
	})
	if a := l.in.Archive; a != nil {
		segments = append(segments, segment{flags: elf.PF_R, address: uint64(abi.ArchiveBase), bytes: a.Bytes, archive: a})
	}

	img.pieces = []piece{{offset: k.headerEnd, data: k.bytes[k.headerEnd:k.fileEnd]}}
	for _, h := range k.loads {
		img.headers = append(img.headers, programHeader(h))
	}
	offset, physical := pageUp(k.fileEnd), pageUp(k.end)
	for i := range segments {
		s := &segments[i]
		if s.bytes == 0 {
			continue
		}
		img.addPieces(s, offset)
		img.headers = append(img.headers, loadHeader(s.flags, s.address, physical, offset, pageUp(s.bytes)))
		offset, physical = offset+pageUp(s.bytes), physical+pageUp(s.bytes)
		if physical > physicalMaxBytes {
			return fmt.Errorf("the image would fill %d MiB of memory before it runs, at most %d: make the files or the initial memory smaller",
				physical>>20, uint64(physicalMaxBytes)>>20)
		}
	}
	img.config = offset
	img.headers = append(img.headers, loadHeader(elf.PF_R, uint64(abi.ConfigBase), physical, offset, 0))
	return img.finishHeaders(k)
}

// addPieces adds the content of s at offset of the file.
func (img *Image) addPieces(s *segment, offset uint64) {
	if s.archive != nil {
		img.pieces = append(img.pieces, piece{offset: offset, source: s.archive, bytes: s.archive.Bytes})
	}
	for _, p := range s.parts {
		img.pieces = append(img.pieces, piece{offset: offset + p.offset, data: p.data})
	}
}

// finishHeaders sorts the loaded segments by address (gABI, PT_LOAD) and puts
// the headers before them that are no segments.
func (img *Image) finishHeaders(k *kernel) error {
	slices.SortStableFunc(img.headers, func(a, b elf.Prog64) int { return cmp.Compare(a.Vaddr, b.Vaddr) })
	config := img.headers[slices.IndexFunc(img.headers, isConfigLoad)]
	config.Type = abi.ProgramHeaderConfig
	others := []elf.Prog64{{Type: uint32(elf.PT_PHDR), Flags: uint32(elf.PF_R)}, programHeader(k.note), config}
	if k.stack != nil {
		others = append(others, programHeader(*k.stack))
	}
	img.headers = append(others, img.headers...)
	table := &img.headers[0]
	table.Off, table.Vaddr = img.phoff, k.loads[0].Vaddr+img.phoff
	table.Paddr, table.Align = k.loads[0].Paddr+img.phoff, 8
	table.Filesz = uint64(len(img.headers)) * programHeaderBytes
	table.Memsz = table.Filesz
	if img.phoff+table.Filesz > k.headerEnd {
		return fmt.Errorf("%d program headers do not fit before the kernel's content at file offset %#x", len(img.headers), k.headerEnd)
	}
	return nil
}

// isConfigLoad says whether h loads the configuration.
func isConfigLoad(h elf.Prog64) bool {
	return h.Type == uint32(elf.PT_LOAD) && h.Vaddr == uint64(abi.ConfigBase)
}

// head encodes the ELF header and the program headers for a configuration of
// configBytes.
func (img *Image) head(configBytes uint64) ([]byte, error) {
	headers := slices.Clone(img.headers)
	for i := range headers {
		if isConfigLoad(headers[i]) || headers[i].Type == abi.ProgramHeaderConfig {
			headers[i].Filesz, headers[i].Memsz = configBytes, configBytes
		}
	}
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(img.machine), Version: uint32(elf.EV_CURRENT),
		Entry: img.entry, Phoff: img.phoff, Ehsize: elfHeaderBytes,
		Phentsize: programHeaderBytes, Phnum: uint16(len(headers)),
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	h.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	b, err := binary.Append(nil, binary.LittleEndian, &h)
	if err != nil {
		return nil, err
	}
	return binary.Append(b, binary.LittleEndian, headers)
}

func programHeader(h elf.ProgHeader) elf.Prog64 {
	return elf.Prog64{
		Type: uint32(h.Type), Flags: uint32(h.Flags), Off: h.Off, Vaddr: h.Vaddr, Paddr: h.Paddr,
		Filesz: h.Filesz, Memsz: h.Memsz, Align: h.Align,
	}
}

func loadHeader(flags elf.ProgFlag, address, physical, offset, size uint64) elf.Prog64 {
	return elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(flags), Off: offset, Vaddr: address, Paddr: physical,
		Filesz: size, Memsz: size, Align: abi.PageBytes,
	}
}

// configureMore describes the memories after the first, and which of all is the
// one that functions of WASI work on: by their convention the one that is exported as
// "memory".
func (l *linker) configureMore(c *abi.Config) error {
	c.MoreMemories, c.WasiMemory = nil, 0
	for i, m := range l.module.More {
		if m.MinPages > m.MaxPages || m.MaxPages > abi.MemoryMaxPages {
			return fmt.Errorf("memory %d of %d to %d pages is not possible", i+1, m.MinPages, m.MaxPages)
		}
		bytes, err := l.find(object.MemorySymbol(i+1)+"_bytes", classData, 8)
		if err != nil {
			return err
		}
		most := m.MaxPages
		if limit := l.in.Config.MemoryMaxPages; limit != 0 {
			most = max(m.MinPages, min(most, limit))
		}
		c.MoreMemories = append(c.MoreMemories, abi.Memory{Bytes: bytes, MinPages: m.MinPages, MaxPages: most})
	}
	for i := range l.module.Exports {
		if e := &l.module.Exports[i]; e.Kind == object.KindMemory && e.Name == "memory" {
			if uint64(e.Index) > uint64(len(c.MoreMemories)) {
				return fmt.Errorf("export %q names memory %d, which there is not", e.Name, e.Index)
			}
			c.WasiMemory = uint64(e.Index)
		}
	}
	return nil
}

// configure fills in the part of the configuration that follows from linking.
func (l *linker) configure(symbolsBytes uint64) error {
	c := l.in.Config
	var err error
	if c.Entry, err = l.find(object.SymbolStart, classText, 1); err != nil {
		return err
	}
	c.TextStart, c.TextEnd = abi.VirtAddr(l.text.address), abi.VirtAddr(l.text.address+l.text.bytes)
	c.MemoryBytes, c.MemoryMinPages, c.MemoryImages, c.Zero = 0, 0, nil, nil
	if m := l.module.Memory; m != nil {
		if m.MinPages > m.MaxPages || m.MaxPages > abi.MemoryMaxPages {
			return fmt.Errorf("memory of %d to %d pages is not possible", m.MinPages, m.MaxPages)
		}
		if c.MemoryBytes, err = l.find(object.SymbolMemoryBytes, classData, 8); err != nil {
			return err
		}
		c.MemoryMinPages = m.MinPages
		if c.MemoryMaxPages == 0 || c.MemoryMaxPages > m.MaxPages {
			c.MemoryMaxPages = m.MaxPages
		}
		c.MemoryMaxPages = max(c.MemoryMaxPages, m.MinPages)
	} else {
		c.MemoryMaxPages = 0
	}
	c.Heap = 0
	if l.module.Heap {
		const words = 3 * 8 // that the kernel sets (docs/abi.md)
		if c.Heap, err = l.find(object.SymbolHeap, classZero, words); err != nil {
			return err
		}
	}
	if err := l.configureMore(&c); err != nil {
		return err
	}
	for i := range l.chunks {
		s := &l.chunks[i]
		c.MemoryImages = append(c.MemoryImages, abi.Range{Start: abi.VirtAddr(s.address), Bytes: pageUp(s.bytes)})
	}
	if l.zero.Bytes > 0 {
		c.Zero = []abi.Range{l.zero}
	}
	if c.StackBytes == 0 {
		c.StackBytes = abi.StackDefaultBytes
	}
	if c.StackBytes > abi.StackMaxBytes {
		return fmt.Errorf("stack of %d bytes: at most %d", c.StackBytes, abi.StackMaxBytes)
	}
	c.StackBytes = pageUp(c.StackBytes)
	c.Symbols = abi.Range{Start: abi.SymbolsBase, Bytes: symbolsBytes}
	c.Archive = abi.Range{}
	if a := l.in.Archive; a != nil {
		c.Archive = abi.Range{Start: abi.ArchiveBase, Bytes: a.Bytes}
	}
	c.Imports, c.UnknownImports = l.imports.numbers, l.imports.unknown
	if c.ProgramName == "" {
		c.ProgramName = l.module.Name
	}
	l.image.Config = c
	return nil
}
