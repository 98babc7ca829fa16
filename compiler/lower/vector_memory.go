package lower

import (
	"fmt"
	"strings"

	"mewz/compiler/wasm"
)

// Vector memory instructions (4.4.7). What memory.go says of accesses holds.

// isVectorLoad says whether an instruction behind wasm.PrefixSIMD pushes what it
// reads from memory.
func isVectorLoad(i *wasm.Instruction) bool {
	info := wasm.Lookup(i.Opcode)
	memory := info.Immediate == wasm.ImmediateMemArg || info.Immediate == wasm.ImmediateMemArgLane
	return memory && strings.HasSuffix(info.Signature, ":v")
}

func lowerVectorLoad(f *function, i *wasm.Instruction) {
	f.pushVector(shapeI8x16, f.loadMemory(i, shapes[shapeI8x16].vector))
}

func lowerVectorStore(f *function, i *wasm.Instruction) {
	v := f.pop()
	pointer := f.address(i, f.pop())
	f.put("  store ").typed(v).put(", ptr ").register(pointer).put(", align 1").locatedLine()
}

// loadExtended lowers load8x8, load16x4 and load32x2: half as many bytes, each
// lane of twice the width. s is the shape of the result.
func loadExtended(s shape, extend string) lowering {
	t := vectorOf(shapes[s].lanes, shapes[s].bits/2)
	return func(f *function, i *wasm.Instruction) {
		r := f.loadMemory(i, t)
		f.pushVector(s, f.assign("%s %s %%v%d to %s", extend, t, r, shapes[s].vector))
	}
}

func loadSplat(s shape) lowering {
	return func(f *function, i *wasm.Instruction) {
		r := f.loadMemory(i, shapes[s].lane)
		f.pushVector(s, f.splat(s, fmt.Sprintf("%s %%v%d", shapes[s].lane, r)))
	}
}

// loadZero lowers load32_zero and load64_zero.
func loadZero(s shape) lowering {
	return func(f *function, i *wasm.Instruction) {
		r := f.loadMemory(i, shapes[s].lane)
		f.pushVector(s, f.assign("insertelement %s zeroinitializer, %s %%v%d, i32 0", shapes[s].vector, shapes[s].lane, r))
	}
}

func loadLane(s shape) lowering {
	return func(f *function, i *wasm.Instruction) {
		v := f.popVector(s)
		r := f.loadMemory(i, shapes[s].lane)
		f.pushVector(s, f.assign("insertelement %s, %s %%v%d, i32 %d", f.operand(v), shapes[s].lane, r, i.Lane))
	}
}

func storeLane(s shape) lowering {
	return func(f *function, i *wasm.Instruction) {
		v := f.popVector(s)
		lane := f.assign("extractelement %s, i32 %d", f.operand(v), i.Lane)
		pointer := f.address(i, f.pop())
		f.put("  store ").put(shapes[s].lane).put(" ").register(lane).put(", ptr ").register(pointer).put(", align 1").locatedLine()
	}
}
