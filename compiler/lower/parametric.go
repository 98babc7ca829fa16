package lower

import "mewz/compiler/wasm"

// Parametric instructions (4.4.4).

func lowerDrop(f *function, _ *wasm.Instruction) { f.stack = f.stack[:len(f.stack)-1] }

func lowerSelect(f *function, _ *wasm.Instruction) {
	condition := f.popCondition()
	second := f.pop()
	first := f.pop()
	r := f.define()
	f.put("select i1 ").value(condition).put(", ").typed(first).put(", ").typed(second).line()
	f.pushRegister(first.wasmType, r)
}
