package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReplace(t *testing.T) {
	d := Document{Path: filepath.Join(t.TempDir(), "x.md"), Writer: "w", Tag: "t"}
	const before = "head\n<!-- t a: begin, written by w -->\nold\n<!-- t a: end -->\ntail\n"
	if err := os.WriteFile(d.Path, []byte(before), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := d.Replace([]Block{{"a", "new\n"}, {"b", "none"}}); err == nil || !strings.Contains(err.Error(), "no line <!-- t b: begin") {
		t.Errorf("Replace of a block without markers: %v", err)
	}
	content, err := os.ReadFile(d.Path)
	if err != nil || string(content) != before {
		t.Errorf("after an error the document is %q, %v", content, err)
	}
	if err := d.Replace([]Block{{"a", "new\n"}}); err != nil {
		t.Fatal(err)
	}
	const want = "head\n<!-- t a: begin, written by w -->\n\nnew\n\n<!-- t a: end -->\ntail\n"
	if content, err = os.ReadFile(d.Path); err != nil || string(content) != want {
		t.Errorf("the document is %q, %v, want %q", content, err, want)
	}
}

func TestReplaceAgain(t *testing.T) {
	d := Document{Path: filepath.Join(t.TempDir(), "document.md"), Writer: "w", Tag: "t"}
	empty := func(name string) string { return d.begin(name) + "\n" + d.end(name) + "\n" }
	before := "before\n" + empty("a") + "between\n" + empty("b") + "after\n"
	if err := os.WriteFile(d.Path, []byte(before), 0o666); err != nil {
		t.Fatal(err)
	}
	want := "before\n" + d.begin("a") + "\n\nnew\n\n" + d.end("a") + "\nbetween\n" + empty("b") + "after\n"
	for range 2 { // what is replaced can be replaced again
		if err := d.Replace([]Block{{"a", "\nnew\n"}}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(d.Path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
	}
}

func TestReplaceWithoutMarker(t *testing.T) {
	d := Document{Path: filepath.Join(t.TempDir(), "document.md"), Writer: "w", Tag: "t"}
	for _, text := range []string{"", d.begin("a"), d.end("a"), d.end("a") + d.begin("a")} {
		if err := os.WriteFile(d.Path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := d.Replace([]Block{{"a", "new"}}); err == nil {
			t.Errorf("Replace in %q: no error", text)
		}
		if got, err := os.ReadFile(d.Path); err != nil || string(got) != text {
			t.Errorf("after an error the document is %q, %v, want %q", got, err, text)
		}
	}
}

func TestTable(t *testing.T) {
	table := Table{Columns: []string{"name", "n"}}
	table.Add("–", "1,000")
	table.Add("longer")
	const want = "| name   |     n |\n|--------|------:|\n| –      | 1,000 |\n| longer |       |\n"
	if got := table.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	wide := Table{Columns: []string{"program", "×"}}
	wide.Add("größe", "1.00")
	wide.Add("missing")
	const wantWide = "" +
		"| program |    × |\n" +
		"|---------|-----:|\n" +
		"| größe   | 1.00 |\n" +
		"| missing |      |\n"
	if diff := cmp.Diff(wantWide, wide.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestCount(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999.4: "999", 1000: "1,000", 1234567: "1,234,567", -123: "-123", -1234: "-1,234"} {
		if got := Count(v); got != want {
			t.Errorf("Count(%v) = %s, want %s", v, got, want)
		}
	}
}
