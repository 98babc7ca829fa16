package validate

import (
	"bytes"
	"fmt"

	"mewz/compiler/wasm"
)

// anyType is the type of an operand that unreachable code leaves open.
const anyType byte = 0

// frame is a block that is open (ctrl_frame in appendix A.3).
type frame struct {
	opcode      wasm.Opcode // block, loop, if or else; the body of a function is a block
	unreachable bool
	height      int // of the operand stack at its beginning, without params
	signature
	offset wasm.Offset
}

// label is what a branch to the frame takes.
func (f *frame) label() []byte {
	if f.opcode == wasm.OpLoop {
		return f.params
	}
	return f.results
}

// single has each byte at its own index, so that the type list of one type t is
// single[t:t+1].
var single = func() (s [256]byte) {
	for i := range s {
		s[i] = byte(i)
	}
	return s
}()

func one(t wasm.ValueType) []byte { return single[t : t+1] }

func (b *body) top() *frame { return &b.frames[len(b.frames)-1] }

func (b *body) push(t byte) { b.operands = append(b.operands, t) }

func (b *body) pushAll(types []byte) { b.operands = append(b.operands, types...) }

// popAny removes the topmost operand.
func (b *body) popAny() (byte, error) {
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
func (b *body) pop(want byte) error {
	if last := len(b.operands) - 1; last >= b.top().height && b.operands[last] == want {
		b.operands = b.operands[:last]
		return nil
	}
	return b.popAll(single[want : int(want)+1])
}

// popAll removes operands of the given types, the last of which is on top.
func (b *body) popAll(types []byte) error {
	if err := b.match(types); err != nil {
		return err
	}
	b.operands = b.operands[:max(b.top().height, len(b.operands)-len(types))]
	return nil
}

// match checks that operands of the given types are on top of the stack. It
// compares whole runs at once: an instruction of two bytes can have
// wasm.MaxParams operands.
func (b *body) match(types []byte) error {
	f := b.top()
	have := b.operands[f.height:]
	if n := len(have) - len(types); n >= 0 {
		have = have[n:]
	} else if f.unreachable {
		types = types[-n:]
	} else {
		return b.mismatchRun(have, types)
	}
	if !equal(have, types) {
		return b.mismatchRun(have, types)
	}
	return nil
}

// equal compares type lists of the same length, where have may have open types.
func equal(have, want []byte) bool {
	for {
		open := bytes.IndexByte(have, anyType)
		if open < 0 {
			return bytes.Equal(have, want)
		}
		if !bytes.Equal(have[:open], want[:open]) {
			return false
		}
		have, want = have[open+1:], want[open+1:]
	}
}

// mismatchRun is the error for the topmost operand that is not what it should be.
func (b *body) mismatchRun(have, want []byte) error {
	for len(want) > 0 {
		expected := want[len(want)-1]
		if len(have) == 0 {
			return b.mismatch(typeName(expected), "an empty stack")
		}
		if found := have[len(have)-1]; found != expected && found != anyType {
			return b.mismatch(typeName(expected), typeName(found))
		}
		have, want = have[:len(have)-1], want[:len(want)-1]
	}
	return b.fail(ErrTypeMismatch)
}

func (b *body) mismatch(expected, found string) error {
	return b.fail(fmt.Errorf("%w: expected %s, found %s (%s)", ErrTypeMismatch, expected, found, b.instruction.Info().Name))
}

func typeName(t byte) string { return wasm.ValueType(t).String() }

// open begins a block; its parameters are already off the stack.
func (b *body) open(opcode wasm.Opcode, s signature) error {
	if len(b.frames) >= wasm.MaxControlDepth {
		return b.fail(fmt.Errorf("%d blocks inside each other: %w", len(b.frames), ErrImplementationSize))
	}
	b.frames = append(b.frames, frame{opcode: opcode, height: len(b.operands), signature: s, offset: b.instruction.Offset})
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

// setUnreachable marks the rest of the innermost block as never executed.
func (b *body) setUnreachable() {
	f := b.top()
	b.operands = b.operands[:f.height]
	f.unreachable = true
}
