package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestTable(t *testing.T) {
	table := Table{Columns: []string{"name", "n"}}
	table.Add("–", "1,000")
	table.Add("longer")
	const want = "| name   |     n |\n|--------|------:|\n| –      | 1,000 |\n| longer |       |\n"
	if got := table.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
