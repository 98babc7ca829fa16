package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"mewz/abi"
)

// kernelPackage is where the functions live that compiled code may reach.
const kernelPackage = "mewz/kernel/instance."

// kernelFunctions are the functions of kernelPackage that compiled code may
// reach, by the undefined symbol of the object; kernelEntries are only reached by
// stubs, which the linker makes.
var kernelFunctions = []string{"memcpy", "memmove", "memset"}

const kernelHostcall = "hostcall"

// importEntries are where stubs of imports jump to, by the most parameters; with
// more, and for calls that are no imports, it is kernelHostcall.
var importEntries = []struct {
	params int
	name   string
}{{2, "hostcall2"}, {4, "hostcall4"}, {6, "hostcall6"}}

// kernelEntries are all entries.
func kernelEntries() []string {
	names := []string{kernelHostcall}
	for _, entry := range importEntries {
		names = append(names, entry.name)
	}
	return names
}

// entry returns where the stub of an import jumps to.
func (k *kernel) entry(f *abi.Function) uint64 {
	for _, entry := range importEntries {
		if len(f.Params) <= entry.params {
			return k.functions[entry.name]
		}
	}
	return k.functions[kernelHostcall]
}

// kernelNote is the symbol of the PVH note in the kernel.
const kernelNote = "mewz/kernel/boot.pvhNote"

// kernelBSSMaxBytes bounds the zero memory of the kernel, which is physical
// memory of every machine. Importing any crypto package adds 32 MiB.
const kernelBSSMaxBytes = 16 << 20

// kernel is what the linker needs of the kernel's ELF file.
type kernel struct {
	bytes     []byte
	header    elf.FileHeader
	phoff     uint64
	headerEnd uint64 // file offset of the first content that must stay
	loads     []elf.ProgHeader
	stack     *elf.ProgHeader // PT_GNU_STACK
	note      elf.ProgHeader  // PT_NOTE for the PVH note
	functions map[string]uint64
	noteAt    uint64 // address of kernelNote, 0 if it has no symbol
	fileEnd   uint64 // end of the last segment in the file
	end       uint64 // of the last segment in memory
}

// readKernel takes the kernel's ELF file apart.
func readKernel(b []byte, machine elf.Machine) (*kernel, error) {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB || f.Type != elf.ET_EXEC {
		return nil, errors.New("not a static 64-bit ELF executable")
	}
	if f.Machine != machine {
		return nil, fmt.Errorf("is for %v, the object for %v", f.Machine, machine)
	}
	k := &kernel{bytes: b, header: f.FileHeader, phoff: binary.LittleEndian.Uint64(b[32:])}
	if err := k.readSegments(f); err != nil {
		return nil, err
	}
	k.findHeaderEnd(f)
	if err := k.readSymbols(f); err != nil {
		return nil, err
	}
	return k, k.findNote()
}

func (k *kernel) readSegments(f *elf.File) error {
	for _, p := range f.Progs {
		h := p.ProgHeader
		switch h.Type {
		case elf.PT_INTERP, elf.PT_DYNAMIC, elf.PT_TLS:
			return fmt.Errorf("has a %v segment: it is not static", h.Type)
		case elf.PT_GNU_STACK:
			k.stack = &h
		case elf.PT_LOAD:
			if h.Off > uint64(len(k.bytes)) || h.Filesz > uint64(len(k.bytes))-h.Off || h.Memsz < h.Filesz ||
				h.Vaddr < uint64(abi.KernelBase) || h.Vaddr < k.end || h.Memsz > uint64(abi.MemoryBase) ||
				h.Vaddr > uint64(abi.MemoryBase) || h.Paddr != h.Vaddr {
				return fmt.Errorf("segment at %#x: outside of the file or of the kernel's addresses", h.Vaddr)
			}
			if bss := h.Memsz - h.Filesz; bss > kernelBSSMaxBytes {
				return fmt.Errorf("%d bytes of zero data, at most %d: does it import crypto?", bss, kernelBSSMaxBytes)
			}
			k.loads = append(k.loads, h)
			k.end, k.fileEnd = h.Vaddr+h.Memsz, max(k.fileEnd, h.Off+h.Filesz)
		}
	}
	if len(k.loads) == 0 || k.loads[0].Off != 0 || k.phoff >= k.loads[0].Filesz {
		return errors.New("its first segment does not hold its program headers")
	}
	return nil
}

// findHeaderEnd finds how far the program header table may grow: up to the
// first section that is loaded. The Go linker leaves the rest of the first page
// free but for a note with its build id, at the end, which nothing needs.
func (k *kernel) findHeaderEnd(f *elf.File) {
	k.headerEnd = min(abi.PageBytes, k.loads[0].Filesz)
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOTE && s.Type != elf.SHT_NOBITS && s.Size > 0 {
			k.headerEnd = min(k.headerEnd, s.Offset)
		}
	}
}

// readSymbols finds the functions that compiled code may reach. They are Go
// assembly: where Go code refers to one too, the plain name is the wrapper of
// ABIInternal and ".abi0" the function itself (cmd/link mangleABIName).
func (k *kernel) readSymbols(f *elf.File) error {
	symbols, err := f.Symbols()
	if err != nil {
		return fmt.Errorf("symbol table: %w", err)
	}
	found := map[string]uint64{}
	wanted := map[string]string{}
	names := append(kernelEntries(), kernelFunctions...)
	for _, name := range names {
		wanted[kernelPackage+name], wanted[kernelPackage+name+".abi0"] = name, name+".abi0"
	}
	for i := range symbols {
		s := &symbols[i]
		if name, ok := wanted[s.Name]; ok && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			found[name] = s.Value
		}
		if s.Name == kernelNote {
			k.noteAt = s.Value
		}
		if s.Name == "runtime.end" && s.Value > k.end {
			return fmt.Errorf("runtime.end is %#x, beyond its last segment, which ends at %#x", s.Value, k.end)
		}
	}
	k.functions = map[string]uint64{}
	for _, name := range names {
		v, ok := found[name+".abi0"]
		if !ok {
			v, ok = found[name]
		}
		if !ok {
			return fmt.Errorf("has no function %s%s", kernelPackage, name)
		}
		if !k.executable(v) {
			return fmt.Errorf("function %s%s at %#x lies outside of its text", kernelPackage, name, v)
		}
		k.functions[name] = v
	}
	return nil
}

// executable says whether address lies in a segment of code.
func (k *kernel) executable(address uint64) bool {
	for _, h := range k.loads {
		if h.Flags&elf.PF_X != 0 && address >= h.Vaddr && address < h.Vaddr+h.Filesz {
			return true
		}
	}
	return false
}

// pvhNote is the note by which a VMM finds the 32-bit entry: name of 4 bytes,
// descriptor of 8, type XEN_ELFNOTE_PHYS32_ENTRY, "Xen"; the address follows.
var pvhNote = []byte{4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0, 'X', 'e', 'n', 0}

// findNote finds the PVH note in the kernel's read-only data, by its symbol or,
// without one, by its content. The Go linker makes no program header for it.
func (k *kernel) findNote() error {
	const noteBytes = 24
	for _, h := range k.loads {
		if h.Flags&elf.PF_W != 0 {
			continue
		}
		segment := k.bytes[h.Off : h.Off+h.Filesz]
		for at := 0; ; at++ {
			i := bytes.Index(segment[at:], pvhNote)
			if i < 0 || at+i+noteBytes > len(segment) {
				break
			}
			at += i
			entry := binary.LittleEndian.Uint64(segment[at+len(pvhNote):])
			if k.noteAt != 0 && k.noteAt != h.Vaddr+uint64(at) {
				continue
			}
			if at%4 != 0 || entry < uint64(abi.KernelBase) || entry >= k.end || entry > math.MaxUint32 {
				continue
			}
			if k.note.Filesz != 0 {
				return errors.New("has two PVH notes")
			}
			k.note = elf.ProgHeader{
				Type: elf.PT_NOTE, Flags: elf.PF_R, Off: h.Off + uint64(at), Vaddr: h.Vaddr + uint64(at),
				Paddr: h.Paddr + uint64(at), Filesz: noteBytes, Memsz: noteBytes, Align: 4,
			}
		}
	}
	if k.note.Filesz == 0 {
		return errors.New("has no PVH note: no VMM can boot it")
	}
	return nil
}
