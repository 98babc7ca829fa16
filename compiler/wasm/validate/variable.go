package validate

import (
	"fmt"
	"math"

	"mewz/compiler/wasm"
)

func (b *body) localGet() error {
	t, err := b.local()
	if err != nil {
		return err
	}
	if !t.HasDefault() {
		if err := b.checkSet(t); err != nil {
			return err
		}
	}
	b.push(t)
	return nil
}

func (b *body) localSet() error {
	t, err := b.local()
	if err != nil {
		return err
	}
	if !t.HasDefault() {
		b.markSet()
	}
	return b.pop(t)
}

func (b *body) localTee() error {
	t, err := b.local()
	if err != nil {
		return err
	}
	if err := b.pop(t); err != nil {
		return err
	}
	if !t.HasDefault() {
		b.markSet()
	}
	b.push(t)
	return nil
}

func (b *body) globalGet() error {
	if b.constant {
		if err := b.constantGlobal(); err != nil {
			return err
		}
	}
	if err := b.index("global", b.instruction.Index, len(b.globals)); err != nil {
		return err
	}
	b.push(b.globals[b.instruction.Index].Type)
	return nil
}

func (b *body) globalSet() error {
	index := b.instruction.Index
	if err := b.index("global", index, len(b.globals)); err != nil {
		return err
	}
	if !b.globals[index].Mutable {
		return b.fail(fmt.Errorf("%w: immutable global %d", ErrImmutable, index))
	}
	b.globalWritten[index] = true
	return b.pop(b.globals[index].Type)
}

// table checks the table index and notes nothing: table.size only reads.
func (b *body) table() error { return b.index("table", b.instruction.Index, len(b.tables)) }

func (b *body) tableGet() error {
	if err := b.table(); err != nil {
		return err
	}
	if err := b.pop(b.tableIndex(b.instruction.Index)); err != nil {
		return err
	}
	b.push(b.tables[b.instruction.Index].Element)
	return nil
}

func (b *body) tableSet() error {
	if err := b.table(); err != nil {
		return err
	}
	b.tableUses[b.instruction.Index].Written = true
	return b.popAll([]wasm.ValueType{b.tableIndex(b.instruction.Index), b.tables[b.instruction.Index].Element})
}

func (b *body) tableGrow() error {
	if err := b.table(); err != nil {
		return err
	}
	b.tableUses[b.instruction.Index].Grown = true
	index := b.tableIndex(b.instruction.Index)
	if err := b.popAll([]wasm.ValueType{b.tables[b.instruction.Index].Element, index}); err != nil {
		return err
	}
	b.push(index)
	return nil
}

func (b *body) tableFill() error {
	if err := b.table(); err != nil {
		return err
	}
	b.tableUses[b.instruction.Index].Written = true
	index := b.tableIndex(b.instruction.Index)
	return b.popAll([]wasm.ValueType{index, b.tables[b.instruction.Index].Element, index})
}

// tableIndex is the type of indices of a table.
func (b *body) tableIndex(table uint32) wasm.ValueType { return b.tables[table].Limits.AddressType() }

// address is the type of addresses of a memory.
func (b *body) address(memory uint32) wasm.ValueType { return b.memories[memory].Limits.AddressType() }

// shorter is the type of a length between two index spaces.
func shorter(first, second wasm.ValueType) wasm.ValueType {
	if first == wasm.I32 {
		return first
	}
	return second
}

func (b *body) tableSize() error {
	if err := b.table(); err != nil {
		return err
	}
	b.push(b.tableIndex(b.instruction.Index))
	return nil
}

func (b *body) tableCopy() error {
	if err := b.tableTable(); err != nil {
		return err
	}
	to, from := b.tableIndex(b.instruction.Index), b.tableIndex(b.instruction.Index2)
	return b.popAll([]wasm.ValueType{to, from, shorter(to, from)})
}

func (b *body) tableInit() error {
	if err := b.elementTable(); err != nil {
		return err
	}
	return b.popAll([]wasm.ValueType{b.tableIndex(b.instruction.Index2), wasm.I32, wasm.I32})
}

func (b *body) memorySize() error {
	if err := b.memory(); err != nil {
		return err
	}
	b.push(b.address(b.instruction.Index))
	return nil
}

func (b *body) memoryFill() error {
	if err := b.memory(); err != nil {
		return err
	}
	address := b.address(b.instruction.Index)
	return b.popAll([]wasm.ValueType{address, wasm.I32, address})
}

func (b *body) memoryCopy() error {
	if err := b.memoryMemory(); err != nil {
		return err
	}
	to, from := b.address(b.instruction.Index), b.address(b.instruction.Index2)
	return b.popAll([]wasm.ValueType{to, from, shorter(to, from)})
}

func (b *body) memoryInit() error {
	if err := b.dataMemory(); err != nil {
		return err
	}
	return b.popAll([]wasm.ValueType{b.address(b.instruction.Index2), wasm.I32, wasm.I32})
}

func (b *body) tableTable() error {
	to, from := b.instruction.Index, b.instruction.Index2
	for _, table := range [...]uint32{to, from} {
		if err := b.index("table", table, len(b.tables)); err != nil {
			return err
		}
	}
	b.tableUses[to].Written = true
	return b.sameElements(to, b.tables[from].Element)
}

func (b *body) elementTable() error {
	table := b.instruction.Index2
	if err := b.index("table", table, len(b.tables)); err != nil {
		return err
	}
	if err := b.element(); err != nil {
		return err
	}
	b.tableUses[table].Written = true
	return b.sameElements(table, b.module.Elements[b.instruction.Index].Type)
}

// sameElements checks the type of what is copied into a table.
func (b *body) sameElements(table uint32, t wasm.ValueType) error {
	if want := b.tables[table].Element; !b.IsSubtype(t, want) {
		return b.mismatch("elements of "+want.String(), t.String())
	}
	return nil
}

func (b *body) element() error {
	return b.index("elem segment", b.instruction.Index, len(b.module.Elements))
}

// memory checks the memory index of an instruction that has no other.
func (b *body) memory() error { return b.memoryIndex(b.instruction.Index) }

func (b *body) memoryIndex(index uint32) error {
	if b.instruction.ManyMemories {
		b.use(wasm.FeatureMultiMemory)
	}
	return b.index("memory", index, len(b.memories))
}

func (b *body) memoryMemory() error {
	if err := b.memoryIndex(b.instruction.Index); err != nil {
		return err
	}
	return b.memoryIndex(b.instruction.Index2)
}

func (b *body) memoryGrow() error {
	if err := b.memory(); err != nil {
		return err
	}
	b.growsMemory = true
	address := b.address(b.instruction.Index)
	if err := b.pop(address); err != nil {
		return err
	}
	b.push(address)
	return nil
}

func (b *body) memArg() error {
	if err := b.memory(); err != nil {
		return err
	}
	if width := wasm.Lookup(b.instruction.Opcode).AccessBytes; uint64(1)<<b.instruction.Align > uint64(width) {
		return b.fail(fmt.Errorf("%w: 2**%d for an access of %d bytes", ErrAlignment, b.instruction.Align, width))
	}
	if b.instruction.LongOffset {
		b.use(wasm.FeatureMemory64)
	}
	if b.instruction.MemOffset > math.MaxUint32 && !b.memories[b.instruction.Index].Limits.Is64 {
		return b.fail(fmt.Errorf("%w: %d", ErrOffset, b.instruction.MemOffset))
	}
	return b.atomicAlignment()
}

// atomicAlignment holds that of atomic instructions, which is not a hint.
func (b *body) atomicAlignment() error {
	if b.instruction.Opcode&^0xffff != wasm.PrefixAtomic {
		return nil
	}
	if width := wasm.Lookup(b.instruction.Opcode).AccessBytes; uint64(1)<<b.instruction.Align != uint64(width) {
		return b.fail(fmt.Errorf("%w: 2**%d for an access of %d bytes", ErrAtomicAlignment, b.instruction.Align, width))
	}
	return nil
}

// vectorBytes is the width of a v128.
const vectorBytes = 16

// lane checks the number of a lane.
func (b *body) lane() error {
	if lanes := vectorBytes / wasm.Lookup(b.instruction.Opcode).AccessBytes; b.instruction.Lane >= lanes {
		return b.fail(fmt.Errorf("%w: %d of %d lanes", ErrLane, b.instruction.Lane, lanes))
	}
	return nil
}

func (b *body) memArgLane() error {
	if err := b.memArg(); err != nil {
		return err
	}
	return b.lane()
}

// shuffle checks the lanes of i8x16.shuffle, which number those of two vectors.
func (b *body) shuffle() error {
	for _, half := range [...]uint64{uint64(b.instruction.Value), b.instruction.High} {
		for ; half != 0; half >>= 8 {
			if lane := uint8(half); lane >= 2*vectorBytes {
				return b.fail(fmt.Errorf("%w: %d of %d lanes", ErrLane, lane, 2*vectorBytes))
			}
		}
	}
	return nil
}

// data checks a data segment's index against the data count section, which the
// code section needs because the segments come after it (5.5.15).
func (b *body) data() error { return b.dataSegment(b.instruction.Index) }

func (b *body) dataSegment(index uint32) error {
	if b.module.DataCount == nil {
		return b.fail(ErrDataCountRequired)
	}
	return b.index("data segment", index, len(b.module.Data))
}

func (b *body) dataMemory() error {
	if err := b.memoryIndex(b.instruction.Index2); err != nil {
		return err
	}
	return b.data()
}
