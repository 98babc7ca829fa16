package decode

import (
	"fmt"
	"slices"

	"mewz/compiler/wasm"
)

// Forms of a type definition (5.3.8 to 5.3.10 of 3.0).
const (
	formFunction = 0x60
	formStruct   = 0x5f
	formArray    = 0x5e
	formContinue = 0x5d // stack-switching proposal
	formSub      = 0x50
	formSubFinal = 0x4f
	formGroup    = 0x4e
)

// typeBytes is what the shortest type definition takes: a structure without
// fields.
const typeBytes = 2

// readTypes reads recursive groups, whose types it puts behind each other.
func readTypes(m *wasm.Module, r *wasm.Reader) error {
	groups := limit{"types", wasm.MaxTypes, typeBytes}
	n, err := count(r, groups)
	if err != nil {
		return err
	}
	m.Types = make([]wasm.Type, 0, min(int(n), r.Len()/typeBytes))
	for range n {
		if m.Types, err = readGroup(r, m.Types); err != nil {
			return err
		}
	}
	return nil
}

// readGroup appends the types of a recursive group (5.3.10), which a type alone
// is as well.
func readGroup(r *wasm.Reader, types []wasm.Type) (_ []wasm.Type, err error) {
	first, n := uint32(len(types)), uint32(1)
	at := r.Offset()
	if r.Peek() == formGroup {
		if _, err := r.Bytes(1); err != nil {
			return nil, err
		}
		if n, err = count(r, limit{"types", wasm.MaxTypes, typeBytes}); err != nil {
			return nil, err
		}
		if room := cap(types) - len(types); room < int(n) { // at least double it, but never beyond what can follow
			types = slices.Grow(types, min(max(int(n), len(types)), r.Len()/typeBytes))
		}
	}
	for range n {
		types = append(types, wasm.Type{GroupFirst: first, GroupSize: n})
		if len(types) > wasm.MaxTypes {
			return nil, &wasm.OffsetError{Offset: at, Err: fmt.Errorf("types: %w, %d", ErrImplementationSize, wasm.MaxTypes)}
		}
		if err := readType(r, &types[len(types)-1]); err != nil {
			return nil, err
		}
	}
	return types, nil
}

// readType reads a type with its supertypes. One that names none is final.
func readType(r *wasm.Reader, t *wasm.Type) (err error) {
	t.Offset = r.Offset()
	t.Final = true
	if form := r.Peek(); form == formSub || form == formSubFinal {
		if _, err := r.Bytes(1); err != nil {
			return err
		}
		t.Final = form == formSubFinal
		if t.Supers, err = vector(r, limit{"supertypes", wasm.MaxSubtypeDepth, 1}, readIndex); err != nil {
			return err
		}
	}
	at := r.Offset()
	form, err := r.Byte()
	if err != nil {
		return err
	}
	switch form {
	case formFunction:
		return readFunctionType(r, &t.FuncType)
	case formStruct:
		t.Kind = wasm.KindStruct
		t.Fields, err = vector(r, limit{"fields", wasm.MaxFields, 2}, readField)
		return err
	case formArray:
		t.Kind = wasm.KindArray
		t.Fields = make([]wasm.FieldType, 1)
		return readField(r, &t.Fields[0])
	default:
		return &wasm.OffsetError{Offset: at, Err: formError(form)}
	}
}

func readFunctionType(r *wasm.Reader, t *wasm.FuncType) (err error) {
	if t.Params, err = vector(r, limit{"parameters", wasm.MaxParams, 1}, readValueType); err != nil {
		return err
	}
	t.Results, err = vector(r, limit{"results", wasm.MaxResults, 1}, readValueType)
	return err
}

func readField(r *wasm.Reader, f *wasm.FieldType) (err error) {
	if f.Type, err = r.StorageType(); err != nil {
		return err
	}
	f.Mutable, err = readMutability(r)
	return err
}

func formError(form byte) error {
	switch {
	case form&0x80 != 0:
		return wasm.ErrIntegerTooLong
	case form == formContinue:
		return &wasm.UnsupportedError{What: "a continuation type", Proposal: wasm.FeatureStackSwitching}
	default:
		return fmt.Errorf("%w 0x%02x", ErrDefinedType, form)
	}
}
