package object

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"mewz/compiler/debuginfo"
)

// Exceptions unwind by a table that is made here of what LLVM says about call frames
// and landing pads (docs/decisions/0009-exceptions.md). It is one section:
//
//	uint64 text     address of .text
//	uint32 bytes    of .text
//	uint32 rows     where they are in the table
//	uint32 index[]  for each 512 bytes of text and for its end: the row that holds there
//	struct { uint32 start, pad, frame; } rows[];
//	struct { int32 offset; uint32 base, arguments; int16 saved[6]; } frames[];
//
// A row holds from start to the next one, both relative to text. Rows in which there
// is no call are left out. pad is where the
// landing pad of calls in it is, 0 for none. frame is where its frame lies in the
// table, from the table's beginning. The caller's stack pointer is offset beyond the
// stack pointer (base 0) or the frame pointer (base 1); offset 0 means that there is
// no caller to unwind to. saved says where the caller's registers lie, in words from
// the caller's stack pointer, 0 for those that are still in place. A landing pad
// finds its stack pointer arguments bytes above that of the call.

// UnwindSymbol is the symbol of the table, behind the prefix of the module.
const UnwindSymbol = "exception_table"

// UnwindBlockShift is the logarithm of how many bytes of text one entry of the
// index is for.
const UnwindBlockShift = 9

// Sizes of the table's parts.
const (
	unwindHeaderBytes = 16
	unwindRowBytes    = 12
	unwindFrameBytes  = 24
)

// unwindRegisters are the registers that a function saves for its caller by the
// psABI (3.2.1), in the order of saved: rbx, rbp, r12 to r15 by their DWARF numbers.
var unwindRegisters = [...]uint64{3, 6, 12, 13, 14, 15}

// UnwindSaved is how many registers a frame of the table says something of.
const UnwindSaved = len(unwindRegisters)

// DWARF numbers of what frames are relative to (psABI, figure 3.36).
const (
	registerBP = 6
	registerSP = 7
)

// unwindFrame is how to find the caller's frame, as the table has it.
type unwindFrame struct {
	offset    int32
	base      uint32
	arguments uint32
	saved     [len(unwindRegisters)]int16
}

// unwindRow is one row; frame is an index into unwindTable.frames.
type unwindRow struct {
	start, pad uint32
	frame      int
}

// unwindTable is the state of making the table.
type unwindTable struct {
	text      []byte
	textBytes uint64
	pads      []byte
	rows      []unwindRow
	frames    []unwindFrame
	index     map[unwindFrame]int
	err       error
}

// Places of sections while .eh_frame is read: far from each other, and within reach
// of relocations of 32 bits.
const (
	unwindFramesAt = 1 << 30
	unwindPadsAt   = 1 << 29
)

// AddUnwindTable makes the table of a merged object and defines UnwindSymbol by it,
// if the object refers to that. The tables of landing pads are of no further use and
// are taken out.
func (f *File) AddUnwindTable(prefix string) error {
	symbol := slices.IndexFunc(f.Symbols, func(s Symbol) bool { return s.Name == prefix+UnwindSymbol })
	if symbol < 0 {
		return nil
	}
	if f.Machine != elf.EM_X86_64 {
		return fmt.Errorf("exceptions are not supported for %v", f.Machine)
	}
	text, err := f.onlyText()
	if err != nil {
		return err
	}
	pads := slices.IndexFunc(f.Sections, func(s Section) bool { return s.Name == debuginfo.PadsSection })
	t := unwindTable{text: f.Sections[text].Data, textBytes: f.Sections[text].Bytes, index: map[unwindFrame]int{}}
	t.frame(unwindFrame{}) // no caller
	t.rows = append(t.rows, unwindRow{})
	if pads >= 0 {
		t.pads = f.Sections[pads].Data
	}
	for i := range f.Sections {
		if s := &f.Sections[i]; s.Name == debuginfo.EHFrameSection {
			debuginfo.Frames(f.placedFrames(s, text, pads), unwindFramesAt, t.add)
		}
	}
	if t.err != nil {
		return t.err
	}
	pointer, err := pointerRelocation(f.Machine)
	if err != nil {
		return err
	}
	section := f.AddSection(Section{
		Name: ".rodata." + UnwindSymbol, Flags: elf.SHF_ALLOC, Align: 8, Data: t.encode(),
		Relocations: []Relocation{{Symbol: uint32(f.AddSectionSymbol(text)), Type: pointer}},
	})
	s := &f.Symbols[symbol]
	s.Section, s.Type, s.Visibility, s.Bytes = section, elf.STT_OBJECT, elf.STV_HIDDEN, f.Sections[section].Bytes
	f.dropPads(pads)
	return nil
}

// onlyText returns the section that all code is in.
func (f *File) onlyText() (int, error) {
	text := -1
	for i := range f.Sections {
		if f.Sections[i].Flags&elf.SHF_EXECINSTR == 0 || f.Sections[i].Bytes == 0 {
			continue
		}
		if text >= 0 {
			return 0, fmt.Errorf("exceptions: code in sections %q and %q", f.Sections[text].Name, f.Sections[i].Name)
		}
		text = i
	}
	if text < 0 || f.Sections[text].Bytes > unwindPadsAt || uint64(len(f.Sections[text].Data)) != f.Sections[text].Bytes {
		return 0, errors.New("exceptions: no code, or more than 512 MiB")
	}
	return text, nil
}

// placedFrames returns the content of an .eh_frame section that lies at
// unwindFramesAt, with text at 0 and landing pads at unwindPadsAt.
func (f *File) placedFrames(s *Section, text, pads int) []byte {
	data := slices.Clone(s.Data)
	for _, r := range s.Relocations {
		if r.Symbol == NoSymbol || r.Offset+4 > uint64(len(data)) {
			continue
		}
		target := f.Symbols[r.Symbol]
		value := target.Value + uint64(r.Addend)
		switch {
		case target.Section == text:
		case target.Section == pads && pads >= 0:
			value += unwindPadsAt
		default:
			continue // the personality routine, which is not called
		}
		switch elf.R_X86_64(r.Type) {
		case elf.R_X86_64_PC32:
			value -= unwindFramesAt + r.Offset
		case elf.R_X86_64_32:
		default:
			continue
		}
		binary.LittleEndian.PutUint32(data[r.Offset:], uint32(value))
	}
	return data
}

// dropPads takes the tables of landing pads out, and from call frame information
// all that refers to them or to the routine that would read them: a zero says
// that there is none (LSB core 10.6).
func (f *File) dropPads(pads int) {
	for i := range f.Sections {
		if s := &f.Sections[i]; s.Name == debuginfo.EHFrameSection {
			s.Relocations = slices.DeleteFunc(s.Relocations, func(r Relocation) bool {
				return elf.R_X86_64(r.Type) != elf.R_X86_64_PC32
			})
		}
	}
	if pads >= 0 {
		s := &f.Sections[pads]
		s.Data, s.Bytes, s.Flags, s.Relocations = []byte{}, 0, 0, nil
		for i := range f.Symbols {
			if f.Symbols[i].Section == pads {
				f.Symbols[i].Value, f.Symbols[i].Bytes = 0, 0
			}
		}
	}
}

// add appends the rows of a function.
func (t *unwindTable) add(f *debuginfo.Function) {
	if t.err != nil {
		return
	}
	if !f.Known || f.Start > t.textBytes || f.Bytes > t.textBytes-f.Start {
		t.err = fmt.Errorf("exceptions: the call frames of the function at %#x of %#x bytes are not understood", f.Start, f.Bytes)
		return
	}
	var sites []debuginfo.CallSite
	if f.Pads != 0 {
		at, ok := f.Pads-unwindPadsAt, false
		if at < uint64(len(t.pads)) {
			sites, ok = debuginfo.CallSites(t.pads[at:])
		}
		if !ok {
			t.err = fmt.Errorf("exceptions: the landing pads of the function at %#x are not understood", f.Start)
			return
		}
	}
	t.addRows(f, sites)
	t.rows = append(t.rows, unwindRow{start: uint32(f.Start + f.Bytes)})
}

// addRows appends the rows of a function, cut where call sites begin and end.
func (t *unwindTable) addRows(f *debuginfo.Function, sites []debuginfo.CallSite) {
	for i := range f.Rows {
		r := &f.Rows[i]
		frame, err := frameOf(r)
		if err != nil {
			t.err = fmt.Errorf("exceptions: the function at %#x: %w", f.Start, err)
			return
		}
		end := f.Start + f.Bytes
		if i+1 < len(f.Rows) {
			end = f.Rows[i+1].Start
		}
		for at := r.Start; at < end; {
			// Call sites that end before are of no more use.
			for len(sites) > 0 && f.Start+sites[0].End <= at {
				sites = sites[1:]
			}
			row := unwindRow{start: uint32(at), frame: t.frame(frame)}
			next := end
			if len(sites) > 0 {
				if begin := f.Start + sites[0].Start; begin > at {
					next = min(end, begin)
				} else {
					next = min(end, f.Start+sites[0].End)
					if sites[0].Pad != 0 {
						row.pad = uint32(f.Start + sites[0].Pad)
					}
				}
			}
			if at == f.Start || t.mayCall(at, next) {
				t.rows = append(t.rows, row)
			}
			at = next
		}
	}
}

// mayCall says whether there may be a call in a piece of text. Every call of x86-64
// has one of two bytes in it (Intel SDM, volume 2, CALL: E8 and FF /2).
func (t *unwindTable) mayCall(start, end uint64) bool {
	piece := t.text[start:end]
	return bytes.IndexByte(piece, 0xe8) >= 0 || bytes.IndexByte(piece, 0xff) >= 0
}

// frameOf converts a row of call frame information.
func frameOf(r *debuginfo.Row) (unwindFrame, error) {
	f := unwindFrame{offset: int32(r.Offset), arguments: uint32(r.ArgsSize)}
	switch r.Register {
	case registerSP:
	case registerBP:
		f.base = 1
	default:
		return f, fmt.Errorf("a frame relative to register %d", r.Register)
	}
	if r.Offset <= 0 || r.Offset > math.MaxInt32 || r.ArgsSize > math.MaxInt32 {
		return f, fmt.Errorf("a frame of %d bytes, %d of arguments", r.Offset, r.ArgsSize)
	}
	for i, register := range unwindRegisters {
		saved := r.Saved[register]
		if saved%8 != 0 || saved > 0 || saved < math.MinInt16*8 {
			return f, fmt.Errorf("register %d is saved at %d", register, saved)
		}
		f.saved[i] = int16(saved / 8)
	}
	return f, nil
}

// frame returns the index of a frame.
func (t *unwindTable) frame(f unwindFrame) int {
	i, ok := t.index[f]
	if !ok {
		i = len(t.frames)
		t.frames, t.index[f] = append(t.frames, f), i
	}
	return i
}

// paddingBytes is more than there is between functions, which are aligned to 16 bytes.
const paddingBytes = 16

// compact sorts the rows and leaves out those that say the same as the one before, and
// ends of functions that only padding follows. Of two with the same start the later one counts: where a function ends another may
// begin.
func (t *unwindTable) compact() {
	slices.SortStableFunc(t.rows, func(a, b unwindRow) int {
		// The end of a function before what begins there.
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(min(a.frame, 1), min(b.frame, 1)))
	})
	kept := t.rows[:0]
	for i, row := range t.rows {
		if row.frame == 0 && i > 0 && i+1 < len(t.rows) && t.rows[i+1].start-row.start < paddingBytes {
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].start == row.start {
			kept = kept[:n-1]
		}
		if n := len(kept); n > 0 && kept[n-1].frame == row.frame && kept[n-1].pad == row.pad {
			continue
		}
		kept = append(kept, row)
	}
	t.rows = kept
}

func (t *unwindTable) encode() []byte {
	t.compact()
	le := binary.LittleEndian
	blocks := int((t.textBytes-1)>>UnwindBlockShift) + 1
	rows := unwindHeaderBytes + 4*(blocks+1)
	first := rows + len(t.rows)*unwindRowBytes
	b := make([]byte, 8, first+len(t.frames)*unwindFrameBytes)
	b = le.AppendUint32(b, uint32(t.textBytes))
	b = le.AppendUint32(b, uint32(rows))
	row := 0
	for block := range blocks + 1 {
		for row+1 < len(t.rows) && uint64(t.rows[row+1].start) <= uint64(block)<<UnwindBlockShift {
			row++
		}
		b = le.AppendUint32(b, uint32(row))
	}
	for _, r := range t.rows {
		for _, v := range []uint32{r.start, r.pad, uint32(first + r.frame*unwindFrameBytes)} {
			b = le.AppendUint32(b, v)
		}
	}
	for i := range t.frames {
		f := &t.frames[i]
		for _, v := range []uint32{uint32(f.offset), f.base, f.arguments} {
			b = le.AppendUint32(b, v)
		}
		for _, v := range f.saved {
			b = le.AppendUint16(b, uint16(v))
		}
	}
	return b
}
