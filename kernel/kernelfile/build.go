package kernelfile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// NoteSymbol is the ELF note of the PVH boot protocol in a kernel, NoteBytes
// long. A linker of images puts a PT_NOTE header on it.
const (
	NoteSymbol = "mewz/kernel/boot.pvhNote"
	NoteBytes  = 24
)

// fixedHeap makes the Go runtime begin its heap where abi/layout.go says. Since Go 1.26
// it chooses one of 2^46 addresses otherwise, and in one of some thousand starts linear
// memory would be mapped over the heap.
const fixedHeap = "norandomizedheapbase64"

// Build compiles the main package pkg with build tags and returns the checked ELF
// file. dir is a directory of this module.
func Build(dir, pkg string, tags ...string) ([]byte, error) {
	out, err := os.CreateTemp("", "kernel-*.elf")
	if err != nil {
		return nil, err
	}
	out.Close()
	defer os.Remove(out.Name())
	// Functions begin at multiples of 16 bytes and not of 32, which is 1 % less (decision 0015).
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-w -funcalign=16", "-tags="+strings.Join(tags, ","), "-o", out.Name(), pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFLAGS=", "GOEXPERIMENT="+fixedHeap)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	file, err := os.ReadFile(out.Name())
	if err != nil {
		return nil, err
	}
	if err := Check(file); err != nil {
		return nil, fmt.Errorf("%s: %w", pkg, err)
	}
	return file, AddNote(file)
}

// Offsets in an ELF header and a program header, and their sizes.
const (
	headerPhoff   = 32
	headerPhnum   = 56
	programBytes  = 56
	programOffset = 8
	programVaddr  = 16
	programPaddr  = 24
	programFilesz = 32
	programMemsz  = 40
	programAlign  = 48
)

// AddNote turns the PT_GNU_STACK header of a Go program, which says nothing that
// matters in a static file, into the PT_NOTE of the PVH boot protocol.
func AddNote(file []byte) error {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return err
	}
	note, err := findSymbol(f, NoteSymbol)
	if err != nil {
		return err
	}
	offset, err := fileOffset(f, note.Value, NoteBytes)
	if err != nil {
		return fmt.Errorf("symbol %s: %w", NoteSymbol, err)
	}
	le := binary.LittleEndian
	phoff := le.Uint64(file[headerPhoff:])
	for i := range uint64(le.Uint16(file[headerPhnum:])) {
		h := file[phoff+i*programBytes:][:programBytes]
		if elf.ProgType(le.Uint32(h)) != elf.PT_GNU_STACK {
			continue
		}
		le.PutUint32(h, uint32(elf.PT_NOTE))
		le.PutUint32(h[4:], uint32(elf.PF_R))
		le.PutUint64(h[programOffset:], offset)
		le.PutUint64(h[programVaddr:], note.Value)
		le.PutUint64(h[programPaddr:], note.Value)
		le.PutUint64(h[programFilesz:], NoteBytes)
		le.PutUint64(h[programMemsz:], NoteBytes)
		le.PutUint64(h[programAlign:], 4)
		return nil
	}
	return errors.New("no PT_GNU_STACK header that could become a PT_NOTE")
}

func findSymbol(f *elf.File, name string) (elf.Symbol, error) {
	symbols, err := f.Symbols()
	if err != nil {
		return elf.Symbol{}, err
	}
	for _, s := range symbols {
		if s.Name == name {
			return s, nil
		}
	}
	return elf.Symbol{}, fmt.Errorf("no symbol %s: import _ \"mewz/kernel/boot\"", name)
}

// fileOffset returns where the n bytes at address lie in the file.
func fileOffset(f *elf.File, address, n uint64) (uint64, error) {
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address-p.Vaddr+n <= p.Filesz {
			return address - p.Vaddr + p.Off, nil
		}
	}
	return 0, fmt.Errorf("address %#x is in no segment of the file", address)
}
