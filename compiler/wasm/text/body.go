package text

import (
	"bytes"

	"mewz/compiler/wasm"
)

// maxFoldedDepth bounds instructions in parentheses inside each other: the
// parser calls itself for each. Compilers' output has some hundred.
const maxFoldedDepth = 10_000

// label is an open structured instruction.
type label struct {
	name   string // empty: none
	opcode wasm.Opcode
}

// body is the state of reading the instructions of one function or constant
// expression.
type body struct {
	out    []byte
	locals space
	labels []label
	places map[string][]int // of the labels of a name in labels, the innermost last
	depth  int              // of parentheses
	blocks uint32
	shown  []named // names of labels
}

// newBody is the state at the beginning. It takes the memory of out.
func newBody(out []byte) body {
	return body{out: out[:0], locals: space{word: "local", full: "local"}}
}

// pop closes the innermost structured instruction and returns it.
func (b *body) pop() label {
	top := len(b.labels) - 1
	l := b.labels[top]
	b.labels = b.labels[:top]
	if l.name != "" {
		b.places[l.name] = b.places[l.name][:len(b.places[l.name])-1]
	}
	return l
}

// push opens a structured instruction.
func (b *body) push(l label) {
	if l.name != "" {
		if b.places == nil {
			b.places = map[string][]int{}
		}
		b.places[l.name] = append(b.places[l.name], len(b.labels))
	}
	b.labels = append(b.labels, l)
}

// readFunction reads a function behind its keyword.
func (m *module) readFunction() {
	index := take(&m.taken.function)
	if m.header(&m.functions, wasm.ExternFunc, index) {
		m.readImportType(wasm.ExternFunc, index)
		return
	}
	typeIndex, f := m.typeUse(true)
	m.defined.count++
	m.defined.bytes = appendUint(m.defined.bytes, uint64(typeIndex))
	m.body = newBody(m.body.out)
	for _, p := range f.names {
		m.body.locals.count = p.index
		m.declare(&m.body.locals, p.id, true)
		m.body.locals.shown = append(m.body.locals.shown, named{p.index, p.shown})
	}
	m.body.locals.count = f.params.count
	m.readLocals()
	m.instructions()
	m.body.out = append(m.body.out, byte(wasm.OpEnd))
	m.codes.count++
	m.codes.bytes = appendString(m.codes.bytes, m.body.out)
	if len(m.body.locals.shown) > 0 {
		m.localNames = append(m.localNames, functionNames{index, m.body.locals.shown})
	}
	if len(m.body.shown) > 0 {
		m.labelNames = append(m.labelNames, functionNames{index, m.body.shown})
	}
}

// readLocals reads (local ...)* and writes them as groups of one type.
func (m *module) readLocals() {
	type group struct {
		count uint32
		kind  []byte
	}
	var groups []group
	add := func(name Token) {
		if index := m.declare(&m.body.locals, name, true); name.Kind == ID {
			m.show(&m.body.locals, index, name, true)
		}
		t := m.valueType(nil)
		if n := len(groups); n > 0 && bytes.Equal(groups[n-1].kind, t) {
			groups[n-1].count++
			return
		}
		groups = append(groups, group{1, t})
	}
	for m.enter("local") {
		if id, ok := m.identifier(); ok {
			add(id)
			m.close("the end of a named local")
			continue
		}
		for m.hasValueType() {
			add(Token{})
		}
		m.close("a value type")
	}
	m.body.out = appendUint(m.body.out, uint64(len(groups)))
	for _, g := range groups {
		m.body.out = append(appendUint(m.body.out, uint64(g.count)), g.kind...)
	}
}

// expression reads instructions as a constant expression and appends it.
func (m *module) expression(b []byte) []byte {
	return m.constant(b, m.instructions)
}

// foldedExpression is expression for one instruction in parentheses.
func (m *module) foldedExpression(b []byte) []byte {
	return m.constant(b, func() {
		if m.peek(0).Kind != Open {
			m.unexpected(m.next(), "an instruction in parentheses")
			return
		}
		m.folded()
	})
}

func (m *module) constant(b []byte, read func()) []byte {
	m.body = newBody(m.body.out)
	read()
	b = append(b, m.body.out...)
	return append(b, byte(wasm.OpEnd))
}

// instructions reads instructions up to what none begins with. Blocks without
// parentheses end before that.
func (m *module) instructions() {
	base := len(m.body.labels)
	for m.err == nil {
		t := m.peek(0)
		switch {
		case t.Kind == Open:
			m.folded()
			continue
		case t.Kind == Keyword:
			m.at++
			m.plain(t, base)
			continue
		case len(m.body.labels) > base:
			m.unexpected(t, "an instruction, or end")
		case t.Kind != Close && t.Kind != EOF:
			m.unexpected(t, "an instruction")
		}
		return
	}
}

// plain reads an instruction that is in no parentheses, behind its name. Blocks
// up to base are not its to end.
func (m *module) plain(t Token, base int) {
	top := len(m.body.labels) - 1
	word := string(m.text(t))
	o, ok := instructions()[word]
	switch {
	case !ok:
		m.unexpected(t, "an instruction")
	case isStructured(o.opcode):
		m.begin(o)
	case o.opcode == wasm.OpEnd || o.opcode == wasm.OpElse || o.opcode == wasm.OpCatch || o.opcode == wasm.OpCatchAll || o.opcode == wasm.OpDelegate:
		if top < base || !continues(m.body.labels[top].opcode, o.opcode) {
			m.fail(t, "unexpected token %s: there is no block here that it belongs to", word)
			return
		}
		m.continueBlock(o.opcode)
	default:
		m.operation(t, o)
	}
}

// isStructured says whether an instruction has others in it.
func isStructured(o wasm.Opcode) bool {
	switch o {
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTry, wasm.OpTryTable:
		return true
	default:
		return false
	}
}

// continues says whether a block, or its part that was begun last, can go on
// with next.
func continues(open, next wasm.Opcode) bool {
	switch next {
	case wasm.OpElse:
		return open == wasm.OpIf
	case wasm.OpCatch, wasm.OpCatchAll:
		return open == wasm.OpTry || open == wasm.OpCatch
	case wasm.OpDelegate:
		return open == wasm.OpTry
	default:
		return true // end
	}
}

// continueBlock ends the innermost block, or begins its next part.
func (m *module) continueBlock(o wasm.Opcode) {
	top := len(m.body.labels) - 1
	if o == wasm.OpDelegate {
		m.body.pop()
		m.body.out = append(m.body.out, byte(o))
		m.body.out = appendUint(m.body.out, uint64(m.labelIndex()))
		return
	}
	m.body.out = append(m.body.out, byte(o))
	switch o {
	case wasm.OpCatch:
		m.body.out = appendUint(m.body.out, uint64(m.index(&m.tags)))
	default:
		if id, ok := m.identifier(); ok && m.name(id) != m.body.labels[top].name {
			m.fail(id, "mismatching label %s", m.text(id))
		}
	}
	if o == wasm.OpEnd {
		m.body.pop()
		return
	}
	m.body.labels[top].opcode = o
}

// begin reads the label and the type of a block.
func (m *module) begin(o operation) {
	m.push(o)
	m.body.out = append(m.body.out, byte(o.opcode))
	m.blockType()
	if o.opcode == wasm.OpTryTable {
		m.catches()
	}
}

// push opens a block with the label that follows, or none.
func (m *module) push(o operation) {
	l := label{opcode: o.opcode}
	if id, ok := m.identifier(); ok {
		l.name = m.name(id)
		m.body.shown = append(m.body.shown, named{m.body.blocks, l.name})
	}
	m.body.blocks++
	m.body.push(l)
	if len(m.body.labels) > wasm.MaxControlDepth {
		m.fail(m.peek(0), "blocks nested deeper than %d", wasm.MaxControlDepth)
	}
}

// blockType reads the type of a block (5.4.1).
func (m *module) blockType() {
	if m.opens("type") {
		index, _ := m.typeUse(false)
		m.body.out = appendInt(m.body.out, int64(index))
		return
	}
	f := m.functionType(false)
	switch {
	case f.isEmpty():
		m.body.out = append(m.body.out, byteNoType)
	case f.params.count == 0 && f.results.count == 1:
		m.body.out = append(m.body.out, f.results.bytes...)
	default:
		m.body.out = appendInt(m.body.out, int64(m.typeOf(&f)))
	}
}

// catchKinds are the clauses of try_table and their bytes (5.4.2).
var catchKinds = [...]struct {
	word   string
	hasTag bool
}{{"catch", true}, {"catch_ref", true}, {"catch_all", false}, {"catch_all_ref", false}}

// catches reads the clauses of try_table. Its own label does not exist in them.
func (m *module) catches() {
	own := m.body.pop()
	var s section
	for m.err == nil {
		found := false
		for kind, c := range catchKinds {
			if !m.enter(c.word) {
				continue
			}
			found = true
			s.count++
			s.bytes = append(s.bytes, byte(kind))
			if c.hasTag {
				s.bytes = appendUint(s.bytes, uint64(m.index(&m.tags)))
			}
			s.bytes = appendUint(s.bytes, uint64(m.labelIndex()))
			m.close("the end of a catch clause")
		}
		if !found {
			break
		}
	}
	m.body.push(own)
	m.body.out = append(appendUint(m.body.out, uint64(s.count)), s.bytes...)
}

// labelIndex reads a label: a number, or the name of a block around.
func (m *module) labelIndex() uint32 {
	t := m.peek(0)
	if t.Kind != ID {
		return m.index(&space{word: "label", full: "label"})
	}
	m.at++
	name := m.name(t)
	if places := m.body.places[name]; len(places) > 0 {
		return uint32(len(m.body.labels) - 1 - places[len(places)-1])
	}
	m.fail(t, "unknown label $%s", name)
	return 0
}
