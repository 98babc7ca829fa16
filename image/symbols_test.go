package image

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
	"mewz/compiler/debuginfo"
	"mewz/compiler/object"
)

// plainModule is the metadata of testdata/frames.c.
func plainModule() *object.Module {
	return &object.Module{Functions: []object.Function{{Symbol: "saved", Index: 3, Name: "the saved\n\x1bone"}, {Symbol: "large", Index: 4}}}
}

// linkSymbols links an object and returns its symbols.
func linkSymbols(t *testing.T, o []byte) (*Image, abi.SymbolTable) {
	t.Helper()
	img, b := encode(t, Input{ObjectName: "app.o", Object: o, Kernel: syntheticKernel(nil)})
	table, err := abi.OpenSymbols(content(t, b, img.Config.Symbols.Start, img.Config.Symbols.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	return img, table
}

// TestUnwindRows compares the rows of each instruction with llvm-dwarfdump's.
func TestUnwindRows(t *testing.T) {
	requireTool(t, "llvm-dwarfdump-19")
	for _, flags := range [][]string{{"-O1"}, {"-O2"}, {"-O0", "-fno-omit-frame-pointer"}} {
		o := mergeProgram(t, plainModule(), []object.Input{{Name: "frames.o", Data: compile(t, "frames.c", flags...)}})
		_, table := linkSymbols(t, o)
		path := filepath.Join(t.TempDir(), "frames.o")
		if err := os.WriteFile(path, o, 0o600); err != nil {
			t.Fatal(err)
		}
		dump, err := exec.Command("llvm-dwarfdump-19", "--eh-frame", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		line := regexp.MustCompile(`(?m)^  0x([0-9a-f]+): CFA=R(SP|BP)\+(\d+): (?:.*RBP=\[CFA-(\d+)\])?.*$`)
		checked := 0
		for _, m := range line.FindAllSubmatch(dump, -1) {
			at, _ := strconv.ParseUint(string(m[1]), 16, 32)
			offset, _ := strconv.Atoi(string(m[3]))
			saved, _ := strconv.Atoi(string(m[4]))
			want := abi.UnwindRow{CFAOffset: int32(offset), Register: abi.UnwindSP, SavedBP: int32(-saved)}
			if string(m[2]) == "BP" {
				want.Register = abi.UnwindBP
			}
			got, ok := table.Row(uint32(at))
			got.Start = 0
			if !ok || got != want {
				t.Errorf("%v: row at %#x = %+v, %v, want %+v", flags, at, got, ok, want)
			}
			checked++
		}
		if checked < 20 {
			t.Errorf("%v: only %d rows in\n%s", flags, checked, dump)
		}
	}
}

// TestLocations compares the line table with what debug/dwarf reads.
func TestLocations(t *testing.T) {
	for _, flags := range [][]string{{"-gdwarf-5"}, {"-gdwarf-4"}, {"-gdwarf-5", "-O0"}} {
		a, b := compile(t, "frames.c", flags...), compile(t, "leaves.c", flags...)
		o := mergeProgram(t, plainModule(), []object.Input{{Name: "a.o", Data: a}, {Name: "b.o", Data: b}})
		_, table := linkSymbols(t, o)
		checked := 0
		for _, e := range lineEntries(t, o) {
			if got := table.Location(e.Start); got != e.Offset {
				t.Errorf("%v: location at %#x = %d, want %d", flags, e.Start, got, e.Offset)
			}
			checked++
		}
		if checked < 20 {
			t.Errorf("%v: only %d rows", flags, checked)
		}
	}
}

// lineEntries reads the line table of an object by debug/dwarf.
func lineEntries(t *testing.T, o []byte) []abi.SymbolLocation {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(o))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	last := map[uint32]uint32{}
	var order []uint32
	for units := data.Reader(); ; {
		unit, err := units.Next()
		if err != nil {
			t.Fatal(err)
		}
		if unit == nil {
			break
		}
		units.SkipChildren()
		lines, err := data.LineReader(unit)
		if err != nil || lines == nil {
			t.Fatal(err)
		}
		for {
			var e dwarf.LineEntry
			if err := lines.Next(&e); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if !e.EndSequence {
				last[uint32(e.Address)] = uint32(e.Line)
				order = append(order, uint32(e.Address))
			}
		}
	}
	var list []abi.SymbolLocation
	for _, at := range order {
		list = append(list, abi.SymbolLocation{Start: at, Offset: last[at]})
	}
	return list
}

func TestSymbolFunctions(t *testing.T) {
	m := plainModule()
	m.Exports = []object.Export{{Name: "exported", Kind: object.KindFunction, Symbol: "wasm_export.exported"}}
	m.Imports = []object.Import{{Module: "wasi_snapshot_preview1", Name: "sched_yield", Kind: object.KindFunction, Results: "i"}}
	o := mergeProgram(t, m, []object.Input{{Name: "frames.o", Data: compile(t, "frames.c")}})
	f, err := object.Read("", o)
	if err != nil {
		t.Fatal(err)
	}
	img, table := linkSymbols(t, o)
	want := map[string]abi.SymbolFunction{
		"saved": {Index: 3, Name: "the saved\ufffd\ufffdone"},
		"large": {Index: 4, Name: "exported"},
		"leaf":  {Index: abi.NoFunctionIndex, Name: "leaf"},
	}
	for i := range f.Symbols {
		s := &f.Symbols[i]
		w, ok := want[s.Name]
		if !ok {
			continue
		}
		w.Start, w.Bytes = uint32(s.Value), uint32(s.Bytes)
		if got, ok := table.Function(uint32(s.Value + s.Bytes - 1)); !ok || got != w {
			t.Errorf("function %s: %s", s.Name, cmp.Diff(w, got))
		}
		delete(want, s.Name)
	}
	if len(want) != 0 {
		t.Errorf("symbols %v are missing", want)
	}
	stubs := uint32(img.Config.TextEnd-img.Config.TextStart) - 3*uint32(machineX8664.stubBytes)
	got, ok := table.Function(stubs)
	if row, rowOK := table.Row(stubs); !ok || !rowOK || got.Name != "wasi_snapshot_preview1.sched_yield" || row.CFAOffset != 8 {
		t.Errorf("stub: %+v, %v, %+v, %v", got, ok, row, rowOK)
	}
}

func TestUnwindDamaged(t *testing.T) {
	// A CIE for "zR" with pcrel sdata4, then one FDE whose instructions vary.
	common := []byte{16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8}
	tests := []struct {
		name         string
		common       []byte
		instructions []byte
		want         []abi.UnwindRow
	}{
		{"none", common, nil, []abi.UnwindRow{{Start: 0, CFAOffset: 8, Register: 7}, {Start: 32}}},
		{"push", common, []byte{0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6},
			[]abi.UnwindRow{{Start: 0, CFAOffset: 8, Register: 7}, {Start: 1, CFAOffset: 16, Register: 7, SavedBP: -16}, {Start: 4, CFAOffset: 16, Register: 6, SavedBP: -16}, {Start: 32}}},
		{"remember", common, []byte{0x41, 0x0a, 0x0e, 16, 0x02, 4, 0x0b},
			[]abi.UnwindRow{{Start: 0, CFAOffset: 8, Register: 7}, {Start: 1, CFAOffset: 16, Register: 7}, {Start: 5, CFAOffset: 8, Register: 7}, {Start: 32}}},
		{"other register", common, []byte{0x41, 0x0d, 11, 0x41, 0x0d, 7},
			[]abi.UnwindRow{{Start: 0, CFAOffset: 8, Register: 7}, {Start: 1}, {Start: 2, CFAOffset: 8, Register: 7}, {Start: 32}}},
		{"expression", common, []byte{0x41, 0x0f, 1, 0x50}, []abi.UnwindRow{{Start: 0}}},
		{"restore without remember", common, []byte{0x0b}, []abi.UnwindRow{{Start: 0}}},
		{"beyond the function", common, []byte{0x04, 0xff, 0xff, 0xff, 0xff}, []abi.UnwindRow{{Start: 0}}},
		{"truncated", common, []byte{0x0c, 0x80}, []abi.UnwindRow{{Start: 0}}},
		{"personality", bytes.Replace(common, []byte("zR"), []byte("zP"), 1), nil, nil},
		{"version", bytes.Replace(common, []byte{1, 'z'}, []byte{9, 'z'}, 1), nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			frame := bytes.Clone(test.common)
			frame = append(frame, byte(13+len(test.instructions)), 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0)
			frame = append(frame, test.instructions...)
			o := handObject(t, &object.Module{
				Imports: []object.Import{{Module: "wasi_snapshot_preview1", Name: "fd_write", Kind: object.KindFunction, Params: "iiii", Results: "i"}},
			}, func(f *object.File) {
				f.AddSection(object.Section{
					Name: debuginfo.EHFrameSection, Flags: elf.SHF_ALLOC, Data: frame,
					Relocations: []object.Relocation{{Offset: 28, Type: uint32(elf.R_X86_64_PC32), Symbol: 0}},
				})
			})
			l := testLinker(t, o)
			if diff := cmp.Diff(test.want, finishRows(l.unwindRows())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// testLinker runs the stages of a link up to debug information.
func testLinker(t *testing.T, o []byte) *linker {
	t.Helper()
	f, err := object.Read("app.o", o)
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Module()
	if err != nil {
		t.Fatal(err)
	}
	k, err := readKernel(syntheticKernel(nil), elf.EM_X86_64)
	if err != nil {
		t.Fatal(err)
	}
	imports, err := matchImports(m, RefuseUnknownImports)
	if err != nil {
		t.Fatal(err)
	}
	l := &linker{in: &Input{}, object: f, module: m, machine: &machineX8664, kernel: k, imports: imports}
	if _, err := l.link(); err != nil {
		t.Fatal(err)
	}
	return l
}
