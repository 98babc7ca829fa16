package lower

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// Room that a table has for table.grow beyond what it declares: there is no
// allocator below compiled code. Reserved elements cost address space only.
const (
	growElements   = 1 << 20 // in a table that the module itself grows
	exportElements = 1 << 16 // in a table that others may grow
)

// module is what the lowering knows of the whole module: per-module state, not
// changed once newModule has returned.
type module struct {
	*wasm.Module
	checked   *validate.Checked
	options   Options
	usage     *usage
	functions []functionInfo
	tables    []tableInfo
	// fixedElements is how many elements tables have that never change.
	fixedElements uint64
	globals       []globalInfo
	memories      []memoryInfo
	wide          bool // some memory or table has addresses of 64 bits
	types         []typeInfo
	// displayLength is how many types a display has room for.
	displayLength int
	// objectsHoldFunctions says that some structure or array has references to
	// functions in it.
	objectsHoldFunctions bool
	heap                 bool // the module needs the heap of objects
	elements             []segmentInfo
	data                 []segmentInfo

	importedFunctions int
	movable           bool // as Options.Movable says, and there are several shards
	tags              []tagInfo
	// Exceptions, see throwing.go: whether they may be in the module at all, be thrown
	// on by it, be made by it, be in its variables; and whether code behind references
	// may throw.
	exceptions, raises, allocates, keeps, referenceThrows bool
	// Calling conventions, see convention.go.
	registerGlobal0 bool
	tailFunctions   bool                  // functions of the module are called by tailcc
	tailReferences  bool                  // what references and tables hold, too
	exports         map[exported][]string // symbols, in the order of the exports
}

// exported is what an export names.
type exported struct {
	kind  wasm.ExternKind
	index uint32
}

// functionInfo is one function of the index space.
type functionInfo struct {
	importSymbol string // see shard.symbol
	typ          *wasm.FuncType
	typeIndex    uint32
	typeID       uint64
	imported     bool
	throws       bool // exceptions may leave it
}

// tableInfo is one table of the index space.
type tableInfo struct {
	symbol   string
	wasmType wasm.TableType
	imported bool
	// fixed tables never change: an array of {code, type id}. The others are a
	// descriptor {elements, size, capacity} and an array of references.
	fixed bool
	// Of a fixed table: its elements, their types without repetition, for each of
	// these the only function or noFunction, and whether some elements are null.
	entries    []value
	entryTypes []uint32
	entryOnly  []uint32
	hasNull    bool
	init       *wasm.ConstExpr // of all elements; nil: null
	capacity   uint64
}

// globalInfo is one global of the index space.
type globalInfo struct {
	symbol   string
	wasmType wasm.GlobalType
	imported bool
	aliased  bool  // another import may be the same global
	known    bool  // initial is the value at compile time
	initial  value // if known
}

// memoryInfo is one memory of the index space.
type memoryInfo struct {
	base, bytes, grow string // symbols
	imported          bool
	first             bool // of those that the module defines
	wasmType          wasm.MemoryType
	mostBytes         uint64 // it never has more
}

// segmentInfo is one element or data segment.
type segmentInfo struct {
	symbol  string
	static  bool // applied before the module runs
	dropped bool // drop instructions name it: its size is a variable
	length  uint64
}

func newModule(checked *validate.Checked, o Options) (*module, error) {
	m := checked.Module()
	u, err := scanUsage(m)
	if err != nil {
		return nil, err
	}
	s := &module{Module: m, checked: checked, options: o, usage: u, exports: map[exported][]string{}}
	for i := range m.Exports {
		key := exported{m.Exports[i].Kind, m.Exports[i].Index}
		s.exports[key] = append(s.exports[key], o.SymbolPrefix+ExportSymbol(m.Exports[i].Name))
	}
	s.addTypes()
	s.addFunctions()
	s.addGlobals()
	s.addTags()
	s.findThrowing()
	if err := s.addTables(); err != nil {
		return nil, err
	}
	if err := s.addMemories(); err != nil {
		return nil, err
	}
	s.wide = slices.ContainsFunc(s.memories, func(m memoryInfo) bool { return m.wasmType.Limits.Is64 }) ||
		slices.ContainsFunc(s.tables, func(t tableInfo) bool { return t.wasmType.Limits.Is64 })
	s.addElements()
	s.addData()
	s.findHeap()
	s.registerGlobal0 = s.canRegisterGlobal0()
	s.tailFunctions = u.tailCalls
	s.tailReferences = u.tailCalls && s.isClosed()
	return s, nil
}

// own is a symbol of the module's own.
func (m *module) own(kind string, index int) string {
	return m.options.SymbolPrefix + kind + strconv.Itoa(index)
}

func (m *module) addFunctions() {
	symbols := FunctionImportSymbols(m.Module)
	for i := range m.Imports {
		if im := &m.Imports[i]; im.Kind == wasm.ExternFunc {
			m.functions = append(m.functions, functionInfo{
				importSymbol: symbols[len(m.functions)], typ: &m.Types[im.Type].FuncType,
				typeIndex: im.Type, typeID: m.types[im.Type].id, imported: true,
			})
		}
	}
	m.importedFunctions = len(m.functions)
	for _, t := range m.Functions {
		m.functions = append(m.functions, functionInfo{
			typ: &m.Types[t].FuncType, typeIndex: t, typeID: m.types[t].id,
		})
	}
}

func (m *module) addGlobals() {
	for i := range m.Imports {
		if im := &m.Imports[i]; im.Kind == wasm.ExternGlobal {
			m.globals = append(m.globals, globalInfo{
				symbol: ImportSymbol(im.Module, im.Name), wasmType: im.Global, imported: true,
			})
		}
	}
	for k := range m.globals {
		m.globals[k].aliased = m.globals[k].wasmType.Mutable && len(m.globals) > 1
	}
	for i := range m.Globals {
		g := &m.Globals[i]
		initial, known := m.evaluate(&g.Init)
		m.globals = append(m.globals, globalInfo{
			symbol: m.own("g", len(m.globals)), wasmType: g.Type, known: known, initial: initial,
		})
	}
}

func (m *module) addTables() error {
	for i := range m.Imports {
		if im := &m.Imports[i]; im.Kind == wasm.ExternTable {
			m.tables = append(m.tables, tableInfo{
				symbol: ImportSymbol(im.Module, im.Name), wasmType: im.Table, imported: true,
			})
		}
	}
	for i := range m.Tables {
		index := len(m.tables)
		t := tableInfo{symbol: m.own("t", index), wasmType: m.Tables[i].Type}
		limits := t.wasmType.Limits
		if limits.Min > wasm.MaxElements {
			return &wasm.OffsetError{Offset: m.Tables[i].Offset, Err: fmt.Errorf(
				"table %d has %d elements at first, more than the %d that this compiler supports", index, limits.Min, wasm.MaxElements)}
		}
		shared := m.hasExport(wasm.ExternTable, uint32(index))
		t.capacity = limits.Min
		if m.usage.tableGrown[uint32(index)] {
			t.capacity = max(t.capacity, growElements)
		} else if shared {
			t.capacity = max(t.capacity, exportElements)
		}
		if limits.HasMax {
			t.capacity = min(t.capacity, limits.Max)
		}
		t.init = m.Tables[i].Init
		t.entries, t.fixed = m.fixedEntries(uint32(index), &t)
		t.fixed = t.fixed && !shared
		m.sumUpEntries(&t)
		m.tables = append(m.tables, t)
	}
	return nil
}

// fixedEntries returns the elements of a table whose elements are all known and
// never change.
func (m *module) fixedEntries(index uint32, t *tableInfo) ([]value, bool) {
	if !isFunctionReference(m.Module, t.wasmType.Element) || m.usage.tableMutated[index] || m.usage.tableInspected[index] {
		return nil, false
	}
	if m.isSparse(index, t.wasmType.Limits.Min) {
		return nil, false
	}
	initial := zero(t.wasmType.Element)
	if t.init != nil {
		known := false
		if initial, known = m.evaluate(t.init); !known {
			return nil, false
		}
	}
	m.fixedElements += t.wasmType.Limits.Min
	entries := slices.Repeat([]value{initial}, int(t.wasmType.Limits.Min))
	for i := range m.Elements {
		e := &m.Elements[i]
		if e.Mode != wasm.SegmentActive || e.Table != index {
			continue
		}
		at, known := m.evaluate(&e.Address)
		start, length := at.bits, uint64(e.Len())
		if !known || !fitsWithin(start, length, uint64(len(entries))) {
			return nil, false
		}
		for k := range e.Len() {
			v, known := m.elementValue(e, k)
			if !known {
				return nil, false
			}
			entries[start+uint64(k)] = v
		}
	}
	return entries, true
}

// isSparse says whether a table of size elements is so large, and so little of it
// used, that an array of its entries would be a waste of image and of LLVM's time.
func (m *module) isSparse(index uint32, size uint64) bool {
	const (
		small = 1 << 16 // a MiB of entries
		many  = 1 << 20 // entries of all tables: a small one takes three bytes of a module
		used  = 4       // least part of a larger table
	)
	n := uint64(0)
	for i := range m.Elements {
		if e := &m.Elements[i]; e.Mode == wasm.SegmentActive && e.Table == index {
			n += uint64(e.Len())
		}
	}
	return n < size/used && (size > small || m.fixedElements+size > many)
}

// noFunction stands for several functions.
const noFunction = math.MaxUint32

// sumUpEntries notes the types of the entries of t.
func (m *module) sumUpEntries(t *tableInfo) {
	seen := map[uint64]int{} // by the id of a type, its place in entryTypes
	for _, v := range t.entries {
		if v.kind != valueFunction {
			t.hasNull = true
			continue
		}
		f := &m.functions[v.bits]
		k, ok := seen[f.typeID]
		if !ok {
			seen[f.typeID] = len(t.entryTypes)
			t.entryTypes = append(t.entryTypes, f.typeIndex)
			t.entryOnly = append(t.entryOnly, uint32(v.bits))
		} else if t.entryOnly[k] != uint32(v.bits) {
			t.entryOnly[k] = noFunction
		}
	}
}

// elementValue is element k of a segment, if it is known.
func (m *module) elementValue(e *wasm.Element, k int) (value, bool) {
	if e.Exprs != nil {
		return m.evaluate(&e.Exprs[k])
	}
	return m.functionReference(e.Funcs[k]), true
}

func (m *module) addMemories() error {
	for i := range m.Imports {
		if im := &m.Imports[i]; im.Kind == wasm.ExternMemory {
			symbol := ImportSymbol(im.Module, im.Name)
			m.memories = append(m.memories, memoryInfo{symbol, symbol + ".bytes", symbol + ".grow", true, false, im.Memory, mostPages(im.Memory.Limits) * abi.WasmPageBytes})
		}
	}
	for i := range m.Memories {
		if pages := m.Memories[i].Type.Limits.Min; pages > abi.MemoryMaxPages {
			return &wasm.OffsetError{Offset: m.Memories[i].Offset, Err: fmt.Errorf(
				"memory %d has %d pages at first, more than the %d that this compiler supports", len(m.memories), pages, abi.MemoryMaxPages)}
		}
		symbol := m.options.SymbolPrefix + object.MemorySymbol(i)
		m.memories = append(m.memories, memoryInfo{symbol, symbol + "_bytes", symbol + "_grow", false, i == 0, m.Memories[i].Type, MemoryMaxPages(m.Memories[i].Type.Limits) * abi.WasmPageBytes})
	}
	return nil
}

// MemoryMaxPages is how many wasm pages a memory that a module defines may have at
// most. What is declared is an upper bound, and memory.grow may fail at any size
// (4.4.7), so one that does not begin with all of its address space never gets the
// last page: addresses have a distance to 2^32 then, see nearby.go.
func MemoryMaxPages(limits wasm.Limits) uint64 {
	most := mostPages(limits)
	if most == abi.MemoryMaxPages && limits.Min < most && !limits.Is64 {
		most--
	}
	return most
}

// mostPages is how many wasm pages a memory of a type may have at most.
func mostPages(limits wasm.Limits) uint64 {
	if limits.HasMax {
		return min(limits.Max, abi.MemoryMaxPages)
	}
	return abi.MemoryMaxPages
}

func (m *module) addElements() {
	for i := range m.Elements {
		e := &m.Elements[i]
		s := segmentInfo{symbol: m.own("e", i), length: uint64(e.Len())}
		s.static = e.Mode == wasm.SegmentActive && m.tables[e.Table].fixed
		s.dropped = e.Mode == wasm.SegmentPassive && m.usage.elementDropped[uint32(i)]
		m.elements = append(m.elements, s)
	}
}

// addData decides which active data segments are part of the initial memory, the
// first that the module defines. Segments are applied in order after the element
// segments (4.5.4), and a trap keeps what was written before; so the first
// segment that may trap ends the static ones.
func (m *module) addData() {
	static := true
	for i := range m.Elements {
		static = static && m.elementFits(&m.Elements[i])
	}
	for i := range m.Data {
		d := &m.Data[i]
		s := segmentInfo{symbol: m.own("d", i), length: uint64(len(d.Bytes))}
		if d.Mode == wasm.SegmentActive {
			at, known := m.evaluate(&d.Address)
			memory := &m.memories[d.Memory]
			static = static && known && !memory.imported &&
				fitsWithin(at.bits, s.length, memory.wasmType.Limits.Min*abi.WasmPageBytes)
			s.static = static && memory.first
		} else {
			s.dropped = m.usage.dataDropped[uint32(i)]
		}
		m.data = append(m.data, s)
	}
}

// elementFits says whether applying e at instantiation cannot trap.
func (m *module) elementFits(e *wasm.Element) bool {
	if e.Mode != wasm.SegmentActive {
		return true
	}
	at, known := m.evaluate(&e.Address)
	t := &m.tables[e.Table]
	return known && !t.imported && fitsWithin(at.bits, uint64(e.Len()), t.wasmType.Limits.Min)
}

// fitsWithin says whether length from start on lie within size.
func fitsWithin(start, length, size uint64) bool { return length <= size && start <= size-length }
