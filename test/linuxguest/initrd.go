package linuxguest

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
)

// Initrd is an archive in the format "newc" of cpio, which Linux unpacks as its
// first file system (Documentation/driver-api/early-userspace/buffer-format.rst).
type Initrd struct {
	buffer bytes.Buffer
	inodes int
	made   map[string]bool // by path
}

// File modes of cpio, which are those of stat(2).
const (
	modeDirectory  = 0o040755
	modeExecutable = 0o100755
	cpioAlign      = 4
)

// cpioEnd is the name of the entry after the last.
const cpioEnd = "TRAILER!!!"

func (a *Initrd) entry(name string, mode int, content []byte) {
	a.inodes++
	fmt.Fprintf(&a.buffer, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		a.inodes, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	a.buffer.WriteString(name)
	a.buffer.WriteByte(0)
	a.align()
	a.buffer.Write(content)
	a.align()
}

func (a *Initrd) align() {
	for a.buffer.Len()%cpioAlign != 0 {
		a.buffer.WriteByte(0)
	}
}

// New returns an empty archive.
func New() *Initrd { return &Initrd{made: map[string]bool{}} }

// Has reports whether there is something at a path.
func (a *Initrd) Has(name string) bool { return a.made[name] }

// Directory adds a folder and those above it.
func (a *Initrd) Directory(name string) {
	name = path.Clean(name)
	if name == "." || name == "/" || a.made[name] {
		return
	}
	a.Directory(path.Dir(name))
	a.made[name] = true
	a.entry(name[1:], modeDirectory, nil)
}

// add puts a file at an absolute path.
func (a *Initrd) Add(name string, content []byte) {
	a.Directory(path.Dir(name))
	a.made[name] = true
	a.entry(name[1:], modeExecutable, content)
}

// Copy adds a file of this computer.
func (a *Initrd) Copy(name, from string) error {
	content, err := os.ReadFile(from)
	if err == nil {
		a.Add(name, content)
	}
	return err
}

// Clone returns an archive that begins with what is in a.
func (a *Initrd) Clone() *Initrd {
	b := &Initrd{inodes: a.inodes, made: maps.Clone(a.made)}
	b.buffer.Write(a.buffer.Bytes())
	return b
}

// WriteFile writes the archive, compressed; nothing can be added to it any more.
func (a *Initrd) WriteFile(name string) error {
	a.entry(cpioEnd, 0, nil)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := a.buffer.WriteTo(z); err != nil {
		return err
	}
	return errors.Join(z.Close(), f.Close())
}

// Where the loader of Linux looks for libraries.
var libraryFolders = []string{"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"}

const (
	loader        = "/lib64/ld-linux-x86-64.so.2"
	loaderPackage = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
	guestLibrary  = "/lib/x86_64-linux-gnu"
)

// Program adds a dynamically linked program of an unpacked tree of packages, its
// loader and all libraries that it needs.
func (a *Initrd) Program(name, tree, file string) error {
	if err := a.Copy(name, filepath.Join(tree, file)); err != nil {
		return err
	}
	if err := a.Copy(loader, filepath.Join(tree, loaderPackage)); err != nil {
		return err
	}
	return a.libraries(tree, filepath.Join(tree, file), map[string]bool{})
}

func (a *Initrd) libraries(tree, file string, added map[string]bool) error {
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
		if err := a.Copy(path.Join(guestLibrary, library), found); err != nil {
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
