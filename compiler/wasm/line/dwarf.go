package line

import (
	"cmp"
	"debug/dwarf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

// dwarfTable holds the line tables of a module and finds the functions of an
// address when somebody asks.
type dwarfTable struct {
	code  wasm.Offset
	data  *dwarf.Data
	lines []byte // .debug_line

	infoBytes int
	rows      []row // sorted by address
	units     []unit

	// What is left to read: of .debug_line by tables that do not overlap, of ranges by units
	// and functions, of the names of files.
	linesLeft, rangesLeft, namesLeft int
}

// unit is a compilation unit.
type unit struct {
	ranges    [][2]uint64
	offset    dwarf.Offset
	files     []*dwarf.LineFile
	read      bool
	functions []function // once read
}

// function is a subprogram that has code.
type function struct {
	ranges [][2]uint64
	offset dwarf.Offset
}

type row struct {
	address uint64
	place   Place // Line 0: none from here on
}

const (
	// rowsMax bounds what is kept of a line table: more rows than a module of
	// wasm.MaxModuleBytes has instructions worth a line.
	rowsMax = 64 << 20
	// inlineMax bounds how deep functions are inlined into each other, far
	// beyond what compilers do.
	inlineMax = 100
)

// readDWARF reads the DWARF in the custom sections of m.
func readDWARF(m *wasm.Module, _ Open) (*Table, error) { return tableOf(m, m) }

// readExternal reads the DWARF of the file that m names (tool conventions,
// "External DWARF").
func readExternal(m *wasm.Module, open Open) (*Table, error) {
	section := custom(m, "external_debug_info")
	if section == nil || open == nil {
		return nil, ErrNone
	}
	r := wasm.NewReader(section, 0)
	n, err := r.Uint32()
	if err != nil {
		return nil, err
	}
	name, err := r.Bytes(n)
	if err != nil {
		return nil, err
	}
	file, err := open(string(name))
	if err != nil {
		return nil, fmt.Errorf("debug information in another file: %w", err)
	}
	other, err := decode.Module(file)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return tableOf(m, other)
}

// tableOf reads the DWARF in holder, which describes m.
func tableOf(m, holder *wasm.Module) (*Table, error) {
	sections := map[string][]byte{}
	for i := range holder.Customs {
		if name, ok := strings.CutPrefix(holder.Customs[i].Name, ".debug_"); ok {
			sections[name] = holder.Customs[i].Bytes
		}
	}
	if sections["info"] == nil || sections["line"] == nil {
		return nil, ErrNone
	}
	if err := checkSections(sections); err != nil {
		return nil, err
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
	table := &dwarfTable{
		code: m.CodeOffset, data: data, lines: sections["line"], infoBytes: len(sections["info"]),
		linesLeft: len(sections["line"]), namesLeft: fileNameMax,
		// Each takes a byte or more.
		rangesLeft: len(sections["info"]) + len(sections["ranges"]) + len(sections["rnglists"]),
	}
	if err := table.readUnits(); err != nil {
		return nil, err
	}
	// Where one function ends and the next begins, the beginning holds.
	slices.SortStableFunc(table.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(min(a.place.Line, 1), min(b.place.Line, 1)))
	})
	return &Table{lookup: table}, nil
}

// readUnits reads the line table of every compilation unit.
func (t *dwarfTable) readUnits() error {
	tables := map[int64][]*dwarf.LineFile{} // by their place
	units := t.entries(0)
	for {
		entry := units.next()
		if entry == nil {
			return nil
		}
		if entry.Tag == dwarf.TagCompileUnit {
			if err := t.readUnit(entry, tables); err != nil {
				return err
			}
		}
		units.skipChildren(entry)
	}
}

func (t *dwarfTable) readUnit(entry *dwarf.Entry, tables map[int64][]*dwarf.LineFile) error {
	at, ok := entry.Val(dwarf.AttrStmtList).(int64)
	if !ok {
		return nil
	}
	files, known := tables[at]
	if !known {
		var err error
		if files, err = t.readTable(entry, at); err != nil {
			return err
		}
		tables[at] = files
	}
	u := unit{offset: entry.Offset, files: files}
	u.ranges = t.ranges(entry) // without them it has lines only
	t.units = append(t.units, u)
	return nil
}

// readTable reads the line table of a unit and returns its files.
func (t *dwarfTable) readTable(entry *dwarf.Entry, at int64) ([]*dwarf.LineFile, error) {
	if at < 0 || at > int64(len(t.lines)) {
		return nil, errors.New("a line table beyond its section")
	}
	n, err := lineHeader(t.lines[at:])
	if err != nil {
		return nil, fmt.Errorf("line table at 0x%x: %w", at, err)
	}
	if t.linesLeft -= n; t.linesLeft < 0 {
		return nil, errShared
	}
	if directory, _ := entry.Val(dwarf.AttrCompDir).(string); len(directory) > pathMax {
		return nil, fmt.Errorf("a directory of %d bytes, at most %d", len(directory), pathMax)
	}
	lines, err := t.data.LineReader(entry)
	if err != nil || lines == nil {
		return nil, err
	}
	files := lines.Files()
	for _, f := range files {
		if f != nil {
			t.namesLeft -= len(f.Name)
		}
	}
	if t.namesLeft < 0 {
		return nil, fmt.Errorf("names of files of more than %d bytes", fileNameMax)
	}
	return files, t.readLines(lines)
}

// ranges returns the addresses of an entry, nil if they are not known.
func (t *dwarfTable) ranges(entry *dwarf.Entry) [][2]uint64 {
	if t.rangesLeft < 0 {
		return nil
	}
	ranges, err := t.data.Ranges(entry)
	if err != nil {
		return nil
	}
	t.rangesLeft -= len(ranges)
	return ranges
}

func (t *dwarfTable) readLines(table *dwarf.LineReader) error {
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
			r.place = Place{File: entry.File.Name, Line: entry.Line, Column: entry.Column}
		}
		t.rows = append(t.rows, r)
		if entry.EndSequence {
			if isDropped(t.rows[sequence].address) {
				t.rows = t.rows[:sequence]
			}
			sequence = len(t.rows)
		}
	}
	return errors.New("a line table of too many rows")
}

// isDropped says whether an address is that of a function which the linker
// dropped: 0 or all ones.
func isDropped(address uint64) bool { return address == 0 || address >= 1<<32-2 }

// place returns the place of the instruction at an address.
func (t *dwarfTable) place(address uint64) Place {
	i, found := slices.BinarySearchFunc(t.rows, address, func(r row, address uint64) int { return cmp.Compare(r.address, address) })
	if !found {
		i--
	}
	// Of several rows of one address the last one holds.
	for i >= 0 && i+1 < len(t.rows) && t.rows[i+1].address == address {
		i++
	}
	if i < 0 {
		return Place{}
	}
	return t.rows[i].place
}

func (t *dwarfTable) frames(offset wasm.Offset) []Frame {
	if offset < t.code {
		return nil
	}
	address := uint64(offset - t.code)
	frames := t.functionsAt(address)
	place := t.place(address)
	switch {
	case len(frames) > 0:
		frames[0].Place = place
	case place.Line > 0:
		frames = []Frame{{Place: place}}
	}
	return frames
}

// functionsAt returns the functions at an address, innermost first, all but the
// first with the place of the call that was inlined.
func (t *dwarfTable) functionsAt(address uint64) []Frame {
	for i := range t.units {
		u := &t.units[i]
		if !contains(u.ranges, address) {
			continue
		}
		if !u.read {
			u.read = true
			u.functions = t.readFunctions(u)
		}
		for _, f := range u.functions {
			if contains(f.ranges, address) {
				return t.inlinedAt(u, f.offset, address)
			}
		}
	}
	return nil
}

func contains(ranges [][2]uint64, address uint64) bool {
	for _, r := range ranges {
		if address >= r[0] && address < r[1] && !isDropped(r[0]) {
			return true
		}
	}
	return false
}

// readFunctions lists the subprograms of a unit that have code. They may be
// inside of namespaces and types.
func (t *dwarfTable) readFunctions(u *unit) []function {
	var functions []function
	r := t.entries(u.offset)
	for depth := 0; ; {
		entry := r.next()
		if entry == nil {
			return functions
		}
		if entry.Tag == dwarf.TagSubprogram {
			if ranges := t.ranges(entry); len(ranges) > 0 && !isDropped(ranges[0][0]) {
				functions = append(functions, function{ranges, entry.Offset})
			}
			r.skipChildren(entry)
			continue
		}
		if entry.Children {
			depth++
		}
		if entry.Tag == 0 {
			depth--
		}
		if depth <= 0 {
			return functions
		}
	}
}

// inlinedAt returns the subprogram at an offset of .debug_info and what is
// inlined in it at an address (DWARF 5 section 3.3.8).
func (t *dwarfTable) inlinedAt(u *unit, at dwarf.Offset, address uint64) []Frame {
	r := t.entries(at)
	outer := r.next()
	if outer == nil {
		return nil
	}
	frames := []Frame{{Function: t.name(outer)}} // outermost first, turned at the end
	for depth := 1; outer.Children && depth > 0 && len(frames) < inlineMax; {
		entry := r.next()
		if entry == nil {
			break
		}
		if entry.Tag == 0 {
			depth--
			continue
		}
		inside := false
		if entry.Tag == dwarf.TagInlinedSubroutine || entry.Tag == dwarf.TagLexDwarfBlock {
			ranges, err := t.data.Ranges(entry)
			inside = err == nil && contains(ranges, address)
		}
		if !inside {
			r.skipChildren(entry)
			continue
		}
		if entry.Tag == dwarf.TagInlinedSubroutine {
			frames[len(frames)-1].Place = u.callPlace(entry)
			frames = append(frames, Frame{Function: t.name(entry)})
		}
		if !entry.Children {
			break // nothing is inside of what has the address
		}
		depth++
	}
	slices.Reverse(frames)
	return frames
}

// callPlace is where an inlined call stands.
func (u *unit) callPlace(entry *dwarf.Entry) Place {
	file, _ := entry.Val(dwarf.AttrCallFile).(int64)
	line, _ := entry.Val(dwarf.AttrCallLine).(int64)
	column, _ := entry.Val(dwarf.AttrCallColumn).(int64)
	if file < 0 || file >= int64(len(u.files)) || u.files[file] == nil || line <= 0 {
		return Place{}
	}
	return Place{File: u.files[file].Name, Line: int(line), Column: int(max(column, 0))}
}

// name returns the name of a function, which may stand in the entry of its
// declaration or of its abstract instance.
func (t *dwarfTable) name(entry *dwarf.Entry) string {
	const hopsMax = 4 // origin, specification; a loop in forged DWARF ends here
	plain := ""
	for range hopsMax {
		// A linkage name that is not mangled says less: main is __main_argc_argv.
		if linkage, ok := entry.Val(dwarf.AttrLinkageName).(string); ok && isMangled(linkage) {
			return Demangle(linkage)
		}
		if name, ok := entry.Val(dwarf.AttrName).(string); ok && plain == "" {
			plain = name
		}
		next, ok := entry.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			if next, ok = entry.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
				break
			}
		}
		if entry = t.entries(next).next(); entry == nil {
			break
		}
	}
	return plain
}
