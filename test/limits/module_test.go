package limits

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Modules in the binary format (WebAssembly core specification, chapter 5),
// written without a tool, since text of this size takes tools minutes.

// Identifiers of sections (5.5.2).
const (
	sectionType     = 1
	sectionFunction = 3
	sectionTable    = 4
	sectionMemory   = 5
	sectionExport   = 7
	sectionElement  = 9
	sectionCode     = 10
	sectionData     = 11
)

func number(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// vector is a number of things and then each of them.
func vector(n int, each func(i int) []byte) []byte {
	b := number(n)
	for i := range n {
		b = append(b, each(i)...)
	}
	return b
}

// sized puts the length before bytes.
func sized(b []byte) []byte { return append(number(len(b)), b...) }

func section(id byte, content []byte) []byte { return append([]byte{id}, sized(content)...) }

// module makes a module of sections in any order.
func module(sections ...[]byte) []byte {
	var list [][]byte
	for b := slices.Concat(sections...); len(b) > 0; {
		length, n := binary.Uvarint(b[1:])
		end := 1 + n + int(length)
		list = append(list, b[:end])
		b = b[end:]
	}
	slices.SortFunc(list, func(a, b []byte) int { return cmp.Compare(a[0], b[0]) })
	return slices.Concat(append([][]byte{[]byte("\x00asm\x01\x00\x00\x00")}, list...)...)
}

// signed is a signed LEB128 number (5.2.2) that is not negative.
func signed(n int) (b []byte) {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func constant(b []byte) func(int) []byte { return func(int) []byte { return b } }

// repeat returns n times b.
func repeat(n int, b ...byte) []byte {
	all := make([]byte, 0, n*len(b))
	for range n {
		all = append(all, b...)
	}
	return all
}

// Instructions (5.4) and types (5.3) that the modules need.
const (
	i32, i64, funcref           = 0x7f, 0x7e, 0x70
	opBlock, opLoop, opIf       = 0x02, 0x03, 0x04
	opEnd, opBr, opBrIf         = 0x0b, 0x0c, 0x0d
	opBrTable, opCall, opDrop   = 0x0e, 0x10, 0x1a
	opLocalGet, opLocalSet      = 0x20, 0x21
	opI32Load, opI32Store       = 0x28, 0x36
	opI32Const, opI32Add, opMul = 0x41, 0x6a, 0x6c
	opCallIndirect              = 0x11
	empty                       = 0x40
)

// oneType is a type section with (func (param i32) (result i32)).
var oneType = section(sectionType, vector(1, constant([]byte{0x60, 1, i32, 1, i32})))

// oneMemory is a memory section of n pages.
func oneMemory(pages int) []byte {
	return section(sectionMemory, vector(1, constant(append([]byte{0}, number(pages)...))))
}

// functions makes function and code section of n functions of type 0 with these
// locals and bodies.
func functions(n int, locals []byte, body func(i int) []byte) []byte {
	f := section(sectionFunction, vector(n, constant([]byte{0})))
	return append(f, section(sectionCode, vector(n, func(i int) []byte {
		return sized(append(append(append([]byte(nil), locals...), body(i)...), opEnd))
	}))...)
}

var noLocals = []byte{0}
