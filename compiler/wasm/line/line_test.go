package line

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

const program = `int deep(volatile int *p) {
  return *p +
         p[1];
}
int main(void) {
  return deep((int *)16);
}
`

// build compiles program with debug information of a version of DWARF.
func build(t *testing.T, flags ...string) *wasm.Module {
	t.Helper()
	clang, err := exec.LookPath("clang-19")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("clang-19 not found: make setup")
		}
		t.Skip("clang-19 not found: make setup")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "program.c"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		append([]string{"--target=wasm32", "-c", "-O0", "-o", "program.o", "program.c"}, flags...),
		{"--target=wasm32", "-nostdlib", "-Wl,--no-entry,--export=main,--export=deep", "-o", "program.wasm", "program.o"},
	} {
		c := exec.Command(clang, args...)
		c.Dir = dir
		if output, err := c.CombinedOutput(); err != nil {
			t.Fatalf("clang-19 %v: %v\n%s", args, err, output)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "program.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode.Module(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAt(t *testing.T) {
	for _, version := range []string{"-gdwarf-4", "-gdwarf-5"} {
		m := build(t, version)
		table, err := Read(m, nil)
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		// Each load of deep is on the line of its operand.
		var loads []int
		for i := range m.Code {
			r := wasm.NewReader(m.Code[i].Body, m.Code[i].Offset)
			for r.Len() > 0 {
				var instruction wasm.Instruction
				if err := r.Next(&instruction); err != nil {
					t.Fatal(err)
				}
				if frames := table.At(instruction.Offset); len(frames) == 1 && instruction.Info().Name == "i32.load" {
					place := frames[0].Place
					if frames[0].Function != "deep" || filepath.Base(place.File) != "program.c" || place.Column == 0 {
						t.Errorf("%s: %+v, want deep and a column of program.c", version, frames[0])
					}
					loads = append(loads, place.Line)
				}
			}
		}
		want := map[int]bool{2: true, 3: true}
		for _, line := range loads {
			delete(want, line)
		}
		if len(want) != 0 {
			t.Errorf("%s: loads on table %v, want some on 2 and 3", version, loads)
		}
		for _, offset := range []wasm.Offset{0, m.CodeOffset, wasm.Offset(len(m.Bytes)) - 1} {
			if frames := table.At(offset); frames != nil {
				t.Errorf("%s: At(%#x), no code, = %+v", version, offset, frames)
			}
		}
	}
}

func TestReadWithoutDebugInformation(t *testing.T) {
	if _, err := Read(build(t), nil); !errors.Is(err, ErrNone) {
		t.Errorf("Read of a module without DWARF: error %v, want %v", err, ErrNone)
	}
}

func TestReadDamaged(t *testing.T) {
	m := build(t, "-g")
	for i := range m.Customs {
		whole := m.Customs[i].Bytes
		for n := 0; n < len(whole); n += 1 + len(whole)/16 {
			m.Customs[i].Bytes = whole[:n]
			if table, err := Read(m, nil); err == nil {
				for at := range m.Code[0].Body {
					table.At(m.Code[0].Offset + wasm.Offset(at))
				}
			}
		}
		m.Customs[i].Bytes = whole
	}
}

// withSections returns an empty module with a function of ten instructions and
// custom sections.
func withSections(sections map[string]string) *wasm.Module {
	m := &wasm.Module{CodeOffset: 100, Code: []wasm.Code{{Body: make([]byte, 10), Offset: 102}}}
	for name, content := range sections {
		m.Customs = append(m.Customs, wasm.Custom{Name: name, Bytes: []byte(content)})
	}
	return m
}

func opener(files map[string]string) Open {
	return func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}
}

func TestSourceMap(t *testing.T) {
	// Offset 102: a.ts 3:5; 104: none; 107: b.ts 1:1; 109: b.ts 2:1.
	const text = `{"version":3,"sourceRoot":"src","sources":["a.ts","b.ts"],"names":[],"mappings":"sGAEI,E,GCFJ,EACA"}`
	for _, tt := range []struct {
		url  string
		open Open
	}{
		{"a.map", opener(map[string]string{"a.map": text})},
		{"data:application/json;base64," + base64.StdEncoding.EncodeToString([]byte(text)), nil},
		{"data:application/json," + text, nil},
	} {
		m := withSections(map[string]string{"sourceMappingURL": string(binary.AppendUvarint(nil, uint64(len(tt.url)))) + tt.url})
		table, err := Read(m, tt.open)
		if err != nil {
			t.Fatalf("%q: %v", tt.url, err)
		}
		for offset, want := range map[wasm.Offset]string{101: "", 102: "src/a.ts:3:5", 103: "src/a.ts:3:5", 104: "", 107: "src/b.ts:1:1", 109: "src/b.ts:2:1"} {
			got := ""
			if frames := table.At(offset); len(frames) > 0 {
				got = frames[0].Place.String()
			}
			if got != want {
				t.Errorf("%q: At(%d) = %q, want %q", tt.url, offset, got, want)
			}
		}
	}
}

func TestSourceMapMalformed(t *testing.T) {
	for _, text := range []string{
		"", "[]", `{"version":2}`, `{"version":3,"mappings":"A;A"}`, `{"version":3,"mappings":"!"}`, `{"version":3,"mappings":"g"}`,
		`{"version":3,"mappings":"AAAA"}`, `{"version":3,"sources":["a"],"mappings":"AADA"}`, `{"version":3,"mappings":"gggggggggggggggA"}`,
		`{"version":3,"sources":["a"],"mappings":"AAAAAAAA"}`,
	} {
		m := withSections(map[string]string{"sourceMappingURL": "\x05a.map"})
		if _, err := Read(m, opener(map[string]string{"a.map": text})); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("Read with the source map %s: error %v, want one about it", text, err)
		}
	}
	for _, section := range []string{"", "\x05a", "\x05b.map"} {
		m := withSections(map[string]string{"sourceMappingURL": section})
		if _, err := Read(m, opener(nil)); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("Read with the section %q: error %v, want one about it", section, err)
		}
	}
}

// TestExternal moves the debug information into another file.
func TestExternal(t *testing.T) {
	m := build(t, "-g")
	whole := string(m.Bytes)
	var deep wasm.Offset
	for i := range m.Code {
		if m.Names.Functions[uint32(i)] == "deep" {
			deep = m.Code[i].Offset
		}
	}
	m.Customs = []wasm.Custom{{Name: "external_debug_info", Bytes: []byte("\x06d.wasm")}}
	table, err := Read(m, opener(map[string]string{"d.wasm": whole}))
	if err != nil {
		t.Fatal(err)
	}
	if frames := table.At(deep); len(frames) != 1 || frames[0].Function != "deep" {
		t.Errorf("At(%#x) = %+v, want deep", deep, frames)
	}
	if _, err := Read(m, opener(map[string]string{"d.wasm": whole[:50]})); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("Read with a damaged file: error %v, want one about it", err)
	}
}

func TestDemangle(t *testing.T) {
	for name, want := range map[string]string{
		"":                                  "",
		"main":                              "main",
		"_ZN4shop4CartIiE5shareEPVi":        "shop::Cart<int>::share(int volatile*)",
		"_ZN1t7checked17h8ef066ac4d1e7406E": "t::checked",
		"t::main::h0123456789abcdef":        "t::main",
		"_RNvCs1234_7mycrate3foo":           "mycrate::foo",
		"_Z":                                "_Z",
		"_ZN":                               "_ZN",
		"main.(*tree).visit":                "main.(*tree).visit",
		"h0123456789abcdef":                 "h0123456789abcdef",
	} {
		if got := Demangle(name); got != want {
			t.Errorf("Demangle(%q) = %q, want %q", name, got, want)
		}
	}
}
