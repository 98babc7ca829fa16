package lower

import (
	"fmt"
	"slices"

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
	s.defineExceptions()
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
// id}.
func (s *shard) defineDescriptors() {
	for _, index := range s.module.referenced() {
		f := &s.module.functions[index]
		s.variableOf(s.own(kindDescriptor, index), "constant { ptr, i64 } { ptr "+s.codeOf(index)+
			", i64 "+signed(f.typeID)+" }")
	}
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
	for i := range m.globals {
		add(m.globals[i].initial, m.globals[i].known)
	}
	for i := range m.Elements {
		e := &m.Elements[i]
		if m.elements[i].static || e.Mode == wasm.SegmentDeclarative {
			continue
		}
		for k := range e.Len() {
			add(m.elementValue(e, k))
		}
	}
	var list []uint32
	for index := range set {
		list = append(list, index)
	}
	slices.Sort(list)
	return list
}
