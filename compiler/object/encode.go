package object

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
)

// sectionsMax is where section numbers with a meaning of their own begin (gABI:
// SHN_LORESERVE).
const sectionsMax = int(elf.SHN_LORESERVE)

// stringTable collects names; each occurs once.
type stringTable struct {
	b  []byte
	at map[string]uint32
}

func newStringTable() *stringTable {
	return &stringTable{b: []byte{0}, at: map[string]uint32{"": 0}}
}

func (t *stringTable) add(name string) uint32 {
	offset, ok := t.at[name]
	if !ok {
		offset = uint32(len(t.b))
		t.at[name] = offset
		t.b = append(append(t.b, name...), 0)
	}
	return offset
}

// encoder is the state of one Encode.
type encoder struct {
	out      []byte
	names    *stringTable // of sections and symbols
	headers  []elf.Section64
	symbol   []uint32 // File.Symbols index to number in the symbol table
	locals   uint32   // first symbol that is not local
	symbols  []byte
	symtab   uint32 // section number
	symtabAt uint64
}

// Encode returns f as an ELF file: the sections in their order, each followed
// by its relocations, then the symbol table, local symbols first, and names.
func (f *File) Encode() ([]byte, error) {
	withRelocations, size := 0, headerBytes
	for i := range f.Sections {
		s := &f.Sections[i]
		size += len(s.Data) + len(s.Relocations)*relocationBytes + 2*sectionHeaderBytes + 64
		if len(s.Relocations) > 0 {
			withRelocations++
		}
	}
	if count := 1 + len(f.Sections) + withRelocations + 2; count >= sectionsMax {
		return nil, fmt.Errorf("%s: %d sections, an ELF file holds at most %d", f.Name, count, sectionsMax-1)
	}
	e := &encoder{names: newStringTable(), headers: make([]elf.Section64, 1)}
	e.out = make([]byte, headerBytes, size+(len(f.Symbols)+2)*(symbolBytes+24))
	e.symtab = uint32(1 + len(f.Sections) + withRelocations)
	if err := e.encodeSymbols(f); err != nil {
		return nil, err
	}
	// Relocation sections come after all others, so that section i of the
	// file is section i+1 of the encoding, as symbols assume.
	for i := range f.Sections {
		e.section(&f.Sections[i])
	}
	for i := range f.Sections {
		e.relocations(i, &f.Sections[i])
	}
	e.tables()
	if len(e.names.b) > math.MaxUint32 {
		return nil, fmt.Errorf("%s: names of more than 4 GiB", f.Name)
	}
	return e.finish(f.Machine)
}

// encodeSymbols numbers the symbols, locals first (gABI: sh_info of the symbol
// table is one more than the last local one), and encodes them.
func (e *encoder) encodeSymbols(f *File) error {
	e.symbol = make([]uint32, len(f.Symbols))
	e.symbols = make([]byte, symbolBytes, (len(f.Symbols)+1)*symbolBytes)
	next := uint32(1)
	for _, local := range []bool{true, false} {
		for i := range f.Symbols {
			s := &f.Symbols[i]
			if (s.Binding == elf.STB_LOCAL) != local {
				continue
			}
			if s.Section >= len(f.Sections) || s.Section < SectionAbsolute {
				return fmt.Errorf("%s: symbol %q in section %d, which does not exist", f.Name, s.Name, s.Section)
			}
			e.symbol[i] = next
			next++
			e.appendSymbol(s)
		}
		if local {
			e.locals = next
		}
	}
	return nil
}

func (e *encoder) appendSymbol(s *Symbol) {
	section := uint16(s.Section + 1)
	switch s.Section {
	case SectionUndefined:
		section = uint16(elf.SHN_UNDEF)
	case SectionAbsolute:
		section = uint16(elf.SHN_ABS)
	}
	le := binary.LittleEndian
	b := le.AppendUint32(e.symbols, e.names.add(s.Name))
	b = append(b, elf.ST_INFO(s.Binding, s.Type), byte(s.Visibility))
	b = le.AppendUint16(b, section)
	b = le.AppendUint64(b, s.Value)
	e.symbols = le.AppendUint64(b, s.Bytes)
}

// place pads the output to align and returns where it then ends.
func (e *encoder) place(align uint64) uint64 {
	at := uint64(len(e.out))
	// Alignments beyond 4 KiB only matter in memory.
	padding := alignUp(at, min(align, 4096)) - at
	e.out = append(e.out, make([]byte, padding)...)
	return at + padding
}

func (e *encoder) section(s *Section) {
	h := elf.Section64{
		Name: e.names.add(s.Name), Type: uint32(s.Type), Flags: uint64(s.Flags),
		Size: s.Bytes, Addralign: s.Align, Entsize: s.EntryBytes,
	}
	if s.Type == elf.SHT_NOBITS {
		h.Off = uint64(len(e.out))
	} else {
		h.Off = e.place(s.Align)
		e.out = append(e.out, s.Data...)
	}
	e.headers = append(e.headers, h)
}

func (e *encoder) relocations(i int, s *Section) {
	if len(s.Relocations) == 0 {
		return
	}
	h := elf.Section64{
		Name: e.names.add(".rela" + s.Name), Type: uint32(elf.SHT_RELA), Flags: uint64(elf.SHF_INFO_LINK),
		Off: e.place(8), Size: uint64(len(s.Relocations)) * relocationBytes,
		Link: e.symtab, Info: uint32(i + 1), Addralign: 8, Entsize: relocationBytes,
	}
	at := len(e.out)
	e.out = append(e.out, make([]byte, h.Size)...)
	le := binary.LittleEndian
	for k := range s.Relocations {
		r, b := &s.Relocations[k], e.out[at+k*relocationBytes:][:relocationBytes]
		symbol := uint32(0)
		if r.Symbol != NoSymbol {
			symbol = e.symbol[r.Symbol]
		}
		le.PutUint64(b, r.Offset)
		le.PutUint32(b[8:], r.Type)
		le.PutUint32(b[12:], symbol)
		le.PutUint64(b[16:], uint64(r.Addend))
	}
	e.headers = append(e.headers, h)
}

// tables writes the symbol table and the names of symbols and sections.
func (e *encoder) tables() {
	symtab := elf.Section64{
		Name: e.names.add(".symtab"), Type: uint32(elf.SHT_SYMTAB), Size: uint64(len(e.symbols)), Link: e.symtab + 1,
		Info: e.locals, Addralign: 8, Entsize: symbolBytes,
	}
	strtab := elf.Section64{Name: e.names.add(".strtab"), Type: uint32(elf.SHT_STRTAB), Addralign: 1}
	symtab.Off = e.place(8)
	e.out = append(e.out, e.symbols...)
	strtab.Off, strtab.Size = e.place(1), uint64(len(e.names.b))
	e.out = append(e.out, e.names.b...)
	e.headers = append(e.headers, symtab, strtab)
}

// finish writes the section header table and the ELF header.
func (e *encoder) finish(machine elf.Machine) ([]byte, error) {
	h := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Shoff: e.place(8), Ehsize: headerBytes, Shentsize: sectionHeaderBytes,
		Shnum: uint16(len(e.headers)), Shstrndx: uint16(len(e.headers) - 1),
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	h.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	var err error
	if e.out, err = binary.Append(e.out, binary.LittleEndian, e.headers); err != nil {
		return nil, err
	}
	if _, err = binary.Encode(e.out, binary.LittleEndian, &h); err != nil {
		return nil, err
	}
	return e.out, nil
}
