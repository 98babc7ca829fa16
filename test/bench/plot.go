package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// plotName is the picture of a suite, beside docs/benchmarks.md.
func plotName(s *suite) string { return "benchmarks-" + s.name + ".svg" }

// plot draws the ratios of a suite as a picture in the folder of the documents.
func (b *bench) plot(s *suite, candidates []*candidate) error {
	program, err := b.peer("plot")
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, w := range s.ways[1:] {
		text.WriteString("\t" + w.name)
	}
	for _, c := range candidates {
		text.WriteString("\n" + c.name)
		for _, w := range s.ways[1:] {
			fmt.Fprintf(&text, "\t%.3f", c.ratio(w.name))
		}
	}
	numbers := b.Path("plot.tsv")
	if err := os.WriteFile(numbers, []byte(text.String()+"\n"), 0o666); err != nil {
		return err
	}
	output := filepath.Join(b.Root, "docs", plotName(s))
	_, err = b.exec(program, "-o", output, "-title", "Time relative to native, less is better", "-axis", "native = 1", "-line", "1", numbers)
	return err
}
