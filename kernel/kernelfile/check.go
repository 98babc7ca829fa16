package kernelfile

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"strings"
)

const (
	base = 0x400000 // abi.KernelBase; the tests compare

	// bssMaxBytes bounds the bss, all of which takes RAM from the start. It is
	// 0.3 MB; crypto/internal/fips140/drbg alone would add 32 MB.
	bssMaxBytes = 1 << 20
	// endMax is where the kernel must end: the rest up to 1 GiB is the program's.
	endMax = 16 << 20
	// headersMaxBytes is the room before the text in which the linker of images
	// writes more program headers.
	headersMaxBytes = 0x1000
)

// Check holds file against everything that the linker of images and the machine
// take for granted. It reports all faults together.
func Check(file []byte) error {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return err
	}
	return errors.Join(checkSegments(f), checkEnd(f), checkNote(f), checkHeap(file), Lint(f))
}

// checkHeap: the heap is not at random.
func checkHeap(file []byte) error {
	info, err := buildinfo.Read(bytes.NewReader(file))
	if err != nil {
		return err
	}
	for _, s := range info.Settings {
		if s.Key == "GOEXPERIMENT" && strings.Contains(s.Value, fixedHeap) {
			return nil
		}
	}
	return errors.New("built without GOEXPERIMENT=" + fixedHeap + ": its heap may lie in linear memory")
}

// checkSegments: the first segment maps the ELF header at base, physical and
// virtual addresses agree, and nothing is both writable and executable.
func checkSegments(f *elf.File) error {
	if f.Type != elf.ET_EXEC || f.Machine != elf.EM_X86_64 {
		return fmt.Errorf("not an x86-64 executable but %v %v", f.Type, f.Machine)
	}
	first := true
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		if first && (p.Vaddr != base || p.Off != 0) {
			return fmt.Errorf("the first segment has address %#x and offset %#x, want %#x and 0", p.Vaddr, p.Off, base)
		}
		first = false
		if p.Vaddr != p.Paddr {
			return fmt.Errorf("segment at %#x has physical address %#x", p.Vaddr, p.Paddr)
		}
		if p.Vaddr%4096 != 0 {
			return fmt.Errorf("segment at %#x does not begin with a page", p.Vaddr)
		}
		if p.Flags&elf.PF_W != 0 && p.Flags&elf.PF_X != 0 {
			return fmt.Errorf("segment at %#x is writable and executable", p.Vaddr)
		}
	}
	if text := f.Section(".text"); text == nil || text.Addr < base+headersMaxBytes {
		return errors.New("no room for program headers before the text")
	}
	return nil
}

// checkEnd: the last writable segment ends with runtime.end, so that its p_memsz
// covers all of the bss, and the bss is small.
func checkEnd(f *elf.File) error {
	end, err := findSymbol(f, "runtime.end")
	if err != nil {
		return err
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W == 0 {
			continue
		}
		if p.Vaddr+p.Memsz != end.Value {
			return fmt.Errorf("the data segment ends at %#x, runtime.end is %#x", p.Vaddr+p.Memsz, end.Value)
		}
		if p.Memsz-p.Filesz > bssMaxBytes {
			return fmt.Errorf("the bss has %d bytes, at most %d are allowed: does something import crypto?", p.Memsz-p.Filesz, bssMaxBytes)
		}
		if end.Value > endMax {
			return fmt.Errorf("the kernel ends at %#x, beyond %#x", end.Value, endMax)
		}
		return nil
	}
	return errors.New("no writable segment")
}

// checkNote: the note has the bytes that VMMs look for and leads into the text.
func checkNote(f *elf.File) error {
	note, err := findSymbol(f, NoteSymbol)
	if err != nil {
		return err
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || note.Value < p.Vaddr || note.Value+NoteBytes > p.Vaddr+p.Filesz {
			continue
		}
		b := make([]byte, NoteBytes)
		if _, err := p.ReadAt(b, int64(note.Value-p.Vaddr)); err != nil {
			return err
		}
		if want := []byte("\x04\x00\x00\x00\x08\x00\x00\x00\x12\x00\x00\x00Xen\x00"); !bytes.Equal(b[:16], want) {
			return fmt.Errorf("%s is % x, want % x", NoteSymbol, b[:16], want)
		}
		entry := f.ByteOrder.Uint64(b[16:])
		if text := f.Section(".text"); entry < text.Addr || entry >= text.Addr+text.Size || entry >= 1<<32 {
			return fmt.Errorf("the entry %#x is not in the text", entry)
		}
		return nil
	}
	return fmt.Errorf("%s is not in the file", NoteSymbol)
}
