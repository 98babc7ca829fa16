package image

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"mewz/abi"
)

// ErrNotImage says that a file is no image.
var ErrNotImage = errors.New("not an image of mewz build")

// file is an open image.
type file struct {
	f       *os.File
	bytes   uint64
	header  elf.Header64
	headers []elf.Prog64
	config  int // of the header that loads the configuration
}

// openFile opens an image and checks its headers.
func openFile(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	img := &file{f: f}
	if err := img.readHeaders(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

func (img *file) readHeaders() error {
	info, err := img.f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ErrNotImage
	}
	img.bytes = uint64(info.Size())
	first := make([]byte, min(abi.PageBytes, img.bytes))
	if _, err := img.f.ReadAt(first, 0); err != nil {
		return err
	}
	if len(first) < elfHeaderBytes || string(first[:4]) != elf.ELFMAG {
		return ErrNotImage
	}
	le := binary.LittleEndian
	if _, err := binary.Decode(first, le, &img.header); err != nil {
		return err
	}
	h := &img.header
	table := uint64(h.Phnum) * programHeaderBytes
	if elf.Class(h.Ident[elf.EI_CLASS]) != elf.ELFCLASS64 || elf.Type(h.Type) != elf.ET_EXEC ||
		h.Phentsize != programHeaderBytes || h.Phoff > uint64(len(first)) || table > uint64(len(first))-h.Phoff {
		return ErrNotImage
	}
	img.headers = make([]elf.Prog64, h.Phnum)
	if _, err := binary.Decode(first[h.Phoff:], le, img.headers); err != nil {
		return err
	}
	return img.check()
}

// check finds the configuration and checks what the rest of the package relies
// on: segments lie in the file, the configuration at its end.
func (img *file) check() error {
	img.config = -1
	marked := false
	for i, h := range img.headers {
		if h.Off > img.bytes || h.Filesz > img.bytes-h.Off {
			return fmt.Errorf("segment at %#x lies beyond the end of the file: the image is truncated", h.Vaddr)
		}
		marked = marked || h.Type == abi.ProgramHeaderConfig
		if isConfigLoad(h) {
			img.config = i
		}
	}
	if !marked || img.config < 0 {
		return ErrNotImage
	}
	if c := img.headers[img.config]; c.Off+c.Filesz != img.bytes || c.Filesz > abi.ConfigMaxBytes {
		return errors.New("the configuration is not the end of the image")
	}
	return nil
}

// readConfig decodes the configuration.
func (img *file) readConfig() (*abi.Config, error) {
	h := img.headers[img.config]
	b := make([]byte, h.Filesz)
	if _, err := img.f.ReadAt(b, int64(h.Off)); err != nil {
		return nil, err
	}
	return abi.DecodeConfig(b)
}

// ReplaceConfig writes a copy of the image at source to target, with its
// configuration changed by change. The two may be the same file; target is
// written whole or not at all.
func ReplaceConfig(source, target string, change func(*abi.Config) error) error {
	img, err := openFile(source)
	if err != nil {
		return err
	}
	defer img.f.Close()
	c, err := img.readConfig()
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if err := change(c); err != nil {
		return err
	}
	config := abi.AppendConfig(nil, c)
	if len(config) > abi.ConfigMaxBytes {
		return fmt.Errorf("arguments and environment of %d bytes: at most %d", len(config), abi.ConfigMaxBytes)
	}
	return writeAtomic(target, &reconfigured{img, config})
}

// reconfigured is an image with another configuration.
type reconfigured struct {
	*file
	config []byte
}

// WriteTo writes the headers with the new size, the rest of the file up to the
// configuration, and that.
func (r *reconfigured) WriteTo(w io.Writer) (int64, error) {
	copied := &Image{
		machine: elf.Machine(r.header.Machine), entry: r.header.Entry, phoff: r.header.Phoff, headers: r.headers,
	}
	head, err := copied.head(uint64(len(r.config)))
	if err != nil {
		return 0, err
	}
	out := &offsetWriter{w: w}
	out.write(head)
	if out.err == nil {
		end := r.headers[r.file.config].Off
		n, err := io.Copy(w, io.NewSectionReader(r.f, int64(out.at), int64(end-out.at)))
		out.at, out.err = out.at+uint64(n), err
	}
	out.write(r.config)
	return int64(out.at), out.err
}
