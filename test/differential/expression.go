package differential

import (
	"strings"

	"mewz/compiler/wasm"
)

// depthMax is how deep expressions nest.
const depthMax = 5

// function is a function while it is generated.
type function struct {
	g     *generator
	index int
	typ   string // "iI:f"
	// simple functions have no loops and no calls; leaf functions no calls but of
	// simple ones. Neither counts anything, so that LLVM sees plain code.
	simple, leaf bool

	locals  string       // with the parameters
	owned   map[int]bool // locals that only one construct writes
	scratch map[byte]int // locals for a value that is needed twice
	frame   int          // local with the address of the stack frame, or -1
	code    []byte
	labels  []string // what a branch to each label carries, innermost last
	caught  []bool   // labels around whose handlers this is in, for rethrow
	budget  int      // expressions left
	risks   int      // instructions left that may well trap
	counted int      // loops around that are not limited by a global counter
}

func newFunction(g *generator, index int, typ string) *function {
	f := &function{g: g, index: index, typ: typ, frame: -1, owned: map[int]bool{}, scratch: map[byte]int{}}
	f.locals = f.params()
	return f
}

func (f *function) params() string {
	params, _, _ := strings.Cut(f.typ, ":")
	return params
}

func (f *function) results() string {
	_, results, _ := strings.Cut(f.typ, ":")
	return results
}

func (f *function) chance(percent int) bool { return f.g.chance(percent) }

// op appends an instruction without immediates.
func (f *function) op(o wasm.Opcode) { f.code = appendOpcode(f.code, o) }

func (f *function) constant(letter byte, v [2]uint64) {
	if isProposed(letter) {
		f.minimal(letter)
		return
	}
	f.code = appendConstant(f.code, letter, v)
}

func (f *function) i32(v int) { f.constant('i', [2]uint64{uint64(uint32(v))}) }

// local adds a local that only the caller writes.
func (f *function) local(letter byte) int {
	f.locals += string(letter)
	f.owned[len(f.locals)-1] = true
	return len(f.locals) - 1
}

// temporary is the local for a value of a type that is needed twice at once.
func (f *function) temporary(letter byte) int {
	k, ok := f.scratch[letter]
	if !ok {
		k = f.local(letter)
		f.scratch[letter] = k
	}
	return k
}

// readable are the locals of a type, and those of them that may be written. What
// a scratch local holds may be a NaN of any bits.
func (f *function) readable(letter byte, write bool) (list []int) {
	scratch, hasScratch := f.scratch[letter]
	for k := range len(f.locals) {
		if f.locals[k] == letter && (!write || !f.owned[k]) && (!hasScratch || k != scratch) {
			list = append(list, k)
		}
	}
	return list
}

// expression pushes a value of a type. It returns whether a NaN among such
// values has the same bits in every engine.
func (f *function) expression(letter byte, depth int) (exact bool) {
	f.budget--
	if depth <= 0 || f.budget <= 0 {
		return f.leafExpression(letter)
	}
	switch n := f.g.r.IntN(100); {
	case n < 12:
		return f.leafExpression(letter)
	case n < 17:
		return f.selection(letter, depth)
	case n < 20:
		return f.blockExpression(letter, depth)
	case n < 24:
		return f.conditional(letter, depth)
	case n < 30:
		if f.callFor(letter, depth) {
			return false
		}
	case n < 33:
		if to := f.readable(letter, true); len(to) > 0 {
			exact = f.expression(letter, depth-1)
			f.emit(wasm.OpLocalTee, pick(f.g.r, to))
			return exact
		}
	}
	return f.operation(letter, depth)
}

// canonical pushes a value whose bits are the same in every engine.
func (f *function) canonical(letter byte, depth int) {
	if !f.expression(letter, depth) {
		f.canonicalize(letter)
	}
}

// canonicalize replaces a NaN on the stack by the canonical one.
func (f *function) canonicalize(letter byte) {
	if letter != 'f' && letter != 'F' {
		return
	}
	equal, nan := wasm.Opcode(opF32Eq), uint64(nan32)
	if letter == 'F' {
		equal, nan = opF64Eq, nan64
	}
	t := f.temporary(letter)
	f.emit(wasm.OpLocalTee, t)
	f.constant(letter, [2]uint64{nan})
	f.emit(wasm.OpLocalGet, t)
	f.emit(wasm.OpLocalGet, t)
	f.op(equal)
	f.op(wasm.OpSelect)
}

// Vector instructions that canonicalizeLanes needs.
const (
	opF32x4Eq       = wasm.PrefixSIMD | 0x41
	opF64x2Eq       = wasm.PrefixSIMD | 0x47
	opV128Bitselect = wasm.PrefixSIMD | 0x52
)

// canonicalizeLanes replaces the NaNs among the lanes of a vector.
func (f *function) canonicalizeLanes(bits int) {
	equal, nan := opF32x4Eq, uint64(nan32|nan32<<32)
	if bits == 64 {
		equal, nan = opF64x2Eq, nan64
	}
	t := f.temporary('v')
	f.emit(wasm.OpLocalTee, t)
	f.constant('v', [2]uint64{nan, nan})
	f.emit(wasm.OpLocalGet, t)
	f.emit(wasm.OpLocalGet, t)
	f.op(equal)
	f.op(opV128Bitselect)
}

// leafExpression pushes a constant or a variable.
func (f *function) leafExpression(letter byte) (exact bool) {
	r := f.g.r
	if isProposed(letter) {
		f.referenceLeaf(letter)
		return true
	}
	if from := f.readable(letter, false); len(from) > 0 && f.chance(55) {
		f.emit(wasm.OpLocalGet, pick(r, from))
		return letter != 'f' && letter != 'F'
	}
	var globals []int
	for k := range f.g.globals {
		if f.g.globals[k].letter == letter {
			globals = append(globals, k)
		}
	}
	switch {
	case len(globals) > 0 && f.chance(40):
		f.emit(wasm.OpGlobalGet, pick(r, globals))
	case letter == 'r' && f.chance(70):
		f.emit(wasm.OpRefFunc, r.IntN(len(f.g.functions)))
	default:
		f.constant(letter, value(r, letter))
	}
	return true
}

func isReference(letter byte) bool { return strings.IndexByte("iIfFvbh", letter) < 0 }

// selection pushes one of two values.
func (f *function) selection(letter byte, depth int) (exact bool) {
	first := f.expression(letter, depth-1)
	second := f.expression(letter, depth-1)
	f.expression('i', depth-1)
	if isReference(letter) || f.chance(20) {
		f.op(wasm.OpSelectTyped)
		f.code = appendValueType(append(f.code, 1), valueType(letter))
	} else {
		f.op(wasm.OpSelect)
	}
	return first && second
}

// conditional pushes what one of two blocks has as its result.
func (f *function) conditional(letter byte, depth int) bool {
	f.expression('i', depth-1)
	f.enter(wasm.OpIf, ":"+string(letter), string(letter))
	f.statements(f.g.r.IntN(2))
	f.expression(letter, depth-1)
	f.op(wasm.OpElse)
	f.expression(letter, depth-1)
	f.leave()
	return false
}

// blockExpression pushes the result of a block, which may be left early.
func (f *function) blockExpression(letter byte, depth int) bool {
	f.enter(wasm.OpBlock, ":"+string(letter), string(letter))
	f.statements(f.g.r.IntN(3))
	f.expression(letter, depth-1)
	if f.chance(50) {
		f.expression('i', depth-1)
		f.emit(wasm.OpBrIf, 0)
	}
	f.leave()
	return false
}

// enter begins a block of a type; a branch to its label carries branch.
func (f *function) enter(o wasm.Opcode, typ, branch string) {
	f.op(o)
	switch params, results, _ := strings.Cut(typ, ":"); {
	case params == "" && results == "":
		f.code = append(f.code, emptyBlock)
	case params == "" && len(results) == 1 && f.chance(80):
		f.code = appendValueType(f.code, valueType(results[0]))
	default:
		f.code = appendSigned(f.code, int64(f.g.typeIndex(typ)))
	}
	f.labels, f.caught = append(f.labels, branch), append(f.caught, false)
}

func (f *function) leave() {
	f.op(wasm.OpEnd)
	f.labels, f.caught = f.labels[:len(f.labels)-1], f.caught[:len(f.caught)-1]
}

// operation pushes the result of a random instruction.
func (f *function) operation(letter byte, depth int) bool {
	switch {
	case isProposed(letter) || f.g.proposals && isReference(letter) && f.chance(50):
		f.reference(letter, depth)
		return true
	case isReference(letter):
		if letter == 'r' && !f.g.mutableTable || f.chance(50) {
			return f.leafExpression(letter)
		}
		f.element(depth)
		f.emit(wasm.OpTableGet, tableOf(letter))
		return true
	case f.g.proposals && letter == 'i' && f.chance(12):
		f.observe(depth)
		return true
	case f.g.proposals && f.chance(15) && f.read(letter, depth):
		return letter != 'f' && letter != 'F'
	}
	list := f.g.scalars[letter]
	if more := f.g.vectors[letter]; len(list) == 0 || len(more) > 0 && f.chance(12) {
		list = more
	}
	return f.apply(pick(f.g.r, list), depth)
}

// tableOf is the table with elements of a type.
func tableOf(letter byte) int { return strings.IndexByte("rxa", letter) }

// element pushes an index within a table.
func (f *function) element(depth int) {
	f.expression('i', depth-1)
	f.i32(tableElements - 1)
	f.op(opI32And)
}

// apply appends an instruction with its operands.
func (f *function) apply(o operator, depth int) (exact bool) {
	name := o.info.Name
	switch {
	case o.info.Immediate == wasm.ImmediateMemArg || o.info.Immediate == wasm.ImmediateMemArgLane:
		return f.access(o, depth)
	case strings.Contains(name, ".div_") || strings.Contains(name, ".rem_"):
		f.divide(o, depth)
		return true
	case strings.Contains(name, ".trunc_f"):
		f.truncate(o, depth)
		return true
	}
	exact = true
	for k := range len(o.operands) {
		letter := o.operands[k]
		if (letter == 'f' || letter == 'F') && (k == 1 && strings.HasSuffix(name, "copysign") || seesBits(o)) {
			f.canonical(letter, depth-1)
			continue
		}
		exact = f.expression(letter, depth-1) && exact
	}
	f.op(o.opcode)
	f.immediates(o)
	switch {
	case o.result == "v":
		if bits := inexactLanes(name); bits != 0 {
			f.canonicalizeLanes(bits)
		}
		return true
	case o.result == "f" || o.result == "F":
		return exact && keepsBits(name)
	}
	return true
}

// seesBits says whether the payload of a NaN that o gets can be seen in its
// result.
func seesBits(o operator) bool {
	return strings.Contains(o.info.Name, "reinterpret") || o.result == "v"
}

// keepsBits says whether an instruction with a float result is no arithmetic.
func keepsBits(name string) bool {
	for _, part := range []string{".reinterpret_", ".abs", ".neg", ".copysign", ".extract_lane", ".load"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// inexactLanes is the width of the lanes that a vector instruction computes as
// floats, so that a NaN among them may have any payload.
func inexactLanes(name string) int {
	shape, operation, _ := strings.Cut(name, ".")
	operation, _, _ = strings.Cut(operation, "_")
	switch operation {
	case "ceil", "floor", "trunc", "nearest", "sqrt", "add", "sub", "mul", "div", "min", "max", "demote", "promote":
	default:
		return 0
	}
	switch shape {
	case "f32x4":
		return 32
	case "f64x2":
		return 64
	default:
		return 0
	}
}

// immediates appends what follows the opcode of an instruction that is no
// memory access.
func (f *function) immediates(o operator) {
	r := f.g.r
	switch o.info.Immediate {
	case wasm.ImmediateMemory:
		f.code = append(f.code, 0)
	case wasm.ImmediateLane:
		f.code = append(f.code, byte(r.IntN(16/int(o.info.AccessBytes))))
	case wasm.ImmediateShuffle:
		step := pick(r, []int{0, 1, 1, 2}) // the same lanes, neighbours, every other; or any
		start := r.IntN(32)
		for k := range 16 {
			lane := start + k*step
			if step == 0 {
				lane = r.IntN(32)
			}
			f.code = append(f.code, byte(lane%32))
		}
	}
}

// divide appends a division, which traps only if a risk is left.
func (f *function) divide(o operator, depth int) {
	letter := o.operands[0]
	risk := f.risk()
	switch {
	case (risk || strings.HasSuffix(o.info.Name, "rem_s")) && f.chance(60):
		f.or(letter, leastIntegers[letter], depth) // the quotient that does not fit
		f.or(letter, minusOne, depth)
	case risk:
		f.expression(letter, depth-1)
		f.expression(letter, depth-1)
	case f.chance(40):
		f.expression(letter, depth-1)
		v := value(f.g.r, letter)[0]>>2&0xfff_ffff | 1
		f.constant(letter, [2]uint64{v << f.g.r.IntN(3)})
	default: // neither zero nor, because of -1 and the least integer, negative
		f.expression(letter, depth-1)
		f.expression(letter, depth-1)
		f.constant(letter, [2]uint64{uint64(f.g.r.Uint32() >> 2)})
		f.op(andOf(letter))
		f.constant(letter, [2]uint64{1})
		f.op(andOf(letter) + 1) // or
	}
	f.op(o.opcode)
}

// minusOne and leastIntegers are the operands of the only division that overflows.
const minusOne = 1<<64 - 1

var leastIntegers = map[byte]uint64{'i': 1 << 31, 'I': 1 << 63}

// or pushes one value or, if that is not chosen, any that is odd.
func (f *function) or(letter byte, v uint64, depth int) {
	f.constant(letter, [2]uint64{v})
	f.expression(letter, depth-1)
	f.constant(letter, [2]uint64{1})
	f.op(andOf(letter) + 1)
	f.expression('i', depth-1)
	f.op(wasm.OpSelect)
}

// andOf is i32.and or i64.and.
func andOf(letter byte) wasm.Opcode {
	if letter == 'i' {
		return opI32And
	}
	return 0x83
}

// truncate appends a conversion to an integer, which traps only if a risk is
// left: without, the operand is an integer of that type that a float can hold.
func (f *function) truncate(o operator, depth int) {
	letter, result := o.operands[0], o.result[0]
	if f.risk() {
		f.expression(letter, depth-1)
		f.op(o.opcode)
		return
	}
	f.expression(result, depth-1)
	f.constant(result, [2]uint64{wholeMasks[o.result+o.operands]})
	f.op(andOf(result))
	convert := wasm.Opcode(0xb2) // f32.convert_i32_s, the first of ten
	if result == 'I' {
		convert += 2
	}
	if letter == 'F' {
		convert += 5
	}
	if strings.HasSuffix(o.info.Name, "_u") {
		convert++
	}
	f.op(convert)
	f.op(o.opcode)
}

// wholeMasks leave as many of the highest bits of an integer as a float has.
var wholeMasks = map[string]uint64{
	"if": 0xffff_ff00, "iF": 0xffff_ffff, "If": 0xffff_ff00_0000_0000, "IF": 0xffff_ffff_ffff_f800,
}

// risk takes one of the risks that are left, now and then.
func (f *function) risk() bool {
	if f.risks == 0 || !f.chance(8) {
		return false
	}
	f.risks--
	return true
}
