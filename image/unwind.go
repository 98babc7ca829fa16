package image

import (
	"cmp"
	"math"
	"slices"

	"mewz/abi"
)

// ehFrameSection holds call frame information (DWARF 5 section 6.4, with the
// differences of the LSB core specification 10.6). It is not loaded: it becomes
// abi.UnwindRow.
const ehFrameSection = ".eh_frame"

// Call frame instructions (DWARF 5 section 7.24). The first three carry an
// operand in their low 6 bits.
const (
	cfaAdvanceLoc       = 0x40
	cfaOffset           = 0x80
	cfaRestore          = 0xc0
	cfaNop              = 0x00
	cfaAdvanceLoc1      = 0x02
	cfaAdvanceLoc2      = 0x03
	cfaAdvanceLoc4      = 0x04
	cfaOffsetExtended   = 0x05
	cfaRestoreExtended  = 0x06
	cfaUndefined        = 0x07
	cfaSameValue        = 0x08
	cfaRememberState    = 0x0a
	cfaRestoreState     = 0x0b
	cfaDefCFA           = 0x0c
	cfaDefCFARegister   = 0x0d
	cfaDefCFAOffset     = 0x0e
	cfaOffsetExtendedSF = 0x11
	cfaGNUArgsSize      = 0x2e
)

// Pointer encodings (LSB core 10.5.1).
const (
	pointerAbsolute = 0x00
	pointerUdata4   = 0x03
	pointerSdata4   = 0x0b
	pointerSdata8   = 0x0c
	pointerFormat   = 0x0f
	pointerPCRel    = 0x10
	pointerRelation = 0x70
)

// paddingMaxBytes is the most bytes between functions that are taken for
// padding, which nothing executes and which needs no row.
const paddingMaxBytes = 15

// frameCommon is a common information entry (CIE).
type frameCommon struct {
	codeAlign uint64
	dataAlign int64
	encoding  uint8 // of pointers in its FDEs
	augmented bool  // FDEs have augmentation data
	initial   frameState
	known     bool
}

// frameState is what call frame instructions compute.
type frameState struct {
	register uint64 // CFA = register + offset
	offset   int64
	savedBP  int64 // frame pointer at CFA + savedBP, 0: not saved
}

// unwindRows reads all .eh_frame sections of the object.
func (l *linker) unwindRows() []abi.UnwindRow {
	var rows []abi.UnwindRow
	for i := range l.object.Sections {
		if l.object.Sections[i].Name == ehFrameSection {
			// Any address does: entries refer to the text relative to
			// themselves, and the linear memory begins close enough to it.
			address := uint64(abi.MemoryBase)
			p := frameParser{address: address, all: l.debugSection(i, address), linker: l, commons: map[uint64]*frameCommon{}}
			p.parse()
			rows = append(rows, p.rows...)
		}
	}
	return rows
}

// frameParser is the state of reading one .eh_frame section.
type frameParser struct {
	linker  *linker
	address uint64
	all     []byte
	commons map[uint64]*frameCommon
	rows    []abi.UnwindRow
}

// offsetOf returns where in the section d stands, a rest of an entry that ends
// at end.
func offsetOf(d *dwarfReader, end uint64) uint64 { return end - uint64(len(d.b)) }

func (p *frameParser) parse() {
	d := dwarfReader{b: p.all}
	for len(d.b) > 0 && !d.failed {
		length, is64 := d.initialLength()
		if length == 0 {
			continue // LSB: the end, which a merge may leave in the middle
		}
		start := offsetOf(&d, uint64(len(p.all)))
		body := dwarfReader{b: d.take(length)}
		if d.failed || is64 {
			return
		}
		end := start + length
		id := uint64(body.uint32())
		if id == 0 {
			p.commons[start-4] = p.common(body)
			continue
		}
		if c := p.commons[start-id]; c != nil && c.known {
			p.entry(c, body, end)
		}
	}
}

// common reads a CIE behind its id.
func (p *frameParser) common(d dwarfReader) *frameCommon {
	c := &frameCommon{encoding: pointerAbsolute}
	if version := d.uint8(); version != 1 && version != 3 {
		return c
	}
	augmentation := d.cstring()
	c.codeAlign, c.dataAlign = d.unsigned(), d.signed()
	d.unsigned() // return address register: version 1 has a byte, which reads the same below 128
	if augmentation != "" {
		if augmentation[0] != 'z' {
			return c
		}
		c.augmented = true
		data := dwarfReader{b: d.take(d.unsigned())}
		for _, letter := range augmentation[1:] {
			switch letter {
			case 'R':
				c.encoding = data.uint8()
			case 'S', 'B': // signal frame, pointer authentication: no data
			default:
				return c // 'P', 'L': personality and exception tables are not of this compiler
			}
		}
		if data.failed {
			return c
		}
	}
	run := frameRun{common: c}
	c.known = run.execute(&d, math.MaxUint32) && !d.failed
	c.initial = run.state
	return c
}

// entry reads an FDE behind its CIE pointer and appends its rows.
func (p *frameParser) entry(c *frameCommon, d dwarfReader, end uint64) {
	start, ok := p.pointer(&d, c.encoding, end)
	size, sizeOK := p.pointer(&d, c.encoding&pointerFormat, end)
	if c.augmented {
		d.take(d.unsigned())
	}
	first, inText := p.linker.textOffset(start)
	if d.failed || !ok || !sizeOK || !inText || size == 0 || size > p.linker.text.bytes-uint64(first) {
		return
	}
	run := frameRun{common: c, state: c.initial, start: first, at: uint64(first)}
	known := run.execute(&d, uint64(first)+size)
	if known && !d.failed {
		run.emit()
		p.rows = append(p.rows, run.rows...)
	} else {
		p.rows = append(p.rows, abi.UnwindRow{Start: first})
	}
	p.rows = append(p.rows, abi.UnwindRow{Start: first + uint32(size), Register: rowEnd})
}

// pointer reads an encoded pointer.
func (p *frameParser) pointer(d *dwarfReader, encoding uint8, end uint64) (uint64, bool) {
	place := p.address + offsetOf(d, end)
	var v uint64
	switch encoding & pointerFormat {
	case pointerAbsolute, pointerSdata8:
		v = d.uint64()
	case pointerUdata4:
		v = uint64(d.uint32())
	case pointerSdata4:
		v = uint64(int64(int32(d.uint32())))
	default:
		return 0, false
	}
	switch encoding & pointerRelation {
	case 0:
		return v, encoding&0x80 == 0
	case pointerPCRel:
		return place + v, encoding&0x80 == 0
	}
	return 0, false
}

// frameRun executes the instructions of one entry.
type frameRun struct {
	common *frameCommon
	state  frameState
	stack  []frameState
	start  uint32 // of the function
	at     uint64
	rows   []abi.UnwindRow
}

// emit appends the row that ends here.
func (r *frameRun) emit() {
	row := abi.UnwindRow{Start: uint32(r.at)}
	s := r.state
	usable := s.register == abi.UnwindSP || s.register == abi.UnwindBP
	if usable && s.offset > 0 && s.offset <= math.MaxInt32 && s.savedBP >= math.MinInt32 && s.savedBP <= math.MaxInt32 {
		row.CFAOffset, row.Register, row.SavedBP = int32(s.offset), uint8(s.register), int32(s.savedBP)
	}
	if n := len(r.rows); n > 0 && r.rows[n-1].Start == row.Start {
		r.rows[n-1] = row
		return
	}
	r.rows = append(r.rows, row)
}

// advance moves to a later address, up to limit.
func (r *frameRun) advance(delta, limit uint64) bool {
	r.emit()
	if r.common.codeAlign > 16 || r.at > limit {
		return false
	}
	r.at += delta * r.common.codeAlign
	return r.at <= limit
}

// execute runs call frame instructions; false means that one is not understood.
func (r *frameRun) execute(d *dwarfReader, limit uint64) bool {
	for len(d.b) > 0 && !d.failed {
		op := d.uint8()
		low := uint64(op & 0x3f)
		ok := true
		switch op & 0xc0 {
		case cfaAdvanceLoc:
			ok = r.advance(low, limit)
		case cfaOffset:
			r.save(low, int64(d.unsigned()))
		case cfaRestore:
			r.restore(low)
		default:
			ok = r.extended(op, d, limit)
		}
		if !ok {
			return false
		}
	}
	return !d.failed
}

// extended runs one instruction whose operands follow it.
func (r *frameRun) extended(op uint8, d *dwarfReader, limit uint64) bool {
	switch op {
	case cfaNop:
	case cfaAdvanceLoc1:
		return r.advance(uint64(d.uint8()), limit)
	case cfaAdvanceLoc2:
		return r.advance(uint64(d.uint16()), limit)
	case cfaAdvanceLoc4:
		return r.advance(uint64(d.uint32()), limit)
	case cfaOffsetExtended:
		r.save(d.unsigned(), int64(d.unsigned()))
	case cfaOffsetExtendedSF:
		r.save(d.unsigned(), d.signed())
	case cfaRestoreExtended:
		r.restore(d.unsigned())
	case cfaUndefined, cfaSameValue:
		if d.unsigned() == abi.UnwindBP {
			r.state.savedBP = 0
		}
	case cfaRememberState:
		r.stack = append(r.stack, r.state)
	case cfaRestoreState:
		n := len(r.stack)
		if n == 0 {
			return false
		}
		r.state, r.stack = r.stack[n-1], r.stack[:n-1]
	case cfaDefCFA:
		r.state.register, r.state.offset = d.unsigned(), int64(d.unsigned())
	case cfaDefCFARegister:
		r.state.register = d.unsigned()
	case cfaDefCFAOffset:
		r.state.offset = int64(d.unsigned())
	case cfaGNUArgsSize:
		d.unsigned()
	default:
		return false
	}
	return true
}

func (r *frameRun) save(register uint64, factored int64) {
	if register == abi.UnwindBP {
		r.state.savedBP = factored * r.common.dataAlign
	}
}

func (r *frameRun) restore(register uint64) {
	if register == abi.UnwindBP {
		r.state.savedBP = r.common.initial.savedBP
	}
}

// rowEnd marks, until finishRows, a row that only says where a function ends.
const rowEnd = 0xff

// finishRows sorts rows and drops those that say nothing: ends of functions
// that padding follows, and repetitions.
func finishRows(rows []abi.UnwindRow) []abi.UnwindRow {
	order := func(a, b abi.UnwindRow) int {
		if a.Start == b.Start { // an end before what begins there
			return cmp.Compare(b.Register, a.Register)
		}
		return cmp.Compare(a.Start, b.Start)
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortStableFunc(rows, order)
	}
	kept := rows[:0]
	for i, row := range rows {
		if row.Register == rowEnd {
			if i+1 < len(rows) && rows[i+1].Start-row.Start <= paddingMaxBytes {
				continue
			}
			row = abi.UnwindRow{Start: row.Start}
		}
		n := len(kept)
		if n > 0 && kept[n-1].Start == row.Start {
			kept[n-1] = row
			continue
		}
		if n > 0 {
			same := kept[n-1]
			same.Start = row.Start
			if same == row {
				continue
			}
		}
		kept = append(kept, row)
	}
	return kept
}
