package differential

import (
	"fmt"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// Several memories, and memories and tables with 64-bit addresses. What the generator
// writes is for one memory and tables of 32 bits; here it is written again for others.

const (
	layoutPercent  = 50 // of the modules have another layout
	memoriesMax    = 3
	elsewhere      = 12 // percent of the accesses to another memory than that of the module
	wrapPercent    = 10 // of the functions have one address or index that is not one of 32 bits
	is64Percent    = 60
	has64, hasMax  = 0x04, 0x01 // limits (5.3.12 of 3.0)
	memArgIndex    = 0x40       // of an alignment: an index follows (5.4.6)
	tablesOfLayout = 3
)

// layout is what memories and tables a module has.
type layout struct {
	memories []bool // whether they have 64 bits
	main     int    // the one that the generator means
	tables   [tablesOfLayout]bool
}

// chooseLayout chooses it.
func (g *generator) chooseLayout() {
	g.layout.memories = make([]bool, 1)
	if !g.proposals || g.isFull() || !g.chance(layoutPercent) {
		return
	}
	g.layout.memories = make([]bool, 1+g.r.IntN(memoriesMax))
	g.layout.main = g.r.IntN(len(g.layout.memories))
	for k := range g.layout.memories {
		g.layout.memories[k] = g.chance(is64Percent)
	}
	for k := range g.layout.tables {
		g.layout.tables[k] = g.chance(is64Percent / 2)
	}
}

// index is an index or an address as an expression, which a segment begins at.
func index(is64 bool, v uint64) []byte {
	letter := byte('i')
	if is64 {
		letter = 'I'
	}
	return append(appendConstant(nil, letter, word{v}), byte(wasm.OpEnd))
}

// limits are the limits of a memory or table.
func limits(is64 bool, least, most uint64) []byte {
	return appendUnsigned(appendUnsigned([]byte{hasMax | bit(is64)*has64}, least), most)
}

// memoryNameOf is what a memory is exported as.
func (l *layout) memoryNameOf(k int) string {
	if k == l.main {
		return memoryName
	}
	return fmt.Sprintf("%s%d", memoryName, k)
}

// mover writes the code of one function again.
type mover struct {
	*function
	slots map[string]int // locals for operands, by their place and type
	wraps bool           // an address or index that would be right with fewer bits is still to come
}

// move writes the code again if the layout wants it.
func (f *function) move() error {
	l := &f.g.layout
	if len(l.memories) == 1 && !l.memories[0] && l.tables == [tablesOfLayout]bool{} {
		return nil
	}
	b := body{code: f.code}
	m := mover{function: f, slots: map[string]int{}, wraps: f.chance(wrapPercent)}
	f.code = nil
	return b.instructions(func(i *wasm.Instruction, bytes []byte) {
		if !m.memoryInstruction(i) && !m.tableInstruction(i) {
			f.code = append(f.code, bytes...)
		}
	})
}

// widen makes those operands on the stack 64 bits wide that are marked.
func (m *mover) widen(operands string, wide ...bool) {
	first := slices.Index(wide, true)
	if first < 0 {
		return
	}
	wide = append(wide, make([]bool, len(operands)-len(wide))...)
	slot := func(k int) int {
		letter := operands[k]
		if wide[k] {
			letter = 'I'
		}
		name := fmt.Sprint(k, letter)
		if _, ok := m.slots[name]; !ok {
			m.slots[name] = m.local(letter)
		}
		return m.slots[name]
	}
	for k := len(operands) - 1; k >= first; k-- {
		if wide[k] {
			m.op(opI64ExtendI32U)
		}
		if k > first {
			m.set(slot(k))
		}
	}
	for k := first + 1; k < len(operands); k++ {
		m.get(slot(k))
	}
}

// memoryInstruction writes an instruction on memory.
func (m *mover) memoryInstruction(i *wasm.Instruction) bool {
	l := &m.g.layout
	to, from := m.memory(), m.memory()
	is64 := l.memories[to]
	switch i.Info().Immediate {
	case wasm.ImmediateMemArg, wasm.ImmediateMemArgLane:
		m.memArg(i, to)
		return true
	case wasm.ImmediateMemory:
	case wasm.ImmediateDataMemory:
		m.widen("iii", is64, false, false)
		m.emit(i.Opcode, int(i.Index), to)
		return true
	case wasm.ImmediateMemoryMemory:
		m.widen("iii", is64, l.memories[from], is64 && l.memories[from])
		m.emit(i.Opcode, to, from)
		return true
	default:
		return false
	}
	switch i.Opcode {
	case wasm.OpMemoryFill:
		m.widen("iii", is64, false, is64)
	case wasm.OpMemoryGrow:
		m.widen("i", is64)
	}
	m.emit(i.Opcode, to)
	if is64 && i.Opcode != wasm.OpMemoryFill {
		m.op(opI32WrapI64)
	}
	return true
}

// memory is the memory that an instruction is to use.
func (m *mover) memory() int {
	if m.chance(elsewhere) {
		return m.g.r.IntN(len(m.g.layout.memories))
	}
	return m.g.layout.main
}

// memArg writes a load, a store or an atomic instruction.
func (m *mover) memArg(i *wasm.Instruction, to int) {
	operands, _, _ := strings.Cut(i.Info().Signature, ":")
	is64, offset := m.g.layout.memories[to], i.MemOffset
	m.widen(operands, is64)
	if is64 && m.wraps && m.chance(20) {
		m.wraps = false
		more := pick(m.g.r, []uint64{1, 8, 1 << 15, 1 << 32, 1 << 33, 1 << 63})
		if operands == "i" && m.chance(50) {
			// The sum has 65 bits: only as one of 64 it would be an address.
			m.constant('I', word{-more})
			m.op(wasm.OpI64Add)
		}
		offset += more
	}
	m.op(i.Opcode)
	align := uint64(i.Align)
	if to != 0 || m.chance(5) { // index 0 may be written, too
		m.code = appendUnsigned(appendUnsigned(m.code, align|memArgIndex), uint64(to))
	} else {
		m.code = appendUnsigned(m.code, align)
	}
	m.code = appendUnsigned(m.code, offset)
	if i.Info().Immediate == wasm.ImmediateMemArgLane {
		m.code = append(m.code, i.Lane)
	}
}

// tableInstruction writes an instruction on a table of 64 bits.
func (m *mover) tableInstruction(i *wasm.Instruction) bool {
	table := i.Index
	switch i.Opcode {
	case wasm.OpTableInit, wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
		table = i.Index2
	case wasm.OpTableGet, wasm.OpTableSet, wasm.OpTableGrow, wasm.OpTableSize, wasm.OpTableFill, wasm.OpTableCopy:
	default:
		return false
	}
	if !m.g.layout.tables[table] {
		return false
	}
	letter := string("rxa"[table])
	switch i.Opcode {
	case wasm.OpTableGet, wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
		m.widen("i", true)
		if m.wraps && m.chance(20) {
			m.wraps = false
			m.constant('I', word{1 << 32})
			m.op(opI64Or)
		}
	case wasm.OpTableSet:
		m.widen("i"+letter, true, false)
	case wasm.OpTableGrow:
		m.widen(letter+"i", false, true)
	case wasm.OpTableFill:
		m.widen("i"+letter+"i", true, false, true)
	case wasm.OpTableCopy:
		m.widen("iii", true, true, true)
	case wasm.OpTableInit:
		m.widen("iii", true, false, false)
	}
	switch i.Opcode {
	case wasm.OpTableCopy, wasm.OpTableInit, wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
		m.emit(i.Opcode, int(i.Index), int(i.Index2))
	default:
		m.emit(i.Opcode, int(i.Index))
	}
	if i.Opcode == wasm.OpTableGrow || i.Opcode == wasm.OpTableSize {
		m.op(opI32WrapI64)
	}
	return true
}
