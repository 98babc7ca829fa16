package text

import "mewz/compiler/wasm"

// folded reads an instruction in parentheses (6.5.11), with its operands in it.
func (m *module) folded() {
	if m.body.depth++; m.body.depth > maxFoldedDepth {
		m.fail(m.peek(0), "instructions nested deeper than %d", maxFoldedDepth)
		return
	}
	open, t := m.next(), m.next()
	o, ok := instructions()[string(m.text(t))]
	switch {
	case t.Kind != Keyword || !ok:
		m.unexpected(t, "an instruction")
	case o.opcode == wasm.OpIf:
		m.foldedIf(o)
	case o.opcode == wasm.OpTry:
		m.foldedTry(o)
	case isStructured(o.opcode):
		m.begin(o)
		m.instructions()
		m.finish()
	case o.opcode == wasm.OpEnd || o.opcode == wasm.OpElse || o.opcode == wasm.OpCatch || o.opcode == wasm.OpCatchAll || o.opcode == wasm.OpDelegate:
		m.fail(open, "unexpected token (%s: it stands in no parentheses, or belongs to no block", m.text(t))
	default:
		m.foldedOperation(t, o)
	}
	m.close("an instruction in parentheses, or the end of this one")
	m.body.depth--
}

// foldedOperation reads an instruction that is no block: its operands come
// behind it and are written before it.
func (m *module) foldedOperation(t Token, o operation) {
	start := len(m.body.out)
	m.operation(t, o)
	if m.peek(0).Kind != Open {
		return
	}
	operation := append([]byte(nil), m.body.out[start:]...)
	m.body.out = m.body.out[:start]
	for m.err == nil && m.peek(0).Kind == Open {
		m.folded()
	}
	m.body.out = append(m.body.out, operation...)
}

// finish writes the end of a block.
func (m *module) finish() {
	m.body.out = append(m.body.out, byte(wasm.OpEnd))
	m.body.pop()
}

// foldedIf reads (if label type condition* (then ...) (else ...)?).
func (m *module) foldedIf(o operation) {
	start := len(m.body.out)
	m.begin(o)
	own := m.body.pop()
	beginning := append([]byte(nil), m.body.out[start:]...)
	m.body.out = m.body.out[:start]
	for m.err == nil && m.peek(0).Kind == Open && !m.opens("then") {
		m.folded()
	}
	m.body.push(own)
	m.body.out = append(m.body.out, beginning...)
	if !m.enter("then") {
		m.unexpected(m.next(), "(then ...)")
		return
	}
	m.instructions()
	m.close("an instruction, or the end of (then ...)")
	if m.enter("else") {
		m.body.out = append(m.body.out, byte(wasm.OpElse))
		m.instructions()
		m.close("an instruction, or the end of (else ...)")
	}
	m.finish()
}

// foldedTry reads (try label type (do ...) (catch x ...)* (catch_all ...)?), or
// with (delegate l) at the end.
func (m *module) foldedTry(o operation) {
	m.begin(o)
	if !m.enter("do") {
		m.unexpected(m.next(), "(do ...)")
		return
	}
	m.instructions()
	m.close("an instruction, or the end of (do ...)")
	if m.enter("delegate") {
		m.continueBlock(wasm.OpDelegate)
		m.close("the end of (delegate ...)")
		return
	}
	for m.enter("catch") {
		m.body.out = appendUint(append(m.body.out, byte(wasm.OpCatch)), uint64(m.index(&m.tags)))
		m.instructions()
		m.close("an instruction, or the end of (catch ...)")
	}
	if m.enter("catch_all") {
		m.body.out = append(m.body.out, byte(wasm.OpCatchAll))
		m.instructions()
		m.close("an instruction, or the end of (catch_all ...)")
	}
	m.finish()
}
