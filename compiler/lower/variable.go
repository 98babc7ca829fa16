package lower

import "mewz/compiler/wasm"

// Variable instructions (4.4.5).

func lowerLocalGet(f *function, i *wasm.Instruction) { f.push(f.readLocal(i.Index)) }

func lowerLocalSet(f *function, i *wasm.Instruction) {
	f.writeLocal(i.Index, f.popSum(i.Index))
}

func lowerLocalTee(f *function, i *wasm.Instruction) {
	v := f.popSum(i.Index)
	f.writeLocal(i.Index, v)
	f.push(v)
}

func lowerGlobalGet(f *function, i *wasm.Instruction) {
	if f.module.registerGlobal0 && i.Index == global0 {
		f.push(f.readGlobal0())
		return
	}
	g := &f.module.globals[i.Index]
	if g.known && !g.wasmType.Mutable {
		f.push(g.initial)
		return
	}
	name := f.variable(g.symbol, llvmType(g.wasmType.Type))
	r := f.define()
	f.put("load ").put(g.access()).put(llvmType(g.wasmType.Type)).put(", ptr ").put(name).line()
	f.pushRegister(g.wasmType.Type, r)
}

func lowerGlobalSet(f *function, i *wasm.Instruction) {
	v := f.pop()
	if f.module.registerGlobal0 && i.Index == global0 {
		f.writeGlobal0(v)
		return
	}
	g := &f.module.globals[i.Index]
	name := f.variable(g.symbol, llvmType(g.wasmType.Type))
	f.put("  store ").put(g.access()).typed(v).put(", ptr ").put(name).line()
}

// access is how loads and stores of the global are marked. Two imports may be one
// global, while LLVM takes different variables for different.
func (g *globalInfo) access() string {
	if g.aliased {
		return "volatile "
	}
	return ""
}
