package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// Structures, arrays, scalar references and conversions (3.4.7 to 3.4.9 of 3.0).

// gcHandlers are those of instructions behind wasm.PrefixGC.
var gcHandlers = [...]func(*body) error{
	wasm.OpStructNew &^ wasm.PrefixGC:        (*body).structNew,
	wasm.OpStructNewDefault &^ wasm.PrefixGC: (*body).structNewDefault,
	wasm.OpStructGet &^ wasm.PrefixGC:        (*body).structGet,
	wasm.OpStructGetS &^ wasm.PrefixGC:       (*body).structGet,
	wasm.OpStructGetU &^ wasm.PrefixGC:       (*body).structGet,
	wasm.OpStructSet &^ wasm.PrefixGC:        (*body).structSet,
	wasm.OpArrayNew &^ wasm.PrefixGC:         (*body).arrayNew,
	wasm.OpArrayNewDefault &^ wasm.PrefixGC:  (*body).arrayNewDefault,
	wasm.OpArrayNewFixed &^ wasm.PrefixGC:    (*body).arrayNewFixed,
	wasm.OpArrayNewData &^ wasm.PrefixGC:     (*body).arrayNewData,
	wasm.OpArrayNewElem &^ wasm.PrefixGC:     (*body).arrayNewElem,
	wasm.OpArrayGet &^ wasm.PrefixGC:         (*body).arrayGet,
	wasm.OpArrayGetS &^ wasm.PrefixGC:        (*body).arrayGet,
	wasm.OpArrayGetU &^ wasm.PrefixGC:        (*body).arrayGet,
	wasm.OpArraySet &^ wasm.PrefixGC:         (*body).arraySet,
	wasm.OpArrayLen &^ wasm.PrefixGC:         (*body).arrayLen,
	wasm.OpArrayFill &^ wasm.PrefixGC:        (*body).arrayFill,
	wasm.OpArrayCopy &^ wasm.PrefixGC:        (*body).arrayCopy,
	wasm.OpArrayInitData &^ wasm.PrefixGC:    (*body).arrayInitData,
	wasm.OpArrayInitElem &^ wasm.PrefixGC:    (*body).arrayInitElem,
	wasm.OpRefTest &^ wasm.PrefixGC:          (*body).refTest,
	wasm.OpRefTestNull &^ wasm.PrefixGC:      (*body).refTest,
	wasm.OpRefCast &^ wasm.PrefixGC:          (*body).refCast,
	wasm.OpRefCastNull &^ wasm.PrefixGC:      (*body).refCast,
	wasm.OpBrOnCast &^ wasm.PrefixGC:         (*body).brOnCast,
	wasm.OpBrOnCastFail &^ wasm.PrefixGC:     (*body).brOnCastFail,
	wasm.OpAnyConvertExtern &^ wasm.PrefixGC: (*body).anyConvertExtern,
	wasm.OpExternConvertAny &^ wasm.PrefixGC: (*body).externConvertAny,
	wasm.OpRefI31 &^ wasm.PrefixGC:           (*body).refI31,
	wasm.OpI31GetS &^ wasm.PrefixGC:          (*body).i31Get,
	wasm.OpI31GetU &^ wasm.PrefixGC:          (*body).i31Get,
}

// kind checks the type index of the instruction.
func (b *body) kind(kind wasm.CompositeKind) error {
	if err := b.checkKind(b.instruction.Index, kind); err != nil {
		return b.fail(err)
	}
	return nil
}

// pushNew pushes a reference to the type that the instruction names.
func (b *body) pushNew() { b.pushAll(b.signatures[b.instruction.Index].results) }

func (b *body) structNew() error {
	if err := b.kind(wasm.KindStruct); err != nil {
		return err
	}
	if err := b.popAll(b.signatures[b.instruction.Index].params); err != nil {
		return err
	}
	b.pushNew()
	return nil
}

// needDefaults checks that the fields of the type have default values.
func (b *body) needDefaults() error {
	if index := b.instruction.Index; !b.types[index].defaults {
		return b.fail(fmt.Errorf("%w: type %d has a field without a default value (%s)", ErrTypeMismatch, index, b.instruction.Info().Name))
	}
	return nil
}

func (b *body) structNewDefault() error {
	if err := b.kind(wasm.KindStruct); err != nil {
		return err
	}
	if err := b.needDefaults(); err != nil {
		return err
	}
	b.pushNew()
	return nil
}

// field is the field that the instruction names.
func (b *body) field() (*wasm.FieldType, error) {
	if err := b.kind(wasm.KindStruct); err != nil {
		return nil, err
	}
	fields := b.module.Types[b.instruction.Index].Fields
	if err := b.index("field", b.instruction.Index2, len(fields)); err != nil {
		return nil, err
	}
	return &fields[b.instruction.Index2], nil
}

// extended checks that a get says how a packed field is extended, and only that.
func (b *body) extended(f *wasm.FieldType) error {
	switch o := b.instruction.Opcode; {
	case f.Type.IsPacked() && (o == wasm.OpStructGet || o == wasm.OpArrayGet):
		return b.fail(fmt.Errorf("%w: %s of packed %s, which needs a sign (_s or _u)", ErrTypeMismatch, b.instruction.Info().Name, f.Type))
	case !f.Type.IsPacked() && o != wasm.OpStructGet && o != wasm.OpArrayGet:
		return b.fail(fmt.Errorf("%w: %s of %s, which is not packed", ErrTypeMismatch, b.instruction.Info().Name, f.Type))
	}
	return nil
}

func (b *body) structGet() error {
	f, err := b.field()
	if err != nil {
		return err
	}
	if err := b.extended(f); err != nil {
		return err
	}
	if err := b.pop(wasm.ReferenceTo(b.instruction.Index)); err != nil {
		return err
	}
	b.push(f.Type.Unpacked())
	return nil
}

func (b *body) structSet() error {
	f, err := b.field()
	if err != nil {
		return err
	}
	if !f.Mutable {
		return b.fail(fmt.Errorf("%w: field %d of type %d", ErrImmutableField, b.instruction.Index2, b.instruction.Index))
	}
	return b.popAll([]wasm.ValueType{wasm.ReferenceTo(b.instruction.Index), f.Type.Unpacked()})
}

// arrayElement is what the array type that the instruction names consists of.
func (b *body) arrayElement() (*wasm.FieldType, error) {
	if err := b.kind(wasm.KindArray); err != nil {
		return nil, err
	}
	return &b.module.Types[b.instruction.Index].Fields[0], nil
}

// writableElement is the same for an array whose elements can be written.
func (b *body) writableElement() (*wasm.FieldType, error) {
	f, err := b.arrayElement()
	if err == nil && !f.Mutable {
		err = b.fail(fmt.Errorf("%w: type %d", ErrImmutableArray, b.instruction.Index))
	}
	return f, err
}

func (b *body) arrayNew() error {
	f, err := b.arrayElement()
	if err != nil {
		return err
	}
	if err := b.popAll([]wasm.ValueType{f.Type.Unpacked(), wasm.I32}); err != nil {
		return err
	}
	b.pushNew()
	return nil
}

func (b *body) arrayNewDefault() error {
	if err := b.kind(wasm.KindArray); err != nil {
		return err
	}
	if err := b.needDefaults(); err != nil {
		return err
	}
	if err := b.pop(wasm.I32); err != nil {
		return err
	}
	b.pushNew()
	return nil
}

// arrayNewFixed pops as many elements as the instruction says; behind
// unreachable code those that are there.
func (b *body) arrayNewFixed() error {
	f, err := b.arrayElement()
	if err != nil {
		return err
	}
	element := f.Type.Unpacked()
	for range b.instruction.Index2 {
		if frame := b.top(); frame.unreachable && len(b.operands) == frame.height {
			break
		}
		if err := b.pop(element); err != nil {
			return err
		}
	}
	b.pushNew()
	return nil
}

// dataElements checks the data segment of the instruction, and that arrays of
// its type can be made from bytes.
func (b *body) dataElements() error {
	if t := b.module.Types[b.instruction.Index].Fields[0].Type; t.IsReference() {
		return b.fail(fmt.Errorf("%w: type %d has elements of %s", ErrArrayOfReferences, b.instruction.Index, t))
	}
	return b.dataSegment(b.instruction.Index2)
}

// segmentElements checks the element segment of the instruction against its
// array type.
func (b *body) segmentElements() error {
	segment := b.instruction.Index2
	if err := b.index("elem segment", segment, len(b.module.Elements)); err != nil {
		return err
	}
	want := b.module.Types[b.instruction.Index].Fields[0].Type
	if have := b.module.Elements[segment].Type; !b.IsSubtype(have, want) {
		return b.mismatch("elements of "+want.String(), have.String())
	}
	return nil
}

func (b *body) arrayNewData() error { return b.arrayNewSegment((*body).dataElements) }

func (b *body) arrayNewElem() error { return b.arrayNewSegment((*body).segmentElements) }

func (b *body) arrayNewSegment(check func(*body) error) error {
	if err := b.kind(wasm.KindArray); err != nil {
		return err
	}
	if err := check(b); err != nil {
		return err
	}
	if err := b.popAll([]wasm.ValueType{wasm.I32, wasm.I32}); err != nil {
		return err
	}
	b.pushNew()
	return nil
}

func (b *body) arrayGet() error {
	f, err := b.arrayElement()
	if err != nil {
		return err
	}
	if err := b.extended(f); err != nil {
		return err
	}
	if err := b.popAll([]wasm.ValueType{wasm.ReferenceTo(b.instruction.Index), wasm.I32}); err != nil {
		return err
	}
	b.push(f.Type.Unpacked())
	return nil
}

func (b *body) arraySet() error {
	f, err := b.writableElement()
	if err != nil {
		return err
	}
	return b.popAll([]wasm.ValueType{wasm.ReferenceTo(b.instruction.Index), wasm.I32, f.Type.Unpacked()})
}

func (b *body) arrayLen() error {
	if err := b.pop(wasm.ArrayRef); err != nil {
		return err
	}
	b.push(wasm.I32)
	return nil
}

func (b *body) arrayFill() error {
	f, err := b.writableElement()
	if err != nil {
		return err
	}
	return b.popAll([]wasm.ValueType{wasm.ReferenceTo(b.instruction.Index), wasm.I32, f.Type.Unpacked(), wasm.I32})
}

func (b *body) arrayCopy() error {
	to, err := b.writableElement()
	if err != nil {
		return err
	}
	source := b.instruction.Index2
	if err := b.checkKind(source, wasm.KindArray); err != nil {
		return b.fail(err)
	}
	if from := b.module.Types[source].Fields[0].Type; !b.IsSubtype(from, to.Type) {
		return b.fail(fmt.Errorf("%w: %s into %s", ErrArrayTypes, from, to.Type))
	}
	return b.popAll([]wasm.ValueType{
		wasm.ReferenceTo(b.instruction.Index), wasm.I32, wasm.ReferenceTo(source), wasm.I32, wasm.I32,
	})
}

func (b *body) arrayInitData() error { return b.arrayInitSegment((*body).dataElements) }

func (b *body) arrayInitElem() error { return b.arrayInitSegment((*body).segmentElements) }

func (b *body) arrayInitSegment(check func(*body) error) error {
	if _, err := b.writableElement(); err != nil {
		return err
	}
	if err := check(b); err != nil {
		return err
	}
	return b.popAll([]wasm.ValueType{wasm.ReferenceTo(b.instruction.Index), wasm.I32, wasm.I32, wasm.I32})
}

func (b *body) anyConvertExtern() error { return b.convert(wasm.ExternRef, wasm.AnyRef) }

func (b *body) externConvertAny() error { return b.convert(wasm.AnyRef, wasm.ExternRef) }

// convert replaces a reference by one of another hierarchy that has null if the
// first has.
func (b *body) convert(from, to wasm.ValueType) error {
	t, err := b.popSubtype(from)
	if err != nil {
		return err
	}
	if t == anyType || !t.IsNullable() {
		to = to.NonNull()
	}
	b.push(to)
	return nil
}

func (b *body) refI31() error {
	if err := b.pop(wasm.I32); err != nil {
		return err
	}
	b.push(wasm.I31Ref.NonNull())
	return nil
}

func (b *body) i31Get() error {
	if err := b.pop(wasm.I31Ref); err != nil {
		return err
	}
	b.push(wasm.I32)
	return nil
}
