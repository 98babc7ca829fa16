package object

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"mewz/abi"
)

// Sizes of ELF64 structures (gABI chapter 4).
const (
	headerBytes        = 64
	sectionHeaderBytes = 64
	symbolBytes        = 24
	relocationBytes    = 24
)

// Bounds of what is read.
const (
	// nameMaxBytes bounds a symbol's name: an import's module and name, each of
	// at most 100,000 bytes in every engine. It keeps names that overlap in the
	// string table from taking quadratic time.
	nameMaxBytes = 1 << 18
	// alignMax bounds the alignment of a section: a page, which initial memory
	// has. It bounds the padding that a forged file asks for.
	alignMax = abi.PageBytes
	// sectionMaxBytes bounds a section in memory, so that sums never overflow.
	sectionMaxBytes = 1 << 40
)

// reader is the state of one Read.
type reader struct {
	b       []byte
	f       *File
	headers []elf.Section64
	names   string
	budget  uint64 // bytes of the file that no section has claimed
	index   []int  // section header to index in f.Sections, -1 if it has none
	symbols int    // section header of the symbol table, 0 if there is none
	symbol  []uint32
}

// Read takes a relocatable ELF file apart. name is for messages. The result
// aliases b.
func Read(name string, b []byte) (*File, error) {
	r := &reader{b: b, f: &File{Name: name}, budget: uint64(len(b))}
	for _, step := range []func() error{r.readHeader, r.readSections, r.readSymbols, r.readRelocations} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r.f, nil
}

func (r *reader) readHeader() error {
	var h elf.Header64
	if len(r.b) < headerBytes || string(r.b[:4]) != elf.ELFMAG {
		return errors.New("not an ELF file")
	}
	if _, err := binary.Decode(r.b, binary.LittleEndian, &h); err != nil {
		return err
	}
	if elf.Class(h.Ident[elf.EI_CLASS]) != elf.ELFCLASS64 || elf.Data(h.Ident[elf.EI_DATA]) != elf.ELFDATA2LSB {
		return errors.New("not a 64-bit little-endian ELF file")
	}
	if elf.Type(h.Type) != elf.ET_REL {
		return fmt.Errorf("not a relocatable object but %v", elf.Type(h.Type))
	}
	r.f.Machine = elf.Machine(h.Machine)
	if h.Shoff == 0 || h.Shnum == 0 {
		return errors.New("ELF header: no sections")
	}
	table, ok := slice(r.b, h.Shoff, uint64(h.Shnum)*sectionHeaderBytes)
	if !ok || h.Shentsize != sectionHeaderBytes {
		return errors.New("ELF header: section header table beyond the end of the file")
	}
	r.headers = make([]elf.Section64, h.Shnum)
	if _, err := binary.Decode(table, binary.LittleEndian, r.headers); err != nil {
		return err
	}
	if int(h.Shstrndx) >= len(r.headers) {
		return errors.New("ELF header: no section names")
	}
	names, ok := slice(r.b, r.headers[h.Shstrndx].Off, r.headers[h.Shstrndx].Size)
	if !ok {
		return errors.New("section names beyond the end of the file")
	}
	r.names = string(names)
	return nil
}

// slice returns size bytes of b from offset.
func slice(b []byte, offset, size uint64) ([]byte, bool) {
	if offset > uint64(len(b)) || size > uint64(len(b))-offset {
		return nil, false
	}
	return b[offset : offset+size : offset+size], true
}

// nameAt returns the string at offset of a string table.
func nameAt(table string, offset uint32) (string, bool) {
	if uint64(offset) >= uint64(len(table)) {
		return "", offset == 0
	}
	tail := table[offset:]
	end := strings.IndexByte(tail[:min(len(tail), nameMaxBytes)], 0)
	if end < 0 {
		return "", false
	}
	return tail[:end], true
}

// content returns the bytes of section header i. Sections do not overlap, so
// all of them together are no larger than the file: that bounds what a merge of
// a forged file takes.
func (r *reader) content(i int) ([]byte, error) {
	h := &r.headers[i]
	data, ok := slice(r.b, h.Off, h.Size)
	if !ok || h.Size > r.budget {
		return nil, errors.New("content beyond the end of the file")
	}
	r.budget -= h.Size
	return data, nil
}

func (r *reader) readSections() error {
	r.index = make([]int, len(r.headers))
	for i := range r.headers {
		r.index[i] = -1
		name, ok := nameAt(r.names, r.headers[i].Name)
		if !ok {
			return fmt.Errorf("section %d: name beyond the section names", i)
		}
		if err := r.readSection(i, name); err != nil {
			return fmt.Errorf("section %d %q: %w", i, name, err)
		}
	}
	return nil
}

func (r *reader) readSection(i int, name string) error {
	h := &r.headers[i]
	s := Section{
		Name: name, Type: elf.SectionType(h.Type), Flags: elf.SectionFlag(h.Flags),
		Align: max(h.Addralign, 1), EntryBytes: h.Entsize, Bytes: h.Size,
	}
	switch s.Type {
	case elf.SHT_NULL, elf.SHT_STRTAB, elf.SHT_RELA:
		return nil // tables that a writer makes anew
	case elf.SHT_SYMTAB:
		if r.symbols != 0 {
			return errors.New("a second symbol table")
		}
		r.symbols = i
		return nil
	case elf.SHT_GROUP:
		return errors.New("section groups (COMDAT) are not supported")
	case elf.SHT_REL, elf.SHT_SYMTAB_SHNDX:
		return fmt.Errorf("sections of type %v are not supported", s.Type)
	}
	const excluded = 0x80000000 // SHF_EXCLUDE: a hint to linkers (.llvm_addrsig)
	if s.Flags&excluded != 0 {
		return nil
	}
	if s.Flags&(elf.SHF_COMPRESSED|elf.SHF_GROUP|elf.SHF_LINK_ORDER) != 0 {
		return fmt.Errorf("flags %v are not supported", s.Flags)
	}
	if s.Align&(s.Align-1) != 0 || s.Align > alignMax || s.Bytes > sectionMaxBytes {
		return fmt.Errorf("size %#x or alignment %#x out of range", s.Bytes, s.Align)
	}
	if s.Type != elf.SHT_NOBITS {
		data, err := r.content(i)
		if err != nil {
			return err
		}
		s.Data = data
	}
	r.index[i] = len(r.f.Sections)
	r.f.Sections = append(r.f.Sections, s)
	return nil
}

func (r *reader) readSymbols() error {
	if r.symbols == 0 {
		return nil
	}
	h := &r.headers[r.symbols]
	table, err := r.content(r.symbols)
	if err != nil {
		return fmt.Errorf("symbol table: %w", err)
	}
	if int(h.Link) >= len(r.headers) || h.Size%symbolBytes != 0 {
		return errors.New("symbol table: no string table, or not a whole number of symbols")
	}
	names, ok := slice(r.b, r.headers[h.Link].Off, r.headers[h.Link].Size)
	if !ok {
		return errors.New("symbol table: names beyond the end of the file")
	}
	stringTable := string(names)
	count := len(table) / symbolBytes
	r.symbol = make([]uint32, count)
	r.f.Symbols = make([]Symbol, 0, count)
	for i := range count {
		r.symbol[i] = NoSymbol
		if i == 0 {
			continue // STN_UNDEF
		}
		s, keep, err := r.decodeSymbol(table[i*symbolBytes:], stringTable)
		if err != nil {
			return fmt.Errorf("symbol %d: %w", i, err)
		}
		if keep {
			r.symbol[i] = uint32(r.f.AddSymbol(s))
		}
	}
	return nil
}

// decodeSymbol decodes one Elf64_Sym. keep is false for symbols that say
// nothing to a linker.
func (r *reader) decodeSymbol(b []byte, names string) (s Symbol, keep bool, err error) {
	le := binary.LittleEndian
	name, ok := nameAt(names, le.Uint32(b))
	if !ok {
		return s, false, errors.New("name beyond the string table")
	}
	info, section := b[4], elf.SectionIndex(le.Uint16(b[6:]))
	s = Symbol{
		Name: name, Binding: elf.ST_BIND(info), Type: elf.ST_TYPE(info), Visibility: elf.ST_VISIBILITY(b[5]),
		Value: le.Uint64(b[8:]), Bytes: le.Uint64(b[16:]),
	}
	switch {
	case s.Type == elf.STT_FILE:
		return s, false, nil
	case s.Binding != elf.STB_LOCAL && s.Binding != elf.STB_GLOBAL && s.Binding != elf.STB_WEAK:
		return s, false, fmt.Errorf("%q: binding %v is not supported", name, s.Binding)
	case section == elf.SHN_UNDEF:
		s.Section = SectionUndefined
	case section == elf.SHN_ABS:
		s.Section = SectionAbsolute
	case section == elf.SHN_COMMON:
		return s, false, fmt.Errorf("%q: common symbols are not supported (compile with -fno-common)", name)
	case int(section) >= len(r.index):
		return s, false, fmt.Errorf("%q: in section %d of %d", name, section, len(r.index))
	case r.index[section] < 0:
		return s, false, nil
	default:
		s.Section = r.index[section]
		if s.Value > r.f.Sections[s.Section].Bytes || s.Bytes > r.f.Sections[s.Section].Bytes-s.Value {
			return s, false, fmt.Errorf("%q: beyond the end of its section", name)
		}
	}
	return s, true, nil
}

func (r *reader) readRelocations() error {
	for i := range r.headers {
		if elf.SectionType(r.headers[i].Type) != elf.SHT_RELA {
			continue
		}
		if err := r.readRelocationSection(i); err != nil {
			return fmt.Errorf("relocation section %d: %w", i, err)
		}
	}
	return nil
}

func (r *reader) readRelocationSection(i int) error {
	h := &r.headers[i]
	if int(h.Info) >= len(r.index) || h.Size%relocationBytes != 0 {
		return errors.New("of no section, or not a whole number of relocations")
	}
	target := r.index[h.Info]
	if target < 0 {
		return nil // of a section that is not kept
	}
	table, err := r.content(i)
	if err != nil {
		return err
	}
	if int(h.Link) != r.symbols {
		return errors.New("with another symbol table")
	}
	s := &r.f.Sections[target]
	if s.Relocations != nil {
		return fmt.Errorf("a second one for %q", s.Name)
	}
	s.Relocations = make([]Relocation, len(table)/relocationBytes)
	le := binary.LittleEndian
	for k := range s.Relocations {
		b := table[k*relocationBytes:][:relocationBytes]
		rel := Relocation{Offset: le.Uint64(b), Type: le.Uint32(b[8:]), Symbol: le.Uint32(b[12:]), Addend: int64(le.Uint64(b[16:]))}
		if rel.Offset >= uint64(len(s.Data)) {
			return fmt.Errorf("relocation %d: offset %#x beyond %q", k, rel.Offset, s.Name)
		}
		if rel.Symbol == 0 {
			rel.Symbol = NoSymbol
		} else if uint64(rel.Symbol) >= uint64(len(r.symbol)) || r.symbol[rel.Symbol] == NoSymbol {
			return fmt.Errorf("relocation %d of %q: symbol %d does not exist", k, s.Name, rel.Symbol)
		} else {
			rel.Symbol = r.symbol[rel.Symbol]
		}
		s.Relocations[k] = rel
	}
	return nil
}
