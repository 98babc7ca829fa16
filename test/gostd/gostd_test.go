package gostd

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/test/oracle"
	"mewz/test/toolchain"
)

var (
	packageFlag  = flag.String("package", "", "run the packages that match, and not the usual ones")
	executorFlag = flag.String("executor", "", "run them as this only: process, machine, virtiofs, wazero or wasmtime")
)

// packageTimeout bounds the tests of a package, with compiling. The longest, of
// math/big and compress/flate, take minutes as processes on two cores.
const packageTimeout = 30 * time.Minute

// program is the tests of a package as a module, and where they run.
type program struct {
	wasm      string
	directory string // of the package
	goroot    string
	scratch   string // becomes /tmp
	etc       string // becomes /etc: localhost has an address
	level     string // of optimisation
	args      []string
}

// executor runs a program.
type executor struct {
	name   string
	oracle bool
	args   []string // of mewz
	run    func(ctx context.Context, e executor, p program) (outcome, error)
}

var executors = []executor{
	{name: "process", args: []string{"--vmm", "process"}, run: runMewz},
	{name: "machine", args: []string{"--vmm", "qemu", "--share", "9p"}, run: runMewz},
	{name: "virtiofs", args: []string{"--vmm", "qemu", "--share", "virtiofs"}, run: runMewz},
	{name: "wazero", oracle: true, run: underOracle(oracle.Wazero)},
	{name: "wasmtime", oracle: true, run: underOracle(oracle.Wasmtime)},
}

func nightly() bool { return os.Getenv("MEWZ_NIGHTLY") != "" }

// wanted reports whether a package is run so.
func wanted(t *testing.T, p testedPackage, e executor) bool {
	if *executorFlag != "" && *executorFlag != e.name || e.oracle && *executorFlag == "" {
		return false
	}
	if *packageFlag != "" {
		matches, err := regexp.MatchString(*packageFlag, p.path)
		if err != nil {
			t.Fatal(err)
		}
		return matches && (p.runs(e) || *executorFlag != "")
	}
	return p.runs(e) && (nightly() || p.fast && e.name == "process")
}

// TestStandardLibrary runs the tests of packages and holds what fails to the list.
func TestStandardLibrary(t *testing.T) {
	requireTests(t)
	t.Run("all", func(t *testing.T) {
		for _, e := range executors {
			for _, p := range packages {
				if wanted(t, p, e) {
					t.Run(e.name+"/"+p.path, func(t *testing.T) { testPackage(t, e, p) })
				}
			}
		}
	})
	if *update {
		if err := updateResults(); err != nil {
			t.Fatal(err)
		}
	}
}

// requireTests skips without what is run.
func requireTests(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the tests of Go take minutes")
	}
	if _, err := toolchain.Mewz(); err != nil {
		unavailable(t, err.Error())
	}
	if _, err := os.Stat(filepath.Join(goroot(t), "src", "os", "os_test.go")); err != nil {
		unavailable(t, "this Go comes without the tests of its library")
	}
}

// testPackage runs a package, two at a time on two cores.
func testPackage(t *testing.T, e executor, p testedPackage) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), packageTimeout)
	defer cancel()
	program, err := compile(ctx, t, e, p)
	if err != nil {
		t.Fatal(err)
	}
	if ends := testsOf(p, func(f failure) bool { return f.ends }); len(ends) > 0 {
		program.args = append(program.args, "-test.skip="+only(ends))
	}
	record, err := program.record(e)
	if err != nil {
		t.Fatal(err)
	}
	if *resume {
		if r, ok := recall(record); ok {
			t.Logf("%d tests passed, %d skipped, %d failed, before", r.Passed, r.Skipped, len(r.Failed))
			keep(r)
			return
		}
	}
	o, err := e.run(ctx, e, program)
	if err != nil {
		t.Fatal(err)
	}
	r := o.result()
	r.Package, r.Executor, r.Level = p.path, e.name, program.level
	t.Logf("%d tests passed, %d skipped, %d failed", r.Passed, r.Skipped, len(r.Failed))
	if e.oracle {
		t.Logf("failed: %q\n%s", r.Failed, tail(o.output))
		return
	}
	compare(t, r, o)
	if t.Failed() {
		return
	}
	keep(r)
	if err := remember(record, r); err != nil {
		t.Error(err)
	}
}

// compare holds a result to the list of failures and to the last one.
func compare(t *testing.T, r result, o outcome) {
	t.Helper()
	for _, name := range r.Failed {
		if !slices.ContainsFunc(failures, func(f failure) bool { return f.pkg == r.Package && f.test == name }) {
			t.Errorf("%s fails:\n%s", name, o.excerpt(name))
		}
	}
	for _, f := range failures {
		if f.pkg == r.Package && !f.ends && !slices.Contains(r.Failed, f.test) {
			t.Errorf("%s does not fail any more: remove it from failures.go", f.test)
		}
	}
	all, err := expected()
	if *update {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	last, ok := all.find(r)
	if ok && all.Go == runtime.Version() && (last.Passed != r.Passed || last.Skipped != r.Skipped) {
		t.Errorf("%d tests passed and %d were skipped, %d and %d by %s: -update takes that over", r.Passed, r.Skipped, last.Passed, last.Skipped, resultsPath)
	}
}

// testsOf lists the tests of a package that fail.
func testsOf(p testedPackage, chosen func(failure) bool) []string {
	var tests []string
	for _, f := range failures {
		if f.pkg == p.path && chosen(f) {
			tests = append(tests, f.test)
		}
	}
	return tests
}

// only is the pattern of some tests.
func only(tests []string) string { return "^(" + strings.Join(tests, "|") + ")$" }

// TestFailures holds the list of failures to its word: the oracle that it names fails
// each test too, and those that end the program do so here.
func TestFailures(t *testing.T) {
	requireTests(t)
	if !nightly() {
		t.Skip("MEWZ_NIGHTLY=1 runs the oracles")
	}
	for _, e := range executors {
		for _, p := range packages {
			tests := testsOf(p, func(f failure) bool { return f.oracle == e.name || f.ends && e.name == "process" })
			if len(tests) > 0 {
				t.Run(e.name+"/"+p.path, func(t *testing.T) { testFailures(t, e, p, tests) })
			}
		}
	}
}

// testFailures runs tests one by one, since some end the program, and wants each to
// fail.
func testFailures(t *testing.T, e executor, p testedPackage, tests []string) {
	ctx, cancel := context.WithTimeout(t.Context(), packageTimeout)
	defer cancel()
	program, err := compile(ctx, t, e, p)
	if err != nil {
		t.Fatal(err)
	}
	args := program.args
	for _, name := range tests {
		program.args = append(slices.Clip(args), "-test.run="+only([]string{name}))
		o, err := e.run(ctx, e, program)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(o.result().Failed, name) {
			t.Errorf("%s does not fail as %s:\n%s", name, e.name, o.excerpt(name))
		}
	}
}

// compile builds the tests of a package.
func compile(ctx context.Context, t *testing.T, e executor, p testedPackage) (program, error) {
	root, err := toolchain.Root()
	if err != nil {
		return program{}, err
	}
	result := program{
		goroot: goroot(t), directory: filepath.Join(goroot(t), "src", filepath.FromSlash(p.path)),
		wasm:    filepath.Join(root, "build", "gostd", strings.ReplaceAll(p.path, "/", "-")+"-"+runtime.Version()+".wasm"),
		scratch: t.TempDir(),
		level:   p.level(e),
		args:    []string{"-test.v=test2json", "-test.short", "-test.timeout=" + packageTimeout.String()},
	}
	result.etc = t.TempDir()
	if err := os.WriteFile(filepath.Join(result.etc, "hosts"), []byte("127.0.0.1 localhost\n::1 localhost\n"), 0o666); err != nil {
		return program{}, err
	}
	// Go's cache knows what is built; only linking is done again.
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", result.wasm, ".")
	build.Dir = result.directory
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "PWD="+result.directory)
	if said, err := build.CombinedOutput(); err != nil {
		return program{}, fmt.Errorf("go test -c %s: %w\n%s", p.path, err, bytes.TrimSpace(said))
	}
	return result, nil
}

// goroot is the folder of the Go that runs this test.
func goroot(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}

// variables are what the tests find in their environment.
func (p program) variables() []string {
	return []string{"PWD=" + p.directory, "GOROOT=" + p.goroot, "PATH=/bin"}
}

// memoryOfMachine is enough for the tests of all packages.
const memoryOfMachine = "2G"

// runMewz runs the tests with the command.
func runMewz(ctx context.Context, e executor, p program) (outcome, error) {
	mewz, err := toolchain.Mewz()
	if err != nil {
		return outcome{}, err
	}
	args := append([]string{"run", "-q"}, e.args...)
	args = append(args, "--opt", p.level, "-m", memoryOfMachine, "--timeout", packageTimeout.String(),
		"--dir", p.goroot+"::"+p.goroot+":ro", "--dir", p.scratch+"::/tmp", "--dir", p.etc+"::/etc:ro")
	for _, variable := range p.variables() {
		args = append(args, "-e", variable)
	}
	return command(ctx, mewz, append(append(args, p.wasm, "--"), p.args...)...)
}

// command runs a child with an empty standard input.
func command(ctx context.Context, path string, args ...string) (outcome, error) {
	c := exec.CommandContext(ctx, path, args...)
	c.WaitDelay = time.Minute
	c.Stdin = strings.NewReader("")
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	err := c.Run()
	o := outcome{output: output.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		o.exit, err = exit.ExitCode(), nil
	}
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, tail(o.output))
	}
	return o, err
}

// unavailable skips on a laptop and fails in CI.
func unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// level is the optimisation that the tests are compiled with. Without it compiling
// takes a third of the time, and is most of what a package takes; machines have it
// never, since what they add is not the code of the program.
func (p testedPackage) level(e executor) string {
	if p.heavy && e.name != "machine" && e.name != "virtiofs" {
		return "fast"
	}
	return "0"
}

// runs reports whether a nightly run has the package so.
func (p testedPackage) runs(e executor) bool {
	switch e.name {
	case "process":
		return true
	case "machine":
		return p.machine
	case "virtiofs":
		return p.virtiofs
	default:
		return false
	}
}
