package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	assertion, module := &Command{Type: "assert_return"}, &Command{Type: "module"}
	reports := []*Report{
		{Script: &Script{Version: "1.0", Name: "b"}, Outcomes: []Outcome{
			{assertion, Passed, ""}, {assertion, Failed, ""}, {module, Passed, ""}, {assertion, NotAttempted, ""}, {module, NotAttempted, ""},
		}},
		{Script: &Script{Version: "2.0", Name: "b"}, Outcomes: []Outcome{{assertion, NotAttempted, ""}, {assertion, NotAttempted, ""}}},
		{Script: &Script{Version: "2.0", Name: "a"}, Outcomes: []Outcome{{module, Failed, ""}}},
	}
	want := strings.Join([]string{
		"| file | 1.0 passed | failed | not attempted | 2.0 passed | failed | not attempted |",
		"|---|---:|---:|---:|---:|---:|---:|",
		"| a |  |  |  | 0 | 1 | 0 |",
		"| b | 1 | 1 | 1 | 0 | 0 | 2 |",
		"| **all** | 1 | 1 | 1 | 0 | 1 | 2 |",
		"",
	}, "\n")
	if diff := cmp.Diff(want, string(Table(reports))); diff != "" {
		t.Errorf("Table (-want +got):\n%s", diff)
	}
}

func TestReplaceTable(t *testing.T) {
	got, err := ReplaceTable([]byte("a\n"+tableBegin+"old\n"+tableEnd+"b\n"), []byte("new\n"))
	if want := "a\n" + tableBegin + "\nnew\n\n" + tableEnd + "b\n"; err != nil || string(got) != want {
		t.Errorf("ReplaceTable = %q, %v, want %q", got, err, want)
	}
	if _, err := ReplaceTable([]byte(tableEnd+tableBegin), nil); err == nil {
		t.Error("ReplaceTable with marks in the wrong order succeeds")
	}
}
