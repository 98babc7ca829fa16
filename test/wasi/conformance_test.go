package wasi

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
	"mewz/test/document"
)

var update = flag.Bool("update", false, "write the tables of checks and deviations into docs/conformance.md")

// conformance is the file with the tables.
var conformance = document.Document{
	Path: "../../docs/conformance.md", Writer: "go test ./test/wasi -run TestConformance -update", Tag: "wasi",
}

// functionsOfPreview1 begin the table of all functions.
const functionsOfPreview1 = 46

// TestConformance holds the tables of docs/conformance.md to the checks that the
// programs make and to the deviations. Every function has checks.
func TestConformance(t *testing.T) {
	requireMewz(t)
	var all []check
	for _, p := range programs(t) {
		o, err := executors[0].execute(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, checksOf(o.stdout)...)
	}
	blocks := []document.Block{{Name: "checks", Text: tableOfChecks(t, all)}, {Name: "deviations", Text: tableOfDeviations()}}
	if *update {
		if err := conformance.Replace(blocks); err != nil {
			t.Fatal(err)
		}
	}
	committed, want, err := conformance.With(blocks)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(committed)); diff != "" {
		t.Errorf("%s is not what the programs check (-want +got); %s writes it:\n%s", conformance.Path, conformance.Writer, diff)
	}
}

// tableOfChecks has a row for each function: how many checks, and which error
// numbers they are about.
func tableOfChecks(t *testing.T, all []check) string {
	table := document.Table{Columns: []string{"function", "checks", "error numbers"}}
	total := 0
	for _, f := range abi.Functions[:functionsOfPreview1] {
		var errnos []string
		count := 0
		for _, c := range all {
			if c.function != f.Name {
				continue
			}
			count++
			if strings.HasPrefix(c.want, "E") && !slices.Contains(errnos, c.want) {
				errnos = append(errnos, c.want)
			}
		}
		if count == 0 {
			t.Errorf("%s has no checks", f.Name)
		}
		total += count
		slices.Sort(errnos)
		table.Add("`"+f.Name+"`", fmt.Sprint(count), strings.Join(errnos, " "))
	}
	return fmt.Sprintf("%d checks of %d functions.\n\n%s", total, functionsOfPreview1, table.String())
}

// tableOfDeviations has a row for each reason that an oracle is not followed.
func tableOfDeviations() string {
	var b strings.Builder
	b.WriteString("| oracle | checks | why it is not followed |\n|---|---|---|\n")
	for i := 0; i < len(deviations); {
		first, patterns := deviations[i], []string{}
		for ; i < len(deviations) && deviations[i].reason == first.reason && deviations[i].oracle == first.oracle; i++ {
			patterns = append(patterns, "`"+deviations[i].function+"` "+deviations[i].situation)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", first.oracle, strings.Join(patterns, ", "), first.reason)
	}
	return b.String()
}
