// Package object reads, builds, merges and writes relocatable ELF files, and
// defines what an object of the compiler says about the module it came from.
//
// In: the objects that LLVM makes of each shard (ELF64, little-endian, RELA),
// and sections made here without LLVM. Out: one relocatable ELF file, as `ld -r`
// would make it, that the system's linkers and package image accept, and its
// Module metadata.
//
// Specification: System V ABI (gABI) 4.1 chapter 4, x86-64 psABI 1.0. It never
// handles section groups (COMDAT), common symbols, compressed sections or more
// than 65,279 sections; Read says so. The same input gives the same bytes.
package object

import (
	"debug/elf"
	"fmt"
)

// File is a relocatable ELF file as values. Its byte slices may alias what it
// was read from.
type File struct {
	Name     string // for messages
	Machine  elf.Machine
	Sections []Section
	Symbols  []Symbol
}

// Section is one section with content; symbol, string and relocation tables are
// not sections here.
type Section struct {
	Name        string
	Type        elf.SectionType
	Flags       elf.SectionFlag
	Align       uint64 // power of two
	EntryBytes  uint64 // sh_entsize
	Data        []byte // nil for SHT_NOBITS
	Bytes       uint64 // size in memory; len(Data) unless SHT_NOBITS
	Relocations []Relocation
}

// Where a Symbol is that lies in no section.
const (
	SectionUndefined = -1 // SHN_UNDEF
	SectionAbsolute  = -2 // SHN_ABS
)

// Symbol is one entry of the symbol table.
type Symbol struct {
	Name       string
	Binding    elf.SymBind
	Type       elf.SymType
	Visibility elf.SymVis
	Section    int // index into File.Sections, or SectionUndefined, SectionAbsolute
	Value      uint64
	Bytes      uint64
}

// Relocation is one entry of a SHT_RELA section.
type Relocation struct {
	Offset uint64
	Addend int64
	Symbol uint32 // index into File.Symbols, or NoSymbol
	Type   uint32 // of the machine, for instance elf.R_X86_64
}

// NoSymbol is the symbol of a relocation that has none (STN_UNDEF).
const NoSymbol = 1<<32 - 1

// New returns an empty file for machine.
func New(name string, machine elf.Machine) *File {
	return &File{Name: name, Machine: machine}
}

// AddSection appends s and returns its index. Bytes follows from Data if that
// is there, and an alignment of zero is one.
func (f *File) AddSection(s Section) int {
	if s.Data != nil {
		s.Bytes = uint64(len(s.Data))
	}
	if s.Type == elf.SHT_NULL {
		s.Type = elf.SHT_PROGBITS
	}
	s.Align = max(s.Align, 1)
	f.Sections = append(f.Sections, s)
	return len(f.Sections) - 1
}

// AddSymbol appends s and returns its index.
func (f *File) AddSymbol(s Symbol) int {
	f.Symbols = append(f.Symbols, s)
	return len(f.Symbols) - 1
}

// AddSectionSymbol appends the symbol that stands for section and returns its
// index.
func (f *File) AddSectionSymbol(section int) int {
	return f.AddSymbol(Symbol{Type: elf.STT_SECTION, Section: section})
}

// AddObject appends a hidden global symbol for all of section, data of the
// program.
func (f *File) AddObject(name string, section int) int {
	return f.AddSymbol(Symbol{
		Name: name, Binding: elf.STB_GLOBAL, Type: elf.STT_OBJECT, Visibility: elf.STV_HIDDEN,
		Section: section, Bytes: f.Sections[section].Bytes,
	})
}

// FindSection returns the first section of that name, or nil.
func (f *File) FindSection(name string) *Section {
	for i := range f.Sections {
		if f.Sections[i].Name == name {
			return &f.Sections[i]
		}
	}
	return nil
}

// SymbolName names a symbol for messages: a section symbol has the name of its
// section.
func (f *File) SymbolName(i uint32) string {
	if uint64(i) >= uint64(len(f.Symbols)) {
		return "no symbol"
	}
	s := &f.Symbols[i]
	if s.Name == "" && s.Section >= 0 && s.Section < len(f.Sections) {
		return f.Sections[s.Section].Name
	}
	return fmt.Sprintf("%q", s.Name)
}

// alignUp rounds v up to a multiple of align, a power of two.
func alignUp(v, align uint64) uint64 { return (v + align - 1) &^ (align - 1) }
