package apps

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
	"mewz/test/toolchain"
)

// TestPrograms runs every program under the oracle and under every VMM.
func TestPrograms(t *testing.T) {
	t.Parallel()
	files := map[root]string{treeFiles: makeTree(t)}
	projectRoot, err := toolchain.Root()
	if err != nil {
		t.Fatal(err)
	}
	files[luaFiles] = filepath.Join(projectRoot, sources, "lua")
	files[sqliteFile] = filepath.Join(projectRoot, sources, "sqlite")
	// The parallel tests go on after this function has returned, but the
	// directory of the tree lives as long as they do.
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && !tt.short {
				t.Skip("-short runs one program of each kind")
			}
			t.Parallel()
			wasm, err := toolchain.Wasm(tt.program)
			if errors.Is(err, toolchain.ErrNoRustWeb) {
				t.Skip(err) // issue 2 wants it only where it can be built
			}
			if err != nil {
				t.Fatal(err)
			}
			r := run{wasm: wasm, args: tt.args, env: expand(tt.env), stdin: tt.stdin, root: files[tt.root]}
			want := askOracle(t, tt, r)
			for _, o := range vmms {
				t.Run(o.vmm, func(t *testing.T) {
					require(t, o.vmm)
					o.memory = tt.memory
					got, err := runMewz(t.Context(), t, r, o)
					if err != nil {
						t.Fatal(err)
					}
					compare(t, tt, got, want)
				})
			}
		})
	}
}

// askOracle runs a program under wazero and checks the table against it.
func askOracle(t *testing.T, tt test, r run) outcome {
	t.Helper()
	want, err := runOracle(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	exit := tt.exit
	if tt.trap != nil {
		exit = abi.ExitTrap
		if words := oracleTraps[*tt.trap]; want.trapped != words {
			t.Fatalf("wazero: trap %q, want %q\n%s", want.trapped, words, tail(want.stderr))
		}
	} else if want.trapped != "" {
		t.Fatalf("wazero: trap %q, want none\n%s", want.trapped, tail(want.stderr))
	}
	if want.exit != exit {
		t.Fatalf("wazero: exit code %d, want %d\n%s%s", want.exit, exit, tail(want.stdout), tail(want.stderr))
	}
	if tt.stdout != "" && want.stdout != tt.stdout {
		t.Fatalf("wazero: standard output differs (-want +got):\n%s", cmp.Diff(tt.stdout, want.stdout))
	}
	return want
}

// compare checks a run of mewz against the oracle's.
func compare(t *testing.T, tt test, got, want outcome) {
	t.Helper()
	if got.exit != want.exit {
		t.Fatalf("exit code %d, want %d; standard output, standard error:\n%s\n%s", got.exit, want.exit, tail(got.stdout), tail(got.stderr))
	}
	if got.stdout != want.stdout {
		t.Errorf("standard output differs (-want +got):\n%s", difference(want.stdout, got.stdout))
	}
	stderr := got.stderr
	if tt.trap != nil {
		// After the program's own words comes the report.
		report, ok := strings.CutPrefix(got.stderr, want.stderr)
		if !ok || !strings.Contains(report, tt.trap.String()) {
			t.Errorf("standard error is %q, want %q and a report with %q", tail(got.stderr), tail(want.stderr), tt.trap)
		}
		return
	}
	if stderr != want.stderr {
		t.Errorf("standard error differs (-want +got):\n%s", difference(want.stderr, stderr))
	}
}

// difference shows where texts differ; large ones only by their first byte.
func difference(want, got string) string {
	const most = 20_000
	if len(want) <= most && len(got) <= most {
		return cmp.Diff(want, got)
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	return cmp.Diff([]any{len(want), at, tail(want[at:min(at+100, len(want))])}, []any{len(got), at, tail(got[at:min(at+100, len(got))])})
}

// TestTimeout ends programs that never end, one that computes and one that
// sleeps, and expects what they said before.
func TestTimeout(t *testing.T) {
	t.Parallel()
	const timeout = 8 * time.Second // a machine takes a tenth of that to say something, on a computer that does nothing else
	for _, tt := range []struct {
		program toolchain.Program
		stdout  string
	}{{busy, "busy\n"}, {wait, "waiting\n"}} {
		for _, o := range vmms {
			t.Run(tt.program.Name+"/"+o.vmm, func(t *testing.T) {
				t.Parallel()
				require(t, o.vmm)
				wasm, err := toolchain.Wasm(tt.program)
				if err != nil {
					t.Fatal(err)
				}
				o.timeout = timeout
				start := time.Now()
				got, err := runMewz(t.Context(), t, run{wasm: wasm}, o)
				if err != nil {
					t.Fatal(err)
				}
				if got.exit != abi.ExitTimeout || got.stdout != tt.stdout {
					t.Errorf("exit code %d, output %q, want %d, %q; standard error:\n%s",
						got.exit, got.stdout, abi.ExitTimeout, tt.stdout, tail(got.stderr))
				}
				if passed := time.Since(start); passed < timeout {
					t.Errorf("ended after %v, want at least %v", passed, timeout)
				}
			})
		}
	}
}
