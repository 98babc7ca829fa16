package text

import (
	"slices"

	"mewz/compiler/wasm"
)

// section is a section that is being written: a number of entries.
type section struct {
	count uint32
	bytes []byte
}

// functionNames is what names the locals or labels of one function.
type functionNames struct {
	index uint32
	names []named
}

// module is the state of reading a module.
type module struct {
	parser
	types                              typeSpace
	functions, tables, memories        space
	globals, tags, elements, data      space
	imports, defined, tableSection     section
	memorySection, tagSection          section
	globalSection, exports             section
	elementSection, codes, dataSection section
	start                              []byte
	needsDataCount                     bool
	customs                            []custom
	moduleName                         string
	localNames, labelNames             []functionNames
	fields                             []field
	taken                              indices

	body body
}

// indices are those of the next definition of each kind.
type indices struct{ function, table, memory, global, tag, element, data uint32 }

// Module makes a binary module of a text: of "(module ...)", or of the fields
// that stand between. The error is an *Error.
func Module(source []byte) ([]byte, error) {
	tokens, err := Scan(source)
	if err != nil {
		return nil, err
	}
	return tokens.Module(0, len(tokens.list))
}

// Module is Module for the tokens from start up to end.
func (t *Tokens) Module(start, end int) ([]byte, error) {
	m := newModule(t)
	m.at, m.end = start, end
	if m.enter("module") {
		id, ok := m.identifier()
		m.moduleName, _ = m.nameAnnotation()
		if ok && m.moduleName == "" {
			m.moduleName = m.name(id)
		}
		if m.accept("binary") {
			return m.binary()
		}
		m.declareFields()
		m.close("a module field")
	} else {
		m.declareFields()
	}
	if last := m.peek(0); last.Kind != EOF {
		m.unexpected(last, "the end of the module")
	}
	m.readFields()
	if m.err != nil {
		return nil, m.err
	}
	b := m.encode()
	if len(b) > wasm.MaxModuleBytes {
		return nil, errorAt(t.source, 0, "a binary module of %d bytes: at most %d", len(b), wasm.MaxModuleBytes)
	}
	return b, nil
}

// binary reads what follows "(module binary": a module that is there already.
func (m *module) binary() ([]byte, error) {
	b := m.strings()
	m.close("a string")
	if last := m.peek(0); last.Kind != EOF {
		m.unexpected(last, "the end of the module")
	}
	if m.err != nil {
		return nil, m.err
	}
	return b, nil
}

func newModule(t *Tokens) *module {
	m := &module{parser: parser{Tokens: t}}
	m.types.space = space{word: "type", full: "type"}
	m.types.functions = map[string]uint32{}
	m.functions = space{word: "func", full: "function"}
	m.tables = space{word: "table", full: "table"}
	m.memories = space{word: "memory", full: "memory"}
	m.globals = space{word: "global", full: "global"}
	m.tags = space{word: "tag", full: "tag"}
	m.elements = space{word: "elem", full: "elem segment"}
	m.data = space{word: "data", full: "data segment"}
	return m
}

// Section numbers (5.5.2), in the order in which they are written.
const (
	sectionCustom    = 0
	sectionType      = 1
	sectionImport    = 2
	sectionFunction  = 3
	sectionTable     = 4
	sectionMemory    = 5
	sectionTag       = 13
	sectionGlobal    = 6
	sectionExport    = 7
	sectionStart     = 8
	sectionElement   = 9
	sectionDataCount = 12
	sectionCode      = 10
	sectionData      = 11
)

// preamble begins every module (5.5.16).
const preamble = "\x00asm\x01\x00\x00\x00"

// encode writes the sections one after the other.
func (m *module) encode() []byte {
	out := []byte(preamble)
	out = m.appendCustoms(out, placeFirst)
	vectors := []struct {
		id      byte
		section *section
	}{
		{sectionType, &m.types.groups}, {sectionImport, &m.imports}, {sectionFunction, &m.defined}, {sectionTable, &m.tableSection},
		{sectionMemory, &m.memorySection}, {sectionTag, &m.tagSection}, {sectionGlobal, &m.globalSection}, {sectionExport, &m.exports},
		{id: sectionStart}, {sectionElement, &m.elementSection}, {id: sectionDataCount}, {sectionCode, &m.codes}, {sectionData, &m.dataSection},
	}
	for _, v := range vectors {
		out = m.appendCustoms(out, place{v.id, false})
		switch {
		case v.id == sectionStart && m.start != nil:
			out = appendSection(out, sectionStart, m.start)
		case v.id == sectionDataCount && m.needsDataCount:
			out = appendSection(out, sectionDataCount, appendUint(nil, uint64(m.dataSection.count)))
		case v.section == nil || v.section.count == 0:
		default:
			out = appendSection(out, v.id, slices.Concat(appendUint(nil, uint64(v.section.count)), v.section.bytes))
		}
		out = m.appendCustoms(out, place{v.id, true})
	}
	return m.appendNames(m.appendCustoms(out, placeLast))
}

func appendSection(out []byte, id byte, contents []byte) []byte {
	out = appendUint(append(out, id), uint64(len(contents)))
	return append(out, contents...)
}

func appendString[T string | []byte](out []byte, s T) []byte {
	return append(appendUint(out, uint64(len(s))), s...)
}
