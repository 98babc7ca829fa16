// Package decode reads the binary format of WebAssembly.
//
// In: the bytes of a .wasm file. Out: a wasm.Module, whose sections, sizes,
// names and encodings are well formed (WebAssembly core specification 3.0,
// chapter 5). Function bodies stay bytes: wasm/validate reads them, as the only
// pass that looks at every instruction. Decode never checks a type or an index,
// and never allocates more than a small multiple of the bytes it was given.
package decode

import (
	"bytes"
	"errors"
	"fmt"

	"mewz/compiler/wasm"
)

// Errors of the module level. Their texts are those of the core test suite.
var (
	ErrMagic              = errors.New("magic header not detected")
	ErrVersion            = errors.New("unknown binary version")
	ErrHeaderEnd          = errors.New("unexpected end")
	ErrSectionID          = errors.New("malformed section id")
	ErrSectionOrder       = errors.New("unexpected content after last section")
	ErrSectionLength      = errors.New("length out of bounds")
	ErrSectionSize        = errors.New("section size mismatch")
	ErrName               = errors.New("malformed UTF-8 encoding")
	ErrImportKind         = errors.New("malformed import kind")
	ErrExportKind         = errors.New("malformed export kind")
	ErrLimitsFlags        = errors.New("malformed limits flags")
	ErrMutability         = errors.New("malformed mutability")
	ErrDefinedType        = errors.New("malformed definition type")
	ErrTagAttribute       = errors.New("malformed tag attribute")
	ErrElementKind        = errors.New("malformed element segment kind")
	ErrDataKind           = errors.New("malformed data segment kind")
	ErrTooManyLocals      = errors.New("too many locals")
	ErrFunctionCount      = errors.New("function and code section have inconsistent lengths")
	ErrDataCount          = errors.New("data count and data section have inconsistent lengths")
	ErrImplementationSize = errors.New("over the limit of this compiler")
)

var (
	magic   = []byte("\x00asm")
	version = []byte{1, 0, 0, 0}
)

const headerBytes = 8

// sectionID is the number of a section in the file.
type sectionID byte

const (
	sectionCustom     sectionID = 0
	sectionCode       sectionID = 10
	sectionTag        sectionID = 13
	sectionStringRefs sectionID = 14 // stringref proposal
)

// sections are the sections that are not custom, in the order that a module
// must have them (5.5.2).
var sections = [...]struct {
	id   sectionID
	name string
	read func(*wasm.Module, *wasm.Reader) error
}{
	{1, "type", readTypes},
	{2, "import", readImports},
	{3, "function", readFunctions},
	{4, "table", readTables},
	{5, "memory", readMemories},
	{sectionTag, "tag", readTags},
	{6, "global", readGlobals},
	{7, "export", readExports},
	{8, "start", readStart},
	{9, "element", readElements},
	{12, "data count", readDataCount},
	{sectionCode, "code", readCode},
	{11, "data", readData},
}

// frame is a section of the file before its contents are read.
type frame struct {
	rank     int // index into sections, or -1 for a custom section
	contents []byte
	offset   wasm.Offset // of contents
}

func (f *frame) reader() *wasm.Reader { return wasm.NewReader(f.contents, f.offset) }

// Module decodes b, which the result refers to.
func Module(b []byte) (*wasm.Module, error) {
	if len(b) > wasm.MaxModuleBytes {
		return nil, fmt.Errorf("the file has %d bytes: %w of %d bytes", len(b), ErrImplementationSize, wasm.MaxModuleBytes)
	}
	if err := checkHeader(b); err != nil {
		return nil, err
	}
	m := &wasm.Module{Bytes: b}
	// What is wrong inside a section comes before what is wrong after it: a bad
	// length inside is the usual cause of what looks like a bad section.
	frames, splitErr := split(b)
	if err := readFrames(m, frames); err != nil {
		return nil, err
	}
	if splitErr != nil {
		return nil, splitErr
	}
	if err := checkCounts(m); err != nil {
		return nil, err
	}
	return m, nil
}

func readFrames(m *wasm.Module, frames []frame) error {
	// Custom sections come first, so that messages about the others can use names.
	for i := range frames {
		if frames[i].rank < 0 {
			if err := readCustom(m, &frames[i]); err != nil {
				return fmt.Errorf("custom section: %w", err)
			}
		}
	}
	for i := range frames {
		if frames[i].rank >= 0 {
			if err := readSection(m, &frames[i]); err != nil {
				return fmt.Errorf("%s section: %w", sections[frames[i].rank].name, err)
			}
		}
	}
	return nil
}

// checkHeader checks magic and version, and says what the file is if it is
// something else.
func checkHeader(b []byte) error {
	if n := min(len(b), len(magic)); !bytes.Equal(b[:n], magic[:n]) {
		return withHint(0, ErrMagic, notWasm(b))
	}
	if len(b) < headerBytes {
		hint := "the file is truncated"
		if len(b) == 0 {
			hint = "the file is empty"
		}
		return withHint(len(b), ErrHeaderEnd, hint)
	}
	if got := b[len(magic):headerBytes]; !bytes.Equal(got, version) {
		return withHint(len(magic), fmt.Errorf("%w % x", ErrVersion, got), otherVersion(got))
	}
	return nil
}

// split finds the sections of b and checks their ids, order and lengths. With
// an error it returns the sections before the fault.
func split(b []byte) ([]frame, error) {
	var frames []frame
	last := -1 // rank of the last section that is not custom
	r := wasm.NewReader(b[headerBytes:], headerBytes)
	for r.Len() > 0 {
		f, err := readFrame(r, last)
		if err != nil {
			return frames, err
		}
		frames = append(frames, f)
		last = max(last, f.rank)
	}
	return frames, nil
}

// readFrame reads a section whose rank must be higher than last.
func readFrame(r *wasm.Reader, last int) (f frame, err error) {
	at := r.Offset()
	id, err := r.Byte()
	if err != nil {
		return f, err
	}
	if f.rank, err = rankOf(sectionID(id)); err != nil {
		return f, &wasm.OffsetError{Offset: at, Err: err}
	}
	if f.rank >= 0 && f.rank <= last {
		return f, &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%w: the %s section is repeated or out of order", ErrSectionOrder, sections[f.rank].name)}
	}
	size, err := r.Uint32()
	if err != nil {
		return f, fmt.Errorf("section size: %w", err)
	}
	f.offset = r.Offset()
	left := r.Len()
	if f.contents, err = r.Bytes(size); err != nil {
		return f, withHint(int(f.offset), ErrSectionLength,
			fmt.Sprintf("a section has %d bytes, the file only %d more; it may be truncated", size, left))
	}
	return f, nil
}

// rankOf is the index of a section in sections, or -1 for a custom one.
func rankOf(id sectionID) (int, error) {
	if id == sectionCustom {
		return -1, nil
	}
	for rank := range sections {
		if sections[rank].id == id {
			return rank, nil
		}
	}
	switch id {
	case sectionStringRefs:
		return 0, fmt.Errorf("%w: %w", ErrSectionID, &wasm.UnsupportedError{What: "a string section", Proposal: wasm.FeatureStringRef})
	default:
		return 0, fmt.Errorf("%w %d", ErrSectionID, id)
	}
}

func readSection(m *wasm.Module, f *frame) error {
	r := f.reader()
	if sections[f.rank].id == sectionCode {
		m.CodeOffset = f.offset
	}
	if err := sections[f.rank].read(m, r); err != nil {
		return err
	}
	if r.Len() > 0 {
		return r.Fail(fmt.Errorf("%w: %d bytes too many", ErrSectionSize, r.Len()))
	}
	return nil
}

// checkCounts compares sections that must have equally many entries (5.5.16).
func checkCounts(m *wasm.Module) error {
	if len(m.Functions) != len(m.Code) {
		return fmt.Errorf("%w: %d and %d", ErrFunctionCount, len(m.Functions), len(m.Code))
	}
	if m.DataCount != nil && uint64(*m.DataCount) != uint64(len(m.Data)) {
		return fmt.Errorf("%w: %d and %d", ErrDataCount, *m.DataCount, len(m.Data))
	}
	return nil
}
