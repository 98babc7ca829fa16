package sqlite

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/test/toolchain"
)

// only restricts a run to some places, for work on one of them.
var only = flag.String("place", "", "use places whose name begins so only: process, microvm/share")

// place is where a database lies, and what runs SQLite.
type place struct {
	name    string
	runs    []string // flags of mewz run: the VMM and its machine
	machine bool     // it is QEMU
	data    data
}

// data is a kind of file system.
type data struct {
	name  string
	lasts bool // it outlives a machine
	// flags show the program the directory /data, which a folder of this computer is
	// or is in.
	flags func(folder string) []string
	// machines says that a process cannot have it.
	machines bool
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

var kinds = []data{
	{name: "share", lasts: true, flags: share},
	{name: "virtiofs", lasts: true, flags: virtiofs, machines: true},
	{name: "volume", lasts: true, flags: volume},
	{name: "memory", flags: func(string) []string { return []string{"--tmpfs", "/data"} }},
	{name: archiveName, flags: func(folder string) []string { return []string{"--root", folder} }},
}

// archiveName is the kind whose files are at the root.
const archiveName = "archive"

// hosts are what runs SQLite: in a microvm devices are virtio-mmio, in a q35 virtio-pci.
var hosts = []place{
	{name: "process", runs: []string{"--vmm", "process"}},
	{name: "microvm", runs: []string{"--vmm", "qemu", "--machine", "microvm"}, machine: true},
	{name: "q35", runs: []string{"--vmm", "qemu", "--machine", "q35"}, machine: true},
}

// everywhere are all places.
func everywhere() (list []place) {
	for _, host := range hosts {
		for _, kind := range kinds {
			if host.machine || !kind.machines {
				p := host
				p.name, p.data = host.name+"/"+kind.name, kind
				list = append(list, p)
			}
		}
	}
	return list
}

// lasting are the places that outlive a machine; of the machines one is enough, for they differ in
// how a device is found.
func lasting() []place {
	return slices.DeleteFunc(everywhere(), func(p place) bool { return !p.data.lasts || strings.HasPrefix(p.name, "q35") })
}

// database is where the programs have theirs.
func (p place) database() string {
	if p.data.name == archiveName {
		return "/a.db"
	}
	return "/data/a.db"
}

// machineTimeout bounds one run, with compiling SQLite.
const machineTimeout = 10 * time.Minute

// waitDelay bounds the wait for what a machine has left behind that holds its output.
const waitDelay = time.Minute

// prepare returns the command that runs a program at a place.
func (p place) prepare(ctx context.Context, t *testing.T, wasm, folder string, args ...string) *exec.Cmd {
	t.Helper()
	mewz, err := toolchain.Mewz()
	if err != nil {
		unavailable(t, err.Error())
	}
	// One processor for all hosts, so that SQLite is compiled once.
	list := []string{"run", "-q", "--opt", "0", "--cpu", "x86-64-v2", "--timeout", machineTimeout.String()}
	list = slices.Concat(list, p.runs, p.data.flags(folder), []string{wasm, "--"})
	c := exec.CommandContext(ctx, mewz, append(list, args...)...)
	c.WaitDelay = waitDelay
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
	if p.machine {
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
	for _, p := range lasting() {
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

// speedSize is how large the benchmark is: in a machine without hardware acceleration some seconds.
const speedSize = "2"

// TestSpeed runs SQLite's own benchmark, small, whose answers are checked by a hash: that of a
// program of this computer with its own files.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("SQLite is not short")
	}
	arguments := []string{"--size", speedSize, "--verify"}
	native, err := toolchain.Native(speed)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(native, append(arguments, filepath.Join(t.TempDir(), "a.db"))...).CombinedOutput()
	want := verification(string(output))
	if err != nil || want == "" {
		t.Fatalf("speedtest1 of this computer: %v\n%s", err, output)
	}
	for _, p := range everywhere() {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			if p.machine && !nightly() && p.name != "microvm/volume" {
				t.Skip("with MEWZ_NIGHTLY")
			}
			output := p.run(t, build(t, speed), t.TempDir(), "", append(arguments, p.database())...)
			if got := verification(output); got != want {
				t.Errorf("%q, on this computer %q:\n%s", got, want, output)
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
