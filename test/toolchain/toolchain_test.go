package toolchain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a C program in a folder of the project's build directory, because
// sources lie inside of the project.
func write(t *testing.T, name, text string) Program {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	build := filepath.Join(root, "build")
	if err := os.MkdirAll(build, 0o777); err != nil {
		t.Fatal(err)
	}
	directory, err := os.MkdirTemp(build, "test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	path := filepath.Join(directory, name+".c")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	return Program{Name: name, Language: C, Sources: []string{relative}, Flags: []string{"-O1"}}
}

// TestWasmOnce builds a program, expects the same file again without a build,
// and another file after a change.
func TestWasmOnce(t *testing.T) {
	p := write(t, "test-once", "int main(void) { return 3; }\n")
	first, err := Wasm(p)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(first)
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Wasm(p)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(again)
	if err != nil || again != first || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("Wasm(p) = %s, %v, want %s from before", again, err, first)
	}
	p.Flags = []string{"-O2"}
	changed, err := Wasm(p)
	if err != nil || changed == first {
		t.Errorf("Wasm with other flags = %s, %v, want another file than %s", changed, err, first)
	}
	os.Remove(changed)
}

// TestWasmNativeDiffer builds for both targets.
func TestWasmNativeDiffer(t *testing.T) {
	p := write(t, "test-both", "int main(void) { return 3; }\n")
	for _, tt := range []struct {
		build func(Program) (string, error)
		magic string
	}{{Wasm, "\x00asm"}, {Native, "\x7fELF"}} {
		path, err := tt.build(p)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		os.Remove(path)
		if err != nil || !strings.HasPrefix(string(content), tt.magic) {
			t.Errorf("%s begins with %q, %v, want %q", path, content[:min(4, len(content))], err, tt.magic)
		}
	}
}

// TestWasmError wants the compiler's words and nothing left behind.
func TestWasmError(t *testing.T) {
	p := write(t, "test-error", "int main(void) { return nonsense; }\n")
	path, err := Wasm(p)
	if err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("Wasm(p) = %q, %v, want an error with the compiler's words", path, err)
	}
	root, rootErr := Root()
	if rootErr != nil {
		t.Fatal(rootErr)
	}
	left, globErr := filepath.Glob(filepath.Join(root, "build", "programs", "test-error-*"))
	if globErr != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, globErr)
	}
}
