package spec

import (
	"errors"
	"fmt"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// external is what an instance exports: a function, table, memory or global at
// its address in the process (4.2.12).
type external struct {
	kind     wasm.ExternKind
	module   *validate.Checked // that defines it, and whose types it has
	address  uint64            // of the code, the table or the variable
	function wasm.FuncType
	typ      uint32 // of a function or tag: its type
	global   wasm.GlobalType
	table    wasm.TableType
	memory   *memory
	tag      wasm.FuncType
}

// instance is an instantiated module in a process.
type instance struct {
	module  *wasm.Module
	checked *validate.Checked
	object  *object.Module // what the object says about it
	imports []external     // in the order of module.Imports
	image   *image
	// memories are the index space; own are those that the module defines.
	memories, own []*memory
	exports       map[string]external
}

// Errors of linking, in the words of the reference interpreter.
var (
	errUnknownImport      = errors.New("unknown import")
	errIncompatibleImport = errors.New("incompatible import type")
)

// limitsMatch says whether something of size, with maximum limit, may be
// imported as want (3.4.2 of 2.0: limits matching, with the current size).
func limitsMatch(size uint64, hasMax bool, limit uint64, want wasm.Limits) bool {
	return size >= want.Min && (!want.HasMax || hasMax && limit <= want.Max)
}

// matches says whether e may be imported as what i asks for (3.4).
func (p *process) matches(e *external, m *validate.Checked, i *wasm.Import) (bool, error) {
	if e.kind != i.Kind {
		return false, nil
	}
	switch i.Kind {
	case wasm.ExternFunc:
		return isDefinedSubtype(e.module, e.typ, m, i.Type), nil
	case wasm.ExternGlobal:
		have, want := ownType{e.module, e.global.Type}, ownType{m, i.Global.Type}
		if i.Global.Mutable {
			return e.global.Mutable && have.equals(want), nil
		}
		return !e.global.Mutable && have.matches(want), nil
	case wasm.ExternTable:
		size, err := p.tableSize(e)
		limits := e.table.Limits
		equal := ownType{e.module, e.table.Element}.equals(ownType{m, i.Table.Element})
		return equal && limits.Is64 == i.Table.Limits.Is64 && limitsMatch(size, limits.HasMax, limits.Max, i.Table.Limits), err
	case wasm.ExternMemory:
		size, err := p.readWord(e.memory.bytesAddress)
		limits := e.memory.wasmType.Limits
		if limits.Shared != i.Memory.Limits.Shared || limits.Is64 != i.Memory.Limits.Is64 {
			return false, err
		}
		return limitsMatch(size/abi.WasmPageBytes, limits.HasMax, limits.Max, i.Memory.Limits), err
	case wasm.ExternTag:
		return e.module.TypeKey(e.typ) == m.TypeKey(i.Type), nil
	default:
		return false, fmt.Errorf("import of kind %d", i.Kind)
	}
}

// tableSize reads the current size of a table in the process: an exported table
// begins with the address of its elements and their number.
func (p *process) tableSize(e *external) (uint64, error) {
	return p.readWord(e.address + 8)
}

// registry finds the instance that a module name stands for.
type registry map[string]*instance

// resolveImports matches the imports of m with what is registered.
func (p *process) resolveImports(checked *validate.Checked, registered registry) ([]external, error) {
	var found []external
	m := checked.Module()
	for k := range m.Imports {
		i := &m.Imports[k]
		exporter := registered[i.Module]
		if exporter == nil {
			return nil, fmt.Errorf("%w: %q %q", errUnknownImport, i.Module, i.Name)
		}
		e, ok := exporter.exports[i.Name]
		if !ok {
			return nil, fmt.Errorf("%w: %q %q", errUnknownImport, i.Module, i.Name)
		}
		ok, err := p.matches(&e, checked, i)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w: %q %q", errIncompatibleImport, i.Module, i.Name)
		}
		found = append(found, e)
	}
	return found, nil
}

// imported returns import number n of a kind.
func (in *instance) imported(kind wasm.ExternKind, n uint32) (*external, bool) {
	for k := range in.imports {
		if in.imports[k].kind != kind {
			continue
		}
		if n == 0 {
			return &in.imports[k], true
		}
		n--
	}
	return nil, false
}

// define builds the external of an export that is not an import; symbol is
// where it lies.
func (in *instance) define(e *wasm.Export, symbol string) (external, error) {
	m := in.module
	own := int(e.Index) - m.CountImports(e.Kind)
	x := external{kind: e.Kind, module: in.checked}
	if e.Kind == wasm.ExternMemory {
		x.memory = in.memories[e.Index]
		return x, nil
	}
	var ok bool
	if x.address, ok = in.image.symbols[symbol]; !ok {
		return x, fmt.Errorf("the object does not define %q", symbol)
	}
	switch e.Kind {
	case wasm.ExternFunc:
		x.typ = m.Functions[own]
		x.function = m.Types[x.typ].FuncType
	case wasm.ExternGlobal:
		x.global = m.Globals[own].Type
	case wasm.ExternTable:
		x.table = m.Tables[own].Type
	case wasm.ExternTag:
		x.typ = m.Tags[own].Type
	}
	return x, nil
}

// collectExports fills in.exports.
func (in *instance) collectExports() error {
	in.exports = make(map[string]external, len(in.module.Exports))
	if len(in.object.Exports) != len(in.module.Exports) {
		return fmt.Errorf("the object has %d exports, the module %d", len(in.object.Exports), len(in.module.Exports))
	}
	for k := range in.module.Exports {
		e := &in.module.Exports[k]
		if imported, ok := in.imported(e.Kind, e.Index); ok {
			in.exports[e.Name] = *imported
			continue
		}
		symbol := in.object.Exports[k].Symbol
		if symbol == "" {
			symbol = object.SymbolExport + e.Name
		}
		x, err := in.define(e, symbol)
		if err != nil {
			return err
		}
		in.exports[e.Name] = x
	}
	return nil
}
