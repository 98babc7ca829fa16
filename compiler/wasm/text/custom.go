package text

import "unicode/utf8"

// place is where a custom section stands: before or after a section.
type place struct {
	section byte
	after   bool
}

// The places before and after all sections.
var (
	placeFirst = place{0xff, false}
	placeLast  = place{0xff, true}
)

// custom is a custom section of the text.
type custom struct {
	place
	name, contents []byte
}

// sectionWords are the sections that custom sections can stand beside.
var sectionWords = map[string]byte{
	"type": sectionType, "import": sectionImport, "func": sectionFunction, "table": sectionTable, "memory": sectionMemory,
	"tag": sectionTag, "global": sectionGlobal, "export": sectionExport, "start": sectionStart, "elem": sectionElement,
	"datacount": sectionDataCount, "code": sectionCode, "data": sectionData,
}

// customAnnotations reads the annotations (@custom "name" place? "..."*) that
// stand here.
func (m *module) customAnnotations() {
	for _, a := range m.annotations[m.at] {
		if a.name == annotationCustom {
			m.readCustom(a)
		}
	}
}

func (m *module) readCustom(a annotation) {
	inner := module{parser: parser{Tokens: &Tokens{source: m.source, list: a.tokens}, end: len(a.tokens)}}
	c := custom{place: placeLast, name: inner.stringLiteral("the name of a custom section")}
	if inner.err == nil && !utf8.Valid(c.name) {
		inner.fail(a.tokens[0], "malformed UTF-8 encoding: the name of a custom section")
	}
	if inner.peek(0).Kind == Open {
		c.place = inner.readPlace()
	}
	c.contents = inner.strings()
	if t := inner.peek(0); t.Kind != EOF {
		inner.unexpected(t, "a string")
	}
	if m.err == nil {
		m.err = inner.err
	}
	m.customs = append(m.customs, c)
}

// readPlace reads (before section) or (after section).
func (m *module) readPlace() place {
	m.at++
	side, t := m.next(), m.next()
	p := placeFirst
	id, ok := sectionWords[string(m.text(t))]
	if ok {
		p.section = id
	}
	switch {
	case m.isWord(side, "after"):
		p.after = true
	case !m.isWord(side, "before"):
		m.fail(side, "unexpected token: expected (before ...) or (after ...)")
	}
	switch edge := string(m.text(t)); {
	case ok || edge == "first" && !p.after || edge == "last" && p.after:
	case edge == "first" || edge == "last":
		p = place{sectionType, false}
		if edge == "last" {
			p = place{sectionData, true}
		}
	default:
		m.fail(t, "unexpected token: expected a section, first or last")
	}
	m.close("the end of a place")
	return p
}

// appendCustoms appends the custom sections of a place.
func (m *module) appendCustoms(out []byte, p place) []byte {
	for _, c := range m.customs {
		if c.place == p {
			out = appendSection(out, sectionCustom, append(appendString(nil, c.name), c.contents...))
		}
	}
	return out
}
