package decode

import (
	"errors"
	"fmt"

	"mewz/compiler/wasm"
)

// Forms of a type definition.
const (
	formFunction  = 0x60
	formContinue  = 0x5d // stack-switching proposal
	formGCLast    = 0x5f // gc proposal: struct, array, rec and sub
	formGCFirst   = 0x4e
	tableHasValue = 0x40 // function-references proposal: a table with an initialiser
)

func readTypes(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Types, err = vector(r, limit{"types", wasm.MaxTypes, 3}, readType)
	return err
}

func readType(r *wasm.Reader, t *wasm.Type) (err error) {
	at := r.Offset()
	form, err := r.Byte()
	if err != nil {
		return err
	}
	if form != formFunction {
		return &wasm.OffsetError{Offset: at, Err: formError(form)}
	}
	if t.Params, err = vector(r, limit{"parameters", wasm.MaxParams, 1}, readValueType); err != nil {
		return err
	}
	t.Results, err = vector(r, limit{"results", wasm.MaxResults, 1}, readValueType)
	return err
}

func formError(form byte) error {
	switch {
	case form&0x80 != 0:
		return wasm.ErrIntegerTooLong
	case form == formContinue:
		return &wasm.UnsupportedError{What: "a continuation type", Proposal: wasm.FeatureStackSwitching}
	case form >= formGCFirst && form <= formGCLast:
		return &wasm.UnsupportedError{What: fmt.Sprintf("type form 0x%02x", form), Proposal: wasm.FeatureGC}
	default:
		return fmt.Errorf("%w 0x%02x", ErrFunctionType, form)
	}
}

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
	default:
		return &wasm.OffsetError{Offset: at, Err: kindError(kind, ErrImportKind)}
	}
}

// kindTag is the kind of an import or export of the exception-handling proposal.
const kindTag = 4

func kindError(kind byte, malformed error) error {
	if kind == kindTag {
		return fmt.Errorf("%w: %w", malformed, &wasm.UnsupportedError{What: "a tag", Proposal: wasm.FeatureExceptions})
	}
	return fmt.Errorf("%w 0x%02x", malformed, kind)
}

func readFunctions(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Functions, err = vector(r, limit{"functions", wasm.MaxFunctions, 1}, readIndex)
	return err
}

func readTables(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Tables, err = vector(r, limit{"tables", wasm.MaxTables, 3}, readTable)
	return err
}

func readTable(r *wasm.Reader, t *wasm.Table) error {
	t.Offset = r.Offset()
	err := readTableType(r, &t.Type)
	if errors.Is(err, wasm.ErrMalformedRefType) && r.Peek() == tableHasValue {
		return r.Fail(&wasm.UnsupportedError{What: "a table with an initial value", Proposal: wasm.FeatureFunctionReferences})
	}
	return err
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
	if e.Kind = wasm.ExternKind(kind); e.Kind > wasm.ExternGlobal {
		return &wasm.OffsetError{Offset: at, Err: kindError(kind, ErrExportKind)}
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
