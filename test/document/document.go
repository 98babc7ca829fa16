// Package document writes what benchmarks found: tables and sentences of
// Markdown, into a document between markers, so that the rest of it stays.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Table is a table of Markdown: the first column to the left, all others to the
// right.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Add adds a row; missing cells are empty.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// String renders the table with columns of even width, so that it can be read
// on a terminal too.
func (t *Table) String() string {
	widths := make([]int, len(t.Columns))
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
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
	line(t.Columns)
	b.WriteByte('|')
	for i, width := range widths {
		if i == 0 {
			b.WriteString(strings.Repeat("-", width+2) + "|")
		} else {
			b.WriteString(strings.Repeat("-", width+1) + ":|")
		}
	}
	b.WriteByte('\n')
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

// Count writes a number, rounded, with a comma between groups of three digits.
func Count(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Report is what a section found: tables and sentences.
type Report struct{ strings.Builder }

// Say adds a paragraph.
func (r *Report) Say(format string, args ...any) {
	r.gap()
	fmt.Fprintf(r, format+"\n", args...)
}

// Table adds a table.
func (r *Report) Table(t *Table) {
	r.gap()
	r.WriteString(t.String())
}

// gap separates paragraphs.
func (r *Report) gap() {
	if r.Len() > 0 {
		r.WriteByte('\n')
	}
}

// Block is a part of a document between its markers.
type Block struct{ Name, Text string }

// Document is a file whose blocks a command writes.
type Document struct {
	Path   string
	Writer string // of the markers: what the command is called
	Tag    string // of the markers: the first word
}

func (d Document) begin(name string) string {
	return "<!-- " + d.Tag + " " + name + ": begin, written by " + d.Writer + " -->"
}

func (d Document) end(name string) string { return "<!-- " + d.Tag + " " + name + ": end -->" }

// Replace puts blocks between their markers. It changes nothing unless every
// marker is there.
func (d Document) Replace(blocks []Block) error {
	_, with, err := d.With(blocks)
	if err != nil {
		return err
	}
	return os.WriteFile(d.Path, with, 0o666)
}

// With returns what the document is, and what Replace would make of it.
func (d Document) With(blocks []Block) (is, with []byte, err error) {
	if is, err = os.ReadFile(d.Path); err != nil {
		return nil, nil, err
	}
	with = is
	for _, b := range blocks {
		if with, err = d.replace(with, b); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", d.Path, err)
		}
	}
	return is, with, nil
}

func (d Document) replace(document []byte, b Block) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(d.begin(b.Name)))
	if !ok {
		return nil, errors.New("no line " + d.begin(b.Name))
	}
	_, after, ok := bytes.Cut(rest, []byte(d.end(b.Name)))
	if !ok {
		return nil, errors.New("no line " + d.end(b.Name))
	}
	text := d.begin(b.Name) + "\n\n" + strings.TrimSpace(b.Text) + "\n\n" + d.end(b.Name)
	return bytes.Join([][]byte{before, []byte(text), after}, nil), nil
}
