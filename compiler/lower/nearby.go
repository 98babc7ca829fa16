package lower

import (
	"slices"

	"mewz/compiler/wasm"
)

// Addresses near one that was accessed before.
//
// clang computes the addresses of a loop's accesses by additions of their own: it
// moves a constant into the offset of an access only where it knows that the sum
// does not wrap. LLVM, too, must take each sum modulo 2^32 then, and knows neither
// that two accesses are next to each other nor that they do not overlap.
//
//	i32.load (p)                       p < memory
//	i32.load (i32.add p 16)            p + 16 < memory + 16 <= 2^32: as good as
//	                                   i32.load offset=16 (p)
//
// Where the second access is made, the first was made: it lies in memory, which has
// fewer bytes than 2^32 by at least the constant, so the sum does not wrap. It is
// made of 64 bits then, as that of an address and its offset, and undefined for no
// value of p. Should LLVM move the second access before the first or leave out the first, whose
// value nobody reads, nothing changes: where p is not in memory, then neither is
// what lies behind it, as the sum of 64 bits leads into what is reserved.

// nearBytes bounds the distance to the address accessed before. An access lies at
// most 2^32 - 1 + distance + offset from byte 0, which together with its own bytes must
// stay within abi.MemoryReservedBytes: distance has one wasm page.
const nearBytes = 32 << 10

// maxWitnesses bounds what is remembered of one root, and with it the time to look
// through it.
const maxWitnesses = 16

// addend is an i32 as the sum of another value and a constant, modulo 2^32.
type addend struct {
	root     value
	constant uint32
}

// witnessKey is what the addresses near each other have in common.
type witnessKey struct {
	root   value
	memory uint32
}

// witness is an access that was made: code in a block that block dominates runs
// only after it.
type witness struct {
	block    *block
	address  value
	constant uint32 // address is the root plus this
	reach    uint64 // no sum of address and at most this wraps
}

// lowerI32Add lowers i32.add and notes what it adds.
func lowerI32Add(f *function, i *wasm.Instruction) {
	second, first := f.stack[len(f.stack)-1], f.stack[len(f.stack)-2]
	lowerSum("add")(f, i)
	if first.isConstant() {
		first, second = second, first
	}
	f.noteSum(first, second, 1)
}

// lowerI32Sub lowers i32.sub and notes what it subtracts.
func lowerI32Sub(f *function, i *wasm.Instruction) {
	second, first := f.stack[len(f.stack)-1], f.stack[len(f.stack)-2]
	operation("sub")(f, i)
	f.noteSum(first, second, ^uint32(0))
}

// noteSum notes that the value on the stack is v plus sign times a constant.
func (f *function) noteSum(v, constant value, sign uint32) {
	if f.slots || !constant.isConstant() || v.isConstant() || v.kind == valueCondition {
		return
	}
	of := f.addendOf(v)
	of.constant += sign * uint32(constant.bits)
	f.sums[int(f.stack[len(f.stack)-1].bits)] = of
}

// addendOf takes v apart.
func (f *function) addendOf(v value) addend {
	if v.kind == valueRegister {
		if of, ok := f.sums[int(v.bits)]; ok {
			return of
		}
	}
	return addend{root: v}
}

// nearest returns what the access of i to an address is the access to: the address
// itself and i's offset, or one that was accessed before and the distance from it.
func (f *function) nearest(i *wasm.Instruction, address value) (value, uint64) {
	if f.slots {
		return address, i.MemOffset
	}
	of := f.addendOf(address)
	key := witnessKey{of.root, i.Index}
	list := f.witnesses[key]
	for k := range list {
		w := &list[k]
		if distance := uint64(of.constant - w.constant); distance <= w.reach && w.block.dominates(f.block) {
			return w.address, distance + i.MemOffset
		}
	}
	if len(list) == maxWitnesses {
		list = slices.DeleteFunc(list, func(w witness) bool { return !w.block.dominates(f.block) })
	}
	if len(list) < maxWitnesses {
		reach := min(1<<32-f.module.memories[i.Index].mostBytes+i.MemOffset, nearBytes)
		f.witnesses[key] = append(list, witness{f.block, address, of.constant, reach})
	}
	return address, i.MemOffset
}

// The tree of dominators (every way to a block leads through those above it) grows
// as blocks are entered: all branches to a block are known then, but those back to
// a loop's head, which come from below it. skip leads up the tree by distances that
// make any ancestor a logarithmic number of steps away (Myers, An applicative
// random-access stack, 1983).

// place puts b into the tree.
//
// Preconditions: all branches to b are known, but for those of a loop.
func (b *block) place() {
	if len(b.edges) == 0 {
		b.above, b.skip = b, b // the entry
		return
	}
	above := b.edges[0].from
	for k := range b.edges[1:] {
		above = commonDominator(above, b.edges[1+k].from)
	}
	b.above, b.depth = above, above.depth+1
	b.skip = above
	if above.depth-above.skip.depth == above.skip.depth-above.skip.skip.depth {
		b.skip = above.skip.skip
	}
}

// commonDominator returns the lowest block that is above both or one of them.
func commonDominator(a, b *block) *block {
	a, b = a.ancestor(b.depth), b.ancestor(a.depth)
	for a != b {
		if a.skip != b.skip {
			a, b = a.skip, b.skip
		} else {
			a, b = a.above, b.above
		}
	}
	return a
}

// ancestor returns b, or the block above it of a depth.
func (b *block) ancestor(depth int) *block {
	for b.depth > depth {
		if b.skip.depth >= depth {
			b = b.skip
		} else {
			b = b.above
		}
	}
	return b
}

// dominates says whether every way to other leads through b.
func (b *block) dominates(other *block) bool { return other.ancestor(b.depth) == b }
