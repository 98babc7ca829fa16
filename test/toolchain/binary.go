package toolchain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// BinaryPackages are packages of Debian that are not installed but unpacked
// into a folder of their own below build/, because only files of them are wanted.
type BinaryPackages struct {
	Folder string
	Names  []string
	// Newest are packages without files that depend on what is wanted, like
	// linux-image-amd64: the first dependency of each is unpacked too.
	Newest []string
}

// Fetch downloads and unpacks the packages unless they are there. It returns
// the folder that stands for / to them.
func (p *BinaryPackages) Fetch() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	debian := filepath.Join(root, "build", "debian")
	unpacked := filepath.Join(debian, p.Folder)
	if _, err := os.Stat(unpacked); err == nil {
		return unpacked, nil
	}
	unlock, err := lock(debian, "apt")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(unpacked); err == nil {
		return unpacked, nil
	}
	if err := p.unpack(debian, unpacked); err != nil {
		return "", fmt.Errorf("packages %s: %w", p.Folder, err)
	}
	return unpacked, nil
}

func (p *BinaryPackages) unpack(debian, unpacked string) error {
	options, err := aptOptions(filepath.Join(debian, "apt"))
	if err != nil {
		return err
	}
	names := append([]string(nil), p.Names...)
	for _, meta := range p.Newest {
		name, err := firstDependency(options, meta)
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	scratch, err := os.MkdirTemp(debian, ".unpacking-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := command(scratch, nil, "apt-get", append(append(options, "download"), names...)...); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(scratch, "*.deb"))
	if err != nil {
		return err
	}
	if len(packages) != len(names) {
		return fmt.Errorf("apt-get downloaded %d packages, want %s", len(packages), strings.Join(names, " "))
	}
	tree := filepath.Join(scratch, "tree")
	for _, file := range packages {
		if err := command(scratch, nil, "dpkg-deb", "-x", file, tree); err != nil {
			return err
		}
	}
	return os.Rename(tree, unpacked)
}

// firstDependency asks apt what a package depends on.
func firstDependency(options []string, name string) (string, error) {
	output, err := exec.Command("apt-cache", append(options, "depends", name)...).Output()
	if err != nil {
		return "", fmt.Errorf("apt-cache depends %s: %w", name, err)
	}
	for line := range strings.Lines(string(output)) {
		if dependency, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: "); ok {
			return dependency, nil
		}
	}
	return "", errors.New(name + " depends on nothing")
}
