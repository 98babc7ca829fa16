package validate

import (
	"errors"
	"fmt"
	"sort"

	"mewz/compiler/wasm"
)

// body is the state for one function; its slices are used again for the next.
type body struct {
	*checker
	reader      *wasm.Reader
	instruction wasm.Instruction
	constant    bool             // only constant instructions are valid
	operands    []wasm.ValueType // or anyType, bottomRef
	frames      []frame

	firstLocals []wasm.ValueType // types of params and of the first locals
	localEnds   []uint32         // for each group of locals, the index after its last
	groups      []wasm.LocalGroup
	localCount  uint32
	paramCount  uint32

	// Of the locals without a default value: which are set, and these in the order
	// in which they were.
	isSet []bool
	set   []uint32

	lastFeature wasm.Feature // the last one noted; saves map accesses
}

// firstLocals has this many entries or one for each parameter. A group of locals takes four
// bytes and may stand for 50,000, so that a table of all could take far more
// time than the body; those beyond are searched for.
const firstLocalsMost = 256

func (c *checker) checkCode() error {
	b := &body{checker: c}
	for i := range c.module.Code {
		function := uint32(c.importedFunctions + i)
		if err := b.check(&c.module.Code[i], &c.signatures[c.functionTypes[function]]); err != nil {
			return fmt.Errorf("%s: %w", c.module.FunctionLabel(function), err)
		}
	}
	return nil
}

func (b *body) check(code *wasm.Code, s *signature) error {
	b.reader = wasm.NewReader(code.Body, code.Offset)
	b.operands, b.frames = b.operands[:0], b.frames[:0]
	b.instruction.Offset = code.Offset
	if err := b.setLocals(s.params, code.Locals); err != nil {
		return err
	}
	return b.run(s.results)
}

// run checks the instructions up to the end of the outermost block.
func (b *body) run(results []wasm.ValueType) error {
	if err := b.open(wasm.OpBlock, signature{results: results}); err != nil {
		return err
	}
	for len(b.frames) > 0 {
		if err := b.reader.Next(&b.instruction); err != nil {
			if b.reader.Len() == 0 && errors.Is(err, wasm.ErrUnexpectedEnd) {
				err = fmt.Errorf("%w: %w", err, ErrEndExpected)
			}
			return err
		}
		if err := b.step(wasm.Lookup(b.instruction.Opcode)); err != nil {
			return err
		}
		if len(b.operands) > wasm.MaxOperands {
			return b.fail(fmt.Errorf("%d operands on the stack: %w, %d", len(b.operands), ErrImplementationSize, wasm.MaxOperands))
		}
	}
	if b.reader.Len() > 0 {
		return b.reader.Fail(fmt.Errorf("%w: %d bytes after the end of the function", ErrBodySize, b.reader.Len()))
	}
	return nil
}

// step checks one instruction.
func (b *body) step(info *wasm.OpcodeInfo) error {
	if info.Feature != b.lastFeature {
		b.use(info.Feature)
		b.lastFeature = info.Feature
	}
	if b.constant {
		if err := b.constantInstruction(info); err != nil {
			return err
		}
	}
	if handle := handlerOf(b.instruction.Opcode); handle != nil {
		return handle(b)
	}
	if check := immediates[info.Immediate]; check != nil {
		if err := check(b); err != nil {
			return err
		}
	}
	if info.AccessBytes > 0 && b.isWide(info.Immediate) {
		return b.apply("I" + info.Signature[1:])
	}
	return b.apply(info.Signature)
}

// isWide says whether the instruction accesses a memory with addresses of 64
// bits.
func (b *body) isWide(kind wasm.ImmediateKind) bool {
	return (kind == wasm.ImmediateMemArg || kind == wasm.ImmediateMemArgLane) && b.memories[b.instruction.Index].Limits.Is64
}

// apply pops and pushes what the letters of an OpcodeInfo.Signature say.
func (b *body) apply(letters string) error {
	colon := 0
	for colon < len(letters) && letters[colon] != ':' {
		colon++
	}
	for i := colon - 1; i >= 0; i-- {
		if err := b.pop(letterTypes[letters[i]]); err != nil {
			return err
		}
	}
	for i := colon + 1; i < len(letters); i++ {
		b.push(letterTypes[letters[i]])
	}
	return nil
}

var letterTypes = [256]wasm.ValueType{'i': wasm.I32, 'I': wasm.I64, 'f': wasm.F32, 'F': wasm.F64, 'v': wasm.V128}

func (b *body) fail(err error) error { return fail(b.instruction.Offset, err) }

// index checks an immediate against the size of its index space.
func (b *body) index(what string, index uint32, count int) error {
	if uint64(index) >= uint64(count) {
		return unknown(b.instruction.Offset, what, index)
	}
	return nil
}

func (b *body) setLocals(params []wasm.ValueType, groups []wasm.LocalGroup) error {
	b.firstLocals = append(b.firstLocals[:0], params...)
	b.localEnds, b.groups, b.paramCount = b.localEnds[:0], groups, uint32(len(params))
	total, defaults := uint64(len(params)), true
	for _, g := range groups {
		if err := b.checkValueType(g.Type); err != nil {
			return b.fail(err)
		}
		if total += uint64(g.Count); total > wasm.MaxLocals {
			return b.fail(fmt.Errorf("too many locals: %w, %d", ErrImplementationSize, wasm.MaxLocals))
		}
		defaults = defaults && g.Type.HasDefault()
		b.localEnds = append(b.localEnds, uint32(total))
		for n := min(int(total), firstLocalsMost); len(b.firstLocals) < n; {
			b.firstLocals = append(b.firstLocals, g.Type)
		}
	}
	b.localCount = uint32(total)
	if !defaults && int(total) > len(b.isSet) {
		b.isSet = make([]bool, wasm.MaxLocals) // for all functions: the end of a function leaves it clear
	}
	return nil
}

// local is the type of the local that the instruction names.
func (b *body) local() (wasm.ValueType, error) {
	index := b.instruction.Index
	if uint64(index) < uint64(len(b.firstLocals)) {
		return b.firstLocals[index], nil
	}
	if index >= b.localCount {
		return 0, unknown(b.instruction.Offset, "local", index)
	}
	group := sort.Search(len(b.localEnds), func(i int) bool { return b.localEnds[i] > index })
	return b.groups[group].Type, nil
}

// checkSet checks that a local without a default value has one here.
func (b *body) checkSet(t wasm.ValueType) error {
	if index := b.instruction.Index; index >= b.paramCount && !b.isSet[index] {
		return b.fail(fmt.Errorf("%w: local %d of type %s has no value here", ErrUninitialised, index, t))
	}
	return nil
}

// markSet notes that a local without a default value has one up to the end of
// the block.
func (b *body) markSet() {
	if index := b.instruction.Index; index >= b.paramCount && !b.isSet[index] {
		b.isSet[index] = true
		b.set = append(b.set, index)
	}
}

// clearSet forgets the locals that were set since there were n of them.
func (b *body) clearSet(n int) {
	for _, index := range b.set[n:] {
		b.isSet[index] = false
	}
	b.set = b.set[:n]
}
