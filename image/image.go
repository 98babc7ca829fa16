// Package image links an object of the compiler, the kernel and a directory of
// files into one bootable file, and reads such files.
//
// In: a relocatable object with its object.Module, the kernel's ELF file, an
// Archive, an abi.Config. Out: an Image, one static ELF file that boots by PVH
// (Xen, boot protocol of QEMU, Firecracker and Cloud Hypervisor) and runs as a
// Linux process too. abi/layout.go says what lies where; docs/abi.md is the
// prose.
//
//	file offset 0  ELF header, program headers; the rest of the kernel's
//	               segments as the Go linker left them
//	page aligned   text, rodata, data of the program
//	page aligned   initial linear memory, in the pages where it is used
//	page aligned   symbols for backtraces, archive
//	page aligned   configuration: last, so that it can be replaced
//
// Physical addresses follow the kernel without gaps in the same order.
//
// Specification: System V ABI (gABI 4.1, x86-64 psABI 1.0), DWARF 5 sections 6.2
// and 6.4, Xen's PVH note (XEN_ELFNOTE_PHYS32_ENTRY). A program reaches nothing
// of the kernel but the functions of abi.Functions, memory.grow and memcpy,
// memmove and memset; every other undefined symbol is an error. The same input
// gives the same bytes.
package image

import (
	"debug/elf"
	"fmt"
	"io"

	"mewz/abi"
	"mewz/compiler/object"
)

// UnknownImports says what becomes of imports that the kernel does not have.
type UnknownImports int

// The modes of --unknown-imports.
const (
	RefuseUnknownImports UnknownImports = iota // Build fails with an ImportError
	TrapUnknownImports                         // calling one traps
)

// Input is what Build makes an image of.
type Input struct {
	ObjectName     string // for messages
	Object         []byte
	Kernel         []byte     // ELF file with its symbol table
	Small          []byte     // that for programs that want no network; nil: Kernel is for them too
	Plain          []byte     // that for programs that want no files besides; nil: likewise
	Archive        *Archive   // nil: no files
	Config         abi.Config // what the caller chooses; Build fills in the rest
	UnknownImports UnknownImports
}

// Image is a linked image that is not written yet. It refers to the bytes of
// its Input.
type Image struct {
	Config  abi.Config
	Module  *object.Module
	machine elf.Machine
	entry   uint64
	phoff   uint64
	headers []elf.Prog64 // with the configuration's sizes unset
	pieces  []piece
	config  uint64 // file offset of the configuration
}

// piece is content of the file.
type piece struct {
	offset uint64
	data   []byte
	source io.WriterTo // instead of data
	bytes  uint64
}

// Build links an image.
func Build(in Input) (*Image, error) {
	f, err := object.Read(in.ObjectName, in.Object)
	if err != nil {
		return nil, err
	}
	module, err := f.Module()
	if err != nil {
		return nil, err
	}
	target, err := machineOf(f.Machine)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.ObjectName, err)
	}
	imports, err := matchImports(module, in.UnknownImports)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.ObjectName, err)
	}
	k, err := readKernel(in.chooseKernel(imports), f.Machine)
	if err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	l := &linker{in: &in, object: f, module: module, machine: target, kernel: k, imports: imports}
	img, err := l.link()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.ObjectName, err)
	}
	return img, nil
}

// chooseKernel returns the kernel that has what the program wants and no more, and
// notes in the configuration which one it is.
func (in *Input) chooseKernel(imports *importTable) []byte {
	config := in.Config
	config.Imports = imports.numbers
	in.Config.Network.Absent, in.Config.FilesAbsent = false, false
	switch {
	case config.WantsNetwork():
		return in.Kernel
	case in.Plain != nil && !config.WantsFiles():
		in.Config.Network.Absent, in.Config.FilesAbsent = true, true
		return in.Plain
	case in.Small != nil:
		in.Config.Network.Absent = true
		return in.Small
	default:
		return in.Kernel
	}
}

// WriteTo writes the file.
func (img *Image) WriteTo(w io.Writer) (int64, error) {
	config := abi.AppendConfig(nil, &img.Config)
	if len(config) > abi.ConfigMaxBytes {
		return 0, fmt.Errorf("arguments and environment of %d bytes: at most %d", len(config), abi.ConfigMaxBytes)
	}
	head, err := img.head(uint64(len(config)))
	if err != nil {
		return 0, err
	}
	out := &offsetWriter{w: w}
	out.write(head)
	for _, p := range img.pieces {
		out.padTo(p.offset)
		if p.source != nil {
			out.copy(p)
		} else {
			out.write(p.data)
		}
	}
	out.padTo(img.config)
	out.write(config)
	return int64(out.at), out.err
}

// offsetWriter counts what it wrote and keeps the first error.
type offsetWriter struct {
	w   io.Writer
	at  uint64
	err error
}

func (o *offsetWriter) write(b []byte) {
	if o.err != nil {
		return
	}
	n, err := o.w.Write(b)
	o.at += uint64(n)
	o.err = err
}

// copy writes a piece that comes from elsewhere and must have the size that
// the layout gave it.
func (o *offsetWriter) copy(p piece) {
	if o.err != nil {
		return
	}
	n, err := p.source.WriteTo(o.w)
	o.at += uint64(n)
	if err == nil && uint64(n) != p.bytes {
		err = fmt.Errorf("archive wrote %d bytes, announced %d", n, p.bytes)
	}
	o.err = err
}

var zeroes [1 << 16]byte

// padTo writes zeroes up to offset.
func (o *offsetWriter) padTo(offset uint64) {
	for o.err == nil && o.at < offset {
		o.write(zeroes[:min(offset-o.at, uint64(len(zeroes)))])
	}
}
