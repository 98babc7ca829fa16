package wasm

import "strconv"

// ValueType is a value type (2.3 of 3.0), or a heap type as the nullable
// reference to it. Number and vector types and the nullable references to
// abstract heap types are the byte that the binary format has for them (5.3);
// flags make all other references of these, so that equal types within a module
// are equal numbers, but for concrete types that equal each other.
type ValueType uint32

// The value types of one byte.
const (
	I32           ValueType = 0x7f
	I64           ValueType = 0x7e
	F32           ValueType = 0x7d
	F64           ValueType = 0x7c
	V128          ValueType = 0x7b
	NullExnRef    ValueType = 0x74 // (ref null noexn)
	NullFuncRef   ValueType = 0x73 // (ref null nofunc)
	NullExternRef ValueType = 0x72 // (ref null noextern)
	NullRef       ValueType = 0x71 // (ref null none)
	FuncRef       ValueType = 0x70
	ExternRef     ValueType = 0x6f
	AnyRef        ValueType = 0x6e
	EqRef         ValueType = 0x6d
	I31Ref        ValueType = 0x6c
	StructRef     ValueType = 0x6b
	ArrayRef      ValueType = 0x6a
	ExnRef        ValueType = 0x69
)

// Storage types of fields that are not value types (2.3.7).
const (
	I8  ValueType = 0x78
	I16 ValueType = 0x77
)

// The flags. Indices of types are below maxTypeIndex.
const (
	typeConcrete ValueType = 1 << 31 // a reference to the type whose index is in the low bits
	typeNonNull  ValueType = 1 << 30
	maxTypeIndex           = 1 << 29
)

var valueTypeNames = map[ValueType]string{
	I32: "i32", I64: "i64", F32: "f32", F64: "f64", V128: "v128", I8: "i8", I16: "i16",
	FuncRef: "funcref", ExternRef: "externref", AnyRef: "anyref", EqRef: "eqref", I31Ref: "i31ref", StructRef: "structref",
	ArrayRef: "arrayref", ExnRef: "exnref", NullRef: "nullref", NullFuncRef: "nullfuncref", NullExternRef: "nullexternref",
	NullExnRef: "nullexnref",
}

// heapTypeNames are the names of abstract heap types, by the nullable reference.
var heapTypeNames = map[ValueType]string{
	FuncRef: "func", ExternRef: "extern", AnyRef: "any", EqRef: "eq", I31Ref: "i31", StructRef: "struct", ArrayRef: "array",
	ExnRef: "exn", NullRef: "none", NullFuncRef: "nofunc", NullExternRef: "noextern", NullExnRef: "noexn",
}

// ReferenceTo is the nullable reference to the type with an index below
// MaxTypes.
func ReferenceTo(typeIndex uint32) ValueType { return typeConcrete | ValueType(typeIndex) }

// String is the type's name in the text format.
func (t ValueType) String() string {
	if name, ok := valueTypeNames[t]; ok {
		return name
	}
	heap, ok := heapTypeNames[t.Nullable()]
	if t.IsConcrete() {
		heap, ok = strconv.FormatUint(uint64(t.TypeIndex()), 10), true
	}
	switch {
	case !ok:
		return "unknown"
	case t.IsNullable():
		return "(ref null " + heap + ")"
	default:
		return "(ref " + heap + ")"
	}
}

// IsReference says whether t is a reference type (2.3.5).
func (t ValueType) IsReference() bool {
	if t.IsConcrete() {
		return true
	}
	_, ok := heapTypeNames[t.Nullable()]
	return ok
}

// IsConcrete says whether t is a reference to a type of the module.
func (t ValueType) IsConcrete() bool { return t&typeConcrete != 0 }

// TypeIndex is the type that a concrete reference points to.
func (t ValueType) TypeIndex() uint32 { return uint32(t &^ (typeConcrete | typeNonNull)) }

// IsNullable says whether the reference type t has a null value. It is the
// default value of locals and tables (2.3.6).
func (t ValueType) IsNullable() bool { return t&typeNonNull == 0 }

// HasDefault says whether a local of type t begins with a value (3.2.4). Only
// references without null do not.
func (t ValueType) HasDefault() bool { return t&typeNonNull == 0 }

// Nullable is the reference type t with null.
func (t ValueType) Nullable() ValueType { return t &^ typeNonNull }

// NonNull is the reference type t without null.
func (t ValueType) NonNull() ValueType { return t | typeNonNull }

// IsPacked says whether t is a storage type that is no value type.
func (t ValueType) IsPacked() bool { return t == I8 || t == I16 }

// Unpacked is the value type in which a field of storage type t is read (2.3.7).
func (t ValueType) Unpacked() ValueType {
	if t.IsPacked() {
		return I32
	}
	return t
}

// FuncType is a function type (2.3.8).
type FuncType struct {
	Params, Results []ValueType
}

// FieldType is a field of a structure, or the element of an array (2.3.7).
type FieldType struct {
	Type    ValueType // or a packed type
	Mutable bool
}

// CompositeKind is what a defined type describes (2.3.9).
type CompositeKind byte

// The kinds.
const (
	KindFunc CompositeKind = iota
	KindStruct
	KindArray
)

// String is the kind's name in the text format.
func (k CompositeKind) String() string {
	return [...]string{"func", "struct", "array"}[k]
}

// Type is one entry of the type index space: a composite type with its place
// among its sub- and supertypes and in its recursive group (2.3.10).
type Type struct {
	Kind     CompositeKind
	FuncType             // KindFunc
	Fields   []FieldType // KindStruct: all; KindArray: one
	Supers   []uint32    // declared supertypes; valid types have one at most
	Final    bool        // no type may declare this one as its supertype
	// The recursive group has the types from GroupFirst on, GroupSize of them.
	GroupFirst, GroupSize uint32
	Offset                Offset
}
