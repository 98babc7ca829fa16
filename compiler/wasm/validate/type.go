package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// signature is a function type, or how a structure or an array is made: of its
// fields as they stand on the stack.
type signature struct {
	params, results []wasm.ValueType
}

// checkTypes checks the type section: what the types refer to first, then which
// of them are equal, and at last what they declare about each other, for which
// both must be known.
func (c *checker) checkTypes() error {
	types := c.module.Types
	c.signatures = make([]signature, len(types))
	c.types = make([]typeInfo, len(types))
	groups := newGroups(c.Checked)
	for i := range types {
		t := &types[i]
		if err := c.checkType(uint32(i), t); err != nil {
			return fail(t.Offset, fmt.Errorf("type %d: %w", i, err))
		}
		if end := t.GroupFirst + t.GroupSize; uint32(i)+1 == end {
			groups.add(t.GroupFirst, end)
		}
	}
	if err := c.linkSupertypes(); err != nil {
		return err
	}
	for i := range types {
		t := &types[i]
		if err := c.checkSubtype(uint32(i), t); err != nil {
			return fail(t.Offset, fmt.Errorf("type %d: %w", i, err))
		}
	}
	return nil
}

// checkType checks a type by itself and notes how its values are made.
func (c *checker) checkType(index uint32, t *wasm.Type) error {
	if len(t.Params) > wasm.MaxParams || len(t.Results) > wasm.MaxResults || len(t.Fields) > wasm.MaxFields {
		return ErrImplementationSize
	}
	if t.Kind != wasm.KindFunc || t.GroupSize != 1 || len(t.Supers) > 0 || !t.Final {
		c.use(wasm.FeatureGC)
	}
	if len(t.Results) > 1 {
		c.use(wasm.FeatureMultiValue)
	}
	end := t.GroupFirst + t.GroupSize // of what t may refer to
	for _, super := range t.Supers {
		if super >= index {
			return fmt.Errorf("%w type %d: a supertype stands before its subtypes", ErrUnknown, super)
		}
	}
	if len(t.Supers) > 1 {
		return fmt.Errorf("%w: %d supertypes", ErrSubType, len(t.Supers))
	}
	for _, list := range [...][]wasm.ValueType{t.Params, t.Results} {
		for _, v := range list {
			if err := c.checkTypeUse(v, end); err != nil {
				return err
			}
		}
	}
	if t.Kind == wasm.KindFunc {
		c.types[index].defaults = true
		c.signatures[index] = signature{t.Params, t.Results}
		return nil
	}
	return c.checkFields(index, t, end)
}

func (c *checker) checkFields(index uint32, t *wasm.Type, end uint32) error {
	fields := make([]wasm.ValueType, len(t.Fields))
	defaults := true
	for i, f := range t.Fields {
		if !f.Type.IsPacked() {
			if err := c.checkTypeUse(f.Type, end); err != nil {
				return fmt.Errorf("field %d: %w", i, err)
			}
		}
		fields[i] = f.Type.Unpacked()
		defaults = defaults && fields[i].HasDefault()
	}
	c.types[index].defaults = defaults
	c.signatures[index] = signature{fields, []wasm.ValueType{wasm.ReferenceTo(index).NonNull()}}
	return nil
}

// checkValueType checks a type that may refer to every type of the module.
func (c *checker) checkValueType(t wasm.ValueType) error {
	return c.checkTypeUse(t, uint32(len(c.types)))
}

// checkTypeUse checks a value type that may refer to the types before end, and
// notes the proposal that has it (3.2.3).
func (c *checker) checkTypeUse(t wasm.ValueType, end uint32) error {
	switch t {
	case wasm.I32, wasm.I64, wasm.F32, wasm.F64, wasm.FuncRef:
		return nil
	case wasm.ExternRef:
		c.use(wasm.FeatureReferenceTypes)
		return nil
	case wasm.V128:
		c.use(wasm.FeatureSIMD)
		return nil
	}
	if !t.IsReference() {
		return fmt.Errorf("%w 0x%x", wasm.ErrMalformedValType, uint32(t))
	}
	if !t.IsNullable() {
		c.use(wasm.FeatureFunctionReferences)
	}
	if t.IsConcrete() {
		c.use(wasm.FeatureFunctionReferences)
		if t.TypeIndex() >= end {
			return fmt.Errorf("%w type %d", ErrUnknown, t.TypeIndex())
		}
		return nil
	}
	switch t.Nullable() {
	case wasm.FuncRef, wasm.ExternRef:
	case wasm.ExnRef, wasm.NullExnRef:
		c.use(wasm.FeatureExceptions)
	default:
		c.use(wasm.FeatureGC)
	}
	return nil
}

// checkFunctionType checks an index that must be that of a function type.
func (c *checker) checkFunctionType(index uint32) error { return c.checkKind(index, wasm.KindFunc) }

// checkKind checks an index that must be that of a type of a kind.
func (c *checker) checkKind(index uint32, kind wasm.CompositeKind) error {
	if uint64(index) >= uint64(len(c.types)) {
		return fmt.Errorf("%w type %d", ErrUnknown, index)
	}
	if found := c.module.Types[index].Kind; found != kind {
		return fmt.Errorf("%w: type %d is %s, expected %s", ErrTypeMismatch, index, withArticle(found), withArticle(kind))
	}
	return nil
}

func withArticle(k wasm.CompositeKind) string {
	if k == wasm.KindArray {
		return "an " + k.String()
	}
	return "a " + k.String()
}

// checkSubtype checks what a type declares about its supertype (3.3.12): that
// it allows subtypes, and that every value of the one is one of the other.
func (c *checker) checkSubtype(index uint32, t *wasm.Type) error {
	if len(t.Supers) == 0 {
		return nil
	}
	super := &c.module.Types[t.Supers[0]]
	if super.Final {
		return fmt.Errorf("%w: type %d is final", ErrSubType, t.Supers[0])
	}
	if !c.matchComposite(t, super) {
		return fmt.Errorf("%w: the %s type does not match that of type %d", ErrSubType, t.Kind, t.Supers[0])
	}
	return nil
}

// matchComposite says whether every value of type t is one of type super
// (3.3.9 to 3.3.11): functions take more and give less, structures have more
// fields, and what can be written is of the same type.
func (c *checker) matchComposite(t, super *wasm.Type) bool {
	if t.Kind != super.Kind {
		return false
	}
	if t.Kind == wasm.KindFunc {
		return c.areSubtypes(super.Params, t.Params) && c.areSubtypes(t.Results, super.Results)
	}
	if len(t.Fields) < len(super.Fields) {
		return false
	}
	for i, want := range super.Fields {
		have := t.Fields[i]
		switch {
		case have == want:
		case have.Mutable != want.Mutable:
			return false
		case have.Mutable && !c.IsSubtype(want.Type, have.Type):
			return false
		case !c.IsSubtype(have.Type, want.Type):
			return false
		}
	}
	return true
}

// one is the list of the one type t.
func (c *checker) one(t wasm.ValueType) []wasm.ValueType {
	if t < wasm.ValueType(len(single)) {
		return single[t : t+1]
	}
	list := c.lists[t]
	if list == nil {
		list = []wasm.ValueType{t}
		c.lists[t] = list
	}
	return list
}

// single has each type of one byte at its own index, so that the list of one
// type t is single[t:t+1].
var single = func() (s [256]wasm.ValueType) {
	for i := range s {
		s[i] = wasm.ValueType(i)
	}
	return s
}()
