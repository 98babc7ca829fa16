package text

// field is a module field that the first pass has seen.
type field struct {
	keyword string
	at      int // position of the first token behind the keyword
}

// declareFields gives all definitions of the fields that follow their indices,
// and remembers where the fields are.
func (m *module) declareFields() {
	defined := "" // the first kind of definition that no import may follow
	for m.err == nil && m.peek(0).Kind == Open {
		m.customAnnotations()
		open, t := m.next(), m.next()
		f := field{string(m.text(t)), m.at}
		s := m.spaceOf(f.keyword)
		if t.Kind != Keyword {
			m.unexpected(t, "a module field")
		}
		isImport := f.keyword == "import"
		switch f.keyword {
		case "import":
			s = m.declareImport()
		case "func", "table", "memory", "global", "tag":
			isImport = m.isInlineImport()
			m.declare(s, m.peek(0), true)
			m.declareSegment(f.keyword)
		case "type", "elem", "data":
			m.declare(s, m.peek(0), true)
		case "rec":
			m.declareGroup()
		case "export", "start":
		default:
			m.unexpected(t, "a module field")
		}
		switch {
		case isImport && defined != "":
			m.fail(open, "import after %s definition", defined)
		case !isImport && defined == "" && s != nil && s != &m.types.space && s != &m.elements && s != &m.data:
			defined = s.full
		}
		m.at = f.at
		m.skip()
		m.fields = append(m.fields, f)
	}
	m.customAnnotations()
}

// spaceOf is the index space of a kind of definition.
func (m *module) spaceOf(keyword string) *space {
	switch keyword {
	case "func":
		return &m.functions
	case "table":
		return &m.tables
	case "memory":
		return &m.memories
	case "global":
		return &m.globals
	case "tag":
		return &m.tags
	case "elem":
		return &m.elements
	case "data":
		return &m.data
	case "type":
		return &m.types.space
	default:
		return nil
	}
}

// declareImport declares what (import "module" "name" (kind $id ...)) has.
func (m *module) declareImport() *space {
	m.at += 2
	if m.next().Kind != Open {
		return nil // the second pass says what is wrong
	}
	s := m.spaceOf(string(m.text(m.next())))
	if s != nil {
		m.declare(s, m.peek(0), true)
	}
	return s
}

// declareGroup declares the types of a recursive group.
func (m *module) declareGroup() {
	for m.enter("type") {
		m.declare(&m.types.space, m.peek(0), true)
		m.skip()
	}
}

// isInlineImport says whether a definition has (import ...) behind its name and
// exports. It moves nothing.
func (m *module) isInlineImport() bool {
	defer func(at int) { m.at = at }(m.at)
	m.identifier()
	for m.enter("export") {
		m.skip()
	}
	return m.opens("import")
}

// declareSegment declares the segment that the definition of a table or a memory
// can have in it.
func (m *module) declareSegment(keyword string) {
	s, word := &m.elements, "elem"
	if keyword == "memory" {
		s, word = &m.data, "data"
	} else if keyword != "table" {
		return
	}
	defer func(at int) { m.at = at }(m.at)
	for m.err == nil {
		switch t := m.peek(0); {
		case t.Kind == Close || t.Kind == EOF:
			return
		case m.opens(word):
			m.declare(s, Token{}, false)
			return
		case t.Kind == Open:
			m.next()
			m.skip()
		default:
			m.next()
		}
	}
}
