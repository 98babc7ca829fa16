package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mewz/abi"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/text"
)

// kind is what a file is, by its content.
type kind string

const (
	kindModule kind = "module" // WebAssembly
	kindObject kind = "object" // of mewz compile
	kindImage  kind = "image"  // of mewz build
)

// source is a file that a command was given.
type source struct {
	path string // "-" is standard input
	name string // for messages and argv[0]: the file's name
	kind kind
	data []byte // of a module, in the binary format, or object; an image is read by package image
	text bool   // the module is in the text format
}

// The formats that are told apart, by their first bytes.
const (
	wasmMagic      = "\x00asm"
	wasmModule     = "\x00asm\x01\x00\x00\x00"
	layerOffset    = 6       // of what tells a component, 1, from a module, 0 (component model, Binary.md)
	objectMaxBytes = 4 << 30 // an ELF object that debug/elf holds in memory
	headBytes      = 4096    // of a file that decide: white space may come before a text
)

// foreignFiles are what is given instead of a module, by the first bytes, and what to do.
var foreignFiles = []struct{ magic, remedy string }{
	{"\x1f\x8b", "compressed by gzip: gunzip it first"},
	{"PK\x03\x04", "a zip archive: unzip it first"},
	{"BC\xc0\xde", "bitcode of LLVM: have clang make a program of it, with --target=wasm32-wasip1"},
	{"!<arch>\n", "a library: link a program with it"},
	{"\xef\xbb\xbf", "it begins with a byte order mark, which is no part of a text: remove it"},
	{"\xff\xfe", "text in UTF-16: make it UTF-8, which the text format is in"},
}

// openSource reads a file and finds out what it is.
func openSource(path string) (*source, error) {
	s := &source{path: path, name: filepath.Base(path)}
	if path == "-" {
		s.name = "stdin.wasm"
		data, err := readBounded(os.Stdin, wasm.MaxModuleBytes)
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		s.data = data
		if err := s.detect(bytes.NewReader(data)); err != nil {
			return nil, err
		}
		return s, s.translate()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: is a directory: name a .wasm or .wat file, an object or an image", path)
	}
	if info.Mode().IsRegular() {
		if err := s.detect(f); err != nil || s.kind == kindImage {
			return s, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	bound := int64(wasm.MaxModuleBytes)
	if s.kind == kindObject {
		bound = objectMaxBytes
	}
	if s.data, err = readBounded(f, bound); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, withoutPath(err))
	}
	if s.kind == "" { // a pipe
		if err := s.detect(bytes.NewReader(s.data)); err != nil {
			return nil, err
		}
	}
	return s, s.translate()
}

// translate makes a binary module of one in the text format.
func (s *source) translate() (err error) {
	if !s.text {
		return nil
	}
	if s.data, err = text.Module(s.data); err != nil {
		return fmt.Errorf("%s:%w", s.path, err) // file:line:column: what
	}
	return nil
}

// module decodes the WebAssembly of a source of kindModule.
func (s *source) module() (*wasm.Module, error) { return decode.Module(s.data) }

// readBounded reads all of r, but no more than bound bytes.
func readBounded(r io.Reader, bound int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, bound+1))
	if err == nil && int64(len(data)) > bound {
		err = fmt.Errorf("larger than %s", byteSize(bound))
	}
	return data, err
}

// detect sets the kind of a file.
func (s *source) detect(r io.ReaderAt) error {
	head := make([]byte, headBytes)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", s.path, withoutPath(err))
	}
	head = head[:n]
	words := strings.TrimLeft(string(head), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte(wasmMagic)) && len(head) > layerOffset && head[layerOffset] == 1:
		return fmt.Errorf("%s: a component (WASI preview 2): build the program for wasm32-wasip1 instead", s.path)
	case bytes.HasPrefix(head, []byte(wasmMagic)):
		s.kind = kindModule
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return s.detectELF(r)
	case len(head) == 0:
		return fmt.Errorf("%s: the file is empty", s.path)
	case strings.HasPrefix(wasmModule, string(head)):
		s.kind = kindModule // cut short, which the decoder says better
	case strings.HasPrefix(words, "(component"):
		return fmt.Errorf("%s: a component (WASI preview 2): build the program for wasm32-wasip1 instead", s.path)
	case strings.HasPrefix(words, "(") || strings.HasPrefix(words, ";;"):
		s.kind, s.text = kindModule, true
	default:
		for _, f := range foreignFiles {
			if bytes.HasPrefix(head, []byte(f.magic)) {
				return fmt.Errorf("%s: %s", s.path, f.remedy)
			}
		}
		return fmt.Errorf("%s: neither a WebAssembly module nor an object or image of mewz", s.path)
	}
	return nil
}

func (s *source) detectELF(r io.ReaderAt) error {
	f, err := elf.NewFile(r)
	if err != nil {
		return fmt.Errorf("%s: broken ELF file: %w", s.path, err)
	}
	if f.Type == elf.ET_REL {
		s.kind = kindObject
		return nil
	}
	for _, p := range f.Progs {
		if p.Type == abi.ProgramHeaderConfig {
			s.kind = kindImage
			return nil
		}
	}
	return fmt.Errorf("%s: an ELF program, but no image of mewz: build one from a .wasm or .wat file", s.path)
}
