package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"unicode/utf8"
)

// table is a table of Markdown: the first column to the left, all others to the
// right.
type table struct {
	columns []string
	rows    [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String renders the table with columns of even width, so that it can be read
// on a terminal too. Missing cells are empty.
func (t *table) String() string {
	widths := make([]int, len(t.columns))
	for _, row := range append([][]string{t.columns}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 2)
		}
	}
	var b strings.Builder
	line := func(row []string) {
		b.WriteByte('|')
		for i, width := range widths {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			space := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
			if i == 0 {
				fmt.Fprintf(&b, " %s%s |", cell, space)
			} else {
				fmt.Fprintf(&b, " %s%s |", space, cell)
			}
		}
		b.WriteByte('\n')
	}
	line(t.columns)
	b.WriteByte('|')
	for i, width := range widths {
		if i == 0 {
			b.WriteString(strings.Repeat("-", width+2) + "|")
		} else {
			b.WriteString(strings.Repeat("-", width+1) + ":|")
		}
	}
	b.WriteByte('\n')
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

// report is what a section found: tables and sentences.
type report struct{ strings.Builder }

func (r *report) say(format string, args ...any) {
	r.gap()
	fmt.Fprintf(r, format+"\n", args...)
}

func (r *report) table(t *table) {
	r.gap()
	r.WriteString(t.String())
}

// gap separates paragraphs.
func (r *report) gap() {
	if r.Len() > 0 {
		r.WriteByte('\n')
	}
}

// geomean is the geometric mean, the one that is right for ratios: it does not
// depend on which side is the yardstick. Of nothing it is NaN.
func geomean(ratios []float64) float64 {
	sum := 0.0
	for _, ratio := range ratios {
		sum += math.Log(ratio)
	}
	return math.Exp(sum / float64(len(ratios)))
}

// Markers of the blocks that are no section.
const (
	machineMarker = "machine"
	budgetsMarker = "budgets"
)

// block is a part of the document between its markers.
type block struct{ name, text string }

func beginMarker(name string) string {
	return "<!-- bench " + name + ": begin, written by go run ./test/bench -->"
}
func endMarker(name string) string { return "<!-- bench " + name + ": end -->" }

// replaceBlocks puts blocks between their markers in a file. It changes nothing
// unless every marker is there.
func replaceBlocks(path string, blocks []block) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if document, err = replaceBlock(document, b); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return os.WriteFile(path, document, 0o666)
}

func replaceBlock(document []byte, b block) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(beginMarker(b.name)))
	if !ok {
		return nil, errors.New("no line " + beginMarker(b.name))
	}
	_, after, ok := bytes.Cut(rest, []byte(endMarker(b.name)))
	if !ok {
		return nil, errors.New("no line " + endMarker(b.name))
	}
	text := beginMarker(b.name) + "\n\n" + strings.TrimSpace(b.text) + "\n\n" + endMarker(b.name)
	return bytes.Join([][]byte{before, []byte(text), after}, nil), nil
}

// Units of numbers in tables.

const (
	kilobyte = 1e3
	megabyte = 1e6
	mebibyte = 1 << 20
)

// count writes a number with a space between groups of three digits.
func count(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func ratio(v float64) string { return fmt.Sprintf("%.2f", v) }

// bytesText writes a size in units of ten, as files have them.
func bytesText(n uint64) string {
	switch v := float64(n); {
	case n == 0:
		return "0"
	case v < megabyte:
		return fmt.Sprintf("%.1f kB", v/kilobyte)
	default:
		return fmt.Sprintf("%.2f MB", v/megabyte)
	}
}
