package line

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

const goProgram = `package main

type tree struct{ depth int }

//go:noinline
func leaf(n int) int {
	return n *
		3
}

//go:noinline
func (t *tree) visit(n int) int {
	println("one")
	for i := range n {
		t.depth += leaf(i)
	}
	return leaf(n) + t.depth
}

func main() {
	(&tree{}).visit(4)
}
`

// buildGo compiles goProgram.
func buildGo(t *testing.T) *wasm.Module {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(goProgram), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", "build", "-trimpath", "-o", "main.wasm", "main.go")
	c.Dir = dir
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if output, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	b, err := os.ReadFile(filepath.Join(dir, "main.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode.Module(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// calls lists for a function of a Go program the lines of its calls of
// functions of the same program, by their names in the source.
func goCalls(t *testing.T, m *wasm.Module, table *Table, caller, callee string) (lines []int) {
	t.Helper()
	imported := uint32(m.CountImports(wasm.ExternFunc))
	for k := range m.Code {
		if m.Names.Functions[imported+uint32(k)] != caller {
			continue
		}
		r := wasm.NewReader(m.Code[k].Body, m.Code[k].Offset)
		for r.Len() > 0 {
			var i wasm.Instruction
			if err := r.Next(&i); err != nil {
				t.Fatal(err)
			}
			if i.Opcode != wasm.OpCall || !strings.HasPrefix(m.Names.Functions[i.Index], callee) {
				continue
			}
			frames := table.At(i.Offset)
			if len(frames) != 1 || frames[0].Place.Near || !strings.HasSuffix(frames[0].Place.File, "main.go") {
				t.Errorf("At(%#x), a call of %s in %s, = %+v", i.Offset, callee, caller, frames)
				continue
			}
			lines = append(lines, frames[0].Place.Line)
		}
	}
	return lines
}

func TestGo(t *testing.T) {
	m := buildGo(t)
	table, err := Read(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := goCalls(t, m, table, "main.__tree_.visit", "main.leaf"); len(got) != 2 || got[0] != 15 || got[1] != 17 {
		t.Errorf("lines of the calls of leaf in visit: %v, want [15 17]", got)
	}
	if got := goCalls(t, m, table, "main.main", "main.__tree_"); len(got) != 1 || got[0] != 21 {
		t.Errorf("lines of the calls of visit in main: %v, want [21]", got)
	}
	imported := uint32(m.CountImports(wasm.ExternFunc))
	for k := range m.Code {
		if m.Names.Functions[imported+uint32(k)] == "main.__tree_.visit" {
			if frames := table.At(m.Code[k].Offset); len(frames) != 1 || frames[0].Function != "main.(*tree).visit" || !frames[0].Place.Near {
				t.Errorf("At the beginning of visit = %+v, want a place near there in main.(*tree).visit", frames)
			}
		}
	}
}

// TestGoDamaged cuts and changes the table of a Go program.
func TestGoDamaged(t *testing.T) {
	m := buildGo(t)
	last := wasm.Offset(0)
	for k := range m.Code {
		last = m.Code[k].Offset
	}
	for k := range m.Data {
		original := m.Data[k].Bytes
		if len(original) < 8 || k%97 != 0 {
			continue
		}
		for _, changed := range [][]byte{original[:len(original)/2], []byte(strings.Repeat("\xff", len(original)))} {
			m.Data[k].Bytes = changed
			if table, err := Read(m, nil); err == nil {
				table.At(m.Code[0].Offset)
				table.At(m.Code[len(m.Code)/2].Offset)
				table.At(last)
			}
		}
		m.Data[k].Bytes = original
	}
}
