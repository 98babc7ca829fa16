package image

import (
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/abi"
	"mewz/compiler/debuginfo"
	"mewz/compiler/object"
)

// FuzzLink links damaged objects: every failure is an error.
func FuzzLink(f *testing.F) {
	f.Add(handObject(f, testModule(), nil))
	if _, err := exec.LookPath("clang-19"); err == nil {
		f.Add(programObject(f, testModule()))
		f.Add(mergeProgram(f, plainModule(), []object.Input{{Name: "frames.o", Data: compile(f, "frames.c")}}))
	}
	kernel := syntheticKernel(nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		if merged, err := object.Merge([]object.Input{{Name: "a", Data: b}}, object.New("b", elf.EM_X86_64)); err == nil {
			if _, err := object.Read("merged", merged); err != nil {
				t.Errorf("Read(Merge(x)) = %v", err)
			}
		}
		img, err := Build(Input{ObjectName: "app.o", Object: b, Kernel: kernel, UnknownImports: TrapUnknownImports})
		if err != nil {
			return
		}
		if _, err := img.WriteTo(io.Discard); err != nil {
			t.Errorf("WriteTo = %v", err)
		}
	})
}

// debugLinker is a linker with 64 KiB of text and one section to read.
func debugLinker(name string, b []byte) *linker {
	o := object.New("debug", elf.EM_X86_64)
	o.AddSection(object.Section{Name: name, Data: append([]byte{}, b...)})
	return &linker{
		object: o, machine: &machineX8664, placed: make([]placement, 1),
		text: segment{address: uint64(abi.MemoryBase), bytes: 1 << 16},
	}
}

// FuzzEhFrame reads damaged call frame information.
func FuzzEhFrame(f *testing.F) {
	f.Add([]byte{16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8,
		18, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0x41, 0x0e, 16, 0x86, 2})
	if _, err := exec.LookPath("clang-19"); err == nil {
		for _, flag := range []string{"-O0", "-O2"} {
			o, err := object.Read("", compile(f, "frames.c", flag, "-fno-omit-frame-pointer"))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(o.FindSection(debuginfo.EHFrameSection).Data)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := debugLinker(debuginfo.EHFrameSection, b)
		rows := finishRows(l.unwindRows())
		for i, r := range rows {
			if i > 0 && r.Start <= rows[i-1].Start || uint64(r.Start) > l.text.bytes || r.CFAOffset < 0 {
				t.Fatalf("row %d is %+v", i, r)
			}
		}
		if len(rows) > 2*len(b) {
			t.Errorf("%d rows of %d bytes", len(rows), len(b))
		}
	})
}

// FuzzLine reads damaged line tables.
func FuzzLine(f *testing.F) {
	if _, err := exec.LookPath("clang-19"); err == nil {
		for _, flag := range []string{"-gdwarf-5", "-gdwarf-4"} {
			o, err := object.Read("", compile(f, "frames.c", flag))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(o.FindSection(lineSection).Data)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		locations := debugLinker(lineSection, b).locations()
		for i := range locations {
			if i > 0 && locations[i].Start <= locations[i-1].Start {
				t.Fatalf("location %d is %+v after %+v", i, locations[i], locations[i-1])
			}
		}
	})
}

// FuzzRead describes damaged images, archive, symbols and configuration
// included.
func FuzzRead(f *testing.F) {
	archive, err := ReadDirectory(makeTree(f), ArchiveOptions{ZeroTimes: true})
	if err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(write(f, Input{
		ObjectName: "app.o", Object: handObject(f, testModule(), nil), Kernel: syntheticKernel(nil), Archive: archive,
		Config: abi.Config{Args: []string{"a", "b"}, Env: []string{"C=d"}},
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	path := filepath.Join(f.TempDir(), "image")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Read(path)
		if err != nil {
			return
		}
		if len(d.Archive) > len(b) {
			t.Errorf("%d files in %d bytes", len(d.Archive), len(b))
		}
		if err := ReplaceConfig(path, path+".new", func(*abi.Config) error { return nil }); err != nil {
			t.Errorf("ReplaceConfig = %v", err)
		}
	})
}

// FuzzArchive walks damaged archives.
func FuzzArchive(f *testing.F) {
	f.Add(encodeArchive(f, makeTree(f), ArchiveOptions{ZeroTimes: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := abi.OpenArchive(b)
		if err != nil {
			return
		}
		for i := range a.Nodes {
			n, _, data, err := a.Node(i)
			if err == nil && n.Type == abi.ArchiveFile && uint64(len(data)) != n.Size {
				t.Fatalf("node %d has %d bytes, says %d", i, len(data), n.Size)
			}
		}
	})
}
