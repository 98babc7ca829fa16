package image

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// files holds what `make kernel` built, three ELF files for each architecture.
// They are not committed, so there may be none.
//
//go:embed kernels
var files embed.FS

// ErrNoKernel says that this mewz was built without a kernel.
var ErrNoKernel = errors.New("kernel not built: run make kernel, then build mewz again")

// KernelSet is the kernel for an architecture, several times: ELF files of the same
// source (decisions 0015 and 0021).
type KernelSet struct {
	Network []byte // for every program
	Small   []byte // without a network
	Plain   []byte // without a network and without file systems
}

// Kernels returns the kernels for an architecture: "x86_64".
func Kernels(architecture string) (p KernelSet, err error) {
	for _, file := range []struct {
		suffix  string
		content *[]byte
	}{{"", &p.Network}, {"-nonetwork", &p.Small}, {"-plain", &p.Plain}} {
		*file.content, err = files.ReadFile("kernels/" + architecture + file.suffix + ".elf")
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s%s: %w", architecture, file.suffix, ErrNoKernel)
		}
		if err != nil {
			return KernelSet{}, err
		}
	}
	return p, nil
}
