package main

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// initrd is an archive in the format "newc" of cpio, which Linux unpacks as its
// first file system (Documentation/driver-api/early-userspace/buffer-format.rst).
type initrd struct {
	buffer bytes.Buffer
	inodes int
	made   map[string]bool // folders
}

// File modes of cpio, which are those of stat(2).
const (
	modeDirectory  = 0o040755
	modeExecutable = 0o100755
	cpioAlign      = 4
)

// cpioEnd is the name of the entry after the last.
const cpioEnd = "TRAILER!!!"

func (a *initrd) entry(name string, mode int, content []byte) {
	a.inodes++
	fmt.Fprintf(&a.buffer, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		a.inodes, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	a.buffer.WriteString(name)
	a.buffer.WriteByte(0)
	a.align()
	a.buffer.Write(content)
	a.align()
}

func (a *initrd) align() {
	for a.buffer.Len()%cpioAlign != 0 {
		a.buffer.WriteByte(0)
	}
}

// directory adds a folder and those above it.
func (a *initrd) directory(name string) {
	name = path.Clean(name)
	if name == "." || name == "/" || a.made[name] {
		return
	}
	a.directory(path.Dir(name))
	if a.made == nil {
		a.made = map[string]bool{}
	}
	a.made[name] = true
	a.entry(name[1:], modeDirectory, nil)
}

// add puts a file at an absolute path.
func (a *initrd) add(name string, content []byte) {
	a.directory(path.Dir(name))
	a.entry(name[1:], modeExecutable, content)
}

// copy adds a file of this computer.
func (a *initrd) copy(name, from string) error {
	content, err := os.ReadFile(from)
	if err == nil {
		a.add(name, content)
	}
	return err
}

// finish writes the archive, compressed.
func (a *initrd) finish(w io.Writer) error {
	a.entry(cpioEnd, 0, nil)
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := a.buffer.WriteTo(z); err != nil {
		return err
	}
	return z.Close()
}

// Where the loader of Linux looks for libraries.
var libraryFolders = []string{"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"}

const (
	loader        = "/lib64/ld-linux-x86-64.so.2"
	loaderPackage = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
	guestLibrary  = "/lib/x86_64-linux-gnu"
)

// program adds a dynamically linked program of an unpacked tree of packages, its
// loader and all libraries that it needs.
func (a *initrd) program(name, tree, file string) error {
	if err := a.copy(name, filepath.Join(tree, file)); err != nil {
		return err
	}
	if err := a.copy(loader, filepath.Join(tree, loaderPackage)); err != nil {
		return err
	}
	return a.libraries(tree, filepath.Join(tree, file), map[string]bool{})
}

func (a *initrd) libraries(tree, file string, added map[string]bool) error {
	f, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, library := range needed {
		if added[library] {
			continue
		}
		added[library] = true
		found, err := findLibrary(tree, library)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := a.copy(path.Join(guestLibrary, library), found); err != nil {
			return err
		}
		if err := a.libraries(tree, found, added); err != nil {
			return err
		}
	}
	return nil
}

func findLibrary(tree, library string) (string, error) {
	for _, folder := range libraryFolders {
		found := filepath.Join(tree, folder, library)
		if _, err := os.Stat(found); !errors.Is(err, fs.ErrNotExist) {
			return found, err
		}
	}
	return "", fmt.Errorf("%s is in none of the packages", library)
}
