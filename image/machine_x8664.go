package image

import (
	"debug/elf"
	"encoding/binary"
	"math"
)

// machineX8664 is x86-64 with the small code model: all code and data below
// 2 GiB.
var machineX8664 = machine{
	machine:     elf.EM_X86_64,
	relocate:    relocateX8664,
	stub:        stubX8664,
	stubBytes:   16,
	padding:     0xcc, // int3
	stackOffset: 8,    // the return address
	name:        func(kind uint32) string { return elf.R_X86_64(kind).String() },
}

// relocateX8664 implements the relocations that LLVM emits for the static
// relocation model (x86-64 psABI 1.0, table 4.9).
func relocateX8664(data []byte, offset uint64, kind uint32, place, target uint64) error {
	var width uint64 = 4
	value := target
	switch elf.R_X86_64(kind) {
	case elf.R_X86_64_NONE:
		return nil
	case elf.R_X86_64_64:
		width = 8
	case elf.R_X86_64_PC64:
		width, value = 8, target-place
	case elf.R_X86_64_PC32, elf.R_X86_64_PLT32:
		value = target - place
		if int64(value) != int64(int32(value)) {
			return errRange
		}
	case elf.R_X86_64_32S:
		if int64(value) != int64(int32(value)) {
			return errRange
		}
	case elf.R_X86_64_32:
		if value > math.MaxUint32 {
			return errRange
		}
	default:
		return errRelocation
	}
	if offset+width > uint64(len(data)) {
		return errSection
	}
	if width == 8 {
		binary.LittleEndian.PutUint64(data[offset:], value)
	} else {
		binary.LittleEndian.PutUint32(data[offset:], uint32(value))
	}
	return nil
}

// stubX8664 loads the number of a call and jumps to the kernel. The argument
// goes where the C calling convention has the first one.
func stubX8664(b []byte, place, entry uint64, number uint32, argument int64) []byte {
	le := binary.LittleEndian
	start := len(b)
	if argument >= 0 {
		b = le.AppendUint32(append(b, 0xbf), uint32(argument)) // movl $argument, %edi
	}
	b = le.AppendUint32(append(b, 0xb8), number) // movl $number, %eax
	b = append(b, 0xe9)                          // jmp entry
	next := place + uint64(len(b)-start) + 4
	return le.AppendUint32(b, uint32(entry-next))
}
