package lower

import (
	"slices"
	"strconv"
	"strings"

	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// Objects of the GC proposal (docs/decisions/0011-garbage-collection.md). A
// reference is the address of an object, or an odd number: an i31, doubled and
// plus one. Objects are aligned to 16 bytes:
//
//	structure   address of its type, fields at their natural alignment in order
//	array       address of its type, uint32 length, four bytes, elements
//
// A subtype has the fields of its supertype first, so they lie at equal places.
// The type is a constant of the module (defineObjectTypes); the heap is package gc.

// Offsets in objects and in their types, which package gc knows as well.
const (
	headerBytes     = 8
	arrayLengthAt   = 8
	arrayElementsAt = 16
	typeDisplayAt   = 32

	kindStruct = 0
	kindArray  = 1
)

// fieldAlignMax is the alignment of objects as far as fields rely on it: a
// header is in front.
const fieldAlignMax = 8

// heapClasses are the sizes of cells, those of package gc.
var heapClasses = [...]uint64{
	16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
	1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192, 9360, 10912, 13104, 16384, 21840, 32768,
}

// heapBumpsAt is where wasm_heap has the next cell and the limit of each class.
const heapBumpsAt = 64

// objectLayout is how objects of a type lie in memory.
type objectLayout struct {
	offsets []uint64 // of the fields of a structure
	bytes   uint64   // of a structure; of an element of an array
	traced  []uint64 // offsets of fields that lead to objects; of an array: 0 if its elements do
}

// storageBytes is the size of a field, which is its alignment too, up to
// fieldAlignMax.
func storageBytes(t wasm.ValueType) uint64 {
	switch t {
	case wasm.I8:
		return 1
	case wasm.I16:
		return 2
	case wasm.I32, wasm.F32:
		return 4
	case wasm.V128:
		return 16
	default:
		return 8
	}
}

// isTraced says whether values of type t may lead to objects.
func isTraced(m *wasm.Module, t wasm.ValueType) bool {
	switch {
	case !t.IsReference(), isFunctionReference(m, t):
		return false
	case t.IsConcrete():
		return true
	}
	switch t.Nullable() {
	case wasm.AnyRef, wasm.EqRef, wasm.StructRef, wasm.ArrayRef, wasm.ExternRef:
		return true
	default:
		return false
	}
}

// layOut computes the layout of a structure or array type.
func layOut(m *wasm.Module, t *wasm.Type) *objectLayout {
	l := &objectLayout{}
	if t.Kind == wasm.KindArray {
		element := t.Fields[0].Type
		l.bytes = storageBytes(element)
		if isTraced(m, element) {
			l.traced = append(l.traced, 0)
		}
		return l
	}
	at := uint64(headerBytes)
	for _, field := range t.Fields {
		n := storageBytes(field.Type)
		align := min(n, fieldAlignMax)
		at = (at + align - 1) &^ (align - 1)
		l.offsets = append(l.offsets, at)
		if isTraced(m, field.Type) {
			l.traced = append(l.traced, at)
		}
		at += n
	}
	l.bytes = at
	return l
}

// heapClass is the class of cells for objects of a size, if there is one.
func heapClass(bytes uint64) (class int, ok bool) {
	for k, size := range heapClasses {
		if bytes <= size {
			return k, true
		}
	}
	return 0, false
}

// findHeap decides whether the module needs the heap: it makes objects or asks
// whether references are some, or it may hold those of others.
func (m *module) findHeap() {
	m.heap = m.usage.objects || m.options.HashedTypeIDs && len(m.roots()) > 0
	if !m.checked.Uses(wasm.FeatureGC) {
		return
	}
	for i := range m.Globals {
		m.heap = m.heap || m.makesObjects(&m.Globals[i].Init)
	}
	for i := range m.Tables {
		m.heap = m.heap || m.Tables[i].Init != nil && m.makesObjects(m.Tables[i].Init)
	}
	for i := range m.Elements {
		m.heap = m.heap || slices.ContainsFunc(m.Elements[i].Exprs, func(e wasm.ConstExpr) bool { return m.makesObjects(&e) })
	}
}

// makesObjects says whether a constant expression makes structures or arrays.
func (m *module) makesObjects(e *wasm.ConstExpr) bool {
	u := newUsage()
	r := wasm.NewReader(e.Body, e.Offset)
	var i wasm.Instruction
	for r.Len() > 0 && r.Next(&i) == nil {
		u.note(&i)
	}
	return u.objects
}

// heapSymbol is the symbol of the state of the heap.
func (m *module) heapSymbol() string { return m.options.SymbolPrefix + object.SymbolHeap }

// Counts of roots that are no references (isTable and isSpan of package gc).
const (
	isTable = "-1"
	isSpan  = "-2"
)

// roots are the symbols of what may refer to objects between calls, and how many
// references lie there, as text of IR.
func (m *module) roots() (list [][2]string) {
	for i := range m.globals {
		g := &m.globals[i]
		if !g.imported && isTraced(m.Module, g.wasmType.Type) && (g.wasmType.Mutable || !g.known) {
			list = append(list, [2]string{g.symbol, "1"})
		}
	}
	for i := range m.tables {
		if t := &m.tables[i]; !t.imported && isTraced(m.Module, t.wasmType.Element) {
			list = append(list, [2]string{t.symbol, isTable})
		}
	}
	for i := range m.elements {
		e := &m.elements[i]
		if !e.static && m.Elements[i].Mode != wasm.SegmentDeclarative && isTraced(m.Module, m.Elements[i].Type) && e.length > 0 {
			list = append(list, [2]string{e.symbol, decimal(e.length)})
		}
	}
	if m.exceptions && m.allocates && slices.ContainsFunc(m.tags, func(t tagInfo) bool {
		return slices.ContainsFunc(t.params, func(p wasm.ValueType) bool { return isTraced(m.Module, p) })
	}) {
		list = append(list, [2]string{m.options.SymbolPrefix + object.SymbolExceptions, isSpan})
	}
	return list
}

// defineRoots writes what wasm_instantiate registers (moduleLinkedAt of package gc).
func (s *shard) defineRoots() {
	if !s.module.heap {
		return
	}
	roots := s.module.roots()
	rows := make([]string, len(roots))
	for k, r := range roots {
		address := s.quote(r[0])
		if r[1] == isSpan { // memory for exceptions: its address and how much of it is in use
			address = "getelementptr (i8, ptr " + address + ", i64 " + strconv.Itoa(recordArena) + ")"
		}
		rows[k] = "{ ptr, i64 } { ptr " + address + ", i64 " + r[1] + " }"
	}
	array := "[" + strconv.Itoa(len(rows)) + " x { ptr, i64 }]"
	list := s.module.own("gc_roots", 0)
	s.variableOf(list, "constant "+array+" ["+strings.Join(rows, ", ")+"]")
	s.variableOf(s.module.own("gc_module", 0), "global { ptr, i64, ptr, i64 } { ptr null, i64 0, ptr "+s.quote(list)+
		", i64 "+strconv.Itoa(len(rows))+" }")
}

// registerRoots makes the roots of the module known to the collector.
func (f *function) registerRoots() {
	if f.module.heap {
		name := f.use(f.module.options.SymbolPrefix+"gc_register", "declare hidden void %s(ptr) nounwind")
		f.put("  call void ").put(name).put("(ptr ").put(f.quote(f.module.own("gc_module", 0))).put(")").line()
	}
}

// objectType returns the name of the type that objects of type t point to.
func (s *shard) objectType(t uint32) string {
	return s.variable(s.module.objectTypeSymbol(t), "i8")
}

func (m *module) objectTypeSymbol(t uint32) string {
	return m.own("y", int(m.checked.CanonicalType(t)))
}

// defineObjectTypes writes the types of all structures and arrays (typeKindAt of
// package gc): id, kind, size, fields to follow, display.
func (s *shard) defineObjectTypes() {
	for i := range s.module.Types {
		symbol := s.module.objectTypeSymbol(uint32(i))
		if s.module.Types[i].Kind == wasm.KindFunc || s.defined[symbol] {
			continue
		}
		t := &s.module.types[i]
		kind, list := kindStruct, "null"
		if s.module.Types[i].Kind == wasm.KindArray {
			kind = kindArray
		} else if traced := t.layout.traced; len(traced) > 0 {
			offsets := make([]string, len(traced))
			for k, at := range traced {
				offsets[k] = "i32 " + decimal(at)
			}
			s.variableOf(symbol+".fields", "constant ["+strconv.Itoa(len(offsets))+" x i32] ["+strings.Join(offsets, ", ")+"]")
			list = s.quote(symbol + ".fields")
		}
		display := "[" + strconv.Itoa(s.module.displayLength) + " x i64]"
		s.variableOf(symbol, "constant { i64, i32, i32, ptr, i64, "+display+" } { i64 "+signed(t.id)+", i32 "+strconv.Itoa(kind)+
			", i32 "+decimal(t.layout.bytes)+", ptr "+list+", i64 "+strconv.Itoa(len(t.layout.traced))+", "+display+
			" ["+s.module.displayText(t)+"] }")
	}
}
