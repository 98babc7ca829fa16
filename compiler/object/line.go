package object

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Lines in an object are offsets in the wasm module. Objects of shards are made
// without knowing where the shard will stand there, and moved.

// MovableLine stands in the line table of a movable shard for the shard's place in
// the module. The distance to line 0 takes five bytes in the line number program,
// enough for any other.
const MovableLine = 1 << 28

// lineSection is the section of line number programs (DWARF 5 section 6.2).
const lineSection = ".debug_line"

// Opcodes of line number programs (DWARF 5 section 7.22).
const (
	lineAdvanceLine    = 3
	lineFixedAdvancePC = 9
	lineEndSequence    = 1
)

// MoveLines changes the line table so that what was at MovableLine is at line.
func (f *File) MoveLines(line uint64) error {
	for i := range f.Sections {
		if f.Sections[i].Name != lineSection {
			continue
		}
		b := append([]byte(nil), f.Sections[i].Data...)
		f.Sections[i].Data = b
		for len(b) > 0 {
			unit, rest, err := cutUnit(b)
			if err == nil {
				err = moveUnit(unit, int64(line)-MovableLine)
			}
			if err != nil {
				return fmt.Errorf("%s: %s: %w", f.Name, lineSection, err)
			}
			b = rest
		}
	}
	return nil
}

// errLine says that a line table is none that LLVM makes of a movable shard.
var errLine = errors.New("not a line table that can be moved")

// cutUnit returns the first unit of a line table without its length, and what
// follows (DWARF 5 section 7.4; units of 64-bit DWARF are not made by LLVM).
func cutUnit(b []byte) (unit, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errLine
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, errLine
	}
	return b[4 : 4+n], b[4+n:], nil
}

// moveUnit adds to the lines of a unit that are not 0 and follow MovableLine: each
// step over that line becomes longer or shorter.
func moveUnit(unit []byte, by int64) error {
	h, err := readLineHeader(unit)
	if err != nil {
		return err
	}
	program := h.program
	line := int64(1)
	for at := 0; at < len(program); {
		op := program[at]
		at++
		switch {
		case op >= h.opcodeBase: // a step of a few lines
			line += h.lineBase + int64((op-h.opcodeBase)%h.lineRange)
		case op == 0:
			length, n := binary.Uvarint(program[at:])
			if n <= 0 || length == 0 || length > uint64(len(program)-at-n) {
				return errLine
			}
			if program[at+n] == lineEndSequence {
				line = 1
			}
			at += n + int(length)
		case op == lineAdvanceLine:
			step, n := signed(program[at:])
			before := line >= MovableLine
			line += step
			if after := line >= MovableLine; before != after {
				if before {
					step -= by
				} else {
					step += by
				}
				if !putSigned(program[at:at+n], step) {
					return errLine
				}
			}
			at += n
		case op == lineFixedAdvancePC:
			at += 2
		default:
			for range h.operands[op-1] {
				_, n := binary.Uvarint(program[at:])
				if n <= 0 {
					return errLine
				}
				at += n
			}
		}
	}
	return nil
}

// lineHeader is what a unit of a line table says of its program.
type lineHeader struct {
	lineBase   int64
	lineRange  uint8
	opcodeBase uint8
	operands   []byte // how many each standard opcode has
	program    []byte
}

// readLineHeader reads the beginning of a unit (DWARF 5 section 6.2.4, versions 4
// and 5).
func readLineHeader(unit []byte) (*lineHeader, error) {
	const prologue = 2 + 4 // version, header_length
	if len(unit) < prologue {
		return nil, errLine
	}
	version := binary.LittleEndian.Uint16(unit)
	at := prologue
	if version == 5 {
		at += 2 // address_size, segment_selector_size
	} else if version != 4 {
		return nil, errLine
	}
	// minimum_instruction_length, maximum_operations_per_instruction,
	// default_is_stmt, line_base, line_range, opcode_base
	const fields = 6
	if len(unit) < at+fields {
		return nil, errLine
	}
	start := uint64(at) + uint64(binary.LittleEndian.Uint32(unit[at-4:]))
	h := &lineHeader{lineBase: int64(int8(unit[at+3])), lineRange: unit[at+4], opcodeBase: unit[at+5]}
	base := int(h.opcodeBase)
	if start > uint64(len(unit)) || base == 0 || h.lineRange == 0 || len(unit) < at+fields+base-1 {
		return nil, errLine
	}
	h.operands, h.program = unit[at+fields:][:base-1], unit[start:]
	return h, nil
}

// signed reads a signed LEB128 number and says how long it is.
func signed(b []byte) (v int64, n int) {
	for shift := uint(0); n < len(b) && shift < 64; {
		c := b[n]
		n++
		v |= int64(c&0x7f) << shift
		shift += 7
		if c < 0x80 {
			if shift < 64 && c&0x40 != 0 {
				v |= -1 << shift
			}
			break
		}
	}
	return v, n
}

// putSigned writes a signed LEB128 number as long as b, if it fits.
func putSigned(b []byte, v int64) bool {
	for i := range b {
		b[i] = byte(v) & 0x7f
		v >>= 7
		if i < len(b)-1 {
			b[i] |= 0x80
		}
	}
	return len(b) > 0 && (v == 0 && b[len(b)-1]&0x40 == 0 || v == -1 && b[len(b)-1]&0x40 != 0)
}
