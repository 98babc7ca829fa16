package apps

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mewz/test/toolchain"
)

// nightlyVariable is set by make nightly: the programs run that take minutes.
const nightlyVariable = "MEWZ_NIGHTLY"

// TestRealPrograms runs the real programs under their oracle and under mewz, as
// a process and, if they are short, as a machine.
func TestRealPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves the real programs out")
	}
	t.Parallel()
	for _, p := range realPrograms {
		t.Run(p.name, func(t *testing.T) {
			nightly := os.Getenv(nightlyVariable) != ""
			if p.nightly && !nightly {
				t.Skip("takes minutes: " + nightlyVariable + "=1 or make nightly runs it")
			}
			t.Parallel()
			wasm, err := toolchain.Wasm(p.program)
			if err != nil {
				t.Fatal(err)
			}
			r := run{wasm: wasm, args: p.args, env: p.env, root: p.files(t)}
			want := p.counts(p.ask(t, r))
			if want.exit != p.exit || want.trapped != "" {
				t.Fatalf("oracle: exit code %d, trap %q, want %d\n%s", want.exit, want.trapped, p.exit, tail(want.stderr))
			}
			for _, o := range vmms {
				t.Run(o.vmm, func(t *testing.T) {
					if o.vmm == "qemu" && !p.machine {
						t.Skip("computes too long for a machine without KVM")
					}
					require(t, o.vmm)
					if p.large && !nightly {
						o.level = "0"
					}
					got, err := runMewz(t.Context(), t, r, o)
					if err != nil {
						t.Fatal(err)
					}
					compare(t, test{}, p.counts(got), want)
				})
			}
		})
	}
}

// files returns the directory that the program sees.
func (p realProgram) files(t *testing.T) string {
	t.Helper()
	if p.root == "" {
		return ""
	}
	if p.rootPackage != nil {
		folder, err := p.rootPackage.Folder()
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(folder, p.root)
	}
	root, err := toolchain.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, p.root)
}

// ask runs the program under its oracle.
func (p realProgram) ask(t *testing.T, r run) outcome {
	t.Helper()
	if p.oracle != native {
		want, err := runOracle(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return want
	}
	command, err := toolchain.Command(p.program)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := runCommand(t.Context(), r.root, command[0], append(command[1:], r.args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// counts returns the part of an outcome that has to be the same everywhere.
func (p realProgram) counts(o outcome) outcome {
	if p.lines == "" {
		return o
	}
	var kept strings.Builder
	for line := range strings.Lines(o.stdout) {
		if strings.HasPrefix(line, p.lines) {
			kept.WriteString(line)
		}
	}
	return outcome{stdout: kept.String(), exit: o.exit, trapped: o.trapped}
}

// commandTimeout bounds a command of a measurement and a native program.
const commandTimeout = 10 * time.Minute

// runCommand runs a command in a directory, or in this one, and returns what it
// did and the processor's time that it and what it started took.
func runCommand(ctx context.Context, directory, name string, args ...string) (outcome, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = directory
	c.WaitDelay = killDelay
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	result := outcome{stdout: stdout.String(), stderr: stderr.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		result.exit, err = uint32(exit.ExitCode()), nil
	}
	if err != nil {
		return result, 0, errors.Join(err, errors.New(strings.Join(c.Args, " ")+"\n"+tail(result.stderr)))
	}
	return result, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}
