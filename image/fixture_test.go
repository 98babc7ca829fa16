package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/abi"
	"mewz/compiler/object"
)

// Addresses of syntheticKernel.
const (
	syntheticText  = 0x401000
	syntheticEntry = syntheticText + 0x100
)

// syntheticKernel makes the least kernel that the linker takes, without any
// tool: one page of code with the functions, the note, and bss.
func syntheticKernel(change func(*elf.Prog64)) []byte {
	le := binary.LittleEndian
	text := make([]byte, 0x200)
	copy(text[0x80:], pvhNote)
	le.PutUint64(text[0x90:], syntheticEntry)
	names := []byte{0}
	symbols := make([]byte, 24)
	for i, name := range []string{"hostcall", "memcpy.abi0", "memcpy", "memmove", "memset", "hostcall2", "hostcall4", "hostcall6"} {
		symbols = le.AppendUint32(symbols, uint32(len(names)))
		symbols = append(symbols, elf.ST_INFO(elf.STB_LOCAL, elf.STT_FUNC), 0)
		symbols = le.AppendUint16(symbols, 1)
		symbols = le.AppendUint64(symbols, uint64(syntheticText+16*i))
		symbols = le.AppendUint64(symbols, 16)
		names = append(append(names, kernelPackage+name...), 0)
	}
	b := make([]byte, abi.PageBytes)
	load := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: 0x400000, Paddr: 0x400000,
		Filesz: 0x1200, Memsz: 0x3210, Align: abi.PageBytes,
	}
	if change != nil {
		change(&load)
	}
	b = append(b, text...)
	sections := []elf.Section64{
		{},
		{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Addr: syntheticText, Off: abi.PageBytes, Size: uint64(len(text))},
		{Type: uint32(elf.SHT_SYMTAB), Off: uint64(len(b)), Size: uint64(len(symbols)), Link: 3, Info: 1, Entsize: 24},
		{Type: uint32(elf.SHT_STRTAB), Off: uint64(len(b) + len(symbols)), Size: uint64(len(names))},
	}
	b = append(append(b, symbols...), names...)
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: syntheticEntry, Phoff: 64, Phnum: 1,
		Ehsize: 64, Phentsize: 56, Shoff: uint64(len(b)), Shentsize: 64, Shnum: uint16(len(sections)), Shstrndx: 3,
	}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	b, _ = binary.Append(b, le, sections)
	head, _ := binary.Append(nil, le, &h)
	head, _ = binary.Append(head, le, &load)
	copy(b, head)
	return b
}

// requireTool skips a test whose tool is missing; in CI that is a failure.
func requireTool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// compile compiles a C file of testdata as the compiler does: static, small
// code model.
func compile(t testing.TB, source string, flags ...string) []byte {
	t.Helper()
	requireTool(t, "clang-19")
	out := filepath.Join(t.TempDir(), "out.o")
	args := append([]string{
		"-c", "-O2", "-g", "-ffreestanding", "-fno-pic", "-mcmodel=small", "-fno-stack-protector", "-fomit-frame-pointer",
		"-fasynchronous-unwind-tables", "-o", out, filepath.Join("testdata", source),
	}, flags...)
	if b, err := exec.Command("clang-19", args...).CombinedOutput(); err != nil {
		t.Fatalf("clang-19: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// processKernel builds testdata/kernel.c.
func processKernel(t testing.TB) []byte {
	t.Helper()
	requireTool(t, "ld.lld-19")
	number := func(name string) int {
		for i, f := range abi.Functions {
			if f.Name == name {
				return i
			}
		}
		t.Fatal(name)
		return 0
	}
	o := compile(t, "kernel.c",
		fmt.Sprintf("-DFD_WRITE=%d", number("fd_write")), fmt.Sprintf("-DPROC_EXIT=%d", number("proc_exit")),
		fmt.Sprintf("-DCALL_MEMORY_GROW=%d", abi.CallMemoryGrow), fmt.Sprintf("-DCALL_UNKNOWN_IMPORT=%d", abi.CallUnknownImport),
		fmt.Sprintf("-DCHANNEL_PORT=%d", abi.ChannelPort), fmt.Sprintf("-DDEBUG_EXIT_PORT=%d", abi.DebugExitPort),
		fmt.Sprintf("-DMEMORY_BASE=%d", uint64(abi.MemoryBase)), fmt.Sprintf("-DCONFIG_BASE=%d", uint64(abi.ConfigBase)))
	dir := t.TempDir()
	in, out := filepath.Join(dir, "kernel.o"), filepath.Join(dir, "kernel")
	if err := os.WriteFile(in, o, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.Command("ld.lld-19", "-static", "-T", filepath.Join("testdata", "kernel.ld"), "-o", out, in).CombinedOutput(); err != nil {
		t.Fatalf("ld.lld-19: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// testModule is the metadata of testdata/program.c.
func testModule() *object.Module {
	return &object.Module{
		Name: "program",
		Imports: []object.Import{
			{Module: "wasi_snapshot_preview1", Name: "fd_write", Kind: object.KindFunction, Params: "iiii", Results: "i"},
			{Module: "wasi_snapshot_preview1", Name: "proc_exit", Kind: object.KindFunction, Params: "i"},
		},
		Memory: &object.Memory{MinPages: 3, MaxPages: 100, HasMax: true},
		Functions: []object.Function{
			{Symbol: "print", Index: 7, Name: "print it"},
			{Symbol: "fail", Index: 8},
		},
		Exports: []object.Export{{Name: "exported", Kind: object.KindFunction, Symbol: "fail"}},
	}
}

// programObject compiles testdata/program.c and adds what the compiler adds.
func programObject(t testing.TB, m *object.Module, flags ...string) []byte {
	t.Helper()
	return mergeProgram(t, m, []object.Input{{Name: "program.o", Data: compile(t, "program.c", flags...)}})
}

// testData is the initial memory of testModule.
var testData = []object.Data{{Offset: 0x400, Bytes: []byte("hello\n")}, {Offset: 0x20000, Bytes: []byte("ABCD")}}

func mergeProgram(t testing.TB, m *object.Module, inputs []object.Input, more ...*object.File) []byte {
	t.Helper()
	return mergeData(t, m, testData, inputs, more...)
}

// mergeData merges objects with what the compiler adds: metadata and memory.
func mergeData(t testing.TB, m *object.Module, data []object.Data, inputs []object.Input, more ...*object.File) []byte {
	t.Helper()
	extra := object.New("extra", elf.EM_X86_64)
	if err := extra.AddModule(m); err != nil {
		t.Fatal(err)
	}
	if m.Memory != nil {
		if err := extra.AddMemory(m.SymbolPrefix, *m.Memory, object.Chunks(data)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := object.Merge(inputs, append([]*object.File{extra}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// handObject makes an object without any tool: wasm_start calls f and then an
// import, and f loads from linear memory.
func handObject(t testing.TB, m *object.Module, change func(*object.File)) []byte {
	t.Helper()
	return mergeProgram(t, m, nil, handFile(change))
}

func handFile(change func(*object.File)) *object.File {
	f := object.New("hand", elf.EM_X86_64)
	code := bytes.Repeat([]byte{0x90}, 64)
	text := f.AddSection(object.Section{Name: ".text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: code})
	f.AddSection(object.Section{Name: ".bss", Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 32, Bytes: 5000})
	start := object.Symbol{Name: "wasm_start", Binding: elf.STB_GLOBAL, Type: elf.STT_FUNC, Section: text, Bytes: 16}
	function := object.Symbol{Name: "f", Binding: elf.STB_GLOBAL, Type: elf.STT_FUNC, Visibility: elf.STV_HIDDEN, Section: text, Value: 16, Bytes: 16}
	f.AddSymbol(start)
	f.AddSymbol(function)
	undefined := func(name string) uint32 {
		return uint32(f.AddSymbol(object.Symbol{Name: name, Binding: elf.STB_GLOBAL, Section: object.SectionUndefined}))
	}
	call, memory := uint32(elf.R_X86_64_PLT32), uint32(elf.R_X86_64_32S)
	f.Sections[text].Relocations = []object.Relocation{
		{Offset: 1, Type: call, Symbol: 1, Addend: -4},
		{Offset: 6, Type: call, Symbol: undefined("wasi_snapshot_preview1.fd_write"), Addend: -4},
		{Offset: 20, Type: memory, Symbol: undefined("wasm_memory"), Addend: 0x1234},
		{Offset: 28, Type: call, Symbol: undefined("memcpy"), Addend: -4},
	}
	if change != nil {
		change(f)
	}
	return f
}
