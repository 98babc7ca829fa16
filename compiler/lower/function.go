package lower

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"mewz/abi"
	"mewz/compiler/wasm"
)

// function is the state of lowering one function: its text so far, the wasm
// operand stack and the open blocks.
type function struct {
	*shard
	typ        *wasm.FuncType
	locals     []wasm.ValueType
	slots      bool // locals are stack slots, not SSA values
	convention convention
	scan       *functionScan
	text       []byte // of blocks, without labels and phis
	blocks     []*block
	block      *block // where text goes; nil: what follows is unreachable
	label      int    // LLVM's block that text goes into
	next       int    // next register or label
	stack      []value
	controls   []control
	depth      int // blocks opened in unreachable code
	values     map[localKey]value

	code   *wasm.Code
	offset wasm.Offset // of the instruction being lowered
	// dropped says that it is a load whose value the next instruction drops.
	dropped bool
	scope   int // metadata of the function, if there is a line table

	traps    [maxTrapCode + 1]int // label of the block that traps with a code
	trapText []byte               // of blocks of one place each
	bases    map[uint32]bool      // memories whose address is needed in a register
	wide     bool                 // the slot %wide is needed, see address
	allocas  []byte               // of results in memory
	known    slotValues
	throws   bool // exceptions may leave it
	padded   bool // it has a landing pad

	// Of addresses, see nearby.go.
	sums      map[int]addend // by register
	witnesses map[witnessKey][]witness

	laneSets map[value]laneSet // see vector_any.go

	// Of sums in loops, see sum.go.
	loop    *block // the head of the innermost loop
	chains  map[value]sum
	heights []int32 // of values, by register
}

// maxTrapCode is the largest code that compiled code raises itself.
const maxTrapCode = abi.TrapHeap

// lowering translates one instruction.
type lowering func(f *function, i *wasm.Instruction)

func newFunction(s *shard, t *wasm.FuncType) *function {
	f := &function{
		shard: s, typ: t, values: map[localKey]value{}, bases: map[uint32]bool{},
		sums: map[int]addend{}, witnesses: map[witnessKey][]witness{},
		laneSets: map[value]laneSet{}, chains: map[value]sum{},
	}
	f.enter(f.newBlock())
	f.block.sealed = true
	return f
}

// defineFunction lowers function number k of the code section.
func (s *shard) defineFunction(k int) error {
	index := s.module.importedFunctions + k
	code := &s.module.Code[k]
	f := newFunction(s, s.module.functions[index].typ)
	f.code = code
	f.locals = append(f.locals, f.typ.Params...)
	for _, g := range code.Locals {
		for range g.Count {
			f.locals = append(f.locals, g.Type)
		}
	}
	c := s.module.conventionOf(uint32(index))
	scan, err := scanFunction(code, c.global0, uint32(len(f.locals)))
	if err != nil {
		return fmt.Errorf("function %d: %w", index, err)
	}
	f.scan = scan
	f.slots = s.module.options.LocalsInMemory || s.huge || scan.needsSlots(len(f.locals))
	f.setConvention(c)
	f.throws = s.module.functions[index].throws
	f.scope = s.addScope(index, code.Offset)
	f.lowerBody()
	if f.excess() {
		return fmt.Errorf("function %d: its LLVM IR has more than %d MiB: it calls functions of too many parameters and results too often",
			index, textMax>>20)
	}
	s.header(s.symbol(uint32(index)), f)
	f.write()
	return nil
}

// textMax bounds the text of a function, which its bytes do not: a call takes two and may have
// thousands of results. A function of wasm.MaxFunctionBytes has half of that.
const textMax = 256 << 20

// excess says whether the text is beyond its bound: the function is given up then.
func (f *function) excess() bool { return len(f.text) > textMax }

// lowerBody lowers the instructions of f.code up to the end of the function.
func (f *function) lowerBody() {
	end := f.newBlock()
	f.controls = append(f.controls, control{target: end, results: f.typ.Results})
	f.lowerExpression(f.code.Body, f.code.Offset)
	if f.block == nil || f.excess() {
		return
	}
	f.returnValues()
}

// lowerExpression lowers an instruction sequence with its end.
func (f *function) lowerExpression(body []byte, offset wasm.Offset) {
	r := wasm.NewReader(body, offset)
	var i wasm.Instruction
	for r.Len() > 0 && !f.excess() {
		if err := r.Next(&i); err != nil {
			panic(fmt.Sprintf("lower: a validated body does not decode: %v", err))
		}
		f.offset = i.Offset
		if f.block == nil {
			f.skip(&i)
			continue
		}
		f.dropped = isLoad(&i) && r.Len() > 0 && wasm.Opcode(body[r.Offset()-offset]) == wasm.OpDrop
		f.instruction(&i)
	}
}

// instruction lowers one reachable instruction.
func (f *function) instruction(i *wasm.Instruction) {
	lower := loweringOf(i.Opcode)
	if i.Opcode&^0xffff == wasm.PrefixSIMD {
		lower = f.module.vectorLowering(i.Opcode & 0xffff)
	}
	if lower == nil {
		panic(fmt.Sprintf("lower: no lowering for instruction %#x", uint32(i.Opcode)))
	}
	if f.loop != nil {
		f.lowerInLoop(lower, i)
	} else {
		lower(f, i)
	}
}

// skip passes over unreachable code up to the else or end of the innermost open
// block.
func (f *function) skip(i *wasm.Instruction) {
	switch i.Opcode {
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTry, wasm.OpTryTable:
		f.depth++
	case wasm.OpCatch, wasm.OpCatchAll:
		if f.depth == 0 {
			f.catchClause(i)
		}
	case wasm.OpDelegate:
		if f.depth == 0 {
			f.delegate(i)
		} else {
			f.depth--
		}
	case wasm.OpElse:
		if f.depth == 0 {
			f.elseBlock()
		}
	case wasm.OpEnd:
		if f.depth == 0 {
			f.endBlock()
		} else {
			f.depth--
		}
	}
}

// appendEntry appends what the first block of a function begins with.
func (f *function) appendEntry(b []byte) []byte {
	for _, memory := range slices.Sorted(maps.Keys(f.bases)) {
		b = fmt.Appendf(b, "  %s = load ptr, ptr %s, !invariant.load !1\n", baseName(memory),
			f.variable(f.module.memories[memory].base+"_base", "ptr"))
	}
	s := newSignature(f.typ, f.convention)
	for n, k := range s.inBuffer {
		if s.global0 {
			k--
		}
		b = fmt.Appendf(b, "  %%p%d = load %s, ptr %s, align 16\n", k, llvmType(f.typ.Params[k]), f.bufferSlot(n))
	}
	if f.wide {
		b = append(b, "  %wide = alloca i64\n"...)
	}
	b = append(b, f.allocas...)
	if !f.slots {
		return b
	}
	for i, t := range f.locals {
		b = fmt.Appendf(b, "  %%l%d = alloca %s\n", i, llvmType(t))
		initial := zero(t)
		if f.convention.global0 && i == len(f.locals)-1 {
			initial.kind = valueGlobal0
		} else if i < len(f.typ.Params) {
			initial = value{kind: valueParameter, wasmType: t, bits: uint64(i)}
		}
		b = fmt.Appendf(b, "  store %s ", llvmType(t))
		b = f.appendValue(b, initial)
		b = fmt.Appendf(b, ", ptr %%l%d\n", i)
	}
	return b
}

// stackSlot returns the name of a variable of a type in the function's frame.
func (f *function) stackSlot(llvmType string) string {
	f.next++
	name := "%m" + strconv.Itoa(f.next)
	f.allocas = fmt.Appendf(f.allocas, "  %s = alloca %s\n", name, llvmType)
	return name
}

// The following append to the text of the current block. They chain:
// f.put("  ").value(v).put("\n").

func (f *function) put(s string) *function {
	f.text = append(f.text, s...)
	return f
}

func (f *function) number(n uint64) *function {
	f.text = strconv.AppendUint(f.text, n, 10)
	return f
}

func (f *function) value(v value) *function {
	f.text = f.appendValue(f.text, v)
	return f
}

// typed writes a value behind its type.
func (f *function) typed(v value) *function { return f.put(v.llvmType()).put(" ").value(v) }

// register writes the name of a register that is no wasm value.
func (f *function) register(r int) *function {
	f.text = strconv.AppendInt(append(f.text, "%v"...), int64(r), 10)
	return f
}

func (f *function) labelName(label int) *function {
	f.text = strconv.AppendInt(append(f.text, "label %b"...), int64(label), 10)
	return f
}

// define begins an instruction with a result.
func (f *function) define() int {
	f.next++
	f.put("  ").register(f.next).put(" = ")
	return f.next
}

// line ends an instruction.
func (f *function) line() {
	if f.module.options.EveryLocation {
		f.locate()
	}
	f.text = append(f.text, '\n')
}

// locatedLine ends an instruction whose place in the module is to be found from
// its address.
func (f *function) locatedLine() {
	if !f.module.options.EveryLocation { // line does it
		f.locate()
	}
	f.line()
}

// locate writes the place of an instruction, if there is a line table.
func (f *function) locate() {
	if f.module.options.Locations && f.scope != 0 {
		f.put(", !dbg !").number(uint64(f.location(f.scope, f.offset)))
	}
}

// appendValue appends the text that stands for v.
func (f *function) appendValue(b []byte, v value) []byte {
	switch v.kind {
	case valueConstant:
		return appendConstant(b, v)
	case valueParameter:
		return strconv.AppendUint(append(b, "%p"...), v.bits, 10)
	case valueGlobal0:
		return append(b, "%g"...)
	case valueFunction:
		return append(b, f.descriptor(uint32(v.bits))...)
	default:
		return strconv.AppendUint(append(b, "%v"...), v.bits, 10)
	}
}

func registerValue(t wasm.ValueType, register int) value {
	return value{kind: valueRegister, wasmType: t, bits: uint64(register)}
}

func (f *function) push(v value) { f.stack = append(f.stack, v) }

// pushRegister pushes the result of an instruction.
func (f *function) pushRegister(t wasm.ValueType, register int) { f.push(registerValue(t, register)) }

// pushCondition pushes an i1 as the i32 that it stands for.
func (f *function) pushCondition(register int) {
	f.push(value{kind: valueCondition, wasmType: wasm.I32, bits: uint64(register)})
}

// pop takes the topmost operand.
func (f *function) pop() value {
	v := f.stack[len(f.stack)-1]
	f.stack = f.stack[:len(f.stack)-1]
	return f.widen(v)
}

// widen makes an i32 of a condition, and gives a v128 the shape that it has
// between instructions.
func (f *function) widen(v value) value {
	if v.kind != valueCondition {
		return f.reshape(v, shapeI8x16)
	}
	r := f.define()
	f.put("zext i1 ").value(v).put(" to i32").line()
	return registerValue(wasm.I32, r)
}

// popCondition takes the topmost i32 as an i1: whether it is not zero.
func (f *function) popCondition() value {
	v := f.stack[len(f.stack)-1]
	f.stack = f.stack[:len(f.stack)-1]
	if v.kind == valueCondition {
		return v
	}
	r := f.define()
	f.put("icmp ne i32 ").value(v).put(", 0").line()
	return value{kind: valueCondition, wasmType: wasm.I32, bits: uint64(r)}
}

// top returns the n topmost operands, widened.
func (f *function) top(n int) []value {
	values := f.stack[len(f.stack)-n:]
	for k := range values {
		values[k] = f.widen(values[k])
	}
	return append([]value(nil), values...)
}
