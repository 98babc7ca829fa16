package wasi

import (
	"os"
	"path/filepath"
	"testing"

	"mewz/test/toolchain"
)

// leaving is a program that ends with code 33, if it finds one directory open.
const leaving = `(module
	(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
	(import "wasi_snapshot_preview1" "fd_prestat_get" (func $preopened (param i32 i32) (result i32)))
	(memory (export "memory") 1)
	(func (export "_start")
		(if (call $preopened (i32.const 3) (i32.const 0)) (then (call $exit (i32.const 1))))
		(if (i32.eqz (call $preopened (i32.const 4) (i32.const 0))) (then (call $exit (i32.const 2))))
		(call $exit (i32.const 33))))`

// TestForeignForms runs a program of a folder by a specification in both forms, and as
// the runner of wasi-testsuite does: with plain flags, and nothing said but by the program.
func TestForeignForms(t *testing.T) {
	requireMewz(t)
	for name, text := range map[string]string{
		"older": `{"dirs": ["files"], "args": ["files"], "exit_code": 33, "stdout": "", "stderr": ""}`,
		"newer": `{"operations": [{"type": "run", "root": "files", "env": {"A": "b"}}, {"type": "wait", "exit_code": 33}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			folder := filepath.Join(root, "language")
			write(t, filepath.Join(folder, "leaving.wat"), leaving)
			write(t, filepath.Join(folder, "leaving.json"), text)
			write(t, filepath.Join(folder, "files", "file"), "")
			list, err := foreign(root)
			if err != nil || len(list) != 1 || list[0].name != "language/leaving" {
				t.Fatalf("found %+v, %v", list, err)
			}
			runForeign(t, executor{vmm: "process", place: share, run: runMewz}, list[0])
			runPlain(t, list[0])
		})
	}
}

// runPlain runs a program with the flags that an adapter for the public runner has.
func runPlain(t *testing.T, p program) {
	t.Helper()
	mewz, err := toolchain.Mewz()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "--vmm", "process"}
	for _, variable := range p.specification.variables() {
		args = append(args, "--env", variable)
	}
	for _, d := range p.specification.directories() {
		args = append(args, "--dir", filepath.Join(p.folder, d.host)+"::"+d.guest)
	}
	o, err := command(t.Context(), mewz, append(append(args, p.wasm, "--"), p.specification.Args...)...)
	if want := (outcome{exit: p.specification.ExitCode}); err != nil || o != want {
		t.Errorf("%q: %+v, %v; want %+v", args, o, err, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
