package wasi

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mewz/test/toolchain"
)

const (
	sources = "test/wasi/src"
	data    = "testdata"
)

// languages of programs, by the ends of their names.
var languages = map[string]toolchain.Language{".c": toolchain.C, ".rs": toolchain.Rust}

// programs are built from src, one of each file; their specifications are in
// testdata.
func programs(t *testing.T) []program {
	t.Helper()
	files, err := filepath.Glob("src/*.[cr]*")
	if err != nil || len(files) == 0 {
		t.Fatalf("src has no programs: %v", err)
	}
	var list []program
	for _, file := range files {
		language, ok := languages[filepath.Ext(file)]
		if !ok {
			t.Fatalf("%s is in no language that programs are in", file)
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		p := program{name: name, folder: data}
		source := toolchain.Program{Name: "wasi-" + name, Language: language, Sources: []string{sources + "/" + filepath.Base(file)}}
		if language == toolchain.C {
			source.Flags = []string{"-O1"}
		}
		p.wasm, err = toolchain.Wasm(source)
		if err != nil {
			t.Fatal(err)
		}
		if p.specification, err = readSpecification(filepath.Join(data, name+".json")); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// ours reports that a program's checks are those of src/check.h.
func ours(p program) bool { return p.folder == data }

// check is one line of a program.
type check struct {
	function, situation string
	got, want           string // the same if the check holds
}

func (c check) name() string { return c.function + " " + c.situation }
func (c check) holds() bool  { return c.got == c.want }

var checkLine = regexp.MustCompile(`(?m)^(ok|not ok) ([a-z_]+) (.*): ([^:,\n]*?)(?:, want ([^,\n]*))?$`)

// checksOf reads what a program printed.
func checksOf(stdout string) []check {
	var list []check
	for _, match := range checkLine.FindAllStringSubmatch(stdout, -1) {
		c := check{function: match[2], situation: match[3], got: match[4], want: match[5]}
		if match[1] == "ok" {
			c.want = c.got
		}
		list = append(list, c)
	}
	return list
}
