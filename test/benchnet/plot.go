package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// plots draws instructions and requests per second of all servers at 50
// connections, beside the document.
func (b *bench) plots() error {
	program, err := b.Build("plot", peers, "./plot")
	if err != nil {
		return err
	}
	for _, picture := range []struct {
		name, title, axis string
		value             func(*result) (float64, bool)
	}{
		{
			"instructions", "Instructions of the guest for a request, 50 connections, less is better", "instructions",
			func(x *result) (float64, bool) { return x.request.total, x.counted },
		},
		{
			"rate", "Requests per second, 50 connections, more is better", "requests/s",
			func(x *result) (float64, bool) {
				if len(x.rates) == 0 {
					return 0, false
				}
				return slices.Max(x.rates), true
			},
		},
	} {
		var text strings.Builder
		for _, of := range bodies {
			text.WriteString("\t" + of.name)
		}
		for _, s := range b.servers {
			text.WriteString("\n" + s.name)
			for body := range bodies {
				text.WriteByte('\t')
				if v, ok := picture.value(s.result(cell{body, 50})); ok {
					fmt.Fprintf(&text, "%.0f", v)
				}
			}
		}
		numbers := b.Path("plot.tsv")
		if err := os.WriteFile(numbers, []byte(text.String()+"\n"), 0o666); err != nil {
			return err
		}
		output := filepath.Join(filepath.Dir(b.markdown), "benchmarks-net-"+picture.name+".svg")
		if !filepath.IsAbs(output) {
			output = filepath.Join(b.Root, output)
		}
		if err := b.Execute(program, "-o", output, "-title", picture.title, "-axis", picture.axis, numbers); err != nil {
			return err
		}
	}
	return nil
}
