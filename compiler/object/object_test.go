package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
)

// sampleFile has a bit of everything.
func sampleFile() *File {
	f := New("sample", elf.EM_X86_64)
	text := f.AddSection(Section{Name: ".text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: []byte("code and code")})
	bss := f.AddSection(Section{Name: ".bss", Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 32, Bytes: 1000})
	f.AddSectionSymbol(text)
	f.AddSymbol(Symbol{Name: "local", Type: elf.STT_FUNC, Section: text, Value: 2, Bytes: 4})
	f.AddSymbol(Symbol{Name: "wasi.import", Binding: elf.STB_GLOBAL, Section: SectionUndefined})
	f.AddSymbol(Symbol{Name: "fixed", Binding: elf.STB_GLOBAL, Section: SectionAbsolute, Value: 1 << 40})
	f.AddObject("zero", bss)
	f.Sections[text].Relocations = []Relocation{
		{Offset: 1, Type: 4, Symbol: 2, Addend: -4}, {Offset: 5, Type: 1, Symbol: 0, Addend: 3}, {Offset: 0, Type: 0, Symbol: NoSymbol},
	}
	return f
}

func TestEncodeRead(t *testing.T) {
	want := sampleFile()
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read("sample", b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.Symbols()
	if err != nil || len(symbols) != 5 || symbols[4].Name != "zero" || f.Section(".rela.text") == nil {
		t.Errorf("debug/elf reads symbols %v, %v", symbols, err)
	}
}

func TestReadErrors(t *testing.T) {
	good, err := sampleFile().Encode()
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	table := int(le.Uint64(good[40:]))
	header := func(b []byte, section int) []byte { return b[table+section*sectionHeaderBytes:] }
	// Sections: 1 .text, 2 .bss, 3 .rela.text, 4 .symtab, 5 .strtab.
	tests := []struct {
		name   string
		damage func(b []byte) []byte
		want   string
	}{
		{"empty", func(b []byte) []byte { return nil }, "not an ELF file"},
		{"32-bit", func(b []byte) []byte { b[4] = 1; return b }, "not a 64-bit"},
		{"executable", func(b []byte) []byte { b[16] = 2; return b }, "not a relocatable object but ET_EXEC"},
		{"no table", func(b []byte) []byte { le.PutUint64(b[40:], 0); return b }, "no sections"},
		{"table beyond the end", func(b []byte) []byte { return b[:len(b)-1] }, "section header table beyond"},
		{"names", func(b []byte) []byte { le.PutUint16(b[62:], 77); return b }, "no section names"},
		{"names beyond the end", func(b []byte) []byte { le.PutUint64(header(b, 5)[24:], 1<<40); return b }, "section names beyond"},
		{"name", func(b []byte) []byte { le.PutUint32(header(b, 1), 1<<20); return b }, "section 1: name beyond"},
		{"content", func(b []byte) []byte { le.PutUint64(header(b, 1)[32:], 1<<20); return b }, `section 1 ".text": content beyond`},
		{"alignment", func(b []byte) []byte { le.PutUint64(header(b, 1)[48:], 3); return b }, "alignment 0x3 out of range"},
		{"group", func(b []byte) []byte { le.PutUint32(header(b, 1)[4:], uint32(elf.SHT_GROUP)); return b }, "COMDAT"},
		{"rel", func(b []byte) []byte { le.PutUint32(header(b, 3)[4:], uint32(elf.SHT_REL)); return b }, "SHT_REL are not supported"},
		{"compressed", func(b []byte) []byte { le.PutUint64(header(b, 1)[8:], uint64(elf.SHF_COMPRESSED)); return b }, "SHF_COMPRESSED are not"},
		{"symbols", func(b []byte) []byte { le.PutUint64(header(b, 4)[32:], 25); return b }, "not a whole number of symbols"},
		{"symbol name", func(b []byte) []byte { le.PutUint32(b[le.Uint64(header(b, 4)[24:])+48:], 1<<20); return b }, "symbol 2: name beyond"},
		{"symbol section", func(b []byte) []byte { le.PutUint16(b[le.Uint64(header(b, 4)[24:])+54:], 99); return b }, `"local": in section 99`},
		{"symbol value", func(b []byte) []byte { le.PutUint64(b[le.Uint64(header(b, 4)[24:])+56:], 99); return b }, `"local": beyond the end`},
		{"common", func(b []byte) []byte {
			le.PutUint16(b[le.Uint64(header(b, 4)[24:])+54:], uint16(elf.SHN_COMMON))
			return b
		}, "-fno-common"},
		{"relocations", func(b []byte) []byte { le.PutUint64(header(b, 3)[32:], 23); return b }, "not a whole number of relocations"},
		{"relocation offset", func(b []byte) []byte { le.PutUint64(b[le.Uint64(header(b, 3)[24:]):], 13); return b }, "offset 0xd beyond \".text\""},
		{"relocation symbol", func(b []byte) []byte { le.PutUint32(b[le.Uint64(header(b, 3)[24:])+12:], 6); return b }, "symbol 6 does not exist"},
		{"relocation table", func(b []byte) []byte { le.PutUint32(header(b, 3)[40:], 1); return b }, "another symbol table"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read("x.o", test.damage(bytes.Clone(good)))
			if err == nil || !strings.HasPrefix(err.Error(), "x.o: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Read = %v, want %q", err, test.want)
			}
		})
	}
}

func TestModule(t *testing.T) {
	want := &Module{
		Name:     "m",
		Imports:  []Import{{Module: "a", Name: "b\x00\"", Kind: KindFunction, Symbol: "s", Params: "iI", Results: "f"}},
		Exports:  []Export{{Name: "memory", Kind: KindMemory, Type: "1 2"}},
		Memory:   &Memory{MinPages: 1, MaxPages: 2, HasMax: true},
		Features: []string{"simd"}, Options: map[string]string{"opt": "fast"},
		Functions: []Function{{Symbol: "f", Index: 1, Name: "ü", Offset: 1 << 33}},
	}
	f := New("m.o", elf.EM_X86_64)
	if err := f.AddModule(want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Module()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Version != ModuleVersion {
		t.Error(diff)
	}
	tests := []struct{ json, want string }{
		{`{"version":99}`, "x.o: made by another version of mewz (format 99"},
		{`{"version":`, "x.o: section .mewz.module: unexpected end"},
		{`[]`, "x.o: section .mewz.module: json"},
	}
	for _, test := range tests {
		f := New("x.o", elf.EM_X86_64)
		f.AddSection(Section{Name: ModuleSection, Data: []byte(test.json)})
		if _, err := f.Module(); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("Module of %s = %v, want %q", test.json, err, test.want)
		}
	}
	if _, err := New("x.o", 0).Module(); err == nil || err.Error() != "x.o: not an object of mewz compile (it has no section .mewz.module)" {
		t.Errorf("Module of nothing = %v", err)
	}
}

func TestSymbolName(t *testing.T) {
	im := Import{Module: "m", Name: "n"}
	if got := im.SymbolName(); got != "m.n" {
		t.Errorf("SymbolName = %q, want m.n", got)
	}
	if got := TypeText("iIfFvrxe?"); got != "i32, i64, f32, f64, v128, funcref, externref, exnref, '?'" {
		t.Errorf("TypeText = %s", got)
	}
}

func TestChunks(t *testing.T) {
	const gap = chunkGapBytes
	tests := []struct {
		name string
		data []Data
		want []Chunk
	}{
		{"none", nil, nil},
		{"empty", []Data{{1 << 30, nil}}, nil},
		{"one", []Data{{3, []byte("ab")}}, []Chunk{{0, []byte("\x00\x00\x00ab")}}},
		{"overlap", []Data{{2, []byte("abcd")}, {0, []byte("xyz")}}, []Chunk{{0, []byte("xyzbcd")}}},
		{"close", []Data{{8193, []byte("a")}, {8196, []byte("b")}}, []Chunk{{8192, []byte("\x00a\x00\x00b")}}},
		{"joined", []Data{{4096 + gap, []byte("b")}, {4096, []byte("a")}},
			[]Chunk{{4096, append(append([]byte("a"), make([]byte, gap-1)...), 'b')}}},
		{"split", []Data{{8192 + gap, []byte("b")}, {4096, []byte("a")}}, []Chunk{{4096, []byte("a")}, {8192 + gap, []byte("b")}}},
		{"within", []Data{{0, []byte("abcdefgh")}, {2, []byte("X")}, {5000, []byte("Y")}},
			[]Chunk{{0, append(append([]byte("abXdefgh"), make([]byte, 4992)...), 'Y')}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Chunks(test.data)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSpreadData holds that a few segments do not make an object of gigabytes.
func TestSpreadData(t *testing.T) {
	spread := func(step uint64) (data []Data) {
		for at := uint64(0); at < 1<<32; at += step {
			data = append(data, Data{at, []byte("x")})
		}
		return data
	}
	if err := CheckSpread(spread(chunkGapBytes)); err == nil || !strings.Contains(err.Error(), "4095 MiB of zeroes between 65536 data segments") {
		t.Errorf("a byte in each wasm page: error %v", err)
	}
	if err := CheckSpread(spread(4 * chunkGapBytes)); err != nil {
		t.Errorf("a byte in every fourth wasm page: %v", err)
	}
}

func TestChunkSection(t *testing.T) {
	for _, offset := range []uint64{0, 4096, 1<<32 - 4096} {
		if got, ok := ParseChunkSection(ChunkSection(offset)); !ok || got != offset {
			t.Errorf("ParseChunkSection(ChunkSection(%#x)) = %#x, %v", offset, got, ok)
		}
	}
	for _, name := range []string{".data", ".wasm.memory.", ".wasm.memory.01", ".wasm.memory.A", ".wasm.memory.11111111111111111"} {
		if got, ok := ParseChunkSection(name); ok {
			t.Errorf("ParseChunkSection(%q) = %#x", name, got)
		}
	}
}

func TestAddMemoryErrors(t *testing.T) {
	tests := []struct {
		memory  Memory
		machine elf.Machine
		chunks  []Chunk
	}{
		{Memory{MinPages: 2, MaxPages: 1}, elf.EM_X86_64, nil},
		{Memory{MinPages: 2, MaxPages: abi.MemoryMaxPages + 1}, elf.EM_X86_64, nil},
		{Memory{MinPages: 1, MaxPages: 1}, elf.EM_386, nil},
		{Memory{MinPages: 1, MaxPages: 1}, elf.EM_X86_64, []Chunk{{100, []byte("a")}}},
		{Memory{MinPages: 1, MaxPages: 1}, elf.EM_X86_64, []Chunk{{65536, []byte("a")}}},
	}
	for _, test := range tests {
		if err := New("", test.machine).AddMemory("", test.memory, test.chunks); err == nil {
			t.Errorf("AddMemory(%+v, %v) succeeded", test.memory, test.chunks)
		}
	}
}

func FuzzRead(f *testing.F) {
	b, err := sampleFile().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	if _, err := exec.LookPath("clang-19"); err == nil {
		f.Add(compile(f, "a.c").Data)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := Read("x.o", b)
		if err != nil {
			return
		}
		encoded, err := first.Encode()
		if err != nil {
			return
		}
		if _, err := Read("x.o", encoded); err != nil {
			t.Errorf("Read(Encode(x)) = %v", err)
		}
	})
}
