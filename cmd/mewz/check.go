package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/line"
	"mewz/image"
)

// verdict is what check prints.
type verdict struct {
	File     string          `json:"file"`
	Runs     bool            `json:"runs"`
	Features []featureReport `json:"features,omitempty"` // beyond WebAssembly 1.0
	Needs    []needReport    `json:"needs,omitempty"`    // what the program may want
	Problems []problem       `json:"problems,omitempty"` // what keeps it from running
	Notes    []problem       `json:"notes,omitempty"`    // what is worth knowing
}

// problem is one thing with its remedy.
type problem struct {
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"`
}

// Run says whether a program will run; the exit code is 1 if it will not.
func (c *checkCommand) Run(*app) error {
	src, err := openSource(c.File)
	if err != nil {
		return err
	}
	if src.kind == kindImage {
		return fmt.Errorf("%s: is an image: it was checked when it was built", c.File)
	}
	v := verdict{File: c.File}
	v.check(src)
	v.Runs = len(v.Problems) == 0
	if err := printResult(c.Format, &v, v.print); err != nil {
		return err
	}
	if !v.Runs {
		return exitError(abi.ExitFailure)
	}
	return nil
}

func (v *verdict) problem(what, remedy string) {
	v.Problems = append(v.Problems, problem{what, remedy})
}

func (v *verdict) note(what, remedy string) { v.Notes = append(v.Notes, problem{what, remedy}) }

// check collects all that is wrong, not only the first thing.
func (v *verdict) check(src *source) {
	m, err := describe(src)
	var table *line.Table
	if m != nil && m.module != nil {
		table, _ = line.Read(m.module, src.open) // without it there are no lines of the source
	}
	if err == nil {
		err = m.Invalid
	}
	if err != nil {
		v.problem(strings.TrimPrefix(err.Error(), src.path+": ")+sourceOf(table, err), invalidRemedy(err))
	}
	if m == nil {
		return
	}
	if m.module != nil {
		v.Features = features(m.module, table, m.Features)
		v.checkFeatures(err)
	} else {
		for _, name := range m.Features {
			v.Features = append(v.Features, featureReport{Name: name, Supported: true, Limit: limits[wasm.Feature(name)]})
		}
	}
	v.Needs = needsOf(m.Module)
	v.checkImports(m.Module)
	if why := idle(m.Module); why != "" {
		v.note(why, idleRemedy)
	} else if reactor(m.Module) {
		v.note("it exports _initialize and no _start (a reactor): _initialize is all that runs, which is the program of Kotlin and nothing of a library", "")
	}
	if m.Memory != nil && m.Memory.MinPages*abi.WasmPageBytes > defaultMemoryBytes-memoryRoomBytes {
		v.note(fmt.Sprintf("linear memory starts with %s", memoryText(m.Memory)), "mewz run gives the machine enough; less with -m does not work")
	}
	if _, err := image.Kernels(architecture); err != nil {
		v.problem("kernel: "+err.Error(), "")
	}
}

// checkFeatures makes a problem of each feature that is not supported, but for
// the one that invalid is about already.
func (v *verdict) checkFeatures(invalid error) {
	var said *wasm.UnsupportedError
	errors.As(invalid, &said)
	for i := range v.Features {
		f := &v.Features[i]
		if f.Supported || said != nil && string(said.Proposal) == f.Name {
			continue
		}
		v.problem(fmt.Sprintf("%s: the %s proposal is not supported yet", f.First, f.Name),
			"build the program without "+f.Name)
	}
}

func (v *verdict) checkImports(m *object.Module) {
	err := image.CheckImports(m)
	if err == nil {
		return
	}
	var unsupported *image.ImportError
	if !errors.As(err, &unsupported) {
		v.problem(err.Error(), "")
		return
	}
	for i := range unsupported.Imports {
		im := &unsupported.Imports[i]
		remedy := ""
		if im.Trappable {
			remedy = "if the program never calls it: --unknown-imports=trap"
		}
		v.problem("import "+im.String(), remedy)
	}
}

// idle says why nothing of a module runs, "" if something does.
func idle(m *object.Module) string {
	if m.Start {
		return ""
	}
	why := "it exports neither _start nor _initialize and has no start function: nothing of it runs"
	for i := range m.Exports {
		e := &m.Exports[i]
		if e.Name != startExport && e.Name != initializeExport {
			continue
		}
		if e.Kind == object.KindFunction && e.Params+e.Results == "" {
			return ""
		}
		why = fmt.Sprintf("its %s is no function without parameters and results: nothing of it runs", e.Name)
	}
	return why
}

// reactor tells whether _initialize is all that runs of a module.
func reactor(m *object.Module) bool {
	exports := func(name string) bool {
		return slices.ContainsFunc(m.Exports, func(e object.Export) bool { return e.Name == name })
	}
	return exports(initializeExport) && !exports(startExport)
}

// What is called of a command and of a reactor (WASI's application ABI).
const (
	startExport      = "_start"
	initializeExport = "_initialize"
)

const idleRemedy = "build it as a command, with a main function"

func (v *verdict) print(w io.Writer) {
	if v.Runs {
		fmt.Fprintf(w, "%s: will run\n", v.File)
	} else {
		fmt.Fprintf(w, "%s: will not run\n", v.File)
	}
	for i := range v.Features {
		v.Features[i].print(w)
	}
	for _, n := range v.Needs {
		fmt.Fprintf(w, "  needs: %s (%s): %s\n", n.Need, strings.Join(shortened(n.Functions, functionsShown), ", "), n.How)
	}
	for _, list := range []struct {
		mark  string
		items []problem
	}{{"problem", v.Problems}, {"note", v.Notes}} {
		for _, p := range list.items {
			fmt.Fprintf(w, "  %s: %s\n", list.mark, oneLine(p.What))
			if p.Remedy != "" {
				fmt.Fprintf(w, "    remedy: %s\n", p.Remedy)
			}
		}
	}
}

// functionsShown is how many functions are named for one need.
const functionsShown = 3

// shortened returns at most n of a list, and how many more there are.
func shortened(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("%d more", len(list)-n))
}

func (f *featureReport) print(w io.Writer) {
	fmt.Fprintf(w, "  feature: %s", f.Name)
	switch {
	case !f.Supported:
		// Behind the first in a function nothing can be read.
		fmt.Fprintf(w, " (not supported), used at least %d times, first: %s", f.Uses, f.First)
	case f.Uses == 1:
		fmt.Fprintf(w, ", used once: %s", f.First)
	case f.Uses > 1:
		fmt.Fprintf(w, ", used %d times, first: %s", f.Uses, f.First)
	}
	fmt.Fprintln(w)
	if f.Limit != "" {
		fmt.Fprintf(w, "    limit: %s\n", f.Limit)
	}
}
