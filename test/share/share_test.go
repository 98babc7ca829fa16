package share

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/test/toolchain"
	"mewz/vmm/qemu"
)

// runTimeout ends a machine that hangs.
const runTimeout = 8 * time.Minute

// machine is a machine and how a directory gets there.
type machine struct{ kind, share string }

// run runs a program in a machine with a directory of the host as /data and returns what it says.
func run(t *testing.T, m machine, directory, wasm string, args ...string) string {
	t.Helper()
	mewz, err := toolchain.Mewz()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	all := append([]string{"run", "--machine", m.kind, "--accel", "tcg", "--share", m.share, "--dir", directory + "::/data", wasm, "--"}, args...)
	c := exec.CommandContext(ctx, mewz, all...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v %q: %v\n%s", m, args, err, out)
	}
	return string(out)
}

// look says of the files in a directory what the program says of them.
func look(t *testing.T, directory string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		hash := fnv.New64a()
		hash.Write(b)
		name, err := filepath.Rel(directory, path)
		lines = append(lines, fmt.Sprintf("%s %d %016x\n", name, len(b), hash.Sum64()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return strings.Join(lines, "")
}

// TestShare runs a program that does random things to files, and compares what it knows of
// them with what the host has, and with what the next machine finds.
func TestShare(t *testing.T) {
	needQEMU(t)
	wasm, err := toolchain.Wasm(toolchain.Program{Name: "exercise", Language: toolchain.C, Sources: []string{"test/share/testdata/exercise.c"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range []machine{{"microvm", "9p"}, {"q35", "9p"}, {"microvm", "virtiofs"}, {"q35", "virtiofs"}} {
		t.Run(m.share+" "+m.kind, func(t *testing.T) {
			needDaemon(t, m)
			directory := t.TempDir()
			said := run(t, m, directory, wasm, fmt.Sprint(i+1), "2000")
			if want := look(t, directory); said != want || said == "" {
				t.Errorf("the program says\n%s, the host has\n%s", said, want)
			}
			if again := run(t, m, directory, wasm, "check"); again != said {
				t.Errorf("the next machine finds\n%s, want\n%s", again, said)
			}
		})
	}
}

// needDaemon skips a test that needs a virtiofsd which is not there.
func needDaemon(t *testing.T, m machine) {
	t.Helper()
	if m.share != "virtiofs" {
		return
	}
	if _, err := qemu.FindVirtioFS(); err != nil {
		t.Skip(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("virtiofsd of QEMU serves root only")
	}
}
