// Package survey counts which features beyond WebAssembly 1.0 a module uses, and
// where each comes first.
//
// In: a decoded module, valid or not. Out: uses for people. The validator knows
// which features a valid module has, and that is what counts for the compiler;
// this package also looks at modules that are not valid or that need what the
// compiler does not know, and goes on behind the first such place: with the next
// function, since an instruction that is not known has no known length.
package survey

import (
	"cmp"
	"errors"
	"slices"

	"mewz/compiler/wasm"
)

// NoFunction says that a place lies in no function.
const NoFunction = 1<<32 - 1

// Use is a feature that a module uses.
type Use struct {
	Feature  wasm.Feature
	Count    int         // instructions, types and definitions that need it
	What     string      // the first of them
	Offset   wasm.Offset // where it is, 0: unknown
	Function uint32      // that it is in, by index, or NoFunction
	// Unsupported is why the compiler refuses the first place that it refuses.
	Unsupported *wasm.UnsupportedError
}

// surveyor is the state for one module.
type surveyor struct {
	module   *wasm.Module
	memories []wasm.MemoryType // imports first
	uses     map[wasm.Feature]*Use
	function uint32 // that is looked at
}

// Module counts the features of m, sorted by name.
func Module(m *wasm.Module) []Use {
	s := &surveyor{module: m, uses: map[wasm.Feature]*Use{}, function: NoFunction}
	s.types()
	s.imports()
	s.definitions()
	s.segments()
	imported := uint32(m.CountImports(wasm.ExternFunc))
	for i := range m.Code {
		s.function = imported + uint32(i)
		s.code(&m.Code[i])
	}
	uses := make([]Use, 0, len(s.uses))
	for _, u := range s.uses {
		uses = append(uses, *u)
	}
	slices.SortFunc(uses, func(a, b Use) int { return cmp.Compare(a.Feature, b.Feature) })
	return uses
}

// use counts a feature.
func (s *surveyor) use(f wasm.Feature, what string, at wasm.Offset) *Use {
	if f == wasm.FeatureNone {
		return nil
	}
	u := s.uses[f]
	if u == nil {
		u = &Use{Feature: f, What: what, Offset: at, Function: s.function}
		s.uses[f] = u
	}
	if u.Offset == 0 && at != 0 { // the first whose place is known
		u.What, u.Offset, u.Function = what, at, s.function
	}
	u.Count++
	return u
}

// referenceFeatures are the features of reference types to abstract heap types,
// nullable; funcref is of 1.0 as the type of tables.
var referenceFeatures = map[wasm.ValueType]wasm.Feature{
	wasm.ExternRef: wasm.FeatureReferenceTypes,
	wasm.ExnRef:    wasm.FeatureExceptions, wasm.NullExnRef: wasm.FeatureExceptions,
	wasm.AnyRef: wasm.FeatureGC, wasm.EqRef: wasm.FeatureGC, wasm.I31Ref: wasm.FeatureGC, wasm.StructRef: wasm.FeatureGC,
	wasm.ArrayRef: wasm.FeatureGC, wasm.NullRef: wasm.FeatureGC, wasm.NullFuncRef: wasm.FeatureGC, wasm.NullExternRef: wasm.FeatureGC,
}

// valueType counts what a type needs.
func (s *surveyor) valueType(t wasm.ValueType, at wasm.Offset) {
	switch {
	case t == wasm.V128:
		s.use(wasm.FeatureSIMD, "type v128", at)
	case !t.IsReference():
	case t.IsConcrete() || !t.IsNullable():
		s.use(wasm.FeatureFunctionReferences, "type "+t.String(), at)
	default:
		s.use(referenceFeatures[t], "type "+t.String(), at)
	}
}

func (s *surveyor) valueTypes(types []wasm.ValueType, at wasm.Offset) {
	for _, t := range types {
		s.valueType(t, at)
	}
}

func (s *surveyor) types() {
	for i := range s.module.Types {
		t := &s.module.Types[i]
		if t.Kind != wasm.KindFunc || len(t.Supers) > 0 || t.GroupSize > 1 {
			s.use(wasm.FeatureGC, "a type of kind "+t.Kind.String()+" or with subtypes", t.Offset)
		}
		if len(t.Results) > 1 {
			s.use(wasm.FeatureMultiValue, "a function type of several results", t.Offset)
		}
		s.valueTypes(t.Params, t.Offset)
		s.valueTypes(t.Results, t.Offset)
	}
}

func (s *surveyor) imports() {
	tables := 0
	for i := range s.module.Imports {
		im := &s.module.Imports[i]
		switch im.Kind {
		case wasm.ExternTable:
			s.table(&im.Table, tables, im.Offset)
			tables++
		case wasm.ExternMemory:
			s.memory(im.Memory, im.Offset)
		case wasm.ExternGlobal:
			s.global(&im.Global, im.Offset)
			if im.Global.Mutable {
				s.use(wasm.FeatureMutableGlobals, "an imported mutable global", im.Offset)
			}
		case wasm.ExternTag:
			s.use(wasm.FeatureExceptions, "an imported tag", im.Offset)
		default: // functions are of 1.0
		}
	}
	for i := range s.module.Tables {
		t := &s.module.Tables[i]
		s.table(&t.Type, tables+i, t.Offset)
	}
}

func (s *surveyor) table(t *wasm.TableType, index int, at wasm.Offset) {
	if index > 0 {
		s.use(wasm.FeatureReferenceTypes, "a second table", at)
	}
	if t.Limits.Is64 || t.Limits.Long {
		s.use(wasm.FeatureMemory64, "a table with i64 limits", at)
	}
	s.valueType(t.Element, at)
}

func (s *surveyor) memory(t wasm.MemoryType, at wasm.Offset) {
	if len(s.memories) > 0 {
		s.use(wasm.FeatureMultiMemory, "a second memory", at)
	}
	if t.Limits.Is64 || t.Limits.Long {
		s.use(wasm.FeatureMemory64, "a memory with i64 limits", at)
	}
	if t.Limits.Shared {
		s.use(wasm.FeatureThreads, "a shared memory", at)
	}
	s.memories = append(s.memories, t)
}

func (s *surveyor) global(t *wasm.GlobalType, at wasm.Offset) { s.valueType(t.Type, at) }

// definitions looks at memories, globals, exports and tags.
func (s *surveyor) definitions() {
	m := s.module
	for i := range m.Memories {
		s.memory(m.Memories[i].Type, m.Memories[i].Offset)
	}
	var mutable []bool // of each global, imports first
	for i := range m.Imports {
		if m.Imports[i].Kind == wasm.ExternGlobal {
			mutable = append(mutable, m.Imports[i].Global.Mutable)
		}
	}
	imported := len(mutable)
	for i := range m.Globals {
		g := &m.Globals[i]
		s.global(&g.Type, g.Offset)
		s.constant(&g.Init, imported)
		mutable = append(mutable, g.Type.Mutable)
	}
	for i := range m.Exports {
		e := &m.Exports[i]
		if e.Kind == wasm.ExternGlobal && uint64(e.Index) < uint64(len(mutable)) && mutable[e.Index] {
			s.use(wasm.FeatureMutableGlobals, "an exported mutable global", e.Offset)
		}
	}
	for i := range m.Tags {
		s.use(wasm.FeatureExceptions, "a tag", m.Tags[i].Offset)
	}
}

// segments looks at element and data segments.
func (s *surveyor) segments() {
	m := s.module
	globals := m.CountImports(wasm.ExternGlobal)
	for i := range m.Elements {
		e := &m.Elements[i]
		if e.Mode != wasm.SegmentActive || len(e.Exprs) > 0 {
			s.use(wasm.FeatureBulkMemory, "a passive element segment, or one of expressions", e.Offset)
		}
		if e.Mode == wasm.SegmentActive {
			s.constant(&e.Address, globals)
		}
		if e.Type != wasm.FuncRef.NonNull() || len(e.Exprs) > 0 { // else indices of functions, as in 1.0
			s.valueType(e.Type, e.Offset)
		}
		for k := range e.Exprs {
			s.constant(&e.Exprs[k], globals)
		}
	}
	if m.DataCount != nil {
		s.use(wasm.FeatureBulkMemory, "a data count section", 0)
	}
	for i := range m.Data {
		d := &m.Data[i]
		if d.Mode != wasm.SegmentActive {
			s.use(wasm.FeatureBulkMemory, "a passive data segment", d.Offset)
			continue
		}
		s.constant(&d.Address, globals)
	}
}

// constant looks at a constant expression; imported is the number of imported
// globals, which alone it could name in 1.0.
func (s *surveyor) constant(e *wasm.ConstExpr, imported int) {
	r := wasm.NewReader(e.Body, e.Offset)
	var i wasm.Instruction
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			s.refused(err)
			return
		}
		switch {
		case i.Opcode == wasm.OpI32Add, i.Opcode == wasm.OpI32Sub, i.Opcode == wasm.OpI32Mul,
			i.Opcode == wasm.OpI64Add, i.Opcode == wasm.OpI64Sub, i.Opcode == wasm.OpI64Mul,
			i.Opcode == wasm.OpGlobalGet && uint64(i.Index) >= uint64(imported):
			s.use(wasm.FeatureExtendedConst, i.Info().Name+" in a constant expression", i.Offset)
		default:
			s.use(i.Info().Feature, i.Info().Name, i.Offset)
		}
	}
}

// refused counts what the reader does not know.
func (s *surveyor) refused(err error) {
	var unsupported *wasm.UnsupportedError
	if !errors.As(err, &unsupported) {
		return // malformed: the validator says it
	}
	at := wasm.Offset(0)
	var place *wasm.OffsetError
	if errors.As(err, &place) {
		at = place.Offset
	}
	u := s.use(unsupported.Proposal, unsupported.What, at)
	if u != nil && u.Unsupported == nil {
		u.Unsupported = unsupported
	}
}

// code looks at the body of a function.
func (s *surveyor) code(c *wasm.Code) {
	for _, g := range c.Locals {
		s.valueType(g.Type, c.Offset)
	}
	r := wasm.NewReader(c.Body, c.Offset)
	var i wasm.Instruction
	var last *Use // of the instruction before: most have the same feature
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			s.refused(err)
			return
		}
		info := wasm.Lookup(i.Opcode)
		if info == nil {
			return
		}
		if f := info.Feature; f != wasm.FeatureNone {
			if last != nil && last.Feature == f {
				last.Count++
			} else {
				last = s.use(f, info.Name, i.Offset)
			}
		}
		s.operands(&i, info)
	}
}

// operands looks at what an instruction has besides its opcode.
func (s *surveyor) operands(i *wasm.Instruction, info *wasm.OpcodeInfo) {
	if i.ManyMemories {
		s.use(wasm.FeatureMultiMemory, info.Name+" of another memory", i.Offset)
	}
	switch info.Immediate {
	case wasm.ImmediateBlock, wasm.ImmediateCatches:
		if i.Block.HasIndex {
			s.use(wasm.FeatureMultiValue, info.Name+" with a function type", i.Offset)
		} else {
			s.valueType(i.Block.Result, i.Offset)
		}
	case wasm.ImmediateMemArg, wasm.ImmediateMemArgLane:
		if i.LongOffset || uint64(i.Index) < uint64(len(s.memories)) && s.memories[i.Index].Limits.Is64 {
			s.use(wasm.FeatureMemory64, info.Name+" with an i64 address", i.Offset)
		}
	case wasm.ImmediateCallIndirect:
		if i.Index2 != 0 {
			s.use(wasm.FeatureReferenceTypes, info.Name+" through another table", i.Offset)
		}
	case wasm.ImmediateTypes, wasm.ImmediateHeapType, wasm.ImmediateHeapTypeNull:
		s.valueTypes(i.Types, i.Offset)
	default: // nothing that needs a feature
	}
}
