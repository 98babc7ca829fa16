package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// Reference instructions (3.4.6 of 3.0), and calls and branches that depend on a
// reference.

func (b *body) refNull() error {
	t := b.instruction.Types[0]
	if err := b.checkValueType(t); err != nil {
		return b.fail(err)
	}
	b.push(t)
	return nil
}

func (b *body) refIsNull() error {
	if _, err := b.popReference(); err != nil {
		return err
	}
	b.push(wasm.I32)
	return nil
}

// refFunc gives a reference to the function's own type.
func (b *body) refFunc() error {
	index := b.instruction.Index
	if err := b.index("function", index, len(b.functionTypes)); err != nil {
		return err
	}
	if !b.declared[index] {
		return b.fail(fmt.Errorf("%w: %s stands in no element segment, export or global", ErrUndeclared, b.module.FunctionLabel(index)))
	}
	b.push(wasm.ReferenceTo(b.functionTypes[index]).NonNull())
	return nil
}

func (b *body) refAsNonNull() error {
	t, err := b.popReference()
	if err != nil {
		return err
	}
	b.push(t.NonNull())
	return nil
}

func (b *body) refEq() error {
	if err := b.popAll([]wasm.ValueType{wasm.EqRef, wasm.EqRef}); err != nil {
		return err
	}
	b.push(wasm.I32)
	return nil
}

// calledReference pops the function that call_ref and return_call_ref call.
func (b *body) calledReference() error {
	index := b.instruction.Index
	if err := b.checkFunctionType(index); err != nil {
		return b.fail(err)
	}
	return b.pop(wasm.ReferenceTo(index))
}

func (b *body) callRef() error {
	if err := b.calledReference(); err != nil {
		return err
	}
	return b.callType(b.instruction.Index)
}

func (b *body) returnCallRef() error {
	if err := b.calledReference(); err != nil {
		return err
	}
	b.use(wasm.FeatureTailCall)
	return b.returnCallType(b.instruction.Index)
}

func (b *body) brOnNull() error {
	f, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	t, err := b.popReference()
	if err != nil {
		return err
	}
	if err := b.popAll(f.label()); err != nil {
		return err
	}
	b.pushAll(f.label())
	b.push(t.NonNull())
	return nil
}

// brOnNonNull gives the reference to the label, as the last of what that takes.
func (b *body) brOnNonNull() error {
	f, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	t, err := b.popReference()
	if err != nil {
		return err
	}
	return b.branchWith(f.label(), t.NonNull())
}

// branchWith checks a branch to a label of types that takes t besides operands,
// as the last value. These stay if the branch is not taken.
func (b *body) branchWith(types []wasm.ValueType, t wasm.ValueType) error {
	last := len(types) - 1
	if last < 0 {
		return b.mismatch("a label that takes a reference", "one that takes nothing")
	}
	if !b.IsSubtype(t, types[last]) {
		return b.mismatch(types[last].String(), typeName(t))
	}
	if err := b.popAll(types[:last]); err != nil {
		return err
	}
	b.pushAll(types[:last])
	return nil
}

// castTypes are the types before and after the cast of br_on_cast and
// br_on_cast_fail, and the type of what the cast leaves over (3.4.6).
func (b *body) castTypes() (from, to, rest wasm.ValueType, err error) {
	from, to = b.instruction.Types[0], b.instruction.Types[1]
	for _, t := range [...]wasm.ValueType{from, to} {
		if err := b.checkValueType(t); err != nil {
			return 0, 0, 0, b.fail(err)
		}
	}
	if !b.IsSubtype(to, from) {
		return 0, 0, 0, b.mismatch("a subtype of "+from.String(), to.String())
	}
	rest = from
	if to.IsNullable() {
		rest = from.NonNull()
	}
	return from, to, rest, nil
}

func (b *body) brOnCast() error {
	_, to, rest, err := b.castTypes()
	if err != nil {
		return err
	}
	return b.branchOnCast(to, rest)
}

func (b *body) brOnCastFail() error {
	_, to, rest, err := b.castTypes()
	if err != nil {
		return err
	}
	return b.branchOnCast(rest, to)
}

// branchOnCast checks a branch that takes a value of one type or leaves it, then
// of another.
func (b *body) branchOnCast(taken, left wasm.ValueType) error {
	f, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	if err := b.pop(b.instruction.Types[0]); err != nil {
		return err
	}
	if err := b.branchWith(f.label(), taken); err != nil {
		return err
	}
	b.push(left)
	return nil
}

// castFrom pops what a cast to the instruction's type may start from.
func (b *body) castFrom() (to wasm.ValueType, err error) {
	to = b.instruction.Types[0]
	if err := b.checkValueType(to); err != nil {
		return 0, b.fail(err)
	}
	return to, b.pop(b.topOf(to))
}

func (b *body) refTest() error {
	if _, err := b.castFrom(); err != nil {
		return err
	}
	b.push(wasm.I32)
	return nil
}

func (b *body) refCast() error {
	to, err := b.castFrom()
	if err != nil {
		return err
	}
	b.push(to)
	return nil
}
