package wasi

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mewz/abi"
	"mewz/test/document"
)

var update = flag.Bool("update", false, "write the table of functions into docs/conformance.md")

// conformance is the document, and the block in it that is this table.
var conformance = document.Document{Path: "../../docs/conformance.md", Writer: "go test ./kernel/wasi -update", Tag: "wasi"}

const functionsBlock = "functions"

// callers finds the tests that name a function.
func callers(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					text, _ := strconv.Unquote(l.Value)
					if !slices.Contains(found[text], f.Name.Name) {
						found[text] = append(found[text], f.Name.Name)
					}
				}
				return true
			})
		}
	}
	return found
}

// TestConformanceTable holds the table in docs/conformance.md to Table and to the tests.
// TestPointersAtTheEdges and TestEveryFailure call all functions, so that it leaves them out.
func TestConformanceTable(t *testing.T) {
	tests := callers(t)
	table := strings.Builder{}
	table.WriteString("| function | what it does | tests |\n|---|---|---|\n")
	for _, entry := range Table[:46] {
		names := slices.DeleteFunc(tests[entry.Name], func(name string) bool { return strings.HasSuffix(name, "DoNotAllocate") })
		slices.Sort(names)
		if len(names) == 0 {
			t.Errorf("no test names %s", entry.Name)
		}
		if entry.Module != abi.Preview1 || entry.Support != Full {
			t.Errorf("%s of %s is not supported in full", entry.Name, entry.Module)
		}
		const most = 4 // the others say the same
		if len(names) > most {
			names = append(names[:most:most], "…")
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", entry.Name, entry.Sentence, strings.Join(names, ", "))
	}
	block := document.Block{Name: functionsBlock, Text: table.String()}
	if *update {
		if err := conformance.Replace([]document.Block{block}); err != nil {
			t.Error(err)
		}
		return
	}
	text, err := os.ReadFile(conformance.Path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), strings.TrimSpace(table.String())) {
		t.Error("docs/conformance.md is not up to date: go test ./kernel/wasi -run TestConformanceTable -update")
	}
}
