package debuginfo

// PadsSection holds tables of landing pads (Itanium C++ ABI, Exception Handling
// Tables), one for each function that has any.
const PadsSection = ".gcc_except_table"

// CallSite is a run of code whose calls unwind to a landing pad. Places are
// relative to the start of the function.
type CallSite struct {
	Start, End uint64
	Pad        uint64 // 0: none
}

// callSiteUdata4 and callSiteUnsigned are the encodings of call site tables.
const (
	callSiteUnsigned = 0x01 // LEB128
	callSiteUdata4   = pointerUdata4
)

// CallSites reads the call sites of the table at the beginning of b: header, then
// call sites in ascending order. What a landing pad catches is of no interest: each
// catches all. ok is false if the table is not one that LLVM writes.
func CallSites(b []byte) (sites []CallSite, ok bool) {
	d := Reader{Bytes: b}
	if d.Uint8() != pointerOmit { // where landing pads are relative to
		return nil, false
	}
	if d.Uint8() != pointerOmit { // encoding of types, and how far they are
		d.Unsigned()
	}
	encoding := d.Uint8()
	table := Reader{Bytes: d.Take(d.Unsigned())}
	number := table.Unsigned
	switch encoding {
	case callSiteUnsigned:
	case callSiteUdata4:
		number = func() uint64 { return uint64(table.Uint32()) }
	default:
		return nil, false
	}
	for len(table.Bytes) > 0 && !table.Failed {
		s := CallSite{Start: number()}
		s.End = s.Start + number()
		s.Pad = number()
		table.Unsigned() // action
		sites = append(sites, s)
	}
	return sites, !d.Failed && !table.Failed
}
