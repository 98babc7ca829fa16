package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"mewz/test/document"
	"mewz/test/workbench"
)

// bench is one run of this command.
type bench struct {
	*workbench.Bench
	options
	linux    string // version of the guest's kernel
	sessions []*session
	results  map[key]result
}

// options are the command line.
type options struct {
	quick    bool
	only     string
	markdown string
	timeout  time.Duration
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "a tenth of the operations: numbers that are good for nothing but to see that all works")
	flag.StringVar(&o.only, "only", "", "measure only these file systems, `NAMES` with commas: archive, memory, 9p, virtiofs, volume")
	flag.StringVar(&o.markdown, "markdown", "", "also write the tables into this `file`, between its markers")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Minute, "give up after this `time`")
	flag.Parse()
	workbench.Main("benchfiles", o.timeout, func(w *workbench.Bench) error { return run(w, o) })
}

// run measures, prints, and writes the file at the end.
func run(w *workbench.Bench, o options) error {
	b := &bench{Bench: w, options: o, results: map[key]result{}}
	defer b.close()
	if err := b.measure(); err != nil {
		return err
	}
	boots, err := b.measureBoot()
	if err != nil {
		return err
	}
	text := b.tables() + "\n" + bootTable(boots)
	fmt.Println(text)
	if o.markdown == "" {
		return nil
	}
	d := document.Document{Path: o.markdown, Writer: "go run ./test/benchfiles", Tag: "bench-files"}
	return d.Replace([]document.Block{{Name: "files", Text: text}})
}

// close ends everything that was started.
func (b *bench) close() {
	for _, s := range b.sessions {
		s.stop()
	}
}

// wanted says whether a file system is to be measured.
func (b *bench) wanted(f *fileSystem) bool {
	if b.only == "" {
		return true
	}
	for name := range strings.SplitSeq(b.only, ",") {
		if f.name == name {
			return true
		}
	}
	return false
}

// measure measures everything: our machine first, then Linux's.
func (b *bench) measure() error {
	var chosen []*fileSystem
	for i := range fileSystems {
		if b.wanted(&fileSystems[i]) {
			chosen = append(chosen, &fileSystems[i])
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("-only %s: no such file system", b.only)
	}
	if err := b.prepareFolders(); err != nil {
		return err
	}
	for _, run := range b.runs(chosen) {
		b.Progress("%s: boot", run.side)
		s, err := run.start(run.files)
		if err != nil {
			return fmt.Errorf("%s: %w", run.side, err)
		}
		for _, f := range run.files {
			if err := b.measureFileSystem(run.side, s, f); err != nil {
				return fmt.Errorf("%s: %s: %w", run.side, f.name, err)
			}
		}
		s.stop()
	}
	return errors.Join(context.Cause(b.Context), b.compare())
}

// machineRun is one machine, and what is measured in it.
type machineRun struct {
	side  string
	start func([]*fileSystem) (*session, error)
	files []*fileSystem
}

// runs are the machines. One of ours shares folders in one way only.
func (b *bench) runs(chosen []*fileSystem) []machineRun {
	var with, without []*fileSystem
	for _, f := range chosen {
		if f.name == nameVirtioFS {
			with = append(with, f)
		} else {
			without = append(without, f)
		}
	}
	runs := []machineRun{{ours, b.startMewz, without}, {ours, b.startMewz, with}, {linux, b.startLinux, chosen}}
	return slices.DeleteFunc(runs, func(r machineRun) bool { return len(r.files) == 0 })
}
