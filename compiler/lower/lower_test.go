package lower

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"
)

var showIR = flag.Bool("ir", false, "print the IR of each file")

// assemble makes a module of text by wat2wasm.
func assemble(t testing.TB, path string) []byte {
	t.Helper()
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("wat2wasm not found: apt-get install wabt")
	}
	out := filepath.Join(t.TempDir(), "module.wasm")
	if text, err := exec.Command("wat2wasm", "--debug-names", "-o", out, path).CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// plan takes a module as far as this package needs it.
func plan(t testing.TB, module []byte, o Options) *Plan {
	t.Helper()
	m, err := decode.Module(module)
	if err != nil {
		t.Fatal(err)
	}
	checked, err := validate.Module(m)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(checked, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func allIR(t testing.TB, p *Plan) string {
	t.Helper()
	var all []byte
	for i := range p.Shards() {
		ir, err := p.IR(i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ir.IR...)
	}
	return string(all)
}

// TestIR checks the IR of testdata/*.wat against the comments in it, in the
// manner of LLVM's FileCheck: `;; CHECK: text` must follow what the check before
// found, `;; CHECK-NOT: text` must not occur before the next CHECK finds its
// text, and `;; OPTIONS:` names fields of Options to set.
func TestIR(t *testing.T) {
	files, err := filepath.Glob("testdata/*.wat")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".wat"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ir := allIR(t, plan(t, assemble(t, file), checkOptions(t, string(source))))
			if *showIR {
				t.Log(ir)
			}
			check(t, string(source), ir)
		})
	}
}

// checkOptions reads the line `;; OPTIONS: ...` of a file.
func checkOptions(t *testing.T, source string) Options {
	o := Options{CPU: "x86-64-v2"}
	for line := range strings.Lines(source) {
		words, ok := strings.CutPrefix(strings.TrimSpace(line), ";; OPTIONS:")
		if !ok {
			continue
		}
		for _, word := range strings.Fields(words) {
			switch word {
			case "pointer":
				o.Memory = MemoryPointer
			case "slots":
				o.LocalsInMemory = true
			case "locations":
				o.Locations = true
			case "register":
				o.Global0InRegister = true
			case "prefix":
				o.SymbolPrefix = "p$"
			default:
				t.Fatalf("unknown option %q", word)
			}
		}
	}
	return o
}

func check(t *testing.T, source, ir string) {
	t.Helper()
	at := 0
	var absent []string
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, ";; CHECK-NOT: "); ok {
			absent = append(absent, text)
			continue
		}
		text, ok := strings.CutPrefix(line, ";; CHECK: ")
		if !ok {
			continue
		}
		n := strings.Index(ir[at:], text)
		if n < 0 {
			t.Fatalf("IR has no %q after offset %d:\n%s", text, at, ir[at:])
		}
		for _, not := range absent {
			if strings.Contains(ir[at:at+n], not) {
				t.Errorf("IR has %q before %q", not, text)
			}
		}
		absent = nil
		at += n + len(text)
	}
	for _, not := range absent {
		if strings.Contains(ir[at:], not) {
			t.Errorf("IR has %q at the end", not)
		}
	}
}

// TestIRIsAccepted has LLVM verify the IR of testdata/*.wat in every mode.
func TestIRIsAccepted(t *testing.T) {
	if _, err := exec.LookPath("opt-19"); err != nil {
		t.Skip("opt-19 not found: apt-get install llvm-19")
	}
	files, err := filepath.Glob("testdata/*.wat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		module := assemble(t, file)
		for name, o := range map[string]Options{
			"plain": {}, "slots": {LocalsInMemory: true}, "locations": {Locations: true},
			"pointer": {Memory: MemoryPointer, HashedTypeIDs: true}, "register": {Global0InRegister: true, Locations: true},
		} {
			o.CPU = "x86-64-v2"
			p := plan(t, module, o)
			for i := range p.Shards() {
				ir, err := p.IR(i)
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command("opt-19", "-passes=verify", "-o", os.DevNull)
				cmd.Stdin = bytes.NewReader(ir.IR)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s, %s: %v\n%s", file, name, err, out)
				}
			}
		}
	}
}

func TestIRIsDeterministic(t *testing.T) {
	for _, file := range []string{"testdata/control.wat", "testdata/link.wat", "testdata/table.wat"} {
		module := assemble(t, file)
		first := allIR(t, plan(t, module, Options{Locations: true}))
		for range 5 {
			if again := allIR(t, plan(t, module, Options{Locations: true})); again != first {
				t.Fatalf("%s: the IR differs from run to run", file)
			}
		}
	}
}

// functionOf is a function type with one i32 as result.
func functionOf(params ...wasm.ValueType) wasm.Type {
	return wasm.Type{FuncType: wasm.FuncType{Params: params, Results: []wasm.ValueType{wasm.I32}}}
}

func TestSymbols(t *testing.T) {
	for _, test := range []struct{ module, name, want string }{
		{"wasi_snapshot_preview1", "fd_write", "wasi_snapshot_preview1.fd_write"},
		{"a.b", "c", "a%2eb.c"},
		{"a", "b.c", "a.b.c"},
		{"", "Lx", "%.Lx"},
		{"llvm", "trap", "%6clvm.trap"},
		{"wasm_export", "x", "%77asm_export.x"},
		{"m", "a b@c%\x00\"\\", "m.a%20b%40c%25%00%22%5c"},
		{"m", "ü", "m.ü"},
		{"t0", "elements", "%740.elements"},
		{"d12", "length", "%6412.length"},
		{"d1x", "length", "d1x.length"},
	} {
		if got := ImportSymbol(test.module, test.name); got != test.want {
			t.Errorf("ImportSymbol(%q, %q) = %q, want %q", test.module, test.name, got, test.want)
		}
	}
	i32 := wasm.I32
	m := &wasm.Module{
		Types: []wasm.Type{functionOf(i32, i32), functionOf(i32, i32, i32)},
		Imports: []wasm.Import{
			{Module: "m", Name: "accept", Kind: wasm.ExternFunc, Type: 1},
			{Module: "m", Name: "accept", Kind: wasm.ExternFunc, Type: 0},
			{Module: "m", Name: "accept", Kind: wasm.ExternFunc, Type: 1},
		},
	}
	want := []string{"m.accept", "m.accept(ii)i", "m.accept"}
	if got := FunctionImportSymbols(m); !slices.Equal(got, want) {
		t.Errorf("FunctionImportSymbols = %q, want %q", got, want)
	}
	if got, want := quoted("m.ü\""), `@"m.\c3\bc\22"`; got != want {
		t.Errorf("quoted = %s, want %s", got, want)
	}
}
