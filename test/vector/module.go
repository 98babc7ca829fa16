// Package vector makes modules that have every vector instruction, for tests of
// what is made of them.
//
// In: the instruction table of compiler/wasm. Out: modules in the binary format.
// It never runs anything; its own test looks at the machine code, and package
// test/spec compares what the instructions compute with wazero.
package vector

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// Instruction is a vector instruction with its immediates.
type Instruction struct {
	Name     string
	Operands string // letters of wasm.OpcodeInfo.Signature
	Result   string // one letter or none
	bytes    []byte
}

// Instructions returns all vector instructions in the order of their numbers, but
// the relaxed ones, of which no two engines need to give the same.
func Instructions() []Instruction {
	var list []Instruction
	for _, opcode := range slices.Sorted(maps.Keys(wasm.Opcodes)) {
		if opcode&^0xffff != wasm.PrefixSIMD {
			continue
		}
		info := wasm.Opcodes[opcode]
		if info.Feature == wasm.FeatureRelaxedSIMD {
			continue
		}
		i := Instruction{Name: info.Name, bytes: encode(opcode)}
		i.Operands, i.Result, _ = strings.Cut(info.Signature, ":")
		switch info.Immediate {
		case wasm.ImmediateMemArg:
			i.bytes = append(i.bytes, 0, memoryAt(i.Result))
		case wasm.ImmediateMemArgLane:
			i.bytes = append(i.bytes, 0, memoryAt(i.Result), 16/info.AccessBytes-1)
		case wasm.ImmediateLane:
			i.bytes = append(i.bytes, 16/info.AccessBytes-1)
		case wasm.ImmediateV128:
			i.bytes = append(i.bytes, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff"...)
		case wasm.ImmediateShuffle:
			i.bytes = append(i.bytes, "\x00\x1f\x02\x11\x01\x01\x1e\x07\x18\x09\x0a\x1b\x0c\x00\x10\x0f"...)
		}
		list = append(list, i)
	}
	return list
}

func encode(opcode wasm.Opcode) []byte {
	return binary.AppendUvarint([]byte{byte(opcode >> 16)}, uint64(opcode&0xffff))
}

// Inputs and results lie in slots of linear memory: the vector operands, a
// scalar one, the result, and what the instruction itself reads and writes.
const (
	SlotBytes = 128
	Slots     = 256

	scalarAt = 48
	ResultAt = 64
	readAt   = 80
	writeAt  = 96
)

func memoryAt(result string) byte {
	if result == "" {
		return writeAt
	}
	return readAt
}

// valueTypes, loads and stores are indexed by the letters of signatures.
var (
	valueTypes = map[byte]byte{'i': 0x7f, 'I': 0x7e, 'f': 0x7d, 'F': 0x7c, 'v': 0x7b}
	loads      = map[byte]string{'i': "\x28", 'I': "\x29", 'f': "\x2a", 'F': "\x2b", 'v': "\xfd\x00"}
	stores     = map[byte]string{'i': "\x36", 'I': "\x37", 'f': "\x38", 'F': "\x39", 'v': "\xfd\x0b"}
)

// function is one function of a module.
type function struct {
	name    string
	typ     string // parameters, ':', results, as letters
	locals  string // vector of groups of locals
	content []byte
}

// Direct makes a module that exports each instruction as a function of its
// operands.
func Direct() []byte {
	var functions []function
	for _, i := range Instructions() {
		f := function{name: i.Name, typ: i.Operands + ":" + i.Result, locals: "\x00"}
		for k := range i.Operands {
			f.content = append(f.content, 0x20, byte(k))
		}
		f.content = append(f.content, i.bytes...)
		functions = append(functions, f)
	}
	return module(functions)
}

// Constant replaces an operand by a constant, to see what is folded wrongly.
type Constant struct {
	Operand int
	Bytes   [16]byte // as many of them as the operand has
}

// Loop makes a module that exports each instruction, by the names that it
// returns, as a function that computes all slots. Each is there once without
// constants and once for each constant that it has the operand for.
func Loop(constants []Constant) (binary []byte, names []string, instructions []Instruction) {
	var functions []function
	add := func(name string, i Instruction, c *Constant) {
		functions = append(functions, function{name: name, typ: ":", locals: "\x01\x01\x7f", content: loop(i, c)})
		names = append(names, name)
		instructions = append(instructions, i)
	}
	for _, i := range Instructions() {
		add(i.Name, i, nil)
		for k := range constants {
			at := constants[k].Operand
			if at >= len(i.Operands) || strings.HasPrefix(i.Name, "v128.load") || strings.HasPrefix(i.Name, "v128.store") {
				continue
			}
			add(fmt.Sprintf("%s/%d", i.Name, k), i, &constants[k])
		}
	}
	return module(functions), names, instructions
}

// loop is the body of a function of Loop; local 0 is the address of the slot.
func loop(i Instruction, c *Constant) []byte {
	b := []byte("\x03\x40\x20\x00") // loop, address of the result
	if i.Result == "" {
		b = b[:2]
	}
	vectors := 0
	for k := range len(i.Operands) {
		letter := i.Operands[k]
		address := letter == 'i' && k == 0 && (strings.HasPrefix(i.Name, "v128.load") || strings.HasPrefix(i.Name, "v128.store"))
		switch {
		case address:
			b = append(b, "\x20\x00"...)
		case c != nil && c.Operand == k:
			b = appendConstant(b, letter, c.Bytes)
		case letter == 'v':
			b = append(append(b, "\x20\x00\xfd\x00\x00"...), byte(16*vectors))
		default:
			b = append(append(append(b, "\x20\x00"...), loads[letter]...), 0, scalarAt)
		}
		if letter == 'v' {
			vectors++
		}
	}
	b = append(b, i.bytes...)
	if i.Result != "" {
		b = binary.AppendUvarint(append(append(b, stores[i.Result[0]]...), 0), ResultAt)
	}
	b = append(b, "\x20\x00\x41\x80\x01\x6a\x22\x00\x41\x80\x80\x02\x49\x0d\x00\x0b"...) // slot += SlotBytes, again if < SlotBytes*Slots
	return b
}

func appendConstant(b []byte, letter byte, bits [16]byte) []byte {
	switch letter {
	case 'v':
		return append(append(b, "\xfd\x0c"...), bits[:]...)
	case 'i':
		return append(b, 0x41, bits[0]&0x7f)
	case 'I':
		return append(b, 0x42, bits[0]&0x7f)
	case 'f':
		return append(append(b, 0x43), bits[:4]...)
	default:
		return append(append(b, 0x44), bits[:8]...)
	}
}

// module makes a module with a memory of one wasm page, which it exports as
// "memory".
func module(functions []function) []byte {
	var types, code, exports [][]byte
	var indices []byte
	exports = append(exports, append(name("memory"), 2, 0))
	numbers := map[string]int{}
	for k, f := range functions {
		number, ok := numbers[f.typ]
		if !ok {
			number = len(types)
			numbers[f.typ] = number
			types = append(types, functionType(f.typ))
		}
		indices = binary.AppendUvarint(indices, uint64(number))
		exports = append(exports, binary.AppendUvarint(append(name(f.name), 0), uint64(k)))
		body := append(append([]byte(f.locals), f.content...), 0x0b)
		code = append(code, append(binary.AppendUvarint(nil, uint64(len(body))), body...))
	}
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = section(b, 1, vector(types))
	b = section(b, 3, append(binary.AppendUvarint(nil, uint64(len(functions))), indices...))
	b = section(b, 5, []byte{1, 0, 1})
	b = section(b, 7, vector(exports))
	return section(b, 10, vector(code))
}

func functionType(letters string) []byte {
	params, results, _ := strings.Cut(letters, ":")
	b := []byte{0x60}
	for _, list := range [...]string{params, results} {
		b = append(b, byte(len(list)))
		for k := range len(list) {
			b = append(b, valueTypes[list[k]])
		}
	}
	return b
}

func section(b []byte, id byte, content []byte) []byte {
	return append(binary.AppendUvarint(append(b, id), uint64(len(content))), content...)
}

func vector(entries [][]byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(entries))), slices.Concat(entries...)...)
}

func name(s string) []byte { return append(binary.AppendUvarint(nil, uint64(len(s))), s...) }
