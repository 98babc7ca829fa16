package lower

import (
	"fmt"
	"maps"
	"slices"

	"mewz/abi"
	"mewz/compiler/wasm"
)

// Instantiation (4.5.4): what is not static, in the order of the specification.

// defineEntry writes the functions of the contract that are no functions of the
// module: wasm_instantiate, wasm_start, exports of imported functions, and what
// table instructions call.
func (s *shard) defineEntry() {
	prefix := s.module.options.SymbolPrefix
	s.defineInstantiate(prefix + "wasm_instantiate")
	s.defineStart(prefix+"wasm_start", prefix+"wasm_instantiate")
	for i := range s.module.Exports {
		e := &s.module.Exports[i]
		if e.Kind == wasm.ExternFunc && s.module.functions[e.Index].imported {
			// An undefined symbol cannot have an alias.
			s.defineWrapper(prefix+ExportSymbol(e.Name), e.Index)
		}
	}
	s.defineUnwinder()
	for _, index := range slices.Sorted(maps.Keys(s.adapted)) {
		s.defineAdapter(index)
	}
	if len(s.module.usage.tableGrown) > 0 {
		s.out = fmt.Appendf(s.out, tableGrow, s.quote(prefix+"table_grow"), s.quote(prefix+"table_fill"))
		s.defined[prefix+"table_grow"] = true
	}
	if _, used := s.declared[prefix+"table_fill"]; used || len(s.module.usage.tableGrown)+len(s.module.usage.tableFilled) > 0 {
		s.out = fmt.Appendf(s.out, tableFill, s.quote(prefix+"table_fill"))
		s.defined[prefix+"table_fill"] = true
	}
}

func (s *shard) defineInstantiate(symbol string) {
	f := newFunction(s, &wasm.FuncType{})
	f.throws = s.module.exceptions
	f.noteStack()
	f.registerRoots()
	for i := range s.module.Globals {
		index := len(s.module.globals) - len(s.module.Globals) + i
		if g := &s.module.globals[index]; !g.known {
			v := f.constant(&s.module.Globals[i].Init)
			f.put("  store ").typed(v).put(", ptr ").put(s.quote(g.symbol)).line()
		}
	}
	f.fillTables()
	f.fillElements()
	f.applyElements()
	f.applyData()
	if s.module.Start != nil {
		f.callFunction(*s.module.Start)
	}
	f.returnValues()
	s.entry(symbol, f)
}

// entry writes a function of the contract, visible to the environment.
func (s *shard) entry(symbol string, f *function) {
	s.defined[symbol] = true
	signature := newSignature(f.typ, convention{})
	s.out = fmt.Appendf(s.out, "define %s %s(%s) %s", signature.resultType(), s.quote(symbol), signature.parameterNames(), f.attributes())
	f.write()
}

// entries are the exports that an environment calls once a module is instantiated
// (WASI's application ABI): that of a reactor, which for Kotlin is the program, and
// that of a command. wasmtime's command calls both where both are, in this order.
var entries = [...]string{"_initialize", "_start"}

func (s *shard) defineStart(symbol, instantiate string) {
	f := newFunction(s, &wasm.FuncType{})
	f.throws = s.module.exceptions
	f.noteStack()
	f.put("  call void ").put(s.quote(instantiate)).put("()").line()
	for _, name := range entries {
		for i := range s.module.Exports {
			e := &s.module.Exports[i]
			if e.Kind != wasm.ExternFunc || e.Name != name {
				continue
			}
			if t := s.module.functions[e.Index].typ; len(t.Params) == 0 && len(t.Results) == 0 {
				f.callFunction(e.Index)
			}
		}
	}
	f.returnValues()
	s.entry(symbol, f)
}

// constant lowers a constant expression.
func (f *function) constant(e *wasm.ConstExpr) value {
	f.controls = append(f.controls, control{target: f.newBlock()})
	f.lowerExpression(e.Body, e.Offset)
	return f.pop()
}

// fillTables sets the elements of tables that do not begin with null.
func (f *function) fillTables() {
	for i := range f.module.tables {
		t := &f.module.tables[i]
		if t.fixed || t.init == nil || t.wasmType.Limits.Min == 0 {
			continue
		}
		v := f.constant(t.init)
		elements := f.tableElements(uint32(i))
		name := f.use(f.module.options.SymbolPrefix+"table_fill", declareTableFill)
		f.put("  call void ").put(name).put("(ptr ").put(elements).put(", ").typed(v).put(", i64 ").number(t.wasmType.Limits.Min).put(")").line()
	}
}

// fillElements computes the references that are not known at compile time.
func (f *function) fillElements() {
	for i := range f.module.Elements {
		segment, e := &f.module.elements[i], &f.module.Elements[i]
		if segment.static || e.Mode == wasm.SegmentDeclarative {
			continue
		}
		for k := range e.Exprs {
			if _, known := f.module.evaluate(&e.Exprs[k]); known {
				continue
			}
			v := f.constant(&e.Exprs[k])
			at := f.define()
			f.put("getelementptr ptr, ptr ").put(f.quote(segment.symbol)).put(", i64 ").number(uint64(k)).line()
			f.put("  store ").typed(v).put(", ptr ").register(at).line()
		}
	}
}

func (f *function) applyElements() {
	for i := range f.module.Elements {
		e := &f.module.Elements[i]
		if e.Mode != wasm.SegmentActive || f.module.elements[i].static {
			continue
		}
		at := f.constant(&e.Address)
		f.initTable(uint32(i), e.Table, constantI32(uint32(e.Len())), constantI32(0), at, abi.TrapElement)
	}
}

func (f *function) applyData() {
	for i := range f.module.Data {
		d := &f.module.Data[i]
		if d.Mode != wasm.SegmentActive || f.module.data[i].static {
			continue
		}
		at := f.constant(&d.Address)
		f.initMemory(uint32(i), d.Memory, constantI32(uint32(len(d.Bytes))), constantI32(0), at, abi.TrapData)
	}
}

// tableGrow is table.grow: the size before, or -1 without room.
const tableGrow = `define hidden i32 %s(ptr %%table, ptr %%value, i32 %%count) #0 {
  %%sizeat = getelementptr i8, ptr %%table, i64 8
  %%size = load i64, ptr %%sizeat
  %%capacityat = getelementptr i8, ptr %%table, i64 16
  %%capacity = load i64, ptr %%capacityat
  %%wide = zext i32 %%count to i64
  %%grown = add nuw i64 %%size, %%wide
  %%beyond = icmp ugt i64 %%grown, %%capacity
  br i1 %%beyond, label %%fail, label %%grow
grow:
  %%elements = load ptr, ptr %%table
  %%start = getelementptr ptr, ptr %%elements, i64 %%size
  call void %s(ptr %%start, ptr %%value, i64 %%wide)
  store i64 %%grown, ptr %%sizeat
  %%old = trunc i64 %%size to i32
  ret i32 %%old
fail:
  ret i32 -1
}

`

// tableFill sets references.
const tableFill = `define hidden void %s(ptr %%start, ptr %%value, i64 %%count) #0 {
entry:
  br label %%head
head:
  %%k = phi i64 [ 0, %%entry ], [ %%next, %%body ]
  %%more = icmp ult i64 %%k, %%count
  br i1 %%more, label %%body, label %%done
body:
  %%slot = getelementptr ptr, ptr %%start, i64 %%k
  store ptr %%value, ptr %%slot
  %%next = add nuw i64 %%k, 1
  br label %%head
done:
  ret void
}

`
