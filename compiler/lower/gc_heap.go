package lower

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// heapText is the IR of package gc.
//
//go:embed gc/heap.ll
var heapText string

// heapNames are the symbols of heapText that others see, and that it needs.
var heapNames = regexp.MustCompile(`@(gc_\w+|wasm_heap\w*)`)

// heapState is the declaration of wasm_heap in heapText.
const heapState = "@wasm_heap = external hidden global [4096 x i8]"

// heapIR writes the LLVM module with the heap. Modules that share one share its
// state, which the environment provides then.
func (m *module) heapIR() []byte {
	text := heapText
	if !m.options.HashedTypeIDs {
		text = strings.Replace(text, heapState, "@wasm_heap = hidden global [4096 x i8] zeroinitializer", 1)
	}
	text = heapNames.ReplaceAllStringFunc(text, func(name string) string {
		return quoted(m.options.SymbolPrefix + name[1:])
	})
	return fmt.Appendf(nil, "target datalayout = %q\ntarget triple = %q\n\n%s", m.options.Target.DataLayout, m.options.Target.Triple, text)
}
