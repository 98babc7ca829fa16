package qemu

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/vmm"
)

// needTool skips on a laptop and fails where the tools have to be.
func needTool(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

func TestProbeRunsOnEachMachine(t *testing.T) {
	needTool(t, Program)
	for _, machine := range Machines {
		v := &VMM{Machine: machine}
		if err := v.Probe(t.Context(), AccelTCG); err != nil {
			t.Errorf("%s: %v", machine, err)
		}
	}
}

// guestFile assembles a guest of testdata into a bootable image.
func guestFile(t *testing.T, name string) string {
	t.Helper()
	needTool(t, "clang-19", "llvm-objcopy-19")
	base := filepath.Join(t.TempDir(), name)
	for _, argv := range [][]string{
		{"clang-19", "--target=i386-linux-gnu", "-c", "testdata/" + name + ".s", "-o", base + ".o"},
		{"llvm-objcopy-19", "-O", "binary", "-j", ".text", base + ".o", base + ".bin"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	code, err := os.ReadFile(base + ".bin")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(base+".img", pvhImage(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return base + ".img"
}

func TestStdinThroughRealSerialLine(t *testing.T) {
	needTool(t, Program)
	image := guestFile(t, "echo")
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, 15, 16, 17, 4096, 4097, 20_000} {
		in := make([]byte, size)
		random.Read(in)
		var out bytes.Buffer
		m := &vmm.Machine{Image: image, MemoryBytes: 16 << 20, Stdin: bytes.NewReader(in), Stdout: &out}
		v := &VMM{Accel: AccelTCG}
		result, err := v.Run(t.Context(), m)
		if err != nil || result.Code != 42 || !bytes.Equal(out.Bytes(), in) {
			t.Fatalf("%d bytes: Run = %+v, %v, %d bytes came back", size, result, err, out.Len())
		}
	}
}
