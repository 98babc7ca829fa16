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
	executorFlag = flag.String("executor", "", "run them as this only: process, machine, wazero or wasmtime")
)

// packageTimeout bounds the tests of a package, with compiling. The longest, of
// math/big and compress/flate, take minutes as processes on two cores.
const packageTimeout = 30 * time.Minute

// outcome is what the tests of a package did.
type outcome struct {
	output string // of both streams
	exit   int
}

// program is the tests of a package as a module, and where they run.
type program struct {
	wasm      string
	directory string // of the package
	goroot    string
	scratch   string // becomes /tmp
	etc       string // becomes /etc: localhost has an address
	args      []string
}

// executor runs a program.
type executor struct {
	name   string
	oracle bool
	run    func(ctx context.Context, p program) (outcome, error)
}

var executors = []executor{
	{name: "process", run: func(ctx context.Context, p program) (outcome, error) { return runMewz(ctx, "process", p) }},
	{name: "machine", run: func(ctx context.Context, p program) (outcome, error) { return runMewz(ctx, "qemu", p) }},
	{name: "wazero", oracle: true, run: func(ctx context.Context, p program) (outcome, error) { return runOracle(ctx, oracle.Wazero, p) }},
	{name: "wasmtime", oracle: true, run: func(ctx context.Context, p program) (outcome, error) { return runOracle(ctx, oracle.Wasmtime, p) }},
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
		return matches && (e.name != "machine" || *executorFlag != "")
	}
	if e.name == "machine" {
		return nightly() && p.machine
	}
	return p.fast || nightly()
}

// TestStandardLibrary runs the tests of packages and holds what fails to the list.
func TestStandardLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("the tests of Go take minutes")
	}
	if _, err := toolchain.Mewz(); err != nil {
		unavailable(t, err.Error())
	}
	if _, err := os.Stat(filepath.Join(goroot(t), "src", "os", "os_test.go")); err != nil {
		unavailable(t, "this Go comes without the tests of its library")
	}
	for _, e := range executors {
		for _, p := range packages {
			if wanted(t, p, e) {
				t.Run(e.name+"/"+p.path, func(t *testing.T) { testPackage(t, e, p) })
			}
		}
	}
}

func testPackage(t *testing.T, e executor, p testedPackage) {
	ctx, cancel := context.WithTimeout(t.Context(), packageTimeout)
	defer cancel()
	program, err := compile(ctx, t, p)
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.run(ctx, program)
	if err != nil {
		t.Fatal(err)
	}
	failed := failedTests(o)
	t.Logf("%d tests passed, %d skipped, %d failed", strings.Count(o.output, "--- PASS: "), strings.Count(o.output, "--- SKIP: "), len(failed))
	if e.oracle {
		t.Logf("failed: %q\n%s", failed, tail(o.output))
		return
	}
	for _, name := range failed {
		if !slices.ContainsFunc(failures, func(f failure) bool { return f.pkg == p.path && f.test == name }) {
			t.Errorf("%s fails:\n%s", name, excerpt(o.output, name))
		}
	}
	for _, f := range failures {
		if f.pkg == p.path && !slices.Contains(failed, f.test) {
			t.Errorf("%s does not fail any more: remove it from failures.go", f.test)
		}
	}
}

var failLine = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// crashed stands for a run that ends otherwise than by its tests.
const crashed = "(crash)"

// failedTests lists the tests that failed, without those inside of others.
func failedTests(o outcome) []string {
	var names []string
	for _, match := range failLine.FindAllStringSubmatch(o.output, -1) {
		names = append(names, match[1])
	}
	finished := strings.HasSuffix(strings.TrimRight(o.output, "\n"), "\nPASS") || strings.HasSuffix(strings.TrimRight(o.output, "\n"), "\nFAIL")
	if !finished || (o.exit != 0) != (len(names) > 0) {
		names = append(names, crashed)
	}
	return names
}

// excerpt returns what a test said.
func excerpt(output, name string) string {
	if name == crashed {
		return tail(output)
	}
	_, after, ok := strings.Cut(output, "=== RUN   "+name+"\n")
	if !ok {
		return tail(output)
	}
	if i := strings.Index(after, "--- FAIL: "+name); i >= 0 {
		said, rest := after[:i], after[i:]
		if j := strings.Index(rest, "\n=== RUN"); j >= 0 {
			rest = rest[:j]
		}
		after = said + rest
	}
	return tail(after)
}

// tail returns the end of a text that is too long for a message.
func tail(text string) string {
	const most = 3000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// compile builds the tests of a package.
func compile(ctx context.Context, t *testing.T, p testedPackage) (program, error) {
	root, err := toolchain.Root()
	if err != nil {
		return program{}, err
	}
	result := program{
		goroot: goroot(t), directory: filepath.Join(goroot(t), "src", filepath.FromSlash(p.path)),
		wasm:    filepath.Join(root, "build", "gostd", strings.ReplaceAll(p.path, "/", "-")+"-"+runtime.Version()+".wasm"),
		scratch: t.TempDir(),
		args:    []string{"-test.v", "-test.short", "-test.timeout=" + packageTimeout.String()},
	}
	result.etc = t.TempDir()
	if err := os.WriteFile(filepath.Join(result.etc, "hosts"), []byte("127.0.0.1 localhost\n::1 localhost\n"), 0o666); err != nil {
		return program{}, err
	}
	if p.skip != "" {
		result.args = append(result.args, "-test.skip="+p.skip)
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
func runMewz(ctx context.Context, vmm string, p program) (outcome, error) {
	mewz, err := toolchain.Mewz()
	if err != nil {
		return outcome{}, err
	}
	args := []string{"run", "-q", "--vmm", vmm, "--opt", "0", "-m", memoryOfMachine, "--timeout", packageTimeout.String(),
		"--dir", p.goroot + "::" + p.goroot + ":ro", "--dir", p.scratch + "::/tmp", "--dir", p.etc + "::/etc:ro"}
	for _, variable := range p.variables() {
		args = append(args, "-e", variable)
	}
	return command(ctx, mewz, append(append(args, p.wasm, "--"), p.args...)...)
}

// command runs a child with an empty standard input.
func command(ctx context.Context, path string, args ...string) (outcome, error) {
	c := exec.CommandContext(ctx, path, args...)
	c.WaitDelay = time.Second
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
