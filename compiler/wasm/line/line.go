// Package line finds the place in the source that an instruction of a module
// was compiled from, by the DWARF in the module's custom sections (DWARF for
// WebAssembly, https://yurydelendik.github.io/webassembly-dwarf/).
//
// In: a decoded module. Out: file, line and column of an offset. It never
// fails a module: one without or with broken DWARF has no places.
package line

import (
	"cmp"
	"debug/dwarf"
	"errors"
	"io"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// Place is a place in the source.
type Place struct {
	File   string
	Line   int
	Column int // 0: unknown
}

// Table holds the places of a module's instructions.
type Table struct {
	code wasm.Offset // the addresses of DWARF count from here
	rows []row       // sorted by address
}

type row struct {
	address uint64
	place   Place // Line 0: none from here on
}

// rowsMax bounds what is kept of a line table: more rows than a module of
// wasm.MaxModuleBytes has instructions worth a line.
const rowsMax = 64 << 20

// ErrNone says that a module has no DWARF.
var ErrNone = errors.New("no DWARF in the module")

// Read reads the line tables of m.
func Read(m *wasm.Module) (table *Table, err error) {
	sections := map[string][]byte{}
	for i := range m.Customs {
		if name, ok := strings.CutPrefix(m.Customs[i].Name, ".debug_"); ok {
			sections[name] = m.Customs[i].Bytes
		}
	}
	if sections["info"] == nil || sections["line"] == nil {
		return nil, ErrNone
	}
	data, err := dwarf.New(sections["abbrev"], nil, nil, sections["info"], sections["line"], nil, sections["ranges"], sections["str"])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"addr", "line_str", "str_offsets", "rnglists"} {
		if sections[name] != nil {
			if err := data.AddSection(".debug_"+name, sections[name]); err != nil {
				return nil, err
			}
		}
	}
	table = &Table{code: m.CodeOffset}
	if err := table.read(data); err != nil {
		return nil, err
	}
	// Where one function ends and the next begins, the beginning holds.
	slices.SortStableFunc(table.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(min(a.place.Line, 1), min(b.place.Line, 1)))
	})
	return table, nil
}

// read reads the line table of every compilation unit.
func (t *Table) read(data *dwarf.Data) error {
	for units := data.Reader(); ; units.SkipChildren() {
		unit, err := units.Next()
		if err != nil || unit == nil {
			return err
		}
		if unit.Tag != dwarf.TagCompileUnit {
			continue
		}
		table, err := data.LineReader(unit)
		if err != nil {
			return err
		}
		if table == nil {
			continue
		}
		if err := t.readUnit(table); err != nil {
			return err
		}
	}
}

func (t *Table) readUnit(table *dwarf.LineReader) error {
	sequence := len(t.rows)
	for len(t.rows) < rowsMax {
		var entry dwarf.LineEntry
		if err := table.Next(&entry); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		r := row{address: entry.Address}
		if !entry.EndSequence && entry.File != nil && entry.Line > 0 {
			r.place = Place{entry.File.Name, entry.Line, entry.Column}
		}
		t.rows = append(t.rows, r)
		if entry.EndSequence {
			// A function that the linker dropped has address 0 (or all ones).
			if start := t.rows[sequence].address; start == 0 || start >= 1<<32-2 {
				t.rows = t.rows[:sequence]
			}
			sequence = len(t.rows)
		}
	}
	return errors.New("a line table of too many rows")
}

// At returns the place of the instruction at offset of the module.
func (t *Table) At(offset wasm.Offset) (Place, bool) {
	if offset < t.code {
		return Place{}, false
	}
	address := uint64(offset - t.code)
	i, found := slices.BinarySearchFunc(t.rows, address, func(r row, address uint64) int { return cmp.Compare(r.address, address) })
	if !found {
		i--
	}
	// Of several rows of one address the last one holds.
	for i >= 0 && i+1 < len(t.rows) && t.rows[i+1].address == address {
		i++
	}
	if i < 0 || t.rows[i].place.Line == 0 {
		return Place{}, false
	}
	return t.rows[i].place, true
}
