package line

import (
	"bytes"
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"mewz/compiler/wasm"
)

// What is checked of DWARF before debug/dwarf reads it. That is made for what compilers
// write: it believes counts, and reads what several units share again for each, so that
// some kilobytes take all memory or all day.

// Bounds of what compilers write.
const (
	stringMax   = wasm.MaxNameBytes
	pathMax     = 4096    // PATH_MAX of Linux
	entriesMax  = 1 << 14 // directories or files of a unit
	fileNameMax = 1 << 28 // bytes of the names of all files, each with its directory
)

// errShared says that units have in common what compilers write for each.
var errShared = errors.New("debug information whose parts overlap")

// checkSections checks the strings of DWARF and its units' abbreviations.
func checkSections(sections map[string][]byte) error {
	for name, most := range map[string]int{"str": stringMax, "line_str": pathMax} {
		for rest := sections[name]; len(rest) > 0; {
			n := bytes.IndexByte(rest, 0)
			if n < 0 {
				n = len(rest) - 1
			}
			if n > most {
				return fmt.Errorf(".debug_%s: a string of %d bytes, at most %d", name, n, most)
			}
			rest = rest[n+1:]
		}
	}
	return checkUnits(sections["info"], sections["abbrev"])
}

// unitLength reads the length with which units begin (DWARF 5 section 7.4); wide says that
// offsets have 8 bytes.
func unitLength(r *wasm.Reader) (n uint32, wide bool, err error) {
	b, err := r.Bytes(4)
	if err != nil {
		return 0, false, err
	}
	if n = binary.LittleEndian.Uint32(b); n != math.MaxUint32 {
		return n, false, nil
	}
	long, err := offset(r, true)
	if err == nil && long >= math.MaxUint32 {
		err = r.Fail(wasm.ErrUnexpectedEnd)
	}
	return uint32(long), true, err
}

func offset(r *wasm.Reader, wide bool) (uint64, error) {
	if !wide {
		b, err := r.Bytes(4)
		if err != nil {
			return 0, err
		}
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	b, err := r.Bytes(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// readUnit reads a unit: its version, and what follows; nil for an empty one.
func readUnit(r *wasm.Reader) (u *wasm.Reader, version uint16, wide bool, err error) {
	n, wide, err := unitLength(r)
	if err != nil {
		return nil, 0, false, err
	}
	b, err := r.Bytes(n)
	if err != nil || n == 0 {
		return nil, 0, false, err
	}
	u = wasm.NewReader(b, 0)
	if b, err = u.Bytes(2); err != nil {
		return nil, 0, false, err
	}
	version = binary.LittleEndian.Uint16(b)
	if version >= 5 { // .debug_info: type and size of addresses, .debug_line: sizes of addresses and segments
		_, err = u.Bytes(2)
	}
	return u, version, wide, err
}

// checkUnits checks that the tables of abbreviations which units name do not overlap.
func checkUnits(info, abbrev []byte) error {
	total := 0
	seen := map[uint64]bool{}
	for r := wasm.NewReader(info, 0); r.Len() > 0; {
		u, _, wide, err := readUnit(r)
		if err != nil {
			return err
		}
		if u == nil {
			continue
		}
		at, err := offset(u, wide)
		if err != nil {
			return err
		}
		if seen[at] {
			continue
		}
		seen[at] = true
		if at > uint64(len(abbrev)) {
			return r.Fail(wasm.ErrUnexpectedEnd)
		}
		n, err := abbreviations(abbrev[at:])
		if err != nil {
			return err
		}
		if total += n; total > len(abbrev) {
			return errShared
		}
	}
	return nil
}

// abbreviations returns the length of the table at the beginning of b (DWARF 5 section 7.5.3).
func abbreviations(b []byte) (int, error) {
	const implicitConst = 0x21 // DW_FORM_implicit_const
	r := wasm.NewReader(b, 0)
	for {
		code, err := r.Uint64()
		if err != nil || code == 0 {
			return len(b) - r.Len(), err
		}
		if _, err = r.Uint64(); err == nil {
			_, err = r.Byte()
		}
		for attribute, form := uint64(1), uint64(1); err == nil && (attribute != 0 || form != 0); {
			if attribute, err = r.Uint64(); err == nil {
				form, err = r.Uint64()
			}
			if err == nil && form == implicitConst {
				_, err = r.Int64()
			}
		}
		if err != nil {
			return 0, err
		}
	}
}

// lineHeader checks the header of the line table at the beginning of b (DWARF 5 section
// 6.2.4) and returns the length of the table.
func lineHeader(b []byte) (int, error) {
	r := wasm.NewReader(b, 0)
	u, version, wide, err := readUnit(r)
	if err != nil || u == nil {
		return 0, err
	}
	n, err := offset(u, wide)
	if err != nil || n > uint64(u.Len()) {
		return 0, u.Fail(wasm.ErrUnexpectedEnd)
	}
	header, err := u.Bytes(uint32(n))
	if err != nil {
		return 0, err
	}
	h := wasm.NewReader(header, 0)
	fixed := uint32(4) // sizes, flags, the range of special opcodes
	if version >= 4 {
		fixed++
	}
	if _, err = h.Bytes(fixed); err != nil {
		return 0, err
	}
	opcodes, err := h.Byte()
	if err == nil && opcodes > 0 {
		_, err = h.Bytes(uint32(opcodes) - 1)
	}
	if err == nil && version >= 5 {
		err = errors.Join(entries(h, wide), entries(h, wide))
	} else if err == nil {
		err = errors.Join(strings4(h, 0), strings4(h, 3))
	}
	return len(b) - r.Len(), err
}

// text passes over a string that ends with a zero.
func text(r *wasm.Reader) (n int, err error) {
	for ; n <= pathMax; n++ {
		c, err := r.Byte()
		if err != nil || c == 0 {
			return n, err
		}
	}
	return n, fmt.Errorf("a path of more than %d bytes", pathMax)
}

// strings4 passes over the directories or files of a table before version 5, each with
// some numbers behind its name.
func strings4(r *wasm.Reader, numbers int) error {
	for range entriesMax {
		n, err := text(r)
		if err != nil || n == 0 {
			return err
		}
		for range numbers {
			if _, err := r.Uint64(); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("more than %d directories or files in a unit", entriesMax)
}

// entries passes over the directories or files of a table (DWARF 5 section 6.2.4.1).
func entries(r *wasm.Reader, wide bool) error {
	n, err := r.Byte()
	if err != nil {
		return err
	}
	forms := make([]uint64, n)
	for k := range forms {
		if _, err = r.Uint64(); err == nil {
			forms[k], err = r.Uint64()
		}
		if err != nil {
			return err
		}
	}
	count, err := r.Uint64()
	if err != nil {
		return err
	}
	if count > entriesMax {
		return fmt.Errorf("%d directories or files in a unit, at most %d", count, entriesMax)
	}
	for range count {
		for _, form := range forms {
			if err := skipForm(r, form, wide); err != nil {
				return err
			}
		}
	}
	return nil
}

// skipForm passes over a value (DWARF 5 section 7.5.6).
func skipForm(r *wasm.Reader, form uint64, wide bool) (err error) {
	switch form {
	case 0x08: // DW_FORM_string
		_, err = text(r)
	case 0x0b: // DW_FORM_data1
		_, err = r.Byte()
	case 0x05: // DW_FORM_data2
		_, err = r.Bytes(2)
	case 0x06: // DW_FORM_data4
		_, err = r.Bytes(4)
	case 0x07: // DW_FORM_data8
		_, err = r.Bytes(8)
	case 0x1e: // DW_FORM_data16
		_, err = r.Bytes(16)
	case 0x0f: // DW_FORM_udata
		_, err = r.Uint64()
	case 0x1f: // DW_FORM_line_strp
		_, err = offset(r, wide)
	default:
		err = fmt.Errorf("a file in a line table by form 0x%x", form)
	}
	return err
}

// entryReader reads entries, of which each takes a byte or more: debug/dwarf finds one
// without end where a number is cut off.
type entryReader struct {
	*dwarf.Reader
	left int
}

// entries begins to read .debug_info at an offset.
func (t *dwarfTable) entries(at dwarf.Offset) *entryReader {
	r := &entryReader{t.data.Reader(), t.infoBytes}
	r.Seek(at)
	return r
}

// next returns the next entry, nil at the end and where there is no more.
func (r *entryReader) next() *dwarf.Entry {
	if r.left == 0 {
		return nil
	}
	r.left--
	entry, err := r.Next()
	if err != nil {
		return nil
	}
	return entry
}

// skipChildren goes on behind the children of an entry. Reader.SkipChildren calls itself
// for each level, and a level takes one byte.
func (r *entryReader) skipChildren(entry *dwarf.Entry) {
	for depth := 0; entry != nil; entry = r.next() {
		switch sibling, ok := entry.Val(dwarf.AttrSibling).(dwarf.Offset); {
		case entry.Tag == 0:
			depth--
		case entry.Children && ok && sibling > entry.Offset:
			r.Seek(sibling)
		case entry.Children:
			depth++
		}
		if depth <= 0 {
			return
		}
	}
}
