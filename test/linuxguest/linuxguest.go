// Package linuxguest makes what the benchmarks compare with boots from: Debian's
// kernel and an initial file system with a program of ours as its first process.
//
// In: an unpacked tree of Debian's packages, files. Out: the kernel and an initrd.
package linuxguest

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Kernel returns the one kernel of an unpacked tree, and its version.
func Kernel(tree string) (path, version string, err error) {
	kernels, err := filepath.Glob(filepath.Join(tree, "boot", "vmlinuz-*"))
	if err != nil || len(kernels) != 1 {
		return "", "", fmt.Errorf("%s has %d kernels, want 1: remove it", tree, len(kernels))
	}
	return kernels[0], strings.TrimPrefix(filepath.Base(kernels[0]), "vmlinuz-"), nil
}

// Modules adds modules of the kernel, by their paths below lib/modules/VERSION/kernel,
// to a folder.
func (a *Initrd) Modules(folder, tree, version string, modules []string) error {
	for _, module := range modules {
		from := filepath.Join(tree, "lib/modules", version, "kernel", module)
		if err := a.Copy(filepath.Join(folder, filepath.Base(module)), from); err != nil {
			return err
		}
	}
	return nil
}
