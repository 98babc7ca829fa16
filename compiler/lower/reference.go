package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Reference instructions (4.4.2, 4.6.7 of 3.0) and calls through references.

func lowerRefNull(f *function, i *wasm.Instruction) { f.push(zero(i.Types[0])) }

func lowerRefIsNull(f *function, _ *wasm.Instruction) { f.pushCondition(f.isNull(f.pop())) }

func lowerRefFunc(f *function, i *wasm.Instruction) { f.push(f.module.functionReference(i.Index)) }

// functionReference is the value of ref.func.
func (m *module) functionReference(index uint32) value {
	t := wasm.ReferenceTo(m.functions[index].typeIndex).NonNull()
	return value{kind: valueFunction, wasmType: t, bits: uint64(index)}
}

// isNull compares a reference with null.
func (f *function) isNull(v value) int {
	r := f.define()
	f.put("icmp eq ptr ").value(v).put(", null").line()
	return r
}

// checkNull traps if v is null. What the types or the code show not to be null
// is not looked at.
func (f *function) checkNull(v value, code abi.TrapCode) {
	if v.wasmType.IsNullable() && v.kind != valueFunction {
		f.trapIf(f.isNull(v), code)
	}
}

func lowerRefAsNonNull(f *function, _ *wasm.Instruction) {
	v := f.pop()
	f.checkNull(v, abi.TrapNullReference)
	v.wasmType = v.wasmType.NonNull()
	f.push(v)
}

func lowerBrOnNull(f *function, i *wasm.Instruction) {
	v := f.pop()
	condition := value{kind: valueCondition, wasmType: wasm.I32, bits: uint64(f.isNull(v))}
	f.branchOn(i.Index, condition)
	v.wasmType = v.wasmType.NonNull()
	f.push(v)
}

func lowerBrOnNonNull(f *function, i *wasm.Instruction) {
	v := f.pop()
	r := f.define()
	f.put("icmp ne ptr ").value(v).put(", null").line()
	v.wasmType = v.wasmType.NonNull()
	f.push(v)
	f.branchOn(i.Index, value{kind: valueCondition, wasmType: wasm.I32, bits: uint64(r)})
	f.pop()
}

// branchOn branches to a label with the operands that it takes if the condition
// holds.
func (f *function) branchOn(depth uint32, condition value) {
	c := f.branchTarget(depth)
	arguments := f.top(len(c.labelTypes()))
	next := f.newBlock()
	f.branchIf(condition, c.target.label, next.label)
	f.addEdge(c.target, arguments)
	f.continueBlock(next)
}

// referencedCode loads the code that the reference on top of the stack leads to.
func (f *function) referencedCode() int {
	v := f.pop()
	f.checkNull(v, abi.TrapNullFunction)
	code := f.define()
	f.put("load ptr, ptr ").value(v).line()
	return code
}

func lowerCallRef(f *function, i *wasm.Instruction) {
	code := f.referencedCode()
	f.call(&f.module.Types[i.Index].FuncType, f.module.referenceConvention(), func() { f.register(code) })
}

func lowerReturnCallRef(f *function, i *wasm.Instruction) {
	code := f.referencedCode()
	f.returnCall(&f.module.Types[i.Index].FuncType, f.module.referenceConvention(), func() { f.register(code) })
}
