package lower

import (
	"slices"

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
//
// In a module with tail calls its functions among themselves use LLVM's tailcc,
// by which a caller with few arguments on the stack can jump to a callee with
// many. What references and tables hold does so too, unless another module may
// call it; then it has the convention of C, and a tail call through it is a call.

// global0 is the index of the global that may travel in a register.
const global0 = 0

// canRegisterGlobal0 says whether nothing outside the module can see global 0,
// or call a function of the module by other ways than an export.
func (m *module) canRegisterGlobal0() bool {
	if !m.options.Global0InRegister || !m.usage.globalWritten || len(m.globals) == 0 {
		return false
	}
	g := &m.globals[global0]
	if g.imported || !g.known || !g.wasmType.Mutable || g.wasmType.Type != wasm.I32 || m.hasExport(wasm.ExternGlobal, global0) {
		return false
	}
	return m.isClosed()
}

// isClosed says whether nothing outside the module can call a function of it by
// other ways than an export.
func (m *module) isClosed() bool {
	for i := range m.tables {
		if m.tables[i].imported || m.hasExport(wasm.ExternTable, uint32(i)) {
			return false
		}
	}
	for i := range m.globals {
		shared := m.globals[i].imported || m.hasExport(wasm.ExternGlobal, uint32(i))
		if shared && m.givesFunctions([]wasm.ValueType{m.globals[i].wasmType.Type}) {
			return false
		}
	}
	for i := range m.functions {
		shared := m.functions[i].imported || m.hasExport(wasm.ExternFunc, uint32(i))
		if shared && (m.givesFunctions(m.functions[i].typ.Params) || m.givesFunctions(m.functions[i].typ.Results)) {
			return false
		}
	}
	return !m.throwsFunctions()
}

// throwsFunctions says whether exceptions that other modules throw or catch carry
// references to functions.
func (m *module) throwsFunctions() bool {
	for i := range m.Imports {
		if im := &m.Imports[i]; im.Kind == wasm.ExternTag && m.givesFunctions(m.Types[im.Type].Params) {
			return true
		}
	}
	imported := m.CountImports(wasm.ExternTag)
	for i := range m.Tags {
		if m.hasExport(wasm.ExternTag, uint32(imported+i)) && m.givesFunctions(m.Types[m.Tags[i].Type].Params) {
			return true
		}
	}
	return false
}

// givesFunctions says whether somebody who has values of these types has
// references to functions: a structure or an array may hold some.
func (m *module) givesFunctions(types []wasm.ValueType) bool {
	return slices.ContainsFunc(types, func(t wasm.ValueType) bool {
		switch {
		case !t.IsReference(), t.Nullable() == wasm.ExnRef, t.Nullable() == wasm.NullExnRef:
			return false
		default:
			return isFunctionReference(m.Module, t) || m.objectsHoldFunctions
		}
	})
}

func (m *module) hasExport(kind wasm.ExternKind, index uint32) bool {
	return len(m.exports[exported{kind, index}]) > 0
}

// convention is how a function is called; its zero value is that of C.
type convention struct {
	global0 bool // global 0 travels in a register
	tail    bool // tailcc
	buffer  bool // no parameter is on the stack
}

// conventionOf is how a function is called directly.
func (m *module) conventionOf(index uint32) convention {
	if m.functions[index].imported {
		return convention{}
	}
	return convention{m.registerGlobal0, m.tailFunctions, m.tailFunctions && m.exceptions}
}

// referenceConvention is how what references and tables hold is called.
func (m *module) referenceConvention() convention {
	return convention{m.registerGlobal0, m.tailReferences, m.tailReferences && m.exceptions}
}

// readGlobal0 returns global 0, where it travels in a register.
func (f *function) readGlobal0() value {
	if f.convention.global0 {
		return f.readLocal(f.global0Local())
	}
	r := f.define()
	f.put("load i32, ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
	return registerValue(wasm.I32, r)
}

// writeGlobal0 sets it.
func (f *function) writeGlobal0(v value) {
	if f.convention.global0 {
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
	if f.convention.global0 {
		v := f.readGlobal0()
		f.put("  store ").typed(v).put(", ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
	}
}

// loadGlobal0 takes the variable over after code outside the module has run.
func (f *function) loadGlobal0() {
	if f.convention.global0 {
		r := f.define()
		f.put("load i32, ptr ").put(f.variable(f.module.globals[global0].symbol, "i32")).line()
		f.writeGlobal0(registerValue(wasm.I32, r))
	}
}

// call writes a call of a reference, whose code target appends, and pushes its
// results.
func (f *function) call(t *wasm.FuncType, c convention, target func()) {
	f.callOf(t, c, f.handlerOf(f.module.referenceThrows), target)
}

// handlerOf returns where exceptions of a call go, or nil.
func (f *function) handlerOf(throws bool) *handler {
	if !throws {
		return nil
	}
	return f.handlerFrom(len(f.controls))
}

// callOf writes a call whose exceptions h takes, or the caller if h is nil.
func (f *function) callOf(t *wasm.FuncType, c convention, h *handler, target func()) {
	s := newSignature(t, c)
	arguments := f.takeArguments(&s)
	place := ""
	if s.inMemory {
		place = f.stackSlot(s.aggregate())
	}
	kind := "call "
	if h != nil {
		kind = "invoke "
	}
	register := f.writeCall(&s, kind, place, arguments, target)
	if h != nil {
		f.unwindTo(h)
	} else {
		f.locatedLine()
	}
	if !c.global0 {
		f.loadGlobal0()
	}
	results := f.takeResults(&s, register, place)
	if c.global0 {
		f.writeGlobal0(results[len(results)-1])
		results = results[:len(results)-1]
	}
	f.stack = append(f.stack, results...)
}

// takeArguments pops the arguments of a call.
func (f *function) takeArguments(s *signature) []value {
	arguments := f.top(s.operands)
	f.stack = f.stack[:len(f.stack)-len(arguments)]
	if s.global0 {
		arguments = append([]value{f.readGlobal0()}, arguments...)
	} else {
		f.storeGlobal0()
	}
	for n, k := range s.inBuffer {
		f.put("  store ").typed(arguments[k]).put(", ptr ").put(f.bufferSlot(n)).line()
	}
	for n, k := range s.inBuffer {
		arguments = slices.Delete(arguments, k-n, k-n+1)
	}
	return arguments
}

// writeCall writes a call and returns the register of its result. place is where
// results in memory go.
func (f *function) writeCall(s *signature, kind, place string, arguments []value, target func()) int {
	register := 0
	if s.resultType() != "void" {
		register = f.define()
	} else {
		f.put("  ")
	}
	f.put(kind).put(s.keyword()).put(s.resultType()).put(" ")
	target()
	f.put("(")
	if place != "" {
		f.put("ptr ").put(place)
	}
	for k, v := range arguments {
		if k > 0 || place != "" {
			f.put(", ")
		}
		f.typed(v)
	}
	f.put(")")
	return register
}

// takeResults takes the results of a call apart.
func (f *function) takeResults(s *signature, register int, place string) []value {
	if len(s.results) == 1 {
		return []value{registerValue(s.results[0], register)}
	}
	results := make([]value, len(s.results))
	for k, t := range s.members() {
		if s.inMemory {
			at := f.member(s, place, k)
			results[k] = registerValue(t, f.define())
			f.put("load ").put(llvmType(t)).put(", ptr ").register(at).line()
		} else {
			results[k] = registerValue(t, f.define())
			f.put("extractvalue ").put(s.aggregate()).put(" ").register(register).put(", ").number(uint64(k)).line()
		}
		results[k] = f.bitcast(results[k], s.results[k])
	}
	return results
}

// member is the address of a result in memory.
func (f *function) member(s *signature, place string, k int) int {
	at := f.define()
	f.put("getelementptr ").put(s.aggregate()).put(", ptr ").put(place).put(", i32 0, i32 ").number(uint64(k)).line()
	return at
}

// callFunction calls a function of the index space.
func (f *function) callFunction(index uint32) {
	name := f.useFunction(index)
	callee := &f.module.functions[index]
	f.callOf(callee.typ, f.module.conventionOf(index), f.handlerOf(callee.throws), func() { f.put(name) })
}

// returnCall writes a tail call. What is called by the convention of C is called
// before the function returns.
func (f *function) returnCall(t *wasm.FuncType, c convention, target func()) {
	if !c.tail {
		f.callOf(t, c, nil, target) // the frame is left before: no try is around it
		f.returnValues()
		return
	}
	s := newSignature(t, c)
	arguments := f.takeArguments(&s)
	place := ""
	if s.inMemory {
		place = resultsName
	}
	register := f.writeCall(&s, "musttail call ", place, arguments, target)
	f.locatedLine()
	f.put("  ret ").put(s.resultType())
	if s.resultType() != "void" {
		f.put(" ").register(register)
	}
	f.line()
	f.leave()
}

func lowerReturnCall(f *function, i *wasm.Instruction) { f.returnCallFunction(i.Index) }

// returnCallFunction is a tail call of a function by its index.
func (f *function) returnCallFunction(index uint32) {
	name := f.useFunction(index)
	f.returnCall(f.module.functions[index].typ, f.module.conventionOf(index), func() { f.put(name) })
}

// returnValues ends the function with the results on the operand stack.
func (f *function) returnValues() {
	results := f.top(len(f.typ.Results))
	if f.convention.global0 {
		results = append(results, f.readGlobal0())
	}
	switch s := newSignature(f.typ, f.convention); {
	case len(results) == 0:
		f.put("  ret void").line()
	case len(results) == 1:
		f.put("  ret ").typed(results[0]).line()
	case s.inMemory:
		f.returnInMemory(&s, results)
	default:
		f.returnStructure(&s, results)
	}
	f.leave()
}

func (f *function) returnInMemory(s *signature, results []value) {
	members := s.members()
	for k, v := range results {
		v = f.bitcast(v, members[k])
		at := f.member(s, resultsName, k)
		f.put("  store ").typed(v).put(", ptr ").register(at).line()
	}
	f.put("  ret void").line()
}

func (f *function) returnStructure(s *signature, results []value) {
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

// codeOf returns the name of a function's code as references and tables hold it.
// A function that is called in another way gets an adapter.
func (s *shard) codeOf(index uint32) string {
	if s.module.conventionOf(index) == s.module.referenceConvention() {
		return s.useFunction(index)
	}
	s.adapted[index] = true
	return s.quote(s.own(kindAdapter, index))
}

// defineAdapter writes a function that is called as references are, and calls a
// function that is not.
func (s *shard) defineAdapter(index uint32) {
	f := newFunction(s, s.module.functions[index].typ)
	f.throws = s.module.functions[index].throws
	f.setConvention(s.module.referenceConvention())
	f.pushParameters()
	f.callFunction(index)
	f.returnValues()
	s.header(s.own(kindAdapter, index), f)
	f.write()
}

// defineWrapper writes an export by the convention of C that calls a function.
func (s *shard) defineWrapper(symbol string, index uint32) {
	f := newFunction(s, s.module.functions[index].typ)
	f.throws = s.module.functions[index].throws
	f.noteStack()
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

// setConvention sets how f, whose locals are complete, is called.
func (f *function) setConvention(c convention) {
	f.convention = c
	if !c.global0 {
		return
	}
	f.locals = append(f.locals, wasm.I32)
	if !f.slots {
		f.writeLocal(f.global0Local(), value{kind: valueGlobal0, wasmType: wasm.I32})
	}
}
