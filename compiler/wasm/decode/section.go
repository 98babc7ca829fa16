package decode

import (
	"fmt"

	"mewz/compiler/wasm"
)

func readValueType(r *wasm.Reader, t *wasm.ValueType) (err error) {
	*t, err = r.ValueType()
	return err
}

func readImports(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Imports, err = vector(r, limit{"imports", wasm.MaxImports, 4}, readImport)
	return err
}

func readImport(r *wasm.Reader, i *wasm.Import) (err error) {
	i.Offset = r.Offset()
	if i.Module, err = readName(r); err != nil {
		return err
	}
	if i.Name, err = readName(r); err != nil {
		return err
	}
	at := r.Offset()
	kind, err := r.Byte()
	if err != nil {
		return err
	}
	i.Kind = wasm.ExternKind(kind)
	switch i.Kind {
	case wasm.ExternFunc:
		return readIndex(r, &i.Type)
	case wasm.ExternTable:
		return readTableType(r, &i.Table)
	case wasm.ExternMemory:
		return readLimits(r, &i.Memory.Limits, true)
	case wasm.ExternGlobal:
		return readGlobalType(r, &i.Global)
	case wasm.ExternTag:
		return readTag(r, &i.Type)
	default:
		return &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%w 0x%02x", ErrImportKind, kind)}
	}
}

// readTag reads the type of a tag (5.3.15 of 3.0): an attribute, which must be
// zero, and the function type whose parameters its exceptions carry.
func readTag(r *wasm.Reader, typeIndex *uint32) error {
	at := r.Offset()
	attribute, err := r.Byte()
	if err != nil {
		return err
	}
	if attribute != 0 {
		return &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%w 0x%02x", ErrTagAttribute, attribute)}
	}
	return readIndex(r, typeIndex)
}

func readTags(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Tags, err = vector(r, limit{"tags", wasm.MaxTags, 2}, func(r *wasm.Reader, t *wasm.Tag) error {
		t.Offset = r.Offset()
		return readTag(r, &t.Type)
	})
	return err
}

func readFunctions(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Functions, err = vector(r, limit{"functions", wasm.MaxFunctions, 1}, readIndex)
	return err
}

func readTables(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Tables, err = vector(r, limit{"tables", wasm.MaxTables, 3}, func(r *wasm.Reader, t *wasm.Table) error {
		return readTable(m, r, t)
	})
	return err
}

// tableHasInit begins a table with an initialiser; a zero follows (5.5.7 of 3.0).
const tableHasInit = 0x40

func readTable(m *wasm.Module, r *wasm.Reader, t *wasm.Table) error {
	t.Offset = r.Offset()
	if r.Peek() != tableHasInit {
		return readTableType(r, &t.Type)
	}
	if _, err := r.Bytes(1); err != nil {
		return err
	}
	at := r.Offset()
	b, err := r.Byte()
	if err != nil {
		return err
	}
	if b != 0 {
		return &wasm.OffsetError{Offset: at, Err: wasm.ErrZeroByteExpected}
	}
	if err := readTableType(r, &t.Type); err != nil {
		return err
	}
	t.Init = &wasm.ConstExpr{}
	return readConstExpr(m, r, t.Init)
}

func readMemories(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Memories, err = vector(r, limit{"memories", wasm.MaxMemories, 2}, func(r *wasm.Reader, memory *wasm.Memory) error {
		memory.Offset = r.Offset()
		return readLimits(r, &memory.Type.Limits, true)
	})
	return err
}

func readGlobals(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Globals, err = vector(r, limit{"globals", wasm.MaxGlobals, 3}, func(r *wasm.Reader, g *wasm.Global) error {
		g.Offset = r.Offset()
		if err := readGlobalType(r, &g.Type); err != nil {
			return err
		}
		return readConstExpr(m, r, &g.Init)
	})
	return err
}

func readExports(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Exports, err = vector(r, limit{"exports", wasm.MaxExports, 3}, readExport)
	return err
}

func readExport(r *wasm.Reader, e *wasm.Export) (err error) {
	e.Offset = r.Offset()
	if e.Name, err = readName(r); err != nil {
		return err
	}
	at := r.Offset()
	kind, err := r.Byte()
	if err != nil {
		return err
	}
	if e.Kind = wasm.ExternKind(kind); e.Kind > wasm.ExternTag {
		return &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%w 0x%02x", ErrExportKind, kind)}
	}
	return readIndex(r, &e.Index)
}

func readStart(m *wasm.Module, r *wasm.Reader) error {
	m.StartOffset = r.Offset()
	m.Start = new(uint32)
	return readIndex(r, m.Start)
}

func readDataCount(m *wasm.Module, r *wasm.Reader) error {
	m.DataCount = new(uint32)
	return readIndex(r, m.DataCount)
}
