package differential

import (
	"fmt"
	"math/rand/v2"

	"mewz/compiler/wasm"
)

// The second form of modules: with what wazero has not or gets wrong, for V8.

// proposalsPercent is how many statements of such a module are of the proposals.
const proposalsPercent = 40

// caughtPercent is how many entries catch what is thrown, so that the calls after it
// are compared, too.
const caughtPercent = 60

// GenerateProposals makes a module as Generate does, with objects, references to
// functions and exceptions as well. What it exports has only integers and floats.
func GenerateProposals(r *rand.Rand) []byte {
	g := newGenerator(r)
	g.proposals, g.exceptions = true, true
	g.legacy, g.collects = g.chance(30), g.chance(60)
	g.tailCalls = g.chance(60)
	return g.generate()
}

// proposal is a statement.
func (f *function) proposal(depth int) {
	switch n := f.g.r.IntN(100); {
	case n < 22 && !f.simple:
		f.budget -= compoundBudget
		f.protected(depth)
	case n < 32:
		f.throwStatement(depth)
	default:
		f.objectStatement(depth)
	}
}

// addProposed adds the functions that are called from outside, of scalars only.
func (g *generator) addProposed() {
	g.addDigest()
	for _, f := range g.functions {
		g.addCall(f)
	}
	for k, v := range g.globals {
		if v.exported {
			continue
		}
		e := g.newExtra(fmt.Sprintf("g%d", k), ":"+scalarOf(v.letter))
		e.emit(wasm.OpGlobalGet, k)
		e.scalar(v.letter)
	}
	e := g.newExtra("roots", ":i")
	e.i32(0)
	for k := range tableElements {
		e.i32(k)
		e.emit(wasm.OpTableGet, tableOf('a'))
		e.scalar('a')
		e.mix()
	}
}

// newExtra adds a function whose code its caller writes.
func (g *generator) newExtra(name, typ string) *function {
	f := newFunction(g, len(g.functions)+len(g.extra), typ)
	g.extra = append(g.extra, f)
	g.names = append(g.names, name)
	return f
}

// scalarOf is the type as which a value is seen from outside.
func scalarOf(letter byte) string {
	switch {
	case letter == 'v':
		return "I"
	case isReference(letter):
		return "i"
	default:
		return string(letter)
	}
}

// scalar makes what is seen from outside of the value on the stack.
func (f *function) scalar(letter byte) {
	switch {
	case letter == 'v':
		v := f.temporary('v')
		f.emit(wasm.OpLocalTee, v)
		f.code = append(appendOpcode(f.code, opI64x2ExtractLane), 0)
		f.get(v)
		f.code = append(appendOpcode(f.code, opI64x2ExtractLane), 1)
		f.i32(1)
		f.op(opI64ExtendI32U)
		f.op(opI64Rotl)
		f.op(opI64Xor)
	case letter == 'x':
		f.emit(wasm.OpAnyConvertExtern)
		fallthrough
	case f.g.isAny(letter):
		f.i32(digestDepth)
		f.emit(wasm.OpCall, f.g.digest())
	case isReference(letter):
		f.op(wasm.OpRefIsNull)
	}
}

// mix makes one number of two.
func (f *function) mix() {
	f.op(opI32Xor)
	f.i32(0x01000193) // the prime of FNV-1
	f.op(wasm.OpI32Mul)
}

// addCall adds the function that sets the counters and calls f, with arguments made of
// integers.
func (g *generator) addCall(callee *function) {
	var params, results string
	for _, letter := range []byte(callee.params()) {
		switch letter {
		case 'i', 'f':
			params += "i"
		case 'I', 'F', 'v':
			params += "I"
		}
	}
	for _, letter := range []byte(callee.results()) {
		results += scalarOf(letter)
	}
	e := g.newExtra(fmt.Sprintf("e%d", callee.index), params+":"+results)
	for _, fuel := range []struct{ global, amount int }{
		{g.fixed[callsLeft], callFuel}, {g.fixed[roundsLeft], loopFuel}, {g.collectionsLeft, collectionMax},
	} {
		e.i32(fuel.amount)
		e.emit(wasm.OpGlobalSet, fuel.global)
	}
	if !g.chance(caughtPercent) {
		e.callWith(callee)
		return
	}
	e.enter(wasm.OpBlock, ":", "")
	if g.legacy {
		e.enter(wasm.OpTry, ":"+results, results)
		e.callWith(callee)
		e.op(wasm.OpReturn)
		e.emit(wasm.OpCatchAll)
		e.emit(wasm.OpBr, 1)
	} else {
		e.enter(wasm.OpTryTable, ":"+results, results)
		e.code = append(e.code, 1, catchAll, 0)
		e.callWith(callee)
		e.op(wasm.OpReturn)
	}
	e.leave()
	e.op(wasm.OpUnreachable)
	e.leave()
	// An exception shows in memory.
	e.i32(addressMask)
	e.i32(0xec)
	e.code = append(e.code, byte(wasm.OpI64Store32)-4, 0, 0) // i32.store8
	for _, letter := range []byte(results) {
		e.constant(letter, word{})
	}
}

// callWith calls a function with parameters made of ours, and makes scalars of its results.
func (f *function) callWith(callee *function) {
	next := 0
	for _, letter := range []byte(callee.params()) {
		if isReference(letter) {
			f.minimal(letter)
			continue
		}
		f.get(next)
		next++
		switch letter {
		case 'f':
			f.op(opF32ReinterpretI32)
		case 'F':
			f.op(opF64ReinterpretI64)
		case 'v':
			f.op(opI64x2Splat)
		}
	}
	f.emit(wasm.OpCall, callee.index)
	results := callee.results()
	locals := make([]int, len(results))
	for k := len(results) - 1; k >= 0; k-- {
		letter := results[k]
		if isReference(letter) {
			letter = heapOf(letter)
		}
		locals[k] = f.local(letter)
		f.set(locals[k])
	}
	for k := range len(results) {
		f.get(locals[k])
		f.scalar(results[k])
	}
}

const (
	digestDepth    = 2  // how far it follows references
	digestElements = 17 // of an array
)

// digest is the index of the function of addDigest, which is the first behind those that
// are generated.
func (g *generator) digest() int { return len(g.functions) }

// addDigest adds a function that makes a number of an object, its fields and what they
// refer to.
func (g *generator) addDigest() {
	f := g.newExtra("", "ai:i")
	const object, depth = 0, 1
	sum := f.local('i')
	f.get(object)
	f.op(wasm.OpRefIsNull)
	f.enter(wasm.OpIf, ":", "")
	f.i32(1)
	f.op(wasm.OpReturn)
	f.leave()
	f.get(object)
	f.castTo(wasm.OpRefTest, 'J')
	f.enter(wasm.OpIf, ":", "")
	f.get(object)
	f.castTo(wasm.OpRefCast, 'J')
	f.emit(wasm.OpI31GetS)
	f.op(wasm.OpReturn)
	f.leave()
	f.get(depth)
	f.op(opI32Eqz)
	f.enter(wasm.OpIf, ":", "")
	f.i32(2)
	f.op(wasm.OpReturn)
	f.leave()
	for k := range g.heap {
		if g.heap[k].kind == wasm.KindFunc {
			continue
		}
		f.get(object)
		f.castTo(wasm.OpRefTest, nonNull(k))
		f.enter(wasm.OpIf, ":", "")
		f.digestType(k, sum)
		f.leave()
	}
	f.get(sum)
}

// digestType adds an object of type k to the sum.
func (f *function) digestType(k, sum int) {
	t := &f.g.heap[k]
	object := f.local(nullable(k))
	f.get(0)
	f.castTo(wasm.OpRefCast, nonNull(k))
	f.set(object)
	add := func(push func()) {
		f.get(sum)
		push()
		f.mix()
		f.set(sum)
	}
	add(func() { f.i32(k + 1) })
	if t.kind == wasm.KindStruct {
		for n, field := range t.fields {
			add(func() {
				f.get(object)
				f.emit(getOf(wasm.OpStructGet, field.storage), k, n)
				f.number(unpacked(field.storage))
			})
		}
		return
	}
	add(func() {
		f.get(object)
		f.emit(wasm.OpArrayLen)
	})
	n := f.local('i')
	f.i32(0)
	f.set(n)
	f.enter(wasm.OpBlock, ":", "")
	f.enter(wasm.OpLoop, ":", "")
	f.get(n)
	f.get(object)
	f.emit(wasm.OpArrayLen)
	f.i32(digestElements)
	f.least()
	f.op(opI32LtS)
	f.op(opI32Eqz)
	f.emit(wasm.OpBrIf, 1)
	add(func() {
		f.get(object)
		f.get(n)
		f.emit(getOf(wasm.OpArrayGet, t.fields[0].storage), k)
		f.number(unpacked(t.fields[0].storage))
	})
	f.get(n)
	f.i32(1)
	f.op(wasm.OpI32Add)
	f.set(n)
	f.emit(wasm.OpBr, 0)
	f.leave()
	f.leave()
}

// getOf is the instruction that reads a field: of packed ones that without sign.
func getOf(o wasm.Opcode, storage byte) wasm.Opcode {
	if unpacked(storage) != storage {
		return o + 2
	}
	return o
}

// number makes an i32 of a field.
func (f *function) number(letter byte) {
	switch letter {
	case 'i':
		return
	case 'f':
		f.canonicalize('f')
		f.op(opI32ReinterpretF32)
		return
	case 'F':
		f.canonicalize('F')
		f.op(opI64ReinterpretF64)
		letter = 'I'
	}
	switch {
	case letter == 'x':
		f.emit(wasm.OpAnyConvertExtern)
		letter = 'a'
		fallthrough
	case f.g.isAny(letter):
		f.get(1)
		f.i32(1)
		f.op(wasm.OpI32Sub)
		f.emit(wasm.OpCall, f.index)
		return
	case letter == 'v':
		f.scalar('v')
	case letter != 'I':
		f.op(wasm.OpRefIsNull)
		return
	}
	high := f.local('I')
	f.emit(wasm.OpLocalTee, high)
	f.constant('I', word{32})
	f.op(opI64Rotl)
	f.get(high)
	f.op(opI64Xor)
	f.op(opI32WrapI64)
}
