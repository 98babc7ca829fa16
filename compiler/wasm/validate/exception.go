package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// Exceptions: the instructions of 3.0 (3.4.3), and the legacy form, whose try
// has its handlers behind it.

// tagParams are the values that an exception of a tag carries.
func (b *body) tagParams(tag uint32) ([]wasm.ValueType, error) {
	if err := b.index("tag", tag, len(b.tags)); err != nil {
		return nil, err
	}
	return b.signatures[b.tags[tag]].params, nil
}

func (b *body) throw() error {
	params, err := b.tagParams(b.instruction.Index)
	if err != nil {
		return err
	}
	if err := b.popAll(params); err != nil {
		return err
	}
	b.setUnreachable()
	return nil
}

func (b *body) throwRef() error {
	if err := b.pop(wasm.ExnRef); err != nil {
		return err
	}
	b.setUnreachable()
	return nil
}

func (b *body) tryTable() error {
	for i := range b.instruction.Catches {
		if err := b.checkCatch(&b.instruction.Catches[i]); err != nil {
			return err
		}
	}
	return b.block()
}

// checkCatch checks that the label of a clause takes what the clause gives: the
// values of its tag, and the exception. Labels count from outside of try_table.
func (b *body) checkCatch(c *wasm.Catch) (err error) {
	f, err := b.target(c.Label)
	if err != nil {
		return err
	}
	var values []wasm.ValueType
	if c.Kind.HasTag() {
		if values, err = b.tagParams(c.Tag); err != nil {
			return err
		}
	}
	label, given := f.label(), len(values)
	if c.Kind.HasReference() {
		given++
	}
	if len(label) != given {
		return b.fail(fmt.Errorf("%w: label %d takes %d values, the catch clause gives %d", ErrTypeMismatch, c.Label, len(label), given))
	}
	if c.Kind.HasReference() {
		last := len(label) - 1
		if exception := wasm.ExnRef.NonNull(); !b.IsSubtype(exception, label[last]) {
			return b.mismatch(label[last].String(), exception.String())
		}
		label = label[:last]
	}
	if !b.areSubtypes(values, label) {
		return b.fail(fmt.Errorf("%w: label %d does not take the values of tag %d", ErrTypeMismatch, c.Label, c.Tag))
	}
	return nil
}

// handler ends the part of a legacy try before a handler, and begins that.
func (b *body) handler(params []wasm.ValueType) error {
	if o := b.top().opcode; o != wasm.OpTry && o != wasm.OpCatch {
		return b.fail(ErrCatchWithoutTry)
	}
	if err := b.finish(); err != nil {
		return err
	}
	b.restart(b.instruction.Opcode, params)
	return nil
}

func (b *body) catch() error {
	params, err := b.tagParams(b.instruction.Index)
	if err != nil {
		return err
	}
	return b.handler(params)
}

func (b *body) catchAll() error { return b.handler(nil) }

// rethrow throws the exception that the handler with a label has caught.
func (b *body) rethrow() error {
	f, err := b.target(b.instruction.Index)
	if err != nil {
		return err
	}
	if f.opcode != wasm.OpCatch && f.opcode != wasm.OpCatchAll {
		return b.fail(fmt.Errorf("%w: label %d is no catch block", ErrRethrowLabel, b.instruction.Index))
	}
	b.setUnreachable()
	return nil
}

// delegate ends a legacy try without handlers; its label counts from outside.
func (b *body) delegate() error {
	if b.top().opcode != wasm.OpTry {
		return b.fail(fmt.Errorf("delegate: %w", ErrCatchWithoutTry))
	}
	if err := b.finish(); err != nil {
		return err
	}
	if err := b.index("label", b.instruction.Index, len(b.frames)-1); err != nil {
		return err
	}
	b.close()
	return nil
}
