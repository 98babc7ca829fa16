package image

import (
	"debug/elf"
	"errors"
	"fmt"
)

// machine is what the linker knows of one processor.
type machine struct {
	machine elf.Machine

	// relocate stores the relocation of type kind at data[offset:], which lies
	// at address place, for target = symbol + addend.
	relocate func(data []byte, offset uint64, kind uint32, place, target uint64) error

	// stub appends code that jumps to an entry of the kernel with number, and
	// with argument if that is not negative. The code will lie at place.
	stub func(b []byte, place, entry uint64, number uint32, argument int64) []byte

	stubBytes   uint64 // at most, rounded to its alignment
	padding     byte   // of text
	stackOffset int32  // of the caller's stack pointer on entry of a function
	name        func(kind uint32) string
}

// Failures of machine.relocate.
var (
	errRange      = errors.New("does not fit")
	errSection    = errors.New("lies beyond the end of its section")
	errRelocation = errors.New("is of a type that is not supported (compile with -relocation-model=static -code-model=small)")
)

// machineOf returns the machine for an ELF machine number.
func machineOf(m elf.Machine) (*machine, error) {
	if m == elf.EM_X86_64 {
		return &machineX8664, nil
	}
	return nil, fmt.Errorf("objects for %v are not supported", m)
}
