package lower

import (
	"fmt"
	"slices"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// untranslated are the proposals of which parts are not lowered yet. A module
// that uses none of them is not looked through.
var untranslated = []wasm.Feature{
	wasm.FeatureFunctionReferences, wasm.FeatureGC,
}

// Supported says whether a valid module can be translated; the error is a
// *wasm.UnsupportedError with its place.
func Supported(c *validate.Checked) error {
	if !slices.ContainsFunc(untranslated, c.Uses) {
		return nil
	}
	for _, check := range [...]func(*wasm.Module) error{supportedTypes, supportedDefinitions, supportedConstants, supportedCode} {
		if err := check(c.Module()); err != nil {
			return err
		}
	}
	return nil
}

func unsupported(at wasm.Offset, what string, f wasm.Feature) error {
	return &wasm.OffsetError{Offset: at, Err: &wasm.UnsupportedError{What: what, Proposal: f}}
}

// supportedValueType refuses references that llvmType and TypeLetters do not
// tell apart from others.
func supportedValueType(at wasm.Offset, t wasm.ValueType) error {
	if !t.IsReference() || t == wasm.FuncRef || t == wasm.ExternRef {
		return nil
	}
	proposal := wasm.FeatureGC
	switch t.Nullable() {
	case wasm.FuncRef, wasm.ExternRef:
		proposal = wasm.FeatureFunctionReferences
	case wasm.ExnRef, wasm.NullExnRef:
		return nil
	}
	if t.IsConcrete() {
		proposal = wasm.FeatureFunctionReferences
	}
	return unsupported(at, "type "+t.String(), proposal)
}

// supportedTypes refuses types whose identity is more than their parameters and
// results, by which numberTypes numbers them.
func supportedTypes(m *wasm.Module) error {
	for i := range m.Types {
		t := &m.Types[i]
		if t.Kind != wasm.KindFunc {
			return unsupported(t.Offset, fmt.Sprintf("type %d, a %s type,", i, t.Kind), wasm.FeatureGC)
		}
		if t.GroupSize != 1 || len(t.Supers) > 0 || !t.Final {
			return unsupported(t.Offset, fmt.Sprintf("type %d, which has a recursive group or subtypes,", i), wasm.FeatureGC)
		}
		for _, v := range slices.Concat(t.Params, t.Results) {
			if err := supportedValueType(t.Offset, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func supportedDefinitions(m *wasm.Module) error {
	for i := range m.Imports {
		switch im := &m.Imports[i]; im.Kind {
		case wasm.ExternTable:
			if err := supportedValueType(im.Offset, im.Table.Element); err != nil {
				return err
			}
		case wasm.ExternGlobal:
			if err := supportedValueType(im.Offset, im.Global.Type); err != nil {
				return err
			}
		}
	}
	for i := range m.Tables {
		t := &m.Tables[i]
		if t.Init != nil {
			return unsupported(t.Offset, "a table with an initial value", wasm.FeatureFunctionReferences)
		}
		if err := supportedValueType(t.Offset, t.Type.Element); err != nil {
			return err
		}
	}
	for i := range m.Globals {
		if err := supportedValueType(m.Globals[i].Offset, m.Globals[i].Type.Type); err != nil {
			return err
		}
	}
	return nil
}

func supportedConstants(m *wasm.Module) error {
	for i := range m.Globals {
		if err := supportedExpression(m.Globals[i].Init.Body, m.Globals[i].Init.Offset); err != nil {
			return err
		}
	}
	for i := range m.Elements {
		e := &m.Elements[i]
		if len(e.Funcs) == 0 {
			if err := supportedValueType(e.Offset, e.Type); err != nil {
				return err
			}
		}
		for _, c := range append(e.Exprs[:len(e.Exprs):len(e.Exprs)], e.Address) {
			if err := supportedExpression(c.Body, c.Offset); err != nil {
				return err
			}
		}
	}
	for i := range m.Data {
		if err := supportedExpression(m.Data[i].Address.Body, m.Data[i].Address.Offset); err != nil {
			return err
		}
	}
	return nil
}

func supportedCode(m *wasm.Module) error {
	first := uint32(m.CountImports(wasm.ExternFunc))
	for i := range m.Code {
		if err := supportedFunction(&m.Code[i]); err != nil {
			return fmt.Errorf("code section: %s: %w", m.FunctionLabel(first+uint32(i)), err)
		}
	}
	return nil
}

func supportedFunction(code *wasm.Code) error {
	for _, g := range code.Locals {
		if err := supportedValueType(code.Offset, g.Type); err != nil {
			return err
		}
	}
	return supportedExpression(code.Body, code.Offset)
}

// supportedExpression refuses instructions without a lowering, and types that
// instructions name.
func supportedExpression(body []byte, offset wasm.Offset) error {
	r := wasm.NewReader(body, offset)
	var i wasm.Instruction
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			return err
		}
		info := i.Info()
		if slices.Contains(untranslated, info.Feature) && loweringOf(i.Opcode) == nil {
			return unsupported(i.Offset, "instruction "+info.Name, info.Feature)
		}
		for _, t := range append(i.Types, i.Block.Result) {
			if err := supportedValueType(i.Offset, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// loweringOf is how an instruction is lowered, but for those of vectors, for
// which it depends on the processor.
func loweringOf(o wasm.Opcode) lowering {
	switch number := o & 0xffff; o &^ 0xffff {
	case 0:
		if number < wasm.Opcode(len(instructions)) {
			return instructions[number]
		}
	case wasm.PrefixMisc:
		if number < wasm.Opcode(len(miscInstructions)) {
			return miscInstructions[number]
		}
	case wasm.PrefixAtomic:
		return lowerAtomic
	}
	return nil
}
