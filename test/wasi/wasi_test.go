package wasi

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mewz/test/toolchain"
)

// only restricts a run to some executors, for work on one of them.
var only = flag.String("executor", "", "run the programs with executors whose name begins so only: process, machine")

// executors run every program with the command. A machine takes seconds a program
// without KVM, so that the fast ones are few.
var executors = []executor{
	{name: "process/archive", vmm: "process", place: archive, run: runMewz},
	{name: "process/share", vmm: "process", place: share, run: runMewz},
	{name: "process/memory", vmm: "process", place: memory, run: runMewz},
	{name: "process/volume", vmm: "process", place: volume, run: runMewz},
	{name: "machine/archive", vmm: "qemu", place: archive, run: runMewz},
	{name: "machine/share", vmm: "qemu", place: share, run: runMewz},
	{name: "machine/virtiofs", vmm: "qemu", place: virtio, run: runMewz},
	{name: "machine/volume", vmm: "qemu", place: volume, run: runMewz},
	{name: "machine-q35/share", vmm: "qemu", machine: "q35", place: share, run: runMewz},
	{name: "machine-q35/volume", vmm: "qemu", machine: "q35", place: volume, run: runMewz},
}

// inMachines are the programs that machines run in every test; all others only
// with MEWZ_NIGHTLY.
var inMachines = map[string]bool{"args": true, "fileio": true, "names": true}

// nightly reports that time does not matter.
func nightly() bool { return os.Getenv("MEWZ_NIGHTLY") != "" }

// TestPrograms runs all programs on all file systems: each check must hold.
func TestPrograms(t *testing.T) {
	requireMewz(t)
	list := programs(t)
	for _, e := range executors {
		t.Run(e.name, func(t *testing.T) {
			e.require(t)
			for _, p := range list {
				if e.vmm == "qemu" && !nightly() && !inMachines[p.name] {
					continue
				}
				t.Run(p.name, func(t *testing.T) { runOurs(t, e, p) })
			}
		})
	}
}

// require skips an executor that is not wanted or cannot be.
func (e executor) require(t *testing.T) {
	t.Helper()
	if !strings.HasPrefix(e.name, *only) {
		t.Skip("-executor asks for others")
	}
	if testing.Short() && e.vmm == "qemu" {
		t.Skip("machines are not short")
	}
	tools := map[bool]string{e.vmm == "qemu": "qemu-system-x86_64", e.place == volume: "mke2fs"}
	if tool, ok := tools[true]; ok {
		if _, err := exec.LookPath(tool); err != nil {
			unavailable(t, tool+" is missing: run make setup")
		}
	}
}

// runOurs runs a program and reports every check that does not hold.
func runOurs(t *testing.T, e executor, p program) {
	o, err := e.execute(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	checks := checksOf(o.stdout)
	for _, c := range checks {
		if !c.holds() && !excused(e.place, c) {
			t.Errorf("%s: %s, want %s", c.name(), c.got, c.want)
		}
	}
	if len(checks) == 0 {
		t.Errorf("no checks; standard output:\n%s\nstandard error:\n%s", o.stdout, o.stderr)
	}
	want := p.specification.ExitCode
	if o.exit != want && !(o.exit == 1 && t.Failed()) {
		t.Errorf("exit code %d, want %d; standard error:\n%s", o.exit, want, o.stderr)
	}
}

// suite is the environment variable with the folder of foreign programs.
const suite = "MEWZ_WASI_TESTSUITE"

// TestForeign runs the programs of a folder, as those of wasi-testsuite, in
// processes with their directories as shares, and in machines with MEWZ_NIGHTLY.
func TestForeign(t *testing.T) {
	root := os.Getenv(suite)
	if root == "" {
		t.Skip(suite + " names no folder with programs")
	}
	requireMewz(t)
	list, err := foreign(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatalf("%s=%s: no .wasm or .wat in it or below", suite, root)
	}
	for _, e := range executors {
		if e.vmm == "qemu" && !nightly() || e.place == memory { // which begins empty
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			e.require(t)
			for _, p := range list {
				if e.place == archive && p.specification.Dirs != nil {
					continue // an archive is the root
				}
				t.Run(p.name, func(t *testing.T) { runForeign(t, e, p) })
			}
		})
	}
}

func runForeign(t *testing.T, e executor, p program) {
	o, err := e.execute(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	s := p.specification
	if o.exit != s.ExitCode {
		t.Errorf("exit code %d, want %d", o.exit, s.ExitCode)
	}
	if s.Stdout != nil && o.stdout != *s.Stdout {
		t.Errorf("standard output %q, want %q", o.stdout, *s.Stdout)
	}
	if s.Stderr != nil && o.stderr != *s.Stderr {
		t.Errorf("standard error %q, want %q", o.stderr, *s.Stderr)
	}
	if t.Failed() {
		t.Logf("standard output:\n%s\nstandard error:\n%s", o.stdout, o.stderr)
	}
}

func requireMewz(t *testing.T) {
	t.Helper()
	if _, err := toolchain.Mewz(); err != nil {
		unavailable(t, err.Error())
	}
}

// unavailable skips on a laptop and fails in CI.
func unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
