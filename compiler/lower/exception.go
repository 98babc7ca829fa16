package lower

import (
	"slices"
	"strconv"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// Exceptions (4.4.8, 4.6.14; and the legacy form of the proposal), by landing pads:
//
//	call in a try ── invoke ──▶ landing pad ──▶ dispatch: compares the tag
//	throw in a try ───────────────────────────▶    │ matches: the label or catch
//	throw elsewhere ── exception_throw             │ else: dispatch of the try around it,
//	                                               ▼       or exception_throw
//
// A call outside of a try, or of what cannot throw, is a call as in any module. See
// exception_runtime.go for exception_throw and for what an exception is.

// tagInfo is one tag of the index space. Its identity is the address of a variable.
type tagInfo struct {
	symbol   string
	params   []wasm.ValueType
	imported bool
}

func (m *module) addTags() {
	for i := range m.Imports {
		if im := &m.Imports[i]; im.Kind == wasm.ExternTag {
			m.tags = append(m.tags, tagInfo{ImportSymbol(im.Module, im.Name), m.Types[im.Type].Params, true})
		}
	}
	for i := range m.Tags {
		m.tags = append(m.tags, tagInfo{m.own("x", len(m.tags)), m.Types[m.Tags[i].Type].Params, false})
	}
}

// handler is where exceptions of a try go.
type handler struct {
	pad      *block // the landing pad of calls
	dispatch *block // takes the exception
}

func (f *function) newHandler() *handler {
	f.padded = true
	return &handler{f.newBlock(), f.newBlock()}
}

// handlerFrom returns the handler of the innermost try among the first n open
// blocks, or nil. Catch clauses are not inside their own try.
func (f *function) handlerFrom(n int) *handler {
	for k := n - 1; k >= 0; k-- {
		if h := f.controls[k].handler; h != nil {
			return h
		}
	}
	return nil
}

// unwindTo ends an invoke, whose exceptions h takes, and goes on behind it.
func (f *function) unwindTo(h *handler) {
	next := f.newBlock()
	f.put(" to ").labelName(next.label).put(" unwind ").labelName(h.pad.label).locatedLine()
	f.addEdge(h.pad, nil)
	f.continueBlock(next)
}

// enterHandler begins the dispatch of a handler, whose edges are all known, and
// returns the exception. ok is false if nothing leads there.
func (f *function) enterHandler(h *handler) (exception value, ok bool) {
	if len(h.pad.edges) > 0 {
		h.pad.sealed = true
		f.enter(h.pad)
		pad := f.define()
		f.put("landingpad { ptr, i32 } catch ptr null").line()
		r := f.define()
		f.put("extractvalue { ptr, i32 } ").register(pad).put(", 0").line()
		f.loadGlobal0()
		f.jump(h.dispatch, []value{registerValue(wasm.ExnRef, r)})
	}
	if len(h.dispatch.edges) == 0 {
		return value{}, false
	}
	return f.join(h.dispatch, []wasm.ValueType{wasm.ExnRef})[0], true
}

// declareThrow declares exception_throw.
const declareThrow = "declare hidden void %s(ptr) noreturn"

// throwTo ends the current block with an exception that the handler h takes, or the
// caller if h is nil.
func (f *function) throwTo(h *handler, exception value) {
	if h != nil {
		f.jump(h.dispatch, []value{exception})
		return
	}
	f.storeGlobal0()
	name := f.use(f.module.options.SymbolPrefix+symbolThrow, declareThrow)
	f.put("  call void ").put(name).put("(").typed(exception).put(") ").put(attributesThrow).locatedLine()
	f.put("  unreachable").line()
	f.leave()
}

// throwHere throws at the place of the current instruction.
func (f *function) throwHere(exception value) {
	f.throwTo(f.handlerFrom(len(f.controls)), exception)
}

func lowerThrow(f *function, i *wasm.Instruction) {
	t := &f.module.tags[i.Index]
	values := f.top(len(t.params))
	name := f.use(f.module.options.SymbolPrefix+symbolNew, "declare hidden ptr %s(ptr) nounwind")
	r := f.define()
	f.put("call ptr ").put(name).put("(ptr ").put(f.tag(i.Index)).put(")").locatedLine()
	offsets, _ := exceptionLayout(t.params)
	for k, v := range values {
		at := f.define()
		f.put("getelementptr i8, ptr ").register(r).put(", i64 ").number(uint64(offsets[k])).line()
		f.put("  store ").typed(v).put(", ptr ").register(at).line()
	}
	f.throwHere(registerValue(wasm.ExnRef, r))
}

// tag returns the name of a tag's variable. Two imports may be one tag, while LLVM
// takes different variables for different, but not if they may be empty.
func (f *function) tag(index uint32) string {
	t := &f.module.tags[index]
	if t.imported {
		return f.variable(t.symbol, "[0 x i64]")
	}
	return f.variable(t.symbol, "i64")
}

func lowerThrowRef(f *function, _ *wasm.Instruction) {
	v := f.pop()
	null := f.define()
	f.put("icmp eq ptr ").value(v).put(", null").line()
	f.trapIf(null, abi.TrapNullReference)
	f.throwHere(v)
}

// payload loads the values of an exception with a tag.
func (f *function) payload(exception value, tag uint32) []value {
	t := &f.module.tags[tag]
	offsets, _ := exceptionLayout(t.params)
	values := make([]value, len(t.params))
	for k, p := range t.params {
		at := f.define()
		f.put("getelementptr i8, ptr ").value(exception).put(", i64 ").number(uint64(offsets[k])).line()
		values[k] = registerValue(p, f.define())
		f.put("load ").put(llvmType(p)).put(", ptr ").register(at).line()
	}
	return values
}

// ifTag begins a block for exceptions with a tag, and returns the one, not yet
// entered, for others.
func (f *function) ifTag(exception value, tag uint32) *block {
	have := f.define()
	f.put("load ptr, ptr ").value(exception).line()
	same := f.define()
	f.put("icmp eq ptr ").register(have).put(", ").put(f.tag(tag)).line()
	match, other := f.newBlock(), f.newBlock()
	f.branchIf(value{kind: valueCondition, bits: uint64(same)}, match.label, other.label)
	f.addEdge(other, nil)
	other.sealed = true
	f.continueBlock(match)
	return other
}

func lowerTryTable(f *function, i *wasm.Instruction) {
	params, results := f.blockType(i.Block)
	f.open(control{
		target: f.newBlock(), params: params, results: results, handler: f.newHandler(), clauses: slices.Clone(i.Catches),
	})
}

// endTry ends the body of a try that has no catch but in its table; what it does not
// catch goes to the handler around it.
func (f *function) endTry(c *control, outer *handler) {
	if f.block != nil {
		f.jump(c.target, f.top(len(c.results)))
	}
	f.stack = f.stack[:c.height]
	exception, ok := f.enterHandler(c.handler)
	if !ok {
		return
	}
	for _, clause := range c.clauses {
		var other *block
		var values []value
		if clause.Kind.HasTag() {
			other = f.ifTag(exception, clause.Tag)
			values = f.payload(exception, clause.Tag)
		}
		if clause.Kind.HasReference() {
			values = append(values, exception)
		}
		f.jump(f.branchTarget(clause.Label).target, values)
		if other == nil {
			return
		}
		f.enter(other)
	}
	f.throwTo(outer, exception)
}

// The legacy form: try, body, then either catch clauses or delegate.

func lowerTry(f *function, i *wasm.Instruction) {
	params, results := f.blockType(i.Block)
	f.open(control{target: f.newBlock(), params: params, results: results, handler: f.newHandler()})
}

// catchClause begins a catch or catch_all of the innermost try. What is before it
// may have ended with a branch.
func (f *function) catchClause(i *wasm.Instruction) {
	c := &f.controls[len(f.controls)-1]
	if f.block != nil {
		f.jump(c.target, f.top(len(c.results)))
	}
	f.stack = f.stack[:c.height]
	reachable := false
	if c.handler != nil {
		h := c.handler
		c.handler = nil
		c.caught, reachable = f.enterHandler(h)
	} else if c.uncaught != nil {
		f.enter(c.uncaught)
		c.uncaught, reachable = nil, true
	}
	if !reachable || i.Opcode == wasm.OpCatchAll {
		return
	}
	c.uncaught = f.ifTag(c.caught, i.Index)
	f.stack = append(f.stack, f.payload(c.caught, i.Index)...)
}

func lowerCatch(f *function, i *wasm.Instruction) { f.catchClause(i) }

// endCatches ends the last catch of a try.
func (f *function) endCatches(c *control, outer *handler) {
	if f.block != nil {
		f.jump(c.target, f.top(len(c.results)))
	}
	f.enter(c.uncaught)
	f.throwTo(outer, c.caught)
}

func lowerDelegate(f *function, i *wasm.Instruction) { f.delegate(i) }

// delegate ends a try whose exceptions go where those at a label go.
func (f *function) delegate(i *wasm.Instruction) {
	c := f.controls[len(f.controls)-1]
	f.controls = f.controls[:len(f.controls)-1]
	f.endTry(&c, f.handlerFrom(len(f.controls)-int(i.Index)))
	f.endTarget(&c)
}

func lowerRethrow(f *function, i *wasm.Instruction) { f.throwHere(f.branchTarget(i.Index).caught) }

// noteStack notes where an entry of the module was called from, as far as
// exceptions on the stack matter; a higher place stays.
func (f *function) noteStack() {
	if !f.module.keeps {
		return
	}
	record := f.variable(f.module.options.SymbolPrefix+object.SymbolExceptions, exceptionRecord)
	at := f.define()
	f.put("getelementptr i8, ptr ").put(record).put(", i64 " + strconv.Itoa(recordStack)).line()
	old := f.define()
	f.put("load ptr, ptr ").register(at).line()
	now := f.define()
	f.put("call ptr @llvm.addressofreturnaddress.p0()").line()
	higher := f.define()
	f.put("icmp ugt ptr ").register(now).put(", ").register(old).line()
	top := f.define()
	f.put("select i1 ").register(higher).put(", ptr ").register(now).put(", ptr ").register(old).line()
	f.put("  store ptr ").register(top).put(", ptr ").register(at).line()
}
