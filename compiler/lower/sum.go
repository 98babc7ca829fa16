package lower

import (
	"slices"

	"mewz/compiler/wasm"
)

// Sums in loops. The passes of a loop wait for each other by the values that go
// around it, so a sum in it is made of what is there early first:
//
//	h + s(e) + k[i] + w[i]      e is from the pass before: three additions behind s
//	h + k[i] + w[i] + s(e)      one
//
// add and xor of integers may be done in any order (4.3.2). Compilers that write
// modules order by other rules: LLVM puts what is loaded last, which is what a processor
// begins with, as addresses seldom depend on what is computed.
//
// Only what is added on the operand stack is ordered anew: what a local holds,
// others may read too. Additions that are left over have no use, and LLVM drops
// them.

// maxTerms bounds a sum that is ordered anew, and the time for that.
const maxTerms = 8

// sum is what was added up to a value.
type sum struct {
	operation string // of LLVM
	shape     shape  // of vectors
	terms     []value
}

// lowerSum lowers an operation that may be done in any order.
func lowerSum(name string) lowering {
	plain := operation(name)
	return func(f *function, i *wasm.Instruction) {
		n := len(f.stack) - 2
		first, second := f.stack[n], f.stack[n+1]
		if f.loop == nil || f.slots || !first.isVariable() || !second.isVariable() {
			plain(f, i)
			return
		}
		terms := slices.Concat(f.termsOf(name, first), f.termsOf(name, second))
		if len(terms) > maxTerms {
			plain(f, i)
			return
		}
		if f.leastHeight(terms) <= max(f.height(first), f.height(second)) {
			f.stack = f.stack[:n]
			f.push(f.addUp(name, terms))
		} else {
			plain(f, i)
		}
		f.chains[f.stack[n]] = sum{operation: name, terms: terms}
	}
}

// isVariable says whether v is a number that is not known, as such.
func (v value) isVariable() bool { return v.kind != valueConstant && v.kind != valueCondition }

func (f *function) termsOf(name string, v value) []value {
	if s, ok := f.chains[v]; ok && s.operation == name {
		return s.terms
	}
	return []value{v}
}

// addUp adds terms up so that the sum has the least height.
func (f *function) addUp(name string, terms []value) value {
	terms = slices.Clone(terms)
	for len(terms) > 1 {
		slices.SortStableFunc(terms, func(a, b value) int { return int(f.height(a) - f.height(b)) })
		terms = append(terms[2:], f.add(name, terms[0], terms[1]))
	}
	return terms[0]
}

func (f *function) add(name string, a, b value) value {
	height := max(f.height(a), f.height(b)) + 1
	r := f.define()
	f.put(name).put(" ").typed(a).put(", ").value(b).line()
	f.setHeight(r, height)
	return registerValue(a.wasmType, r)
}

// popSum takes the topmost operand for a local to have. What the local itself had when the pass
// began is added last then: it is what the passes wait for each other by.
func (f *function) popSum(local uint32) value {
	top := f.stack[len(f.stack)-1]
	v := f.pop()
	s, ok := f.chains[top]
	if !ok {
		return v
	}
	delete(f.chains, top)
	if f.loop == nil || len(s.terms) < 3 {
		return v
	}
	before := f.values[localKey{f.loop.id, local}]
	k := slices.Index(s.terms, before)
	if k < 0 {
		return v
	}
	rest := slices.Delete(slices.Clone(s.terms), k, k+1)
	if v.wasmType == wasm.V128 {
		return f.widen(f.addVectors(s.shape, before, f.addUpVectors(s.shape, rest)))
	}
	return f.add(s.operation, f.addUp(s.operation, rest), before)
}

// The height of a value is how many cycles its computation takes in a pass of the
// innermost loop when everything is there that comes from outside or is loaded
// from an address that is there.

// height returns the height of v.
func (f *function) height(v value) int32 {
	r := int(v.bits)
	if v.kind != valueRegister && v.kind != valueCondition || r <= f.loop.before || r >= len(f.heights) {
		return 0
	}
	return f.heights[r]
}

func (f *function) setHeight(register int, height int32) {
	if n := register + 1 - len(f.heights); n > 0 {
		f.heights = append(f.heights, make([]int32, n)...)
	}
	f.heights[register] = height
}

// leastHeight is the height of addUp's result: the two lowest are added until one
// is left.
func (f *function) leastHeight(terms []value) int32 {
	var room [maxTerms]int32
	heights := room[:0]
	for _, t := range terms {
		heights = append(heights, f.height(t))
	}
	for len(heights) > 1 {
		slices.Sort(heights)
		heights[1]++
		heights = heights[1:]
	}
	return heights[0]
}

// Latencies, in cycles: those that processors of today have within one or two.
const (
	latencyLoad     = 0 // it does not wait for what the sum waits for
	latencySimple   = 1
	latencyMultiply = 3
	latencyDivide   = 12
)

// latencyOf returns how long an instruction takes that pushes one integer.
func latencyOf(i *wasm.Instruction) (latency int32, ok bool) {
	const firstNumeric, lastNumeric = 0x45, 0xc4 // i32.eqz, i64.extend32_s
	switch op := i.Opcode; {
	case isLoad(i):
		return latencyLoad, true
	case op == wasm.OpI32Mul, op == wasm.OpI64Mul:
		return latencyMultiply, true
	case op >= 0x6d && op <= 0x70, op >= 0x7f && op <= 0x82: // div, rem
		return latencyDivide, true
	case op >= firstNumeric && op <= lastNumeric, op == wasm.OpSelect, op == wasm.OpSelectTyped:
		return latencySimple, true
	}
	return 0, false
}

// lowerInLoop lowers an instruction and notes the height of what it pushes.
func (f *function) lowerInLoop(lower lowering, i *wasm.Instruction) {
	latency, ok := latencyOf(i)
	if !ok {
		lower(f, i)
		return
	}
	n := len(f.stack)
	var heights [3]int32 // of the operands of select, the last first
	for k := range min(n, len(heights)) {
		heights[k] = f.height(f.stack[n-1-k])
	}
	lower(f, i)
	if f.block == nil {
		return
	}
	taken := n + 1 - len(f.stack)
	result := f.stack[len(f.stack)-1]
	if height := slices.Max(heights[:taken]) + latency; height > 0 && result.kind == valueRegister && f.height(result) == 0 {
		f.setHeight(int(result.bits), height)
	}
}
