package image

import (
	"cmp"
	"slices"

	"mewz/abi"
	"mewz/compiler/debuginfo"
)

// lineSection holds line number programs (DWARF 5 section 6.2), whose lines are
// offsets in the wasm module. It is read here and not by debug/dwarf, which
// would need the other debug sections and ten times as long.
const lineSection = ".debug_line"

// Opcodes of line number programs (DWARF 5 sections 7.22).
const (
	lineCopy           = 1
	lineAdvancePC      = 2
	lineAdvanceLine    = 3
	lineConstAddPC     = 8
	lineFixedAdvancePC = 9
	lineEndSequence    = 1
	lineSetAddress     = 2
)

// lineProgram is the state machine of one line number program.
type lineProgram struct {
	linker         *linker
	minInstruction uint64
	lineBase       int64
	lineRange      uint64
	opcodeBase     uint8
	operands       []byte // how many each standard opcode has

	address   uint64
	line      int64
	locations []lineRow
}

// lineRow is an abi.SymbolLocation; end says that it ends a sequence.
type lineRow struct {
	abi.SymbolLocation
	end bool
}

// locations reads the line tables of the object.
func (l *linker) locations() []abi.SymbolLocation {
	var rows []lineRow
	for i := range l.object.Sections {
		if l.object.Sections[i].Name != lineSection {
			continue
		}
		d := debuginfo.Reader{Bytes: l.debugSection(i, 0)}
		for len(d.Bytes) > 0 && !d.Failed {
			length, is64 := d.InitialLength()
			unit := debuginfo.Reader{Bytes: d.Take(length)}
			if d.Failed {
				break
			}
			p := lineProgram{linker: l, locations: rows}
			if p.header(&unit, is64) {
				p.run(&unit)
			}
			rows = p.locations
		}
	}
	return finishLocations(rows)
}

// header reads a line number program header (DWARF 5 section 6.2.4) of version
// 2 to 5 and leaves d at the program.
func (p *lineProgram) header(d *debuginfo.Reader, is64 bool) bool {
	version := d.Uint16()
	if version < 2 || version > 5 {
		return false
	}
	if version >= 5 {
		d.Take(2) // sizes of addresses and segment selectors
	}
	length := uint64(0)
	if is64 {
		length = d.Uint64()
	} else {
		length = uint64(d.Uint32())
	}
	h := debuginfo.Reader{Bytes: d.Take(length)} // directories and files at its end are of no interest
	p.minInstruction = uint64(h.Uint8())
	if version >= 4 {
		h.Uint8() // operations per instruction of VLIW machines
	}
	h.Uint8() // default of is_stmt
	p.lineBase, p.lineRange = int64(int8(h.Uint8())), uint64(h.Uint8())
	p.opcodeBase = h.Uint8()
	if p.opcodeBase == 0 || p.lineRange == 0 {
		return false
	}
	p.operands = h.Take(uint64(p.opcodeBase - 1))
	p.reset()
	return !h.Failed && !d.Failed
}

func (p *lineProgram) reset() { p.address, p.line = 0, 1 }

// run executes the program.
func (p *lineProgram) run(d *debuginfo.Reader) {
	for len(d.Bytes) > 0 && !d.Failed {
		op := d.Uint8()
		switch {
		case op >= p.opcodeBase:
			special := uint64(op - p.opcodeBase)
			p.address += special / p.lineRange * p.minInstruction
			p.line += p.lineBase + int64(special%p.lineRange)
			p.emit(false)
		case op == 0:
			p.extended(d)
		default:
			p.standard(op, d)
		}
	}
}

func (p *lineProgram) standard(op uint8, d *debuginfo.Reader) {
	switch op {
	case lineCopy:
		p.emit(false)
	case lineAdvancePC:
		p.address += d.Unsigned() * p.minInstruction
	case lineAdvanceLine:
		p.line += d.Signed()
	case lineConstAddPC:
		p.address += uint64(255-p.opcodeBase) / p.lineRange * p.minInstruction
	case lineFixedAdvancePC:
		p.address += uint64(d.Uint16())
	default:
		for range p.operands[op-1] {
			d.Unsigned()
		}
	}
}

func (p *lineProgram) extended(d *debuginfo.Reader) {
	body := debuginfo.Reader{Bytes: d.Take(d.Unsigned())}
	switch body.Uint8() {
	case lineEndSequence:
		p.emit(true)
		p.reset()
	case lineSetAddress:
		p.address = body.Uint64()
	}
}

// emit appends a row of the line table. A line that is no offset is unknown.
func (p *lineProgram) emit(end bool) {
	offset := p.address - p.linker.text.address
	if offset > p.linker.text.bytes {
		return
	}
	row := lineRow{abi.SymbolLocation{Start: uint32(offset)}, end}
	if !end && p.line > 0 && p.line <= 1<<32-1 {
		row.Offset = uint32(p.line)
	}
	// At one address the last row holds (DWARF 5 section 6.2.2).
	if n := len(p.locations); n > 0 && p.locations[n-1].Start == row.Start && !p.locations[n-1].end && !end {
		p.locations[n-1] = row
		return
	}
	p.locations = append(p.locations, row)
}

// finishLocations sorts rows and drops repetitions. Where one sequence ends and
// another begins, the latter holds.
func finishLocations(rows []lineRow) []abi.SymbolLocation {
	order := func(a, b lineRow) int {
		if a.Start == b.Start && a.end != b.end {
			if a.end {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Start, b.Start)
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortStableFunc(rows, order)
	}
	locations := make([]abi.SymbolLocation, 0, len(rows))
	for _, row := range rows {
		n := len(locations)
		switch {
		case n > 0 && locations[n-1].Start == row.Start:
			locations[n-1] = row.SymbolLocation
		case n > 0 && locations[n-1].Offset == row.Offset:
		default:
			locations = append(locations, row.SymbolLocation)
		}
	}
	return locations
}
