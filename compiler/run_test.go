package compiler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mewz/compiler/llvm"
	"mewz/compiler/lower"
	"mewz/compiler/object"
)

// assemble makes a module of text by wat2wasm.
func assemble(t *testing.T, path string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "module.wasm")
	if text, err := exec.Command("wat2wasm", "-o", out, path).CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// functionTable is C source for the exported functions of m, in their order.
func functionTable(m *object.Module) (source string, names []string) {
	var declarations, table strings.Builder
	for _, e := range m.Exports {
		if e.Kind != object.KindFunction {
			continue
		}
		fmt.Fprintf(&declarations, "uint64_t e%d(uint64_t, uint64_t, uint64_t) __asm__(%q);\n", len(names), e.Symbol)
		fmt.Fprintf(&table, "\te%d,\n", len(names))
		names = append(names, e.Name)
	}
	return "#include <stdint.h>\n" + declarations.String() +
		"uint64_t (*const functions[])(uint64_t, uint64_t, uint64_t) = {\n" + table.String() + "};\n", names
}

// calls reads the lines `;; name x y z = result` of a file.
func calls(t *testing.T, source string, names []string) (input string, results, texts []string) {
	t.Helper()
	for line := range strings.Lines(source) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), ";; ")
		call, result, found := strings.Cut(text, " = ")
		if !ok || !found {
			continue
		}
		name, arguments, _ := strings.Cut(call, " ")
		number := slices.Index(names, name)
		if number < 0 {
			t.Fatalf("no export %q", name)
		}
		input += fmt.Sprintf("%d %s\n", number, arguments)
		results, texts = append(results, result), append(texts, call)
	}
	return input, results, texts
}

// TestRun compiles testdata/run/*.wat at every level, links them with a C
// program that calls their exports (i64, i64, i64 -> i64), and compares results
// and traps with the comments in the files.
func TestRun(t *testing.T) {
	needTools(t, "cc", "wat2wasm")
	files, err := filepath.Glob("testdata/run/*.wat")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		for name, o := range map[string]Options{
			"0": {Level: "0"}, "fast": {Level: "fast"}, "2": {Level: "2"}, "no locations": {NoLocations: true},
			"pointer": {Memory: lower.MemoryPointer, HashedTypeIDs: true},
		} {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".wat")+"/"+name, func(t *testing.T) { runFile(t, file, o) })
		}
	}
}

func runFile(t *testing.T, file string, o Options) {
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Compile(context.Background(), assemble(t, file), o)
	if err != nil {
		t.Fatal(err)
	}
	table, names := functionTable(r.Module)
	if o.Memory == lower.MemoryPointer {
		table += "extern uint8_t wasm_memory[];\nuint8_t *wasm_memory_base = wasm_memory;\n"
	}
	input, results, texts := calls(t, string(source), names)
	program := buildHarness(t, table, r.Object)
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(got) != len(results) {
		t.Fatalf("%d answers to %d calls:\n%s", len(got), len(results), out)
	}
	for i := range got {
		if got[i] != results[i] {
			t.Errorf("%s = %s, want %s", texts[i], got[i], results[i])
		}
	}
}

func buildHarness(t *testing.T, table string, module []byte) string {
	t.Helper()
	dir := t.TempDir()
	tablePath, objectPath, program := filepath.Join(dir, "table.c"), filepath.Join(dir, "module.o"), filepath.Join(dir, "program")
	if err := os.WriteFile(tablePath, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(objectPath, module, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("cc", "-O1", "-Wall", "-static", "-no-pie", "-o", program, "testdata/harness.c", tablePath, objectPath,
		"-Wl,--defsym=wasm_memory=0x60000000").CombinedOutput()
	if err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return program
}

func TestCompileCached(t *testing.T) {
	needTools(t, "wat2wasm")
	module := assemble(t, "testdata/run/numeric.wat")
	dir := t.TempDir()
	o := Options{CacheDir: dir}
	first, err := Compile(context.Background(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	if first.Cached {
		t.Error("the first object comes from an empty cache")
	}
	second, err := Compile(context.Background(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	if !second.Cached || !bytes.Equal(first.Object, second.Object) {
		t.Errorf("second: cached %v, equal %v, want both", second.Cached, bytes.Equal(first.Object, second.Object))
	}
	damageFiles(t, dir)
	third, err := Compile(context.Background(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	if third.Cached || !bytes.Equal(first.Object, third.Object) {
		t.Errorf("after damage: cached %v, equal %v, want false, true", third.Cached, bytes.Equal(first.Object, third.Object))
	}
}

// damageFiles changes the last byte of every file below dir.
func damageFiles(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in the cache: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)-1] ^= 0xff
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	valid := []byte("\x00asm\x01\x00\x00\x00")
	for _, test := range []struct {
		name, want string
		module     []byte
		options    Options
	}{
		{"level", "optimisation level", valid, Options{Level: "9"}},
		{"target", "target", valid, Options{Target: "vax"}},
		{"processor", "processor", valid, Options{CPU: "x86 -O3"}},
		{"truncated", "", valid[:5], Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Compile(context.Background(), test.module, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Compile = %v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestCompileProcessor checks that an object never silently needs more, or less,
// than it was asked for.
func TestCompileProcessor(t *testing.T) {
	needTools(t, "wat2wasm")
	path := filepath.Join(t.TempDir(), "round.wat")
	text := "(module (func (export \"f\") (param f64) (result f64) local.get 0 f64.ceil))"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	module := assemble(t, path)
	for cpu, want := range map[string]string{
		"x86-64": "use x86-64-v2", "vax": "LLVM does not know it", "x86-64-v2": "", "skylake": "", "pentium4": "no 64-bit mode",
	} {
		_, err := Compile(context.Background(), module, Options{CPU: cpu})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Compile for %s = %v, want an error with %q", cpu, err, want)
		}
		var unknown *llvm.ProcessorError
		if err != nil && !errors.As(err, &unknown) {
			t.Errorf("Compile for %s = %T, want a ProcessorError", cpu, err)
		}
	}
}

func TestCompileWithoutLLVM(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("MEWZ_LLVM", "")
	_, err := Compile(context.Background(), []byte("\x00asm\x01\x00\x00\x00"), Options{})
	if err == nil || !strings.Contains(err.Error(), "apt-get install llvm-19") {
		t.Errorf("Compile without LLVM = %v, want the remedy", err)
	}
}

func TestCompileCancelled(t *testing.T) {
	needTools(t, "wat2wasm")
	module := assemble(t, "testdata/run/bulk.wat")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Compile(ctx, module, Options{}); err == nil {
		t.Error("Compile with a cancelled context succeeds")
	}
}
