package text

import "mewz/compiler/wasm"

// The bits of an element segment's first field (5.5.12), and the byte that says
// that functions follow.
const (
	elementNotActive = 1 << 0 // passive or declarative
	elementExplicit  = 1 << 1 // active: has a table index; otherwise: declarative
	elementExprs     = 1 << 2

	elementKindFunc = 0x00
)

// references is the list of an element segment.
type references struct {
	exprs   bool
	element reference // type; none: functions
	list    section
}

// isFuncref says whether the segment needs no type in the binary format.
func (r *references) isFuncref() bool {
	return r.element.heap == nil || r.element.nullable && string(r.element.heap) == "\x70"
}

// readElement reads a segment (6.4.11).
func (m *module) readElement() {
	index := take(&m.taken.element)
	id, ok := m.identifier()
	m.show(&m.elements, index, id, ok)
	flags, table, offset, explicit := byte(0), uint32(0), []byte(nil), false
	switch {
	case m.accept("declare"):
		flags = elementNotActive | elementExplicit
	case m.enter("table"):
		table, explicit = m.index(&m.tables), true
		m.close("the end of (table ...)")
		offset = m.offset()
	case m.hasIndex(): // as in 1.0
		table, explicit = m.index(&m.tables), true
		offset = m.offset()
	case m.peek(0).Kind == Open && !m.opens("ref"):
		offset = m.offset()
	default:
		flags = elementNotActive
	}
	var r references
	if flags == 0 && (m.hasIndex() || m.peek(0).Kind == Close) {
		m.functionList(&r)
	} else {
		m.referenceList(&r)
	}
	m.writeElement(flags, table, explicit, offset, &r)
}

// functionList reads function indices, as expressions if the segment has those.
func (m *module) functionList(r *references) {
	for m.hasIndex() {
		r.list.count++
		if r.exprs {
			r.list.bytes = append(r.list.bytes, byte(wasm.OpRefFunc))
		}
		r.list.bytes = appendUint(r.list.bytes, uint64(m.index(&m.functions)))
		if r.exprs {
			r.list.bytes = append(r.list.bytes, byte(wasm.OpEnd))
		}
	}
}

// referenceList reads `func` and indices, or a reference type and expressions.
func (m *module) referenceList(r *references) {
	if m.accept("func") {
		m.functionList(r)
		return
	}
	r.exprs, r.element = true, m.referenceType()
	m.expressionList(r)
}

// expressionList reads (item ...) or its abbreviation, any number of times.
func (m *module) expressionList(r *references) {
	for m.err == nil && m.peek(0).Kind == Open {
		r.list.count++
		if m.enter("item") {
			r.list.bytes = m.expression(r.list.bytes)
			m.close("the end of (item ...)")
			continue
		}
		r.list.bytes = m.foldedExpression(r.list.bytes)
	}
}

// writeElement appends a segment to its section. offset is nil unless the
// segment is active.
func (m *module) writeElement(flags byte, table uint32, explicit bool, offset []byte, r *references) {
	active := offset != nil
	if r.exprs {
		flags |= elementExprs
	}
	if active && (explicit || table != 0 || !r.isFuncref()) {
		flags |= elementExplicit
	}
	s := &m.elementSection
	s.count++
	b := append(s.bytes, flags)
	if active && flags&elementExplicit != 0 {
		b = appendUint(b, uint64(table))
	}
	b = append(b, offset...)
	switch {
	case flags&(elementNotActive|elementExplicit) == 0:
	case r.exprs:
		b = r.element.appendTo(b)
	default:
		b = append(b, elementKindFunc)
	}
	s.bytes = append(appendUint(b, uint64(r.list.count)), r.list.bytes...)
}

// offset reads (offset ...) or one folded instruction.
func (m *module) offset() []byte {
	if !m.enter("offset") {
		return m.foldedExpression(nil)
	}
	b := m.expression(nil)
	m.close("the end of (offset ...)")
	return b
}

// readTable reads a table, and the segment that can be in it.
func (m *module) readTable() {
	index := take(&m.taken.table)
	if m.header(&m.tables, wasm.ExternTable, index) {
		m.readImportType(wasm.ExternTable, index)
		return
	}
	s := &m.tableSection
	s.count++
	number := m.peek(0)
	if number.Kind == Keyword && (m.isWord(number, "i32") || m.isWord(number, "i64")) {
		number = m.peek(1)
	}
	if number.Kind != Nat {
		m.tableWithElements(index)
		return
	}
	limits := m.limits(false)
	t := m.referenceType()
	if m.peek(0).Kind == Close {
		s.bytes = append(t.appendTo(s.bytes), limits...)
		return
	}
	const hasInit = 0x40
	s.bytes = append(t.appendTo(append(s.bytes, hasInit, 0)), limits...)
	s.bytes = m.expression(s.bytes)
}

// tableWithElements reads reftype (elem ...).
func (m *module) tableWithElements(index uint32) {
	const hasMax, flag64 = 1, 4
	flags, zero := byte(hasMax), byte(wasm.OpI32Const)
	if m.accept("i64") {
		flags, zero = hasMax|flag64, byte(wasm.OpI64Const)
	} else {
		m.accept("i32")
	}
	r := references{element: m.referenceType()}
	if !m.enter("elem") {
		m.unexpected(m.next(), "(elem ...)")
		return
	}
	if m.peek(0).Kind == Open {
		r.exprs = true
		m.expressionList(&r)
	} else {
		r.exprs = !r.isFuncref()
		m.functionList(&r)
	}
	m.close("the end of (elem ...)")
	s := &m.tableSection
	s.bytes = append(r.element.appendTo(s.bytes), flags)
	s.bytes = appendUint(appendUint(s.bytes, uint64(r.list.count)), uint64(r.list.count))
	take(&m.taken.element)
	m.writeElement(0, index, true, []byte{zero, 0, byte(wasm.OpEnd)}, &r)
}

// readData reads a segment (6.4.10).
func (m *module) readData() {
	index := take(&m.taken.data)
	id, ok := m.identifier()
	m.show(&m.data, index, id, ok)
	s := &m.dataSection
	s.count++
	const passive = 1
	switch {
	case m.enter("memory"):
		s.bytes = m.activeMode(s.bytes, m.index(&m.memories))
		m.close("the end of (memory ...)")
		s.bytes = append(s.bytes, m.offset()...)
	case m.hasIndex(): // as in 1.0
		s.bytes = m.activeMode(s.bytes, m.index(&m.memories))
		s.bytes = append(s.bytes, m.offset()...)
	case m.peek(0).Kind == Open:
		s.bytes = append(m.activeMode(s.bytes, 0), m.offset()...)
	default:
		s.bytes = append(s.bytes, passive)
	}
	s.bytes = appendString(s.bytes, m.strings())
}

// activeMode appends the first fields of an active data segment (5.5.14).
func (m *module) activeMode(b []byte, memory uint32) []byte {
	const explicit = 2
	if memory == 0 {
		return append(b, 0)
	}
	return appendUint(append(b, explicit), uint64(memory))
}
