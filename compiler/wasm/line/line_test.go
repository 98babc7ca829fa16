package line

import (
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
		table, err := Read(m)
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
				if place, ok := table.At(instruction.Offset); ok && instruction.Info().Name == "i32.load" {
					if filepath.Base(place.File) != "program.c" || place.Column == 0 {
						t.Errorf("%s: place %+v, want a column of program.c", version, place)
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
			if place, ok := table.At(offset); ok {
				t.Errorf("%s: At(%#x), no code, = %+v", version, offset, place)
			}
		}
	}
}

func TestReadWithoutDebugInformation(t *testing.T) {
	if _, err := Read(build(t)); !errors.Is(err, ErrNone) {
		t.Errorf("Read of a module without DWARF: error %v, want %v", err, ErrNone)
	}
}

func TestReadDamaged(t *testing.T) {
	m := build(t, "-g")
	for i := range m.Customs {
		whole := m.Customs[i].Bytes
		for n := 0; n < len(whole); n += 1 + len(whole)/16 {
			m.Customs[i].Bytes = whole[:n]
			if table, err := Read(m); err == nil {
				table.At(m.CodeOffset + 10)
			}
		}
		m.Customs[i].Bytes = whole
	}
}
