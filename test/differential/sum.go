package differential

import "mewz/compiler/wasm"

// Statements that add up: what the compiler orders anew in loops (sum.go and
// vector_sum.go of package lower), and lanes that vector_any.go puts together.
// Nothing of a sum is lost, so a wrong one is always seen.

const (
	termsMin, termsMore = 3, 8 // and as many more
	sumsMax             = 3    // in one body of a loop
	carriedMax          = 3    // locals that go around a loop
)

// associative are instructions of two operands that may be done in any order.
var associative = map[byte][]wasm.Opcode{
	'i': {wasm.OpI32Add, opI32Xor},
	'I': {wasm.OpI64Add, opI64Xor},
	'v': {opI8x16Add, opI16x8Add, opI32x4Add, opI64x2Add},
}

// late are instructions that take longer than an addition.
var late = map[byte][]wasm.Opcode{
	'i': {wasm.OpI32Mul, opI32Rotl},
	'I': {wasm.OpI64Mul, opI64Rotl},
	'v': {opI32x4Mul, opI32x4Dot},
}

// wideLoads load a value of a type as it is.
var wideLoads = map[byte]wasm.Opcode{'i': wasm.OpI32Load, 'I': 0x29, 'f': 0x2a, 'F': 0x2b, 'v': wasm.PrefixSIMD}

// adder makes sums of one type.
type adder struct {
	*function
	letter  byte
	plus    wasm.Opcode // most of its operators
	carried []int
}

// sumLoop is a loop whose locals are sums of themselves, of each other, of memory.
func (f *function) sumLoop(depth int) {
	r := f.g.r
	letters := "iI"
	if f.g.simd {
		letters = "iIv"
	}
	a := adder{function: f, letter: letters[r.IntN(len(letters))]}
	a.plus = pick(r, associative[a.letter])
	for range 1 + r.IntN(carriedMax) {
		k := f.local(a.letter)
		a.carried = append(a.carried, k)
		f.expression(a.letter, depth-2)
		f.emit(wasm.OpLocalSet, k)
	}
	f.loop(depth, a.body)
	for _, k := range a.carried {
		f.show(a.letter, func() { f.emit(wasm.OpLocalGet, k) })
	}
}

// body is some sums, and now and then a loop of more.
func (a *adder) body() {
	for range 1 + a.g.r.IntN(sumsMax) {
		terms := func() { a.sum(termsMin + a.g.r.IntN(termsMore)) }
		k := pick(a.g.r, a.carried)
		switch n := a.g.r.IntN(100); {
		case n < 15 && a.counted < countedMax:
			a.loop(depthMax, a.body)
		case n < 25:
			a.show(a.letter, terms)
		case n < 35:
			a.show(a.letter, func() {
				terms()
				a.emit(wasm.OpLocalTee, k)
			})
		default:
			terms()
			a.emit(wasm.OpLocalSet, k)
		}
	}
}

// sum pushes a sum; what is part of it may be written to a local, too.
func (a *adder) sum(terms int) {
	if terms == 1 {
		a.term()
		return
	}
	first := terms - 1 // as compilers have it
	if a.chance(50) {
		first = 1 + a.g.r.IntN(terms-1)
	}
	a.sum(first)
	a.sum(terms - first)
	if a.chance(85) {
		a.op(a.plus)
	} else {
		a.op(pick(a.g.r, associative[a.letter]))
	}
	if a.chance(12) {
		a.emit(wasm.OpLocalTee, pick(a.g.r, a.carried))
	}
}

func (a *adder) term() {
	switch n := a.g.r.IntN(100); {
	case n < 40:
		a.emit(wasm.OpLocalGet, pick(a.g.r, a.carried))
	case n < 60:
		a.place(2)
		a.op(wideLoads[a.letter])
		a.code = appendUnsigned(append(a.code, 0), uint64(a.g.r.IntN(64)))
	case n < 75:
		a.emit(wasm.OpLocalGet, pick(a.g.r, a.carried))
		a.leafExpression(a.letter)
		a.op(pick(a.g.r, late[a.letter]))
	case n < 90:
		a.leafExpression(a.letter)
	default:
		a.expression(a.letter, 2)
	}
}

// show stores the value that push pushes, which may not be an inexact NaN.
func (f *function) show(letter byte, push func()) {
	f.i32(f.g.r.IntN(addressMask) &^ 15) // seldom where it is read
	push()
	f.op(wideStores[letter])
	f.code = append(f.code, 0, 0)
}

// lanes is an i32 of some lanes of vectors: often each of one vector, once.
func (f *function) lanes(depth int) {
	r := f.g.r
	vector, other := f.local('v'), f.local('v')
	for _, k := range []int{vector, other} {
		f.expression('v', depth-1)
		f.emit(wasm.OpLocalSet, k)
	}
	list := r.Perm(4)
	if f.chance(50) {
		for n := range list {
			list[n] = r.IntN(4)
		}
		for f.chance(50) {
			list = append(list, pick(r, list))
		}
	}
	f.show('i', func() {
		pushed := 0
		for k, lane := range list {
			from := vector
			if f.chance(5) {
				from = other
			}
			f.emit(wasm.OpLocalGet, from)
			f.op(opI32x4ExtractLane)
			f.code = append(f.code, byte(lane))
			for pushed++; pushed > 1 && (k == len(list)-1 || f.chance(60)); pushed-- {
				if f.chance(96) {
					f.op(opI32Or)
				} else {
					f.op(opI32Xor)
				}
			}
		}
		if f.chance(30) {
			f.op(opI32Eqz)
		}
	})
}
