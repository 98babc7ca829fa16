package differential

import "mewz/compiler/wasm"

// Straight-line arithmetic on floats beside each other in memory, the same for each
// or nearly: what LLVM's pass for straight-line vectors (SLP) looks for.

// formulas are in postfix: a and b are numbers beside each other in memory, c is a
// variable; operations are the keys of arithmetic.
var formulas = []string{
	"ab+", "ab-", "ab*", "ab/", "ac*", "ab*c+", "ab+c*", "ab*ac*+", "ab-ab+*", "aa*bb*+q", "an", "ab+h", "abm", "acMbm", "ac-h", "ab/c-", "a",
}

// arithmetic is how far behind f32.abs and f64.abs an instruction is.
var arithmetic = map[byte]wasm.Opcode{'h': 0, 'n': 1, 'q': 6, '+': 7, '-': 8, '*': 9, '/': 10, 'm': 11, 'M': 12}

// floatAbs is where the instructions of a type begin, and floatBytes the width.
var (
	floatAbs   = map[byte]wasm.Opcode{'f': 0x8b, 'F': 0x99}
	floatBytes = map[byte]int{'f': 4, 'F': 8}
)

// column is one formula for several numbers beside each other.
type column struct {
	*function
	letter   byte
	pointer  int
	formula  string
	a, b     int // where the operands are, from the pointer
	variable int
}

// packed is a statement that computes some numbers beside each other.
func (f *function) packed(depth int) {
	r := f.g.r
	c := column{function: f, letter: pick(r, []byte("fF")), formula: pick(r, formulas)}
	lanes := pick(r, []int{2, 2, 3, 4, 4, 8})
	width := floatBytes[c.letter]
	somewhere := func() int { // so that they overlap as often as not
		return pick(r, []int{0, width, lanes * width, lanes * width, r.IntN(64), 256})
	}
	c.a, c.b, c.pointer, c.variable = somewhere(), somewhere(), f.local('i'), f.local(c.letter)
	f.place(depth)
	f.emit(wasm.OpLocalSet, c.pointer)
	f.expression(c.letter, depth-1)
	f.emit(wasm.OpLocalSet, c.variable)
	switch n := r.IntN(100); {
	case n < 25:
		f.show(c.letter, func() { c.total(lanes) })
	case n < 60:
		c.store(lanes, somewhere(), false)
	default:
		c.store(lanes, somewhere(), true)
	}
}

// total pushes the sum of all, which has an order.
func (c *column) total(lanes int) {
	plus := pick(c.g.r, reductions[c.letter])
	for k := range lanes {
		c.lane(k)
		if k > 0 {
			c.op(plus)
		}
	}
	c.canonicalize(c.letter)
}

// store stores all, if early after the last is computed, else each at once.
func (c *column) store(lanes, target int, early bool) {
	put := func(k int, push func()) {
		c.emit(wasm.OpLocalGet, c.pointer)
		push()
		c.op(wideStores[c.letter])
		c.code = appendUnsigned(append(c.code, 0), uint64(target+k*floatBytes[c.letter]))
	}
	results := make([]int, lanes)
	for k := range results {
		push := func() {
			c.lane(k)
			c.canonicalize(c.letter)
		}
		if !early {
			put(k, push)
			continue
		}
		results[k] = c.local(c.letter)
		push()
		c.emit(wasm.OpLocalSet, results[k])
	}
	for k := range lanes {
		if early {
			put(k, func() { c.emit(wasm.OpLocalGet, results[k]) })
		}
	}
}

// lane pushes one number; now and then one operation is another.
func (c *column) lane(k int) {
	for _, symbol := range []byte(c.formula) {
		switch operands := map[byte]int{'a': c.a, 'b': c.b}; symbol {
		case 'a', 'b':
			c.emit(wasm.OpLocalGet, c.pointer)
			c.op(wideLoads[c.letter])
			c.code = appendUnsigned(append(c.code, 0), uint64(operands[symbol]+k*floatBytes[c.letter]))
		case 'c':
			c.emit(wasm.OpLocalGet, c.variable)
		case '+':
			if c.chance(15) {
				symbol = '-'
			}
			fallthrough
		default:
			c.op(floatAbs[c.letter] + arithmetic[symbol])
		}
	}
}
