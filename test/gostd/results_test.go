package gostd

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"mewz/test/document"
	"mewz/test/toolchain"
)

var (
	update = flag.Bool("update", false, "write what was run into testdata/results.json and docs/conformance.md")
	resume = flag.Bool("resume", false, "do not run again what the same mewz has run as expected")
)

// result is how many tests of a package passed.
type result struct {
	Package, Executor, Level string
	Passed, Skipped          int
	Failed                   []string `json:",omitempty"`
}

// key tells results of the same run in different versions.
func (r result) key() string { return r.Package + " " + r.Executor }

// results are those of all packages.
type results struct {
	Go      string // what runtime.Version says: other versions have other tests
	Results []result
}

const resultsPath = "testdata/results.json"

// expected are the results of the file.
var expected = sync.OnceValues(func() (results, error) {
	var all results
	text, err := os.ReadFile(resultsPath)
	if err != nil {
		return all, err
	}
	return all, json.Unmarshal(text, &all)
})

// find returns the result of a package, if the file has it.
func (all results) find(r result) (result, bool) {
	i := slices.IndexFunc(all.Results, func(have result) bool { return have.key() == r.key() })
	if i < 0 {
		return result{}, false
	}
	return all.Results[i], true
}

// fresh are the results of this run.
var fresh struct {
	mu      sync.Mutex
	results []result
}

func keep(r result) {
	fresh.mu.Lock()
	defer fresh.mu.Unlock()
	fresh.results = append(fresh.results, r)
}

// updateResults writes the results of this run into the file. Those of packages that
// are not listed any more leave it.
func updateResults() error {
	all, err := expected()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh.mu.Lock()
	defer fresh.mu.Unlock()
	merged := results{Go: runtime.Version(), Results: slices.Clone(fresh.results)}
	for _, r := range all.Results {
		_, again := merged.find(r)
		if !again && slices.ContainsFunc(packages, func(p testedPackage) bool { return p.path == r.Package }) {
			merged.Results = append(merged.Results, r)
		}
	}
	slices.SortFunc(merged.Results, func(a, b result) int { return cmp.Compare(a.key(), b.key()) })
	text, err := json.MarshalIndent(merged, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(resultsPath, append(text, '\n'), 0o666); err != nil {
		return err
	}
	return conformance.Replace(merged.blocks())
}

// conformance is the document with the tables.
var conformance = document.Document{Path: "../../docs/conformance.md", Writer: "go test ./test/gostd -update", Tag: "gostd"}

// blocks are the tables of the document.
func (all results) blocks() []document.Block {
	return []document.Block{{Name: "results", Text: all.table()}, {Name: "failures", Text: tableOfFailures()}}
}

// table has a row for each package.
func (all results) table() string {
	table := document.Table{Columns: []string{"package", "level"}}
	for _, e := range executors {
		if !e.oracle {
			table.Columns = append(table.Columns, e.name+": passed", "skipped", "failed")
		}
	}
	totals := map[string]result{}
	for _, p := range packages {
		row := []string{"`" + p.path + "`", p.level(executors[0])}
		for _, e := range executors {
			if e.oracle {
				continue
			}
			r, ok := all.find(result{Package: p.path, Executor: e.name})
			if !ok {
				row = append(row, "", "", "")
				continue
			}
			row = append(row, fmt.Sprint(r.Passed), fmt.Sprint(r.Skipped), fmt.Sprint(len(r.Failed)))
			sum := totals[e.name]
			sum.Passed, sum.Skipped, sum.Failed = sum.Passed+r.Passed, sum.Skipped+r.Skipped, append(sum.Failed, r.Failed...)
			totals[e.name] = sum
		}
		table.Add(row...)
	}
	last := []string{"**all**", ""}
	for _, e := range executors {
		if sum := totals[e.name]; !e.oracle {
			last = append(last, fmt.Sprint(sum.Passed), fmt.Sprint(sum.Skipped), fmt.Sprint(len(sum.Failed)))
		}
	}
	table.Add(last...)
	return fmt.Sprintf("%d packages of %s.\n\n%s", len(packages), all.Go, table.String())
}

// tableOfFailures has a row for each reason.
func tableOfFailures() string {
	var b strings.Builder
	b.WriteString("| package | tests | fail too under | why |\n|---|---|---|---|\n")
	for i := 0; i < len(failures); {
		first, tests := failures[i], []string{}
		for ; i < len(failures) && failures[i].pkg == first.pkg && failures[i].reason == first.reason && failures[i].oracle == first.oracle; i++ {
			tests = append(tests, failures[i].test)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", first.pkg, strings.Join(tests, ", "), first.oracle, first.reason)
	}
	return b.String()
}

// TestOutcome reads what package testing writes, and not what tests print.
func TestOutcome(t *testing.T) {
	const mark = "\x16"
	for _, c := range []struct {
		name string
		o    outcome
		want result
	}{
		{"all kinds", outcome{mark + "=== RUN   TestA\n" + mark + "--- PASS: TestA (0.00s)\n" + mark + "--- SKIP: TestB (0.00s)\n" + mark + "--- FAIL: TestD/inner (0.00s)\n" +
			mark + "--- FAIL: TestD (0.00s)\n" + mark + "--- FAIL: TestC (0.00s)\n" + mark + "FAIL\n", 1}, result{Passed: 1, Skipped: 1, Failed: []string{"TestC", "TestD"}}},
		{"after a line without an end", outcome{"said" + mark + "--- PASS: TestA (0.00s)\n" + mark + "PASS\n", 0}, result{Passed: 1}},
		{"printed by a test", outcome{"--- FAIL: TestA (0.00s)\n" + mark + "--- PASS: TestA (0.00s)\n" + mark + "PASS\n", 0}, result{Passed: 1}},
		{"no end", outcome{mark + "--- PASS: TestA (0.00s)\n", 0}, result{Passed: 1, Failed: []string{crashed}}},
		{"a trap after the end", outcome{mark + "--- PASS: TestA (0.00s)\n" + mark + "PASS\n", 134}, result{Passed: 1, Failed: []string{crashed}}},
		{"a failure that is not told", outcome{mark + "--- FAIL: TestA (0.00s)\n" + mark + "FAIL\n", 0}, result{Failed: []string{crashed, "TestA"}}},
	} {
		if diff := gocmp.Diff(c.want, c.o.result()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestDocument holds docs/conformance.md to the results, and the results to the
// packages: each has one.
func TestDocument(t *testing.T) {
	all, err := expected()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		for _, e := range executors {
			if _, ok := all.find(result{Package: p.path, Executor: e.name}); !ok && p.runs(e) {
				t.Errorf("%s has no result of %s as %s: go test ./test/gostd -update writes it", resultsPath, p.path, e.name)
			}
		}
	}
	committed, want, err := conformance.With(all.blocks())
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(committed)); diff != "" {
		t.Errorf("%s is not what %s says (-want +got); %s writes it:\n%s", conformance.Path, resultsPath, conformance.Writer, diff)
	}
}

// record is the file that says that a program has run as expected: its name is a sum
// of everything that the outcome depends on.
func (p program) record(e executor) (string, error) {
	mewz, err := toolchain.Mewz()
	if err != nil {
		return "", err
	}
	root, err := toolchain.Root()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %q\n", e.name, e.args, p.level, p.args)
	for _, path := range []string{mewz, p.wasm} {
		if err := addFile(sum, path); err != nil {
			return "", err
		}
	}
	return filepath.Join(root, "build", "gostd", hex.EncodeToString(sum.Sum(nil))+".json"), nil
}

func addFile(to io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return err
}

// recall reads a record.
func recall(path string) (result, bool) {
	var r result
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &r) != nil {
		return result{}, false
	}
	return r, true
}

// remember writes a record.
func remember(path string, r result) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}
