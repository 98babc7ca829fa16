package apps

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mewz/abi"
)

// heapScript is a script that test/spec runs as well. Its first module checks the
// heap in its _start, the second uses it up.
const heapScript = "../spec/testdata/own/gc.wast"

// heapModules writes the modules of the script into files.
func heapModules(t *testing.T) (checks, exhaust string) {
	t.Helper()
	script, err := os.ReadFile(heapScript)
	if err != nil {
		t.Fatal(err)
	}
	modules := regexp.MustCompile(`(?ms)^\(module.*?^\)$`).FindAll(script, -1)
	if len(modules) != 2 {
		t.Fatalf("%s has %d modules, want 2", heapScript, len(modules))
	}
	dir := t.TempDir()
	paths := [2]string{filepath.Join(dir, "checks.wat"), filepath.Join(dir, "exhaust.wat")}
	for k, path := range paths {
		if err := os.WriteFile(path, modules[k], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths[0], paths[1]
}

// TestHeap runs programs that make objects of the GC proposal: far more than the
// machine has room for, of which few stay; and until there is no room.
func TestHeap(t *testing.T) {
	checks, exhaust := heapModules(t)
	tests := []struct {
		name, wasm, memory string
		exit               uint32
		message            string
	}{
		{"checks", checks, "192M", 0, ""},
		{"exhaust", exhaust, "96M", abi.ExitTrap, abi.TrapHeap.String()},
	}
	for _, o := range vmms {
		for _, test := range tests {
			t.Run(o.vmm+"/"+test.name, func(t *testing.T) {
				require(t, o.vmm)
				if o.vmm == "process" && test.exit != 0 {
					t.Skip("a process takes the memory of this computer")
				}
				o.memory = test.memory
				got, err := runMewz(context.Background(), t, run{wasm: test.wasm}, o)
				if err != nil {
					t.Fatal(err)
				}
				if got.exit != test.exit || !strings.Contains(got.stderr, test.message) {
					t.Errorf("exit %d, want %d; stderr %q, want %q in it", got.exit, test.exit, got.stderr, test.message)
				}
			})
		}
	}
}
