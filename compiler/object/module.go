package object

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	// ModuleSection is the section that holds a Module as JSON. It is not
	// loaded.
	ModuleSection = ".mewz.module"
	// ModuleVersion is the version of the contract of docs/abi.md that an
	// object follows.
	ModuleVersion = 1
)

// Module is what an object says about the wasm module it was compiled from.
type Module struct {
	Version      int               `json:"version"`
	Name         string            `json:"name,omitempty"`          // of the name section or the file
	SymbolPrefix string            `json:"symbol_prefix,omitempty"` // before every symbol of the contract
	Imports      []Import          `json:"imports,omitempty"`
	Exports      []Export          `json:"exports,omitempty"`
	Memory       *Memory           `json:"memory,omitempty"`        // nil: the module defines no memory
	More         []Memory          `json:"more_memories,omitempty"` // that it defines after the first
	Heap         bool              `json:"heap,omitempty"`          // it needs the heap of objects
	Start        bool              `json:"start,omitempty"`         // it has a start function
	Functions    []Function        `json:"functions,omitempty"`
	Features     []string          `json:"features,omitempty"`
	Options      map[string]string `json:"options,omitempty"` // what it was compiled with
}

// Kind is what an import or export is (WebAssembly core 2.5.10).
type Kind string

// The kinds, as the text format writes them.
const (
	KindFunction Kind = "func"
	KindTable    Kind = "table"
	KindMemory   Kind = "memory"
	KindGlobal   Kind = "global"
	KindTag      Kind = "tag"
)

// Import is one import of the module.
type Import struct {
	Module  string `json:"module"`
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Symbol  string `json:"symbol,omitempty"`  // undefined in the object; empty: Module.Name
	Params  string `json:"params,omitempty"`  // of a function: one letter each, see TypeLetters
	Results string `json:"results,omitempty"` // of a function
	Type    string `json:"type,omitempty"`    // of anything else: its type in text
}

// SymbolName is the symbol by which the object calls the import.
func (i *Import) SymbolName() string {
	if i.Symbol != "" {
		return i.Symbol
	}
	return i.Module + "." + i.Name
}

// Export is one export of the module.
type Export struct {
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Symbol  string `json:"symbol,omitempty"`
	Params  string `json:"params,omitempty"`
	Results string `json:"results,omitempty"`
	Type    string `json:"type,omitempty"`
	Index   uint32 `json:"index,omitempty"` // in its index space
}

// Memory is the linear memory that the module defines, in wasm pages.
type Memory struct {
	MinPages uint64 `json:"min_pages"`
	MaxPages uint64 `json:"max_pages"` // see lower.MemoryMaxPages
	HasMax   bool   `json:"has_max,omitempty"`
}

// Function is one function that the module defines.
type Function struct {
	Symbol string `json:"symbol"`
	Index  uint32 `json:"index"`            // wasm function index
	Name   string `json:"name,omitempty"`   // of the name section
	Offset uint64 `json:"offset,omitempty"` // of its code in the .wasm
}

// typeNames are the value types by the letters that Params and Results use.
var typeNames = map[rune]string{
	'i': "i32", 'I': "i64", 'f': "f32", 'F': "f64", 'v': "v128", 'r': "funcref", 'x': "externref", 'e': "exnref",
}

// TypeText writes a list of type letters as the text format names them:
// "i32, i64".
func TypeText(letters string) string {
	text := ""
	for i, c := range letters {
		if i > 0 {
			text += ", "
		}
		if name, ok := typeNames[c]; ok {
			text += name
		} else {
			text += fmt.Sprintf("%q", c)
		}
	}
	return text
}

// ErrNoModule says that an ELF object was not made by the compiler.
var ErrNoModule = errors.New("not an object of mewz compile (it has no section " + ModuleSection + ")")

// AddModule adds the section that holds m.
func (f *File) AddModule(m *Module) error {
	m.Version = ModuleVersion
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("module metadata: %w", err)
	}
	f.AddSection(Section{Name: ModuleSection, Type: elf.SHT_PROGBITS, Data: data})
	return nil
}

// Module decodes the metadata of f.
func (f *File) Module() (*Module, error) {
	s := f.FindSection(ModuleSection)
	if s == nil {
		return nil, fmt.Errorf("%s: %w", f.Name, ErrNoModule)
	}
	m := &Module{}
	if err := json.Unmarshal(s.Data, m); err != nil {
		return nil, fmt.Errorf("%s: section %s: %w", f.Name, ModuleSection, err)
	}
	if m.Version != ModuleVersion {
		return nil, fmt.Errorf("%s: made by another version of mewz (format %d, this one reads %d): compile the module again",
			f.Name, m.Version, ModuleVersion)
	}
	return m, nil
}
