// Package wasm holds a WebAssembly module as Go values: what wasm/decode
// yields, wasm/validate checks and lower translates (WebAssembly core
// specification 3.0, chapters 2 and 5).
//
// In: nothing. Out: types. It checks nothing and never touches a file.
package wasm

import (
	"fmt"
	"sort"
	"strconv"
)

// Offset is a position in the bytes of a module.
type Offset uint32

// Limits of an implementation (WebAssembly core, appendix A.2). They follow the
// JavaScript interface, whose numbers all engines share, except where a note
// says otherwise.
const (
	MaxTypes         = 1_000_000
	MaxFunctions     = 1_000_000
	MaxImports       = 1_000_000 // JavaScript interface: 100,000 in its first edition
	MaxExports       = 1_000_000
	MaxGlobals       = 1_000_000
	MaxTables        = 100_000
	MaxMemories      = 100
	MaxDataSegments  = 1_000_000 // Go programs have one for each run of non-zero bytes
	MaxElements      = 10_000_000
	MaxElementSegs   = 1_000_000
	MaxLocals        = 50_000
	MaxParams        = 1_000
	MaxResults       = 1_000
	MaxFields        = 10_000 // of a structure type
	MaxSubtypeDepth  = 63     // supertypes above each other
	MaxTags          = 1_000_000
	MaxCatches       = 1_000_000 // of a try_table
	MaxModuleBytes   = 1 << 30
	MaxFunctionBytes = 7_654_321
	MaxNameBytes     = 100_000
	MaxControlDepth  = 100_000   // blocks inside each other; bounds the validator's stack
	MaxOperands      = 1_000_000 // on the operand stack of one function: a call of two bytes can push MaxResults
)

// Limits are the size range of a table (elements) or a memory (wasm pages).
type Limits struct {
	Min    uint64
	Max    uint64
	HasMax bool
	Shared bool // threads proposal
	Is64   bool // addresses and indices are i64
	Long   bool // a number is written in more bytes than one of 32 bits can have
}

// AddressType is the type of addresses or indices (2.3.9 of 3.0).
func (l *Limits) AddressType() ValueType {
	if l.Is64 {
		return I64
	}
	return I32
}

// TableType is a table type (2.3.10).
type TableType struct {
	Element ValueType
	Limits  Limits
}

// MemoryType is a memory type (2.3.9).
type MemoryType struct {
	Limits Limits
}

// GlobalType is a global type (2.3.11).
type GlobalType struct {
	Type    ValueType
	Mutable bool
}

// ExternKind is the kind of an import or export (5.5.5).
type ExternKind byte

// The kinds.
const (
	ExternFunc   ExternKind = 0
	ExternTable  ExternKind = 1
	ExternMemory ExternKind = 2
	ExternGlobal ExternKind = 3
	ExternTag    ExternKind = 4
)

// Import is one import (2.5.11); the field of its Kind is set.
type Import struct {
	Module, Name string
	Kind         ExternKind
	Type         uint32 // ExternFunc, ExternTag: index into Module.Types
	Table        TableType
	Memory       MemoryType
	Global       GlobalType
	Offset       Offset
}

// Export is one export (2.5.10).
type Export struct {
	Name   string
	Kind   ExternKind
	Index  uint32
	Offset Offset
}

// ConstExpr is a constant expression (3.3.10): instructions up to and with the
// end, as bytes of the module.
type ConstExpr struct {
	Body   []byte
	Offset Offset // of Body[0] in the module
}

// Table is a table that the module defines.
type Table struct {
	Type   TableType
	Init   *ConstExpr // of every element; nil: null
	Offset Offset
}

// Tag is a tag that the module defines (2.5.8 of 3.0): the kind of an
// exception, whose values are the parameters of a function type.
type Tag struct {
	Type   uint32 // index into Module.Types
	Offset Offset
}

// Memory is a memory that the module defines.
type Memory struct {
	Type   MemoryType
	Offset Offset
}

// Global is a global that the module defines.
type Global struct {
	Type   GlobalType
	Init   ConstExpr
	Offset Offset
}

// SegmentMode is how a segment is applied (2.5.7, 2.5.8).
type SegmentMode byte

// The modes.
const (
	SegmentActive SegmentMode = iota
	SegmentPassive
	SegmentDeclarative // element segments only
)

// Element is an element segment: either Funcs or Exprs is set.
type Element struct {
	Mode    SegmentMode
	Table   uint32 // SegmentActive
	Address ConstExpr
	Type    ValueType
	Funcs   []uint32    // function indices
	Exprs   []ConstExpr // constant expressions of type Type
	Offset  Offset
}

// Len is the number of references in the segment.
func (e *Element) Len() int { return len(e.Funcs) + len(e.Exprs) }

// Data is a data segment.
type Data struct {
	Mode    SegmentMode
	Memory  uint32
	Address ConstExpr
	Bytes   []byte // of the module, not a copy
	Offset  Offset
}

// LocalGroup is a run of locals of one type.
type LocalGroup struct {
	Count uint32
	Type  ValueType
}

// Code is the body of a function (5.5.13).
type Code struct {
	Locals []LocalGroup
	Body   []byte // instructions up to and with the end, of the module, not a copy
	Offset Offset // of Body[0] in the module
}

// Names is the name section (7.4.1), as far as it could be read.
type Names struct {
	Module    string
	Functions map[uint32]string
	Locals    map[uint32]map[uint32]string
}

// Custom is a custom section.
type Custom struct {
	Name   string
	Bytes  []byte
	Offset Offset
}

// Module is a decoded module: index spaces begin with the imports.
type Module struct {
	Types     []Type
	Imports   []Import
	Functions []uint32 // type index of each function that the module defines
	Tables    []Table
	Memories  []Memory
	Tags      []Tag
	Globals   []Global
	Exports   []Export
	Start     *uint32
	// StartOffset is where the start section names the function.
	StartOffset Offset
	Elements    []Element
	Code        []Code
	Data        []Data
	DataCount   *uint32
	Names       Names
	Customs     []Custom
	Bytes       []byte // the whole module

	// CodeOffset is where the code section's contents begin: DWARF for
	// WebAssembly counts from there.
	CodeOffset Offset
}

// CountImports returns how many imports of kind m has.
func (m *Module) CountImports(kind ExternKind) int {
	n := 0
	for i := range m.Imports {
		if m.Imports[i].Kind == kind {
			n++
		}
	}
	return n
}

// maxLabelBytes bounds a name in a message.
const maxLabelBytes = 200

// FunctionLabel names a function in messages: its index and, where there is
// one, its name from the name section or its import. It is one line.
func (m *Module) FunctionLabel(index uint32) string {
	name := m.Names.Functions[index]
	if name == "" {
		name = m.importName(ExternFunc, index)
	}
	if name == "" {
		return fmt.Sprintf("function %d", index)
	}
	if len(name) > maxLabelBytes {
		name = name[:maxLabelBytes] + "..."
	}
	quoted := strconv.Quote(name) // no line breaks, no terminal escapes
	return fmt.Sprintf("function %d (%s)", index, quoted[1:len(quoted)-1])
}

func (m *Module) importName(kind ExternKind, index uint32) string {
	for i := range m.Imports {
		if m.Imports[i].Kind != kind {
			continue
		}
		if index == 0 {
			return m.Imports[i].Module + "." + m.Imports[i].Name
		}
		index--
	}
	return ""
}

// CodeAt returns the index in m.Code of the body that holds an offset of the
// module.
func (m *Module) CodeAt(offset Offset) (int, bool) {
	i := sort.Search(len(m.Code), func(i int) bool { return m.Code[i].Offset > offset }) - 1
	if i < 0 || offset-m.Code[i].Offset >= Offset(len(m.Code[i].Body)) {
		return 0, false
	}
	return i, true
}
