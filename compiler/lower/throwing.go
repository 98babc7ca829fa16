package lower

import "mewz/compiler/wasm"

// Which functions may throw. All others are `nounwind`, and calls of them are calls,
// even in a try.

// exceptionUsage is what the code of a module does with exceptions.
type exceptionUsage struct {
	used      bool // an instruction of either form occurs
	throws    bool // throw
	functions []functionThrows
}

// functionThrows is what one function does, apart from functions that it calls.
type functionThrows struct {
	raises   bool // throw, throw_ref, rethrow
	indirect bool // calls a reference
	calls    []uint32
}

// note notes one instruction of the function read last.
func (u *exceptionUsage) note(i *wasm.Instruction) {
	f := &u.functions[len(u.functions)-1]
	switch i.Opcode {
	case wasm.OpCall, wasm.OpReturnCall:
		f.calls = append(f.calls, i.Index)
	case wasm.OpCallIndirect, wasm.OpReturnCallIndirect, wasm.OpCallRef, wasm.OpReturnCallRef:
		f.indirect = true
	case wasm.OpThrow:
		u.throws, u.used, f.raises = true, true, true
	case wasm.OpThrowRef, wasm.OpRethrow:
		u.used, f.raises = true, true
	case wasm.OpTry, wasm.OpTryTable:
		u.used = true
	}
}

// findThrowing sets what may throw: functions that do, or that call what may. A
// function that is called through a reference may be any. Imports may throw where
// modules are linked with each other; what the environment has does not.
func (m *module) findThrowing() {
	u := &m.usage.exceptions
	linked := m.options.HashedTypeIDs
	m.exceptions = u.used || len(m.tags) > 0 || linked
	m.raises, m.allocates, m.keeps = u.used, u.throws, u.throws || linked
	if !m.exceptions {
		return
	}
	m.referenceThrows = linked
	for i := range m.importedFunctions {
		m.functions[i].throws = linked
	}
	for k := range u.functions {
		m.referenceThrows = m.referenceThrows || u.functions[k].raises
	}
	m.spreadThrowing(u.functions)
}

// spreadThrowing marks the functions that may throw themselves, and from there on
// their callers.
func (m *module) spreadThrowing(functions []functionThrows) {
	callers := make([][]uint32, len(m.functions))
	var found []uint32
	mark := func(index uint32) {
		if f := &m.functions[index]; !f.throws {
			f.throws = true
			found = append(found, index)
		}
	}
	for k := range functions {
		f, index := &functions[k], uint32(m.importedFunctions+k)
		for _, callee := range f.calls {
			if m.functions[callee].throws && m.functions[callee].imported {
				mark(index)
			}
			callers[callee] = append(callers[callee], index)
		}
		if f.raises || f.indirect && m.referenceThrows {
			mark(index)
		}
	}
	for len(found) > 0 {
		index := found[len(found)-1]
		found = found[:len(found)-1]
		for _, caller := range callers[index] {
			mark(caller)
		}
	}
}
