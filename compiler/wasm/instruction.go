package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// BlockType is the type of a block: a type index, or inline none or one result.
type BlockType struct {
	HasIndex bool
	Index    uint32
	Result   ValueType // 0: none
}

// Instruction is one decoded instruction; which fields are set follows from
// the ImmediateKind of its opcode.
type Instruction struct {
	Opcode    Opcode
	Offset    Offset // of the opcode in the module
	Block     BlockType
	Index     uint32
	Index2    uint32
	Align     uint32 // exponent of 2
	MemOffset uint64
	Value     int64
	High      uint64 // of 16 bytes, those that Value has no room for
	Lane      uint8
	// ManyMemories says that a memory index is written as 2.0 does not know it.
	ManyMemories bool
	LongOffset   bool     // MemOffset is written in more bytes than one of 32 bits can have
	Labels       []uint32 // valid until the next call of Next
	Types        []ValueType
	Catches      []Catch // valid until the next call of Next
}

// CatchKind is what a clause of try_table takes (2.4.8 of 3.0).
type CatchKind byte

// The kinds, numbered as in the binary format.
const (
	CatchTag    CatchKind = 0 // catch: the values of one tag
	CatchTagRef CatchKind = 1 // catch_ref: and the exception
	CatchAll    CatchKind = 2 // catch_all
	CatchAllRef CatchKind = 3 // catch_all_ref: the exception
)

// HasTag says whether the clause is for one tag.
func (k CatchKind) HasTag() bool { return k == CatchTag || k == CatchTagRef }

// HasReference says whether the clause gives the exception as an exnref.
func (k CatchKind) HasReference() bool { return k == CatchTagRef || k == CatchAllRef }

// Catch is a clause of try_table.
type Catch struct {
	Kind  CatchKind
	Tag   uint32 // if Kind.HasTag
	Label uint32
}

// Info is the row of the instruction table.
func (i *Instruction) Info() OpcodeInfo {
	if info := Lookup(i.Opcode); info != nil {
		return *info
	}
	return OpcodeInfo{}
}

// Errors of the binary format. Their texts are those of the core test suite.
var (
	ErrUnexpectedEnd     = errors.New("unexpected end of section or function")
	ErrIntegerTooLong    = errors.New("integer representation too long")
	ErrIntegerTooLarge   = errors.New("integer too large")
	ErrIllegalOpcode     = errors.New("illegal opcode")
	ErrZeroByteExpected  = errors.New("zero byte expected")
	ErrMalformedRefType  = errors.New("malformed reference type")
	ErrMalformedValType  = errors.New("malformed value type")
	ErrMalformedMemFlags = errors.New("malformed memop flags")
)

// OffsetError is an error at a place of the module.
type OffsetError struct {
	Offset Offset
	Err    error
}

// Error gives the place and the reason.
func (e *OffsetError) Error() string { return fmt.Sprintf("offset 0x%x: %v", e.Offset, e.Err) }

// Unwrap gives the reason.
func (e *OffsetError) Unwrap() error { return e.Err }

// Reader reads the values of the binary format (5.1, 5.2) from a slice. After
// an error its position is where the fault lies.
type Reader struct {
	bytes    []byte
	position int
	base     Offset
}

// NewReader reads b, whose first byte lies at base of the module.
func NewReader(b []byte, base Offset) *Reader { return &Reader{bytes: b, base: base} }

// Offset is the position in the module.
func (r *Reader) Offset() Offset { return r.base + Offset(r.position) }

// Len is the number of bytes left.
func (r *Reader) Len() int { return len(r.bytes) - r.position }

// Peek is the next byte, which stays unread; 0 at the end.
func (r *Reader) Peek() byte {
	if r.position >= len(r.bytes) {
		return 0
	}
	return r.bytes[r.position]
}

// Fail wraps err with the position.
func (r *Reader) Fail(err error) error { return &OffsetError{r.Offset(), err} }

// Byte reads one byte.
func (r *Reader) Byte() (byte, error) {
	if r.position >= len(r.bytes) {
		return 0, r.Fail(ErrUnexpectedEnd)
	}
	b := r.bytes[r.position]
	r.position++
	return b, nil
}

// Bytes reads n bytes; the result is part of the module, not a copy.
func (r *Reader) Bytes(n uint32) ([]byte, error) {
	if uint64(n) > uint64(r.Len()) {
		return nil, r.Fail(ErrUnexpectedEnd)
	}
	b := r.bytes[r.position : r.position+int(n) : r.position+int(n)]
	r.position += int(n)
	return b, nil
}

// Uint32 reads an unsigned LEB128 of at most 32 bits (5.2.2).
func (r *Reader) Uint32() (uint32, error) {
	if r.position < len(r.bytes) && r.bytes[r.position] < 0x80 { // by far the most
		r.position++
		return uint32(r.bytes[r.position-1]), nil
	}
	v, err := r.unsigned(32)
	return uint32(v), err
}

// Uint64 reads an unsigned LEB128 of at most 64 bits.
func (r *Reader) Uint64() (uint64, error) { return r.unsigned(64) }

func (r *Reader) unsigned(bits uint) (uint64, error) {
	var value uint64
	for shift := uint(0); ; shift += 7 {
		b, err := r.Byte()
		if err != nil {
			return 0, err
		}
		if left := bits - shift; left < 7 {
			if b&0x80 != 0 {
				r.position--
				return 0, r.Fail(ErrIntegerTooLong)
			}
			if b>>left != 0 {
				r.position--
				return 0, r.Fail(ErrIntegerTooLarge)
			}
		}
		value |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			return value, nil
		}
	}
}

// Int32 reads a signed LEB128 of at most 32 bits.
func (r *Reader) Int32() (int32, error) {
	v, err := r.signed(32)
	return int32(v), err
}

// Int64 reads a signed LEB128 of at most 64 bits.
func (r *Reader) Int64() (int64, error) { return r.signed(64) }

// Int33 reads the signed LEB128 of a block type.
func (r *Reader) Int33() (int64, error) { return r.signed(33) }

func (r *Reader) signed(bits uint) (int64, error) {
	var value int64
	for shift := uint(0); ; shift += 7 {
		b, err := r.Byte()
		if err != nil {
			return 0, err
		}
		if left := bits - shift; left < 7 {
			if b&0x80 != 0 {
				r.position--
				return 0, r.Fail(ErrIntegerTooLong)
			}
			// The bits beyond the value must all equal its sign.
			if rest := int8(b<<1) >> left; rest != 0 && rest != -1 {
				r.position--
				return 0, r.Fail(ErrIntegerTooLarge)
			}
		}
		value |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			if end := shift + 7; end < 64 && b&0x40 != 0 {
				value |= -1 << end
			}
			return value, nil
		}
	}
}

// Next reads one instruction (5.4) into i.
func (r *Reader) Next(i *Instruction) error {
	*i = Instruction{Offset: r.Offset(), Labels: i.Labels[:0], Types: i.Types[:0], Catches: i.Catches[:0]}
	b, err := r.Byte()
	if err != nil {
		return err
	}
	i.Opcode = Opcode(b)
	if isPrefix(b) {
		number, err := r.Uint32()
		if err != nil {
			return err
		}
		if number > 0xffff {
			return &OffsetError{i.Offset, fmt.Errorf("%w 0x%x 0x%x", ErrIllegalOpcode, b, number)}
		}
		i.Opcode = Opcode(b)<<16 | Opcode(number)
	}
	info := Lookup(i.Opcode)
	if info == nil {
		return &OffsetError{i.Offset, unknownOpcode(i.Opcode)}
	}
	return r.immediate(info.Immediate, i)
}

func (r *Reader) immediate(kind ImmediateKind, i *Instruction) (err error) {
	switch kind {
	case ImmediateNone:
	case ImmediateBlock:
		i.Block, err = r.blockType()
	case ImmediateLabels:
		err = r.labels(i)
	case ImmediateLabel, ImmediateFunction, ImmediateLocal, ImmediateGlobal, ImmediateTable, ImmediateData, ImmediateElement,
		ImmediateTag, ImmediateType:
		i.Index, err = r.Uint32()
	case ImmediateCallIndirect, ImmediateElementTable, ImmediateTableTable, ImmediateTypeField, ImmediateTypeCount, ImmediateTypeType,
		ImmediateTypeData, ImmediateTypeElement:
		if i.Index, err = r.Uint32(); err == nil {
			i.Index2, err = r.Uint32()
		}
	case ImmediateMemory:
		err = r.memoryIndex(i, &i.Index)
	case ImmediateDataMemory:
		if i.Index, err = r.Uint32(); err == nil {
			err = r.memoryIndex(i, &i.Index2)
		}
	case ImmediateMemoryMemory:
		if err = r.memoryIndex(i, &i.Index); err == nil {
			err = r.memoryIndex(i, &i.Index2)
		}
	case ImmediateZero:
		err = r.zeroByte()
	case ImmediateMemArg:
		err = r.memArg(i)
	case ImmediateMemArgLane:
		if err = r.memArg(i); err == nil {
			i.Lane, err = r.Byte()
		}
	case ImmediateLane:
		i.Lane, err = r.Byte()
	case ImmediateTypes:
		err = r.types(i)
	case ImmediateHeapType, ImmediateHeapTypeNull:
		var t ValueType
		if t, err = r.HeapType(); kind == ImmediateHeapType {
			t = t.NonNull()
		}
		i.Types = append(i.Types, t)
	case ImmediateCast:
		err = r.cast(i)
	case ImmediateCatches:
		if i.Block, err = r.blockType(); err == nil {
			err = r.catches(i)
		}
	default:
		err = r.constant(kind, i)
	}
	return err
}

func (r *Reader) constant(kind ImmediateKind, i *Instruction) error {
	switch kind {
	case ImmediateI32:
		v, err := r.Int32()
		i.Value = int64(v)
		return err
	case ImmediateI64:
		v, err := r.Int64()
		i.Value = v
		return err
	case ImmediateF32:
		b, err := r.Bytes(4)
		if err == nil {
			i.Value = int64(binary.LittleEndian.Uint32(b))
		}
		return err
	case ImmediateF64:
		b, err := r.Bytes(8)
		if err == nil {
			i.Value = int64(binary.LittleEndian.Uint64(b))
		}
		return err
	case ImmediateV128, ImmediateShuffle:
		b, err := r.Bytes(16)
		if err == nil {
			i.Value, i.High = int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint64(b[8:])
		}
		return err
	default:
		return r.Fail(fmt.Errorf("immediate kind %d is not handled", kind))
	}
}

func (r *Reader) zeroByte() error {
	b, err := r.Byte()
	if err != nil || b == 0 {
		return err
	}
	r.position--
	return r.Fail(ErrZeroByteExpected)
}

// memoryIndex reads a memory index, which in 2.0 is a byte that is zero.
func (r *Reader) memoryIndex(i *Instruction, index *uint32) (err error) {
	i.ManyMemories = i.ManyMemories || r.Peek() != 0
	*index, err = r.Uint32()
	return err
}

func (r *Reader) blockType() (BlockType, error) {
	if r.position < len(r.bytes) {
		b := r.bytes[r.position]
		if b == 0x40 {
			r.position++
			return BlockType{}, nil
		}
		if b&0xc0 == 0x40 { // negative: a type
			t, err := r.ValueType()
			return BlockType{Result: t}, err
		}
	}
	start := r.position
	v, err := r.Int33()
	if err == nil && v < 0 {
		r.position = start
		err = r.Fail(ErrMalformedValType)
	}
	return BlockType{HasIndex: true, Index: uint32(v)}, err
}

func (r *Reader) labels(i *Instruction) error {
	n, err := r.Uint32()
	if err != nil {
		return err
	}
	if uint64(n) > uint64(r.Len()) { // each label takes a byte or more
		return r.Fail(ErrUnexpectedEnd)
	}
	for range n {
		label, err := r.Uint32()
		if err != nil {
			return err
		}
		i.Labels = append(i.Labels, label)
	}
	i.Index, err = r.Uint32()
	return err
}

func (r *Reader) types(i *Instruction) error {
	n, err := r.Uint32()
	if err != nil {
		return err
	}
	if uint64(n) > uint64(r.Len()) {
		return r.Fail(ErrUnexpectedEnd)
	}
	for range n {
		t, err := r.ValueType()
		if err != nil {
			return err
		}
		i.Types = append(i.Types, t)
	}
	return nil
}

// The flags of a memory argument: below memArgIndex the exponent of the
// alignment, with it a memory index follows.
const (
	memArgIndex  = 1 << 6
	memArgFlags  = memArgIndex << 1
	alignmentEnd = 32
)

func (r *Reader) memArg(i *Instruction) (err error) {
	start := r.position
	if i.Align, err = r.Uint32(); err != nil {
		return err
	}
	hasIndex := i.Align&memArgIndex != 0 && i.Align < memArgFlags
	if hasIndex {
		i.Align &^= memArgIndex
	}
	if i.Align >= alignmentEnd {
		r.position = start
		if i.Align < memArgFlags { // since 3.0 it is invalid, not malformed
			return r.Fail(fmt.Errorf("%w: alignment must not be larger than natural", ErrMalformedMemFlags))
		}
		return r.Fail(ErrMalformedMemFlags)
	}
	if hasIndex {
		i.ManyMemories = true
		if i.Index, err = r.Uint32(); err != nil {
			return err
		}
	}
	// Since 3.0 offsets have 64 bits; too large ones are for the validator.
	const longest = 5 // bytes of a number of 32 bits
	start = r.position
	i.MemOffset, err = r.Uint64()
	i.LongOffset = r.position-start > longest
	return err
}
