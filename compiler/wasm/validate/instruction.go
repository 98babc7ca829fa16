package validate

import (
	"fmt"
	"slices"

	"mewz/compiler/wasm"
)

// handlers check the instructions whose type depends on their context (3.3).
// All others follow from the instruction table: immediates, then the signature.
var handlers = [256]func(*body) error{
	wasm.OpUnreachable:  (*body).unreachable,
	wasm.OpBlock:        (*body).block,
	wasm.OpLoop:         (*body).block,
	wasm.OpIf:           (*body).block,
	wasm.OpElse:         (*body).elseBranch,
	wasm.OpEnd:          (*body).end,
	wasm.OpBr:           (*body).br,
	wasm.OpBrIf:         (*body).brIf,
	wasm.OpBrTable:      (*body).brTable,
	wasm.OpReturn:       (*body).returnFunction,
	wasm.OpCall:         (*body).call,
	wasm.OpCallIndirect: (*body).callIndirect,
	wasm.OpReturnCall:   (*body).returnCall,
	wasm.OpDrop:         (*body).drop,
	wasm.OpSelect:       (*body).selectNumber,

	wasm.OpReturnCallIndirect: (*body).returnCallIndirect,

	wasm.OpSelectTyped: (*body).selectTyped,
	wasm.OpLocalGet:    (*body).localGet,
	wasm.OpLocalSet:    (*body).localSet,
	wasm.OpLocalTee:    (*body).localTee,
	wasm.OpGlobalGet:   (*body).globalGet,
	wasm.OpGlobalSet:   (*body).globalSet,
	wasm.OpTableGet:    (*body).tableGet,
	wasm.OpTableSet:    (*body).tableSet,
	wasm.OpMemorySize:  (*body).memorySize,
	wasm.OpMemoryGrow:  (*body).memoryGrow,
	wasm.OpRefNull:     (*body).refNull,
	wasm.OpRefIsNull:   (*body).refIsNull,
	wasm.OpRefFunc:     (*body).refFunc,

	wasm.OpCallRef:       (*body).callRef,
	wasm.OpReturnCallRef: (*body).returnCallRef,
	wasm.OpRefAsNonNull:  (*body).refAsNonNull,
	wasm.OpBrOnNull:      (*body).brOnNull,
	wasm.OpBrOnNonNull:   (*body).brOnNonNull,
	wasm.OpRefEq:         (*body).refEq,

	wasm.OpThrow:    (*body).throw,
	wasm.OpThrowRef: (*body).throwRef,
	wasm.OpTryTable: (*body).tryTable,
	wasm.OpTry:      (*body).block,
	wasm.OpCatch:    (*body).catch,
	wasm.OpCatchAll: (*body).catchAll,
	wasm.OpRethrow:  (*body).rethrow,
	wasm.OpDelegate: (*body).delegate,
}

// miscHandlers are those of instructions behind wasm.PrefixMisc.
var miscHandlers = [...]func(*body) error{
	wasm.OpTableGrow &^ wasm.PrefixMisc:  (*body).tableGrow,
	wasm.OpTableFill &^ wasm.PrefixMisc:  (*body).tableFill,
	wasm.OpTableSize &^ wasm.PrefixMisc:  (*body).tableSize,
	wasm.OpTableCopy &^ wasm.PrefixMisc:  (*body).tableCopy,
	wasm.OpTableInit &^ wasm.PrefixMisc:  (*body).tableInit,
	wasm.OpMemoryFill &^ wasm.PrefixMisc: (*body).memoryFill,
	wasm.OpMemoryCopy &^ wasm.PrefixMisc: (*body).memoryCopy,
	wasm.OpMemoryInit &^ wasm.PrefixMisc: (*body).memoryInit,
}

func handlerOf(o wasm.Opcode) func(*body) error {
	if o <= 0xff {
		return handlers[o]
	}
	switch number := o & 0xffff; o &^ 0xffff {
	case wasm.PrefixMisc:
		if number < wasm.Opcode(len(miscHandlers)) {
			return miscHandlers[number]
		}
	case wasm.PrefixGC:
		return gcHandlers[number]
	}
	return nil
}

// immediates check the indices of instructions that have no handler.
var immediates = [...]func(*body) error{
	wasm.ImmediateMemArg:     (*body).memArg,
	wasm.ImmediateData:       (*body).data,
	wasm.ImmediateElement:    (*body).element,
	wasm.ImmediateLane:       (*body).lane,
	wasm.ImmediateMemArgLane: (*body).memArgLane,
	wasm.ImmediateShuffle:    (*body).shuffle,
}

func (b *body) unreachable() error {
	b.setUnreachable()
	return nil
}

func (b *body) drop() error {
	_, err := b.popAny()
	return err
}

// blockSignature is the type of the block that the instruction begins (3.2.2).
func (b *body) blockSignature() (signature, error) {
	t := b.instruction.Block
	switch {
	case !t.HasIndex && t.Result == 0:
		return signature{}, nil
	case !t.HasIndex:
		return signature{results: b.one(t.Result)}, b.checkValueType(t.Result)
	}
	if err := b.checkFunctionType(t.Index); err != nil {
		return signature{}, b.fail(err)
	}
	b.use(wasm.FeatureMultiValue)
	return b.signatures[t.Index], nil
}

func (b *body) block() error {
	s, err := b.blockSignature()
	if err != nil {
		return err
	}
	if b.instruction.Opcode == wasm.OpIf {
		if err := b.pop(wasm.I32); err != nil {
			return err
		}
	}
	if err := b.popAll(s.params); err != nil {
		return err
	}
	return b.open(b.instruction.Opcode, s)
}

func (b *body) elseBranch() error {
	f := b.top()
	if f.opcode != wasm.OpIf {
		return b.fail(ErrElseWithoutIf)
	}
	if err := b.finish(); err != nil {
		return err
	}
	b.restart(wasm.OpElse, f.params)
	return nil
}

func (b *body) end() error {
	if err := b.finish(); err != nil {
		return err
	}
	f := b.top()
	if f.opcode == wasm.OpIf && !b.areSubtypes(f.params, f.results) { // an empty else
		return b.fail(fmt.Errorf("%w: if without else at offset 0x%x must have results equal to its parameters", ErrTypeMismatch, f.offset))
	}
	b.close()
	return nil
}

// target is the block that a label names; 0 is the innermost.
func (b *body) target(label uint32) (*frame, error) {
	if err := b.index("label", label, len(b.frames)); err != nil {
		return nil, err
	}
	return &b.frames[len(b.frames)-1-int(label)], nil
}

func (b *body) br() error {
	f, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	if err := b.popAll(f.label()); err != nil {
		return err
	}
	b.setUnreachable()
	return nil
}

func (b *body) brIf() error {
	f, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	if err := b.pop(wasm.I32); err != nil {
		return err
	}
	if err := b.popAll(f.label()); err != nil {
		return err
	}
	b.pushAll(f.label())
	return nil
}

func (b *body) brTable() error {
	if err := b.pop(wasm.I32); err != nil {
		return err
	}
	byDefault, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	types := byDefault.label()
	if err := b.match(types); err != nil {
		return err
	}
	for _, label := range b.instruction.Labels {
		f, err := b.target(label)
		if err != nil {
			return err
		}
		other := f.label()
		if len(other) != len(types) {
			return b.fail(fmt.Errorf("%w: label %d takes %d values, the default label %d (br_table)", ErrTypeMismatch, label, len(other), len(types)))
		}
		if len(types) == 0 || &other[0] == &types[0] || slices.Equal(other, types) {
			continue // one list of a thousand types may stand for all labels
		}
		b.use(wasm.FeatureReferenceTypes) // before it, even labels behind unreachable code had to agree
		if err := b.match(other); err != nil {
			return err
		}
	}
	b.setUnreachable()
	return nil
}

func (b *body) returnFunction() error {
	if err := b.popAll(b.frames[0].results); err != nil {
		return err
	}
	b.setUnreachable()
	return nil
}

func (b *body) call() error {
	if err := b.index("function", b.instruction.Index, len(b.functionTypes)); err != nil {
		return err
	}
	return b.callType(b.functionTypes[b.instruction.Index])
}

func (b *body) callType(typeIndex uint32) error {
	s := &b.signatures[typeIndex]
	if err := b.popAll(s.params); err != nil {
		return err
	}
	b.pushAll(s.results)
	return nil
}

func (b *body) callIndirect() error {
	if err := b.indirect(); err != nil {
		return err
	}
	return b.callType(b.instruction.Index)
}

func (b *body) returnCall() error {
	if err := b.index("function", b.instruction.Index, len(b.functionTypes)); err != nil {
		return err
	}
	return b.returnCallType(b.functionTypes[b.instruction.Index])
}

func (b *body) returnCallIndirect() error {
	if err := b.indirect(); err != nil {
		return err
	}
	return b.returnCallType(b.instruction.Index)
}

// returnCallType checks a tail call: the results are those of the function that
// makes it.
func (b *body) returnCallType(typeIndex uint32) error {
	s := &b.signatures[typeIndex]
	if !b.areSubtypes(s.results, b.frames[0].results) {
		return b.fail(fmt.Errorf("%w: the callee's results are not those of the function (%s)", ErrTypeMismatch, b.instruction.Info().Name))
	}
	if err := b.popAll(s.params); err != nil {
		return err
	}
	b.setUnreachable()
	return nil
}

// indirect checks table and type of a call through a table, and its index.
func (b *body) indirect() error {
	table := b.instruction.Index2
	if err := b.index("table", table, len(b.tables)); err != nil {
		return err
	}
	if t := b.tables[table].Element; !b.IsSubtype(t, wasm.FuncRef) {
		return b.mismatch("a table of funcref", "a table of "+t.String())
	}
	if err := b.checkFunctionType(b.instruction.Index); err != nil {
		return b.fail(err)
	}
	if table != 0 {
		b.use(wasm.FeatureReferenceTypes)
	}
	return b.pop(b.tableIndex(table))
}

func (b *body) selectNumber() error {
	if err := b.pop(wasm.I32); err != nil {
		return err
	}
	second, err := b.popAny()
	if err != nil {
		return err
	}
	first, err := b.popAny()
	if err != nil {
		return err
	}
	for _, t := range [...]wasm.ValueType{first, second} {
		if t == bottomRef || t.IsReference() {
			return b.mismatch("a number", typeName(t))
		}
	}
	if first == anyType {
		first = second
	}
	if second != anyType && second != first {
		return b.mismatch(first.String(), second.String())
	}
	b.push(first)
	return nil
}

func (b *body) selectTyped() error {
	if n := len(b.instruction.Types); n != 1 {
		return b.fail(fmt.Errorf("%w: select of %d values", ErrResultArity, n))
	}
	t := b.instruction.Types[0]
	if err := b.checkValueType(t); err != nil {
		return b.fail(err)
	}
	for _, want := range [...]wasm.ValueType{wasm.I32, t, t} {
		if err := b.pop(want); err != nil {
			return err
		}
	}
	b.push(t)
	return nil
}
