package compiler

import (
	"bytes"
	"context"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mewz/compiler/object"
)

// program is a module of so many functions that it has several shards; before are
// functions in front of the others, and changed is what function 100 returns.
func program(t *testing.T, before, changed string) []byte {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "(module (memory 1) (table 2 funcref) (type $t (func (param i32) (result i32)))\n%s", before)
	for i := range 240 {
		fmt.Fprintf(&b, "(func $f%d (param i32) (result i32)\n", i)
		// Functions of different shapes, as those of programs are.
		for k := range 60 + i*37%90 {
			fmt.Fprintf(&b, "(local.set 0 (i32.%s (i32.load offset=%d (local.get 0)) (i32.const %d)))\n", []string{"add", "mul", "xor"}[(i>>(k%8))%3], k*8, i+k)
		}
		value := "(local.get 0)"
		if i == 100 {
			value = changed
		}
		fmt.Fprintf(&b, "(call_indirect (type $t) (call $f%d %s) (i32.const 1)))\n", (i+7)%240, value)
	}
	b.WriteString("(elem (i32.const 0) func $f3 $f200) (export \"f\" (func $f3)))")
	path := filepath.Join(t.TempDir(), "program.wat")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return assemble(t, path)
}

// entries is how many entries a cache has.
func entries(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// TestCompileAfterChange checks that only the shards that a change touches are
// compiled again, and that the object is the one that an empty cache gives.
func TestCompileAfterChange(t *testing.T) {
	needTools(t, "wat2wasm")
	const local = "(local.get 0)"
	for _, test := range []struct {
		name, before, changed string
		most                  int // shards, besides that of what is no function
	}{
		{"one function longer", "", "(i32.add (local.get 0) (i32.const 1000000))", 1},
		{"one function in front", "(func (param f64) (result f64) (local.get 0))", local, 2},
		{"one function and type in front", "(type (func (param i64 i64))) (func (type 1))", local, 2},
	} {
		for _, level := range []string{"0", "fast"} {
			t.Run(test.name+" at level "+level, func(t *testing.T) {
				compile := func(module []byte, dir string) []byte {
					r, err := Compile(context.Background(), module, Options{Level: level, CacheDir: dir})
					if err != nil {
						t.Fatal(err)
					}
					return r.Object
				}
				dir := t.TempDir()
				compile(program(t, "", local), dir)
				first := entries(t, dir)
				module := program(t, test.before, test.changed)
				again := compile(module, dir)
				compiled := entries(t, dir) - first - 1 // the whole object is one
				if shards := first - 1; shards < 6 || compiled > test.most+1 || compiled == 0 {
					t.Errorf("%d of %d shards compiled again, want at most %d", compiled, shards, test.most+1)
				}
				if !bytes.Equal(again, compile(module, t.TempDir())) {
					t.Error("with the shards of another module the object is another")
				}
			})
		}
	}
}

// TestCompileMovedPlaces checks symbols and line table of an object of movable
// shards: every function's code comes from its own bytes of the module.
func TestCompileMovedPlaces(t *testing.T) {
	needTools(t, "wat2wasm")
	module := program(t, "(func) (func)", "(local.get 0)")
	r, err := Compile(context.Background(), module, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(r.Object))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]elf.Symbol{}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && strings.HasPrefix(s.Name, "f") {
			t.Errorf("symbol %s is undefined", s.Name)
		}
		places[s.Name] = s
	}
	rows := lineRows(t, f)
	for i, function := range r.Module.Functions[2:] {
		end := uint64(len(module))
		if i+3 < len(r.Module.Functions) {
			end = r.Module.Functions[i+3].Offset
		}
		found := 0
		for at := range places[function.Symbol].Size {
			// Code that LLVM adds has line 0.
			if line := rows[places[function.Symbol].Value+at]; line != 0 {
				found++
				if line < function.Offset || line >= end {
					t.Errorf("%s+%#x: line %d, want one from %d to %d", function.Symbol, at, line, function.Offset, end)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s of %d bytes: no lines", function.Symbol, places[function.Symbol].Size)
		}
	}
}

// lineRows returns the lines of an object's line table by address.
func lineRows(t *testing.T, f *elf.File) map[uint64]uint64 {
	t.Helper()
	d, err := f.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[uint64]uint64{}
	r := d.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return rows
		}
		lines, err := d.LineReader(e)
		if err != nil {
			t.Fatal(err)
		}
		r.SkipChildren()
		for lines != nil {
			var row dwarf.LineEntry
			if err := lines.Next(&row); err != nil {
				break
			}
			if row.Line >= object.MovableLine/2 {
				t.Fatalf("line %d at %#x was not moved", row.Line, row.Address)
			}
			if !row.EndSequence {
				rows[row.Address] = uint64(row.Line)
			}
		}
	}
}

// TestCompileIsDeterministic compiles with different numbers of processors and
// directories for temporary files.
func TestCompileIsDeterministic(t *testing.T) {
	needTools(t, "wat2wasm")
	module := program(t, "", "(local.get 0)")
	var first []byte
	for _, processors := range []int{1, 2, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		t.Setenv("TMPDIR", t.TempDir())
		r, err := Compile(context.Background(), module, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, r.Object) {
			t.Fatalf("with %d processors the same module gives another object", processors)
		}
		first = r.Object
	}
}
