package decode

import (
	"fmt"
	"unicode/utf8"

	"mewz/compiler/wasm"
)

// limit bounds a vector: the most entries that the compiler takes, and the
// fewest bytes that an entry has, which bounds what is allocated in advance.
type limit struct {
	what       string
	most       uint32
	entryBytes int
}

// vector reads a vector (5.1.3) whose entries are read by read.
func vector[T any](r *wasm.Reader, l limit, read func(*wasm.Reader, *T) error) ([]T, error) {
	n, err := count(r, l)
	if err != nil || n == 0 {
		return nil, err
	}
	out := make([]T, 0, min(int(n), r.Len()/l.entryBytes))
	for range n {
		out = append(out, *new(T))
		if err := read(r, &out[len(out)-1]); err != nil { // in place: a variable would be an allocation
			return nil, err
		}
	}
	return out, nil
}

func count(r *wasm.Reader, l limit) (uint32, error) {
	at := r.Offset()
	n, err := r.Uint32()
	if err != nil {
		return 0, err
	}
	if n > l.most && int(l.most) < r.Len()/l.entryBytes { // otherwise the end is the better message
		return 0, &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%d %s: %w, %d", n, l.what, ErrImplementationSize, l.most)}
	}
	return n, nil
}

func readIndex(r *wasm.Reader, index *uint32) (err error) {
	*index, err = r.Uint32()
	return err
}

// readName reads a name (5.2.4).
func readName(r *wasm.Reader) (string, error) {
	n, err := r.Uint32()
	if err != nil {
		return "", err
	}
	at := r.Offset()
	b, err := r.Bytes(n)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", &wasm.OffsetError{Offset: at, Err: ErrName}
	}
	if n > wasm.MaxNameBytes {
		return "", &wasm.OffsetError{Offset: at, Err: fmt.Errorf("a name of %d bytes: %w, %d", n, ErrImplementationSize, wasm.MaxNameBytes)}
	}
	return string(b), nil
}

// The flags of limits (5.3.7) that proposals have added.
const (
	limitsHasMax   = 1 << 0
	limitsShared   = 1 << 1
	limits64       = 1 << 2
	limitsPageSize = 1 << 3
	limitsKnown    = limitsHasMax | limitsShared | limits64 | limitsPageSize
)

// readLimits reads limits; those of a memory may be shared.
func readLimits(r *wasm.Reader, l *wasm.Limits, mayBeShared bool) error {
	at := r.Offset()
	flags, err := r.Byte()
	if err != nil {
		return err
	}
	known := byte(limitsHasMax | limits64)
	if mayBeShared {
		known |= limitsShared
	}
	if flags&^known != 0 {
		return &wasm.OffsetError{Offset: at, Err: limitsError(flags)}
	}
	l.Is64 = flags&limits64 != 0
	l.Shared = flags&limitsShared != 0
	// Since 3.0 the numbers have 64 bits whatever they count; too large ones are
	// for the validator.
	if err := readLimit(r, l, &l.Min); err != nil || flags&limitsHasMax == 0 {
		return err
	}
	l.HasMax = true
	return readLimit(r, l, &l.Max)
}

func readLimit(r *wasm.Reader, l *wasm.Limits, n *uint64) (err error) {
	const longest = 5 // bytes of a number of 32 bits
	at := r.Offset()
	*n, err = r.Uint64()
	l.Long = l.Long || r.Offset()-at > longest
	return err
}

// limitsError is the error for flags other than 0 and 1; the specification
// reads them as a LEB128 of one bit.
func limitsError(flags byte) error {
	if flags&0x80 != 0 {
		return fmt.Errorf("%w: %w", ErrLimitsFlags, wasm.ErrIntegerTooLong)
	}
	unsupported := &wasm.UnsupportedError{What: fmt.Sprintf("a limits flag of 0x%02x", flags)}
	switch {
	case flags&^limitsKnown != 0:
		return fmt.Errorf("%w: %w", ErrLimitsFlags, wasm.ErrIntegerTooLarge) // the latter in the words of 2.0
	case flags&limitsShared != 0:
		unsupported.Proposal = wasm.FeatureSharedEverything
	default:
		unsupported.Proposal = wasm.FeatureCustomPageSizes
	}
	return fmt.Errorf("%w: %w: %w", ErrLimitsFlags, wasm.ErrIntegerTooLarge, unsupported)
}

func readTableType(r *wasm.Reader, t *wasm.TableType) (err error) {
	if t.Element, err = r.RefType(); err != nil {
		return err
	}
	return readLimits(r, &t.Limits, false)
}

func readGlobalType(r *wasm.Reader, t *wasm.GlobalType) (err error) {
	if t.Type, err = r.ValueType(); err != nil {
		return err
	}
	t.Mutable, err = readMutability(r)
	return err
}

// readMutability reads whether a global or a field can be written (5.3.12).
func readMutability(r *wasm.Reader) (bool, error) {
	at := r.Offset()
	mutable, err := r.Byte()
	if err != nil {
		return false, err
	}
	if mutable > 1 {
		return false, &wasm.OffsetError{Offset: at, Err: ErrMutability}
	}
	return mutable == 1, nil
}

// readConstExpr reads an expression (5.4.9) where only constant instructions
// are valid. Whether they are is for the validator; the expression's end can be
// found without knowing.
func readConstExpr(m *wasm.Module, r *wasm.Reader, e *wasm.ConstExpr) error {
	e.Offset = r.Offset()
	var i wasm.Instruction
	for depth := 1; depth > 0; {
		if err := r.Next(&i); err != nil {
			return err
		}
		switch i.Opcode {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTry, wasm.OpTryTable:
			depth++
		case wasm.OpEnd, wasm.OpDelegate:
			depth--
		default: // no nesting
		}
	}
	e.Body = m.Bytes[e.Offset:r.Offset():r.Offset()]
	return nil
}
