package spec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// Marks in docs/conformance.md between which the table lies.
const (
	tableBegin = "<!-- spec: begin, written by go test ./test/spec -update -->\n"
	tableEnd   = "<!-- spec: end -->\n"
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

// ReplaceTable puts table between the marks of document.
func ReplaceTable(document, table []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(tableBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return nil, errors.New("the document has no marks for the table")
	}
	return slices.Concat(before, []byte(tableBegin), []byte("\n"), table, []byte("\n"), []byte(tableEnd), after), nil
}
