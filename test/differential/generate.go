package differential

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// Sizes of generated modules. LLVM needs 50 to 500 ms for one of them, and a
// call of one function ends within milliseconds in an interpreter.
const (
	functionsMin, functionsMore = 3, 8   // and as many more
	typesMin, typesMore         = 2, 5   // of functions
	paramsMax, resultsMax       = 9, 5   // enough to leave the registers
	globalsMore                 = 6      // beyond those that every module has
	budgetMin, budgetMore       = 15, 90 // expressions in one function
	risksMax                    = 2      // instructions in a function that may well trap
	callFuel                    = 60     // calls between an entry and its return, so also the depth
	loopFuel                    = 200    // rounds of loops that may hold anything
	tableElements               = 16     // a power of two
	elementGroup                = 4      // elements of one type beside each other
)

// fullPercent is how many modules have a memory of the whole address space, in which
// addresses that wrap around lead to memory. It is too much to compare, so only
// what is loaded from it is seen. wazero fails on a load of several bytes that ends with it,
// and has no verdict on such a case.
const (
	fullPercent    = 10
	memoryPagesMax = 65536
)

// Globals that every module has, by what they are for. Their indices differ.
const (
	stackPointer = iota
	callsLeft
	roundsLeft
	fixedGlobals
)

// operator is an instruction whose type is fixed.
type operator struct {
	opcode   wasm.Opcode
	info     wasm.OpcodeInfo
	operands string
	result   string
}

// operators are all instructions that every engine computes alike, in the order
// of their opcodes.
var operators = func() (list []operator) {
	for _, o := range slices.Sorted(maps.Keys(wasm.Opcodes)) {
		info := wasm.Opcodes[o]
		switch info.Feature {
		case wasm.FeatureNone, wasm.FeatureSignExtension, wasm.FeatureSatTruncation, wasm.FeatureSIMD, wasm.FeatureThreads,
			wasm.FeatureBulkMemory, wasm.FeatureReferenceTypes:
		default:
			continue // needs more than random operands, or is not deterministic
		}
		switch o {
		case wasm.OpNop, wasm.OpI32Const, wasm.OpI64Const, wasm.OpF32Const, wasm.OpF64Const, wasm.OpV128Const,
			wasm.OpAtomicWait32, wasm.OpAtomicWait64, wasm.OpAtomicNotify, wasm.OpAtomicFence, wasm.OpTableSize:
			continue
		}
		operands, result, ok := strings.Cut(info.Signature, ":")
		if !ok || strings.ContainsAny(info.Signature, "rx") {
			continue
		}
		list = append(list, operator{o, info, operands, result})
	}
	return list
}()

// global is a global of the module.
type global struct {
	letter   byte
	mutable  bool
	exported bool
	init     []byte // constant expression without its end
}

// generator is the state of generating one module.
type generator struct {
	r         *rand.Rand
	types     []string // "iI:f"
	functions []*function
	globals   []global
	fixed     [fixedGlobals]int // indices of those that every module has
	elements  []int             // of table 0: functions, or -1
	memoryMin uint64
	memoryMax uint64

	simd, tailCalls, atomics, mutableTable  bool
	proposals, exceptions, legacy, collects bool // legacy: exceptions in the form before

	heap            []heapType
	groups          []int    // sizes of the recursive groups that heap is in
	tags            []string // their parameters
	callable        []int    // types of heap that are of functions
	layout          layout
	segmentLetter   byte // the type of the passive segment of references
	collectionsLeft int  // global

	start int // function that runs at instantiation, or -1

	scalars, vectors map[byte][]operator // by result; those with no vector, those with one
	stores           []operator
	names            []string // exports of functions that are no functions of g.functions
	extra            []*function
}

// Generate makes a module that computes: it terminates, seldom traps, and has
// functions e0, e1 … to call, each with all that is in its reach.
func Generate(r *rand.Rand) []byte {
	return newGenerator(r).generate()
}

func newGenerator(r *rand.Rand) *generator {
	g := &generator{r: r, start: -1, collectionsLeft: -1, scalars: map[byte][]operator{}, vectors: map[byte][]operator{}}
	g.simd, g.tailCalls, g.atomics, g.mutableTable = g.chance(60), g.chance(25), g.chance(15), g.chance(50)
	g.memoryMin = 1 + uint64(r.IntN(2))
	g.memoryMax = g.memoryMin + uint64(r.IntN(3))
	if g.chance(fullPercent) {
		g.memoryMin, g.memoryMax = memoryPagesMax, memoryPagesMax
	}
	return g
}

func (g *generator) generate() []byte {
	g.collectOperators()
	g.chooseLayout()
	if g.proposals {
		g.declareHeapTypes()
		g.declareTags()
	}
	g.declareGlobals()
	g.declareFunctions()
	if g.proposals {
		g.initReferences()
	}
	g.fillTable()
	for _, f := range g.functions {
		f.generate()
	}
	if g.proposals {
		g.addProposed()
	} else {
		g.addEntries()
	}
	if g.chance(15) {
		g.addStart()
	}
	return g.encode()
}

// isFull says whether the memory is the whole address space.
func (g *generator) isFull() bool { return g.memoryMin == memoryPagesMax }

// chance is true in so many of 100 cases.
func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (g *generator) collectOperators() {
	for _, o := range operators {
		isVector := strings.Contains(o.info.Signature, "v")
		if isVector && !g.simd || o.info.Feature == wasm.FeatureThreads && !g.atomics {
			continue
		}
		switch {
		case o.result == "" && o.info.Immediate != wasm.ImmediateMemArg && o.info.Immediate != wasm.ImmediateMemArgLane:
			// Statements of their own.
		case o.result == "":
			g.stores = append(g.stores, o)
		case isVector:
			g.vectors[o.result[0]] = append(g.vectors[o.result[0]], o)
		default:
			g.scalars[o.result[0]] = append(g.scalars[o.result[0]], o)
		}
	}
}

// letter is a random number type, or with references any type.
func (g *generator) letter(references bool) byte {
	if references && g.chance(4) {
		return pick(g.r, []byte("rx"))
	}
	if g.simd && g.chance(20) {
		return 'v'
	}
	return pick(g.r, []byte("iiIIfF"))
}

// typeIndex is the index of a function type, which is added if it is new.
func (g *generator) typeIndex(t string) uint64 {
	if k := g.callableOf(t); k >= 0 {
		return uint64(k)
	}
	k := slices.Index(g.types, t)
	if k < 0 {
		k = len(g.types)
		g.types = append(g.types, t)
	}
	return uint64(len(g.heap) + k)
}

// callableOf is the type that references to functions of a type have, or -1.
func (g *generator) callableOf(t string) int {
	return slices.IndexFunc(g.heap, func(h heapType) bool { return h.kind == wasm.KindFunc && h.signature == t })
}

// declareGlobals makes the globals. Global 0 is the stack pointer as in what
// clang makes, or one of the counters, or anything.
func (g *generator) declareGlobals() {
	n := fixedGlobals + g.r.IntN(globalsMore)
	places := g.r.Perm(n)[:fixedGlobals]
	if first := g.r.IntN(fixedGlobals); g.chance(80) && !slices.Contains(places, 0) {
		places[first] = 0
	}
	copy(g.fixed[:], places)
	for k := range n {
		letter := g.letter(false)
		if slices.Contains(places, k) {
			letter = 'i'
		}
		v := value(g.r, letter)
		if letter == 'f' || letter == 'F' {
			v = withoutNaN(letter, v)
		}
		isFixed := slices.Contains(places, k)
		exported := g.chance(35) && letter != 'v' // wazero shows half of a vector
		if g.proposals && !isFixed && g.chance(60) {
			g.globals = append(g.globals, g.referenceGlobal())
			continue
		}
		g.globals = append(g.globals, global{letter, isFixed || g.chance(85), exported, appendConstant(nil, letter, v)})
	}
	g.globals[g.fixed[stackPointer]].init = appendConstant(nil, 'i', [2]uint64{0x6000})
	if g.proposals {
		g.collectionsLeft = len(g.globals)
		g.globals = append(g.globals, global{'i', true, false, appendConstant(nil, 'i', word{})})
	}
}

func (g *generator) declareFunctions() {
	var pool []string
	for range typesMin + g.r.IntN(typesMore) {
		var t []byte
		for range g.r.IntN(paramsMax + 1) {
			t = append(t, g.signatureLetter(len(g.heap)))
		}
		t = append(t, ':')
		results := 1
		if g.chance(30) {
			results = g.r.IntN(resultsMax + 1)
		}
		for range results {
			t = append(t, g.signatureLetter(len(g.heap)))
		}
		pool = append(pool, string(t))
	}
	var types []string
	for k := range g.heap { // a function of each at least
		if g.heap[k].kind == wasm.KindFunc {
			g.callable = append(g.callable, k)
			types = append(types, g.heap[k].signature)
		}
	}
	pool = append(pool, types...)
	for range functionsMin + g.r.IntN(functionsMore) {
		types = append(types, pick(g.r, pool))
	}
	for k, typ := range types {
		f := newFunction(g, k, typ)
		switch n := g.r.IntN(100); {
		case n < 25:
			f.simple = true
		case n < 45:
			f.leaf = true
		}
		g.functions = append(g.functions, f)
	}
}

// fillTable chooses the elements of table 0, in groups of the same type so that
// an index may be computed.
func (g *generator) fillTable() {
	for len(g.elements) < tableElements {
		first := pick(g.r, g.functions)
		for range elementGroup {
			k := -1
			if g.chance(97) {
				k = first.index
				if other := pick(g.r, g.functions); other.typ == first.typ {
					k = other.index
				}
			}
			g.elements = append(g.elements, k)
		}
	}
}

// addEntries adds the functions that are called from outside: for each function
// one that sets the counters, readers of what is not exported, and one that
// recurses until the stack ends.
func (g *generator) addEntries() {
	add := func(name, typ string, code []byte) {
		f := newFunction(g, len(g.functions)+len(g.extra), typ)
		f.code = code
		g.extra = append(g.extra, f)
		g.names = append(g.names, name)
	}
	for _, f := range g.functions {
		var b []byte
		for _, fuel := range []struct{ global, amount int }{{callsLeft, callFuel}, {roundsLeft, loopFuel}} {
			b = appendConstant(b, 'i', [2]uint64{uint64(fuel.amount)})
			b = appendUnsigned(append(b, byte(wasm.OpGlobalSet)), uint64(g.fixed[fuel.global]))
		}
		for k := range len(f.params()) {
			b = appendUnsigned(append(b, byte(wasm.OpLocalGet)), uint64(k))
		}
		add(fmt.Sprintf("e%d", f.index), f.typ, appendUnsigned(append(b, byte(wasm.OpCall)), uint64(f.index)))
	}
	for k := range g.globals {
		if !g.globals[k].exported {
			add(fmt.Sprintf("g%d", k), ":"+string(g.globals[k].letter), appendUnsigned([]byte{byte(wasm.OpGlobalGet)}, uint64(k)))
		}
	}
	b := appendUnsigned(appendConstant([]byte{byte(wasm.OpLocalGet), 0}, 'i', [2]uint64{tableElements - 1}), opI32And)
	add("isnull", "i:i", append(b, byte(wasm.OpTableGet), 0, byte(wasm.OpRefIsNull)))
	// n == 0 ? 7 : deep(n-1) * 3 ^ n, which no compiler turns into a loop.
	deep := uint64(len(g.functions) + len(g.extra))
	b = []byte{byte(wasm.OpLocalGet), 0, opI32Eqz, byte(wasm.OpIf), byte(wasm.I32), byte(wasm.OpI32Const), 7, byte(wasm.OpElse),
		byte(wasm.OpLocalGet), 0, byte(wasm.OpI32Const), 1, byte(wasm.OpI32Sub), byte(wasm.OpCall)}
	b = append(appendUnsigned(b, deep), byte(wasm.OpI32Const), 3, byte(wasm.OpI32Mul), byte(wasm.OpLocalGet), 0, opI32Xor, byte(wasm.OpEnd))
	add("deep", "i:i", b)
}

// addStart adds a start function, which does not call any other.
func (g *generator) addStart() {
	f := newFunction(g, len(g.functions)+len(g.extra), ":")
	f.leaf = true
	f.generate()
	g.start = f.index
	g.extra = append(g.extra, f)
	g.names = append(g.names, "start")
}

// Opcodes that have no name in package wasm.
const (
	opI32Eqz = 0x45
	opI32LtS = 0x48
	opI32And = 0x71
	opI32Or  = 0x72
	opI32Xor = 0x73
	opF32Eq  = 0x5b
	opF64Eq  = 0x61

	opI32Rotl       = 0x77
	opI64Or         = 0x84
	opI64Xor        = 0x85
	opI64Rotl       = 0x89
	opI32WrapI64    = 0xa7
	opI64ExtendI32U = 0xad

	opI32x4ExtractLane = wasm.PrefixSIMD | 0x1b
	opI8x16Add         = wasm.PrefixSIMD | 0x6e
	opI16x8Add         = wasm.PrefixSIMD | 0x8e
	opI32x4Add         = wasm.PrefixSIMD | 0xae
	opI32x4Mul         = wasm.PrefixSIMD | 0xb5
	opI32x4Dot         = wasm.PrefixSIMD | 0xba
	opI64x2Add         = wasm.PrefixSIMD | 0xce

	opI32Eq             = 0x46
	opI32RemU           = 0x70
	opI32ReinterpretF32 = 0xbc
	opI64ReinterpretF64 = 0xbd
	opF32ReinterpretI32 = 0xbe
	opF64ReinterpretI64 = 0xbf
	opI64x2Splat        = wasm.PrefixSIMD | 0x12
	opI64x2ExtractLane  = wasm.PrefixSIMD | 0x1d
)

// encode writes the module.
func (g *generator) encode() []byte {
	all := slices.Concat(g.functions, g.extra)
	var functions, globals, exports, code, memories, tables [][]byte
	for k, is64 := range g.layout.memories {
		memories = append(memories, limits(is64, g.memoryMin, g.memoryMax))
		if !g.isFull() {
			exports = append(exports, append(appendName(nil, g.layout.memoryNameOf(k)), byte(wasm.ExternMemory), byte(k)))
		}
	}
	if g.chance(20) { // then code outside may call what lies in it
		exports = append(exports, append(appendName(nil, "table"), byte(wasm.ExternTable), 0))
	}
	for k, f := range all {
		functions = append(functions, appendUnsigned(nil, g.typeIndex(f.typ)))
		if err := f.move(); err != nil {
			panic("differential: " + err.Error()) // what we wrote ourselves
		}
		code = append(code, f.encode())
		if k >= len(g.functions) && g.names[k-len(g.functions)] != "" {
			name := g.names[k-len(g.functions)]
			exports = append(exports, appendUnsigned(append(appendName(nil, name), byte(wasm.ExternFunc)), uint64(k)))
		}
	}
	for k, v := range g.globals {
		b := append(appendValueType(nil, valueType(v.letter)), bit(v.mutable))
		globals = append(globals, append(append(b, v.init...), byte(wasm.OpEnd)))
		if v.exported {
			exports = append(exports, appendUnsigned(append(appendName(nil, fmt.Sprintf("v%d", k)), byte(wasm.ExternGlobal)), uint64(k)))
		}
	}
	var tags [][]byte
	for _, params := range g.tags {
		tags = append(tags, appendUnsigned([]byte{0}, g.typeIndex(params+":")))
	}
	types := g.heapSection()
	for _, t := range g.types {
		types = append(types, appendFunctionType(nil, t))
	}
	for k, element := range []wasm.ValueType{wasm.FuncRef, wasm.ExternRef, wasm.AnyRef} {
		if element != wasm.AnyRef || g.proposals {
			tables = append(tables, append([]byte{byte(element)}, limits(g.layout.tables[k], tableElements, 2*tableElements)...))
		}
	}
	b := appendVectorSection([]byte(preamble), sectionType, types)
	b = appendVectorSection(b, sectionFunction, functions)
	b = appendVectorSection(b, sectionTable, tables)
	b = appendVectorSection(b, sectionMemory, memories)
	b = appendVectorSection(b, sectionTag, tags)
	b = appendVectorSection(b, sectionGlobal, globals)
	b = appendVectorSection(b, sectionExport, exports)
	if g.start >= 0 {
		b = appendSection(b, sectionStart, appendUnsigned(nil, uint64(g.start)))
	}
	b = appendVectorSection(b, sectionElement, g.elementSegments())
	data := g.dataSegments()
	b = appendSection(b, sectionDataCount, appendUnsigned(nil, uint64(len(data))))
	b = appendVectorSection(b, sectionCode, code)
	return appendVectorSection(b, sectionData, data)
}

// memoryName is what memory is exported as.
const memoryName = "memory"

// Segments: an active and a passive one of each kind, and the declaration of all
// functions for ref.func.
const (
	passiveData     = 1
	passiveBytes    = 64
	passiveElement  = 1
	passiveElements = 8

	referenceElement = 3 // references of the type segmentLetter
)

func (g *generator) elementSegments() [][]byte {
	expressions := func(elements []int) []byte {
		b := appendUnsigned(nil, uint64(len(elements)))
		for _, k := range elements {
			if k < 0 {
				b = append(b, byte(wasm.OpRefNull), byte(wasm.FuncRef), byte(wasm.OpEnd))
				continue
			}
			b = append(appendUnsigned(append(b, byte(wasm.OpRefFunc)), uint64(k)), byte(wasm.OpEnd))
		}
		return b
	}
	active := slices.Concat([]byte{4}, index(g.layout.tables[0], 0), expressions(g.elements))
	passive := append([]byte{5, byte(wasm.FuncRef)}, expressions(g.elements[:passiveElements])...)
	declared := appendUnsigned([]byte{3, 0}, uint64(len(g.functions)))
	for k := range g.functions {
		declared = appendUnsigned(declared, uint64(k))
	}
	if !g.proposals {
		return [][]byte{active, passive, declared}
	}
	b := appendUnsigned(appendValueType([]byte{5}, valueType(g.segmentLetter)), passiveElements)
	for range passiveElements {
		b = append(append(b, g.constantReference(g.segmentLetter)...), byte(wasm.OpEnd))
	}
	return [][]byte{active, passive, declared, b}
}

func (g *generator) dataSegments() [][]byte {
	content := func(n int) []byte {
		var b []byte
		for len(b) < n {
			v := value(g.r, pick(g.r, []byte("iIfFv")))
			b = append(b, byte(v[0]), byte(v[0]>>8), byte(v[0]>>16), byte(v[0]>>24), byte(v[0]>>32), byte(v[0]>>56), byte(g.r.Uint32()))
		}
		return append(appendUnsigned(nil, uint64(n)), b[:n]...)
	}
	address := func(memory int) []byte { return index(g.layout.memories[memory], uint64(g.r.IntN(64))) }
	list := [][]byte{slices.Concat([]byte{0}, address(0), content(dataBytes)), append([]byte{1}, content(passiveBytes)...)}
	for k := 1; k < len(g.layout.memories); k++ {
		list = append(list, slices.Concat([]byte{2, byte(k)}, address(k), content(dataBytes)))
	}
	return list
}
