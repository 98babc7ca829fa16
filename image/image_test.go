package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mewz/abi"
	"mewz/compiler/object"
)

// write builds an image and writes it to a file.
func write(t testing.TB, in Input) string {
	t.Helper()
	img, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.img")
	if err := img.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs an image as a process.
func run(t *testing.T, path string) (output string, code int) {
	t.Helper()
	command := exec.Command(path)
	b, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil && !exit.Exited() {
		t.Fatalf("image ended by %v, output %q", exit, b)
	}
	return string(b), command.ProcessState.ExitCode()
}

func TestImageRunsAsProcess(t *testing.T) {
	kernel := processKernel(t)
	t.Run("known imports", func(t *testing.T) {
		path := write(t, Input{ObjectName: "app.o", Object: programObject(t, testModule()), Kernel: kernel})
		if output, code := run(t, path); output != "hello\n0123456789abcdef\n" || code != 7 {
			t.Errorf("image printed %q and exited with %d, want 7", output, code)
		}
	})
	t.Run("unknown import", func(t *testing.T) {
		m := testModule()
		m.Imports = append(m.Imports,
			object.Import{Module: "env", Name: "other", Kind: object.KindFunction},
			object.Import{Module: "env", Name: "nobody", Kind: object.KindFunction, Params: "i"})
		path := write(t, Input{
			ObjectName: "app.o", Object: programObject(t, m, "-DUNKNOWN"), Kernel: kernel, UnknownImports: TrapUnknownImports,
		})
		if _, code := run(t, path); code != 201 {
			t.Errorf("image exited with %d, want 201: second unknown import", code)
		}
	})
	t.Run("without debug information", func(t *testing.T) {
		path := write(t, Input{
			ObjectName: "app.o", Object: programObject(t, testModule(), "-g0", "-fno-asynchronous-unwind-tables"), Kernel: kernel,
		})
		if _, code := run(t, path); code != 7 {
			t.Errorf("image exited with %d, want 7", code)
		}
	})
}

func TestImageLayout(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	archive, err := ReadDirectory(dir, ArchiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, Input{
		ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil), Archive: archive,
		Config: abi.Config{Args: []string{"app"}, StackBytes: 10000},
	})
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(f.Sections) != 0 || f.Entry != syntheticEntry {
		t.Errorf("image has %d sections and entry %#x, want none and the kernel's", len(f.Sections), f.Entry)
	}
	notes, marks := 0, 0
	virtual, physical := uint64(0), uint64(0)
	for i, p := range f.Progs {
		switch p.Type {
		case elf.PT_PHDR:
			if i != 0 || p.Vaddr != 0x400040 {
				t.Errorf("program header table at %#x in place %d, want 0x400040 in 0", p.Vaddr, i)
			}
		case elf.PT_NOTE:
			notes++
			if p.Vaddr != syntheticText+0x80 || p.Off != 0x1080 || p.Filesz != 24 {
				t.Errorf("note at %#x, file %#x, %d bytes", p.Vaddr, p.Off, p.Filesz)
			}
		case abi.ProgramHeaderConfig:
			marks++
			if p.Vaddr != uint64(abi.ConfigBase) {
				t.Errorf("configuration at %#x", p.Vaddr)
			}
		case elf.PT_LOAD:
			if p.Vaddr < virtual || p.Vaddr%abi.PageBytes != p.Off%abi.PageBytes {
				t.Errorf("segment at %#x, file %#x: below the one before or not on a page", p.Vaddr, p.Off)
			}
			virtual = p.Vaddr + p.Memsz
			physical = max(physical, p.Paddr+p.Memsz)
			if p.Vaddr > syntheticText && p.Memsz != p.Filesz {
				t.Errorf("segment at %#x has zero data", p.Vaddr)
			}
		}
	}
	if notes != 1 || marks != 1 {
		t.Errorf("image has %d notes and %d configuration headers, want 1 and 1", notes, marks)
	}
	checkDescription(t, path, physical)
}

// checkDescription checks what Read says of TestImageLayout's image.
func checkDescription(t *testing.T, path string, physical uint64) {
	d, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	c := d.Config
	var kinds []string
	for _, s := range d.Segments {
		kinds = append(kinds, s.Kind)
		if s.Kind == "config" && (uint64(s.Physical)+s.Memory != physical || s.Offset+s.File != d.FileBytes) {
			t.Errorf("the configuration is not the last of memory and file")
		}
	}
	if got, want := strings.Join(kinds, " "), "kernel text rodata data memory memory config symbols archive"; got != want {
		t.Errorf("segments: %s, want %s", got, want)
	}
	if c.Entry != c.TextStart || c.TextStart != 0x404000 || c.StackBytes != 12288 || c.MemoryMinPages != 3 || c.MemoryMaxPages != 100 {
		t.Errorf("configuration %+v", c)
	}
	if len(c.MemoryImages) != 2 || c.MemoryImages[0] != (abi.Range{Start: abi.MemoryBase, Bytes: 4096}) ||
		c.MemoryImages[1] != (abi.Range{Start: abi.MemoryBase + 0x20000, Bytes: 4096}) {
		t.Errorf("initial memory %v", c.MemoryImages)
	}
	if len(c.Zero) != 1 || c.Zero[0].Bytes != 4096 || c.Zero[0].Start != pageUpAddress(c.MemoryBytes) {
		t.Errorf("bss %v", c.Zero)
	}
	if len(d.Imports) != 2 || d.Imports[0].Name != "fd_write" || d.Functions != 6 {
		t.Errorf("imports %v, %d functions", d.Imports, d.Functions)
	}
	if len(d.Archive) != 2 || d.Archive[1] != (ArchiveEntry{Path: "file", Type: abi.ArchiveFile, Bytes: 7}) {
		t.Errorf("archive %v", d.Archive)
	}
}

func pageUpAddress(a abi.VirtAddr) abi.VirtAddr { return abi.VirtAddr(pageUp(uint64(a) + 1)) }

// content returns bytes of an image at a virtual address.
func content(t *testing.T, b []byte, address abi.VirtAddr, n uint64) []byte {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && uint64(address) >= p.Vaddr && uint64(address)+n <= p.Vaddr+p.Filesz {
			return b[p.Off+uint64(address)-p.Vaddr:][:n]
		}
	}
	t.Fatalf("nothing at %#x", address)
	return nil
}

func encode(t testing.TB, in Input) (*Image, []byte) {
	t.Helper()
	img, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := img.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return img, b.Bytes()
}

func TestRelocationsAndStubs(t *testing.T) {
	img, b := encode(t, Input{ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil)})
	le := binary.LittleEndian
	start := img.Config.TextStart
	text := content(t, b, start, uint64(img.Config.TextEnd-start))
	jump := func(at uint64) uint64 { return uint64(start) + at + 4 + uint64(int64(int32(le.Uint32(text[at:])))) }
	if got := jump(1); got != uint64(start)+16 {
		t.Errorf("call of f goes to %#x", got)
	}
	if got := le.Uint32(text[20:]); got != uint32(abi.MemoryBase)+0x1234 {
		t.Errorf("wasm_memory+0x1234 is %#x", got)
	}
	if got := jump(28); got != syntheticText+16 {
		t.Errorf("call of memcpy goes to %#x, want the function of ABI0", got)
	}
	stub := jump(6) - uint64(start)
	number, _, _ := abi.LookupFunction("wasi_snapshot_preview1", "fd_write", "iiii", "i")
	if text[stub] != 0xb8 || le.Uint32(text[stub+1:]) != uint32(number) || text[stub+5] != 0xe9 || jump(stub+6) != syntheticText+6*16 {
		t.Errorf("stub of fd_write is % x", text[stub:stub+10])
	}
	if text[stub+10] != 0xcc {
		t.Errorf("text is padded with %#x", text[stub+10])
	}
}

func TestBuildIsDeterministic(t *testing.T) {
	in := Input{ObjectName: "app.o", Object: programObject(t, testModule()), Kernel: syntheticKernel(nil)}
	_, first := encode(t, in)
	_, second := encode(t, in)
	if !bytes.Equal(first, second) {
		t.Error("two builds of one input differ")
	}
}

// TestBuildChoosesKernel: only a program that wants no network gets the small one.
func TestBuildChoosesKernel(t *testing.T) {
	importing := func(names ...string) *object.Module {
		m := testModule()
		for i := range names {
			for _, f := range abi.Functions {
				if f.Name == names[i] {
					m.Imports = append(m.Imports, object.Import{Module: f.Module, Name: f.Name, Kind: object.KindFunction, Params: f.Params, Results: f.Results})
					break
				}
			}
		}
		return m
	}
	small := syntheticKernel(func(p *elf.Prog64) { p.Memsz += 0x1000 })
	plain := syntheticKernel(func(p *elf.Prog64) { p.Memsz += 0x2000 })
	mounts := []abi.Mount{{Kind: abi.MountMemory, Guest: "/tmp"}}
	const whole, noNetwork, nothing = 0, 1, 2
	for _, test := range []struct {
		name         string
		module       *object.Module
		config       abi.Config
		small, plain []byte
		want         int
	}{
		{"nothing", importing(), abi.Config{}, small, plain, nothing},
		{"sockets of preview 1", importing("sock_accept", "sock_recv"), abi.Config{Network: abi.Network{HostName: "web"}}, small, plain, nothing},
		{"streams", importing("fd_read", "fd_seek", "fd_fdstat_get"), abi.Config{}, small, plain, nothing},
		{"files", importing("path_open"), abi.Config{}, small, plain, noNetwork},
		{"directories", importing("fd_prestat_get"), abi.Config{}, small, plain, noNetwork},
		{"--tmpfs", importing(), abi.Config{Mounts: mounts}, small, plain, noNetwork},
		{"sockets", importing("sock_open"), abi.Config{}, small, plain, whole},
		{"names", importing("sock_getaddrinfo"), abi.Config{}, small, plain, whole},
		{"--net user", importing(), abi.Config{Network: abi.Network{Enabled: true}}, small, plain, whole},
		{"--ip", importing(), abi.Config{Network: abi.Network{Addresses: []string{"10.0.0.2/24"}}}, small, plain, whole},
		{"--listen", importing("path_open"), abi.Config{Network: abi.Network{Listen: []string{"0.0.0.0:80"}}}, small, plain, whole},
		{"no plain kernel", importing(), abi.Config{}, small, nil, noNetwork},
		{"no small kernel", importing(), abi.Config{}, nil, nil, whole},
	} {
		img, err := Build(Input{
			ObjectName: "app.o", Object: handObject(t, test.module, nil), Kernel: syntheticKernel(nil), Small: test.small, Plain: test.plain,
			Config: test.config,
		})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		text := abi.VirtAddr(0x404000 + 0x1000*test.want) // behind the kernel
		c := &img.Config
		if c.TextStart != text || c.Network.Absent != (test.want != whole) || c.FilesAbsent != (test.want == nothing) {
			t.Errorf("%s: text at %#x, want %#x; absent: network %v, files %v", test.name, c.TextStart, text, c.Network.Absent, c.FilesAbsent)
		}
	}
}

func TestBuildErrors(t *testing.T) {
	good := handObject(t, testModule(), nil)
	undefined := func(name string) func(*object.File) {
		return func(f *object.File) {
			s := f.AddSymbol(object.Symbol{Name: name, Binding: elf.STB_GLOBAL, Section: object.SectionUndefined})
			f.Sections[0].Relocations = append(f.Sections[0].Relocations, object.Relocation{Offset: 40, Type: uint32(elf.R_X86_64_PC32), Symbol: uint32(s)})
		}
	}
	relocation := func(kind elf.R_X86_64, offset uint64, addend int64) func(*object.File) {
		return func(f *object.File) {
			f.Sections[0].Relocations = append(f.Sections[0].Relocations,
				object.Relocation{Offset: offset, Type: uint32(kind), Symbol: 1, Addend: addend})
		}
	}
	noStart := func(f *object.File) { f.Symbols[0].Name = "other" }
	tests := []struct {
		name   string
		object []byte
		kernel []byte
		want   string
	}{
		{"no ELF", []byte("hello"), nil, "app.o: not an ELF file"},
		{"truncated", good[:len(good)/2], nil, "beyond the end of the file"},
		{"no metadata", compile(t, "program.c"), nil, "not an object of mewz compile"},
		{"undefined", handObject(t, testModule(), undefined("printf")), nil, `"printf" (needed by .text+0x28)`},
		{"kernel symbol", handObject(t, testModule(), undefined("mewz/kernel/instance.memcpy")), nil, "undefined symbols"},
		{"hostcall", handObject(t, testModule(), undefined("hostcall")), nil, `"hostcall" (needed by`},
		{"range", handObject(t, testModule(), relocation(elf.R_X86_64_PC32, 17, 1<<33)), nil, `app.o: .text+0x11 (f): relocation R_X86_64_PC32 against "f" (0x20`},
		{"unsigned range", handObject(t, testModule(), relocation(elf.R_X86_64_32, 0, -1<<40)), nil, "does not fit"},
		{"section end", handObject(t, testModule(), relocation(elf.R_X86_64_64, 60, 0)), nil, "lies beyond the end of its section"},
		{"type", handObject(t, testModule(), relocation(elf.R_X86_64_GOTPCREL, 0, 0)), nil, "R_X86_64_GOTPCREL against \"f\""},
		{"no start", handObject(t, testModule(), noStart), nil, "symbol wasm_start is not defined"},
		{"kernel without note", good, bytes.ReplaceAll(syntheticKernel(nil), []byte("Xen\x00"), []byte("Xan\x00")), "has no PVH note"},
		{"kernel without symbols", good, bytes.ReplaceAll(syntheticKernel(nil), []byte("memset"), []byte("memsit")), "has no function mewz/kernel/instance.memset"},
		{"kernel with large bss", good, syntheticKernel(func(p *elf.Prog64) { p.Memsz = 40 << 20 }), "does it import crypto?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.kernel == nil {
				test.kernel = syntheticKernel(nil)
			}
			_, err := Build(Input{ObjectName: "app.o", Object: test.object, Kernel: test.kernel})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Build = %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestReplaceConfig(t *testing.T) {
	source := write(t, Input{
		ObjectName: "app.o", Object: programObject(t, testModule()), Kernel: processKernel(t), Config: abi.Config{Args: []string{"app"}},
	})
	for _, target := range []string{filepath.Join(t.TempDir(), "other.img"), source} {
		err := ReplaceConfig(source, target, func(c *abi.Config) error {
			c.Args = append(c.Args, strings.Repeat("x", 10000))
			c.Env = []string{"A=b"}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(target)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Config.Args) != 2 || d.Config.Env[0] != "A=b" {
			t.Errorf("configuration of %s: %v", target, d.Config)
		}
		if output, code := run(t, target); output != "hello\n0123456789abcdef\n" || code != 7 {
			t.Errorf("image printed %q and exited with %d, want 7", output, code)
		}
	}
	if err := ReplaceConfig("testdata/kernel.c", source, nil); !errors.Is(err, ErrNotImage) {
		t.Errorf("ReplaceConfig of a text file = %v, want ErrNotImage", err)
	}
}

func TestWriteFileFailsWhole(t *testing.T) {
	img, err := Build(Input{ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil)})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tests := []struct {
		path string
		want error
	}{
		{"/dev/full", syscall.ENOSPC},
		{filepath.Join(dir, "missing", "a.img"), fs.ErrNotExist},
		{filepath.Join("testdata", "kernel.c", "a.img"), syscall.ENOTDIR},
		{dir, nil},
	}
	for _, test := range tests {
		err := img.WriteFile(test.path)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.path) || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("WriteFile(%s) = %v, want %v with that path", test.path, err, test.want)
		}
	}
	img.pieces = append(img.pieces, piece{offset: img.config, source: failingSource{}, bytes: 1})
	old := filepath.Join(dir, "old.img")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := img.WriteFile(old); !errors.Is(err, errSource) {
		t.Errorf("WriteFile = %v, want errSource", err)
	}
	if b, _ := os.ReadFile(old); string(b) != "old" {
		t.Errorf("a failed WriteFile left %q", b)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("a failed WriteFile left %v", entries)
	}
}

// TestBuildTooLarge has files that fit one by one but not together with the
// rest of the image.
func TestBuildTooLarge(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(physicalMaxBytes - 4096); err != nil {
		t.Fatal(err)
	}
	archive, err := ReadDirectory(dir, ArchiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Build(Input{ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil), Archive: archive})
	if err == nil || !strings.Contains(err.Error(), "MiB of memory before it runs, at most 2048") {
		t.Errorf("Build = %v", err)
	}
}

// TestReadDamaged describes files that are no images, or parts of one.
func TestReadDamaged(t *testing.T) {
	path := write(t, Input{ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil)})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	version := abi.AppendConfig(nil, &abi.Config{})[:len("mewzcfg0")] // its magic
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "not an image of mewz build"},
		{"text", []byte("text"), "not an image of mewz build"},
		{"truncated", b[:len(b)-1], "the image is truncated"},
		{"longer", append(bytes.Clone(b), 0), "the configuration is not the end of the image"},
		{"kernel alone", syntheticKernel(nil), "not an image of mewz build"},
		{"other version", bytes.Replace(b, version, []byte("mewzcfg0"), 1), "not a configuration of this version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.img")
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Read = %v, want %q", err, test.want)
			}
		})
	}
	if _, err := Read(t.TempDir()); !errors.Is(err, ErrNotImage) {
		t.Errorf("Read of a directory = %v", err)
	}
}

// Code that has loops at the beginnings of lines is moved as a whole.
func TestLoopsInLines(t *testing.T) {
	object := handObject(t, testModule(), func(f *object.File) { f.Sections[0].Align = lineBytes })
	img, _ := encode(t, Input{ObjectName: "app.o", Object: object, Kernel: syntheticKernel(nil)})
	c := &img.Config
	if c.TextStart%abi.PageBytes != 0 || c.Entry != c.TextStart+loopOffset {
		t.Errorf("entry at %#x, text at %#x, want %d bytes between", c.Entry, c.TextStart, loopOffset)
	}
}
