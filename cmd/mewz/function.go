package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mewz/abi"
	"mewz/compiler/listing"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/line"
	"mewz/image"
)

// functionEntry is a function that the user may mean.
type functionEntry struct {
	index    uint32   // of the module, or abi.NoFunctionIndex
	names    []string // the first is shown
	start    uint64   // offset in the module where its instructions begin, 0: unknown
	end      uint64   // 0: unknown
	imported bool
	symbol   string
	code     abi.SymbolFunction // of an image
}

// label writes an entry for a list: "12 main.deref".
func (f *functionEntry) label() string {
	name := "(no name)"
	if len(f.names) > 0 {
		name = listing.Printable(f.names[0])
	}
	if f.index == abi.NoFunctionIndex {
		return name
	}
	return fmt.Sprintf("%d %s", f.index, name)
}

// functionsOf lists the functions of a module, imports first.
func functionsOf(m *wasm.Module) []functionEntry {
	imported := m.CountImports(wasm.ExternFunc)
	list := make([]functionEntry, imported+len(m.Code))
	for i := range list {
		f := &list[i]
		f.index, f.imported = uint32(i), i < imported
		f.addName(listing.FunctionName(m, f.index))
		f.addName(m.Names.Functions[f.index])
		if !f.imported {
			code := &m.Code[i-imported]
			f.start, f.end = uint64(code.Offset), uint64(code.Offset)+uint64(len(code.Body))
		}
	}
	for i := range m.Exports {
		if e := &m.Exports[i]; e.Kind == wasm.ExternFunc && uint64(e.Index) < uint64(len(list)) {
			list[e.Index].addName(e.Name)
		}
	}
	return list
}

func (f *functionEntry) addName(name string) {
	if name != "" && !slices.Contains(f.names, name) {
		f.names = append(f.names, name)
	}
}

// functionsOfObject lists the functions that an object says its module defines.
func functionsOfObject(m *object.Module) []functionEntry {
	var list []functionEntry
	for i := range m.Functions {
		f := functionEntry{index: m.Functions[i].Index, start: m.Functions[i].Offset, symbol: m.Functions[i].Symbol}
		f.addName(line.Demangle(m.Functions[i].Name))
		f.addName(m.Functions[i].Name)
		f.addName(m.Functions[i].Symbol)
		list = append(list, f)
	}
	return list
}

// functionsOfImage lists the functions that an image has symbols of.
func functionsOfImage(c *image.Code) []functionEntry {
	list := make([]functionEntry, len(c.Symbols.Functions))
	for i, s := range c.Symbols.Functions {
		f := &list[i]
		f.index, f.code = s.Index, s
		f.addName(line.Demangle(s.Name))
		f.addName(s.Name)
		f.start = uint64(locationIn(c.Symbols.Locations, s.Start, s.Start+s.Bytes))
	}
	return list
}

// locationIn returns the first known offset of code between two addresses.
func locationIn(locations []abi.SymbolLocation, start, end uint32) uint32 {
	i, _ := slices.BinarySearchFunc(locations, start, func(l abi.SymbolLocation, start uint32) int { return cmp.Compare(l.Start, start) })
	for ; i < len(locations) && locations[i].Start < end; i++ {
		if locations[i].Offset != 0 {
			return locations[i].Offset
		}
	}
	return 0
}

// Bounds on what an error lists.
const (
	matchesShown     = 20
	suggestionsShown = 5
)

// findFunction returns the function that the user means by text. Several of one
// exact name, or several that have text in their names, are an error that lists
// them.
func findFunction(list []functionEntry, text string) (*functionEntry, error) {
	if offset, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		return functionAt(list, offset)
	}
	if index, err := strconv.ParseUint(text, 10, 32); err == nil {
		for i := range list {
			if list[i].index == uint32(index) {
				return &list[i], nil
			}
		}
		return nil, fmt.Errorf("function %d: there is none of this index", index)
	}
	for _, matches := range []func(name string) bool{
		func(name string) bool { return name == text },
		func(name string) bool { return strings.Contains(name, text) },
		func(name string) bool { return strings.Contains(strings.ToLower(name), strings.ToLower(text)) },
	} {
		var found []*functionEntry
		for i := range list {
			if slices.ContainsFunc(list[i].names, matches) {
				found = append(found, &list[i])
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return nil, ambiguous(text, found)
		}
	}
	if names := suggest(list, text); len(names) > 0 {
		return nil, fmt.Errorf("function %q: there is none of this name, did you mean %s?", text, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("function %q: there is none of this name (an index or an offset, 0x1234, does as well)", text)
}

// isName says whether the user means a function by its name.
func isName(text string) bool {
	_, err := strconv.ParseUint(text, 10, 32)
	return err != nil && !strings.HasPrefix(strings.ToLower(text), "0x")
}

// hasFunction says whether a function has exactly this name.
func hasFunction(list []functionEntry, name string) bool {
	return slices.ContainsFunc(list, func(f functionEntry) bool { return slices.Contains(f.names, name) })
}

// functionAt returns the function whose instructions hold an offset of the
// module.
func functionAt(list []functionEntry, hex string) (*functionEntry, error) {
	offset, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return nil, fmt.Errorf("offset 0x%s: not a hexadecimal number of 32 bits", hex)
	}
	var best *functionEntry
	for i := range list {
		f := &list[i]
		if f.start == 0 || f.start > offset || f.end != 0 && offset >= f.end {
			continue
		}
		if best == nil || f.start > best.start {
			best = f
		}
	}
	if best == nil {
		return nil, fmt.Errorf("offset %#x: it lies in no function", offset)
	}
	return best, nil
}

// ambiguous lists the functions that a name may mean.
func ambiguous(text string, found []*functionEntry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "function %q: it could be any of %d; give the index:", text, len(found))
	for i, f := range found {
		if i == matchesShown {
			fmt.Fprintf(&b, "\n  ... %d more", len(found)-i)
			break
		}
		b.WriteString("\n  " + f.label())
	}
	return errors.New(b.String())
}

// suggest returns the names nearest to text.
func suggest(list []functionEntry, text string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	limit := len(text)/3 + 2
	for i := range list {
		for _, name := range list[i].names {
			if d := image.EditDistance(name, text, limit); d < limit {
				near = append(near, candidate{name, d})
			}
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range near {
		if quoted := strconv.Quote(c.name); !slices.Contains(names, quoted) && len(names) < suggestionsShown {
			names = append(names, quoted)
		}
	}
	return names
}
