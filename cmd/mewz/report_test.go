package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mewz/compiler/wasm/decode"
)

// buildPlace compiles a module with debug information, whose function f has one
// load, on line 2.
func buildPlace(t *testing.T) *source {
	t.Helper()
	clang, err := exec.LookPath("clang-19")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("clang-19 not found: make setup")
		}
		t.Skip("clang-19 not found: make setup")
	}
	dir := t.TempDir()
	program := "int f(volatile int *p) {\n  return *p;\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "place.c"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(clang, "--target=wasm32", "-nostdlib", "-g", "-O0", "-Wl,--no-entry,--export=f", "-o", "place.wasm", "place.c")
	c.Dir = dir
	if output, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	src, err := openSource(filepath.Join(dir, "place.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestWithPlaces(t *testing.T) {
	src := buildPlace(t)
	module, err := decode.Module(src.data)
	if err != nil {
		t.Fatal(err)
	}
	end := int(module.Code[len(module.Code)-1].Offset) + len(module.Code[len(module.Code)-1].Body)
	report := fmt.Sprintf("mewz: trap: x\n   0: 0x%x - place.wasm!f\n   1: +0x10 - place.wasm!wasm_start\n", end-2)
	got := withPlaces(report, src)
	if lines := strings.Split(got, "\n"); len(lines) != 5 || !strings.Contains(lines[2], "place.c:2:") {
		t.Errorf("withPlaces = %q, want a line with place.c:2 behind frame 0", got)
	}
	if strings.Contains(got, "lines of the source") {
		t.Errorf("withPlaces = %q, want no remark about debug information", got)
	}
	for _, report := range []string{"", "mewz: refused\n", "   0: 0xffffffff - x!f\n", "   0: 0x" + strings.Repeat("f", 99) + " - x\n", "   0: 0x10 - no end"} {
		if got := withPlaces(report, src); got != report {
			t.Errorf("withPlaces(%q) = %q, want it unchanged", report, got)
		}
	}
	src.data = src.data[:20]
	want := report + "mewz: lines of the source: "
	if got := withPlaces(report, src); !strings.HasPrefix(got, want) {
		t.Errorf("withPlaces with a damaged module = %q, want %q and a reason", got, want)
	}
}

func TestWithPlacesFolds(t *testing.T) {
	src := &source{path: "b.img", name: "b.img", kind: kindImage}
	report := "mewz: trap: call stack exhausted\n"
	for i := range 64 {
		report += fmt.Sprintf("%4d: 0x20 - a.img!_ZN4shop4Cart5shareEv\n", i)
	}
	report += "  64: +0x10 - a.img!wasm_start\n  ... 9 more frames\n"
	want := `mewz: trap: call stack exhausted
   0: 0x20 - a.img!shop::Cart::share()
   1: 0x20 - a.img!shop::Cart::share()
   2: 0x20 - a.img!shop::Cart::share()
  ... 61 more of the same
  64: +0x10 - a.img!wasm_start
  ... 9 more frames
mewz: lines of the source: an image has none; run the .wasm file itself
`
	if got := withPlaces(report, src); got != want {
		t.Errorf("withPlaces = %s, want %s", got, want)
	}
}

// TestOpenBeside reads what a module names only where that is harmless.
func TestOpenBeside(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"outside": "secret", "in/side.map": "map"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../outside", filepath.Join(dir, "in", "link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "in", "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	src := &source{path: filepath.Join(dir, "in", "a.wasm")}
	for _, name := range []string{"side.map", "./side.map"} {
		if got, err := src.open(name); string(got) != "map" {
			t.Errorf("open(%q) = %q, %v, want %q", name, got, err, "map")
		}
	}
	for _, name := range []string{"../outside", filepath.Join(dir, "outside"), "link", "pipe", ".", "", "none", "https://example.com/a.map"} {
		if got, err := src.open(name); err == nil {
			t.Errorf("open(%q) = %q, want an error", name, got)
		}
	}
}
