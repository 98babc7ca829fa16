package decode

import (
	"bytes"
	"fmt"

	"mewz/compiler/wasm"
)

// foreign are files that people hand to a WebAssembly compiler by mistake, by
// their first bytes.
var foreign = [...]struct{ prefix, hint string }{
	{"\x7fELF", "this is an ELF file, native code for one system; compile the program for WebAssembly (for example --target=wasm32-wasi)"},
	{"BC\xc0\xde", "this is LLVM bitcode; link it into a WebAssembly module first (wasm-ld)"},
	{"!<arch>\n", "this is an archive of object files; link it into a WebAssembly module first (wasm-ld)"},
	{"\x1f\x8b", "this is a gzip file; unpack it first"},
	{"PK\x03\x04", "this is a zip file; unpack it first"},
	{"(", textHint},
	{";;", textHint},
	{"#!", "this is a script"},
}

const textHint = "this looks like the text format, which package text translates before"

// notWasm says what b may be; "" if it cannot tell.
func notWasm(b []byte) string {
	trimmed := bytes.TrimLeft(b[:min(len(b), 4096)], " \t\r\n")
	for _, f := range foreign {
		if bytes.HasPrefix(b, []byte(f.prefix)) || f.hint == textHint && bytes.HasPrefix(trimmed, []byte(f.prefix)) {
			return f.hint
		}
	}
	return "this is not a WebAssembly module"
}

// otherVersion says what a file with another version field is. The field's
// second half is the layer: 0 for modules, 1 for components.
func otherVersion(field []byte) string {
	if field[2] == 1 && field[3] == 0 {
		return (&wasm.UnsupportedError{What: "this is a component (layer 1); it", Proposal: wasm.FeatureComponentModel}).Error() +
			"; build a core module (for example target wasm32-wasip1) or take it out with wasm-tools component unbundle"
	}
	return "this compiler reads version 1"
}

func withHint(offset int, err error, hint string) error {
	if hint != "" {
		err = fmt.Errorf("%w: %s", err, hint)
	}
	return &wasm.OffsetError{Offset: wasm.Offset(offset), Err: err}
}
