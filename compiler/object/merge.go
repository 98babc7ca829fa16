package object

import (
	"debug/elf"
	"errors"
	"fmt"
)

// Input is an encoded object and its name for messages.
type Input struct {
	Name string
	Data []byte
}

// Merge merges encoded objects and then extra ones into one relocatable object,
// as `ld -r` does, and encodes it.
func Merge(inputs []Input, extra ...*File) ([]byte, error) {
	files := make([]*File, 0, len(inputs)+len(extra))
	for _, in := range inputs {
		f, err := Read(in.Name, in.Data)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	merged, err := MergeFiles(append(files, extra...)...)
	if err != nil {
		return nil, err
	}
	return merged.Encode()
}

// sectionKey tells which sections become one.
type sectionKey struct {
	name  string
	kind  elf.SectionType
	flags elf.SectionFlag
}

// keyFlags are the flags that sections must share to become one. The others
// (SHF_MERGE, SHF_STRINGS) only allow a linker to save space.
const keyFlags = elf.SHF_WRITE | elf.SHF_ALLOC | elf.SHF_EXECINSTR | elf.SHF_TLS

// merger is the state of one MergeFiles.
type merger struct {
	out      *File
	sections map[sectionKey]int
	globals  map[string]int
	owner    []*File // of each symbol of out, for messages
	section  []int   // symbol of out that stands for a section of out, or -1
}

// mergedFile says where one input went.
type mergedFile struct {
	*File
	section []int    // index in the output
	base    []uint64 // offset there
	symbol  []uint32
	addend  []uint64 // what a section symbol adds to a relocation's addend
}

// MergeFiles concatenates the sections of files that have the same name and
// kind, and resolves global symbols between files by name. Symbols that no file
// defines stay undefined.
//
// Postconditions: files are empty. What was taken over from one is garbage before
// the next one is, so that a large program does not lie in memory twice.
func MergeFiles(files ...*File) (*File, error) {
	if len(files) == 0 {
		return nil, errors.New("merge: no objects")
	}
	m := &merger{
		out:      New(files[0].Name, files[0].Machine),
		sections: map[sectionKey]int{},
		globals:  map[string]int{},
	}
	merged := make([]*mergedFile, len(files))
	for i, f := range files {
		if f.Machine != m.out.Machine {
			return nil, fmt.Errorf("merge: %s is for %v, %s for %v", f.Name, f.Machine, files[0].Name, m.out.Machine)
		}
		merged[i] = &mergedFile{File: f}
		m.placeSections(merged[i])
	}
	m.concatenate(merged)
	m.section = make([]int, len(m.out.Sections))
	for i := range m.section {
		m.section[i] = -1
	}
	for _, f := range merged {
		if err := m.addSymbols(f); err != nil {
			return nil, err
		}
	}
	for _, f := range merged {
		m.addRelocations(f)
		f.Sections, f.Symbols = nil, nil
	}
	return m.out, nil
}

// contributionAlign is the alignment of one input's part of a merged section.
// In .eh_frame padding would be a zero length, which ends the table for its
// readers; its entries need no alignment.
func contributionAlign(s *Section) uint64 {
	if s.Name == ".eh_frame" {
		return 1
	}
	return s.Align
}

// placeSections finds each section's place in the output.
func (m *merger) placeSections(f *mergedFile) {
	f.section, f.base = make([]int, len(f.Sections)), make([]uint64, len(f.Sections))
	for i := range f.Sections {
		s := &f.Sections[i]
		key := sectionKey{s.Name, s.Type, s.Flags & keyFlags}
		at, ok := m.sections[key]
		if !ok {
			at = m.out.AddSection(Section{
				Name: s.Name, Type: s.Type, Flags: s.Flags, Align: s.Align, EntryBytes: s.EntryBytes,
			})
			m.sections[key] = at
		}
		out := &m.out.Sections[at]
		if out.Flags != s.Flags || out.EntryBytes != s.EntryBytes {
			out.Flags &^= elf.SHF_MERGE | elf.SHF_STRINGS
			out.EntryBytes = 0
		}
		out.Align = max(out.Align, s.Align)
		f.section[i], f.base[i] = at, alignUp(out.Bytes, contributionAlign(s))
		out.Bytes = f.base[i] + s.Bytes
	}
}

// concatenate fills the sections of the output.
func (m *merger) concatenate(files []*mergedFile) {
	relocations := make([]int, len(m.out.Sections))
	for _, f := range files {
		for i := range f.Sections {
			relocations[f.section[i]] += len(f.Sections[i].Relocations)
		}
	}
	for i := range m.out.Sections {
		s := &m.out.Sections[i]
		s.Relocations = make([]Relocation, 0, relocations[i])
		if s.Type == elf.SHT_NOBITS {
			continue
		}
		s.Data = make([]byte, s.Bytes)
		if s.Flags&elf.SHF_EXECINSTR != 0 && m.out.Machine == elf.EM_X86_64 {
			for k := range s.Data {
				s.Data[k] = 0xcc // int3 between the parts
			}
		}
	}
	for _, f := range files {
		for i := range f.Sections {
			if s := &f.Sections[i]; s.Type != elf.SHT_NOBITS {
				copy(m.out.Sections[f.section[i]].Data[f.base[i]:], s.Data)
				s.Data = nil
			}
		}
	}
}

// addSymbols adds the symbols of f to the output.
func (m *merger) addSymbols(f *mergedFile) error {
	f.symbol, f.addend = make([]uint32, len(f.Symbols)), make([]uint64, len(f.Symbols))
	for i := range f.Symbols {
		s := f.Symbols[i]
		if s.Section >= 0 {
			at := s.Section
			s.Section = f.section[at]
			if s.Type == elf.STT_SECTION {
				f.symbol[i], f.addend[i] = uint32(m.sectionSymbol(f, s.Section)), f.base[at]
				continue
			}
			s.Value += f.base[at]
		}
		n, err := m.addSymbol(f, &s)
		if err != nil {
			return err
		}
		f.symbol[i] = uint32(n)
	}
	return nil
}

func (m *merger) sectionSymbol(f *mergedFile, section int) int {
	if m.section[section] < 0 {
		m.section[section] = m.out.AddSectionSymbol(section)
		m.owner = append(m.owner, f.File)
	}
	return m.section[section]
}

// addSymbol adds s or merges it with the symbol of that name, by the rules of
// the gABI (chapter 4, Symbol Table): one strong definition, which overrides
// weak ones; the most constraining visibility.
func (m *merger) addSymbol(f *mergedFile, s *Symbol) (int, error) {
	n, ok := m.globals[s.Name]
	if s.Binding == elf.STB_LOCAL || !ok {
		n = m.out.AddSymbol(*s)
		m.owner = append(m.owner, f.File)
		if s.Binding != elf.STB_LOCAL {
			m.globals[s.Name] = n
		}
		return n, nil
	}
	old := &m.out.Symbols[n]
	visibility := constrain(old.Visibility, s.Visibility)
	switch {
	case s.Section == SectionUndefined:
		if old.Section == SectionUndefined && s.Binding == elf.STB_GLOBAL {
			old.Binding = elf.STB_GLOBAL
		}
	case old.Section == SectionUndefined, old.Binding == elf.STB_WEAK && s.Binding == elf.STB_GLOBAL:
		*old = *s
		m.owner[n] = f.File
	case s.Binding == elf.STB_GLOBAL:
		return 0, fmt.Errorf("merge: %q is defined in %s and in %s", s.Name, m.owner[n].Name, f.Name)
	}
	old.Visibility = visibility
	return n, nil
}

// constrain returns the more constraining visibility: the lower number, except
// that STV_DEFAULT (0) does not constrain.
func constrain(a, b elf.SymVis) elf.SymVis {
	if a == elf.STV_DEFAULT || b == elf.STV_DEFAULT {
		return max(a, b)
	}
	return min(a, b)
}

// addRelocations adds the relocations of f to the output.
func (m *merger) addRelocations(f *mergedFile) {
	for i := range f.Sections {
		out := &m.out.Sections[f.section[i]]
		for _, r := range f.Sections[i].Relocations {
			r.Offset += f.base[i]
			if r.Symbol != NoSymbol {
				r.Addend += int64(f.addend[r.Symbol])
				r.Symbol = f.symbol[r.Symbol]
			}
			out.Relocations = append(out.Relocations, r)
		}
	}
}
