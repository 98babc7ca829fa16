package apps

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"mewz/abi"
	"mewz/test/toolchain"
)

// run is everything that decides what a program does.
type run struct {
	wasm  string // path of the module
	args  []string
	env   []string
	stdin string
	root  string // a directory, or empty
}

// outcome is what a run did.
type outcome struct {
	stdout, stderr string
	exit           uint32
	trapped        string // the oracle's own words for a trap, or empty
}

// oracleMemoryPages is the most linear memory under wazero: 1 GiB. A program
// that grows its memory until that fails would get 4 GiB of this computer.
const oracleMemoryPages = 16384

var oracleCache = sync.OnceValues(func() (wazero.CompilationCache, error) {
	root, err := toolchain.Root()
	if err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(filepath.Join(root, "build", "wazero"))
})

// oracleConfig has all of WebAssembly that the oracle knows.
func oracleConfig(cache wazero.CompilationCache) wazero.RuntimeConfig {
	features := api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling
	return wazero.NewRuntimeConfig().WithCoreFeatures(features).WithCompilationCache(cache).WithMemoryLimitPages(oracleMemoryPages)
}

// runOracle runs a program under wazero.
func runOracle(ctx context.Context, r run) (outcome, error) {
	cache, err := oracleCache()
	if err != nil {
		return outcome{}, err
	}
	// WithCloseOnContextDone would bound the run, but costs a call in each loop:
	// SQLite takes a minute then, not three seconds. All programs of the table
	// end, and go test has a timeout.
	runtime := wazero.NewRuntimeWithConfig(ctx, oracleConfig(cache))
	defer runtime.Close(context.Background())
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return outcome{}, err
	}
	binary, err := os.ReadFile(r.wasm)
	if err != nil {
		return outcome{}, err
	}
	var stdout, stderr bytes.Buffer
	module := wazero.NewModuleConfig().WithArgs(append([]string{filepath.Base(r.wasm)}, r.args...)...).
		WithStdin(strings.NewReader(r.stdin)).WithStdout(&stdout).WithStderr(&stderr).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader)
	for _, variable := range r.env {
		name, value, _ := strings.Cut(variable, "=")
		module = module.WithEnv(name, value)
	}
	if r.root != "" {
		module = module.WithFSConfig(wazero.NewFSConfig().WithReadOnlyDirMount(r.root, "/"))
	}
	_, err = runtime.InstantiateWithConfig(ctx, binary, module)
	return oracleOutcome(stdout.String(), stderr.String(), err)
}

func oracleOutcome(stdout, stderr string, err error) (outcome, error) {
	o := outcome{stdout: stdout, stderr: stderr}
	var exit *sys.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		o.exit = exit.ExitCode()
	case strings.Contains(err.Error(), "wasm error: "):
		_, o.trapped, _ = strings.Cut(err.Error(), "wasm error: ")
		o.trapped, _, _ = strings.Cut(o.trapped, "\n")
		o.exit = abi.ExitTrap
	case strings.HasSuffix(err.Error(), oracleTraps[abi.TrapStack]):
		// On some paths wazero reports this one as an error like any other.
		o.trapped, o.exit = oracleTraps[abi.TrapStack], abi.ExitTrap
	default:
		return o, fmt.Errorf("wazero: %w", err)
	}
	return o, nil
}

// oracleTraps are wazero's words for our traps. It has one for everything that
// is wrong with an element of a table but its type.
var oracleTraps = map[abi.TrapCode]string{
	abi.TrapUnreachable:       "unreachable",
	abi.TrapMemory:            "out of bounds memory access",
	abi.TrapDivideByZero:      "integer divide by zero",
	abi.TrapIntegerOverflow:   "integer overflow",
	abi.TrapInvalidConversion: "invalid conversion to integer",
	abi.TrapUndefinedElement:  "invalid table access",
	abi.TrapUninitialized:     "invalid table access",
	abi.TrapIndirectType:      "indirect call type mismatch",
	abi.TrapStack:             "stack overflow",
}

// killDelay is what the command gets beyond its own --timeout before the test
// ends it; a machine that hangs must not hang the test.
const killDelay = time.Minute

// options are the flags of mewz run that are no part of a program's input.
type options struct {
	vmm     string
	level   string // --opt, if not the default
	memory  string
	timeout time.Duration
}

// firsts has a *sync.Once for each program and way to compile it.
var firsts sync.Map

// runMewz runs a program with the command. Of tests of one program that begin together the first
// goes ahead, and the others find what it has compiled: it takes all processors for that.
func runMewz(ctx context.Context, t *testing.T, r run, o options) (result outcome, err error) {
	type way struct{ wasm, vmm, level string }
	first, _ := firsts.LoadOrStore(way{r.wasm, o.vmm, o.level}, new(sync.Once))
	was := false
	first.(*sync.Once).Do(func() {
		was = true
		result, err = executeMewz(ctx, t, r, o)
	})
	if !was {
		result, err = executeMewz(ctx, t, r, o)
	}
	return result, err
}

func executeMewz(ctx context.Context, t *testing.T, r run, o options) (outcome, error) {
	flags := []string{"run", "--vmm", o.vmm, "--timeout", o.timeout.String()}
	if o.level != "" {
		flags = append(flags, "--opt", o.level)
	}
	if o.memory != "" {
		flags = append(flags, "-m", o.memory)
	}
	for _, variable := range r.env {
		flags = append(flags, "-e", variable)
	}
	if r.root != "" {
		flags = append(flags, "--root", r.root)
	}
	flags = append(flags, r.wasm, "--")
	// Compiling is no part of the program's time, but of the command's.
	ctx, cancel := context.WithTimeout(ctx, o.timeout+compileTimeout+killDelay)
	defer cancel()
	command := exec.CommandContext(ctx, mewz(t), append(flags, r.args...)...)
	command.WaitDelay = killDelay
	command.Stdin = strings.NewReader(r.stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	result := outcome{stdout: stdout.String(), stderr: stderr.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		result.exit, err = uint32(exit.ExitCode()), nil
	}
	if err != nil {
		err = fmt.Errorf("mewz %s: %w\n%s", strings.Join(flags, " "), err, tail(result.stderr))
	}
	return result, err
}

// compileTimeout bounds compiling the largest program.
const compileTimeout = 5 * time.Minute

// mewz returns the command to test (toolchain.Mewz).
func mewz(t *testing.T) string {
	t.Helper()
	path, err := toolchain.Mewz()
	if err != nil {
		unavailable(t, err.Error())
	}
	return path
}

// unavailable skips on a laptop and fails in CI.
func unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// runTimeout ends a program that hangs. Without KVM a machine computes ten to fifty times
// slower than the computer, which does other things too.
const runTimeout = 10 * time.Minute

// vmms are the values of --vmm that every program is run with.
var vmms = []options{{vmm: "process", timeout: runTimeout}, {vmm: "qemu", timeout: runTimeout}}

// only restricts a run of the tests to one VMM, for work on one of them.
var only = flag.String("vmm", "", "run the programs under this VMM only: process or qemu")

// require skips a test, or fails it in CI, where the VMM is not installed.
func require(t *testing.T, vmm string) {
	t.Helper()
	if *only != "" && *only != vmm {
		t.Skip("-vmm asks for another one")
	}
	if vmm != "qemu" {
		return
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		unavailable(t, "qemu-system-x86_64 is missing: run make setup")
	}
}

// expand replaces $NOW in the environment of a test.
func expand(env []string) []string {
	seconds := strconv.FormatInt(time.Now().Unix(), 10)
	var expanded []string
	for _, variable := range env {
		expanded = append(expanded, strings.ReplaceAll(variable, "$NOW", seconds))
	}
	return expanded
}

// tail returns the end of a text that is too long for a message.
func tail(text string) string {
	const most = 3000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}
