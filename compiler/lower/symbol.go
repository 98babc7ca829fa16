package lower

import (
	"strings"

	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// ImportSymbol is the symbol of an import: MODULE.NAME. Characters that
// assemblers, linkers or LLVM give a meaning of their own are written %XX, and
// so is a dot in MODULE, which keeps the symbols of different imports different.
func ImportSymbol(module, name string) string {
	mangled := mangle(module, ".")
	switch {
	case mangled == "":
		mangled = "%" // ".L..." is no symbol for an assembler
	case strings.HasPrefix(mangled, "llvm"), strings.HasPrefix(mangled, "wasm_"), isOwnStem(mangled):
		// llvm.x are intrinsics, wasm_x are the contract's own symbols, t0.elements and others
		// the module's.
		mangled = "%" + string(hexDigits[mangled[0]>>4]) + string(hexDigits[mangled[0]&15]) + mangled[1:]
	}
	return mangled + "." + mangle(name, "")
}

// isOwnStem says whether a name is a letter and a number, as symbols of the module's own
// begin that have a dot.
func isOwnStem(name string) bool {
	return len(name) > 1 && name[0] >= 'a' && name[0] <= 'z' && strings.Trim(name[1:], "0123456789") == ""
}

// FunctionImportSymbols are the symbols of the imported functions, by index. A
// module may import one name with several types, and which function that is may
// depend on the type (sock_accept of preview 1 and of WasmEdge): the first type has
// the plain symbol, the symbols of the others end with the type in letters,
// as "(PARAMS)RESULTS" mangled.
func FunctionImportSymbols(m *wasm.Module) []string {
	var symbols []string
	first := map[string]string{}
	for i := range m.Imports {
		im := &m.Imports[i]
		if im.Kind != wasm.ExternFunc {
			continue
		}
		var t wasm.FuncType
		if uint64(im.Type) < uint64(len(m.Types)) { // Describe takes modules that nobody validated
			t = m.Types[im.Type].FuncType
		}
		letters := "(" + TypeLetters(m, t.Params) + ")" + TypeLetters(m, t.Results)
		symbol := ImportSymbol(im.Module, im.Name)
		if known, ok := first[symbol]; !ok {
			first[symbol] = letters
		} else if known != letters {
			symbol = ImportSymbol(im.Module, im.Name+letters)
		}
		symbols = append(symbols, symbol)
	}
	return symbols
}

// ExportSymbol is the symbol of an export, without the prefix of the module.
func ExportSymbol(name string) string {
	return object.SymbolExport + mangle(name, "")
}

const hexDigits = "0123456789abcdef"

// mangle writes control characters, spaces, quotes, %, @ (symbol versions) and the
// characters of special as %XX.
func mangle(name, special string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || c == '%' || c == '@' || c == '"' || c == '\\' || strings.IndexByte(special, c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// quoted is the name of a global value in IR.
func quoted(symbol string) string {
	plain := true
	for i := range len(symbol) {
		if c := symbol[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			plain = false
		}
	}
	if plain {
		return `@"` + symbol + `"`
	}
	var b strings.Builder
	b.WriteString(`@"`)
	for i := range len(symbol) {
		if c := symbol[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			b.WriteByte('\\')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
