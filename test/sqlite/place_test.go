package sqlite

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mewz/test/toolchain"
)

// only restricts a run to some places, for work on one of them.
var only = flag.String("place", "", "use places whose name begins so only: process, machine/share")

// place is where a database lies, and what runs SQLite.
type place struct {
	name string
	vmm  string
	// flags show the program the directory /data, which a folder of this computer is
	// or is in. Nil: it is gone with the machine.
	flags func(folder string) []string
}

func share(folder string) []string { return []string{"--dir", folder + "::/data"} }
func virtiofs(folder string) []string {
	return []string{"--share", "virtiofs", "--dir", folder + "::/data"}
}

// volumeBytes is more than all databases here together take.
const volumeBytes = "128M"

func volume(folder string) []string {
	return []string{"--volume", filepath.Join(folder, "disk.img") + "::/data:size=" + volumeBytes}
}

// lasting are the places that outlive a machine.
var lasting = []place{
	{"process/share", "process", share},
	{"process/volume", "process", volume},
	{"machine/share", "qemu", share},
	{"machine/virtiofs", "qemu", virtiofs},
	{"machine/volume", "qemu", volume},
}

// passing are those that do not.
var passing = []place{
	{"process/memory", "process", func(string) []string { return []string{"--tmpfs", "/data"} }},
	{"process/archive", "process", func(folder string) []string { return []string{"--root", folder} }},
}

// database is where the programs have theirs.
func (p place) database() string {
	if p.name == "process/archive" {
		return "/a.db"
	}
	return "/data/a.db"
}

// machineTimeout bounds one run, with compiling SQLite.
const machineTimeout = 10 * time.Minute

// prepare returns the command that runs a program at a place.
func (p place) prepare(ctx context.Context, t *testing.T, wasm, folder string, args ...string) *exec.Cmd {
	t.Helper()
	mewz, err := toolchain.Mewz()
	if err != nil {
		unavailable(t, err.Error())
	}
	list := []string{"run", "-q", "--vmm", p.vmm, "--opt", "0", "--timeout", machineTimeout.String()}
	list = append(append(list, p.flags(folder)...), wasm, "--")
	c := exec.CommandContext(ctx, mewz, append(list, args...)...)
	c.WaitDelay = time.Second
	return c
}

// run runs a program to its end and returns its standard output.
func (p place) run(t *testing.T, wasm, folder, stdin string, args ...string) string {
	t.Helper()
	c := p.prepare(t.Context(), t, wasm, folder, args...)
	c.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s\n%s", filepath.Base(wasm), args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// require skips a place that is not wanted or cannot be.
func (p place) require(t *testing.T) {
	t.Helper()
	if !strings.HasPrefix(p.name, *only) {
		t.Skip("-place asks for others")
	}
	if testing.Short() {
		t.Skip("SQLite is not short")
	}
	if p.vmm == "qemu" {
		if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
			unavailable(t, "qemu-system-x86_64 is missing: run make setup")
		}
	}
}

// build returns the module of a program.
func build(t *testing.T, p toolchain.Program) string {
	t.Helper()
	wasm, err := toolchain.Wasm(p)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func nightly() bool { return os.Getenv("MEWZ_NIGHTLY") != "" }

// unavailable skips on a laptop and fails in CI.
func unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

var (
	shell  = toolchain.SQLiteFilesProgram("sqlite-shell", &toolchain.SQLiteShell)
	speed  = toolchain.SQLiteFilesProgram("sqlite-speed", &toolchain.Speedtest)
	commit = toolchain.SQLiteFilesProgram("sqlite-commit", &toolchain.SQLite, "test/sqlite/src/commit.c")
)

// TestShell keeps a database on the host across machines.
func TestShell(t *testing.T) {
	for _, p := range lasting {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			wasm, folder := build(t, shell), t.TempDir()
			p.run(t, wasm, folder, "create table t(word text);\ninsert into t values('kept'),('found');\n", p.database())
			p.run(t, wasm, folder, "", p.database(), "insert into t values('again')")
			got := p.run(t, wasm, folder, "", p.database(), "select group_concat(word, ' ') from t; pragma integrity_check")
			if want := "kept found again\nok\n"; got != want {
				t.Errorf("the third machine finds %q, want %q", got, want)
			}
		})
	}
}

// TestSpeed runs SQLite's own benchmark, small, whose answers are checked by a hash
// that is the same everywhere.
func TestSpeed(t *testing.T) {
	want := ""
	for _, p := range append(append([]place{}, passing...), lasting...) {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			if p.vmm == "qemu" && !nightly() {
				t.Skip("machines run it with MEWZ_NIGHTLY")
			}
			output := p.run(t, build(t, speed), t.TempDir(), "", "--size", "5", "--verify", p.database())
			got := verification(output)
			if got == "" {
				t.Fatalf("no verification hash:\n%s", output)
			}
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s, elsewhere %s", got, want)
			}
		})
	}
}

// verification returns the line of speedtest1 about its answers.
func verification(output string) string {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "Verification Hash:") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// seedOf makes the random moments of a test the same in every run, and others in
// every round.
func seedOf(name string, round int) (uint64, uint64) {
	var h uint64 = 14695981039346656037
	for _, b := range []byte(fmt.Sprint(name, round)) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h, uint64(round)
}
