package lower

// slotValues are the values of locals in stack slots, as far as the LLVM block
// that is being written knows them: reading a local again needs no load.
type slotValues struct {
	label  int     // of that block
	locals []value // kind valueConstant and no type: not known
	list   []uint32
}

// at returns the value of a local, or where to note it.
func (s *slotValues) at(label, locals int, local uint32) *value {
	if s.label != label {
		for _, known := range s.list {
			s.locals[known] = value{}
		}
		s.label, s.list = label, s.list[:0]
	}
	if len(s.locals) < locals {
		s.locals = make([]value, locals)
	}
	return &s.locals[local]
}

// readLocal returns the value of a local in the current block.
func (f *function) readLocal(local uint32) value {
	if !f.slots {
		return f.valueAt(f.block, local)
	}
	known := f.known.at(f.label, len(f.locals), local)
	if known.wasmType == 0 {
		t := f.locals[local]
		r := f.define()
		f.put("load ").put(llvmType(t)).put(", ptr %l").number(uint64(local)).line()
		*known = registerValue(t, r)
		f.known.list = append(f.known.list, local)
	}
	return *known
}

// writeLocal sets a local in the current block.
func (f *function) writeLocal(local uint32, v value) {
	if !f.slots {
		f.values[localKey{f.block.id, local}] = v
		return
	}
	f.put("  store ").typed(v).put(", ptr %l").number(uint64(local)).line()
	known := f.known.at(f.label, len(f.locals), local)
	if known.wasmType == 0 {
		f.known.list = append(f.known.list, local)
	}
	*known = v
}
