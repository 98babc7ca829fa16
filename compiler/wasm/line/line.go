// Package line finds the place in the source that an instruction of a module
// was compiled from, and the functions that were inlined there.
//
// In: a decoded module. Out: for an offset, the functions of the source with
// their files and lines. It reads DWARF (DWARF for WebAssembly,
// https://yurydelendik.github.io/webassembly-dwarf/), in the module or in the
// file that its section external_debug_info names, source maps (ECMA-426), and
// the line table that a Go program carries for its own backtraces. It never
// fails a module: one without or with broken debug information has no places.
package line

import (
	"errors"
	"fmt"

	"mewz/compiler/wasm"
)

// Place is a place in the source.
type Place struct {
	File   string
	Line   int  // 0: unknown
	Column int  // 0: unknown
	Near   bool // the line is that of an instruction soon after
}

// String writes a place as compilers do: file:line:column.
func (p Place) String() string {
	text := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Column > 0 {
		text += fmt.Sprintf(":%d", p.Column)
	}
	return text
}

// Frame is a function of the source and a place in it.
type Frame struct {
	Function string // as people write it, "" if unknown
	Place    Place
}

// Table holds the places of a module's instructions.
type Table struct {
	lookup interface {
		// frames returns the frames of the instruction at offset, innermost
		// first: each but the last is inlined into the next.
		frames(offset wasm.Offset) []Frame
	}
}

// Open returns the contents of a file that a module names.
type Open func(name string) ([]byte, error)

// ErrNone says that a module has no debug information.
var ErrNone = errors.New("no debug information in the module")

// sources are the kinds of debug information, the best first. Each returns
// ErrNone for a module without it.
var sources = [...]func(*wasm.Module, Open) (*Table, error){readDWARF, readExternal, readSourceMap, readGo}

// Read reads the debug information of m. With open it also reads that of files
// which m names.
func Read(m *wasm.Module, open Open) (*Table, error) {
	var first error
	for _, read := range sources {
		table, err := careful(read, m, open)
		if err == nil {
			return table, nil
		}
		if first == nil && !errors.Is(err, ErrNone) {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	return nil, ErrNone
}

// careful reads one kind of debug information. The libraries that do so look beyond the
// end of what is forged.
func careful(read func(*wasm.Module, Open) (*Table, error), m *wasm.Module, open Open) (table *Table, err error) {
	defer func() {
		if r := recover(); r != nil {
			table, err = nil, fmt.Errorf("damaged debug information: %v", r)
		}
	}()
	return read(m, open)
}

// At returns the frames of the instruction at offset of the module, innermost
// first: each but the last is inlined into the next. It is nil if nothing is
// known.
func (t *Table) At(offset wasm.Offset) (frames []Frame) {
	defer func() {
		if recover() != nil { // as in careful
			frames = nil
		}
	}()
	return t.lookup.frames(offset)
}

// custom returns the bytes of a custom section, nil if there is none.
func custom(m *wasm.Module, name string) []byte {
	for i := range m.Customs {
		if m.Customs[i].Name == name {
			return m.Customs[i].Bytes
		}
	}
	return nil
}
