package apps

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"mewz/test/toolchain"
)

var (
	update      = flag.Bool("update", false, "measure the real programs and write their table into docs/conformance.md")
	measureOnly = flag.String("measure", "", "with -update: measure programs whose names match, and keep the other rows")
)

const (
	conformanceFile = "../../docs/conformance.md"
	tableBegin      = "<!-- programs: begin, written by go test ./test/apps -run TestRealTable -update -->\n"
	tableEnd        = "<!-- programs: end -->\n"
)

// rounds of a measurement; the best counts.
const rounds = 3

// TestRealTable holds the table of docs/conformance.md to the list of programs:
// a row for each, in order. With -update it measures all of them, which takes
// minutes, and writes the table.
func TestRealTable(t *testing.T) {
	if *update {
		document, err := replaceTable(measureAll(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(conformanceFile, document, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	document, err := os.ReadFile(conformanceFile)
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(document), tableBegin)
	table, _, ok2 := strings.Cut(table, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks for the table of programs", conformanceFile)
	}
	var found, want []string
	for _, row := range regexp.MustCompile(`(?m)^\| \*\*(.+?)\*\*: (.+?) \|`).FindAllStringSubmatch(table, -1) {
		found = append(found, row[1]+": "+row[2])
	}
	for _, p := range realPrograms {
		want = append(want, p.name+": "+p.what)
	}
	if !slices.Equal(found, want) {
		t.Errorf("%s has rows for\n%q, want\n%q\ngo test ./test/apps -run TestRealTable -update writes them", conformanceFile, found, want)
	}
}

// replaceTable puts rows between the marks.
func replaceTable(rows []byte) ([]byte, error) {
	document, err := os.ReadFile(conformanceFile)
	if err != nil {
		return nil, err
	}
	before, rest, ok := bytes.Cut(document, []byte(tableBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return nil, errors.New("docs/conformance.md has no marks for the table of programs")
	}
	return slices.Concat(before, []byte(tableBegin), []byte("\n"), rows, []byte("\n"), []byte(tableEnd), after), nil
}

// measureAll measures every program and writes the rows.
func measureAll(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString("| program | oracle | module | compiling: fast | 2 | running: native | mewz 2 | mewz fast | wazero |\n")
	b.WriteString("|---|---|---:|---:|---:|---:|---:|---:|---:|\n")
	wanted := regexp.MustCompile(*measureOnly)
	for _, p := range realPrograms {
		if row := oldRow(t, p.name); row != "" && !wanted.MatchString(p.name) {
			b.WriteString(row)
			continue
		}
		m := measure(t, p)
		oracle := "wazero"
		switch {
		case p.program.Language == toolchain.Kotlin:
			oracle = "JVM"
		case p.oracle == native:
			oracle = "native"
		}
		fmt.Fprintf(&b, "| **%s**: %s | %s | %.2f MB | %s | %s | %s | %s | %s | %s |\n", p.name, p.what, oracle, float64(m.bytes)/1e6,
			m.compiling("fast"), m.compiling("2"), m.cell(variantNative), m.cell(variantTwo), m.cell(variantFast), m.cell(variantWazero))
	}
	return b.Bytes()
}

// oldRow is a program's row in the document, or "".
func oldRow(t *testing.T, name string) string {
	t.Helper()
	document, err := os.ReadFile(conformanceFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(document)) {
		if strings.HasPrefix(line, "| **"+name+"**: ") {
			return line
		}
	}
	return ""
}

// Names of the ways to run a program.
const (
	variantNative = "native"
	variantTwo    = "2"
	variantFast   = "fast"
	variantWazero = "wazero"
)

// measurement is what a row of the table says. Times are the processor's.
type measurement struct {
	bytes   int64
	compile map[string]time.Duration // by level, all cores together
	best    map[string]time.Duration // by variant
}

// compiling is a time of compiling.
func (m measurement) compiling(level string) string {
	took, ok := m.compile[level]
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.1f s", took.Seconds())
}

// cell is a time, and its ratio to the native program's or else to wazero's.
func (m measurement) cell(variant string) string {
	took, ok := m.best[variant]
	if !ok {
		return "–"
	}
	yardstick, ok := m.best[variantNative]
	if !ok {
		yardstick, ok = m.best[variantWazero]
	}
	if !ok {
		return fmt.Sprintf("%.2f s", took.Seconds())
	}
	return fmt.Sprintf("%.2f s (%.2f)", took.Seconds(), took.Seconds()/yardstick.Seconds())
}

// measure compiles a program at both levels and runs all variants in turn, so
// that a moment in which the computer is slow is one round of all of them.
func measure(t *testing.T, p realProgram) measurement {
	t.Helper()
	wasm, err := toolchain.Wasm(p.program)
	if err != nil {
		t.Fatal(err)
	}
	information, err := os.Stat(wasm)
	if err != nil {
		t.Fatal(err)
	}
	m := measurement{bytes: information.Size(), compile: map[string]time.Duration{}, best: map[string]time.Duration{}}
	args := p.args
	if p.long != nil {
		args = p.long
	}
	r := run{wasm: wasm, args: args, env: p.env, root: p.files(t)}
	variants := map[string]func() (outcome, time.Duration, error){}
	for _, level := range []string{variantFast, variantTwo} {
		if p.large && level == variantTwo {
			continue
		}
		object := filepath.Join(t.TempDir(), level+".o")
		_, took, err := runCommand(t.Context(), "", mewz(t), "compile", "--no-cache", "--opt", level, "-o", object, wasm)
		if err != nil {
			t.Fatal(err)
		}
		m.compile[level] = took
		variants[level] = func() (outcome, time.Duration, error) {
			flags := []string{"run", "--vmm", "process"}
			for _, variable := range r.env {
				flags = append(flags, "-e", variable)
			}
			if r.root != "" {
				flags = append(flags, "--root", r.root)
			}
			flags = append(flags, object, "--")
			return runCommand(t.Context(), "", mewz(t), append(flags, args...)...)
		}
	}
	if command, err := toolchain.Command(p.program); err == nil {
		variants[variantNative] = func() (outcome, time.Duration, error) {
			return runCommand(t.Context(), r.root, command[0], slices.Concat(command[1:], args)...)
		}
	}
	if p.oracle == wasmOracle {
		variants[variantWazero] = func() (outcome, time.Duration, error) { return timeOracle(t, r) }
	}
	m.runAll(t, p, variants)
	return m
}

// runAll runs the variants and wants the same standard output from all.
func (m measurement) runAll(t *testing.T, p realProgram, variants map[string]func() (outcome, time.Duration, error)) {
	t.Helper()
	var first *outcome
	for range rounds {
		for _, name := range []string{variantNative, variantTwo, variantFast, variantWazero} {
			variant, ok := variants[name]
			if !ok {
				continue
			}
			got, took, err := variant()
			if err != nil {
				t.Fatalf("%s, %s: %v", p.name, name, err)
			}
			got = p.counts(got)
			if first == nil {
				first = &got
			}
			if got.stdout != first.stdout || got.exit != p.exit {
				t.Fatalf("%s, %s: exit code %d, want %d; standard output differs from the first run's (-want +got):\n%s\n%s",
					p.name, name, got.exit, p.exit, difference(first.stdout, got.stdout), tail(got.stderr))
			}
			if best, ok := m.best[name]; !ok || took < best {
				m.best[name] = took
			}
		}
	}
	t.Logf("%s: %.2f MB, compiled in %v, run in %v", p.name, float64(m.bytes)/1e6, m.compile, m.best)
}

// timeOracle runs a program under wazero and returns the processor's time that
// it took beyond compiling. It wants nothing else to run in this process.
func timeOracle(t *testing.T, r run) (outcome, time.Duration, error) {
	t.Helper()
	cache, err := oracleCache()
	if err != nil {
		return outcome{}, 0, err
	}
	binary, err := os.ReadFile(r.wasm)
	if err != nil {
		return outcome{}, 0, err
	}
	// What is compiled here is in the cache when it is run.
	compiler := wazero.NewRuntimeWithConfig(t.Context(), oracleConfig(cache))
	defer compiler.Close(t.Context())
	if _, err := compiler.CompileModule(t.Context(), binary); err != nil {
		return outcome{}, 0, err
	}
	runtime.GC()
	before := processorTime()
	got, err := runOracle(t.Context(), r)
	return got, processorTime() - before, err
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0 // the kernel knows RUSAGE_SELF
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
