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
	got, err := ReplaceTable([]byte("a\n"+marks2.begin+"old\n"+marks2.end+"b\n"), []byte("new\n"), marks2)
	if want := "a\n" + marks2.begin + "\nnew\n\n" + marks2.end + "b\n"; err != nil || string(got) != want {
		t.Errorf("ReplaceTable = %q, %v, want %q", got, err, want)
	}
	if _, err := ReplaceTable([]byte(marks2.end+marks2.begin), nil, marks2); err == nil {
		t.Error("ReplaceTable with marks in the wrong order succeeds")
	}
}

func TestTable3(t *testing.T) {
	assertion := &Command{Type: "assert_return"}
	reports := []*Report{
		{Script: &Script{Version: version3, Name: "i32"}, Outcomes: []Outcome{{assertion, Passed, ""}}},
		{Script: &Script{Version: version3, Name: "throw"}, Outcomes: []Outcome{{assertion, NotAttempted, "needs x"}, {assertion, NotAttempted, "needs x"}}},
		{Script: &Script{Version: version3, Name: "tag"}, Outcomes: []Outcome{{assertion, NotAttempted, "needs y"}}},
	}
	want := strings.Join([]string{
		"| group, file | passed | failed | not attempted | why |",
		"|---|---:|---:|---:|---|",
		"| **core** | 1 | 0 | 0 |  |",
		"| i32 | 1 | 0 | 0 |  |",
		"| **exceptions** | 0 | 0 | 3 | 2 needs x, 1 needs y |",
		"| throw | 0 | 0 | 2 | 2 needs x |",
		"| tag | 0 | 0 | 1 | 1 needs y |",
		"| **all** | 1 | 0 | 3 | |",
		"",
	}, "\n")
	if diff := cmp.Diff(want, string(Table3(reports))); diff != "" {
		t.Errorf("Table3 (-want +got):\n%s", diff)
	}
}
