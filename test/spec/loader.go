package spec

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"

	"mewz/abi"
	"mewz/compiler/object"
)

// image is an object that lies at its address in a process.
type image struct {
	address uint64
	bytes   []byte
	symbols map[string]uint64 // global symbols that the object defines
}

// resolver gives the address of a symbol that an object does not define.
type resolver func(name string) (uint64, error)

// segment is a run of sections of one protection.
type segment struct {
	protection uint64
	start, end uint64 // offsets in the image
}

// loading is the state of placing one object.
type loading struct {
	file     *object.File
	address  uint64
	sections []uint64 // offset of each section in the image
	segments []segment
	bytes    []byte
}

// segmentProtections are the segments of an image in their order.
var segmentProtections = []uint64{protectRead | protectExecute, protectRead, protectRead | protectWrite}

func sectionProtection(s *object.Section) uint64 {
	switch {
	case s.Flags&elf.SHF_EXECINSTR != 0:
		return protectRead | protectExecute
	case s.Flags&elf.SHF_WRITE != 0:
		return protectRead | protectWrite
	default:
		return protectRead
	}
}

// layOut places the sections that take memory, page by page by protection.
func (l *loading) layOut() {
	l.sections = make([]uint64, len(l.file.Sections))
	at := uint64(0)
	for _, protection := range segmentProtections {
		start := at
		for i := range l.file.Sections {
			s := &l.file.Sections[i]
			if s.Flags&elf.SHF_ALLOC == 0 || sectionProtection(s) != protection {
				continue
			}
			at = (at + s.Align - 1) &^ (s.Align - 1)
			l.sections[i] = at
			at += s.Bytes
		}
		at = (at + abi.PageBytes - 1) &^ (abi.PageBytes - 1)
		if at > start {
			l.segments = append(l.segments, segment{protection, start, at})
		}
	}
	l.bytes = make([]byte, at)
	for i := range l.file.Sections {
		if s := &l.file.Sections[i]; s.Flags&elf.SHF_ALLOC != 0 {
			copy(l.bytes[l.sections[i]:], s.Data)
		}
	}
}

// symbolAddress returns where symbol i lies.
func (l *loading) symbolAddress(i uint32, resolve resolver) (uint64, error) {
	s := &l.file.Symbols[i]
	switch {
	case s.Section >= 0:
		return l.address + l.sections[s.Section] + s.Value, nil
	case s.Section == object.SectionAbsolute:
		return s.Value, nil
	default:
		return resolve(s.Name)
	}
}

// relocate applies the relocations of the sections that take memory.
func (l *loading) relocate(resolve resolver) error {
	for i := range l.file.Sections {
		section := &l.file.Sections[i]
		if section.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		for _, r := range section.Relocations {
			target := uint64(0)
			if r.Symbol != object.NoSymbol {
				var err error
				if target, err = l.symbolAddress(r.Symbol, resolve); err != nil {
					return fmt.Errorf("%s+%#x: %w", section.Name, r.Offset, err)
				}
			}
			if err := l.apply(l.sections[i]+r.Offset, &r, target); err != nil {
				return fmt.Errorf("%s+%#x: symbol %s: %w", section.Name, r.Offset, l.file.SymbolName(r.Symbol), err)
			}
		}
	}
	return nil
}

// apply writes one relocation (psABI x86-64, table 4.9).
func (l *loading) apply(at uint64, r *object.Relocation, target uint64) error {
	value := int64(target) + r.Addend
	switch t := elf.R_X86_64(r.Type); t {
	case elf.R_X86_64_64:
		binary.LittleEndian.PutUint64(l.bytes[at:], uint64(value))
		return nil
	case elf.R_X86_64_PC32, elf.R_X86_64_PLT32:
		value -= int64(l.address + at)
		if value != int64(int32(value)) {
			return fmt.Errorf("distance %#x does not fit 32 bits", value)
		}
	case elf.R_X86_64_32S:
		if value != int64(int32(value)) {
			return fmt.Errorf("address %#x does not fit 32 signed bits", value)
		}
	case elf.R_X86_64_32:
		if value < 0 || value > math.MaxUint32 {
			return fmt.Errorf("address %#x does not fit 32 bits", value)
		}
	default:
		return fmt.Errorf("relocation type %v is not supported", t)
	}
	binary.LittleEndian.PutUint32(l.bytes[at:], uint32(value))
	return nil
}

// load places the object in the process. resolve may depend on symbols of the
// object itself; it is called with the image before anything is written.
func (p *process) load(file *object.File, resolve func(*image) resolver) (*image, error) {
	l := &loading{file: file, address: p.nextModule}
	l.layOut()
	if end := l.address + uint64(len(l.bytes)) + abi.PageBytes; end > uint64(abi.MemoryBase) {
		return nil, fmt.Errorf("no room below linear memory for %d bytes", len(l.bytes))
	}
	p.nextModule += uint64(len(l.bytes)) + abi.PageBytes // an unmapped page between modules
	m := &image{address: l.address, bytes: l.bytes, symbols: map[string]uint64{}}
	for i := range file.Symbols {
		if s := &file.Symbols[i]; s.Section >= 0 && s.Binding != elf.STB_LOCAL && file.Sections[s.Section].Flags&elf.SHF_ALLOC != 0 {
			m.symbols[s.Name] = l.address + l.sections[s.Section] + s.Value
		}
	}
	if err := l.relocate(resolve(m)); err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	return m, p.mapImage(l)
}

func (p *process) mapImage(l *loading) error {
	if len(l.bytes) == 0 {
		return nil
	}
	if err := p.reserve(l.address, uint64(len(l.bytes))); err != nil {
		return err
	}
	if err := p.protect(l.address, uint64(len(l.bytes)), protectRead|protectWrite); err != nil {
		return err
	}
	if err := p.write(l.address, l.bytes); err != nil {
		return err
	}
	for _, s := range l.segments {
		if err := p.protect(l.address+s.start, s.end-s.start, s.protection); err != nil {
			return err
		}
	}
	return nil
}

// slice returns n bytes of the image at an address of the process.
func (m *image) slice(address, n uint64) ([]byte, error) {
	offset := address - m.address
	if address < m.address || offset > uint64(len(m.bytes)) || n > uint64(len(m.bytes))-offset {
		return nil, fmt.Errorf("address %#x is not in the image", address)
	}
	return m.bytes[offset : offset+n], nil
}
