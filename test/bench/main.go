package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"mewz/test/document"
	"mewz/test/workbench"
)

// section is one subject of measurement, in the order in which they run:
// compiling first, because it needs an empty cache and fills it for the others.
type section struct {
	name    string // of -only and of the markers
	title   string
	measure func(*bench) (*document.Report, error)
}

var sections = []section{
	{"compile", "Compile time", (*bench).compileTime},
	{"code", "Code speed", (*bench).codeSpeed},
	{"simd", "Code speed with vectors", (*bench).simdSpeed},
	{"go", "Code speed of Go programs", (*bench).goSpeed},
	{"entry", "From entry to the first Wasm instruction", (*bench).entry},
	{"call", "A WASI call", (*bench).calls},
	{"size", "Image size", (*bench).sizes},
	{"memory", "Least memory", (*bench).leastMemory},
	{"link", "Link time", (*bench).linkTime},
}

// bench is one run of this command.
type bench struct {
	*workbench.Bench
	short    bool
	rounds   int                // of the sections that compare code
	programs []string           // of the sections that compare code; none: all
	measured map[string]float64 // values that have a budget, by its name
}

// options are the command line.
type options struct {
	short    bool
	only     string
	programs string
	rounds   int
	markdown string
	timeout  time.Duration
}

func main() {
	var o options
	flag.BoolVar(&o.short, "short", false, "measure less: fewer programs and rounds")
	flag.StringVar(&o.only, "only", "", "measure one subject: "+sectionNames())
	flag.IntVar(&o.rounds, "rounds", codeRounds, "how often each program runs where code is compared; with -short at most 2")
	flag.StringVar(&o.programs, "programs", "", "measure only these `programs`, with commas between them, where code is compared; nothing is written then")
	flag.StringVar(&o.markdown, "markdown", "", "also write the tables into this `file`, between its markers")
	flag.DurationVar(&o.timeout, "timeout", 25*time.Minute, "give up after this `time`")
	flag.Parse()
	workbench.Main("bench", o.timeout, func(w *workbench.Bench) error { return run(w, o) })
}

func sectionNames() string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// run measures, prints, and writes the file at the end, also what was measured
// before something failed.
func run(w *workbench.Bench, o options) error {
	b := &bench{Bench: w, short: o.short, rounds: max(1, o.rounds), measured: map[string]float64{}}
	if o.programs != "" {
		b.programs, o.markdown = strings.Split(o.programs, ","), ""
	}

	blocks := []document.Block{{Name: machineMarker, Text: b.machineFacts(o)}}
	fmt.Println(blocks[0].Text)
	var failures []error
	found := false
	for _, s := range sections {
		if o.only != "" && o.only != s.name {
			continue
		}
		found = true
		b.Progress("%s", s.title)
		r, err := s.measure(b)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", s.name, err))
			continue
		}
		text := "## " + s.title + "\n\n" + r.String()
		fmt.Println(text)
		blocks = append(blocks, document.Block{Name: s.name, Text: text})
	}
	if !found {
		return fmt.Errorf("-only %s: not one of %s", o.only, sectionNames())
	}
	text := budgetTable(b.measured)
	fmt.Println(text)
	if o.only == "" {
		blocks = append(blocks, document.Block{Name: budgetsMarker, Text: text})
	} else {
		blocks = blocks[1:] // the file describes the machine of the whole run
	}
	if o.markdown != "" {
		failures = append(failures, written(o.markdown).Replace(blocks))
	}
	return errors.Join(failures...)
}

// complete says whether sections that compare code have all their programs.
func (b *bench) complete() bool { return !b.short && len(b.programs) == 0 }
