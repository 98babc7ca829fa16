package line

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime/debug"
	"strings"
	"testing"

	"mewz/compiler/wasm"
)

// forgery is the DWARF of a module that no compiler makes.
type forgery struct{ info, abbrev, line, lineStr []byte }

func (f *forgery) read() (*Table, error) {
	m := &wasm.Module{}
	for name, b := range map[string][]byte{"info": f.info, "abbrev": f.abbrev, "line": f.line, "line_str": f.lineStr} {
		m.Customs = append(m.Customs, wasm.Custom{Name: ".debug_" + name, Bytes: b})
	}
	return Read(m, nil)
}

// Abbreviations: 1 a unit with a line table and children, 2 a block with children, 3 a
// unit with a line table.
const abbreviationsText = "\x01\x11\x01\x10\x17\x00\x00" + "\x02\x0b\x01\x00\x00" + "\x03\x11\x00\x10\x17\x00\x00" + "\x00"

func unitOf(version uint16, content ...[]byte) []byte {
	b := bytes.Join(content, nil)
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(b)+2))
	return append(binary.LittleEndian.AppendUint16(out, version), b...)
}

func number32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

// infoUnit is a unit of DWARF 4 with a line table at a place.
func infoUnit(abbrev int, entry string, lines int, rest string) []byte {
	return unitOf(4, number32(abbrev), []byte{4}, []byte(entry), number32(lines), []byte(rest))
}

const standardOpcodes = "\x00\x01\x01\x01\x01\x00\x00\x00\x01\x00\x00\x01"

// lineTable is a table of DWARF 4 with directories and files as they stand in its header,
// and some rows.
func lineTable(directories, files string, rows int) []byte {
	header := "\x01\x01\x01\xfb\x0e\x0d" + standardOpcodes + directories + "\x00" + files + "\x00"
	program := "\x00\x05\x02\x10\x00\x00\x00" + strings.Repeat("\x20", rows) + "\x00\x01\x01"
	return unitOf(4, number32(len(header)), []byte(header+program))
}

func TestForgedDWARF(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(16 << 20))
	const file = "a.c\x00\x00\x00\x00"
	plain := lineTable("", file, 1000)
	long := strings.Repeat("d", pathMax+1) + "\x00"
	header5 := "\x01\x01\x01\xfb\x0e\x0d" + standardOpcodes
	many := "\xff\xff\xff\xff\xff\xff\xff\xff\x3f"
	table5 := func(lists string) []byte {
		return unitOf(5, []byte{4, 0}, number32(len(header5+lists)), []byte(header5+lists))
	}
	one := infoUnit(0, "\x03", 0, "")
	for _, test := range []struct {
		name string
		f    forgery
		want string // of the error; "": none
	}{
		{"good", forgery{one, []byte(abbreviationsText), plain, nil}, ""},
		{"entries inside each other", forgery{infoUnit(0, "\x01", 0, strings.Repeat("\x02", 1<<20)), []byte(abbreviationsText), plain, nil}, ""},
		{"units with one line table", forgery{bytes.Repeat(one, 5000), []byte(abbreviationsText), plain, nil}, ""},
		{"line tables that overlap", forgery{append(one, infoUnit(0, "\x03", 1, "")...), []byte(abbreviationsText),
			unitOf(4, number32(0)[:3], lineTable("", file, 20), make([]byte, 200)), nil}, "line table at 0x0"},
		{"abbreviations that overlap", forgery{append(one, infoUnit(7, "\x03", 0, "")...), []byte(abbreviationsText), plain, nil}, errShared.Error()},
		{"abbreviations beyond the section", forgery{infoUnit(1<<30, "\x03", 0, ""), []byte(abbreviationsText), plain, nil}, "unexpected end"},
		{"a long directory", forgery{one, []byte(abbreviationsText), lineTable(long, file, 1), nil}, "a path of more than"},
		{"a long file", forgery{one, []byte(abbreviationsText), lineTable("", long+"\x00\x00\x00", 1), nil}, "a path of more than"},
		{"many files", forgery{one, []byte(abbreviationsText), lineTable("", strings.Repeat("a\x00\x00\x00\x00", entriesMax), 1), nil}, "more than 16384"},
		{"directories of nothing", forgery{one, []byte(abbreviationsText), table5("\x00" + many), nil}, "at most 16384"},
		{"files of nothing", forgery{one, []byte(abbreviationsText), table5("\x00\x00\x00" + many), nil}, "at most 16384"},
		{"a file of an odd form", forgery{one, []byte(abbreviationsText), table5("\x01\x01\x0e\x01\x00\x00\x00\x00"), nil}, "by form 0xe"},
		{"a long string", forgery{one, []byte(abbreviationsText), plain, []byte(long)}, "a string of 4097 bytes"},
	} {
		table, err := test.f.read()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
		if err == nil {
			if rows := len(table.lookup.(*dwarfTable).rows); rows > len(test.f.line) {
				t.Errorf("%s: %d rows of %d bytes", test.name, rows, len(test.f.line))
			}
			table.At(16)
		}
	}
}

// TestDamagedDWARF reads DWARF of which some byte is another.
func TestDamagedDWARF(t *testing.T) {
	whole := forgery{infoUnit(0, "\x01", 0, "\x02\x02\x00\x00\x00"), []byte(abbreviationsText), lineTable("d\x00", "a.c\x00\x01\x00\x00", 20), nil}
	parts := []*[]byte{&whole.info, &whole.abbrev, &whole.line}
	for _, part := range parts {
		good := *part
		for k := range good {
			for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff, good[k] + 1} {
				*part = bytes.Clone(good)
				(*part)[k] = v
				if table, err := whole.read(); err == nil {
					table.At(16)
				} else if errors.Is(err, ErrNone) {
					t.Errorf("byte %d = %#x: no debug information", k, v)
				}
			}
		}
		*part = good
	}
}
