package differential

import (
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// roundsMax is how many rounds a counted loop makes at most, and countedMax how
// deep such loops nest.
const (
	roundsMax  = 24
	countedMax = 2
)

// generate makes the body of the function.
func (f *function) generate() {
	r := f.g.r
	f.budget, f.risks = budgetMin+r.IntN(budgetMore), r.IntN(risksMax+1)
	for range r.IntN(7) {
		letter := f.g.letter(true)
		if f.g.proposals && f.chance(50) {
			letter = f.g.referenceLetter(len(f.g.heap))
		}
		f.locals += string(letter)
	}
	if !f.simple && !f.leaf {
		f.takeFuel()
	}
	if f.chance(50) {
		f.enterFrame()
	}
	for f.budget > 0 {
		f.statement(depthMax)
	}
	if f.g.proposals && f.g.tailCalls && f.chance(25) {
		f.leaveFrame()
		if f.tailCall(depthMax - 2) {
			return
		}
	}
	f.pushResults()
	f.leaveFrame()
}

// takeFuel returns zeros when too many calls were made.
func (f *function) takeFuel() {
	left := f.g.fixed[callsLeft]
	f.emit(wasm.OpGlobalGet, left)
	f.op(opI32Eqz)
	f.enter(wasm.OpIf, ":", "")
	for k := range len(f.results()) {
		f.constant(f.results()[k], [2]uint64{})
	}
	f.op(wasm.OpReturn)
	f.leave()
	f.emit(wasm.OpGlobalGet, left)
	f.i32(1)
	f.op(wasm.OpI32Sub)
	f.emit(wasm.OpGlobalSet, left)
}

// frameSize is what every function takes of the stack in linear memory.
const frameSize = 96

// enterFrame moves the stack pointer down, as compilers of C do.
func (f *function) enterFrame() {
	f.frame = f.local('i')
	f.emit(wasm.OpGlobalGet, f.g.fixed[stackPointer])
	f.i32(frameSize)
	f.op(wasm.OpI32Sub)
	f.i32(stackMask)
	f.op(opI32And)
	f.emit(wasm.OpLocalTee, f.frame)
	f.emit(wasm.OpGlobalSet, f.g.fixed[stackPointer])
}

// leaveFrame moves it up again.
func (f *function) leaveFrame() {
	if f.frame < 0 {
		return
	}
	f.emit(wasm.OpLocalGet, f.frame)
	f.i32(frameSize)
	f.op(wasm.OpI32Add)
	f.emit(wasm.OpGlobalSet, f.g.fixed[stackPointer])
}

func (f *function) pushResults() {
	for k := range len(f.results()) {
		f.expression(f.results()[k], depthMax-2)
	}
}

// encode is the function as the code section has it.
func (f *function) encode() []byte {
	declared := f.locals[len(f.params()):]
	b := appendUnsigned(nil, uint64(len(declared)))
	for k := range len(declared) {
		b = appendValueType(append(b, 1), valueType(declared[k]))
	}
	b = append(append(b, f.code...), byte(wasm.OpEnd))
	return append(appendUnsigned(nil, uint64(len(b))), b...)
}

func (f *function) statements(n int) {
	for range n {
		if f.budget > 0 {
			f.statement(depthMax - 2)
		}
	}
}

// probesPercent is how many statements only look at what one instruction does.
// What random expressions compute is seldom seen: most of it ends in a
// comparison or under a mask.
const probesPercent = 35

// statement appends a random statement with expressions of at most some depth.
func (f *function) statement(depthMost int) {
	f.budget--
	if f.chance(probesPercent) {
		f.probe()
		return
	}
	depth := 1 + f.g.r.IntN(depthMost)
	if f.g.proposals && f.chance(proposalsPercent) {
		f.proposal(depth)
		return
	}
	if f.chance(compoundPercent) || f.g.isFull() && f.chance(2*compoundPercent) {
		f.compound(depth)
		return
	}
	switch n := f.g.r.IntN(100); {
	case n < 22:
		f.assign(depth)
	case n < 42:
		f.store(depth)
	case n < 49:
		f.assignGlobal(depth)
	case n < 60:
		f.condition(depth)
	case n < 66:
		f.block(depth)
	case n < 70:
		f.table(depth)
	case n < 77:
		f.anyLoop(depth)
	case n < 82 && !f.simple && f.counted < countedMax:
		f.vectorLoop(depth)
	case n < 86:
		f.bulk(depth)
	case n < 89:
		f.tableStatement(depth)
	case n < 92:
		f.multiBlock(depth)
	case n < 94:
		f.branchMaybe(depth)
	default:
		f.callStatement(depth)
	}
}

// compoundPercent is how many of the other statements are of the kinds that the
// compiler looks for.
const compoundPercent = 12

// compound appends one of these. Each is as much as several expressions.
func (f *function) compound(depth int) {
	f.budget -= compoundBudget
	list := []func(*function, int){(*function).neighbours, (*function).packed}
	if !f.simple && f.counted < countedMax {
		list = append(list, (*function).sumLoop)
	}
	if f.g.simd {
		list = append(list, (*function).lanes)
	}
	if f.g.isFull() {
		list = list[:1] // what such a memory is for
	}
	pick(f.g.r, list)(f, depth)
}

const compoundBudget = 5

// probe stores what one instruction makes of simple operands.
func (f *function) probe() {
	letter := f.g.letter(false)
	list := f.g.scalars[letter]
	if more := f.g.vectors[letter]; len(list) == 0 || len(more) > 0 && f.chance(25) {
		list = more
	}
	f.i32(f.g.r.IntN(addressMask) &^ 15) // seldom where it is read
	if !f.apply(pick(f.g.r, list), 1+f.g.r.IntN(2)) {
		f.canonicalize(letter)
	}
	f.op(wideStores[letter])
	f.code = append(f.code, 0, 0)
}

// wideStores store a value of a type as it is.
var wideStores = map[byte]wasm.Opcode{
	'i': 0x36, 'I': 0x37, 'f': 0x38, 'F': 0x39, 'v': wasm.PrefixSIMD | 0x0b,
}

// assign writes a local.
func (f *function) assign(depth int) {
	var list []int
	for k := range len(f.locals) {
		if !f.owned[k] {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		f.store(depth)
		return
	}
	k := pick(f.g.r, list)
	f.expression(f.locals[k], depth)
	f.emit(wasm.OpLocalSet, k)
}

// assignGlobal writes a global, but none that counts.
func (f *function) assignGlobal(depth int) {
	var list []int
	for k := range f.g.globals {
		if f.g.globals[k].mutable && k != f.g.collectionsLeft && k != f.g.fixed[callsLeft] && k != f.g.fixed[roundsLeft] {
			list = append(list, k)
		}
	}
	k := pick(f.g.r, list)
	f.canonical(f.g.globals[k].letter, depth)
	f.emit(wasm.OpGlobalSet, k)
}

// condition is if, with or without else; an arm may leave what is around it.
func (f *function) condition(depth int) {
	f.expression('i', depth)
	f.enter(wasm.OpIf, ":", "")
	f.arm(depth)
	if f.chance(50) {
		f.op(wasm.OpElse)
		f.arm(depth)
	}
	f.leave()
}

func (f *function) arm(depth int) {
	f.statements(1 + f.g.r.IntN(3))
	if !f.chance(15) {
		return
	}
	f.jump(depth)
	if f.chance(30) { // code that nothing reaches
		f.statements(1)
	}
}

// jump leaves the function or a block, with the values that this needs.
func (f *function) jump(depth int) {
	switch n := f.g.r.IntN(100); {
	case n < 3 && f.risks > 0:
		f.risks--
		f.op(wasm.OpUnreachable)
	case n < 20 && f.g.tailCalls && f.tailCall(depth):
	case n < 30 && f.g.exceptions:
		f.throw(depth)
	case n < 50:
		f.pushResults()
		if f.chance(70) {
			f.leaveFrame()
		}
		f.op(wasm.OpReturn)
	default:
		target := pick(f.g.r, f.targets()) // the arm itself is one
		f.pushBranch(target, depth)
		f.emit(wasm.OpBr, target)
	}
}

// pushBranch pushes what a branch to a label carries; 0 is the innermost.
func (f *function) pushBranch(target, depth int) {
	carried := f.labels[len(f.labels)-1-target]
	for k := range len(carried) {
		f.expression(carried[k], depth-2)
	}
}

func (f *function) drop(n int) {
	for range n {
		f.op(wasm.OpDrop)
	}
}

// branchMaybe is br_if to any label around.
func (f *function) branchMaybe(depth int) {
	list := f.targets()
	if len(list) == 0 {
		f.assign(depth)
		return
	}
	target := pick(f.g.r, list)
	f.pushBranch(target, depth)
	f.expression('i', depth-1)
	f.emit(wasm.OpBrIf, target)
	f.drop(len(f.labels[len(f.labels)-1-target]))
}

func (f *function) block(depth int) {
	f.enter(wasm.OpBlock, ":", "")
	f.statements(1 + f.g.r.IntN(3))
	f.branchMaybe(depth)
	f.statements(1)
	f.leave()
}

// table is blocks inside each other and a br_table that chooses among them.
func (f *function) table(depth int) {
	n := 1 + f.g.r.IntN(4)
	for range n {
		f.enter(wasm.OpBlock, ":", "")
	}
	if f.chance(80) {
		f.expression('i', depth-1)
		f.i32(7)
		f.op(opI32And)
	} else {
		f.expression('i', depth-1)
	}
	f.op(wasm.OpBrTable)
	f.code = appendUnsigned(f.code, uint64(f.g.r.IntN(6)))
	count := f.code[len(f.code)-1]
	for range count + 1 { // the last is the default
		f.code = appendUnsigned(f.code, uint64(f.g.r.IntN(n)))
	}
	for range n {
		f.leave()
		f.statements(f.g.r.IntN(2))
	}
}

// multiBlock is a block with parameters and several results.
func (f *function) multiBlock(depth int) {
	var params, results []byte
	for range f.g.r.IntN(3) {
		params = append(params, f.g.letter(false))
	}
	for range 1 + f.g.r.IntN(3) {
		results = append(results, f.g.letter(false))
	}
	for _, letter := range params {
		f.expression(letter, depth-2)
	}
	o := wasm.OpBlock
	if f.chance(30) {
		o = wasm.OpIf
		f.expression('i', depth-2)
	}
	f.enter(o, string(params)+":"+string(results), string(results))
	body := func() {
		for k := range params {
			f.setSome(params[len(params)-1-k])
		}
		f.statements(f.g.r.IntN(2))
		for _, letter := range results {
			f.expression(letter, depth-2)
		}
		if f.chance(40) {
			f.expression('i', depth-2)
			f.emit(wasm.OpBrIf, 0)
		}
	}
	body()
	if o == wasm.OpIf {
		f.op(wasm.OpElse)
		body()
	}
	f.leave()
	for k := range results {
		f.setSome(results[len(results)-1-k])
	}
}

// anyLoop is a loop that ends.
func (f *function) anyLoop(depth int) {
	switch {
	case f.simple || f.counted > 0 && f.counted == countedMax:
		f.assign(depth)
	case f.counted > 0 || f.leaf && f.chance(70) || f.chance(40):
		f.loop(depth, func() { f.statements(1 + f.g.r.IntN(3)) })
	default:
		f.limitedLoop(depth)
	}
}

// noTarget is the label of a loop that only counts, to whose beginning nothing
// else may branch.
const noTarget = "\x00"

// targets are the labels that a branch may lead to; 0 is the innermost.
func (f *function) targets() (list []int) {
	for k, carried := range f.labels {
		if carried != noTarget {
			list = append(list, len(f.labels)-1-k)
		}
	}
	return list
}

// loop is a loop with a counter of its own.
func (f *function) loop(depth int, body func()) {
	counter := f.local('i')
	f.i32(1 + f.g.r.IntN(roundsMax))
	if f.chance(50) {
		f.expression('i', depth-2)
		f.op(opI32And)
	}
	f.emit(wasm.OpLocalSet, counter)
	f.enter(wasm.OpLoop, ":", noTarget)
	f.counted++
	body()
	f.counted--
	f.emit(wasm.OpLocalGet, counter)
	f.i32(1)
	f.op(wasm.OpI32Sub)
	f.emit(wasm.OpLocalTee, counter)
	f.i32(0)
	f.op(0x4a) // i32.gt_s
	f.emit(wasm.OpBrIf, 0)
	f.leave()
}

// limitedLoop is a loop that may be left and begun again from anywhere in it;
// each round takes from a global counter.
func (f *function) limitedLoop(depth int) {
	left := f.g.fixed[roundsLeft]
	f.enter(wasm.OpBlock, ":", "")
	f.enter(wasm.OpLoop, ":", "")
	f.emit(wasm.OpGlobalGet, left)
	f.i32(1)
	f.op(wasm.OpI32Sub)
	f.emit(wasm.OpGlobalSet, left)
	f.emit(wasm.OpGlobalGet, left)
	f.i32(0)
	f.op(opI32LtS)
	f.emit(wasm.OpBrIf, 1)
	f.statements(1 + f.g.r.IntN(4))
	f.expression('i', depth-1)
	f.emit(wasm.OpBrIf, 0)
	f.leave()
	f.leave()
}

// callable says whether this function may call another.
func (f *function) callable(other *function) bool {
	switch {
	case f.simple:
		return false
	case f.leaf || f.counted > 0:
		return other.simple
	default:
		return true
	}
}

// callees are the functions that this one may call and that fit.
func (f *function) callees(fits func(*function) bool) (list []*function) {
	for _, other := range f.g.functions {
		if f.callable(other) && fits(other) {
			list = append(list, other)
		}
	}
	return list
}

// arguments pushes the arguments of a function of some type.
func (f *function) arguments(typ string, depth int) {
	params, _, _ := strings.Cut(typ, ":")
	for k := range len(params) {
		f.expression(params[k], depth-2)
	}
}

// call calls a function, sometimes through the table.
func (f *function) call(other *function, depth int) {
	slot := slices.Index(f.g.elements, other.index)
	if slot < 0 || !f.chance(40) || f.counted > 0 || f.leaf {
		f.arguments(other.typ, depth)
		f.emit(wasm.OpCall, other.index)
		return
	}
	f.indirect(wasm.OpCallIndirect, other, slot, depth)
}

// indirect calls what lies in the table where other does, or beside it.
func (f *function) indirect(o wasm.Opcode, other *function, slot, depth int) {
	f.arguments(other.typ, depth)
	switch {
	case f.risk():
		f.expression('i', depth-2)
		f.i32(2*tableElements - 1)
		f.op(opI32And)
	case f.chance(50):
		f.i32(slot)
	default:
		f.expression('i', depth-2)
		f.i32(elementGroup - 1)
		f.op(opI32And)
		f.i32(slot &^ (elementGroup - 1))
		f.op(wasm.OpI32Add)
	}
	f.emit(o, int(f.g.typeIndex(other.typ)))
	f.code = append(f.code, 0)
}

// callFor calls a function whose only result has a type.
func (f *function) callFor(letter byte, depth int) bool {
	list := f.callees(func(other *function) bool { return other.results() == string(letter) })
	if len(list) == 0 {
		return false
	}
	f.call(pick(f.g.r, list), depth)
	return true
}

// callStatement calls any function.
func (f *function) callStatement(depth int) {
	list := f.callees(func(*function) bool { return true })
	if len(list) == 0 {
		f.store(depth)
		return
	}
	other := pick(f.g.r, list)
	f.call(other, depth)
	f.setResults(other.typ)
}

// tailCall ends the function by a call of another with the same results.
func (f *function) tailCall(depth int) bool {
	if f.tailCallReference(depth) {
		return true
	}
	list := f.callees(func(other *function) bool { return other.results() == f.results() })
	if len(list) == 0 {
		return false
	}
	other := pick(f.g.r, list)
	if slot := slices.Index(f.g.elements, other.index); slot >= 0 && f.chance(40) {
		f.indirect(wasm.OpReturnCallIndirect, other, slot, depth)
		return true
	}
	f.arguments(other.typ, depth)
	f.emit(wasm.OpReturnCall, other.index)
	return true
}
