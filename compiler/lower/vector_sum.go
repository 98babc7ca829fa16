package lower

import "mewz/compiler/wasm"

// Sums of vectors in loops. A value that goes around a loop is what its passes wait
// for each other by, so whatever else is added up in a pass should be added before
// it comes in:
//
//	sum + a + b + c      three additions, one after the other, from pass to pass
//	sum + (a + b + c)    one
//
// Addition of integers modulo 2^n may be done in any order (4.3.2). A freeze, which
// does nothing to a value as no value here is undefined, keeps LLVM from taking the sum
// apart again: its machine combiner finds a value from the pass before ready at the
// beginning, and so adds it first. On a processor whose vectors take two cycles for an
// addition (Zen 5) that was a quarter of the time of such a loop. Without a freeze
// between them, two products become one of pairs, for which vectors are packed first.
//
// Only what is added on the operand stack is turned around: what a local holds, others
// may read too.

// partialSum is a value on the operand stack: a local at the head of a loop plus
// others.
type partialSum struct {
	shape       shape
	accumulator value
	rest        value
}

// vectorAdd lowers add of lanes of shape s.
func vectorAdd(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		n := len(f.stack)
		origins := [2]value{f.stack[n-2], f.stack[n-1]}
		second := f.popVector(s)
		first := f.popVector(s)
		operands := [2]value{first, second}
		for k, origin := range origins {
			if p, ok := f.partialSums[origin]; ok && p.shape == s {
				rest := f.freeze(f.addVectors(s, f.freeze(p.rest), operands[1-k]))
				f.pushPartialSum(partialSum{s, p.accumulator, rest})
				return
			}
		}
		for k, origin := range origins {
			if f.accumulators[origin] {
				f.pushPartialSum(partialSum{s, operands[k], operands[1-k]})
				return
			}
		}
		f.push(f.addVectors(s, first, second))
	}
}

// pushPartialSum pushes what p stands for.
func (f *function) pushPartialSum(p partialSum) {
	sum := f.addVectors(p.shape, p.accumulator, p.rest)
	f.partialSums[sum] = p
	f.push(sum)
}

func (f *function) addVectors(s shape, a, b value) value {
	return vectorValue(s, f.assign("add %s, %s", f.operand(a), f.name(b)))
}

func (f *function) freeze(v value) value {
	return vectorValue(v.shape, f.assign("freeze %s", f.operand(v)))
}
