package compiler

import (
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/compiler/object"
)

// assembleLegacy makes a module of text with the legacy form of exceptions.
func assembleLegacy(t *testing.T, path string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "module.wasm")
	if text, err := exec.Command("wat2wasm", "--enable-exceptions", "-o", out, path).CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExceptionsWithSystemCompiler links an object that throws with a C program that
// knows nothing of exceptions: what nothing catches is a trap.
func TestExceptionsWithSystemCompiler(t *testing.T) {
	needTools(t, "cc", "wat2wasm")
	module := assembleLegacy(t, "testdata/exceptions.wat")
	for _, level := range []string{"0", "fast", "2"} {
		t.Run(level, func(t *testing.T) {
			r, err := Compile(context.Background(), module, Options{Level: level})
			if err != nil {
				t.Fatal(err)
			}
			if _, stderr, code := runLinked(t, r.Object); stderr != "trap: code 15\n" || code != 134 {
				t.Errorf("run = %q, %d, want the trap uncaught exception", stderr, code)
			}
		})
	}
}

// TestExceptionObject looks at what an object with exceptions carries, and that one
// without carries nothing of it.
func TestExceptionObject(t *testing.T) {
	needTools(t, "wat2wasm")
	for _, test := range []struct {
		module []byte
		want   bool
	}{
		{assembleLegacy(t, "testdata/exceptions.wat"), true},
		{assemble(t, "testdata/run/numeric.wat"), false},
	} {
		r, err := Compile(context.Background(), test.module, Options{SymbolPrefix: "p$"})
		if err != nil {
			t.Fatal(err)
		}
		f, err := object.Read("object", r.Object)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, s := range f.Symbols {
			found[s.Name] = s.Section != object.SectionUndefined
		}
		for _, name := range []string{"p$" + object.SymbolExceptions, "p$" + object.UnwindSymbol, "p$exception_throw"} {
			if found[name] != test.want {
				t.Errorf("the object defines %s: %v, want %v", name, found[name], test.want)
			}
		}
		if s := f.FindSection(".gcc_except_table"); s != nil && (s.Bytes > 0 || s.Flags&elf.SHF_ALLOC != 0) {
			t.Errorf("the object has %d bytes of landing pads as LLVM writes them", s.Bytes)
		}
	}
}
