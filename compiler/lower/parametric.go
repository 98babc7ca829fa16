package lower

import "mewz/compiler/wasm"

// Parametric instructions (4.4.4).

func lowerDrop(f *function, _ *wasm.Instruction) { f.stack = f.stack[:len(f.stack)-1] }

func lowerSelect(f *function, i *wasm.Instruction) {
	condition := f.popCondition()
	second := f.pop()
	first := f.pop()
	r := f.define()
	f.put("select i1 ").value(condition).put(", ").typed(first).put(", ").typed(second).line()
	t := first.wasmType
	if len(i.Types) > 0 {
		t = i.Types[0] // each operand may be of a subtype of its own
	}
	f.pushRegister(t, r)
}
