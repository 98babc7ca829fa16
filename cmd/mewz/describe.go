package main

import (
	"fmt"

	"mewz/compiler"
	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// moduleReport is what inspect and check know about a module, whether it comes
// as .wasm or as an object.
type moduleReport struct {
	*object.Module
	Sizes   map[string]int `json:"sizes,omitempty"` // of a .wasm: bytes by part
	Invalid error          `json:"-"`
	module  *wasm.Module   // of a .wasm
}

// describe decodes a module, or takes what an object says about its module. An
// error is a file that can not be read as what it is; a module that can, but
// that is not valid or needs what the compiler does not have, has Invalid set.
func describe(src *source) (*moduleReport, error) {
	if src.kind == kindObject {
		f, err := object.Read(src.path, src.data)
		if err != nil {
			return nil, err
		}
		m, err := f.Module()
		return &moduleReport{Module: m}, err
	}
	module, err := src.module()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.path, err)
	}
	report := &moduleReport{Module: compiler.Describe(module), Sizes: sizesOf(module), module: module}
	checked, err := validate.Module(module)
	if err != nil {
		report.Invalid = fmt.Errorf("%s: %w", src.path, err)
		return report, nil
	}
	for _, feature := range checked.Features() {
		report.Features = append(report.Features, string(feature))
	}
	if err := lower.Supported(checked); err != nil {
		report.Invalid = fmt.Errorf("%s: %w", src.path, err)
	}
	return report, nil
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
