package lower

import (
	"slices"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

// Calling conventions. Imports, exports and the entries of the contract have
// that of C. Functions of the module among themselves may have another: global 0
// as additional first parameter and last result, so that it stays in a
// register. It is the stack pointer of programs made by clang, rustc and Go,
// changed in nearly every function.
//
//	caller outside ── C ──▶ export: loads the variable ── internal ──▶ function
//	function ── internal ──▶ function
//	function: stores the variable ── C ──▶ import; loads the variable
//
// So the variable is right whenever code outside the module runs.

// global0 is the index of the global that may travel in a register.
const global0 = 0

// canRegisterGlobal0 says whether nothing outside the module can see global 0
// or call a function of the module by other ways than an export.
func (m *module) canRegisterGlobal0() bool {
	if !m.options.Global0InRegister || !m.usage.globalWritten || len(m.globals) == 0 {
		return false
	}
	g := &m.globals[global0]
	if g.imported || !g.known || !g.wasmType.Mutable || g.wasmType.Type != wasm.I32 || m.hasExport(wasm.ExternGlobal, global0) {
		return false
	}
	for i := range m.tables {
		if m.tables[i].imported || m.hasExport(wasm.ExternTable, uint32(i)) {
			return false
		}
	}
	for i := range m.globals {
		shared := m.globals[i].imported || m.hasExport(wasm.ExternGlobal, uint32(i))
		if shared && m.globals[i].wasmType.Type == wasm.FuncRef {
			return false
		}
	}
	for i := range m.functions {
		shared := m.functions[i].imported || m.hasExport(wasm.ExternFunc, uint32(i))
		if shared && strings.Contains(TypeLetters(m.functions[i].typ.Params)+TypeLetters(m.functions[i].typ.Results), "r") {
			return false
		}
	}
	return true
}

func (m *module) hasExport(kind wasm.ExternKind, index uint32) bool {
	return len(m.exports[exported{kind, index}]) > 0
}

// isInternal says whether a function is called by the internal convention.
func (m *module) isInternal(index uint32) bool {
	return m.registerGlobal0 && !m.functions[index].imported
}

// signature is how a function is called.
type signature struct {
	params, results []wasm.ValueType // with global 0, if internal the first and the last
	internal        bool
}

func newSignature(t *wasm.FuncType, internal bool) signature {
	s := signature{t.Params, t.Results, internal}
	if internal {
		s.params = append([]wasm.ValueType{wasm.I32}, t.Params...)
		s.results = append(append([]wasm.ValueType(nil), t.Results...), wasm.I32)
	}
	return s
}

// floatRegisters is how many floats LLVM returns in xmm registers. It returns a
// third one on the x87 stack, which makes signalling NaNs quiet.
const floatRegisters = 2

// members are the types of the structure in which several results are returned:
// their own, but integers of the same size in place of floats when there are
// too many of these. Vectors take the same registers, and two more.
func (s *signature) members() []wasm.ValueType {
	used := 0
	for _, r := range s.results {
		if r == wasm.F32 || r == wasm.F64 || r == wasm.V128 {
			used++
		}
	}
	if used <= floatRegisters {
		return s.results
	}
	members := slices.Clone(s.results)
	for k, r := range members {
		switch r {
		case wasm.F32:
			members[k] = wasm.I32
		case wasm.F64:
			members[k] = wasm.I64
		}
	}
	return members
}

// resultType is the LLVM type of the results: a structure if there are several.
func (s *signature) resultType() string {
	switch len(s.results) {
	case 0:
		return "void"
	case 1:
		return llvmType(s.results[0])
	}
	names := make([]string, len(s.results))
	for k, r := range s.members() {
		names[k] = llvmType(r)
	}
	return "{ " + strings.Join(names, ", ") + " }"
}

// parameterTypes is the list of the types of the parameters.
func (s *signature) parameterTypes() string {
	names := make([]string, len(s.params))
	for k, p := range s.params {
		names[k] = llvmType(p)
	}
	return strings.Join(names, ", ")
}

// parameterNames is the list of the parameters of a definition: %p0, %p1 are
// those of the wasm function, %g is global 0.
func (s *signature) parameterNames() string {
	var b strings.Builder
	for k, p := range s.params {
		if k > 0 {
			b.WriteString(", ")
		}
		b.WriteString(llvmType(p))
		number := k
		if s.internal {
			number--
		}
		if number < 0 {
			b.WriteString(" %g")
		} else {
			b.WriteString(" %p")
			b.WriteString(strconv.Itoa(number))
		}
	}
	return b.String()
}

// readGlobal0 returns global 0, where it travels in a register.
func (f *function) readGlobal0() value {
	if f.internal {
		return f.readLocal(f.global0Local())
	}
	r := f.define()
	f.put("load i32, ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
	return registerValue(wasm.I32, r)
}

// writeGlobal0 sets it.
func (f *function) writeGlobal0(v value) {
	if f.internal {
		f.writeLocal(f.global0Local(), v)
		return
	}
	f.put("  store ").typed(v).put(", ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
}

// global0Local is the local that stands for global 0 in an internal function:
// the last.
func (f *function) global0Local() uint32 { return uint32(len(f.locals) - 1) }

// storeGlobal0 makes the variable right before code outside the module runs.
func (f *function) storeGlobal0() {
	if f.internal {
		v := f.readGlobal0()
		f.put("  store ").typed(v).put(", ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
	}
}

// loadGlobal0 takes the variable over after code outside the module has run.
func (f *function) loadGlobal0() {
	if f.internal {
		r := f.define()
		f.put("load i32, ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
		f.writeGlobal0(registerValue(wasm.I32, r))
	}
}

// call writes a call whose callee target appends, and pushes its results.
func (f *function) call(t *wasm.FuncType, internal bool, target func()) {
	arguments := f.top(len(t.Params))
	f.stack = f.stack[:len(f.stack)-len(arguments)]
	s := newSignature(t, internal)
	if internal {
		arguments = append([]value{f.readGlobal0()}, arguments...)
	} else {
		f.storeGlobal0()
	}
	register := 0
	if len(s.results) > 0 {
		register = f.define()
	} else {
		f.put("  ")
	}
	aggregate := s.resultType()
	f.put("call ").put(aggregate).put(" ")
	target()
	f.put("(")
	for k, v := range arguments {
		if k > 0 {
			f.put(", ")
		}
		f.typed(v)
	}
	f.put(")")
	f.locatedLine()
	if !internal {
		f.loadGlobal0()
	}
	results := f.takeResults(&s, aggregate, register)
	if internal {
		f.writeGlobal0(results[len(results)-1])
		results = results[:len(results)-1]
	}
	f.stack = append(f.stack, results...)
}

// takeResults takes the results of a call apart.
func (f *function) takeResults(s *signature, aggregate string, register int) []value {
	if len(s.results) == 1 {
		return []value{registerValue(s.results[0], register)}
	}
	results := make([]value, len(s.results))
	for k, t := range s.members() {
		results[k] = registerValue(t, f.define())
		f.put("extractvalue ").put(aggregate).put(" ").register(register).put(", ").number(uint64(k)).line()
		results[k] = f.bitcast(results[k], s.results[k])
	}
	return results
}

// callFunction calls a function of the index space.
func (f *function) callFunction(index uint32) {
	name := f.useFunction(index)
	f.call(f.module.functions[index].typ, f.module.isInternal(index), func() { f.put(name) })
}

// returnValues ends the function with the results on the operand stack.
func (f *function) returnValues() {
	results := f.top(len(f.typ.Results))
	if f.internal {
		results = append(results, f.readGlobal0())
	}
	switch len(results) {
	case 0:
		f.put("  ret void").line()
	case 1:
		f.put("  ret ").typed(results[0]).line()
	default:
		f.returnStructure(results)
	}
	f.leave()
}

func (f *function) returnStructure(results []value) {
	s := newSignature(f.typ, f.internal)
	aggregate := s.resultType()
	previous, members := 0, s.members()
	for k, v := range results {
		v = f.bitcast(v, members[k])
		r := f.define()
		f.put("insertvalue ").put(aggregate).put(" ")
		if k == 0 {
			f.put("poison")
		} else {
			f.register(previous)
		}
		f.put(", ").typed(v).put(", ").number(uint64(k)).line()
		previous = r
	}
	f.put("  ret ").put(aggregate).put(" ").register(previous).line()
}

// bitcast gives the bits of v the type to, of the same size.
func (f *function) bitcast(v value, to wasm.ValueType) value {
	if v.wasmType == to {
		return v
	}
	r := f.define()
	f.put("bitcast ").typed(v).put(" to ").put(llvmType(to)).line()
	return registerValue(to, r)
}

// codeOf returns the name of a function's code as tables hold it: by the
// convention that call_indirect uses. An import gets an adapter.
func (s *shard) codeOf(index uint32) string {
	if !s.module.registerGlobal0 || !s.module.functions[index].imported {
		return s.useFunction(index)
	}
	s.adapted[index] = true
	return s.quote(s.module.own("i", int(index)))
}

// defineAdapter writes a function of the internal convention that calls an
// import.
func (s *shard) defineAdapter(index uint32) {
	t := s.module.functions[index].typ
	f := newFunction(s, t)
	f.makeInternal()
	f.pushParameters()
	f.callFunction(index)
	f.returnValues()
	s.header(s.module.own("i", int(index)), f)
	f.write()
}

// defineWrapper writes an export by the convention of C that calls a function.
func (s *shard) defineWrapper(symbol string, index uint32) {
	f := newFunction(s, s.module.functions[index].typ)
	f.pushParameters()
	f.callFunction(index)
	f.returnValues()
	s.entry(symbol, f)
}

func (f *function) pushParameters() {
	for k, p := range f.typ.Params {
		f.push(value{kind: valueParameter, wasmType: p, bits: uint64(k)})
	}
}

// makeInternal gives f, whose locals are complete, the internal convention.
func (f *function) makeInternal() {
	f.internal = true
	f.locals = append(f.locals, wasm.I32)
	if !f.slots {
		f.writeLocal(f.global0Local(), value{kind: valueGlobal0, wasmType: wasm.I32})
	}
}
