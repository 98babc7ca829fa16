package compiler

import (
	"fmt"
	"slices"

	"mewz/abi"
	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// describe fills in what the object says about its module.
func (c *compilation) describe(m *wasm.Module) {
	d := &object.Module{
		Version: object.ModuleVersion, Name: m.Names.Module, SymbolPrefix: c.SymbolPrefix,
		Options: map[string]string{"level": c.Level, "cpu": c.CPU, "target": c.Target},
	}
	if d.Name == "" {
		d.Name = c.Name
	}
	for i := range m.Imports {
		d.Imports = append(d.Imports, describeImport(m, &m.Imports[i]))
	}
	for i := range m.Exports {
		d.Exports = append(d.Exports, c.describeExport(m, &m.Exports[i]))
	}
	if len(m.Memories) > 0 {
		limits := m.Memories[0].Type.Limits
		d.Memory = &object.Memory{MinPages: limits.Min, MaxPages: abi.MemoryMaxPages, HasMax: limits.HasMax}
		if limits.HasMax {
			d.Memory.MaxPages = min(limits.Max, abi.MemoryMaxPages)
		}
	}
	imported := m.CountImports(wasm.ExternFunc)
	for i := range m.Code {
		index := uint32(imported + i)
		d.Functions = append(d.Functions, object.Function{
			Symbol: c.plan.FunctionSymbol(int(index)), Index: index,
			Name: m.Names.Functions[index], Offset: uint64(m.Code[i].Offset),
		})
	}
	c.module = d
}

func describeImport(m *wasm.Module, i *wasm.Import) object.Import {
	d := object.Import{Module: i.Module, Name: i.Name}
	if symbol := lower.ImportSymbol(i.Module, i.Name); symbol != d.SymbolName() {
		d.Symbol = symbol
	}
	switch i.Kind {
	case wasm.ExternFunc:
		d.Kind = object.KindFunction
		d.Params, d.Results = lower.TypeLetters(m.Types[i.Type].Params), lower.TypeLetters(m.Types[i.Type].Results)
	case wasm.ExternTable:
		d.Kind, d.Type = object.KindTable, tableText(i.Table)
	case wasm.ExternMemory:
		d.Kind, d.Type = object.KindMemory, limitsText(i.Memory.Limits)
	default:
		d.Kind, d.Type = object.KindGlobal, globalText(i.Global)
	}
	return d
}

func (c *compilation) describeExport(m *wasm.Module, e *wasm.Export) object.Export {
	d := object.Export{Name: e.Name, Symbol: c.SymbolPrefix + lower.ExportSymbol(e.Name)}
	imports := slices.DeleteFunc(slices.Clone(m.Imports), func(i wasm.Import) bool { return i.Kind != e.Kind })
	imported := int(e.Index) < len(imports)
	own := int(e.Index) - len(imports)
	switch e.Kind {
	case wasm.ExternFunc:
		d.Kind = object.KindFunction
		var t *wasm.FuncType
		if imported {
			t = &m.Types[imports[e.Index].Type]
		} else {
			t = &m.Types[m.Functions[own]]
		}
		d.Params, d.Results = lower.TypeLetters(t.Params), lower.TypeLetters(t.Results)
		return d
	case wasm.ExternTable:
		d.Kind = object.KindTable
		if imported {
			d.Type = tableText(imports[e.Index].Table)
		} else {
			d.Type = tableText(m.Tables[own].Type)
		}
	case wasm.ExternMemory:
		d.Kind = object.KindMemory
		d.Symbol = "" // the contract's own symbols
		if imported {
			d.Type = limitsText(imports[e.Index].Memory.Limits)
		} else {
			d.Type = limitsText(m.Memories[own].Type.Limits)
		}
	default:
		d.Kind = object.KindGlobal
		if imported {
			d.Type = globalText(imports[e.Index].Global)
		} else {
			d.Type = globalText(m.Globals[own].Type)
		}
	}
	if imported {
		d.Symbol = "" // an import has no second symbol
	}
	return d
}

func limitsText(l wasm.Limits) string {
	if l.HasMax {
		return fmt.Sprintf("%d %d", l.Min, l.Max)
	}
	return fmt.Sprint(l.Min)
}

func tableText(t wasm.TableType) string { return limitsText(t.Limits) + " " + t.Element.String() }

func globalText(t wasm.GlobalType) string {
	if t.Mutable {
		return "mut " + t.Type.String()
	}
	return t.Type.String()
}
