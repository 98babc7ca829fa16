package text

import (
	"encoding/binary"

	"mewz/compiler/wasm"
)

// heapTypes are the abstract heap types and their bytes (5.3.3).
var heapTypes = map[string]byte{
	"func": 0x70, "extern": 0x6f, "any": 0x6e, "eq": 0x6d, "i31": 0x6c, "struct": 0x6b, "array": 0x6a, "exn": 0x69,
	"noexn": 0x74, "nofunc": 0x73, "noextern": 0x72, "none": 0x71,
}

// simpleTypes are the value types of one word, with the abbreviations for
// nullable references, and their bytes (5.3.1, 5.3.2, 5.3.4).
var simpleTypes = map[string]byte{
	"i32": 0x7f, "i64": 0x7e, "f32": 0x7d, "f64": 0x7c, "v128": 0x7b,
	"funcref": 0x70, "externref": 0x6f, "anyref": 0x6e, "eqref": 0x6d, "i31ref": 0x6c, "structref": 0x6b, "arrayref": 0x6a,
	"exnref": 0x69, "nullexnref": 0x74, "nullfuncref": 0x73, "nullexternref": 0x72, "nullref": 0x71,
}

// packedTypes are the storage types that are no value types (5.3.7).
var packedTypes = map[string]byte{"i8": 0x78, "i16": 0x77}

// Bytes of the binary format for types.
const (
	byteRefNull  = 0x63
	byteRef      = 0x64
	byteFunc     = 0x60
	byteStruct   = 0x5f
	byteArray    = 0x5e
	byteSub      = 0x50
	byteSubFinal = 0x4f
	byteRec      = 0x4e
	byteNoType   = 0x40 // of a block
	firstRefByte = 0x74 // of the references of one byte, down to exnref
	lastRefByte  = 0x69
)

// valueTypes is a list of encoded value types.
type valueTypes struct {
	count uint32
	bytes []byte
}

func (v *valueTypes) appendTo(b []byte) []byte {
	return append(appendUint(b, uint64(v.count)), v.bytes...)
}

func appendUint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

// appendInt appends a signed LEB128 (5.2.2).
func appendInt(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// heapType appends a heap type.
func (m *module) heapType(b []byte) []byte {
	if t := m.peek(0); t.Kind == Keyword {
		if c, ok := heapTypes[string(m.text(t))]; ok {
			m.at++
			return append(b, c)
		}
		m.unexpected(t, "a heap type")
		return b
	}
	return appendInt(b, int64(m.index(&m.types.space)))
}

// reference is a reference type in its parts.
type reference struct {
	heap     []byte
	nullable bool
}

// isAbstract says whether the heap type is not a type of the module.
func (r *reference) isAbstract() bool {
	return len(r.heap) == 1 && r.heap[0] >= lastRefByte && r.heap[0] <= firstRefByte
}

func (r *reference) appendTo(b []byte) []byte {
	switch {
	case !r.nullable:
		b = append(b, byteRef)
	case !r.isAbstract():
		b = append(b, byteRefNull)
	}
	return append(b, r.heap...)
}

// referenceType reads a reference type.
func (m *module) referenceType() reference {
	if m.enter("ref") {
		r := reference{nullable: m.accept("null")}
		r.heap = m.heapType(nil)
		m.close("the end of a reference type")
		return r
	}
	t := m.next()
	if c := simpleTypes[string(m.text(t))]; t.Kind == Keyword && c >= lastRefByte && c <= firstRefByte {
		return reference{[]byte{c}, true}
	}
	m.unexpected(t, "a reference type")
	return reference{}
}

// hasValueType says whether a value type follows.
func (m *module) hasValueType() bool {
	t := m.peek(0)
	return t.Kind == Keyword && simpleTypes[string(m.text(t))] != 0 || m.opens("ref")
}

// valueType appends a value type.
func (m *module) valueType(b []byte) []byte {
	if m.opens("ref") {
		r := m.referenceType()
		return r.appendTo(b)
	}
	t := m.next()
	if c := simpleTypes[string(m.text(t))]; t.Kind == Keyword && c != 0 {
		return append(b, c)
	}
	m.unexpected(t, "a value type")
	return b
}

// storageType appends the type of a field.
func (m *module) storageType(b []byte) []byte {
	if t := m.peek(0); t.Kind == Keyword {
		if c, ok := packedTypes[string(m.text(t))]; ok {
			m.at++
			return append(b, c)
		}
	}
	return m.valueType(b)
}

// fieldType appends a field type: (mut t) or t.
func (m *module) fieldType(b []byte) []byte { return m.mutability(b, m.storageType) }

// mutability appends what content reads, in (mut ...) or not, and which of both.
func (m *module) mutability(b []byte, content func([]byte) []byte) []byte {
	mutable := m.enter("mut")
	b = content(b)
	if !mutable {
		return append(b, 0)
	}
	m.close("the end of a mutable type")
	return append(b, 1)
}

// funcType is a function type, with the names of its parameters.
type funcType struct {
	params, results valueTypes
	names           []parameterName
}

// parameterName is the name of a parameter, and that for the name section.
type parameterName struct {
	index uint32
	id    Token
	shown string
}

// key is the type in the binary format; equal types have equal keys.
func (f *funcType) key() string { return string(f.appendTo(nil)) }

func (f *funcType) appendTo(b []byte) []byte {
	return f.results.appendTo(f.params.appendTo(append(b, byteFunc)))
}

// isEmpty says whether nothing was written.
func (f *funcType) isEmpty() bool { return f.params.count == 0 && f.results.count == 0 }

// functionType reads (param ...)* (result ...)*. Only where names makes sense
// parameters may have them.
func (m *module) functionType(names bool) (f funcType) {
	for m.enter("param") {
		if id := m.peek(0); names && id.Kind == ID {
			m.at++
			shown, ok := m.nameAnnotation()
			if !ok {
				shown = m.name(id)
			}
			f.names = append(f.names, parameterName{f.params.count, id, shown})
			f.params.bytes = m.valueType(f.params.bytes)
			f.params.count++
			m.close("the end of a named parameter")
			continue
		}
		for m.hasValueType() {
			f.params.bytes = m.valueType(f.params.bytes)
			f.params.count++
		}
		m.close("a value type")
	}
	f.results = m.resultTypes()
	if m.opens("param") {
		m.unexpected(m.peek(1), "no parameter behind results")
	}
	return f
}

// resultTypes reads (result ...)*.
func (m *module) resultTypes() (v valueTypes) {
	for m.enter("result") {
		for m.hasValueType() {
			v.bytes = m.valueType(v.bytes)
			v.count++
		}
		m.close("a value type")
	}
	return v
}

// definition is what the parser remembers of a type.
type definition struct {
	function string // key of a function type
	params   uint32
	fields   space // of a structure
}

// typeSpace are the types of a module.
type typeSpace struct {
	space
	list []definition
	// functions are the types that an inline signature can mean: the first of
	// those that are alone in their group, final and without supertype.
	functions map[string]uint32
	groups    section
}

// group reads a field (type ...) or (rec (type ...)*), behind its keyword.
func (m *module) group(isRec bool) {
	t := &m.types
	b := t.groups.bytes
	t.groups.count++
	if !isRec {
		first := uint32(len(t.list))
		start := len(b)
		b = m.typeDefinition(b)
		if m.err == nil && t.list[first].function == string(b[start:]) {
			t.offer(t.list[first].function, first)
		}
		t.groups.bytes = b
		return
	}
	var types []byte
	count := uint64(0)
	for m.enter("type") {
		types = m.typeDefinition(types)
		count++
	}
	m.close("(type ...) or the end of the recursive group")
	if first := uint32(len(t.list)) - 1; m.err == nil && count == 1 && t.list[first].function == string(types) {
		t.offer(t.list[first].function, first)
	}
	b = append(b, byteRec)
	t.groups.bytes = append(appendUint(b, count), types...)
}

// offer makes a function type the meaning of its signature, if it is the first.
func (t *typeSpace) offer(key string, index uint32) {
	if _, ok := t.functions[key]; !ok {
		t.functions[key] = index
	}
}

// typeDefinition appends a type, behind "(type".
func (m *module) typeDefinition(b []byte) []byte {
	id, ok := m.identifier()
	m.show(&m.types.space, uint32(len(m.types.list)), id, ok)
	if !m.enter("sub") {
		b = m.compositeType(b)
		m.close("the end of a type definition")
		return b
	}
	final := m.accept("final")
	var supers []byte
	count := uint64(0)
	for m.hasIndex() {
		supers = appendUint(supers, uint64(m.index(&m.types.space)))
		count++
	}
	switch {
	case final && count > 0:
		b = append(b, byteSubFinal)
	case !final:
		b = append(b, byteSub)
	}
	if !final || count > 0 {
		b = append(appendUint(b, count), supers...)
	}
	b = m.compositeType(b)
	m.close("the end of a subtype")
	m.close("the end of a type definition")
	return b
}

// compositeType appends (func ...), (struct ...) or (array ...), and lists it as
// the next type.
func (m *module) compositeType(b []byte) []byte {
	var d definition
	switch {
	case m.enter("func"):
		f := m.functionType(true)
		d.function, d.params = f.key(), f.params.count
		b = append(b, d.function...)
	case m.enter("struct"):
		b = m.structType(b, &d)
	case m.enter("array"):
		b = m.fieldType(append(b, byteArray))
	default:
		m.unexpected(m.next(), "(func ...), (struct ...), (array ...) or (sub ...)")
	}
	m.close("the end of a type")
	m.types.list = append(m.types.list, d)
	return b
}

// structType appends a structure, behind "(struct".
func (m *module) structType(b []byte, d *definition) []byte {
	d.fields = space{word: "field", full: "field"}
	var fields []byte
	for m.enter("field") {
		if id, ok := m.identifier(); ok {
			index := m.declare(&d.fields, id, true)
			m.show(&d.fields, index, id, true)
			fields = m.fieldType(fields)
			m.close("the end of a named field")
			continue
		}
		for m.err == nil && m.peek(0).Kind != Close {
			m.declare(&d.fields, Token{}, false)
			fields = m.fieldType(fields)
		}
		m.close("a field type")
	}
	b = append(b, byteStruct)
	return append(appendUint(b, uint64(d.fields.count)), fields...)
}

// typeUse reads (type x)? (param ...)* (result ...)* (6.4.5): the type's index
// and what it is inline.
func (m *module) typeUse(names bool) (index uint32, f funcType) {
	if !m.enter("type") {
		f = m.functionType(names)
		return m.typeOf(&f), f
	}
	t := m.peek(0)
	index = m.index(&m.types.space)
	m.close("the end of (type ...)")
	inline := m.opens("param") || m.opens("result")
	f = m.functionType(names)
	known := uint64(index) < uint64(len(m.types.list))
	switch {
	case inline && !known:
		m.fail(t, "unknown type %s", m.text(t))
	case inline && !f.isEmpty() && m.types.list[index].function != f.key():
		m.fail(t, "inline function type is not the type %s", m.text(t))
	case known && f.params.count == 0:
		f.params.count = m.types.list[index].params
	}
	return index, f
}

// typeOf is the index of a function type, which is added if there is none.
func (m *module) typeOf(f *funcType) uint32 {
	key := f.key()
	if index, ok := m.types.functions[key]; ok {
		return index
	}
	if m.err != nil {
		return 0
	}
	t := &m.types
	index := uint32(len(t.list))
	t.list = append(t.list, definition{function: key, params: f.params.count})
	t.functions[key] = index
	t.groups.count++
	t.groups.bytes = append(t.groups.bytes, key...)
	if len(t.list) > wasm.MaxTypes {
		m.fail(m.peek(0), "more than %d types", wasm.MaxTypes)
	}
	return index
}

// limits reads an address type, if there is one, and limits (6.4.9).
func (m *module) limits(isMemory bool) []byte {
	const hasMax, shared, is64 = 1, 2, 4
	flags := byte(0)
	if m.accept("i64") {
		flags = is64
	} else {
		m.accept("i32")
	}
	const bits = 64 // also of i32: what is too large is invalid, not malformed
	numbers := appendUint(nil, m.integer(bits, "the smallest size"))
	if m.peek(0).Kind == Nat {
		flags |= hasMax
		numbers = appendUint(numbers, m.integer(bits, "the largest size"))
	}
	if isMemory && m.accept("shared") {
		flags |= shared
	}
	return append([]byte{flags}, numbers...)
}

// globalType appends t or (mut t).
func (m *module) globalType(b []byte) []byte { return m.mutability(b, m.valueType) }
