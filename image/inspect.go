package image

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"path"

	"mewz/abi"
)

// Segment is one loaded part of an image.
type Segment struct {
	Kind     string // "kernel", "text", "rodata", "data", "memory", "symbols", "archive", "config"
	Flags    elf.ProgFlag
	Address  abi.VirtAddr
	Physical abi.PhysAddr
	Offset   uint64 // in the file
	File     uint64 // bytes in the file
	Memory   uint64 // bytes in memory
}

// Description is what an image contains.
type Description struct {
	Machine       elf.Machine
	FileBytes     uint64
	PhysicalBytes uint64 // end of what a VMM loads
	Segments      []Segment
	Config        *abi.Config
	Imports       []abi.Function
	Functions     int // with symbols
	Archive       []ArchiveEntry
}

// ArchiveEntry is a file, directory or symbolic link of an image.
type ArchiveEntry struct {
	Path  string // from the root, which is ""
	Type  abi.ArchiveType
	Bytes uint64 // of a file or link
	Link  string // where a symbolic link leads
}

// archivePathMax bounds the paths of a description: what Linux takes at once
// (PATH_MAX), so that forged parents do not make them grow without end.
const archivePathMax = 4096

// Read describes the image at name.
func Read(name string) (*Description, error) {
	img, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer img.f.Close()
	d := &Description{Machine: elf.Machine(img.header.Machine), FileBytes: img.bytes}
	if d.Config, err = img.readConfig(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, h := range img.headers {
		if elf.ProgType(h.Type) != elf.PT_LOAD {
			continue
		}
		d.Segments = append(d.Segments, Segment{
			Kind: segmentKind(&h, d.Config), Flags: elf.ProgFlag(h.Flags), Address: abi.VirtAddr(h.Vaddr),
			Physical: abi.PhysAddr(h.Paddr), Offset: h.Off, File: h.Filesz, Memory: h.Memsz,
		})
		d.PhysicalBytes = max(d.PhysicalBytes, h.Paddr+h.Memsz)
	}
	for _, n := range d.Config.Imports {
		if int(n) < len(abi.Functions) {
			d.Imports = append(d.Imports, abi.Functions[n])
		}
	}
	if err := img.describe(d); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// segmentKind says what a segment is by where it lies.
func segmentKind(h *elf.Prog64, c *abi.Config) string {
	switch address := abi.VirtAddr(h.Vaddr); {
	case address >= abi.ArchiveBase:
		return "archive"
	case address >= abi.SymbolsBase:
		return "symbols"
	case address >= abi.ConfigBase:
		return "config"
	case address >= abi.MemoryBase:
		return "memory"
	case address < c.TextStart:
		return "kernel"
	case elf.ProgFlag(h.Flags)&elf.PF_X != 0:
		return "text"
	case elf.ProgFlag(h.Flags)&elf.PF_W != 0:
		return "data"
	}
	return "rodata"
}

// describe reads the heads of symbols and archive.
func (img *file) describe(d *Description) error {
	for _, s := range d.Segments {
		var err error
		switch s.Kind {
		case "symbols":
			d.Functions, err = img.countFunctions(s)
		case "archive":
			d.Archive, err = img.archiveEntries(s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// countFunctions returns the first count of the symbols' header.
func (img *file) countFunctions(s Segment) (int, error) {
	b := make([]byte, s.File)
	if _, err := img.f.ReadAt(b, int64(s.Offset)); err != nil {
		return 0, err
	}
	if _, err := abi.OpenSymbols(b); err != nil {
		return 0, err
	}
	return int(binary.LittleEndian.Uint32(b[8:])), nil
}

// archiveTables is an archive of which only the tables are read: the rest of
// the buffer is never touched, and so takes no memory.
type archiveTables struct {
	img     *file
	segment Segment
	b       []byte
	end     uint64 // of what is read
}

// readTo reads the archive up to offset n.
func (t *archiveTables) readTo(n uint64) error {
	n = min(n, t.segment.File)
	if n <= t.end {
		return nil
	}
	_, err := t.img.f.ReadAt(t.b[t.end:n], int64(t.segment.Offset+t.end))
	t.end = n
	return err
}

// open reads header, nodes, names and symbolic links.
func (t *archiveTables) open() (a abi.Archive, err error) {
	if err := t.readTo(abi.ArchiveHeaderBytes); err != nil {
		return a, err
	}
	if a, err = abi.OpenArchive(t.b); err != nil {
		return a, err
	}
	if err := t.readTo(abi.ArchiveHeaderBytes + a.Nodes*abi.ArchiveNodeBytes); err != nil {
		return a, err
	}
	names := uint64(0)
	for i := range a.Nodes {
		n, _, _, err := a.Node(i)
		if err != nil {
			return a, err
		}
		names = max(names, n.NameOffset+uint64(n.NameBytes))
		if n.Type == abi.ArchiveSymlink {
			names = max(names, n.DataOffset+n.Size)
		}
	}
	return a, t.readTo(names)
}

// archiveEntries lists an archive.
func (img *file) archiveEntries(s Segment) ([]ArchiveEntry, error) {
	t := &archiveTables{img: img, segment: s, b: make([]byte, s.File)}
	a, err := t.open()
	if err != nil {
		return nil, err
	}
	entries := make([]ArchiveEntry, 0, a.Nodes)
	for i := range a.Nodes {
		n, name, data, err := a.Node(i)
		if err != nil {
			return nil, err
		}
		e := ArchiveEntry{Path: name, Type: n.Type}
		if i > 0 {
			if n.Parent >= i {
				return nil, abi.ErrArchive
			}
			e.Path = path.Join(entries[n.Parent].Path, name)
		}
		if len(e.Path) > archivePathMax {
			return nil, abi.ErrArchive
		}
		switch n.Type {
		case abi.ArchiveSymlink:
			e.Bytes, e.Link = n.Size, string(data)
		case abi.ArchiveFile:
			e.Bytes = n.Size
		}
		entries = append(entries, e)
	}
	return entries, nil
}
