package image

import (
	"fmt"
	"strings"

	"mewz/abi"
	"mewz/compiler/object"
)

// UnsupportedImport is an import that the kernel cannot satisfy.
type UnsupportedImport struct {
	object.Import
	Reason    string // what is wrong, for instance "no module of this name"
	Trappable bool   // --unknown-imports=trap helps
}

func (u *UnsupportedImport) String() string {
	what := string(u.Kind)
	if u.Kind == object.KindFunction {
		what = functionText(u.Params, u.Results)
	} else if u.Type != "" {
		what += " " + u.Type
	}
	return fmt.Sprintf("%q %q (%s): %s", u.Module, u.Name, what, u.Reason)
}

// functionText writes a function type: "func (i32, i32) -> i32".
func functionText(params, results string) string {
	text := "func (" + object.TypeText(params) + ")"
	if results != "" {
		text += " -> " + object.TypeText(results)
	}
	return text
}

// ImportError lists every import of a program that the kernel cannot satisfy.
type ImportError struct{ Imports []UnsupportedImport }

func (e *ImportError) Error() string {
	trappable := true
	for i := range e.Imports {
		trappable = trappable && e.Imports[i].Trappable
	}
	remedy := ""
	if trappable {
		remedy = "--unknown-imports=trap links it all the same, and calling one traps"
	}
	if len(e.Imports) == 1 {
		text := "unsupported import " + e.Imports[0].String()
		if remedy != "" {
			text += " (" + strings.Replace(remedy, "calling one", "calling it", 1) + ")"
		}
		return text
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d unsupported imports:", len(e.Imports))
	for i := range e.Imports {
		b.WriteString("\n  " + e.Imports[i].String())
	}
	if remedy != "" {
		b.WriteString("\n" + remedy)
	}
	return b.String()
}

// boundImport is an imported function and what its stub does.
type boundImport struct {
	symbol  string
	number  int  // index in abi.Functions, or in importTable.unknown
	unknown bool // calls abi.CallUnknownImport
}

// importTable is what matchImports found.
type importTable struct {
	stubs   []boundImport
	numbers []uint16 // of abi.Functions, in order of first import
	unknown []string // "module.name"
}

// CheckImports returns an *ImportError that lists all imports of m that an
// image cannot satisfy, or nil.
func CheckImports(m *object.Module) error {
	_, err := matchImports(m, RefuseUnknownImports)
	return err
}

// matchImports binds each import to a function of the kernel, by module, name
// and type.
func matchImports(m *object.Module, mode UnknownImports) (*importTable, error) {
	if len(m.More) > abi.MoreMemoriesMax {
		return nil, fmt.Errorf("the module defines %d memories: an image has room for %d", len(m.More)+1, abi.MoreMemoriesMax+1)
	}
	t := &importTable{}
	var bad []UnsupportedImport
	seen := map[string]*object.Import{}
	for i := range m.Imports {
		im := &m.Imports[i]
		symbol := im.SymbolName()
		if first, ok := seen[symbol]; ok {
			if !sameImport(first, im) {
				bad = append(bad, UnsupportedImport{Import: *im, Reason: fmt.Sprintf(
					"imported before as %q %q (%s)", first.Module, first.Name, functionText(first.Params, first.Results))})
			}
			continue
		}
		seen[symbol] = im
		number, reason := matchImport(im)
		switch {
		case reason == "":
			t.stubs = append(t.stubs, boundImport{symbol: symbol, number: number})
			t.numbers = append(t.numbers, uint16(number))
		case mode == TrapUnknownImports && im.Kind == object.KindFunction:
			t.stubs = append(t.stubs, boundImport{symbol: symbol, number: len(t.unknown), unknown: true})
			t.unknown = append(t.unknown, oneLine(im.Module+"."+im.Name))
		default:
			bad = append(bad, UnsupportedImport{*im, reason, im.Kind == object.KindFunction})
		}
	}
	if bad != nil {
		return nil, &ImportError{bad}
	}
	return t, nil
}

func sameImport(a, b *object.Import) bool {
	return a.Module == b.Module && a.Name == b.Name && a.Kind == b.Kind && a.Params == b.Params && a.Results == b.Results
}

// matchImport returns the number of the kernel's function for im, or the
// reason why there is none.
func matchImport(im *object.Import) (number int, reason string) {
	if reason := foreignReason(im.Module, im.Name); reason != "" {
		return 0, reason
	}
	if im.Kind != object.KindFunction {
		return 0, "only functions can be imported: there is no other module to import a " + string(im.Kind) + " from"
	}
	number, found, matches := abi.LookupFunction(im.Module, im.Name, im.Params, im.Results)
	if matches {
		return number, ""
	}
	if found {
		return 0, "type differs: it is " + haveTypes(im.Module, im.Name)
	}
	return 0, missingReason(im.Module, im.Name)
}

// foreignImports are imports by which a program made for something else, or not made to its end, is
// known. A module that ends with a colon begins the names of many; a name of "" is every one.
var foreignImports = []struct{ module, name, reason string }{
	// tool-conventions, Linking.md and DynamicLinking.md
	{"env", "__linear_memory", "the file is not linked yet: link it, as clang does without -c"},
	{"env", "__memory_base", "the file is a shared library: link the program statically"},
	{"env", "memory", "there is no other module to import a memory from: link the program without --import-memory"},
	{"wasi", "thread-spawn", "there are no threads: build the program for wasm32-wasip1"},
	{"wasi:", "", "WASI preview 2: build the program for wasm32-wasip1"},
	{"gojs", "", "the program is made for JavaScript: build it with GOOS=wasip1"},
	{"wbg", "", "the program is made for JavaScript by wasm-bindgen: build it for wasm32-wasip1 without that"},
}

// foreignReason says by an import what its program is made for, or "".
func foreignReason(module, name string) string {
	for _, f := range foreignImports {
		isModule := f.module == module || strings.HasSuffix(f.module, ":") && strings.HasPrefix(module, f.module)
		if isModule && (f.name == "" || f.name == name) {
			return f.reason
		}
	}
	return ""
}

// haveTypes lists the types of the kernel's functions of that name.
func haveTypes(module, name string) string {
	var types []string
	for _, f := range abi.Functions {
		if f.Module == module && f.Name == name {
			types = append(types, functionText(f.Params, f.Results))
		}
	}
	return strings.Join(types, " or ")
}

// missingReason says why there is no function of that name, and what may be
// meant.
func missingReason(module, name string) string {
	moduleFound := false
	best, bestDistance := "", len(name)/3+1
	elsewhere := ""
	for _, f := range abi.Functions {
		if f.Module == module {
			moduleFound = true
			if d := EditDistance(f.Name, name, bestDistance); d < bestDistance {
				best, bestDistance = f.Name, d
			}
		} else if f.Name == name && elsewhere == "" {
			elsewhere = f.Module
		}
	}
	switch {
	case moduleFound && best != "":
		return fmt.Sprintf("no function of this name, did you mean %q?", best)
	case moduleFound:
		return "no function of this name"
	case elsewhere != "":
		return fmt.Sprintf("no module of this name, did you mean %q?", elsewhere)
	}
	return "no module of this name; supported: " + strings.Join(importModules(), ", ")
}

// importModules lists the modules that programs may import from.
func importModules() []string {
	var modules []string
	seen := map[string]bool{}
	for _, f := range abi.Functions {
		if !seen[f.Module] {
			seen[f.Module] = true
			modules = append(modules, f.Module)
		}
	}
	return modules
}

// EditDistance is the Levenshtein distance of a and b, or limit if it is no
// less than that.
func EditDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return min(row[len(b)], limit)
}
