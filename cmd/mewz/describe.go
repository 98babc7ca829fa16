package main

import (
	"fmt"

	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"
)

// moduleReport is what inspect and check know about a module, whether it comes
// as .wasm or as an object.
type moduleReport struct {
	*object.Module
	Sizes   map[string]int `json:"sizes,omitempty"` // of a .wasm: bytes by part
	Invalid error          `json:"-"`
}

// describe decodes a module, or takes what an object says about its module. An
// error is a file that can not be read as what it is; a module that can, but
// that is not valid, has Invalid set.
func describe(src *source) (*moduleReport, error) {
	if src.kind == kindObject {
		f, err := object.Read(src.path, src.data)
		if err != nil {
			return nil, err
		}
		m, err := f.Module()
		return &moduleReport{Module: m}, err
	}
	module, err := decode.Module(src.data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.path, err)
	}
	report := &moduleReport{Module: moduleOf(module), Sizes: sizesOf(module)}
	checked, err := validate.Module(module)
	if err != nil {
		report.Invalid = fmt.Errorf("%s: %w", src.path, err)
		return report, nil
	}
	for _, feature := range checked.Features() {
		report.Features = append(report.Features, string(feature))
	}
	return report, nil
}

func moduleOf(m *wasm.Module) *object.Module {
	o := &object.Module{Name: m.Names.Module}
	imported := m.CountImports(wasm.ExternFunc)
	for i := range m.Imports {
		o.Imports = append(o.Imports, importOf(m, &m.Imports[i]))
	}
	for i := range m.Exports {
		o.Exports = append(o.Exports, exportOf(m, &m.Exports[i], imported))
	}
	if len(m.Memories) > 0 {
		l := m.Memories[0].Type.Limits
		o.Memory = &object.Memory{MinPages: l.Min, MaxPages: l.Max, HasMax: l.HasMax}
		if !l.HasMax {
			o.Memory.MaxPages = 65536
		}
	}
	for i := range m.Code {
		index := uint32(imported + i)
		o.Functions = append(o.Functions, object.Function{
			Index: index, Name: m.Names.Functions[index], Offset: uint64(m.Code[i].Offset),
		})
	}
	return o
}

// exportOf describes an export; the module may not be valid, so that its index
// may lie anywhere.
func exportOf(m *wasm.Module, e *wasm.Export, imported int) object.Export {
	out := object.Export{Name: e.Name, Kind: kindOf(e.Kind)}
	own := int(e.Index) - imported
	if e.Kind == wasm.ExternFunc && own >= 0 && own < len(m.Functions) && int(m.Functions[own]) < len(m.Types) {
		t := m.Types[m.Functions[own]]
		out.Params, out.Results = lower.TypeLetters(t.Params), lower.TypeLetters(t.Results)
	}
	return out
}

func importOf(m *wasm.Module, in *wasm.Import) object.Import {
	out := object.Import{Module: in.Module, Name: in.Name, Kind: kindOf(in.Kind)}
	switch in.Kind {
	case wasm.ExternFunc:
		if int(in.Type) < len(m.Types) {
			t := m.Types[in.Type]
			out.Params, out.Results = lower.TypeLetters(t.Params), lower.TypeLetters(t.Results)
		}
	case wasm.ExternTable:
		out.Type = in.Table.Element.String()
	case wasm.ExternGlobal:
		out.Type = in.Global.Type.String()
		if in.Global.Mutable {
			out.Type = "mut " + out.Type
		}
	case wasm.ExternMemory:
	}
	return out
}

func kindOf(k wasm.ExternKind) object.Kind {
	switch k {
	case wasm.ExternFunc:
		return object.KindFunction
	case wasm.ExternTable:
		return object.KindTable
	case wasm.ExternMemory:
		return object.KindMemory
	default:
		return object.KindGlobal
	}
}

func sizesOf(m *wasm.Module) map[string]int {
	sizes := map[string]int{"module": len(m.Bytes), "code": 0, "data": 0, "custom": 0}
	for i := range m.Code {
		sizes["code"] += len(m.Code[i].Body)
	}
	for i := range m.Data {
		sizes["data"] += len(m.Data[i].Bytes)
	}
	for i := range m.Customs {
		sizes["custom"] += len(m.Customs[i].Bytes)
	}
	return sizes
}
