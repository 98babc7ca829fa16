package object

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
func compile(t testing.TB, source string, flags ...string) Input {
	t.Helper()
	requireTool(t, "clang-19")
	out := filepath.Join(t.TempDir(), source+".o")
	args := append([]string{"-c", "-O1", "-g", "-fno-pic", "-mcmodel=small", "-o", out, filepath.Join("testdata", source)}, flags...)
	if b, err := exec.Command("clang-19", args...).CombinedOutput(); err != nil {
		t.Fatalf("clang-19: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return Input{Name: source, Data: b}
}

// memoryFile is what the compiler adds to its objects.
func memoryFile(t testing.TB) *File {
	t.Helper()
	f := New("memory", elf.EM_X86_64)
	chunks := Chunks([]Data{{1024, []byte("hello")}, {200000, []byte("world")}})
	if err := f.AddMemory("", Memory{MinPages: 4, MaxPages: 9}, chunks); err != nil {
		t.Fatal(err)
	}
	if err := f.AddModule(&Module{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMergeLinks links a merged object by the linkers of the system and runs
// the result.
func TestMergeLinks(t *testing.T) {
	for _, flags := range [][]string{{"-O2"}, {"-O0"}, {"-gdwarf-4", "-fasynchronous-unwind-tables"}} {
		merged, err := Merge([]Input{compile(t, "a.c", flags...), compile(t, "b.c", flags...)}, memoryFile(t))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		app := filepath.Join(dir, "app.o")
		if err := os.WriteFile(app, merged, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, linker := range []string{"bfd", "lld-19"} {
			program := filepath.Join(dir, linker)
			requireTool(t, "ld."+linker)
			if b, err := exec.Command("clang-19", "-fuse-ld="+linker, "-no-pie", "-o", program, "testdata/main.c", app).CombinedOutput(); err != nil || len(b) > 0 {
				t.Fatalf("%v %s: %v\n%s", flags, linker, err, b)
			}
			b, err := exec.Command(program).Output()
			const want = "262144 9 hello world\nfd_write 2 172 44 57\n"
			if err != nil || string(b) != want {
				t.Errorf("%v %s: program printed %q, %v, want %q", flags, linker, b, err, want)
			}
		}
	}
}

// TestMergeDebugInformation compares what llvm-dwarfdump reads of a merged
// object with what it reads of ld.lld -r's.
func TestMergeDebugInformation(t *testing.T) {
	requireTool(t, "llvm-dwarfdump-19")
	requireTool(t, "ld.lld-19")
	inputs := []Input{compile(t, "a.c", "-gdwarf-5"), compile(t, "b.c", "-gdwarf-5")}
	dir := t.TempDir()
	args := []string{"-r", "-o", filepath.Join(dir, "lld.o")}
	for _, in := range inputs {
		path := filepath.Join(dir, in.Name+".o")
		if err := os.WriteFile(path, in.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if b, err := exec.Command("ld.lld-19", args...).CombinedOutput(); err != nil {
		t.Fatalf("ld.lld-19: %v\n%s", err, b)
	}
	merged, err := Merge(inputs)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "own.o"), merged, 0o600); err != nil {
		t.Fatal(err)
	}
	dump := func(name string) string {
		b, err := exec.Command("llvm-dwarfdump-19", "--debug-info", "--debug-line", "--eh-frame", filepath.Join(dir, name)).CombinedOutput()
		if err != nil || bytes.Contains(b, []byte("error:")) {
			t.Errorf("llvm-dwarfdump-19 %s: %v\n%s", name, err, b)
		}
		_, text, _ := strings.Cut(string(b), "\n") // its first line names the file
		return text
	}
	if diff := cmp.Diff(dump("lld.o"), dump("own.o")); diff != "" {
		t.Errorf("debug information differs from that of ld.lld -r: %s", diff)
	}
}

func TestMergeIsDeterministic(t *testing.T) {
	inputs := []Input{compile(t, "a.c"), compile(t, "b.c")}
	first, err := Merge(inputs, memoryFile(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Merge(inputs, memoryFile(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two merges of one input differ")
	}
}

// symbolFile is an object with one symbol in a section of 8 bytes, or not.
func symbolFile(name string, s Symbol) *File {
	f := New(name, elf.EM_X86_64)
	f.AddSection(Section{Name: ".data", Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 8, Data: make([]byte, 5)})
	s.Name = "s"
	f.AddSymbol(s)
	return f
}

func TestMergeSymbols(t *testing.T) {
	strong := Symbol{Binding: elf.STB_GLOBAL}
	weak := Symbol{Binding: elf.STB_WEAK, Value: 1}
	undefined := Symbol{Binding: elf.STB_GLOBAL, Section: SectionUndefined}
	weakUndefined := Symbol{Binding: elf.STB_WEAK, Section: SectionUndefined}
	hidden := func(s Symbol) Symbol {
		s.Visibility = elf.STV_HIDDEN
		return s
	}
	named := func(s Symbol, value uint64) *Symbol {
		s.Name, s.Value = "s", value
		return &s
	}
	tests := []struct {
		name string
		a, b Symbol
		want *Symbol // nil: an error
	}{
		{"twice", strong, strong, nil},
		{"defined, undefined", strong, undefined, named(strong, 0)},
		{"undefined, defined", undefined, strong, named(strong, 8)},
		{"undefined hidden, defined", hidden(undefined), strong, named(hidden(strong), 8)},
		{"defined, undefined hidden", strong, hidden(undefined), named(hidden(strong), 0)},
		{"weak, strong", weak, strong, named(strong, 8)},
		{"strong, weak", strong, weak, named(strong, 0)},
		{"weak, weak", weak, weak, named(weak, 1)},
		{"undefined", undefined, weakUndefined, named(undefined, 0)},
		{"undefined weak", weakUndefined, weakUndefined, named(weakUndefined, 0)},
		{"undefined weak, undefined", weakUndefined, undefined, named(undefined, 0)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := MergeFiles(symbolFile("one.o", test.a), symbolFile("two.o", test.b))
			if test.want == nil {
				if err == nil || !strings.Contains(err.Error(), `"s" is defined in one.o and in two.o`) {
					t.Errorf("MergeFiles = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Symbol{*test.want}, f.Symbols); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMergeErrors(t *testing.T) {
	if _, err := MergeFiles(); err == nil {
		t.Error("a merge of nothing succeeded")
	}
	_, err := MergeFiles(New("a", elf.EM_X86_64), New("b", elf.EM_AARCH64))
	if err == nil || !strings.Contains(err.Error(), "EM_AARCH64") {
		t.Errorf("a merge of two machines = %v", err)
	}
	if _, err := Merge([]Input{{"bad.o", []byte("text")}}); err == nil || !strings.Contains(err.Error(), "bad.o: not an ELF file") {
		t.Errorf("a merge of text = %v", err)
	}
}

func TestMergeSections(t *testing.T) {
	file := func(name string, size int, align uint64, flags elf.SectionFlag) *File {
		f := New(name, elf.EM_X86_64)
		f.AddSection(Section{Name: name, Flags: flags, Align: align, Data: bytes.Repeat([]byte{1}, size)})
		return f
	}
	text := elf.SHF_ALLOC | elf.SHF_EXECINSTR
	f, err := MergeFiles(file(".text", 3, 4, text), file(".text", 2, 16, text), file(".text", 1, 1, elf.SHF_ALLOC),
		file(".eh_frame", 12, 8, elf.SHF_ALLOC), file(".eh_frame", 12, 8, elf.SHF_ALLOC))
	if err != nil {
		t.Fatal(err)
	}
	one := func(n int) []byte { return bytes.Repeat([]byte{1}, n) }
	want := []Section{
		{Name: ".text", Type: elf.SHT_PROGBITS, Flags: text, Align: 16, Bytes: 18,
			Data: append(append(one(3), bytes.Repeat([]byte{0xcc}, 13)...), 1, 1)},
		{Name: ".text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Align: 1, Bytes: 1, Data: one(1)},
		{Name: ".eh_frame", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Align: 8, Bytes: 24, Data: one(24)},
	}
	for i := range f.Sections {
		f.Sections[i].Relocations = nil
	}
	if diff := cmp.Diff(want, f.Sections); diff != "" {
		t.Error(diff)
	}
}

// TestMergeFilesUsesUpInputs: what a merged file still held would lie in memory
// twice, several hundred megabytes for a large program.
func TestMergeFilesUsesUpInputs(t *testing.T) {
	relocation := []Relocation{{Offset: 8, Type: uint32(elf.R_X86_64_64), Symbol: 0}}
	var files []*File
	for _, name := range []string{"a", "b"} {
		f := New(name, elf.EM_X86_64)
		f.AddSection(Section{Name: ".data", Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 8, Data: make([]byte, 16), Relocations: relocation})
		f.AddObject(name, 0)
		files = append(files, f)
	}
	merged, err := MergeFiles(files...)
	if err != nil {
		t.Fatal(err)
	}
	if s := merged.FindSection(".data"); s == nil || len(s.Data) != 32 || len(s.Relocations) != 2 || len(merged.Symbols) != 2 {
		t.Errorf("merged: section %+v, %d symbols; want 32 bytes, 2 relocations, 2 symbols", s, len(merged.Symbols))
	}
	for _, f := range files {
		if f.Sections != nil || f.Symbols != nil {
			t.Errorf("%s still has %d sections and %d symbols", f.Name, len(f.Sections), len(f.Symbols))
		}
	}
}
