package lower

import (
	"strconv"

	"mewz/compiler/wasm"
)

// Locals become SSA values directly (Braun and others, Simple and Efficient
// Construction of Static Single Assignment Form, 2013): a local is looked up
// where it is read, through the predecessors, and a phi appears only where
// different values meet and something reads them. Wasm's structured control
// flow spares the rest of the algorithm: all predecessors of a join are known
// when it begins, except those of a loop, and a loop needs phis only for locals
// that are written inside it.

// block is a node of the control flow graph. It may span several blocks of
// LLVM, which branches to traps end.
type block struct {
	id         int
	label      int
	edges      []edge
	phis       []phi
	start, end int // in function.text
	sealed     bool
	isLoop     bool
	loop       [2]wasm.Offset // of a loop: from, to
	before     int            // of a loop: the last register before it
	outer      *block         // of a loop: the head of the loop around it

	// In the tree of dominators, see nearby.go.
	above, skip *block
	depth       int
}

// edge is a branch to a block with the values of its label.
type edge struct {
	from  *block
	label int // of the LLVM block that ends with the branch
	args  []value
}

// phi is a value that depends on the edge. It is argument arg of the label, or
// local number local.
type phi struct {
	register int
	wasmType wasm.ValueType
	isLocal  bool
	index    int
	in       []value
}

// localKey is a local at the end of a block.
type localKey struct {
	block int
	local uint32
}

func (f *function) newBlock() *block {
	f.next++
	return &block{label: f.next}
}

// enter makes b the block that text goes into.
//
// Preconditions: the block before has ended.
func (f *function) enter(b *block) {
	b.place()
	b.id = len(f.blocks)
	f.blocks = append(f.blocks, b)
	b.start, b.end = len(f.text), len(f.text)
	f.block, f.label = b, b.label
}

// leave ends the current block; what follows is unreachable until enter.
func (f *function) leave() {
	f.block.end = len(f.text)
	f.block = nil
}

// addEdge notes that the current block branches to b.
func (f *function) addEdge(b *block, args []value) {
	b.edges = append(b.edges, edge{f.block, f.label, args})
}

// continueBlock starts a block that only the current one branches to, after the
// text of that branch.
func (f *function) continueBlock(b *block) {
	f.addEdge(b, nil)
	f.leave()
	b.sealed = true
	f.enter(b)
}

// split ends the current LLVM block with text that branches to the returned
// label and goes on there: the branch leads nowhere else but to a trap.
func (f *function) split(label int) {
	f.text = append(f.text, 'b')
	f.text = append(strconv.AppendInt(f.text, int64(label), 10), ":\n"...)
	f.label = label
}

// join enters b, all of whose edges are known, and returns the values of its
// label.
func (f *function) join(b *block, types []wasm.ValueType) []value {
	b.sealed = true
	f.enter(b)
	values := make([]value, len(types))
	for k, t := range types {
		in := make([]value, len(b.edges))
		for n := range b.edges {
			in[n] = b.edges[n].args[k]
		}
		values[k] = f.merge(b, t, in)
	}
	return values
}

// merge returns the value of a join: one value if all edges agree, else a phi.
func (f *function) merge(b *block, t wasm.ValueType, in []value) value {
	same := true
	for _, v := range in[1:] {
		same = same && v == in[0]
	}
	if same {
		return in[0]
	}
	f.next++
	b.phis = append(b.phis, phi{register: f.next, wasmType: t, in: in})
	return registerValue(t, f.next)
}

// valueAt returns the value that a local has at the end of b.
func (f *function) valueAt(b *block, local uint32) value {
	key := localKey{b.id, local}
	if v, ok := f.values[key]; ok {
		return v
	}
	var v value
	found := false
	at := b
	for !found && f.passesOn(at, local) {
		at = at.edges[0].from
		v, found = f.values[localKey{at.id, local}]
	}
	if !found {
		v = f.valueFrom(at, local)
	}
	for ; b != at; b = b.edges[0].from {
		if b.id%rememberEvery == 0 {
			f.values[localKey{b.id, local}] = v
		}
	}
	f.values[key] = v
	return v
}

// rememberEvery is which of the blocks that only pass a value on remember it: if all did,
// a large function's would take most of the memory, if none did, the way through them most of the time.
const rememberEvery = 8

// valueFrom makes the value that a local has at the end of b, which does not pass one on.
func (f *function) valueFrom(b *block, local uint32) value {
	var v value
	switch {
	case len(b.edges) == 0: // the entry
		v = zero(f.locals[local])
		if int(local) < len(f.typ.Params) {
			v = value{kind: valueParameter, wasmType: f.locals[local], bits: uint64(local)}
		}
	case b.isLoop:
		v = f.loopPhi(b, local)
	default:
		in := make([]value, len(b.edges))
		for n := range b.edges {
			in[n] = f.valueAt(b.edges[n].from, local)
		}
		v = f.merge(b, f.locals[local], in)
	}
	f.values[localKey{b.id, local}] = v
	return v
}

// passesOn says whether a local that b does not write has the same value at the end of the
// block before b, the first of them for a loop.
func (f *function) passesOn(b *block, local uint32) bool {
	if b.isLoop {
		return !f.scan.assignedWithin(local, b.loop[0], b.loop[1])
	}
	return len(b.edges) == 1
}

// loopPhi returns the value of a local at the head of a loop that writes it.
// Its operands are found when all branches to the loop are known.
func (f *function) loopPhi(b *block, local uint32) value {
	f.next++
	v := registerValue(f.locals[local], f.next)
	f.values[localKey{b.id, local}] = v
	n := len(b.phis)
	b.phis = append(b.phis, phi{register: f.next, wasmType: v.wasmType, isLocal: true, index: int(local)})
	if b.sealed {
		f.completePhi(b, n)
	}
	return v
}

// seal completes the phis of a loop once no further branch to it can come.
func (f *function) seal(b *block) {
	b.sealed = true
	for n := 0; n < len(b.phis); n++ { // completing one may add others
		f.completePhi(b, n)
	}
}

func (f *function) completePhi(b *block, n int) {
	if b.phis[n].in != nil {
		return
	}
	in := make([]value, len(b.edges))
	b.phis[n].in = in
	for k := range b.edges {
		if b.phis[n].isLocal {
			in[k] = f.valueAt(b.edges[k].from, uint32(b.phis[n].index))
		} else {
			in[k] = b.edges[k].args[b.phis[n].index]
		}
	}
}

func (f *function) appendPhi(b []byte, at *block, p *phi) []byte {
	b = strconv.AppendInt(append(b, "  %v"...), int64(p.register), 10)
	b = append(append(b, " = phi "...), llvmType(p.wasmType)...)
	for n, v := range p.in {
		if n > 0 {
			b = append(b, ',')
		}
		b = f.appendValue(append(b, " [ "...), v)
		b = strconv.AppendInt(append(b, ", %b"...), int64(at.edges[n].label), 10)
		b = append(b, " ]"...)
	}
	return append(b, '\n')
}
