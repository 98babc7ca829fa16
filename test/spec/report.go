package spec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Report is what became of one script.
type Report struct {
	Script   *Script
	Outcomes []Outcome
	Elapsed  time.Duration
}

// counts are the numbers of assertions by verdict. A module or an action that
// fails counts as a failed assertion: what follows it proves nothing.
type counts struct{ passed, failed, notAttempted int }

func (c counts) plus(d counts) counts {
	return counts{c.passed + d.passed, c.failed + d.failed, c.notAttempted + d.notAttempted}
}

// columns is the counts as cells of a table.
func (c counts) columns() string {
	if c == (counts{}) {
		return " |  | "
	}
	return fmt.Sprintf("%d | %d | %d", c.passed, c.failed, c.notAttempted)
}

func (r *Report) counts() counts {
	var c counts
	for i := range r.Outcomes {
		switch o := &r.Outcomes[i]; {
		case o.Status == Failed:
			c.failed++
		case !o.Assertion():
		case o.Status == NotAttempted:
			c.notAttempted++
		default:
			c.passed++
		}
	}
	return c
}

// key names an outcome as the table of exceptions does.
func (r *Report) key(o *Outcome) string {
	return fmt.Sprintf("%s/%s:%d", r.Script.Version, r.Script.Name, o.Command.Line)
}

// RunAll runs scripts, as many at a time as workers says.
func (r *Runner) RunAll(ctx context.Context, scripts []*Script, workers int) ([]*Report, error) {
	reports := make([]*Report, len(scripts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, s := range scripts {
		reports[i] = &Report{Script: s}
		group.Go(func() error {
			start := time.Now()
			outcomes, err := r.Run(ctx, s)
			reports[i].Outcomes, reports[i].Elapsed = outcomes, time.Since(start)
			if err != nil {
				return fmt.Errorf("%s/%s: %w", s.Version, s.Name, err)
			}
			return nil
		})
	}
	return reports, group.Wait()
}

// Marks in docs/conformance.md between which a table lies.
type marks struct{ begin, end string }

var (
	marks2 = marks{"<!-- spec: begin, written by go test ./test/spec -update -->\n", "<!-- spec: end -->\n"}
	marks3 = marks{"<!-- spec 3.0: begin, written by go test ./test/spec -update -->\n", "<!-- spec 3.0: end -->\n"}
)

// Table writes the counts of a full run as Markdown, by file and version.
func Table(reports []*Report) []byte {
	rows := map[string]map[string]counts{}
	total := map[string]counts{}
	for _, r := range reports {
		name := r.Script.Name
		if rows[name] == nil {
			rows[name] = map[string]counts{}
		}
		c := r.counts()
		rows[name][r.Script.Version] = rows[name][r.Script.Version].plus(c)
		total[r.Script.Version] = total[r.Script.Version].plus(c)
	}
	var b bytes.Buffer
	b.WriteString("| file | 1.0 passed | failed | not attempted | 2.0 passed | failed | not attempted |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|\n")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, rows[name]["1.0"].columns(), rows[name]["2.0"].columns())
	}
	fmt.Fprintf(&b, "| **all** | %s | %s |\n", total["1.0"].columns(), total["2.0"].columns())
	return b.Bytes()
}

// reasons counts why assertions were not attempted.
func (r *Report) reasons(into map[string]int) {
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Status == NotAttempted && o.Assertion() {
			into[o.Reason]++
		}
	}
}

// reasonList writes reasons, the most frequent first.
func reasonList(reasons map[string]int) string {
	names := slices.Sorted(maps.Keys(reasons))
	slices.SortStableFunc(names, func(a, b string) int { return reasons[b] - reasons[a] })
	for k, name := range names {
		names[k] = fmt.Sprintf("%d %s", reasons[name], name)
	}
	return strings.Join(names, ", ")
}

// Table3 writes the counts of a full run of the 3.0 suite, by group and file.
func Table3(reports []*Report) []byte {
	rows := map[string][]*Report{}
	for _, r := range reports {
		group := groupOf(r.Script)
		rows[group] = append(rows[group], r)
	}
	var b bytes.Buffer
	b.WriteString("| group, file | passed | failed | not attempted | why |\n|---|---:|---:|---:|---|\n")
	var all counts
	for _, group := range slices.Sorted(maps.Keys(rows)) {
		var total counts
		reasons := map[string]int{}
		for _, r := range rows[group] {
			total = total.plus(r.counts())
			r.reasons(reasons)
		}
		all = all.plus(total)
		fmt.Fprintf(&b, "| **%s** | %s | %s |\n", group, total.columns(), reasonList(reasons))
		for _, r := range rows[group] {
			reasons := map[string]int{}
			r.reasons(reasons)
			fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Script.label(), r.counts().columns(), reasonList(reasons))
		}
	}
	fmt.Fprintf(&b, "| **all** | %s | |\n", all.columns())
	return b.Bytes()
}

// ReplaceTable puts table between the marks of document.
func ReplaceTable(document, table []byte, m marks) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(m.begin))
	_, after, ok2 := bytes.Cut(rest, []byte(m.end))
	if !ok || !ok2 {
		return nil, errors.New("the document has no marks for the table")
	}
	return slices.Concat(before, []byte(m.begin), []byte("\n"), table, []byte("\n"), []byte(m.end), after), nil
}
