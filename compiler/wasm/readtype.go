package wasm

import (
	"errors"
	"fmt"
)

// Bytes of the binary format before a heap type (5.3.5).
const (
	byteRefNull = 0x63
	byteRef     = 0x64
)

// ErrMalformedHeapType and the others are errors of types and of the
// instructions that name them, in the words of the core test suite.
var (
	ErrMalformedHeapType  = errors.New("malformed heap type")
	ErrMalformedCastFlags = errors.New("malformed br_on_cast flags")
	ErrMalformedCatch     = errors.New("malformed catch clause")
)

// ValueType reads a value type (5.3.6).
func (r *Reader) ValueType() (ValueType, error) {
	if t := ValueType(r.Peek()); t >= V128 && t <= I32 {
		r.position++
		return t, nil
	}
	return r.referenceType(ErrMalformedValType)
}

// StorageType reads the type of a field (5.3.8).
func (r *Reader) StorageType() (ValueType, error) {
	if t := ValueType(r.Peek()); t.IsPacked() {
		r.position++
		return t, nil
	}
	return r.ValueType()
}

// RefType reads a reference type (5.3.5).
func (r *Reader) RefType() (ValueType, error) { return r.referenceType(ErrMalformedRefType) }

func (r *Reader) referenceType(malformed error) (ValueType, error) {
	b, err := r.Byte()
	if err != nil {
		return 0, err
	}
	switch b {
	case byteRefNull:
		return r.HeapType()
	case byteRef:
		t, err := r.HeapType()
		return t.NonNull(), err
	}
	if t := ValueType(b); heapTypeNames[t] != "" {
		return t, nil
	}
	r.position--
	return 0, r.Fail(unknownType(b, malformed))
}

// HeapType reads a heap type (5.3.4) and returns the nullable reference to it.
func (r *Reader) HeapType() (ValueType, error) {
	start := r.position
	if t := ValueType(r.Peek()); heapTypeNames[t] != "" {
		r.position++
		return t, nil
	}
	index, err := r.Int33()
	switch {
	case err != nil:
		return 0, err
	case index < 0:
		b := r.bytes[start]
		r.position = start
		return 0, r.Fail(unknownType(b, ErrMalformedHeapType))
	case index >= maxTypeIndex:
		r.position = start
		return 0, r.Fail(fmt.Errorf("unknown type %d", index))
	}
	return ReferenceTo(uint32(index)), nil
}

// The flags of br_on_cast and br_on_cast_fail: which of the two types has null.
const (
	castFromNull = 1 << 0
	castToNull   = 1 << 1
)

// cast reads what follows br_on_cast: flags, a label, and the heap types before
// and after the cast.
func (r *Reader) cast(i *Instruction) error {
	flags, err := r.Byte()
	if err != nil {
		return err
	}
	if flags&^(castFromNull|castToNull) != 0 {
		r.position--
		return r.Fail(ErrMalformedCastFlags)
	}
	if i.Index, err = r.Uint32(); err != nil {
		return err
	}
	for _, nullable := range [...]byte{castFromNull, castToNull} {
		t, err := r.HeapType()
		if err != nil {
			return err
		}
		if flags&nullable == 0 {
			t = t.NonNull()
		}
		i.Types = append(i.Types, t)
	}
	return nil
}

// catches reads the clauses of try_table (5.4.2).
func (r *Reader) catches(i *Instruction) error {
	n, err := r.Uint32()
	if err != nil {
		return err
	}
	if uint64(n) > uint64(r.Len()) { // each clause takes two bytes or more
		return r.Fail(ErrUnexpectedEnd)
	}
	for range n {
		b, err := r.Byte()
		if err != nil {
			return err
		}
		c := Catch{Kind: CatchKind(b)}
		if c.Kind > CatchAllRef {
			r.position--
			return r.Fail(ErrMalformedCatch)
		}
		if c.Kind.HasTag() {
			if c.Tag, err = r.Uint32(); err != nil {
				return err
			}
		}
		if c.Label, err = r.Uint32(); err != nil {
			return err
		}
		i.Catches = append(i.Catches, c)
	}
	return nil
}
