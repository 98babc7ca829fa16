package differential

import (
	"encoding/binary"
	"slices"

	"mewz/compiler/wasm"
)

// The binary format (WebAssembly core, chapter 5), as far as the generator and
// what rewrites modules need it.

// preamble begins every module.
const preamble = "\x00asm\x01\x00\x00\x00"

// Numbers of sections (5.5.2).
const (
	sectionType      = 1
	sectionFunction  = 3
	sectionTable     = 4
	sectionMemory    = 5
	sectionGlobal    = 6
	sectionExport    = 7
	sectionStart     = 8
	sectionElement   = 9
	sectionCode      = 10
	sectionData      = 11
	sectionDataCount = 12
	sectionTag       = 13
)

// Values that the format has no name for here.
const (
	emptyBlock = 0x40
	funcType   = 0x60
)

func appendUnsigned(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

// appendSigned appends a signed LEB128 (5.2.2).
func appendSigned(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// appendOpcode appends an opcode, with its prefix if it has one.
func appendOpcode(b []byte, o wasm.Opcode) []byte {
	if o <= 0xff {
		return append(b, byte(o))
	}
	return appendUnsigned(append(b, byte(o>>16)), uint64(o&0xffff))
}

func appendName(b []byte, name string) []byte {
	return append(appendUnsigned(b, uint64(len(name))), name...)
}

func appendSection(b []byte, id byte, content []byte) []byte {
	return append(appendUnsigned(append(b, id), uint64(len(content))), content...)
}

// appendVector appends a vector of what is encoded already; an empty one leaves
// its whole section away.
func appendVectorSection(b []byte, id byte, entries [][]byte) []byte {
	if len(entries) == 0 {
		return b
	}
	return appendSection(b, id, append(appendUnsigned(nil, uint64(len(entries))), slices.Concat(entries...)...))
}

// letters are the value types by the letters of wasm.OpcodeInfo.Signature, with
// r and x for references (heaptype.go has more of them).
var letters = map[byte]wasm.ValueType{
	'i': wasm.I32, 'I': wasm.I64, 'f': wasm.F32, 'F': wasm.F64, 'v': wasm.V128, 'r': wasm.FuncRef, 'x': wasm.ExternRef,
}

// appendTypes appends a result type (5.3.5).
func appendTypes(b []byte, types string) []byte {
	b = appendUnsigned(b, uint64(len(types)))
	for k := range len(types) {
		b = appendValueType(b, valueType(types[k]))
	}
	return b
}
