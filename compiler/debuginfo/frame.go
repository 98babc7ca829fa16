package debuginfo

import "math"

// EHFrameSection holds call frame information (DWARF 5 section 6.4, with the
// differences of the LSB core specification 10.6).
const EHFrameSection = ".eh_frame"

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
	pointerIndirect = 0x80
	pointerOmit     = 0xff
)

// Registers is how many registers a Row knows: on x86-64 the general purpose
// registers and the return address (psABI, figure 3.36).
const Registers = 17

// Row holds from Start to the next row of its function or to its end. The caller's
// stack pointer (CFA) is Offset beyond a register.
type Row struct {
	Start    uint64 // address
	Register uint64 // DWARF number
	Offset   int64
	Saved    [Registers]int64 // where the caller's registers are, from the CFA; 0: not saved
	ArgsSize uint64           // what a landing pad has to add to the stack pointer
}

// Function is what one frame description entry (FDE) says.
type Function struct {
	Start, Bytes uint64
	Pads         uint64 // address of the table of landing pads, 0: none
	Rows         []Row
	Known        bool // every instruction was understood
}

// frameCommon is a common information entry (CIE).
type frameCommon struct {
	codeAlign uint64
	dataAlign int64
	encoding  uint8 // of pointers in its FDEs
	pads      uint8 // of pointers to tables of landing pads, or pointerOmit
	augmented bool  // FDEs have augmentation data
	initial   Row
	known     bool
}

// Frames reads an .eh_frame section that lies at address, and calls visit with each
// of its functions. What visit gets is valid until it returns.
func Frames(section []byte, address uint64, visit func(*Function)) {
	p := frameParser{address: address, end: uint64(len(section)), commons: map[uint64]*frameCommon{}, visit: visit}
	d := Reader{Bytes: section}
	for len(d.Bytes) > 0 && !d.Failed {
		length, is64 := d.InitialLength()
		if length == 0 {
			continue // LSB: the end, which a merge may leave in the middle
		}
		start := p.end - uint64(len(d.Bytes))
		body := Reader{Bytes: d.Take(length)}
		if d.Failed || is64 {
			return
		}
		id := uint64(body.Uint32())
		if id == 0 {
			p.commons[start-4] = p.common(body, start+length)
			continue
		}
		if c := p.commons[start-id]; c != nil && c.known {
			p.entry(c, body, start+length)
		}
	}
}

// frameParser is the state of reading one .eh_frame section.
type frameParser struct {
	address uint64
	end     uint64
	commons map[uint64]*frameCommon
	visit   func(*Function)
	run     frameRun
}

// common reads a CIE behind its id.
func (p *frameParser) common(d Reader, end uint64) *frameCommon {
	c := &frameCommon{encoding: pointerAbsolute, pads: pointerOmit}
	if version := d.Uint8(); version != 1 && version != 3 {
		return c
	}
	augmentation := d.CString()
	c.codeAlign, c.dataAlign = d.Unsigned(), d.Signed()
	d.Unsigned() // return address register: version 1 has a byte, which reads the same below 128
	if augmentation != "" {
		if augmentation[0] != 'z' {
			return c
		}
		c.augmented = true
		data := Reader{Bytes: d.Take(d.Unsigned())}
		for _, letter := range augmentation[1:] {
			switch letter {
			case 'R':
				c.encoding = data.Uint8()
			case 'L':
				c.pads = data.Uint8()
			case 'P': // the personality routine, of no interest
				p.pointer(&data, data.Uint8(), end)
			case 'S', 'B': // signal frame, pointer authentication: no data
			default:
				return c
			}
		}
		if data.Failed {
			return c
		}
	}
	run := frameRun{common: c}
	c.known = run.execute(&d, math.MaxUint32) && !d.Failed
	c.initial = run.state
	return c
}

// entry reads an FDE behind its CIE pointer.
func (p *frameParser) entry(c *frameCommon, d Reader, end uint64) {
	start, ok := p.pointer(&d, c.encoding, end)
	size, sizeOK := p.pointer(&d, c.encoding&pointerFormat, end)
	f := Function{Start: start, Bytes: size}
	if c.augmented {
		data := Reader{Bytes: d.Take(d.Unsigned())}
		if c.pads != pointerOmit {
			// The pointer's own place matters only if it is relative to that.
			padsEnd := end - uint64(len(d.Bytes))
			pads, padsOK := p.pointer(&data, c.pads, padsEnd)
			f.Pads, ok = pads, ok && padsOK
		}
	}
	if d.Failed || !ok || !sizeOK || size == 0 {
		return
	}
	p.run = frameRun{common: c, state: c.initial, at: start, rows: p.run.rows[:0], stack: p.run.stack[:0]}
	f.Known = p.run.execute(&d, start+size) && !d.Failed
	if f.Known {
		p.run.emit()
		f.Rows = p.run.rows
	}
	p.visit(&f)
}

// pointer reads an encoded pointer of a part of the section that ends at end.
func (p *frameParser) pointer(d *Reader, encoding uint8, end uint64) (uint64, bool) {
	place := p.address + end - uint64(len(d.Bytes))
	var v uint64
	switch encoding & pointerFormat {
	case pointerAbsolute, pointerSdata8:
		v = d.Uint64()
	case pointerUdata4:
		v = uint64(d.Uint32())
	case pointerSdata4:
		v = uint64(int64(int32(d.Uint32())))
	default:
		return 0, false
	}
	switch encoding & pointerRelation {
	case 0:
		return v, encoding&pointerIndirect == 0
	case pointerPCRel:
		return place + v, encoding&pointerIndirect == 0
	}
	return 0, false
}

// frameRun executes the instructions of one entry.
type frameRun struct {
	common *frameCommon
	state  Row
	stack  []Row
	at     uint64
	rows   []Row
}

// emit appends the row that ends here.
func (r *frameRun) emit() {
	row := r.state
	row.Start = r.at
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
func (r *frameRun) execute(d *Reader, limit uint64) bool {
	for len(d.Bytes) > 0 && !d.Failed {
		op := d.Uint8()
		low := uint64(op & 0x3f)
		ok := true
		switch op & 0xc0 {
		case cfaAdvanceLoc:
			ok = r.advance(low, limit)
		case cfaOffset:
			r.save(low, int64(d.Unsigned()))
		case cfaRestore:
			r.restore(low)
		default:
			ok = r.extended(op, d, limit)
		}
		if !ok {
			return false
		}
	}
	return !d.Failed
}

// extended runs one instruction whose operands follow it.
func (r *frameRun) extended(op uint8, d *Reader, limit uint64) bool {
	switch op {
	case cfaNop:
	case cfaAdvanceLoc1:
		return r.advance(uint64(d.Uint8()), limit)
	case cfaAdvanceLoc2:
		return r.advance(uint64(d.Uint16()), limit)
	case cfaAdvanceLoc4:
		return r.advance(uint64(d.Uint32()), limit)
	case cfaOffsetExtended:
		r.save(d.Unsigned(), int64(d.Unsigned()))
	case cfaOffsetExtendedSF:
		r.save(d.Unsigned(), d.Signed())
	case cfaRestoreExtended:
		r.restore(d.Unsigned())
	case cfaUndefined, cfaSameValue:
		if register := d.Unsigned(); register < Registers {
			r.state.Saved[register] = 0
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
		r.state.Register, r.state.Offset = d.Unsigned(), int64(d.Unsigned())
	case cfaDefCFARegister:
		r.state.Register = d.Unsigned()
	case cfaDefCFAOffset:
		r.state.Offset = int64(d.Unsigned())
	case cfaGNUArgsSize:
		r.state.ArgsSize = d.Unsigned()
	default:
		return false
	}
	return true
}

func (r *frameRun) save(register uint64, factored int64) {
	if register < Registers {
		r.state.Saved[register] = factored * r.common.dataAlign
	}
}

func (r *frameRun) restore(register uint64) {
	if register < Registers {
		r.state.Saved[register] = r.common.initial.Saved[register]
	}
}
