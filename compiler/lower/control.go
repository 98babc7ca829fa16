package lower

import (
	"mewz/abi"
	"mewz/compiler/wasm"
)

// Control instructions (4.4.8).

// control is an open block, loop, if or function body.
type control struct {
	target          *block // of branches: the end, or the head of a loop
	otherwise       *block // of an if without else so far: where the else is
	params, results []wasm.ValueType
	arguments       []value // of an if, for its else
	height          int     // of the operand stack below the parameters
	isLoop          bool

	// Of a try, see exception.go.
	handler  *handler     // while its body is open
	clauses  []wasm.Catch // of a try_table
	caught   value        // in a catch of the legacy form: the exception
	uncaught *block       // and where those go that no catch so far is for
}

// labelTypes are the values that a branch to c carries.
func (c *control) labelTypes() []wasm.ValueType {
	if c.isLoop {
		return c.params
	}
	return c.results
}

// blockType returns parameters and results of a block.
func (f *function) blockType(t wasm.BlockType) (params, results []wasm.ValueType) {
	switch {
	case t.HasIndex:
		return f.module.Types[t.Index].Params, f.module.Types[t.Index].Results
	case t.Result != 0:
		return nil, []wasm.ValueType{t.Result}
	default:
		return nil, nil
	}
}

func (f *function) open(c control) {
	c.height = len(f.stack) - len(c.params)
	f.controls = append(f.controls, c)
}

func lowerUnreachable(f *function, _ *wasm.Instruction) {
	f.trap(abi.TrapUnreachable)
}

func lowerNop(*function, *wasm.Instruction) {}

func lowerBlock(f *function, i *wasm.Instruction) {
	params, results := f.blockType(i.Block)
	f.open(control{target: f.newBlock(), params: params, results: results})
}

func lowerLoop(f *function, i *wasm.Instruction) {
	params, results := f.blockType(i.Block)
	head := f.newBlock()
	head.isLoop = true
	head.loop = [2]wasm.Offset{i.Offset, f.scan.loopEnds[i.Offset]}
	head.before, head.outer = f.next, f.loop
	arguments := f.top(len(params))
	f.jump(head, arguments)
	f.open(control{target: head, params: params, results: results, isLoop: true})
	f.enter(head)
	f.loop = head
	for k, t := range params {
		f.next++
		head.phis = append(head.phis, phi{register: f.next, wasmType: t, index: k})
		f.stack[len(f.stack)-len(params)+k] = registerValue(t, f.next)
	}
}

func lowerIf(f *function, i *wasm.Instruction) {
	params, results := f.blockType(i.Block)
	condition := f.popCondition()
	c := control{target: f.newBlock(), otherwise: f.newBlock(), params: params, results: results}
	c.arguments = f.top(len(params))
	then := f.newBlock()
	f.branchIf(condition, then.label, c.otherwise.label)
	f.addEdge(c.otherwise, nil)
	c.otherwise.sealed = true
	f.open(c)
	f.continueBlock(then)
}

func lowerElse(f *function, _ *wasm.Instruction) { f.elseBlock() }

// elseBlock begins the other arm of the innermost if. The first may have ended
// with a branch.
func (f *function) elseBlock() {
	c := &f.controls[len(f.controls)-1]
	if f.block != nil {
		f.jump(c.target, f.top(len(c.results)))
	}
	f.stack = append(f.stack[:c.height], c.arguments...)
	f.enter(c.otherwise)
	c.otherwise = nil
}

func lowerEnd(f *function, _ *wasm.Instruction) { f.endBlock() }

// endBlock ends the innermost block. What follows is reachable if the end of
// the block is, or if something branches there.
func (f *function) endBlock() {
	c := f.controls[len(f.controls)-1]
	f.controls = f.controls[:len(f.controls)-1]
	if c.isLoop {
		f.loop = c.target.outer
		f.seal(c.target)
		return
	}
	if c.handler != nil {
		f.endTry(&c, f.handlerFrom(len(f.controls)))
	} else if c.uncaught != nil {
		f.endCatches(&c, f.handlerFrom(len(f.controls)))
	}
	if c.otherwise != nil {
		if f.block != nil {
			f.jump(c.target, f.top(len(c.results)))
		}
		f.enter(c.otherwise)
		if len(c.target.edges) == 0 { // the first arm has ended otherwise
			f.stack = append(f.stack[:c.height], c.arguments...)
			return
		}
		f.jump(c.target, c.arguments)
	}
	f.endTarget(&c)
}

// endTarget goes on at the end of a block.
func (f *function) endTarget(c *control) {
	if len(c.target.edges) == 0 {
		return // only reached by falling through, or not at all
	}
	if f.block != nil {
		f.jump(c.target, f.top(len(c.results)))
	}
	f.stack = append(f.stack[:c.height], f.join(c.target, c.results)...)
}

// jump ends the current block with a branch to b.
func (f *function) jump(b *block, arguments []value) {
	f.put("  br ").labelName(b.label).line()
	f.addEdge(b, arguments)
	f.leave()
}

// branchIf writes a conditional branch.
func (f *function) branchIf(condition value, then, otherwise int) {
	f.put("  br i1 ").value(condition).put(", ").labelName(then).put(", ").labelName(otherwise).line()
}

func (f *function) branchTarget(depth uint32) *control {
	return &f.controls[len(f.controls)-1-int(depth)]
}

func lowerBr(f *function, i *wasm.Instruction) {
	c := f.branchTarget(i.Index)
	f.jump(c.target, f.top(len(c.labelTypes())))
}

func lowerReturn(f *function, _ *wasm.Instruction) {
	c := &f.controls[0]
	f.jump(c.target, f.top(len(c.results)))
}

func lowerBrIf(f *function, i *wasm.Instruction) {
	condition := f.popCondition()
	f.branchOn(i.Index, condition)
}

// lowerBrTable writes a switch. Cases that go where the default goes are left
// out; a target of several other cases is reached through a block of its own,
// so that no block has two edges to the same target, where that has phis.
func lowerBrTable(f *function, i *wasm.Instruction) {
	index := f.pop()
	fallback := f.branchTarget(i.Index)
	arguments := f.top(len(fallback.labelTypes()))
	f.put("  switch i32 ").value(index).put(", ").labelName(fallback.target.label).put(" [")
	f.addEdge(fallback.target, arguments)
	type hop struct {
		target *block
		label  int
		shared bool
	}
	hops := map[*block]*hop{}
	var order []*hop
	for _, depth := range i.Labels {
		target := f.branchTarget(depth).target
		if h := hops[target]; h != nil {
			h.shared = !f.slots || len(arguments) > 0
		} else if target != fallback.target {
			h = &hop{target: target, label: target.label}
			hops[target] = h
			order = append(order, h)
		}
	}
	for _, h := range order {
		if h.shared {
			f.next++
			h.label = f.next
		}
	}
	for n, depth := range i.Labels {
		if h := hops[f.branchTarget(depth).target]; h != nil {
			f.put(" i32 ").number(uint64(n)).put(", ").labelName(h.label)
		}
	}
	f.put(" ]").line()
	f.takeHops(len(order), func(k int) (*block, int) { return order[k].target, order[k].label }, arguments)
	f.leave()
}

// takeHops adds the edges of a switch, with the blocks that shared targets need.
func (f *function) takeHops(n int, hop func(k int) (target *block, label int), arguments []value) {
	from := f.label
	for k := range n {
		target, label := hop(k)
		if label != target.label {
			f.split(label)
			f.put("  br ").labelName(target.label).line()
		} else {
			f.label = from
		}
		f.addEdge(target, arguments)
		f.label = from
	}
}

func lowerCall(f *function, i *wasm.Instruction) { f.callFunction(i.Index) }
