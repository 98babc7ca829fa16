package main

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mewz/test/document"

	"github.com/google/go-cmp/cmp"
)

func TestGeomean(t *testing.T) {
	for _, tt := range []struct {
		ratios []float64
		want   float64
	}{
		{[]float64{1}, 1},
		{[]float64{2, 0.5}, 1},
		{[]float64{1, 10, 100}, 10},
	} {
		if got := geomean(tt.ratios); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("geomean(%v) = %v, want %v", tt.ratios, got, tt.want)
		}
	}
	if got := geomean(nil); !math.IsNaN(got) {
		t.Errorf("geomean(nil) = %v, want NaN", got)
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		times []float64
		want  float64
	}{{[]float64{1}, 1}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 3, 2, 1}, 3}} {
		if got := median(tt.times); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.times, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(12345678), "12,345,678"},
		{bytesText(0), "0"}, {bytesText(1500), "1.5 kB"}, {bytesText(1786194), "1.79 MB"},
		{mebibytes(7864320), "7.50 MiB"}, {ratio(1.066), "1.07"},
	} {
		if tt.got != tt.want {
			t.Errorf("number = %q, want %q", tt.got, tt.want)
		}
	}
}

// TestDocument holds that the document has a place for every section.
func TestDocument(t *testing.T) {
	content, err := os.ReadFile("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{machineMarker, budgetsMarker}
	for _, s := range sections {
		names = append(names, s.name)
	}
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := written(path).Replace([]document.Block{{Name: name}}); err != nil {
			t.Errorf("docs/benchmarks.md: %v", err)
		}
	}
}

func TestBudgetTable(t *testing.T) {
	text := budgetTable(map[string]float64{budgetImage: 1.79, budgetCallCount: 114.5})
	for _, want := range []string{
		"1.79 |          met |", "**missed**", "Missed: WASI call round trip, instructions (114, budget 80 instructions)",
		"not measured",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("budgetTable lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Missed: hello image") {
		t.Errorf("budgetTable says why a budget is missed that is met:\n%s", text)
	}
}

func TestParseMeasurement(t *testing.T) {
	m, err := parseMeasurement("00ff 0.250000\n")
	if err != nil || m != (measurement{"00ff", 0.25}) {
		t.Errorf("parseMeasurement = %v, %v", m, err)
	}
	for _, text := range []string{"", "00ff\n", "00ff x\n", "00ff 0.0\n", "00ff -1\n"} {
		if m, err := parseMeasurement(text); err == nil {
			t.Errorf("parseMeasurement(%q) = %v, want an error", text, m)
		}
	}
}

func TestReadCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts")
	write := func(words ...uint64) {
		var content []byte
		for _, word := range words {
			content = binary.LittleEndian.AppendUint64(content, word)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(100, 10, 60, 4)
	c, err := readCounts(path, 1)
	if err != nil || c.total != (pair{100, 10}) || c.total.minus(c.marks[0]) != (pair{40, 6}) {
		t.Errorf("readCounts = %+v, %v", c, err)
	}
	if _, err := readCounts(path, 2); err == nil {
		t.Error("readCounts of a file that is too short: no error")
	}
	write(100, 10, 0, 0)
	if _, err := readCounts(path, 1); err == nil {
		t.Error("readCounts with a mark that was not reached: no error")
	}
}

func TestFindNote(t *testing.T) {
	note := func(name string, kind uint32, content string) []byte {
		le := binary.LittleEndian
		b := le.AppendUint32(nil, uint32(len(name)))
		b = le.AppendUint32(b, uint32(len(content)))
		b = append(le.AppendUint32(b, kind), name...)
		b = append(b, make([]byte, -len(name)&3)...)
		b = append(b, content...)
		return append(b, make([]byte, -len(content)&3)...)
	}
	notes := append(note("Go\x00", 4, "build"), note("Xen\x00", pvhEntryType, "\x00\x10\x40\x00")...)
	if content, ok := findNote(notes, "Xen\x00", pvhEntryType); !ok || string(content) != "\x00\x10\x40\x00" {
		t.Errorf("findNote = %q, %v", content, ok)
	}
	if content, ok := findNote(notes, "Xen\x00", 1); ok {
		t.Errorf("findNote of a note that is not there = %q", content)
	}
	for n := range notes {
		if content, ok := findNote(notes[:n], "Xen\x00", pvhEntryType); ok {
			t.Errorf("findNote of the first %d bytes = %q", n, content)
		}
	}
}

func TestLeastTrue(t *testing.T) {
	for want := 3; want <= 20; want++ {
		got, err := leastTrue(3, 20, func(n int) (bool, error) { return n >= want, nil })
		if err != nil || got != want {
			t.Errorf("leastTrue = %d, %v, want %d", got, err, want)
		}
	}
	if got, err := leastTrue(3, 20, func(int) (bool, error) { return false, nil }); err == nil {
		t.Errorf("leastTrue of what is never true = %d, want an error", got)
	}
	failure := errors.New("failure")
	if _, err := leastTrue(3, 20, func(int) (bool, error) { return true, failure }); err != failure {
		t.Errorf("leastTrue: error %v, want %v", err, failure)
	}
}

func TestCandidateChecksum(t *testing.T) {
	prints := func(stdout string) func() (string, error) {
		return func() (string, error) { return stdout, nil }
	}
	c := candidate{times: map[string][]float64{}, variants: []variant{{"a", prints("01 2.0\n")}, {"b", prints("01 3.0\n")}}}
	if err := c.run(); err != nil || c.times["a"][0] != 2 || c.times["b"][0] != 3 {
		t.Errorf("run: %v, times %v", err, c.times)
	}
	c.variants[1].run = prints("02 3.0\n")
	if err := c.run(); err == nil {
		t.Error("run with two checksums: no error")
	}
}

func TestCodeTable(t *testing.T) {
	b := &bench{measured: map[string]float64{}}
	s := suites[0]
	s.ways = []way{native, mewzTwo, mewzFast, wazeroWay}
	times := map[string][]float64{native.name: {1, 1.1, 2}, mewzTwo.name: {3, 1}, mewzFast.name: {2, 3}, wazeroWay.name: {4, 5}}
	table := b.codeTable(&s, []*candidate{{name: "p", variants: []variant{{name: native.name}}, times: times}})
	want := [][]string{
		{"p", "1.000", "1.00", "2.00", "4.00", "10 %"},
		{"**geometric mean**", "", "**1.00**", "**2.00**", "**4.00**"},
	}
	if diff := cmp.Diff(want, table.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if b.measured[budgetCode2] != 1 || b.measured[budgetCodeFast] != 2 {
		t.Errorf("measured %v, want 1 and 2", b.measured)
	}
}
