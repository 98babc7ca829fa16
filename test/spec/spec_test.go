package spec

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mewz/compiler/llvm"

	"github.com/google/go-cmp/cmp"
)

var (
	levels = flag.String("spec.levels", "0,fast,2", "optimisation levels to compile the suite with; a short run takes only fast")
	cpu    = flag.String("spec.cpu", "", "processor to compile for, for instance x86-64-v3; empty: the default")
	only   = flag.String("spec.file", "", "run only this file, for instance 2.0/call_indirect")
	cache  = flag.String("spec.cache", "", "folder for the compiler's cache between runs; empty: none")
	update = flag.Bool("update", false, "rewrite the table of docs/conformance.md")
)

const conformanceFile = "../../docs/conformance.md"

// workers is how many scripts run at a time, and failuresShown how many
// failures of one script are worth reading.
const (
	workers       = 2
	failuresShown = 20
)

// representative are the files of a short run: every kind of trap, calls,
// memory, tables, floating point, vectors and linking.
var representative = []string{
	"2.0/bulk", "2.0/call", "2.0/call_indirect", "2.0/conversions", "2.0/data", "2.0/elem", "2.0/f32", "2.0/f64_bitwise",
	"2.0/float_misc", "2.0/global", "2.0/i32", "2.0/i64", "2.0/if", "2.0/imports", "2.0/linking", "2.0/memory_grow",
	"2.0/memory_trap", "2.0/names", "2.0/ref_func", "2.0/simd_address", "2.0/simd_bit_shift", "2.0/simd_conversions",
	"2.0/simd_f32x4_arith", "2.0/simd_f64x2", "2.0/simd_i16x8_sat_arith", "2.0/simd_i32x4_trunc_sat_f64x2", "2.0/simd_linking",
	"2.0/simd_load8_lane", "2.0/skip-stack-guard-page", "2.0/start", "2.0/table_grow",
	"2.0/traps", "1.0/linking",
}

// wanted says whether this run includes s; short are the files of a short one.
func wanted(s *Script, short []string) bool {
	name := s.Version + "/" + s.Name
	switch {
	case *only != "":
		return name == *only
	case testing.Short():
		return slices.Contains(short, name)
	default:
		return true
	}
}

// newRunner finds the suite and builds what runs it. Without the tools it skips
// the test, but not in CI.
func newRunner(t *testing.T) (*Runner, []*Script) {
	t.Helper()
	if _, err := llvm.Find(); err != nil {
		skip(t, err)
	}
	if _, err := exec.LookPath("cc"); err != nil {
		skip(t, err)
	}
	dir, err := SuiteDir()
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := ReadScripts(dir)
	if err != nil {
		t.Fatal(err)
	}
	program, err := BuildRunner(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &Runner{Program: program, Compiler: &Compiler{Level: "fast", CacheDir: *cache}}, scripts
}

func skip(t *testing.T, missing error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// eachLevel runs test at each optimisation level: a trap must not get lost in
// any of them.
func eachLevel(t *testing.T, test func(t *testing.T, r *Runner, scripts []*Script)) {
	r, scripts := newRunner(t)
	wanted := strings.Split(*levels, ",")
	if testing.Short() {
		wanted = []string{"fast"}
	}
	for _, level := range wanted {
		t.Run(level, func(t *testing.T) {
			test(t, &Runner{Program: r.Program, Compiler: &Compiler{Level: level, CPU: *cpu, CacheDir: *cache}}, scripts)
		})
	}
}

func TestSuite(t *testing.T) { eachLevel(t, testSuite) }

func testSuite(t *testing.T, r *Runner, all []*Script) {
	scripts := slices.DeleteFunc(slices.Clone(all), func(s *Script) bool { return !wanted(s, representative) })
	if len(scripts) == 0 {
		t.Skipf("no file %s in the suites of 1.0 and 2.0", *only)
	}
	reports, err := r.RunAll(context.Background(), scripts, workers)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, report := range reports {
		checkReport(t, report, found)
	}
	if len(scripts) != len(all) {
		return
	}
	for key := range exceptions {
		if !found[key] {
			t.Errorf("exception %s: there is no such command", key)
		}
	}
	checkTable(t, Table(reports), marks2)
}

// TestOwnScripts runs scripts of the project's own: what the official suite does
// not ask.
func TestOwnScripts(t *testing.T) { eachLevel(t, testOwnScripts) }

func testOwnScripts(t *testing.T, r *Runner, _ []*Script) {
	names, err := filepath.Glob("testdata/own/*.wast")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		s := &Script{Version: "own", Name: strings.TrimSuffix(filepath.Base(name), ".wast"), Source: name}
		if err := s.Read(); err != nil {
			t.Fatal(err)
		}
		reports, err := r.RunAll(context.Background(), []*Script{s}, 1)
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, reports[0], map[string]bool{})
	}
}

// checkReport compares the outcomes of a script with the exceptions.
func checkReport(t *testing.T, r *Report, found map[string]bool) {
	t.Helper()
	c := r.counts()
	t.Logf("%s/%s: %d passed, %d failed, %d not attempted, %.1f s",
		r.Script.Version, r.Script.Name, c.passed, c.failed, c.notAttempted, r.Elapsed.Seconds())
	shown := 0
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		key := r.key(o)
		reason, excepted := exceptions[key]
		found[key] = found[key] || excepted
		switch {
		case excepted && o.Status == Passed:
			t.Errorf("%s: %s passes: take it out of the exceptions", key, o.Command.Type)
		case !excepted && o.Status == Failed:
			if shown++; shown <= failuresShown {
				t.Errorf("%s: %s: %s", key, o.Command.Type, o.Reason)
			}
		case excepted:
			t.Logf("%s: %s: %s (exception: %s)", key, o.Command.Type, o.Reason, reason)
		}
	}
	if shown > failuresShown {
		t.Errorf("%s/%s: %d more failures", r.Script.Version, r.Script.Name, shown-failuresShown)
	}
}

// checkTable compares the table in the documentation with this run.
func checkTable(t *testing.T, table []byte, m marks) {
	t.Helper()
	document, err := os.ReadFile(conformanceFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ReplaceTable(document, table, m)
	if err != nil {
		t.Fatalf("%s: %v", conformanceFile, err)
	}
	if bytes.Equal(document, want) {
		return
	}
	if !*update {
		t.Errorf("%s differs from this run; go test ./test/spec -update writes it (-committed +run):\n%s",
			conformanceFile, cmp.Diff(string(document), string(want)))
		return
	}
	if err := os.WriteFile(conformanceFile, want, 0o644); err != nil {
		t.Fatal(err)
	}
}
