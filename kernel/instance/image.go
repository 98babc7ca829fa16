package instance

import (
	"encoding/binary"
	"errors"

	"mewz/abi"
)

// Errors of an image that the linker cannot have made.
var (
	ErrNoProgram = errors.New("this kernel carries no program: link one with `mewz build`")
	errHeader    = errors.New("image: the ELF header of the kernel is damaged")
)

// Layout of ELF64 headers (ELF gABI, chapters 4 and 5).
const (
	elfHeaderBytes        = 64
	elfProgramHeaderBytes = 56
	elfMagic              = "\x7fELF"
)

// Config returns what the linker put into this image about the program. It is
// ErrNoProgram when the kernel runs as it was built.
func Config() (*abi.Config, error) {
	header := mapped(abi.KernelBase, abi.PageBytes)
	where, err := findConfig(header)
	if err != nil {
		return nil, err
	}
	return abi.DecodeConfig(mapped(where.Start, where.Bytes))
}

// findConfig looks for the program header of the configuration in the first
// page of the image, which holds the ELF header and the program headers.
func findConfig(page []byte) (abi.Range, error) {
	le := binary.LittleEndian
	if len(page) < elfHeaderBytes || string(page[:4]) != elfMagic {
		return abi.Range{}, errHeader
	}
	at, size, count := le.Uint64(page[32:]), uint64(le.Uint16(page[54:])), uint64(le.Uint16(page[56:]))
	if size < elfProgramHeaderBytes || at > uint64(len(page)) || count*size > uint64(len(page))-at {
		return abi.Range{}, errHeader
	}
	for i := range count {
		h := page[at+i*size:]
		if le.Uint32(h) != abi.ProgramHeaderConfig {
			continue
		}
		r := abi.Range{Start: abi.VirtAddr(le.Uint64(h[16:])), Bytes: le.Uint64(h[32:])}
		if r.Start == 0 || r.Bytes == 0 || r.Bytes > abi.ConfigMaxBytes {
			return abi.Range{}, errHeader
		}
		return r, nil
	}
	return abi.Range{}, ErrNoProgram
}
