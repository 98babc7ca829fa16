package object

import (
	"debug/elf"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// movable is an object whose line table steps over line 0 in every way.
func movable(t *testing.T) *File {
	t.Helper()
	var b strings.Builder
	b.WriteString("define void @f(ptr %p) !dbg !4 {\n")
	for i := range 40 {
		fmt.Fprintf(&b, "store volatile i32 %d, ptr %%p, !dbg !%d\n", i, 10+i)
	}
	b.WriteString("ret void\n}\n!llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!1}\n" +
		"!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !2, emissionKind: LineTablesOnly)\n!1 = !{i32 2, !\"Debug Info Version\", i32 3}\n" +
		"!2 = !DIFile(filename: \"m\", directory: \"\")\n!3 = !DISubroutineType(types: !5)\n!5 = !{}\n" +
		"!4 = distinct !DISubprogram(name: \"f\", file: !2, line: 1, type: !3, spFlags: DISPFlagDefinition, unit: !0)\n")
	for i := range 40 {
		line := MovableLine + i*i*7
		if i%5 == 4 {
			line = 0
		}
		fmt.Fprintf(&b, "!%d = !DILocation(line: %d, scope: !4)\n", 10+i, line)
	}
	requireTool(t, "llc-19")
	llc := exec.Command("llc-19", "-mtriple=x86_64-unknown-none-elf", "-O0", "-filetype=obj", "-o", "-")
	llc.Stdin = strings.NewReader(b.String())
	object, err := llc.Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read("movable", object)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMoveLines compares the line table, as llvm-dwarfdump reads it, before and
// after.
func TestMoveLines(t *testing.T) {
	requireTool(t, "llvm-dwarfdump-19")
	row := regexp.MustCompile(`(?m)^0x[0-9a-f]+ +([0-9]+) `)
	lines := func(f *File) (list []int) {
		b, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		dump := exec.Command("llvm-dwarfdump-19", "--debug-line", "-")
		dump.Stdin = strings.NewReader(string(b))
		text, err := dump.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			var line int
			fmt.Sscan(m[1], &line)
			list = append(list, line)
		}
		return list
	}
	before := lines(movable(t))
	for _, to := range []uint64{0, 1, 1000, MovableLine, 1 << 30} {
		f := movable(t)
		if err := f.MoveLines(to); err != nil {
			t.Fatal(err)
		}
		after := lines(f)
		if len(after) != len(before) || len(after) < 40 {
			t.Fatalf("to %d: %d rows, %d before", to, len(after), len(before))
		}
		for i, line := range before {
			if line >= MovableLine {
				line += int(to) - MovableLine
			}
			if after[i] != line {
				t.Errorf("to %d: row %d has line %d, want %d", to, i, after[i], line)
			}
		}
	}
}

// TestMoveLinesErrors cuts and damages a line table: an error or not, but never
// a panic.
func TestMoveLinesErrors(t *testing.T) {
	full := movable(t).FindSection(lineSection).Data
	move := func(data []byte) error {
		f := New("damaged", elf.EM_X86_64)
		f.AddSection(Section{Name: lineSection, Data: data})
		return f.MoveLines(7)
	}
	for n := 1; n < len(full); n++ {
		if move(full[:n:n]) == nil {
			t.Errorf("%d of %d bytes are accepted", n, len(full))
		}
	}
	for i := range full {
		for _, c := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			b := append([]byte(nil), full...)
			b[i] = c
			_ = move(b)
		}
	}
	if err := move([]byte{3, 0, 0, 0, 9, 0, 0}); err == nil || !strings.Contains(err.Error(), lineSection) {
		t.Errorf("a unit without header: %v", err)
	}
}
