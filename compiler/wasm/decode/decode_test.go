package decode_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

const header = "\x00asm\x01\x00\x00\x00"

// section is a section whose contents are shorter than 128 bytes.
func section(id byte, contents string) string {
	return string([]byte{id, byte(len(contents))}) + contents
}

// name is a name shorter than 128 bytes.
func name(s string) string { return string([]byte{byte(len(s))}) + s }

const types, functions = "\x01\x60\x00\x00", "\x01\x00" // the contents of sections: one function of type [] -> []

var faults = []struct{ name, module, want string }{
	{"empty file", "", "offset 0x0: unexpected end: the file is empty"},
	{"truncated header", "\x00asm\x01", "offset 0x5: unexpected end: the file is truncated"},
	{"text", "  (module)", "offset 0x0: magic header not detected: this looks like the text format, which package text translates before"},
	{"text comment", ";; x\n(module)", "text format"},
	{"ELF", "\x7fELF\x02\x01\x01", "this is an ELF file"},
	{"bitcode", "BC\xc0\xde", "this is LLVM bitcode"},
	{"other file", "GIF89a", "this is not a WebAssembly module"},
	{"component", "\x00asm\x0d\x00\x01\x00", "unknown binary version 0d 00 01 00: this is a component (layer 1); it needs the component-model proposal, which is not supported yet"},
	{"version 2", "\x00asm\x02\x00\x00\x00", "offset 0x4: unknown binary version 02 00 00 00: this compiler reads version 1"},
	{"truncated section", header + "\x01\x10\x01", "offset 0xa: length out of bounds: a section has 16 bytes, the file only 1 more; it may be truncated"},
	{"section id", header + "\x20\x00", "offset 0x8: malformed section id 32"},
	{"string section", header + "\x0e\x00", "malformed section id: a string section needs the stringref proposal, which is not supported yet"},
	{"tag attribute", header + section(13, "\x01\x01\x00"), "tag section: offset 0xb: malformed tag attribute 0x01"},
	{"tags behind globals", header + section(6, "\x00") + section(13, "\x00"), "the tag section is repeated or out of order"},
	{"section twice", header + section(1, types) + section(1, types), "offset 0xe: unexpected content after last section: the type section is repeated or out of order"},
	{"section order", header + section(3, "\x00") + section(2, "\x00"), "the import section is repeated or out of order"},
	{"section size", header + section(1, types+"\x00\x00"), "type section: offset 0xe: section size mismatch: 2 bytes too many"},
	{"section end", header + section(1, "\x02\x60\x00\x00"), "type section: offset 0xe: unexpected end of section or function"},
	{"huge vector", header + section(1, "\xff\xff\xff\xff\x0f"), "type section: offset 0xf: unexpected end of section or function"},
	{"continuation type", header + section(1, "\x01\x5d\x00"), "type section: offset 0xb: a continuation type needs the stack-switching proposal, which is not supported yet"},
	{"type form", header + section(1, "\x01\x10\x00"), "malformed definition type 0x10"},
	{"group within a group", header + section(1, "\x01\x4e\x01\x4e\x00"), "type section: offset 0xd: malformed definition type 0x4e"},
	{"group without its types", header + section(1, "\x01\x4e\x02\x60\x00\x00"), "type section: offset 0x10: unexpected end"},
	{"mutability of a field", header + section(1, "\x01\x5f\x01\x7f\x02"), "type section: offset 0xe: malformed mutability"},
	{"packed parameter", header + section(1, "\x01\x60\x01\x78\x00"), "malformed value type 0x78"},
	{"heap type", header + section(1, "\x01\x60\x01\x64\x7f\x00"), "malformed heap type 0x7f"},
	{"stringref", header + section(1, "\x01\x60\x01\x67\x00"), "type stringref needs the stringref proposal, which is not supported yet"},
	{"value type", header + section(1, "\x01\x60\x01\x10\x00"), "malformed value type 0x10"},
	{"import name", header + section(2, "\x01"+name("a\xff")+name("b")+"\x00\x00"), "import section: offset 0xc: malformed UTF-8 encoding"},
	{"import kind", header + section(2, "\x01"+name("a")+name("b")+"\x05"), "malformed import kind 0x05"},
	{"import of a tag", header + section(2, "\x01"+name("a")+name("b")+"\x04\x01\x00"), "malformed tag attribute 0x01"},
	{"export kind", header + section(7, "\x01"+name("a")+"\x07\x00"), "malformed export kind 0x07"},
	{"shared table", header + section(4, "\x01\x70\x03\x01\x01"), "table section: offset 0xc: malformed limits flags: integer too large: a limits flag of 0x03 needs the shared-everything-threads proposal"},
	{"page size", header + section(5, "\x01\x0c\x01"), "a limits flag of 0x0c needs the custom-page-sizes proposal"},
	{"page size", header + section(5, "\x01\x08\x01\x00"), "a limits flag of 0x08 needs the custom-page-sizes proposal"},
	{"table with a value", header + section(4, "\x01\x40\x01\x70\x00\x01\xd0\x70\x0b"), "table section: offset 0xc: zero byte expected"},
	{"table without its value", header + section(4, "\x01\x40\x00\x70\x00\x01"), "table section: offset 0x10: unexpected end"},
	{"mutability", header + section(6, "\x01\x7f\x02\x41\x00\x0b"), "malformed mutability"},
	{"element kind", header + section(9, "\x01\x08"), "malformed element segment kind 8"},
	{"data kind", header + section(11, "\x01\x03"), "malformed data segment kind 3"},
	{"data count", header + section(12, "\x02") + section(11, "\x00"), "data count and data section have inconsistent lengths: 2 and 0"},
	{"no code", header + section(1, types) + section(3, functions), "function and code section have inconsistent lengths: 1 and 0"},
	{"locals", header + section(1, types) + section(3, functions) + section(10, "\x01\x07\x01\xff\xff\xff\xff\x0f\x7f"),
		"code section: function 0: offset 0x17: too many locals: over the limit of this compiler, 50000"},
	{"locals in a named function", header + section(0, name("name")+"\x01\x08\x01\x00\x05ma\nin") + section(1, types) + section(3, functions) + section(10, "\x01\x03\x01\x01\x10"),
		`code section: function 0 (ma\nin): offset 0x29: malformed value type 0x10`},
	{"custom section", header + section(0, "\x05abc"), "custom section: offset 0xb: unexpected end of section or function"},
	{"opcode of a proposal in a global", header + section(6, "\x01\x7f\x00\xe0\x0c"), "global section: offset 0xd: instruction 0xe0 needs the stack-switching proposal"},
}

func TestDecodeFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) {
			_, err := decode.Module([]byte(test.module))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Module() = %v, want %s", err, test.want)
			}
			var place *wasm.OffsetError
			if !errors.As(err, &place) && !errors.Is(err, decode.ErrFunctionCount) && !errors.Is(err, decode.ErrDataCount) {
				t.Errorf("Module() = %v has no place", err)
			}
		})
	}
}

// TestDecodeTruncatedSection cuts a module at every byte.
func TestDecodeTruncatedSection(t *testing.T) {
	types, functions, code := section(1, "\x01\x60\x00\x00"), section(3, "\x01\x00"), section(10, "\x01\x02\x00\x0b")
	module := header + types + functions + code + section(11, "\x01\x01\x03abc")
	afterTypes := len(header + types)
	afterCode := afterTypes + len(functions+code)
	whole := map[int]bool{len(header): true, afterTypes: true, afterCode: true, len(module): true}
	for n := range len(module) + 1 {
		if _, err := decode.Module([]byte(module[:n])); (err == nil) != whole[n] {
			t.Errorf("Module(first %d bytes) = %v, want success %v", n, err, whole[n])
		}
	}
}

func TestDecodeElementForms(t *testing.T) {
	const address, null = "\x41\x05\x0b", "\xd0\x70\x0b"
	segments := []string{
		"\x00" + address + "\x01\x02",
		"\x01\x00\x01\x02",
		"\x02\x03" + address + "\x00\x01\x02",
		"\x03\x00\x01\x02",
		"\x04" + address + "\x01" + null,
		"\x05\x6f\x01\xd0\x6f\x0b",
		"\x06\x03" + address + "\x70\x01" + null,
		"\x07\x70\x01" + null,
	}
	m, err := decode.Module([]byte(header + section(9, "\x08"+strings.Join(segments, ""))))
	if err != nil {
		t.Fatal(err)
	}
	type form struct {
		Mode    wasm.SegmentMode
		Table   uint32
		Address string
		Type    wasm.ValueType
		Funcs   int
		Exprs   int
	}
	want := []form{
		{wasm.SegmentActive, 0, address, wasm.FuncRef.NonNull(), 1, 0},
		{wasm.SegmentPassive, 0, "", wasm.FuncRef.NonNull(), 1, 0},
		{wasm.SegmentActive, 3, address, wasm.FuncRef.NonNull(), 1, 0},
		{wasm.SegmentDeclarative, 0, "", wasm.FuncRef.NonNull(), 1, 0},
		{wasm.SegmentActive, 0, address, wasm.FuncRef, 0, 1},
		{wasm.SegmentPassive, 0, "", wasm.ExternRef, 0, 1},
		{wasm.SegmentActive, 3, address, wasm.FuncRef, 0, 1},
		{wasm.SegmentDeclarative, 0, "", wasm.FuncRef, 0, 1},
	}
	var got []form
	for _, e := range m.Elements {
		got = append(got, form{e.Mode, e.Table, string(e.Address.Body), e.Type, len(e.Funcs), len(e.Exprs)})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Elements (-want +got):\n%s", diff)
	}
}

func TestDecodeTypeForms(t *testing.T) {
	forms := []string{
		"\x60\x01\x63\x00\x01\x64\x6b",                         // func (ref null 0) -> (ref struct)
		"\x4e\x02\x50\x00\x5f\x01\x78\x01\x4f\x01\x01\x5f\x00", // two, one below the other
		"\x4e\x00", // none
		"\x5e\x69\x00",
	}
	m, err := decode.Module([]byte(header + section(1, "\x04"+strings.Join(forms, ""))))
	if err != nil {
		t.Fatal(err)
	}
	want := []wasm.Type{
		{FuncType: wasm.FuncType{Params: []wasm.ValueType{wasm.ReferenceTo(0)}, Results: []wasm.ValueType{wasm.StructRef.NonNull()}},
			Final: true, GroupSize: 1, Offset: 11},
		{Kind: wasm.KindStruct, Fields: []wasm.FieldType{{Type: wasm.I8, Mutable: true}}, GroupFirst: 1, GroupSize: 2, Offset: 20},
		{Kind: wasm.KindStruct, Supers: []uint32{1}, Final: true, GroupFirst: 1, GroupSize: 2, Offset: 26},
		{Kind: wasm.KindArray, Fields: []wasm.FieldType{{Type: wasm.ExnRef}}, Final: true, GroupFirst: 3, GroupSize: 1, Offset: 33},
	}
	if diff := cmp.Diff(want, m.Types); diff != "" {
		t.Errorf("Types (-want +got):\n%s", diff)
	}
}

func TestDecodeTagsAndTables(t *testing.T) {
	m, err := decode.Module([]byte(header + section(2, "\x01"+name("a")+name("b")+"\x04\x00\x07") +
		section(4, "\x01\x40\x00\x64\x70\x00\x02\xd2\x05\x0b") + section(13, "\x01\x00\x03") + section(7, "\x01"+name("e")+"\x04\x01")))
	if err != nil {
		t.Fatal(err)
	}
	if i := m.Imports[0]; i.Kind != wasm.ExternTag || i.Type != 7 {
		t.Errorf("Imports[0] = %+v, want a tag of type 7", i)
	}
	if e := m.Exports[0]; e.Kind != wasm.ExternTag || e.Index != 1 {
		t.Errorf("Exports[0] = %+v, want tag 1", e)
	}
	if len(m.Tags) != 1 || m.Tags[0].Type != 3 {
		t.Errorf("Tags = %+v, want one of type 3", m.Tags)
	}
	if table := m.Tables[0]; table.Type.Element != wasm.FuncRef.NonNull() || table.Init == nil || string(table.Init.Body) != "\xd2\x05\x0b" {
		t.Errorf("Tables[0] = %+v, want (ref func) with an initial value", table)
	}
}

func TestDecodeDataForms(t *testing.T) {
	m, err := decode.Module([]byte(header + section(11, "\x03\x00\x41\x07\x0b\x01a\x01\x02bc\x02\x01\x41\x07\x0b\x00")))
	if err != nil {
		t.Fatal(err)
	}
	want := []wasm.Data{
		{Address: wasm.ConstExpr{Body: []byte("\x41\x07\x0b"), Offset: 12}, Bytes: []byte("a"), Offset: 11},
		{Mode: wasm.SegmentPassive, Bytes: []byte("bc"), Offset: 17},
		{Memory: 1, Address: wasm.ConstExpr{Body: []byte("\x41\x07\x0b"), Offset: 23}, Bytes: []byte{}, Offset: 21},
	}
	if diff := cmp.Diff(want, m.Data); diff != "" {
		t.Errorf("Data (-want +got):\n%s", diff)
	}
}

// TestDecodeNames reads name sections, whole and broken; none is an error.
func TestDecodeNames(t *testing.T) {
	module := "\x00\x03\x02hi"
	functions := "\x01\x07\x02\x00\x01f\x01\x01g"
	locals := "\x02\x08\x01\x00\x02\x00\x01x\x02\x00"
	for _, test := range []struct {
		name, section string
		want          wasm.Names
	}{
		{"all", module + functions + locals, wasm.Names{Module: "hi", Functions: map[uint32]string{0: "f", 1: "g"}, Locals: map[uint32]map[uint32]string{0: {0: "x"}}}},
		{"truncated", functions[:8], wasm.Names{}},
		{"size beyond the section", "\x01\x70\x02\x00\x01f", wasm.Names{}},
		{"too many", "\x01\x05\xff\x01\x00\x01f", wasm.Names{Functions: map[uint32]string{0: "f"}}},
		{"not UTF-8", "\x01\x07\x02\x00\x01\xff\x01\x01g", wasm.Names{Functions: map[uint32]string{1: "g"}}},
		{"unknown subsection", "\x0b\x01\x00" + functions, wasm.Names{Functions: map[uint32]string{0: "f", 1: "g"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := decode.Module([]byte(header + section(0, name("name")+test.section)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, m.Names, equateEmpty); diff != "" {
				t.Errorf("Names (-want +got):\n%s", diff)
			}
		})
	}
}

var equateEmpty = cmp.FilterValues(func(a, b any) bool {
	x, ok := a.(map[uint32]string)
	y, ok2 := b.(map[uint32]string)
	if ok && ok2 {
		return len(x)+len(y) == 0
	}
	v, ok := a.(map[uint32]map[uint32]string)
	w, ok2 := b.(map[uint32]map[uint32]string)
	return ok && ok2 && len(v)+len(w) == 0
}, cmp.Comparer(func(any, any) bool { return true }))

// TestDecodePlaces checks the offsets that DWARF and messages count from.
func TestDecodePlaces(t *testing.T) {
	b := []byte(header + section(0, name("x")+"yz") + section(1, "\x01\x60\x00\x00") + section(3, "\x01\x00") +
		section(8, "\x00") + section(10, "\x01\x05\x01\x02\x7f\x01\x0b"))
	m, err := decode.Module(b)
	if err != nil {
		t.Fatal(err)
	}
	if want := wasm.Offset(bytes.IndexByte(b, 10) + 2); m.CodeOffset != want {
		t.Errorf("CodeOffset = %d, want %d", m.CodeOffset, want)
	}
	code := m.Code[0]
	if got := b[code.Offset:]; string(got) != "\x01\x0b" || string(code.Body) != "\x01\x0b" {
		t.Errorf("Code[0] = % x at % x, want 01 0b", code.Body, got)
	}
	if want := []wasm.LocalGroup{{Count: 2, Type: wasm.I32}}; !cmp.Equal(code.Locals, want) {
		t.Errorf("Locals = %v, want %v", code.Locals, want)
	}
	if b[m.StartOffset] != 0 || *m.Start != 0 || len(m.Customs) != 1 || string(m.Customs[0].Bytes) != "yz" {
		t.Errorf("Start = %d at %d, Customs = %v", *m.Start, m.StartOffset, m.Customs)
	}
}
