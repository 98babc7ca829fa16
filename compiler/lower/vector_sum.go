package lower

import (
	"slices"

	"mewz/compiler/wasm"
)

// Sums of vectors in loops. What else is added up in a pass is added before what comes from the
// pass before (popSum), by which the passes wait for each other:
//
//	sum + a + b + c      three additions, one after the other, from pass to pass
//	sum + (a + b + c)    one
//
// A freeze, which does nothing to a value as no value here is undefined, keeps LLVM from taking the
// sum apart again: its machine combiner finds a value from the pass before ready at the
// beginning, and so adds it first. On a processor whose vectors take two cycles for an
// addition (Zen 5) that was a quarter of the time of such a loop. Without a freeze
// between them, two products become one of pairs, for which vectors are packed first.

// vectorAdd lowers add of lanes of shape s. It has no height: what a vector waits for is not known.
func vectorAdd(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		n := len(f.stack)
		terms := slices.Concat(f.vectorTerms(s, f.stack[n-2]), f.vectorTerms(s, f.stack[n-1]))
		second := f.popVector(s)
		first := f.popVector(s)
		v := f.addVectors(s, first, second)
		f.push(v)
		if f.loop != nil && !f.slots && len(terms) <= maxTerms {
			f.chains[v] = sum{"add", s, terms}
		}
	}
}

func (f *function) vectorTerms(s shape, v value) []value {
	if c, ok := f.chains[v]; ok && c.shape == s {
		return c.terms
	}
	return []value{v}
}

// addUpVectors adds terms up so that LLVM leaves the sum as it is.
func (f *function) addUpVectors(s shape, terms []value) value {
	v := f.freeze(f.reshape(terms[0], s))
	for _, term := range terms[1:] {
		v = f.freeze(f.addVectors(s, v, term))
	}
	return v
}

func (f *function) addVectors(s shape, a, b value) value {
	first, second := f.reshape(a, s), f.reshape(b, s)
	return vectorValue(s, f.assign("add %s, %s", f.operand(first), f.name(second)))
}

func (f *function) freeze(v value) value {
	return vectorValue(v.shape, f.assign("freeze %s", f.operand(v)))
}
