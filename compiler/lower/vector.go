package lower

import (
	"fmt"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

// Vector instructions (4.4.3; 4.3.2 to 4.3.4 lane by lane). A v128 is a vector
// of LLVM of the shape that the instruction at hand asks for; between
// instructions of one block it keeps the shape it was made in (value.shape), and
// wherever it is stored, passed or merged it is a <16 x i8>.
//
// Everything here is IR that any processor with vectors of 128 bits can run;
// what LLVM makes of it is written down in test/vector/testdata/code.txt. Where
// that was clearly worse than an instruction of the processor, the processor's
// table has a lowering of its own (vector_x86.go).

// shape is how a v128 is divided into lanes (4.2.1).
type shape uint8

const (
	// shapeI8x16 is what a v128 is between instructions. LLVM moves casts
	// between types of equally many lanes around, and then recognises less: an
	// MINPD is not one if the lanes pass through integers.
	shapeI8x16 shape = iota
	shapeI16x8
	shapeI32x4
	shapeI64x2
	shapeF32x4
	shapeF64x2
)

// shapes are what LLVM calls each shape. Integer lanes of less than 32 bits are
// an i32 outside of vectors.
var shapes = [...]struct {
	vector, lane, overload string
	lanes, bits            int
	scalar                 wasm.ValueType
	integer                shape // of the same lanes
}{
	shapeI8x16: {"<16 x i8>", "i8", "v16i8", 16, 8, wasm.I32, shapeI8x16},
	shapeI16x8: {"<8 x i16>", "i16", "v8i16", 8, 16, wasm.I32, shapeI16x8},
	shapeI32x4: {"<4 x i32>", "i32", "v4i32", 4, 32, wasm.I32, shapeI32x4},
	shapeI64x2: {"<2 x i64>", "i64", "v2i64", 2, 64, wasm.I64, shapeI64x2},
	shapeF32x4: {"<4 x float>", "float", "v4f32", 4, 32, wasm.F32, shapeI32x4},
	shapeF64x2: {"<2 x double>", "double", "v2f64", 2, 64, wasm.F64, shapeI64x2},
}

// wider is the integer shape with lanes of twice the size.
func (s shape) wider() shape {
	switch s {
	case shapeI8x16:
		return shapeI16x8
	case shapeI16x8:
		return shapeI32x4
	default:
		return shapeI64x2
	}
}

// vectorOf is the type of a vector of n integers.
func vectorOf(n, bits int) string { return fmt.Sprintf("<%d x i%d>", n, bits) }

// splatOf is a constant of vectorOf(n, bits) with all lanes the same.
func splatOf(lanes, bits int, v int64) string {
	lane := "i" + strconv.Itoa(bits) + " " + strconv.FormatInt(v, 10)
	return "<" + strings.Repeat(lane+", ", lanes-1) + lane + ">"
}

// laneList is the constant of a shufflevector: count lanes from first on.
func laneList(first, step, count int) string {
	lanes := make([]int, count)
	for k := range lanes {
		lanes[k] = first + k*step
	}
	return laneMask(lanes)
}

// laneMask is the constant of a shufflevector with its type.
func laneMask(lanes []int) string {
	var b strings.Builder
	for k, lane := range lanes {
		if k > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "i32 %d", lane)
	}
	return fmt.Sprintf("<%d x i32> <%s>", len(lanes), b.String())
}

// appendVector appends the constant v in its shape.
func appendVector(b []byte, v value) []byte {
	if v.bits == 0 && v.high == 0 {
		return append(b, "zeroinitializer"...)
	}
	s := &shapes[v.shape]
	b = append(b, '<')
	for k := range s.lanes {
		if k > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, s.lane...), ' ')
		bits := v.laneBits(k)
		if s.bits < 32 {
			b = strconv.AppendUint(b, bits, 10)
		} else {
			b = appendConstant(b, value{wasmType: s.scalar, bits: bits})
		}
	}
	return append(b, '>')
}

// laneBits is lane k of a constant in its shape.
func (v value) laneBits(k int) uint64 {
	at := k * shapes[v.shape].bits
	half := v.bits
	if at >= 64 {
		half = v.high
	}
	return half >> (at % 64) & (^uint64(0) >> (64 - shapes[v.shape].bits))
}

// operand is the text of a value behind its type.
func (f *function) operand(v value) string {
	return v.llvmType() + " " + string(f.appendValue(nil, v))
}

// name is the text of a value.
func (f *function) name(v value) string { return string(f.appendValue(nil, v)) }

// assign writes an instruction with a result: the register. Vector instructions
// are rare enough to be written by format.
func (f *function) assign(format string, operands ...any) int {
	r := f.define()
	f.text = fmt.Appendf(f.text, format, operands...)
	f.line()
	return r
}

// reshape gives the bits of a v128 another shape.
func (f *function) reshape(v value, s shape) value {
	if v.shape == s {
		return v
	}
	if v.kind == valueConstant {
		v.shape = s
		return v
	}
	r := f.assign("bitcast %s to %s", f.operand(v), shapes[s].vector)
	return value{kind: valueRegister, promoted: v.promoted, shape: s, wasmType: wasm.V128, bits: uint64(r)}
}

// popVector takes the topmost operand, a v128, in a shape.
func (f *function) popVector(s shape) value {
	v := f.stack[len(f.stack)-1]
	f.stack = f.stack[:len(f.stack)-1]
	return f.reshape(v, s)
}

// vectorValue is a v128 in a register.
func vectorValue(s shape, register int) value {
	return value{kind: valueRegister, shape: s, wasmType: wasm.V128, bits: uint64(register)}
}

func (f *function) pushVector(s shape, register int) { f.push(vectorValue(s, register)) }

func lowerVectorConst(f *function, i *wasm.Instruction) { f.push(vectorConstant(i)) }

// vectorConstant is the value of a v128.const.
func vectorConstant(i *wasm.Instruction) value {
	return value{wasmType: wasm.V128, bits: uint64(i.Value), high: i.High}
}

// lowerShuffle lowers i8x16.shuffle: lanes 0 to 15 are the first operand's.
func lowerShuffle(f *function, i *wasm.Instruction) {
	second, first := f.popVector(shapeI8x16), f.popVector(shapeI8x16)
	lanes := make([]int, shapes[shapeI8x16].lanes)
	for k := range lanes {
		lanes[k] = int(vectorLane(i, k))
	}
	r := f.assign("shufflevector %s, %s, %s", f.operand(first), f.operand(second), laneMask(lanes))
	f.pushVector(shapeI8x16, r)
}

// vectorLane is byte k of an immediate of 16 bytes.
func vectorLane(i *wasm.Instruction, k int) uint8 {
	v := vectorConstant(i)
	v.shape = shapeI8x16
	return uint8(v.laneBits(k))
}

// lowerSwizzle lowers i8x16.swizzle lane by lane.
func lowerSwizzle(f *function, _ *wasm.Instruction) {
	indices, v := f.popVector(shapeI8x16), f.popVector(shapeI8x16)
	lanes := shapes[shapeI8x16].lanes
	low := f.assign("and %s, %s", f.operand(indices), splatOf(lanes, 8, 15))
	result := "poison"
	for k := range lanes {
		index := f.assign("extractelement <16 x i8> %%v%d, i32 %d", low, k)
		lane := f.assign("extractelement %s, i8 %%v%d", f.operand(v), index)
		r := f.assign("insertelement <16 x i8> %s, i8 %%v%d, i32 %d", result, lane, k)
		result = registerName(r)
	}
	inside := f.assign("icmp ult %s, %s", f.operand(indices), splatOf(lanes, 8, 16))
	r := f.assign("select <16 x i1> %%v%d, <16 x i8> %s, <16 x i8> zeroinitializer", inside, result)
	f.pushVector(shapeI8x16, r)
}

// splat returns a vector whose lanes are all the given one, with its type.
func (f *function) splat(s shape, lane string) int {
	t := shapes[s].vector
	first := f.assign("insertelement %s poison, %s, i32 0", t, lane)
	return f.assign("shufflevector %s %%v%d, %s poison, <%d x i32> zeroinitializer", t, first, t, shapes[s].lanes)
}

// laneOf returns a scalar as a lane of s, with its type.
func (f *function) laneOf(s shape, v value) string {
	if shapes[s].bits >= 32 {
		return f.operand(v)
	}
	if v.isConstant() {
		return fmt.Sprintf("%s %d", shapes[s].lane, v.bits&(1<<shapes[s].bits-1))
	}
	return fmt.Sprintf("%s %%v%d", shapes[s].lane, f.assign("trunc %s to %s", f.operand(v), shapes[s].lane))
}

// splatLane lowers splat.
func splatLane(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		f.pushVector(s, f.splat(s, f.laneOf(s, f.pop())))
	}
}

// extractLane lowers extract_lane; extend makes an i32 of a smaller lane.
func extractLane(s shape, extend string) lowering {
	return func(f *function, i *wasm.Instruction) {
		v := f.popVector(s)
		r := f.assign("extractelement %s, i32 %d", f.operand(v), i.Lane)
		if extend != "" {
			r = f.assign("%s %s %%v%d to i32", extend, shapes[s].lane, r)
		}
		f.pushRegister(shapes[s].scalar, r)
	}
}

// replaceLane lowers replace_lane.
func replaceLane(s shape) lowering {
	return func(f *function, i *wasm.Instruction) {
		lane := f.laneOf(s, f.pop())
		v := f.popVector(s)
		f.pushVector(s, f.assign("insertelement %s, %s, i32 %d", f.operand(v), lane, i.Lane))
	}
}

// vectorOperation lowers to an instruction of LLVM with two operands.
func vectorOperation(s shape, name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		f.pushVector(s, f.assign("%s %s, %s", name, f.operand(first), f.name(second)))
	}
}

// vectorUnary lowers to an intrinsic of one operand; more are its others.
func vectorUnary(s shape, name, more string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(s)
		f.pushVector(s, f.assign("call %s @llvm.%s.%s(%s%s)", shapes[s].vector, name, shapes[s].overload, f.operand(v), more))
	}
}

// vectorBinary lowers to an intrinsic of two operands.
func vectorBinary(s shape, name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		f.pushVector(s, f.assign("call %s @llvm.%s.%s(%s, %s)", shapes[s].vector, name, shapes[s].overload,
			f.operand(first), f.operand(second)))
	}
}

// vectorCompare lowers to icmp or fcmp: lanes of ones or zeroes.
func vectorCompare(s shape, name string) lowering {
	return func(f *function, _ *wasm.Instruction) {
		second, first := f.popVector(s), f.popVector(s)
		f.pushVector(shapes[s].integer, f.mask(s, f.assign("%s %s, %s", name, f.operand(first), f.name(second))))
	}
}

// mask makes lanes of ones and zeroes of a vector of i1.
func (f *function) mask(s shape, condition int) int {
	return f.assign("sext <%d x i1> %%v%d to %s", shapes[s].lanes, condition, shapes[shapes[s].integer].vector)
}

func lowerVectorNot(f *function, _ *wasm.Instruction) {
	v := f.popVector(shapeI64x2)
	f.pushVector(shapeI64x2, f.assign("xor %s, %s", f.operand(v), splatOf(2, 64, -1)))
}

func lowerVectorAndNot(f *function, _ *wasm.Instruction) {
	second, first := f.popVector(shapeI64x2), f.popVector(shapeI64x2)
	not := f.assign("xor %s, %s", f.operand(second), splatOf(2, 64, -1))
	f.pushVector(shapeI64x2, f.assign("and %s, %%v%d", f.operand(first), not))
}

func lowerBitselect(f *function, _ *wasm.Instruction) {
	choice, second, first := f.popVector(shapeI64x2), f.popVector(shapeI64x2), f.popVector(shapeI64x2)
	not := f.assign("xor %s, %s", f.operand(choice), splatOf(2, 64, -1))
	chosen := f.assign("and %s, %s", f.operand(first), f.name(choice))
	other := f.assign("and %s, %%v%d", f.operand(second), not)
	f.pushVector(shapeI64x2, f.assign("or <2 x i64> %%v%d, %%v%d", chosen, other))
}

func lowerAnyTrue(f *function, _ *wasm.Instruction) {
	v := f.popVector(shapeI64x2)
	all := f.assign("bitcast %s to i128", f.operand(v))
	f.pushCondition(f.assign("icmp ne i128 %%v%d, 0", all))
}

// allTrue lowers all_true: no lane is zero.
func allTrue(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(s)
		lanes := shapes[s].lanes
		zero := f.assign("icmp eq %s, zeroinitializer", f.operand(v))
		bits := f.assign("bitcast <%d x i1> %%v%d to i%d", lanes, zero, lanes)
		f.pushCondition(f.assign("icmp eq i%d %%v%d, 0", lanes, bits))
	}
}

// bitmask lowers bitmask: the signs of the lanes.
func bitmask(s shape) lowering {
	return func(f *function, _ *wasm.Instruction) {
		v := f.popVector(s)
		lanes := shapes[s].lanes
		negative := f.assign("icmp slt %s, zeroinitializer", f.operand(v))
		bits := f.assign("bitcast <%d x i1> %%v%d to i%d", lanes, negative, lanes)
		f.pushRegister(wasm.I32, f.assign("zext i%d %%v%d to i32", lanes, bits))
	}
}
