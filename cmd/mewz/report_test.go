package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mewz/compiler/wasm/decode"
)

func TestWithPlaces(t *testing.T) {
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
	for _, report := range []string{"", "mewz: refused\n", "   0: 0xffffffff - x!f\n", "   0: 0x" + strings.Repeat("f", 99) + " - x\n", "   0: 0x10 - no end"} {
		if got := withPlaces(report, src); got != report {
			t.Errorf("withPlaces(%q) = %q, want it unchanged", report, got)
		}
	}
	src.data = src.data[:20]
	if got := withPlaces(report, src); got != report {
		t.Errorf("withPlaces with a damaged module = %q, want %q", got, report)
	}
}
