package lower

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// heapText is the IR of heap.c.
//
//go:embed gc/heap.ll
var heapText string

// heapNames are the symbols of heap.c that others see, and that it needs.
var heapNames = regexp.MustCompile(`@(gc_\w+|wasm_heap\w*)`)

// heapState is the declaration of wasm_heap in heapText.
const heapState = "= external dso_local local_unnamed_addr global"

// heapIR writes the LLVM module with the heap. Modules that share one share its
// state, which the environment provides then.
func (m *module) heapIR() []byte {
	state := "= hidden global"
	text := strings.Replace(heapText, heapState+" %struct.heap,", state+" %struct.heap zeroinitializer,", 1)
	if m.options.HashedTypeIDs {
		text = strings.Replace(heapText, heapState, "= external hidden global", 1)
	}
	text = heapNames.ReplaceAllStringFunc(text, func(name string) string {
		return quoted(m.options.SymbolPrefix + name[1:])
	})
	text = strings.ReplaceAll(text, "define dso_local ", "define hidden ")
	text = strings.ReplaceAll(text, "declare dso_local ", "declare ")
	return fmt.Appendf(nil, "target datalayout = %q\ntarget triple = %q\n\n%s", m.options.Target.DataLayout, m.options.Target.Triple, text)
}
