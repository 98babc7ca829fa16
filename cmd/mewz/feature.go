package main

import (
	"errors"
	"fmt"
	"strings"

	"mewz/abi"
	"mewz/compiler/listing"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/line"
	"mewz/compiler/wasm/survey"
)

// featureReport is a feature beyond WebAssembly 1.0 that a module uses.
type featureReport struct {
	Name      string `json:"name"`
	Supported bool   `json:"supported"`
	Uses      int    `json:"uses,omitempty"`
	First     *place `json:"first,omitempty"`
	Limit     string `json:"limit,omitempty"` // what of it is not there
}

// place is a place in a module.
type place struct {
	What     string `json:"what,omitempty"`
	Offset   string `json:"offset,omitempty"`
	Function string `json:"function,omitempty"`
	Source   string `json:"source,omitempty"`
}

// String writes a place as a part of a sentence.
func (p *place) String() string {
	var parts []string
	for _, part := range []struct{ before, text string }{{"", p.What}, {"in ", p.Function}, {"at ", p.Offset}} {
		if part.text != "" {
			parts = append(parts, part.before+part.text)
		}
	}
	text := strings.Join(parts, " ")
	if p.Source != "" {
		text += ", " + p.Source
	}
	return listing.Printable(text)
}

// limits are features that are there in parts.
var limits = map[wasm.Feature]string{
	wasm.FeatureThreads: "there is one thread: a shared memory is an ordinary one, nobody is ever notified, and to wait without a timeout is a trap",
	wasm.FeatureMemory64: fmt.Sprintf("a memory with i64 addresses has at most %d pages (%s), and its accesses are checked, which costs time",
		abi.MemoryMaxPages, byteSize(abi.MemoryMaxPages*abi.WasmPageBytes)),
	wasm.FeatureMultiMemory: fmt.Sprintf("an image has room for %d memories; functions of WASI reach the one exported as memory, or else the first",
		abi.MoreMemoriesMax+1),
}

// features reports what a module uses: counted, with what only the validator
// knows at the end.
func features(m *wasm.Module, table *line.Table, valid []string) []featureReport {
	var reports []featureReport
	counted := map[string]bool{}
	for _, u := range survey.Module(m) {
		r := featureReport{Name: string(u.Feature), Supported: u.Unsupported == nil, Uses: u.Count, Limit: limits[u.Feature]}
		counted[r.Name] = true
		r.First = &place{What: u.What}
		if u.Offset != 0 {
			r.First.Offset = fmt.Sprintf("%#x", u.Offset)
			r.First.Source = sourceAt(table, u.Offset)
		}
		if u.Function != survey.NoFunction {
			r.First.Function = m.FunctionLabel(u.Function)
		}
		reports = append(reports, r)
	}
	for _, name := range valid {
		if !counted[name] {
			reports = append(reports, featureReport{Name: name, Supported: true, Limit: limits[wasm.Feature(name)]})
		}
	}
	return reports
}

// sourceAt returns the place in the source of an instruction, "" if unknown.
func sourceAt(table *line.Table, offset wasm.Offset) string {
	if table == nil {
		return ""
	}
	frames := table.At(offset)
	if len(frames) == 0 || frames[0].Place.Line == 0 {
		return ""
	}
	return frames[0].Place.String()
}

// sourceOf returns the place in the source that an error about a module is
// about, as text to put behind it.
func sourceOf(table *line.Table, err error) string {
	var at *wasm.OffsetError
	if !errors.As(err, &at) {
		return ""
	}
	if source := sourceAt(table, at.Offset); source != "" {
		return " (" + listing.Printable(source) + ")"
	}
	return ""
}

// sourceOf is sourceOf of a module that does not compile.
func (s *source) sourceOf(err error) string {
	var at *wasm.OffsetError
	if !errors.As(err, &at) {
		return ""
	}
	module, decodeErr := s.module()
	if decodeErr != nil {
		return ""
	}
	table, _ := line.Read(module, s.open)
	return sourceOf(table, err)
}

// needs says what a program that imports certain functions may want from the
// command line, or will not get. The first row of each need is shown.
var needs = []struct {
	need      string
	functions string // of preview 1; a star stands for the rest of a name
	how       string
}{
	{"arguments", "args_get", "mewz run FILE -- ARGUMENTS"},
	{"environment", "environ_get", "-e NAME=VALUE, or -e NAME to pass one through"},
	{"files", "path_open path_filestat_get fd_readdir", "--root DIR puts a directory into the image; --dir HOST::GUEST shows one of this computer, --volume FILE::GUEST a disk"},
	{"written files", "path_create_directory path_remove_directory path_rename path_symlink path_link path_unlink_file fd_pwrite " +
		"fd_filestat_set_size fd_filestat_set_times path_filestat_set_times fd_allocate",
		"what lasts goes to --dir HOST::GUEST or --volume FILE::GUEST; /tmp, --tmpfs GUEST and --root are memory, and gone with the machine"},
	{"sockets", "sock_*", "-p HOST:GUEST leads a port of this computer to the machine; --listen ADDR:PORT is for a program that only accepts"},
}

// needReport is something that a program may want.
type needReport struct {
	Need      string   `json:"need"`
	Functions []string `json:"functions"` // imported
	How       string   `json:"how"`
}

// needsOf reports what the imports of a module may be for.
func needsOf(m *object.Module) []needReport {
	var reports []needReport
	for _, row := range needs {
		r := needReport{Need: row.need, How: row.how}
		for i := range m.Imports {
			im := &m.Imports[i]
			if im.Kind == object.KindFunction && (im.Module == abi.Preview1 || im.Module == abi.Unstable) && isListed(row.functions, im.Name) {
				r.Functions = append(r.Functions, im.Name)
			}
		}
		if r.Functions != nil {
			reports = append(reports, r)
		}
	}
	return reports
}

// isListed says whether one of the patterns in a list covers a name.
func isListed(list, name string) bool {
	for pattern := range strings.FieldsSeq(list) {
		prefix, open := strings.CutSuffix(pattern, "*")
		if name == pattern || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
