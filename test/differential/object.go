package differential

import (
	"strings"

	"mewz/compiler/wasm"
)

// Objects: expressions and statements on references, whose nulls, bounds and casts trap
// only where a risk is taken.

const (
	lengthMask    = 15      // of an array, which has an element more
	largeLength   = 5 << 20 // of bytes: more than what is allotted between two collections
	collectionMax = 2       // that one call forces
	churnRounds   = 24      // cells of each type that are taken after a collection, to be overwritten
)

// emit appends an instruction with indices.
func (f *function) emit(o wasm.Opcode, indices ...int) {
	f.code = appendOpcode(f.code, o)
	for _, k := range indices {
		f.code = appendUnsigned(f.code, uint64(k))
	}
}

func (f *function) get(k int) { f.emit(wasm.OpLocalGet, k) }
func (f *function) set(k int) { f.emit(wasm.OpLocalSet, k) }
func (f *function) minimal(letter byte) {
	f.code = append(f.code, f.g.minimal(letter)...)
}

// reference pushes a reference.
func (f *function) reference(letter byte, depth int) {
	if depth > 0 && f.budget > 0 {
		switch n := f.g.r.IntN(100); {
		case n < 35 && f.construct(letter, depth):
			return
		case n < 55 && f.cast(letter, depth):
			return
		case n < 68 && f.read(letter, depth):
			return
		case n < 74 && letter == 'a':
			f.expression('x', depth-1)
			f.emit(wasm.OpAnyConvertExtern)
			return
		case n < 82 && !isNullable(letter):
			f.nonNullOf(letter, func() { f.expression(heapOf(letter), depth-1) })
			return
		}
	}
	f.referenceLeaf(letter)
}

// referenceLeaf pushes a variable, an element of a table or a constant.
func (f *function) referenceLeaf(letter byte) {
	r := f.g.r
	var locals, globals []int
	for k := range len(f.locals) {
		if f.g.isSubtype(f.locals[k], heapOf(letter)) {
			locals = append(locals, k)
		}
	}
	for k := range f.g.globals {
		if f.g.isSubtype(f.g.globals[k].letter, heapOf(letter)) {
			globals = append(globals, k)
		}
	}
	variable := func(o wasm.Opcode, k int, from byte) {
		if f.g.isSubtype(from, letter) {
			f.emit(o, k)
			return
		}
		f.nonNullOf(letter, func() { f.emit(o, k) })
	}
	switch {
	case letter == 'a' && f.chance(20):
		f.i32(r.IntN(tableElements))
		f.emit(wasm.OpTableGet, tableOf(letter))
	case len(locals) > 0 && f.chance(65):
		k := pick(r, locals)
		variable(wasm.OpLocalGet, k, f.locals[k])
	case len(globals) > 0 && f.chance(65):
		k := pick(r, globals)
		variable(wasm.OpGlobalGet, k, f.g.globals[k].letter)
	case isNullable(letter) && without(letter) != letter && f.chance(70):
		f.minimal(without(letter))
	default:
		f.minimal(letter)
	}
}

// nonNullOf pushes what push does, or the simplest object in place of null.
func (f *function) nonNullOf(letter byte, push func()) {
	switch f.g.r.IntN(5) {
	case 0:
		if f.risk() {
			push()
			f.emit(wasm.OpRefAsNonNull)
			return
		}
		fallthrough
	case 1, 2:
		f.enter(wasm.OpBlock, ":"+string(letter), string(letter))
		push()
		f.emit(wasm.OpBrOnNonNull, 0)
	default:
		f.enter(wasm.OpBlock, ":"+string(letter), string(letter))
		f.enter(wasm.OpBlock, ":", "")
		push()
		f.emit(wasm.OpBrOnNull, 0)
		f.emit(wasm.OpBr, 1)
		f.leave()
	}
	f.minimal(letter)
	f.leave()
}

// construct pushes a new object, an i31 or a function.
func (f *function) construct(letter byte, depth int) bool {
	var list []int
	for k := range f.g.heap {
		if f.g.isSubtype(nullable(k), heapOf(letter)) {
			list = append(list, k)
		}
	}
	if f.g.isSubtype('j', heapOf(letter)) && (len(list) == 0 || f.chance(20)) {
		f.expression('i', depth-1)
		f.emit(wasm.OpRefI31)
		return true
	}
	if len(list) == 0 {
		return false
	}
	f.constructType(pick(f.g.r, list), depth)
	return true
}

func (f *function) constructType(k, depth int) {
	t := &f.g.heap[k]
	switch {
	case t.kind == wasm.KindFunc:
		f.minimal(nonNull(k))
	case t.kind == wasm.KindArray:
		f.constructArray(k, depth)
	case t.hasDefault() && f.chance(25):
		f.emit(wasm.OpStructNewDefault, k)
	default:
		for _, field := range t.fields {
			f.canonical(unpacked(field.storage), depth-1)
		}
		f.emit(wasm.OpStructNew, k)
	}
}

// elementBytes are the sizes of numbers in data segments.
var elementBytes = map[byte]int{'b': 1, 'h': 2, 'i': 4, 'I': 8, 'f': 4, 'F': 8, 'v': 16}

func (f *function) constructArray(k, depth int) {
	element := f.g.heap[k].fields[0].storage
	n := f.g.r.IntN(100)
	switch {
	case n < 30:
		count := 1 + f.g.r.IntN(4)
		for range count {
			f.canonical(unpacked(element), depth-1)
		}
		f.emit(wasm.OpArrayNewFixed, k, count)
	case n < 45 && f.g.heap[k].hasDefault():
		f.arrayLength(depth)
		f.emit(wasm.OpArrayNewDefault, k)
	case n < 60 && elementBytes[element] > 0 && element != 'f' && element != 'F':
		// Not floats: NaNs of any bits.
		count := passiveBytes / elementBytes[element]
		first := f.g.r.IntN(count)
		f.i32(first * elementBytes[element])
		f.i32(1 + f.g.r.IntN(count-first))
		f.emit(wasm.OpArrayNewData, k, passiveData)
	case n < 75 && element == f.g.segmentLetter:
		f.i32(f.g.r.IntN(passiveElements / 2))
		f.i32(1 + f.g.r.IntN(passiveElements/2))
		f.emit(wasm.OpArrayNewElem, k, referenceElement)
	default:
		f.canonical(unpacked(element), depth-1)
		f.arrayLength(depth)
		f.emit(wasm.OpArrayNew, k)
	}
}

// arrayLength pushes the length of a new array, which is seldom 0.
func (f *function) arrayLength(depth int) {
	f.expression('i', depth-1)
	f.i32(lengthMask)
	f.op(opI32And)
	if !f.risk() {
		f.i32(1)
		f.op(wasm.OpI32Add)
	}
}

// cast pushes a reference that was one to a supertype.
func (f *function) cast(letter byte, depth int) bool {
	from := f.supertype(letter)
	if from == 0 {
		return false
	}
	flags := bit(isNullable(from)) | bit(isNullable(letter))<<1
	branch := func(o wasm.Opcode) {
		f.code = append(appendOpcode(f.code, o), flags, 0)
		f.code = appendHeapType(appendHeapType(f.code, valueType(from)), valueType(letter))
	}
	switch n := f.g.r.IntN(100); {
	case f.risk():
		f.expression(from, depth-1)
		f.castTo(wasm.OpRefCast, letter)
	case n < 35:
		f.enter(wasm.OpBlock, ":"+string(letter), string(letter))
		f.expression(from, depth-1)
		branch(wasm.OpBrOnCast)
		f.op(wasm.OpDrop)
		f.minimal(letter)
		f.leave()
	case n < 70:
		f.enter(wasm.OpBlock, ":"+string(letter), string(letter))
		f.enter(wasm.OpBlock, ":"+string(from), string(from))
		f.expression(from, depth-1)
		branch(wasm.OpBrOnCastFail)
		f.emit(wasm.OpBr, 1)
		f.leave()
		f.op(wasm.OpDrop)
		f.minimal(letter)
		f.leave()
	default:
		t := f.local(heapOf(from))
		f.expression(from, depth-1)
		f.emit(wasm.OpLocalTee, t)
		f.castTo(wasm.OpRefTest, letter)
		f.enter(wasm.OpIf, ":"+string(letter), string(letter))
		f.get(t)
		f.castTo(wasm.OpRefCast, letter)
		f.op(wasm.OpElse)
		f.minimal(letter)
		f.leave()
	}
	return true
}

// castTo appends ref.cast or ref.test of a type; the opcode is that without null.
func (f *function) castTo(o wasm.Opcode, letter byte) {
	if isNullable(letter) {
		o++
	}
	f.code = appendHeapType(appendOpcode(f.code, o), valueType(letter))
}

// supertype is a random type that a reference may be cast from, or 0.
func (f *function) supertype(letter byte) byte {
	var list []byte
	candidates := []byte("aesyr")
	for k := range f.g.heap {
		candidates = append(candidates, nullable(k))
	}
	for _, c := range candidates {
		if c != letter && f.g.isSubtype(letter, c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return 0
	}
	return pick(f.g.r, list)
}

// place in an object: a field of a type of the module.
type member struct{ heap, field int }

// members are the fields and elements of a kind.
func (f *function) members(fits func(field) bool) (list []member) {
	for k := range f.g.heap {
		for n, field := range f.g.heap[k].fields {
			if fits(field) {
				list = append(list, member{k, n})
			}
		}
	}
	return list
}

// read pushes a field or element of a type.
func (f *function) read(letter byte, depth int) bool {
	list := f.members(func(field field) bool {
		return isReference(letter) && f.g.isSubtype(field.storage, letter) || unpacked(field.storage) == letter
	})
	if len(list) == 0 {
		return false
	}
	m := pick(f.g.r, list)
	field := f.g.heap[m.heap].fields[m.field]
	packed := 0
	if unpacked(field.storage) != field.storage {
		packed = 1 + f.g.r.IntN(2)
	}
	if f.g.heap[m.heap].kind == wasm.KindStruct {
		f.operand(m.heap, depth)
		f.emit(wasm.OpStructGet+wasm.Opcode(packed), m.heap, m.field)
		return true
	}
	a := f.arrayOperand(m.heap, depth)
	f.indexIn(a, depth)
	f.emit(wasm.OpArrayGet+wasm.Opcode(packed), m.heap)
	return true
}

// operand pushes an object of a type, which is null only at a risk.
func (f *function) operand(k, depth int) {
	if f.risk() {
		f.expression(nullable(k), depth-1)
		return
	}
	if f.chance(40) {
		f.constructType(k, depth-1)
		return
	}
	f.expression(nonNull(k), depth-1)
}

// arrayOperand pushes an array and keeps it in a local.
func (f *function) arrayOperand(k, depth int) (local int) {
	local = f.local(nullable(k))
	f.operand(k, depth)
	f.emit(wasm.OpLocalTee, local)
	return local
}

// indexIn pushes an index of the array in a local, which is beyond it only at a risk.
func (f *function) indexIn(array, depth int) {
	f.expression('i', depth-1)
	if f.risk() {
		f.i32(2*lengthMask + 1)
		f.op(opI32And)
		return
	}
	f.get(array)
	f.emit(wasm.OpArrayLen)
	f.get(array)
	f.emit(wasm.OpArrayLen)
	f.op(opI32Eqz) // an empty one has no index
	f.op(wasm.OpI32Add)
	f.op(opI32RemU)
}

// observe pushes an integer that says something of references.
func (f *function) observe(depth int) {
	r := f.g.r
	any := func() byte { return pick(r, []byte("aesyj")) }
	switch r.IntN(8) {
	case 0:
		f.expression(f.g.referenceLetter(len(f.g.heap)), depth-1)
		f.op(wasm.OpRefIsNull)
	case 1, 2:
		to := f.g.referenceLetter(len(f.g.heap))
		from := f.supertype(to)
		if from == 0 {
			from = to
		}
		if f.chance(50) {
			to = without(to)
		}
		f.expression(from, depth-1)
		f.castTo(wasm.OpRefTest, to)
	case 3:
		f.expression(any(), depth-1)
		f.toEq()
		f.expression(any(), depth-1)
		f.toEq()
		f.op(wasm.OpRefEq)
	case 4:
		f.expression('Y', depth-1)
		f.emit(wasm.OpArrayLen)
	default:
		if f.chance(50) || !f.construct('j', depth) {
			f.expression('J', depth-1)
		}
		f.emit(wasm.OpI31GetS + wasm.Opcode(r.IntN(2)))
	}
}

// toEq makes an eqref of a reference that may be one to a value of the host.
func (f *function) toEq() {
	// What is no eqref already becomes null.
	t := f.local('a')
	f.set(t)
	f.enter(wasm.OpBlock, ":e", "e")
	f.get(t)
	f.code = append(appendOpcode(f.code, wasm.OpBrOnCast), 3, 0, byte(wasm.AnyRef), byte(wasm.EqRef))
	f.op(wasm.OpDrop)
	f.minimal('e')
	f.leave()
}

// objectStatement changes objects, or what refers to them.
func (f *function) objectStatement(depth int) {
	switch n := f.g.r.IntN(100); {
	case n < 20:
		f.write(depth)
	case n < 40:
		f.arrayStatement(depth)
	case n < 47:
		f.i32(f.g.r.IntN(tableElements))
		f.expression('a', depth)
		f.emit(wasm.OpTableSet, tableOf('a'))
	case n < 54:
		f.callReference(depth)
	case n < 60 && f.g.collects:
		f.collect()
	case n < 80 && !f.simple:
		f.show('i', func() {
			letter := pick(f.g.r, f.digestible())
			f.expression(letter, depth)
			f.scalar(letter)
		})
	default:
		letter := pick(f.g.r, []byte("iiiIfF"))
		f.show(letter, func() {
			if letter != 'i' || f.chance(50) {
				if !f.read(letter, depth) {
					f.expression(letter, depth)
					f.canonicalize(letter)
				}
				return
			}
			f.observe(depth)
		})
	}
}

// digestible are the types of objects.
func (f *function) digestible() []byte {
	list := []byte("aesyjASYJ")
	for k := range f.g.heap {
		if f.g.heap[k].kind != wasm.KindFunc {
			list = append(list, nullable(k), nonNull(k))
		}
	}
	return list
}

// write sets a field or an element.
func (f *function) write(depth int) {
	list := f.members(func(field field) bool { return field.mutable })
	m := pick(f.g.r, list) // the array of bytes at least
	storage := f.g.heap[m.heap].fields[m.field].storage
	if f.g.heap[m.heap].kind == wasm.KindStruct {
		f.operand(m.heap, depth)
		f.canonical(unpacked(storage), depth-1)
		f.emit(wasm.OpStructSet, m.heap, m.field)
		return
	}
	a := f.arrayOperand(m.heap, depth)
	f.indexIn(a, depth)
	f.canonical(unpacked(storage), depth-1)
	f.emit(wasm.OpArraySet, m.heap)
}

// arrayStatement changes several elements of an array.
func (f *function) arrayStatement(depth int) {
	var list []int
	for k := range f.g.heap {
		if t := &f.g.heap[k]; t.kind == wasm.KindArray && t.fields[0].mutable {
			list = append(list, k)
		}
	}
	k := pick(f.g.r, list)
	element := f.g.heap[k].fields[0].storage
	size := elementBytes[element]
	n := f.g.r.IntN(100)
	a := f.arrayOperand(k, depth)
	switch {
	case n < 35:
		start := f.start(a, depth)
		f.canonical(unpacked(element), depth-1)
		f.rest(start, depth, a)
		f.emit(wasm.OpArrayFill, k)
	case n < 55 && size > 0 && element != 'f' && element != 'F':
		start := f.start(a, depth)
		f.i32(0)
		f.rest(start, depth, a) // so that the segment is long enough
		f.i32(passiveBytes/size/2 - 1)
		f.op(opI32And)
		f.emit(wasm.OpArrayInitData, k, passiveData)
	case n < 70 && element == f.g.segmentLetter:
		start := f.start(a, depth)
		f.i32(0)
		f.rest(start, depth, a)
		f.i32(passiveElements - 1)
		f.op(opI32And)
		f.emit(wasm.OpArrayInitElem, k, referenceElement)
	default:
		f.arrayCopy(k, a, depth)
	}
	if !f.simple && f.chance(60) {
		f.show('i', func() {
			f.get(a)
			f.scalar('y')
		})
	}
}

// arrayCopy copies within an array that is in a local, or from another, whose elements are of a subtype.
func (f *function) arrayCopy(k, to, depth int) {
	var list []int
	for other := range f.g.heap {
		t := &f.g.heap[other]
		if t.kind == wasm.KindArray && (t.fields[0].storage == f.g.heap[k].fields[0].storage ||
			isReference(t.fields[0].storage) && f.g.isSubtype(t.fields[0].storage, f.g.heap[k].fields[0].storage)) {
			list = append(list, other)
		}
	}
	from := pick(f.g.r, list)
	toStart := f.start(to, depth)
	var source int
	if from == k && f.chance(60) {
		source = to // so that they may overlap
		f.get(to)
	} else {
		source = f.arrayOperand(from, depth)
	}
	sourceStart := f.start(source, depth)
	f.rest(toStart, depth, to)
	f.rest(sourceStart, depth, source)
	f.least()
	f.emit(wasm.OpArrayCopy, k, from)
}

// start pushes an index of an array and keeps it.
func (f *function) start(array, depth int) (local int) {
	local = f.local('i')
	f.indexIn(array, depth)
	f.emit(wasm.OpLocalTee, local)
	return local
}

// rest pushes a number of elements from an index on, which are too many only at a
// risk.
func (f *function) rest(start, depth, array int) {
	if f.risk() {
		f.length(depth, lengthMask)
		return
	}
	f.get(array)
	f.emit(wasm.OpArrayLen)
	f.get(start)
	f.op(wasm.OpI32Sub)
	f.length(depth, lengthMask)
	f.least()
}

// least leaves the smaller of two numbers.
func (f *function) least() {
	a, b := f.local('i'), f.local('i')
	f.set(a)
	f.emit(wasm.OpLocalTee, b)
	f.get(a)
	f.get(b)
	f.get(a)
	f.op(opI32LtS)
	f.op(wasm.OpSelect)
}

// callReference calls a function by a reference to it.
func (f *function) callReference(depth int) {
	if f.simple || f.leaf || len(f.g.callable) == 0 {
		f.write(depth)
		return
	}
	k := pick(f.g.r, f.g.callable)
	f.pushCall(k, depth)
	f.emit(wasm.OpCallRef, k)
	f.setResults(f.g.heap[k].signature)
}

// tailCallReference ends the function by a call of a reference, now and then.
func (f *function) tailCallReference(depth int) bool {
	var list []int
	for _, k := range f.g.callable {
		if _, results, _ := strings.Cut(f.g.heap[k].signature, ":"); results == f.results() {
			list = append(list, k)
		}
	}
	if f.simple || f.leaf || len(list) == 0 || f.chance(50) {
		return false
	}
	k := pick(f.g.r, list)
	f.pushCall(k, depth)
	f.emit(wasm.OpReturnCallRef, k)
	return true
}

// pushCall pushes arguments and a function of type k.
func (f *function) pushCall(k, depth int) {
	f.arguments(f.g.heap[k].signature, depth)
	f.operand(k, depth)
}

// collect makes the heap collect, and overwrites what the collector gave free.
func (f *function) collect() {
	left := f.g.collectionsLeft
	f.emit(wasm.OpGlobalGet, left)
	f.enter(wasm.OpIf, ":", "")
	f.emit(wasm.OpGlobalGet, left)
	f.i32(1)
	f.op(wasm.OpI32Sub)
	f.emit(wasm.OpGlobalSet, left)
	f.i32(largeLength)
	f.emit(wasm.OpArrayNewDefault, bytesType)
	f.op(wasm.OpDrop)
	rounds, last := f.local('i'), f.local('a')
	f.i32(churnRounds)
	f.set(rounds)
	f.enter(wasm.OpLoop, ":", noTarget)
	for k := range f.g.heap {
		if f.g.heap[k].kind == wasm.KindFunc {
			continue
		}
		f.minimal(nonNull(k))
		f.set(last)
	}
	f.get(rounds)
	f.i32(1)
	f.op(wasm.OpI32Sub)
	f.emit(wasm.OpLocalTee, rounds)
	f.emit(wasm.OpBrIf, 0)
	f.leave()
	f.leave()
}
