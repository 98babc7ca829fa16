package text

// The subsections of the name section (7.4.1, and the extended name section).
const (
	nameModule    = 0
	nameFunctions = 1
	nameLocals    = 2
	nameLabels    = 3
	nameTypes     = 4
	nameTables    = 5
	nameMemories  = 6
	nameGlobals   = 7
	nameElements  = 8
	nameData      = 9
	nameFields    = 10
	nameTags      = 11
)

// appendNames appends the name section, if anything has a name.
func (m *module) appendNames(out []byte) []byte {
	var b []byte
	if m.moduleName != "" {
		b = appendSection(b, nameModule, appendString(nil, m.moduleName))
	}
	b = appendNameMap(b, nameFunctions, m.functions.shown)
	b = appendIndirectNames(b, nameLocals, m.localNames)
	b = appendIndirectNames(b, nameLabels, m.labelNames)
	b = appendNameMap(b, nameTypes, m.types.shown)
	b = appendNameMap(b, nameTables, m.tables.shown)
	b = appendNameMap(b, nameMemories, m.memories.shown)
	b = appendNameMap(b, nameGlobals, m.globals.shown)
	b = appendNameMap(b, nameElements, m.elements.shown)
	b = appendNameMap(b, nameData, m.data.shown)
	var fields []functionNames
	for i := range m.types.list {
		if shown := m.types.list[i].fields.shown; len(shown) > 0 {
			fields = append(fields, functionNames{uint32(i), shown})
		}
	}
	b = appendIndirectNames(b, nameFields, fields)
	b = appendNameMap(b, nameTags, m.tags.shown)
	if len(b) == 0 {
		return out
	}
	return appendSection(out, sectionCustom, append(appendString(nil, "name"), b...))
}

func nameMap(names []named) []byte {
	b := appendUint(nil, uint64(len(names)))
	for _, n := range names {
		b = appendString(appendUint(b, uint64(n.index)), n.name)
	}
	return b
}

func appendNameMap(b []byte, id byte, names []named) []byte {
	if len(names) == 0 {
		return b
	}
	return appendSection(b, id, nameMap(names))
}

func appendIndirectNames(b []byte, id byte, list []functionNames) []byte {
	if len(list) == 0 {
		return b
	}
	contents := appendUint(nil, uint64(len(list)))
	for _, f := range list {
		contents = append(appendUint(contents, uint64(f.index)), nameMap(f.names)...)
	}
	return appendSection(b, id, contents)
}
