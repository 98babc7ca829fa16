package lower

import "mewz/compiler/wasm"

// Reference instructions (4.4.2).

func lowerRefNull(f *function, i *wasm.Instruction) { f.push(zero(i.Types[0])) }

func lowerRefIsNull(f *function, _ *wasm.Instruction) {
	v := f.pop()
	r := f.define()
	f.put("icmp eq ptr ").value(v).put(", null").line()
	f.pushCondition(r)
}

func lowerRefFunc(f *function, i *wasm.Instruction) {
	f.push(value{kind: valueFunction, wasmType: wasm.FuncRef, bits: uint64(i.Index)})
}
