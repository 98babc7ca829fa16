package lower

import (
	"fmt"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// What the first shard defines besides functions: globals, tables, element
// segments, descriptors of functions and the lengths of segments.

func (s *shard) defineData() {
	s.defineGlobals()
	s.defineTables()
	s.defineElements()
	for i := range s.module.data {
		if d := &s.module.data[i]; d.dropped {
			s.variableOf(d.symbol+".length", "global i64 "+decimal(d.length))
		}
	}
	if s.module.tailFunctions && s.module.exceptions {
		s.variableOf(s.module.options.SymbolPrefix+argumentBuffer, "global "+argumentBufferType+" zeroinitializer, align 16")
	}
	s.defineDescriptors()
	s.defineObjectTypes()
	s.defineExceptions()
	s.defineRoots()
	s.out = append(s.out, '\n')
}

// variableOf defines a hidden variable.
func (s *shard) variableOf(symbol, definition string) {
	s.defined[symbol] = true
	s.out = append(s.out, s.quote(symbol)+" = hidden "+definition+"\n"...)
}

// initializer is the text of a constant.
func (s *shard) initializer(v value) string {
	if v.kind == valueFunction {
		return s.descriptor(uint32(v.bits))
	}
	return string(appendConstant(nil, v))
}

func (s *shard) defineGlobals() {
	for i := range s.module.globals {
		g := &s.module.globals[i]
		if g.imported {
			continue
		}
		initial, kind := zero(g.wasmType.Type), "global "
		if g.known {
			initial = g.initial
			if !g.wasmType.Mutable {
				kind = "constant "
			}
		}
		s.variableOf(g.symbol, kind+llvmType(g.wasmType.Type)+" "+s.initializer(initial))
		s.exportVariable(wasm.ExternGlobal, i, llvmType(g.wasmType.Type), g.symbol)
	}
}

// exportVariable defines the exports of a global or table.
func (s *shard) exportVariable(kind wasm.ExternKind, index int, llvmType, symbol string) {
	for _, export := range s.module.exports[exported{kind, uint32(index)}] {
		s.out = fmt.Appendf(s.out, "%s = alias %s, ptr %s\n", quoted(export), llvmType, s.quote(symbol))
	}
}

func (s *shard) defineTables() {
	for i := range s.module.tables {
		t := &s.module.tables[i]
		switch {
		case t.imported:
		case t.fixed:
			s.defineFixedTable(t)
		default:
			s.variableOf(t.symbol+".elements", "global ["+decimal(t.capacity)+" x ptr] zeroinitializer")
			s.variableOf(t.symbol, "global "+tableDescriptor+" { ptr "+s.quote(t.symbol+".elements")+", i64 "+
				decimal(t.wasmType.Limits.Min)+", i64 "+decimal(t.capacity)+" }")
			s.exportVariable(wasm.ExternTable, i, tableDescriptor, t.symbol)
		}
	}
}

// defineFixedTable writes an array of {code, type id}; a null entry is zero.
func (s *shard) defineFixedTable(t *tableInfo) {
	array := "[" + decimal(uint64(len(t.entries))) + " x { ptr, i64 }]"
	if s.module.movable {
		s.variableOf(t.symbol+".length", "constant i32 "+decimal(uint64(len(t.entries))))
	}
	s.defined[t.symbol] = true
	s.out = append(s.out, s.quote(t.symbol)+" = hidden constant "+array...)
	if !slices.ContainsFunc(t.entries, func(v value) bool { return v.kind == valueFunction }) {
		s.out = append(s.out, " zeroinitializer\n"...)
		return
	}
	s.out = append(s.out, " ["...)
	for k, v := range t.entries {
		if k > 0 {
			s.out = append(s.out, ", "...)
		}
		if v.kind != valueFunction {
			s.out = append(s.out, "{ ptr, i64 } zeroinitializer"...)
			continue
		}
		s.out = append(s.out, "{ ptr, i64 } { ptr "+s.codeOf(uint32(v.bits))+", i64 "+
			signed(s.module.functions[v.bits].typeID)+" }"...)
	}
	s.out = append(s.out, "]\n"...)
}

// defineElements writes the references of each element segment that is applied
// at run time. Those that are not known yet are filled in by wasm_instantiate.
func (s *shard) defineElements() {
	for i := range s.module.elements {
		segment, e := &s.module.elements[i], &s.module.Elements[i]
		if segment.static || e.Mode == wasm.SegmentDeclarative {
			continue
		}
		if segment.dropped {
			s.variableOf(segment.symbol+".length", "global i64 "+decimal(segment.length))
		}
		array := "[" + decimal(segment.length) + " x ptr]"
		if segment.length == 0 {
			s.variableOf(segment.symbol, "constant "+array+" zeroinitializer")
			continue
		}
		s.defined[segment.symbol] = true
		s.out = append(s.out, s.quote(segment.symbol)+" = hidden global "+array+" ["...)
		for k := range e.Len() {
			if k > 0 {
				s.out = append(s.out, ", "...)
			}
			v, known := s.module.elementValue(e, k)
			if !known {
				v = zero(e.Type)
			}
			s.out = append(s.out, "ptr "+s.initializer(v)...)
		}
		s.out = append(s.out, "]\n"...)
	}
}

// defineDescriptors writes what references to functions point to: {code, type
// id}, and the display of a type that has one.
func (s *shard) defineDescriptors() {
	for _, index := range s.module.referenced() {
		f := &s.module.functions[index]
		code := "ptr " + s.codeOf(index) + ", i64 " + signed(f.typeID)
		symbol := s.own(kindDescriptor, index)
		if s.module.types[f.typeIndex].hasDisplay() {
			s.variableOf(symbol, "constant { ptr, i64, ptr } { "+code+", ptr "+s.display(f.typeIndex)+" }")
		} else {
			s.variableOf(symbol, "constant { ptr, i64 } { "+code+" }")
		}
	}
}

// display returns the name of a type's display, which it defines.
func (s *shard) display(index uint32) string {
	t := &s.module.types[index]
	symbol := s.module.own("s", int(t.chain[t.depth()]))
	if !s.defined[symbol] {
		s.variableOf(symbol, "constant ["+decimal(uint64(s.module.displayLength))+" x i64] ["+s.module.displayText(t)+"]")
	}
	return s.quote(symbol)
}

// displayText lists the ids of the types in a display.
func (m *module) displayText(t *typeInfo) string {
	ids := make([]string, m.displayLength)
	for k := range ids {
		ids[k] = "i64 0"
		if k < len(t.chain) {
			ids[k] = "i64 " + signed(m.types[t.chain[k]].id)
		}
	}
	return strings.Join(ids, ", ")
}

// referenced lists the functions that some reference may point to, ascending.
func (m *module) referenced() []uint32 {
	set := map[uint32]bool{}
	for index := range m.usage.functionTaken {
		set[index] = true
	}
	add := func(v value, known bool) {
		if known && v.kind == valueFunction {
			set[uint32(v.bits)] = true
		}
	}
	addConstant := func(e *wasm.ConstExpr) {
		v, known := m.evaluate(e)
		if add(v, known); !known {
			m.eachTaken(e, func(index uint32) { set[index] = true })
		}
	}
	for i := range m.Globals {
		addConstant(&m.Globals[i].Init)
	}
	for i := range m.tables {
		if t := &m.tables[i]; t.init != nil && !t.fixed {
			addConstant(t.init)
		}
	}
	for i := range m.Elements {
		e := &m.Elements[i]
		if m.elements[i].static || e.Mode == wasm.SegmentDeclarative {
			continue
		}
		for k := range e.Exprs {
			addConstant(&e.Exprs[k])
		}
		for _, index := range e.Funcs {
			set[index] = true
		}
	}
	var list []uint32
	for index := range set {
		list = append(list, index)
	}
	slices.Sort(list)
	return list
}

// eachTaken reports the functions that ref.func names in a constant expression.
func (m *module) eachTaken(e *wasm.ConstExpr, report func(index uint32)) {
	r := wasm.NewReader(e.Body, e.Offset)
	var i wasm.Instruction
	for r.Len() > 0 && r.Next(&i) == nil {
		if i.Opcode == wasm.OpRefFunc {
			report(i.Index)
		}
	}
}
