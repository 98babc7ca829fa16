package lower

import (
	"fmt"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// Supported says whether a valid module can be translated; the error is a
// *wasm.UnsupportedError with its place.
//
// Memory for exceptions is not looked for in objects: one that only a field refers
// to would be given away again.
func Supported(c *validate.Checked) error {
	types := c.Module().Types
	for i := range types {
		for _, field := range types[i].Fields {
			if isExceptionReference(field.Type) {
				return &wasm.OffsetError{Offset: types[i].Offset, Err: &wasm.UnsupportedError{
					What: fmt.Sprintf("type %d, a %s of exnref,", i, types[i].Kind), Proposal: wasm.FeatureExceptions,
				}}
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
	case wasm.PrefixGC:
		if number < wasm.Opcode(len(gcInstructions)) {
			return gcInstructions[number]
		}
	case wasm.PrefixAtomic:
		return lowerAtomic
	}
	return nil
}
