package image

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mewz/abi"
)

// TestImageBoots has QEMU load an image by PVH and compares checksums of the
// physical memory of each segment with the file.
func TestImageBoots(t *testing.T) {
	const qemu = "qemu-system-x86_64"
	requireTool(t, qemu)
	archive, err := ReadDirectory(makeTree(t), ArchiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, Input{
		ObjectName: "app.o", Object: programObject(t, testModule()), Kernel: processKernel(t), Archive: archive,
		Config: abi.Config{Args: []string{"app"}},
	})
	want := checksums(t, path)
	for _, machine := range []string{"microvm", "q35", "pc"} {
		t.Run(machine, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			out := filepath.Join(t.TempDir(), "out")
			command := exec.CommandContext(ctx, qemu, "-accel", "tcg", "-M", machine, "-m", "32", "-kernel", path,
				"-display", "none", "-nodefaults", "-no-reboot", "-debugcon", "file:"+out,
				"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=4", abi.DebugExitPort))
			b, err := command.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 2*5+1 {
				t.Fatalf("%s: %v\n%s", qemu, err, b)
			}
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			// Firmware writes to the same port before; the checksums are last.
			if !bytes.HasSuffix(got, want) {
				t.Errorf("checksums % x, want % x at the end", got, want)
			}
		})
	}
}

// checksums returns, for each loaded segment of an image, what pvh_entry of
// testdata/kernel.c sends.
func checksums(t *testing.T, path string) []byte {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sums []byte
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		data, err := io.ReadAll(p.Open())
		if err != nil {
			t.Fatal(err)
		}
		sum := uint32(0)
		for _, c := range data {
			sum = bits.RotateLeft32(sum, 1) + uint32(c)
		}
		sums = binary.LittleEndian.AppendUint32(sums, sum)
	}
	return sums
}
