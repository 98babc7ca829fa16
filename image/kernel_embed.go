package image

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// kernels holds what `make kernel` built, one ELF file for each architecture.
// They are not committed, so there may be none.
//
//go:embed kernels
var kernels embed.FS

// ErrNoKernel says that this mewz was built without a kernel.
var ErrNoKernel = errors.New("kernel not built: run make kernel, then build mewz again")

// Kernel returns the kernel for an architecture: "x86_64".
func Kernel(architecture string) ([]byte, error) {
	b, err := kernels.ReadFile("kernels/" + architecture + ".elf")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", architecture, ErrNoKernel)
	}
	return b, err
}
