package text

import (
	"unicode/utf8"

	"mewz/compiler/wasm"
)

// readFields is the second pass: types first, because all others use them.
func (m *module) readFields() {
	for _, isType := range [...]bool{true, false} {
		for _, f := range m.fields {
			if m.err != nil {
				return
			}
			m.at = f.at
			if (f.keyword == "type" || f.keyword == "rec") == isType {
				m.readField(f.keyword)
			}
		}
	}
}

// readField reads a field behind its keyword.
func (m *module) readField(keyword string) {
	switch keyword {
	case "type":
		m.group(false)
		return // with its parenthesis
	case "rec":
		m.group(true)
		return
	case "import":
		m.readImport()
	case "func":
		m.readFunction()
	case "table":
		m.readTable()
	case "memory":
		m.readMemory()
	case "global":
		m.readGlobal()
	case "tag":
		m.readTag()
	case "export":
		name := m.utf8Name("the name of an export")
		m.readExternal(name)
	case "start":
		if m.start != nil {
			m.fail(m.list[m.at-1], "multiple start sections")
		}
		m.start = appendUint(nil, uint64(m.index(&m.functions)))
	case "elem":
		m.readElement()
	case "data":
		m.readData()
	}
	m.close("the end of " + keyword)
}

// readExternal reads (kind index) and exports it.
func (m *module) readExternal(name []byte) {
	for _, kind := range externals {
		if m.enter(kind.word) {
			m.export(name, kind.kind, m.index(m.spaceOf(kind.word)))
			m.close("the end of an export")
			return
		}
	}
	m.unexpectedExternal()
}

// unexpectedExternal is the error for what is no (kind ...).
func (m *module) unexpectedExternal() {
	t := m.next()
	if t.Kind == Open {
		t = m.next()
	}
	m.unexpected(t, "(func ...), (table ...), (memory ...), (global ...) or (tag ...)")
}

// externals are the kinds of what can be imported and exported.
var externals = [...]struct {
	word string
	kind wasm.ExternKind
}{
	{"func", wasm.ExternFunc}, {"table", wasm.ExternTable}, {"memory", wasm.ExternMemory}, {"global", wasm.ExternGlobal}, {"tag", wasm.ExternTag},
}

func (m *module) export(name []byte, kind wasm.ExternKind, index uint32) {
	m.exports.count++
	b := append(appendString(m.exports.bytes, name), byte(kind))
	m.exports.bytes = appendUint(b, uint64(index))
}

// header reads what definitions begin with: $name, (export ...)* and perhaps
// (import ...), which has then been begun in the import section.
func (m *module) header(s *space, kind wasm.ExternKind, index uint32) (isImport bool) {
	id, ok := m.identifier()
	m.show(s, index, id, ok)
	for m.enter("export") {
		m.export(m.utf8Name("the name of an export"), kind, index)
		m.close("the end of an export")
	}
	if !m.enter("import") {
		return false
	}
	m.beginImport(kind)
	m.close("the end of an import")
	return true
}

func (m *module) beginImport(kind wasm.ExternKind) {
	module, name := m.utf8Name("the name of a module"), m.utf8Name("the name of an import")
	m.imports.count++
	m.imports.bytes = append(appendString(appendString(m.imports.bytes, module), name), byte(kind))
}

// take gives away the next index of a kind.
func take(next *uint32) uint32 {
	*next++
	return *next - 1
}

// readImport reads "module" "name" (kind $id type).
func (m *module) readImport() {
	names := m.at
	m.at += 2
	for _, kind := range externals {
		if !m.enter(kind.word) {
			continue
		}
		inside := m.at
		m.at = names
		m.beginImport(kind.kind)
		m.at = inside
		index := take(m.nextOf(kind.kind))
		id, ok := m.identifier()
		m.show(m.spaceOf(kind.word), index, id, ok)
		m.readImportType(kind.kind, index)
		m.close("the end of a type")
		return
	}
	m.at = names
	m.utf8Name("the name of a module")
	m.utf8Name("the name of an import")
	m.unexpectedExternal()
}

func (m *module) nextOf(kind wasm.ExternKind) *uint32 {
	switch kind {
	case wasm.ExternFunc:
		return &m.taken.function
	case wasm.ExternTable:
		return &m.taken.table
	case wasm.ExternMemory:
		return &m.taken.memory
	case wasm.ExternGlobal:
		return &m.taken.global
	default:
		return &m.taken.tag
	}
}

// readImportType appends the type of an import to its section.
func (m *module) readImportType(kind wasm.ExternKind, index uint32) {
	b := m.imports.bytes
	switch kind {
	case wasm.ExternFunc:
		typeIndex, f := m.typeUse(true)
		b = appendUint(b, uint64(typeIndex))
		m.showParameters(index, &f)
	case wasm.ExternTable:
		limits := m.limits(false)
		t := m.referenceType()
		b = append(t.appendTo(b), limits...)
	case wasm.ExternMemory:
		b = append(b, m.limits(true)...)
	case wasm.ExternGlobal:
		b = m.globalType(b)
	default:
		typeIndex, _ := m.typeUse(true)
		b = appendUint(append(b, 0), uint64(typeIndex))
	}
	m.imports.bytes = b
}

// showParameters puts the names of an imported function's parameters into the
// name section.
func (m *module) showParameters(function uint32, f *funcType) {
	var names []named
	for _, p := range f.names {
		names = append(names, named{p.index, p.shown})
	}
	if names != nil {
		m.localNames = append(m.localNames, functionNames{function, names})
	}
}

func (m *module) readMemory() {
	index := take(&m.taken.memory)
	if m.header(&m.memories, wasm.ExternMemory, index) {
		m.readImportType(wasm.ExternMemory, index)
		return
	}
	s := &m.memorySection
	s.count++
	is64 := m.isWord(m.peek(0), "i64") && m.isInlineData(1)
	if !is64 && !m.isInlineData(0) && !(m.isWord(m.peek(0), "i32") && m.isInlineData(1)) {
		s.bytes = append(s.bytes, m.limits(true)...)
		return
	}
	if m.peek(0).Kind == Keyword {
		m.at++
	}
	m.at += 2
	contents := m.strings()
	m.close("a string")
	const hasMax, flag64 = 1, 4
	flags, zero := byte(hasMax), byte(wasm.OpI32Const)
	if is64 {
		flags, zero = hasMax|flag64, byte(wasm.OpI64Const)
	}
	pages := (uint64(len(contents)) + wasmPageBytes - 1) / wasmPageBytes
	s.bytes = appendUint(appendUint(append(s.bytes, flags), pages), pages)
	take(&m.taken.data)
	d := &m.dataSection
	d.count++
	d.bytes = m.activeMode(d.bytes, index)
	d.bytes = appendString(append(d.bytes, zero, 0, byte(wasm.OpEnd)), contents)
}

// wasmPageBytes is the size of a wasm page (4.2.8).
const wasmPageBytes = 65536

// isInlineData says whether "(data" follows n tokens.
func (m *module) isInlineData(n int) bool {
	return m.peek(n).Kind == Open && m.isWord(m.peek(n+1), "data")
}

// strings reads strings as one.
func (m *module) strings() (b []byte) {
	for m.peek(0).Kind == String {
		b = append(b, ParseString(m.text(m.next()))...)
	}
	return b
}

func (m *module) readGlobal() {
	index := take(&m.taken.global)
	if m.header(&m.globals, wasm.ExternGlobal, index) {
		m.readImportType(wasm.ExternGlobal, index)
		return
	}
	m.globalSection.count++
	m.globalSection.bytes = m.expression(m.globalType(m.globalSection.bytes))
}

func (m *module) readTag() {
	index := take(&m.taken.tag)
	if m.header(&m.tags, wasm.ExternTag, index) {
		m.readImportType(wasm.ExternTag, index)
		return
	}
	m.tagSection.count++
	typeIndex, _ := m.typeUse(true)
	m.tagSection.bytes = appendUint(append(m.tagSection.bytes, 0), uint64(typeIndex))
}

// nameAnnotation is the name of an annotation (@name "...") that stands here.
func (p *parser) nameAnnotation() (string, bool) {
	for _, a := range p.annotations[p.at] {
		if a.name != annotationName {
			continue
		}
		if len(a.tokens) != 1 || a.tokens[0].Kind != String {
			p.fail(Token{Start: uint32(a.start)}, "malformed annotation: (@name \"...\") has one string")
			return "", false
		}
		name := ParseString(p.text(a.tokens[0]))
		if !utf8.Valid(name) {
			p.fail(a.tokens[0], "malformed UTF-8 encoding: a name")
		}
		return string(name), true
	}
	return "", false
}
