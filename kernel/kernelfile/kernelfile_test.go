package kernelfile

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mewz/abi"
)

// TestKernel builds the kernels of decisions 0015 and 0021.
func TestKernel(t *testing.T) {
	for _, test := range []struct {
		tags string
		most int // bytes
	}{
		{"", 29 << 17},                  // an image with a network may have 3.5 MB
		{"nonetwork", 3 << 20},          // it is much larger than that of a program that opens files
		{"nonetwork,nofiles", 19 << 17}, // and that of hello 2.5 MB
	} {
		file, err := Build(".", "mewz/kernel", test.tags)
		if err != nil {
			t.Fatal(err)
		}
		checkPVHNote(t, file)
		if len(file) > test.most {
			t.Errorf("tags %q: the kernel has %d bytes, want at most %d", test.tags, len(file), test.most)
		}
		for part, tag := range map[string]string{"mewz/kernel/netstack/tcp.": "nonetwork", "mewz/kernel/vfs/ext4.": "nofiles", "mewz/kernel/vfs/memfs.": "nofiles"} {
			if has := bytes.Contains(file, []byte(part)); has == strings.Contains(test.tags, tag) {
				t.Errorf("tags %q: %s = %v", test.tags, part, has)
			}
		}
	}
}

func checkPVHNote(t *testing.T, file []byte) {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	notes := 0
	for _, p := range f.Progs {
		b := make([]byte, NoteBytes)
		if p.Type == elf.PT_NOTE && p.Filesz == NoteBytes {
			if _, err := p.ReadAt(b, 0); err == nil && string(b[12:15]) == "Xen" {
				notes++
			}
		}
	}
	if notes != 1 {
		t.Errorf("%d PVH notes, want 1", notes)
	}
}

func TestBase(t *testing.T) {
	if base != abi.KernelBase {
		t.Errorf("base = %#x, abi.KernelBase = %#x", base, abi.KernelBase)
	}
}

// TestLintFinds builds a program whose code below the runtime does what it must
// not, by giving it the name of a package that lies there.
func TestLintFinds(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module mewz\n\ngo 1.26\n")
	write("main.go", "package main\n\nimport \"mewz/kernel/memory\"\n\nfunc main() { memory.Bad(len(memory.List), &memory.P) }\n")
	write("kernel/memory/bad.go", `package memory

var (
	List [5]int
	P *int
	sink any
)

//go:nosplit
func index(i int) int { return List[i] }

//go:noinline
func grows(i int) { var b [4096]byte; b[i&4095] = 1; sink = b[0] }

//go:noinline
func Bad(i int, p **int) {
	grows(index(i - 1))
	*p = new(int)
}
`)
	out := filepath.Join(dir, "out")
	cmd := exec.Command("go", "build", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	f, err := elf.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = Lint(f)
	if err == nil {
		t.Fatal("Lint finds nothing")
	}
	for _, want := range []string{"runtime.morestack", "runtime.newobject", "runtime.gcWriteBarrier", "runtime.panic"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Lint does not find %s; it says %v", want, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	if err := Check([]byte("not ELF")); err == nil {
		t.Error("Check accepts a text")
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(self); err == nil || !strings.Contains(err.Error(), fixedHeap) {
		t.Error("Check accepts a program without package boot")
	}
}
