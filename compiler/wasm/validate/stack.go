package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// anyType is the type of an operand that unreachable code leaves open, and
// bottomRef the reference to no value, which instructions make of it (3.3.2).
const (
	anyType   wasm.ValueType = 0
	bottomRef wasm.ValueType = 1 << 30 // anyType.NonNull()
)

// frame is a block that is open (ctrl_frame in appendix A.3).
type frame struct {
	opcode      wasm.Opcode // that began the block or its last part; the body of a function is a block
	unreachable bool
	height      int // of the operand stack at its beginning, without params
	set         int // length of body.set at its beginning
	signature
	offset wasm.Offset
}

// label is what a branch to the frame takes.
func (f *frame) label() []wasm.ValueType {
	if f.opcode == wasm.OpLoop {
		return f.params
	}
	return f.results
}

func (b *body) top() *frame { return &b.frames[len(b.frames)-1] }

func (b *body) push(t wasm.ValueType) { b.operands = append(b.operands, t) }

func (b *body) pushAll(types []wasm.ValueType) { b.operands = append(b.operands, types...) }

// popAny removes the topmost operand.
func (b *body) popAny() (wasm.ValueType, error) {
	f := b.top()
	if len(b.operands) == f.height {
		if f.unreachable {
			return anyType, nil
		}
		return 0, b.mismatch("a value", "an empty stack")
	}
	t := b.operands[len(b.operands)-1]
	b.operands = b.operands[:len(b.operands)-1]
	return t, nil
}

// pop removes the topmost operand, which must be of type want.
func (b *body) pop(want wasm.ValueType) error {
	if last := len(b.operands) - 1; last >= b.top().height && b.operands[last] == want {
		b.operands = b.operands[:last]
		return nil
	}
	_, err := b.popSubtype(want)
	return err
}

// popSubtype removes the topmost operand, which must be of type want, and
// returns the type that it has.
func (b *body) popSubtype(want wasm.ValueType) (wasm.ValueType, error) {
	f := b.top()
	if len(b.operands) == f.height {
		if f.unreachable {
			return anyType, nil
		}
		return 0, b.mismatch(want.String(), "an empty stack")
	}
	t := b.operands[len(b.operands)-1]
	if !b.IsSubtype(t, want) {
		return 0, b.mismatch(want.String(), typeName(t))
	}
	b.operands = b.operands[:len(b.operands)-1]
	return t, nil
}

// popReference removes the topmost operand, which must be a reference.
func (b *body) popReference() (wasm.ValueType, error) {
	t, err := b.popAny()
	switch {
	case err != nil:
		return 0, err
	case t == anyType:
		return bottomRef, nil
	case t != bottomRef && !t.IsReference():
		return 0, b.mismatch("a reference", typeName(t))
	}
	return t, nil
}

// popAll removes operands of the given types, the last of which is on top.
func (b *body) popAll(types []wasm.ValueType) error {
	if err := b.match(types); err != nil {
		return err
	}
	b.operands = b.operands[:max(b.top().height, len(b.operands)-len(types))]
	return nil
}

// match checks that operands of the given types are on top of the stack. It
// compares whole runs: an instruction of two bytes can have wasm.MaxParams
// operands.
func (b *body) match(types []wasm.ValueType) error {
	f := b.top()
	have := b.operands[f.height:]
	if n := len(have) - len(types); n >= 0 {
		have = have[n:]
	} else if f.unreachable {
		types = types[-n:]
	} else {
		return b.mismatchRun(have, types)
	}
	if !b.areSubtypes(have, types) {
		return b.mismatchRun(have, types)
	}
	return nil
}

// mismatchRun is the error for the topmost operand that is not what it should be.
func (b *body) mismatchRun(have, want []wasm.ValueType) error {
	for len(want) > 0 {
		expected := want[len(want)-1]
		if len(have) == 0 {
			return b.mismatch(expected.String(), "an empty stack")
		}
		if found := have[len(have)-1]; !b.IsSubtype(found, expected) {
			return b.mismatch(expected.String(), typeName(found))
		}
		have, want = have[:len(have)-1], want[:len(want)-1]
	}
	return b.fail(ErrTypeMismatch)
}

func (b *body) mismatch(expected, found string) error {
	return b.fail(fmt.Errorf("%w: expected %s, found %s (%s)", ErrTypeMismatch, expected, found, b.instruction.Info().Name))
}

// typeName is the name of an operand's type.
func typeName(t wasm.ValueType) string {
	switch t {
	case anyType:
		return "any type"
	case bottomRef:
		return "a reference"
	default:
		return t.String()
	}
}

// open begins a block; its parameters are already off the stack.
func (b *body) open(opcode wasm.Opcode, s signature) error {
	if len(b.frames) >= wasm.MaxControlDepth {
		return b.fail(fmt.Errorf("%d blocks inside each other: %w", len(b.frames), ErrImplementationSize))
	}
	b.frames = append(b.frames, frame{opcode: opcode, height: len(b.operands), set: len(b.set), signature: s, offset: b.instruction.Offset})
	b.pushAll(s.params)
	return nil
}

// finish checks the end of the innermost block: its results and nothing else
// are on the stack.
func (b *body) finish() error {
	f := b.top()
	if err := b.popAll(f.results); err != nil {
		return err
	}
	if extra := len(b.operands) - f.height; extra > 0 {
		return b.fail(fmt.Errorf("%w: %d more values on the stack than the block's results (%s)", ErrTypeMismatch, extra, b.instruction.Info().Name))
	}
	return nil
}

// restart begins another part of the innermost block, with the given operands.
func (b *body) restart(opcode wasm.Opcode, params []wasm.ValueType) {
	f := b.top()
	b.clearSet(f.set)
	f.opcode, f.unreachable = opcode, false
	b.pushAll(params)
}

// close ends the innermost block, whose results are off the stack.
func (b *body) close() {
	f := b.top()
	b.clearSet(f.set)
	b.frames = b.frames[:len(b.frames)-1]
	if len(b.frames) > 0 {
		b.pushAll(f.results)
	}
}

// setUnreachable marks the rest of the innermost block as never executed.
func (b *body) setUnreachable() {
	f := b.top()
	b.operands = b.operands[:f.height]
	f.unreachable = true
}
