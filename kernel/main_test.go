package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mewz/abi"
)

// TestKernelWithoutProgram runs the kernel as it is built, as a Linux process.
func TestKernelWithoutProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kernel")
	build := exec.Command("go", "build", "-o", file, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command(file).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != abi.ExitKernel {
		t.Errorf("exit = %v, want code %d", err, abi.ExitKernel)
	}
	if !strings.Contains(string(out), "carries no program") {
		t.Errorf("output = %q, want what is wrong", out)
	}
}

func TestOpenRandom(t *testing.T) {
	random, _, _ := abi.LookupFunction("wasi_snapshot_preview1", "random_get", "ii", "i")
	for _, test := range []struct {
		imports []uint16
		want    bool
	}{{nil, false}, {[]uint16{uint16(random) + 1}, false}, {[]uint16{uint16(random)}, true}} {
		got, err := openRandom(&abi.Config{Imports: test.imports, Seed: make([]byte, 32)})
		if err != nil || (got != nil) != test.want {
			t.Errorf("openRandom(%v) = %v, %v", test.imports, got, err)
		}
	}
}
