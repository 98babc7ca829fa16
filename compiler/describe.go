package compiler

import (
	"fmt"

	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// describe fills in what the object says about its module.
func (c *compilation) describe(m *wasm.Module) {
	d := Describe(m)
	d.Version, d.SymbolPrefix, d.Features = object.ModuleVersion, c.SymbolPrefix, c.features
	d.Options = map[string]string{"level": c.Level, "cpu": c.CPU, "target": c.Target}
	d.Heap = c.plan.HasHeap()
	if d.Name == "" {
		d.Name = c.Name
	}
	imported := map[wasm.ExternKind]int{}
	for i := range m.Imports {
		imported[m.Imports[i].Kind]++
	}
	for i := range d.Exports {
		e := &m.Exports[i]
		// A memory has the contract's own symbols, and a variable that is
		// imported no second one.
		if e.Kind == wasm.ExternFunc || e.Kind != wasm.ExternMemory && int(e.Index) >= imported[e.Kind] {
			d.Exports[i].Symbol = c.SymbolPrefix + lower.ExportSymbol(e.Name)
		}
	}
	for i := range d.Functions {
		d.Functions[i].Symbol = c.plan.FunctionSymbol(int(d.Functions[i].Index))
	}
	c.module = d
}

// Describe returns what a module says about itself, without symbols and options
// of an object. The module need not be valid: an index that leads nowhere
// leaves the type empty.
func Describe(m *wasm.Module) *object.Module {
	d := &object.Module{Name: m.Names.Module, Start: m.Start != nil}
	symbols := lower.FunctionImportSymbols(m)
	for i := range m.Imports {
		im := describeImport(m, &m.Imports[i])
		symbol := lower.ImportSymbol(im.Module, im.Name)
		if im.Kind == object.KindFunction {
			symbol, symbols = symbols[0], symbols[1:]
		}
		if symbol != im.SymbolName() {
			im.Symbol = symbol
		}
		d.Imports = append(d.Imports, im)
	}
	all := spaces(m)
	for i := range m.Exports {
		d.Exports = append(d.Exports, describeExport(all[m.Exports[i].Kind], &m.Exports[i]))
	}
	for i := range m.Memories {
		memory := describeMemory(m.Memories[i].Type.Limits)
		if i == 0 {
			d.Memory = &memory
		} else {
			d.More = append(d.More, memory)
		}
	}
	imported := m.CountImports(wasm.ExternFunc)
	for i := range m.Code {
		index := uint32(imported + i)
		d.Functions = append(d.Functions, object.Function{
			Index: index, Name: m.Names.Functions[index], Offset: uint64(m.Code[i].Offset),
		})
	}
	return d
}

func describeMemory(limits wasm.Limits) object.Memory {
	return object.Memory{MinPages: limits.Min, MaxPages: lower.MemoryMaxPages(limits), HasMax: limits.HasMax}
}

func describeImport(m *wasm.Module, i *wasm.Import) object.Import {
	d := object.Import{Module: i.Module, Name: i.Name}
	switch i.Kind {
	case wasm.ExternFunc:
		d.Kind = object.KindFunction
		t := functionType(m, i.Type)
		d.Params, d.Results = lower.TypeLetters(m, t.Params), lower.TypeLetters(m, t.Results)
	case wasm.ExternTable:
		d.Kind, d.Type = object.KindTable, tableText(i.Table)
	case wasm.ExternMemory:
		d.Kind, d.Type = object.KindMemory, limitsText(i.Memory.Limits)
	case wasm.ExternTag:
		d.Kind, d.Type = object.KindTag, tagText(m, i.Type)
	default:
		d.Kind, d.Type = object.KindGlobal, globalText(i.Global)
	}
	return d
}

// space is the types of an index space as text, imports first; functions have
// their types in letters.
type space struct {
	types   []string
	results []string // of functions
}

// spaces are the index spaces of a module.
func spaces(m *wasm.Module) map[wasm.ExternKind]*space {
	s := map[wasm.ExternKind]*space{
		wasm.ExternFunc: {}, wasm.ExternTable: {}, wasm.ExternMemory: {}, wasm.ExternGlobal: {}, wasm.ExternTag: {},
	}
	add := func(kind wasm.ExternKind, text string) { s[kind].types = append(s[kind].types, text) }
	// Of a type once: a function takes four bytes of a module, its type may have a thousand parameters.
	functions, tags := map[uint32][2]string{}, map[uint32]string{}
	addFunction := func(typeIndex uint32) {
		texts, ok := functions[typeIndex]
		if !ok {
			t := functionType(m, typeIndex)
			texts = [2]string{lower.TypeLetters(m, t.Params), lower.TypeLetters(m, t.Results)}
			functions[typeIndex] = texts
		}
		add(wasm.ExternFunc, texts[0])
		s[wasm.ExternFunc].results = append(s[wasm.ExternFunc].results, texts[1])
	}
	addTag := func(typeIndex uint32) {
		text, ok := tags[typeIndex]
		if !ok {
			text = tagText(m, typeIndex)
			tags[typeIndex] = text
		}
		add(wasm.ExternTag, text)
	}
	for i := range m.Imports {
		im := &m.Imports[i]
		switch im.Kind {
		case wasm.ExternFunc:
			addFunction(im.Type)
		case wasm.ExternTable:
			add(im.Kind, tableText(im.Table))
		case wasm.ExternMemory:
			add(im.Kind, limitsText(im.Memory.Limits))
		case wasm.ExternTag:
			addTag(im.Type)
		default:
			add(im.Kind, globalText(im.Global))
		}
	}
	for _, t := range m.Functions {
		addFunction(t)
	}
	for i := range m.Tables {
		add(wasm.ExternTable, tableText(m.Tables[i].Type))
	}
	for i := range m.Memories {
		add(wasm.ExternMemory, limitsText(m.Memories[i].Type.Limits))
	}
	for i := range m.Tags {
		addTag(m.Tags[i].Type)
	}
	for i := range m.Globals {
		add(wasm.ExternGlobal, globalText(m.Globals[i].Type))
	}
	return s
}

var kinds = map[wasm.ExternKind]object.Kind{
	wasm.ExternFunc: object.KindFunction, wasm.ExternTable: object.KindTable,
	wasm.ExternMemory: object.KindMemory, wasm.ExternGlobal: object.KindGlobal,
	wasm.ExternTag: object.KindTag,
}

func describeExport(s *space, e *wasm.Export) object.Export {
	d := object.Export{Name: e.Name, Kind: kinds[e.Kind], Index: e.Index}
	switch {
	case int(e.Index) >= len(s.types):
	case e.Kind == wasm.ExternFunc:
		d.Params, d.Results = s.types[e.Index], s.results[e.Index]
	default:
		d.Type = s.types[e.Index]
	}
	return d
}

// functionType is type i, or the empty one where there is none.
func functionType(m *wasm.Module, i uint32) *wasm.FuncType {
	if uint64(i) >= uint64(len(m.Types)) {
		return &wasm.FuncType{}
	}
	return &m.Types[i].FuncType
}

func limitsText(l wasm.Limits) string {
	text := fmt.Sprint(l.Min)
	if l.HasMax {
		text += fmt.Sprintf(" %d", l.Max)
	}
	if l.Is64 {
		text = "i64 " + text
	}
	if l.Shared {
		text += " shared"
	}
	return text
}

func tableText(t wasm.TableType) string { return limitsText(t.Limits) + " " + t.Element.String() }

// tagText lists what an exception of a tag carries.
func tagText(m *wasm.Module, typeIndex uint32) string {
	return "(" + object.TypeText(lower.TypeLetters(m, functionType(m, typeIndex).Params)) + ")"
}

func globalText(t wasm.GlobalType) string {
	if t.Mutable {
		return "mut " + t.Type.String()
	}
	return t.Type.String()
}
