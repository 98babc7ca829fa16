package text

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"mewz/compiler/wasm"
)

// operation reads the immediates of an instruction that is no block, and writes
// it.
func (m *module) operation(t Token, o operation) {
	switch o.opcode {
	case wasm.OpSelect:
		m.selection()
		return
	case wasm.OpRefTest, wasm.OpRefCast:
		m.cast(o.opcode)
		return
	}
	m.opcode(o.opcode)
	switch o.immediate {
	case wasm.ImmediateMemArg:
		m.memoryArgument(o, false)
	case wasm.ImmediateMemArgLane:
		m.memoryArgument(o, true)
		m.lane()
	case wasm.ImmediateLane:
		m.lane()
	case wasm.ImmediateI32:
		m.body.out = appendInt(m.body.out, int64(int32(m.integerConstant(32))))
	case wasm.ImmediateI64:
		m.body.out = appendInt(m.body.out, int64(m.integerConstant(64)))
	case wasm.ImmediateF32:
		m.body.out = binary.LittleEndian.AppendUint32(m.body.out, uint32(m.floatConstant(32)))
	case wasm.ImmediateF64:
		m.body.out = binary.LittleEndian.AppendUint64(m.body.out, m.floatConstant(64))
	case wasm.ImmediateV128:
		m.vectorConstant()
	case wasm.ImmediateShuffle:
		m.shuffle()
	case wasm.ImmediateZero:
		m.body.out = append(m.body.out, 0)
	default:
		m.indices(t, o.immediate)
	}
}

// opcode writes an opcode (5.4).
func (m *module) opcode(o wasm.Opcode) {
	if o <= 0xff {
		m.body.out = append(m.body.out, byte(o))
		return
	}
	m.body.out = appendUint(append(m.body.out, byte(o>>16)), uint64(o&0xffff))
}

// write appends an index.
func (m *module) write(index uint32) { m.body.out = appendUint(m.body.out, uint64(index)) }

// indices reads immediates that are indices, types or labels.
func (m *module) indices(t Token, kind wasm.ImmediateKind) {
	switch kind {
	case wasm.ImmediateNone:
	case wasm.ImmediateLabel:
		m.write(m.labelIndex())
	case wasm.ImmediateLabels:
		m.labels()
	case wasm.ImmediateFunction:
		m.write(m.index(&m.functions))
	case wasm.ImmediateLocal:
		m.write(m.index(&m.body.locals))
	case wasm.ImmediateGlobal:
		m.write(m.index(&m.globals))
	case wasm.ImmediateTag:
		m.write(m.index(&m.tags))
	case wasm.ImmediateType:
		m.write(m.index(&m.types.space))
	case wasm.ImmediateElement:
		m.write(m.index(&m.elements))
	case wasm.ImmediateData:
		m.needsDataCount = true
		m.write(m.index(&m.data))
	case wasm.ImmediateTable:
		m.write(m.indexOr0(&m.tables))
	case wasm.ImmediateMemory:
		m.write(m.indexOr0(&m.memories))
	case wasm.ImmediateCallIndirect:
		table := m.indexOr0(&m.tables)
		index, _ := m.typeUse(false)
		m.write(index)
		m.write(table)
	case wasm.ImmediateHeapType, wasm.ImmediateHeapTypeNull:
		m.body.out = m.heapType(m.body.out)
	case wasm.ImmediateCast:
		m.branchCast()
	default:
		m.pairs(t, kind)
	}
}

// pairs reads immediates of two indices.
func (m *module) pairs(t Token, kind wasm.ImmediateKind) {
	switch kind {
	case wasm.ImmediateDataMemory: // memory.init: the memory is first, if it is there
		m.needsDataCount = true
		m.segmentOf(&m.memories, &m.data)
	case wasm.ImmediateElementTable:
		m.segmentOf(&m.tables, &m.elements)
	case wasm.ImmediateMemoryMemory:
		m.both(&m.memories)
	case wasm.ImmediateTableTable:
		m.both(&m.tables)
	case wasm.ImmediateTypeField:
		index := m.index(&m.types.space)
		m.write(index)
		fields := &space{word: "field", full: "field"}
		if uint64(index) < uint64(len(m.types.list)) && m.types.list[index].fields.word != "" {
			fields = &m.types.list[index].fields
		}
		m.write(m.index(fields))
	case wasm.ImmediateTypeCount:
		m.write(m.index(&m.types.space))
		m.write(uint32(m.integer(32, "the number of elements")))
	case wasm.ImmediateTypeData:
		m.needsDataCount = true
		m.write(m.index(&m.types.space))
		m.write(m.index(&m.data))
	case wasm.ImmediateTypeElement:
		m.write(m.index(&m.types.space))
		m.write(m.index(&m.elements))
	case wasm.ImmediateTypeType:
		m.write(m.index(&m.types.space))
		m.write(m.index(&m.types.space))
	default:
		m.fail(t, "instruction %s: its immediates are not known here", m.text(t))
	}
}

// indexOr0 reads an index if one follows.
func (m *module) indexOr0(s *space) uint32 {
	if m.hasIndex() {
		return m.index(s)
	}
	return 0
}

// both reads two indices or none.
func (m *module) both(s *space) {
	first, second := uint32(0), uint32(0)
	if m.hasIndex() {
		first = m.index(s)
		second = m.index(s)
	}
	m.write(first)
	m.write(second)
}

// segmentOf reads the index of a segment, and before it that of what it is
// copied to, which may be left out.
func (m *module) segmentOf(target, segments *space) {
	index := uint32(0)
	if second := m.peek(1).Kind; m.hasIndex() && (second == Nat || second == ID) {
		index = m.index(target)
	}
	m.write(m.index(segments))
	m.write(index)
}

// labels reads the labels of br_table, of which the last is the default.
func (m *module) labels() {
	list := []uint32{m.labelIndex()}
	for m.hasIndex() {
		list = append(list, m.labelIndex())
	}
	m.write(uint32(len(list) - 1))
	for _, l := range list {
		m.write(l)
	}
}

// selection reads select, which has types or not.
func (m *module) selection() {
	if !m.opens("result") {
		m.opcode(wasm.OpSelect)
		return
	}
	types := m.resultTypes()
	m.opcode(wasm.OpSelectTyped)
	m.body.out = types.appendTo(m.body.out)
}

// cast reads ref.test and ref.cast, whose opcodes depend on the type.
func (m *module) cast(o wasm.Opcode) {
	r := m.referenceType()
	if r.nullable {
		o++ // ref.test null, ref.cast null
	}
	m.opcode(o)
	m.body.out = append(m.body.out, r.heap...)
}

// branchCast reads what follows br_on_cast: a label and two reference types.
func (m *module) branchCast() {
	const fromNull, toNull = 1, 2
	target := m.labelIndex()
	from, to := m.referenceType(), m.referenceType()
	flags := byte(0)
	if from.nullable {
		flags |= fromNull
	}
	if to.nullable {
		flags |= toNull
	}
	m.body.out = append(m.body.out, flags)
	m.write(target)
	m.body.out = append(append(m.body.out, from.heap...), to.heap...)
}

// memArgIndex is the flag of a memory argument that has a memory index (5.4.6).
const memArgIndex = 1 << 6

// memoryArgument reads memory? offset=? align=? (6.5.6). Before a lane a lone
// number is the lane.
func (m *module) memoryArgument(o operation, lane bool) {
	memory := uint32(0)
	if m.hasIndex() && (!lane || m.peek(0).Kind == ID || m.peek(1).Kind == Nat || m.peek(1).Kind == Keyword) {
		memory = m.index(&m.memories)
	}
	offset, _ := m.setting("offset=")
	align := uint32(bits.TrailingZeros8(o.natural))
	at := m.peek(0)
	if v, ok := m.setting("align="); ok {
		if v == 0 || v&(v-1) != 0 {
			m.fail(at, "alignment must be a power of two")
		}
		align = uint32(bits.TrailingZeros64(v))
	}
	if memory != 0 {
		m.write(align | memArgIndex)
		m.write(memory)
	} else {
		m.write(align)
	}
	m.body.out = appendUint(m.body.out, offset)
}

// setting reads a word like offset=8 if it follows.
func (m *module) setting(prefix string) (uint64, bool) {
	t := m.peek(0)
	value, ok := bytes.CutPrefix(m.text(t), []byte(prefix))
	if t.Kind != Keyword || !ok {
		return 0, false
	}
	if numberKind(value) != Nat {
		m.unexpected(t, prefix+" and a number")
		return 0, false
	}
	m.at++
	v, err := ParseInteger(value, 64)
	if err != nil {
		m.fail(t, "i64 constant out of range: %s", m.shown(t))
	}
	return v, true
}

// lane reads the number of a lane.
func (m *module) lane() {
	t := m.next()
	if t.Kind != Nat {
		m.unexpected(t, "the number of a lane")
		return
	}
	v, err := ParseInteger(m.text(t), 8)
	if err != nil {
		m.fail(t, "i8 constant out of range: the number of a lane, malformed lane index")
	}
	m.body.out = append(m.body.out, byte(v))
}

// integerConstant reads an integer literal of some bits.
func (m *module) integerConstant(bits int) uint64 {
	t := m.next()
	if t.Kind != Nat && t.Kind != Int {
		m.unexpected(t, "an integer")
		return 0
	}
	v, err := ParseInteger(m.text(t), bits)
	if err != nil {
		m.fail(t, "constant out of range: %s has more than %d bits", m.shown(t), bits)
	}
	return v
}

// floatConstant reads a float literal of some bits.
func (m *module) floatConstant(bits int) uint64 {
	t := m.next()
	if !IsFloat(t.Kind, m.text(t)) {
		m.unexpected(t, "a floating-point number")
		return 0
	}
	v, err := ParseFloat(m.text(t), bits)
	if err != nil {
		m.fail(t, "constant out of range: %s is no f%d", m.shown(t), bits)
	}
	return v
}

// shapes are those of v128.const (6.5.8).
var shapes = map[string]struct {
	lanes   int
	isFloat bool
}{"i8x16": {16, false}, "i16x8": {8, false}, "i32x4": {4, false}, "i64x2": {2, false}, "f32x4": {4, true}, "f64x2": {2, true}}

// vectorConstant reads a shape and its lanes.
func (m *module) vectorConstant() {
	t := m.next()
	shape, ok := shapes[string(m.text(t))]
	if t.Kind != Keyword || !ok {
		m.unexpected(t, "the shape of a vector, as i32x4")
		return
	}
	if m.countLiterals("a lane") != shape.lanes {
		m.fail(t, "wrong number of lane literals: %s has %d", m.text(t), shape.lanes)
		return
	}
	width := 128 / shape.lanes
	for range shape.lanes {
		v := uint64(0)
		if shape.isFloat {
			v = m.floatConstant(width)
		} else {
			v = m.integerConstant(width)
		}
		m.body.out = append(m.body.out, binary.LittleEndian.AppendUint64(nil, v)[:width/8]...)
	}
}

// countLiterals counts the numbers that follow. A word behind them that means
// nothing is an error.
func (m *module) countLiterals(want string) int {
	n := 0
	for IsFloat(m.peek(n).Kind, m.text(m.peek(n))) {
		n++
	}
	if t := m.peek(n); t.Kind == Reserved || t.Kind == Keyword && !isKnown(m.text(t)) {
		m.unexpected(t, want)
	}
	return n
}

// shuffle reads the lanes of i8x16.shuffle.
func (m *module) shuffle() {
	const lanes = 16
	if m.countLiterals("a lane") != lanes {
		m.fail(m.peek(0), "invalid lane length: i8x16.shuffle has %d lanes", lanes)
	}
	for range lanes {
		if t := m.peek(0); t.Kind != Nat {
			m.fail(t, "i8 constant out of range: a lane is a number without sign")
		}
		m.lane()
	}
}
