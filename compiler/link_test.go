package compiler

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"mewz/compiler/llvm"
	"mewz/compiler/wasm/text"
)

// needTools skips a test where a program it needs is missing, but fails in CI.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	_, err := llvm.Find()
	for _, name := range names {
		if _, lookErr := exec.LookPath(name); lookErr != nil && err == nil {
			err = lookErr
		}
	}
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// runLinked links an object with testdata/linux.c by the system's cc and runs
// it.
func runLinked(t *testing.T, object []byte) (stdout, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	path, program := filepath.Join(dir, "module.o"), filepath.Join(dir, "program")
	if err := os.WriteFile(path, object, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("cc", "-O1", "-Wall", "-Werror", "-static", "-no-pie", "-o", program,
		"testdata/linux.c", path, "-Wl,--defsym=wasm_memory=0x60000000").CombinedOutput()
	if err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	var o, e bytes.Buffer
	cmd := exec.Command(program)
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// wasi compiles a C program to WebAssembly.
func wasi(t *testing.T, source string, flags ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program.wasm")
	args := append([]string{"--target=wasm32-wasi", "-O1", "-o", out, source}, flags...)
	if text, err := exec.Command("clang-19", args...).CombinedOutput(); err != nil {
		t.Fatalf("clang-19: %v\n%s", err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLinkWithSystemCompiler(t *testing.T) {
	needTools(t, "cc", "clang-19")
	module := wasi(t, "testdata/hello.c")
	for _, level := range []string{"0", "fast", "2"} {
		t.Run(level, func(t *testing.T) {
			r, err := Compile(context.Background(), module, Options{Level: level})
			if err != nil {
				t.Fatal(err)
			}
			stdout, stderr, code := runLinked(t, r.Object)
			if stdout != "hello from an object\n" || stderr != "" || code != 42 {
				t.Errorf("run = %q, %q, %d, want the greeting and 42", stdout, stderr, code)
			}
		})
	}
}

// TestLinkHeap runs modules with objects in a C program: one that checks itself,
// and one that uses up the heap.
func TestLinkHeap(t *testing.T) {
	needTools(t, "cc")
	script, err := os.ReadFile("../test/spec/testdata/own/gc.wast")
	if err != nil {
		t.Fatal(err)
	}
	modules := regexp.MustCompile(`(?ms)^\(module.*?^\)$`).FindAll(script, -1)
	want := []struct {
		stderr string
		code   int
	}{{"", 0}, {"trap: code 22\n", 134}}
	if len(modules) != len(want) {
		t.Fatalf("the script has %d modules, want %d", len(modules), len(want))
	}
	for k, source := range modules {
		module, err := text.Module(source)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Compile(context.Background(), module, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := runLinked(t, r.Object); stderr != want[k].stderr || code != want[k].code {
			t.Errorf("module %d: stderr %q, exit code %d, want %q, %d", k, stderr, code, want[k].stderr, want[k].code)
		}
	}
}
