package image

import (
	"cmp"
	"debug/elf"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"mewz/abi"
	"mewz/compiler/object"
)

// symbols makes what the kernel needs for backtraces. Debug information that is
// missing or damaged costs detail, never the link.
func (l *linker) symbols() *abi.Symbols {
	rows := l.unwindRows()
	for _, s := range l.stubs {
		if start, ok := l.textOffset(s.address); ok {
			rows = append(rows, abi.UnwindRow{Start: start, CFAOffset: l.machine.stackOffset, Register: abi.UnwindSP})
		}
	}
	return &abi.Symbols{Functions: l.symbolFunctions(), Rows: finishRows(rows), Locations: l.locations()}
}

// symbolFunctions lists the functions in the text: those of the module with
// their index and name, the rest by symbol.
func (l *linker) symbolFunctions() []abi.SymbolFunction {
	known := make(map[string]*object.Function, len(l.module.Functions))
	for i := range l.module.Functions {
		known[l.module.Functions[i].Symbol] = &l.module.Functions[i]
	}
	exported := l.exportedNames()
	var functions []abi.SymbolFunction
	for i := range l.object.Symbols {
		s := &l.object.Symbols[i]
		if s.Type != elf.STT_FUNC || s.Section < 0 || l.placed[s.Section].class != classText || s.Bytes == 0 {
			continue
		}
		start, ok := l.textOffset(l.values[i])
		if !ok {
			continue
		}
		f := abi.SymbolFunction{Start: start, Bytes: uint32(s.Bytes), Index: abi.NoFunctionIndex, Name: s.Name}
		if k := known[s.Name]; k != nil {
			f.Index, f.Name = k.Index, k.Name
			if f.Name == "" {
				f.Name = exported[l.values[i]]
			}
		}
		f.Name = oneLine(f.Name)
		functions = append(functions, f)
	}
	for _, s := range l.stubs {
		if start, ok := l.textOffset(s.address); ok {
			functions = append(functions, abi.SymbolFunction{
				Start: start, Bytes: uint32(s.bytes), Index: abi.NoFunctionIndex, Name: oneLine(s.name),
			})
		}
	}
	// Of several symbols for the same code, aliases of exports, the one that
	// the module names is the first.
	slices.SortStableFunc(functions, func(a, b abi.SymbolFunction) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Index, b.Index))
	})
	return slices.CompactFunc(functions, func(a, b abi.SymbolFunction) bool { return a.Start == b.Start })
}

// oneLine replaces what is not printable in a name of the module: the kernel writes
// names as they are into lines for a terminal.
func oneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, name)
}

// exportedNames returns the names of exported functions by address: exports are
// symbols of their own for the same code.
func (l *linker) exportedNames() map[uint64]string {
	bySymbol := map[string]string{}
	for i := range l.module.Exports {
		if e := &l.module.Exports[i]; e.Kind == object.KindFunction {
			bySymbol[e.Symbol] = e.Name
		}
	}
	byAddress := map[uint64]string{}
	for i := range l.object.Symbols {
		if name, ok := bySymbol[l.object.Symbols[i].Name]; ok {
			byAddress[l.values[i]] = name
		}
	}
	return byAddress
}

// debugSection returns the content of section i with its relocations applied as
// if it were loaded at address. Relocations that do not apply are left out.
func (l *linker) debugSection(i int, address uint64) []byte {
	s := &l.object.Sections[i]
	data := slices.Clone(s.Data)
	for k := range s.Relocations {
		r := &s.Relocations[k]
		target := uint64(r.Addend)
		if r.Symbol != object.NoSymbol {
			target += l.values[r.Symbol]
		}
		// What does not fit stays zero: an address outside of the text.
		_ = l.machine.relocate(data, r.Offset, r.Type, address+r.Offset, target)
	}
	return data
}
