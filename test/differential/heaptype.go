package differential

import (
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// Reference types of the proposals, and the types of a module that they refer to. As
// with numbers a letter stands for a type: a character for the abstract ones, and two
// ranges below for those of the module, with and without null.

// abstractTypes are the abstract reference types with null; r and x are in letters.
var abstractTypes = map[byte]wasm.ValueType{
	'a': wasm.AnyRef, 'e': wasm.EqRef, 's': wasm.StructRef, 'y': wasm.ArrayRef, 'j': wasm.I31Ref, 'n': wasm.NullRef, 'E': wasm.ExnRef,
}

// withoutNull are letters of references that are never null, by the one with null.
var withoutNull = map[byte]byte{'a': 'A', 'e': 'Q', 's': 'S', 'y': 'Y', 'j': 'J'}

// Letters of types of the module: all below ':', which separates parameters from
// results.
const (
	nullableFirst = 0x01
	nonNullFirst  = 0x20
	heapTypesMax  = 24
)

func nullable(k int) byte { return nullableFirst + byte(k) }
func nonNull(k int) byte  { return nonNullFirst + byte(k) }

// concrete is the type of the module that a letter refers to.
func concrete(letter byte) (k int, ok bool) {
	switch {
	case letter >= nullableFirst && letter < nullableFirst+heapTypesMax:
		return int(letter - nullableFirst), true
	case letter >= nonNullFirst && letter < nonNullFirst+heapTypesMax:
		return int(letter - nonNullFirst), true
	default:
		return 0, false
	}
}

// heapOf is the same reference with null.
func heapOf(letter byte) byte {
	if k, ok := concrete(letter); ok {
		return nullable(k)
	}
	for with, without := range withoutNull {
		if letter == without {
			return with
		}
	}
	return letter
}

func isNullable(letter byte) bool { return heapOf(letter) == letter }

// without is the same reference without null, if there is a letter for it.
func without(letter byte) byte {
	if k, ok := concrete(letter); ok {
		return nonNull(k)
	}
	if other, ok := withoutNull[letter]; ok {
		return other
	}
	return letter
}

// isProposed says whether a type is a reference that only the proposals have.
func isProposed(letter byte) bool { return isReference(letter) && letter != 'r' && letter != 'x' }

// valueType is the type of a letter.
func valueType(letter byte) wasm.ValueType {
	heap := heapOf(letter)
	t, ok := letters[heap]
	if !ok {
		t = abstractTypes[heap]
	}
	if k, ok := concrete(heap); ok {
		t = wasm.ReferenceTo(uint32(k))
	}
	if heap != letter {
		t = t.NonNull()
	}
	return t
}

// appendValueType appends a value type (5.3.4).
func appendValueType(b []byte, t wasm.ValueType) []byte {
	const withNull, withoutNull = 0x63, 0x64
	switch {
	case !t.IsNullable():
		b = append(b, withoutNull)
	case t.IsConcrete():
		b = append(b, withNull)
	}
	return appendHeapType(b, t)
}

// appendHeapType appends what a reference type refers to (5.3.3).
func appendHeapType(b []byte, t wasm.ValueType) []byte {
	if t.IsConcrete() {
		return appendSigned(b, int64(t.TypeIndex()))
	}
	return append(b, byte(t.Nullable()))
}

// field is a field of a structure, or the elements of an array. Of packed ones the
// letter is b or h, for one and two bytes.
type field struct {
	storage byte
	mutable bool
}

// heapType is a type of the module that references name.
type heapType struct {
	kind      wasm.CompositeKind
	super     int // or -1
	final     bool
	fields    []field // one of an array
	signature string  // of a function
}

// Sizes of types.
const (
	heapTypesMin, heapTypesMore = 6, 7
	groupMax                    = 4 // types in one recursive group
	fieldsMax                   = 5 // beyond those of the supertype
	bytesType                   = 0 // array of bytes that every module has
	structureType               = 1 // structure that every module has
	arrayType                   = 2 // array of references that every module has
)

// declareHeapTypes makes the types, in recursive groups.
func (g *generator) declareHeapTypes() {
	g.heap = []heapType{
		bytesType:     {kind: wasm.KindArray, super: -1, final: true, fields: []field{{'b', true}}},
		structureType: {kind: wasm.KindStruct, super: -1, fields: []field{{'i', true}, {'a', true}}},
		arrayType:     {kind: wasm.KindArray, super: -1, fields: []field{{'a', true}}},
	}
	g.groups = []int{1, 1, 1}
	for n := heapTypesMin + g.r.IntN(heapTypesMore); len(g.heap) < n; {
		size := 1 + g.r.IntN(groupMax)
		g.groups = append(g.groups, size)
		end := len(g.heap) + size
		// Kinds first: fields may refer to types that come later in the group.
		first := len(g.heap)
		for range size {
			kind := pick(g.r, []wasm.CompositeKind{wasm.KindStruct, wasm.KindStruct, wasm.KindStruct, wasm.KindArray, wasm.KindFunc})
			g.heap = append(g.heap, heapType{kind: kind, super: -1, final: g.chance(30)})
		}
		for k := first; k < end; k++ {
			g.describe(k, end)
		}
	}
}

// describe makes one type, which refers to types below end.
func (g *generator) describe(k, end int) {
	t := &g.heap[k]
	var supers []int
	for s := range k {
		if g.heap[s].kind == t.kind && !g.heap[s].final {
			supers = append(supers, s)
		}
	}
	if len(supers) > 0 && g.chance(65) {
		t.super = pick(g.r, supers)
		super := &g.heap[t.super]
		t.fields, t.signature = slices.Clone(super.fields), super.signature
		for n := range t.fields {
			if f := &t.fields[n]; !f.mutable && isReference(f.storage) && g.chance(50) {
				f.storage = g.narrower(f.storage, k)
			}
		}
	}
	switch {
	case t.kind == wasm.KindStruct:
		for range g.r.IntN(fieldsMax + 1) {
			t.fields = append(t.fields, g.field(k, end))
		}
	case t.kind == wasm.KindArray && t.super < 0:
		t.fields = []field{g.field(k, end)}
	case t.kind == wasm.KindFunc && t.super < 0:
		t.signature = g.typeOfFunction(end)
	case t.kind == wasm.KindFunc: // the same parameters, narrower results
		params, results, _ := strings.Cut(t.signature, ":")
		narrow := []byte(results)
		for n := range narrow {
			if isReference(narrow[n]) {
				narrow[n] = g.narrower(narrow[n], k)
			}
		}
		t.signature = params + ":" + string(narrow)
	}
	for t.kind == wasm.KindFunc && slices.ContainsFunc(g.heap[:k], func(o heapType) bool { return o.signature == t.signature }) {
		t.super, t.signature = -1, t.signature+"i" // so that a signature has one type
	}
}

// typeOfFunction is a random function type over the types below end.
func (g *generator) typeOfFunction(end int) string {
	var t []byte
	for range g.r.IntN(paramsMax/2 + 1) {
		t = append(t, g.signatureLetter(end))
	}
	t = append(t, ':')
	for range g.r.IntN(3) {
		t = append(t, g.signatureLetter(end))
	}
	return string(t)
}

// narrower is a subtype of a reference among the types below k.
func (g *generator) narrower(letter byte, k int) byte {
	var list []byte
	for s := range k {
		if g.heap[s].kind != wasm.KindFunc && g.isSubtype(nullable(s), letter) {
			list = append(list, nullable(s))
		}
	}
	if len(list) == 0 {
		return letter
	}
	return pick(g.r, list)
}

// field is a random field of type k.
func (g *generator) field(k, end int) field {
	f := field{mutable: g.chance(70)}
	switch n := g.r.IntN(100); {
	case n < 15:
		f.storage = 'b'
	case n < 30:
		f.storage = 'h'
	case n < 60:
		f.storage = g.letter(false)
	case n < 68 && g.heap[max(k-1, 0)].kind != wasm.KindFunc && k > 0:
		f.storage = nonNull(k - 1) // so that minimal ends
	default:
		f.storage = g.referenceLetter(end)
		if f.storage == 'E' {
			f.storage = 'a' // exceptions lie in no object (lower.Supported)
		}
	}
	return f
}

// referenceLetter is a random reference with null, to a type of the module below end.
func (g *generator) referenceLetter(end int) byte {
	if g.chance(60) && end > 0 {
		return nullable(g.r.IntN(end))
	}
	list := "aaesyjnrx"
	if g.exceptions && !g.legacy {
		list += "EEE"
	}
	return list[g.r.IntN(len(list))]
}

// signatureLetter is a random type of a parameter or result.
func (g *generator) signatureLetter(end int) byte {
	if !g.proposals || !g.chance(40) {
		return g.letter(true)
	}
	letter := g.referenceLetter(end)
	if k, ok := concrete(letter); ok && g.chance(30) && g.heap[k].kind != wasm.KindFunc {
		return without(letter)
	}
	return letter
}

// isSubtype says whether values of a type are values of another (3.3).
func (g *generator) isSubtype(a, b byte) bool {
	if a == b {
		return true
	}
	if !isReference(a) || !isReference(b) || isNullable(a) && !isNullable(b) {
		return false
	}
	a, b = heapOf(a), heapOf(b)
	for {
		k, ok := concrete(a)
		if a == b || !ok {
			break
		}
		t := &g.heap[k]
		if t.super < 0 {
			a = []byte{'r', 's', 'y'}[t.kind]
			break
		}
		a = nullable(t.super)
	}
	switch {
	case a == b:
		return true
	case a == 'n':
		k, ok := concrete(b)
		return ok && g.heap[k].kind != wasm.KindFunc || strings.IndexByte("aesyj", b) >= 0
	case a == 's' || a == 'y' || a == 'j':
		return b == 'e' || b == 'a'
	default:
		return a == 'e' && b == 'a'
	}
}

// isAny says whether a reference is one to an object or an i31.
func (g *generator) isAny(letter byte) bool { return g.isSubtype(heapOf(letter), 'a') }

// hasDefault says whether struct.new_default and array.new_default make a type.
func (t *heapType) hasDefault() bool {
	return !slices.ContainsFunc(t.fields, func(f field) bool { return isReference(f.storage) && !isNullable(f.storage) })
}

// simple are the numbers in the simplest objects: negative, so that signs can be seen.
var simple = map[byte]word{
	'i': {0xffff_fffa}, 'I': {0xffff_ffff_ffff_fffa}, 'f': {0xc020_0000}, 'F': {0xc004 << 48}, 'v': {0x8081_8283_8485_8687, 1},
}

// minimal is a constant expression for the simplest value of a type.
func (g *generator) minimal(letter byte) []byte {
	k, ok := concrete(letter)
	switch {
	case !isReference(letter):
		return appendConstant(nil, letter, simple[letter])
	case isNullable(letter):
		return appendHeapType([]byte{byte(wasm.OpRefNull)}, valueType(letter))
	case !ok && letter == 'Y':
		return g.minimal(nonNull(bytesType))
	case !ok && letter == 'S':
		return g.minimal(nonNull(structureType))
	case !ok:
		return appendOpcode(appendConstant(nil, 'i', simple['i']), wasm.OpRefI31)
	}
	t := &g.heap[k]
	var b []byte
	switch t.kind {
	case wasm.KindFunc:
		for _, f := range g.functions {
			if f.typ == t.signature && g.typeIndex(f.typ) == uint64(k) {
				return appendUnsigned([]byte{byte(wasm.OpRefFunc)}, uint64(f.index))
			}
		}
		panic("differential: no function of type " + t.signature)
	case wasm.KindArray:
		b = append(b, g.minimal(unpacked(t.fields[0].storage))...)
		b = appendOpcode(appendConstant(b, 'i', word{1}), wasm.OpArrayNew)
	default:
		for _, f := range t.fields {
			b = append(b, g.minimal(unpacked(f.storage))...)
		}
		b = appendOpcode(b, wasm.OpStructNew)
	}
	return appendUnsigned(b, uint64(k))
}

// referenceGlobal is a global of a reference type.
func (g *generator) referenceGlobal() global {
	letter := g.referenceLetter(len(g.heap))
	return global{letter, g.chance(85), false, nil}
}

// initReferences makes the constants that refer to functions and objects.
func (g *generator) initReferences() {
	for k := range g.globals {
		if v := &g.globals[k]; v.init == nil {
			v.init = g.constantReference(v.letter)
		}
	}
	elements := []byte{'a'} // of arrayType
	for k := range g.heap {
		if t := &g.heap[k]; t.kind == wasm.KindArray && t.fields[0].mutable && isReference(t.fields[0].storage) {
			elements = append(elements, t.fields[0].storage)
		}
	}
	g.segmentLetter = pick(g.r, elements)
}

// constantReference is a constant expression of a reference type.
func (g *generator) constantReference(letter byte) []byte {
	if letter == 'n' || g.chance(25) {
		return g.minimal(letter)
	}
	return g.minimal(without(letter))
}

// unpacked is the type in which a field is read.
func unpacked(storage byte) byte {
	if storage == 'b' || storage == 'h' {
		return 'i'
	}
	return storage
}

// heapSection are the recursive groups as the type section has them.
func (g *generator) heapSection() (groups [][]byte) {
	const group, subtype, final = 0x4e, 0x50, 0x4f
	next := 0
	for _, size := range g.groups {
		b := appendUnsigned([]byte{group}, uint64(size))
		for ; size > 0; size-- {
			t := &g.heap[next]
			next++
			form := byte(subtype)
			if t.final {
				form = final
			}
			b = append(b, form)
			if t.super >= 0 {
				b = appendUnsigned(append(b, 1), uint64(t.super))
			} else {
				b = append(b, 0)
			}
			b = t.append(b)
		}
		groups = append(groups, b)
	}
	return groups
}

// append appends a composite type (5.3.5).
func (t *heapType) append(b []byte) []byte {
	const structForm, arrayForm = 0x5f, 0x5e
	switch t.kind {
	case wasm.KindFunc:
		return appendFunctionType(b, t.signature)
	case wasm.KindStruct:
		b = appendUnsigned(append(b, structForm), uint64(len(t.fields)))
	default:
		b = append(b, arrayForm)
	}
	packed := map[byte]wasm.ValueType{'b': wasm.I8, 'h': wasm.I16}
	for _, f := range t.fields {
		storage, ok := packed[f.storage]
		if !ok {
			storage = valueType(f.storage)
		}
		b = append(appendValueType(b, storage), bit(f.mutable))
	}
	return b
}

// bit is a flag of the binary format.
func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// appendFunctionType appends a function type of letters.
func appendFunctionType(b []byte, t string) []byte {
	params, results, _ := strings.Cut(t, ":")
	return appendTypes(appendTypes(append(b, funcType), params), results)
}
