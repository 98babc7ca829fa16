package listing

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

func TestInstructionText(t *testing.T) {
	m := &wasm.Module{
		Types:   []wasm.Type{{}, {FuncType: wasm.FuncType{Params: []wasm.ValueType{wasm.I32, wasm.I64}, Results: []wasm.ValueType{wasm.F32}}}},
		Imports: []wasm.Import{{Module: "env", Name: "log", Kind: wasm.ExternFunc}},
		Names: wasm.Names{
			Functions: map[uint32]string{1: "_ZN4shop4Cart5shareEv", 2: "a\x1b[31m\"b"},
			Locals:    map[uint32]map[uint32]string{1: {0: "count"}},
		},
	}
	for _, tt := range []struct{ bytes, want string }{
		{"\x00", "unreachable"},
		{"\x02\x40", "block"},
		{"\x03\x7f", "loop (result i32)"},
		{"\x04\x01", "if (type 1) (param i32 i64) (result f32)"},
		{"\x0c\x03", "br 3"},
		{"\x0e\x02\x00\x01\x02", "br_table 0 1 2"},
		{"\x0e\x11" + strings.Repeat("\x00", 17) + "\x05", "br_table " + strings.Repeat("0 ", 16) + "... (18 labels) 5"},
		{"\x10\x00", "call 0 <env.log>"},
		{"\x10\x01", "call 1 <shop::Cart::share()>"},
		{"\x10\x02", `call 2 <a\x1b[31m"b>`},
		{"\x10\x07", "call 7"},
		{"\x11\x01\x00", "call_indirect (type 1) (param i32 i64) (result f32)"},
		{"\x11\x00\x02", "call_indirect 2 (type 0)"},
		{"\x11\x09\x00", "call_indirect (type 9)"},
		{"\x20\x00", "local.get 0 <count>"},
		{"\x20\x01", "local.get 1"},
		{"\x28\x02\x00", "i32.load"},
		{"\x28\x00\x10", "i32.load offset=16 align=1"},
		{"\x28\x42\x01\x10", "i32.load 1 offset=16"},
		{"\x3f\x00", "memory.size"},
		{"\x41\x7f", "i32.const -1"},
		{"\x42\x80\x01", "i64.const 128"},
		{"\x43\x00\x00\x80\x3f", "f32.const 1"},
		{"\x44\x00\x00\x00\x00\x00\x00\xf8\x7f", "f64.const nan ;; 0x7ff8000000000000"},
		{"\x1c\x01\x7e", "select (result i64)"},
		{"\xd0\x70", "ref.null funcref"},
		{"\xd2\x00", "ref.func 0 <env.log>"},
		{"\xfc\x0a\x00\x00", "memory.copy 0 0"},
		{"\xfd\x0c" + strings.Repeat("\x01", 16), "v128.const i64x2 0x0101010101010101 0x0101010101010101"},
		{"\xfd\x0d\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x1f", "i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31"},
		{"\xfd\x15\x03", "i8x16.extract_lane_s 3"},
		{"\xfd\x54\x00\x08\x05", "v128.load8_lane offset=8 5"},
	} {
		var i wasm.Instruction
		if err := wasm.NewReader([]byte(tt.bytes), 0).Next(&i); err != nil {
			t.Errorf("% x: %v", tt.bytes, err)
			continue
		}
		if got := newText(m, 1).instruction(&i); got != tt.want {
			t.Errorf("instruction % x = %q, want %q", tt.bytes, got, tt.want)
		}
	}
}

// TestInstructionTextOfAll writes every instruction that there is.
func TestInstructionTextOfAll(t *testing.T) {
	text := newText(&wasm.Module{}, 0)
	for opcode, info := range wasm.Opcodes {
		i := wasm.Instruction{Opcode: opcode}
		if got := text.instruction(&i); !strings.HasPrefix(got, info.Name) {
			t.Errorf("instruction %#x = %q, want it to begin with %q", uint32(opcode), got, info.Name)
		}
	}
}

const testIR = `declare void @f2()

define hidden i32 @"f1"(i32 %p0) #0 !dbg !7 {
b1:
  %v2 = add i32 %p0, 1, !dbg !8
  br label %b3, !dbg !8
b3:                                               ; preds = %b1
  %v4 = phi i32 [ %v2, %b1 ]
  ret i32 %v4, !dbg !9
}

define hidden void @f2() #0 {
  ret void
}

!8 = !DILocation(line: 102, scope: !7)
!9 = distinct !DILocation(line: 104, column: 3, scope: !7, inlinedAt: !8)
`

// testModule has function 1 at offset 100: local.get, i32.const, i32.add, end.
func testModule() *wasm.Module {
	return &wasm.Module{
		Types: []wasm.Type{{}}, Functions: []uint32{0, 0},
		Code: []wasm.Code{
			{Body: []byte("\x01\x0b"), Offset: 90},
			{Body: []byte("\x20\x00\x41\x01\x6a\x0b"), Offset: 100},
		},
	}
}

func TestNew(t *testing.T) {
	code := &Code{
		Address: 0x10,
		// push; mov eax, [rip+0]; je +2; nop; ud1, trap 2; call 0; ret
		Bytes:       []byte("\x50" + "\x8b\x05\x00\x00\x00\x00" + "\x74\x02" + "\x90" + "\x67\x0f\xb9\x40\x02" + "\xe8\x00\x00\x00\x00" + "\xc3"),
		Places:      []abi.SymbolLocation{{Start: 1, Offset: 102}, {Start: 7, Offset: 0}, {Start: 9, Offset: 91}, {Start: 10, Offset: 104}},
		Relocations: map[int]Relocation{3: {"wasm_memory", 12, true}, 16: {"f2 <callee>", -4, true}},
	}
	l, err := New(Input{Module: testModule(), Index: 1, IR: []byte(testIR), Symbol: "f1", Code: code})
	if err != nil {
		t.Fatal(err)
	}
	want := []Group{
		{IR: []string{`define hidden i32 @"f1"(i32 %p0) #0`}, Machine: []Instruction{{0x10, "50", "push rax", ""}}},
		{Offset: 100, Wasm: "local.get 0"},
		{Offset: 102, Wasm: "i32.const 1", IR: []string{"b1:", "  %v2 = add i32 %p0, 1", "  br label %b3"}, Machine: []Instruction{
			{0x11, "8b0500000000", "mov eax, dword ptr [rip]", "wasm_memory+0x10"}, {0x17, "7402", "je 0x1b", ""}}},
		{Offset: 104, Wasm: "i32.add", IR: []string{"b3:", "  %v4 = phi i32 [ %v2, %b1 ]", "  ret i32 %v4"}, Machine: []Instruction{
			{0x1a, "670fb94002", "ud1 eax, dword ptr [eax+0x2]", "trap: integer divide by zero"},
			{0x1f, "e800000000", "call f2 <callee>", ""}, {0x24, "c3", "ret", ""}}},
		{Offset: 105, Wasm: "end"},
		{Offset: 91, Wasm: "end", Inlined: "function 0", Machine: []Instruction{{0x19, "90", "nop", ""}}},
	}
	if diff := cmp.Diff(want, l.Groups); diff != "" {
		t.Errorf("groups differ (-want +got):\n%s", diff)
	}
	if l.Offset != 100 || l.End != 106 || l.Bytes != len(code.Bytes) {
		t.Errorf("listing is %d to %d, %d bytes, want 100 to 106, %d", l.Offset, l.End, l.Bytes, len(code.Bytes))
	}
}

func TestNewErrors(t *testing.T) {
	for _, in := range []Input{
		{Module: testModule(), Index: 2},
		{Module: testModule(), Index: 1, IR: []byte("no function here"), Symbol: "f1"},
		{Module: testModule(), Index: 1, IR: []byte("define void @f1() {\nno end"), Symbol: "f1"},
		{Module: testModule(), Index: 1, IR: []byte("declare void @f1()\n call void @f1()\n"), Symbol: "f1"},
	} {
		if _, err := New(in); err == nil {
			t.Errorf("New(%+v) made a listing, want an error", in)
		}
	}
}

// TestDepth moves instructions in by the blocks around them.
func TestDepth(t *testing.T) {
	m := testModule()
	m.Code[1].Body = []byte("\x02\x40\x41\x00\x04\x40\x01\x05\x01\x0b\x0b\x0b")
	l, err := New(Input{Module: m, Index: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range l.Groups {
		got = append(got, strings.Repeat(" ", g.Depth)+g.Wasm)
	}
	want := []string{"block", " i32.const 0", " if", "  nop", " else", "  nop", " end", "end", "end"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOtherInstructions asks another disassembler for what ours gets wrong.
func TestOtherInstructions(t *testing.T) {
	code := &Code{Bytes: []byte("\x90\xc5\xfd\x6f\x07\xc3")}
	asked := 0
	l, err := New(Input{Code: code, Disassemble: func(b []byte) ([]Decoded, error) {
		asked++
		if !bytes.Equal(b, code.Bytes) {
			t.Errorf("asked about % x", b)
		}
		return []Decoded{{1, "nop"}, {4, "vmovdqa ymm0, ymmword ptr [rdi]"}, {1, "ret"}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range l.Groups[0].Machine {
		got = append(got, i.Text)
	}
	if diff := cmp.Diff([]string{"nop", "vmovdqa ymm0, ymmword ptr [rdi]", "ret"}, got); diff != "" || asked != 1 {
		t.Errorf("asked %d times (-want +got):\n%s", asked, diff)
	}
	l, err = New(Input{Code: code})
	if err != nil || !strings.Contains(l.Groups[0].Machine[1].Text, "not known") {
		t.Errorf("without another disassembler: %+v, %v, want it to say so", l, err)
	}
	if _, err := New(Input{Code: code, Disassemble: func([]byte) ([]Decoded, error) { return []Decoded{{1, "a"}, {9, "b"}}, nil }}); err == nil {
		t.Error("an instruction beyond the end: want an error")
	}
}

func TestUsualCondition(t *testing.T) {
	for text, want := range map[string]string{
		"jz 0x10": "je 0x10", "jnbe 0x1": "ja 0x1", "setnle al": "setg al", "cmovnb eax, ecx": "cmovae eax, ecx", "jb 0x1": "jb 0x1", "ret": "ret", "z": "z",
	} {
		if got := usualCondition(text); got != want {
			t.Errorf("usualCondition(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestObjectCode finds functions in an object without debug information.
func TestObjectCode(t *testing.T) {
	f := object.New("test", elf.EM_X86_64)
	text := f.AddSection(object.Section{Name: ".text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Data: []byte("\xc3\x90\xe8\x00\x00\x00\x00\xe8\xf4\xff\xff\xff\xc3")})
	callee := f.AddSymbol(object.Symbol{Name: "MODULE.NAME", Binding: elf.STB_GLOBAL, Section: object.SectionUndefined})
	for _, s := range []object.Symbol{{Name: "f0", Value: 0, Bytes: 1}, {Name: "f1", Value: 2, Bytes: 11}} {
		s.Type, s.Section, s.Binding = elf.STT_FUNC, text, elf.STB_GLOBAL
		f.AddSymbol(s)
	}
	f.Sections[text].Relocations = []object.Relocation{{Offset: 3, Addend: -4, Symbol: uint32(callee), Type: uint32(elf.R_X86_64_PLT32)}}
	data, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	code, err := ObjectCode(data, "f1", func(s string) string { return "<" + s + ">" })
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(Input{Code: code})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range l.Groups[0].Machine {
		got = append(got, i.Text)
	}
	if diff := cmp.Diff([]string{"call <MODULE.NAME>", "call <f0>", "ret"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, symbol := range []string{"none", "MODULE.NAME"} {
		if _, err := ObjectCode(data, symbol, func(s string) string { return s }); err == nil {
			t.Errorf("ObjectCode of %q: no error", symbol)
		}
	}
}

func FuzzMachine(f *testing.F) {
	f.Add([]byte("\x67\x0f\xb9\x40\x02\xc3"))
	f.Fuzz(func(t *testing.T, code []byte) {
		l, err := New(Input{Code: &Code{Bytes: code}})
		if err != nil {
			return
		}
		n := 0
		for _, g := range l.Groups {
			for _, i := range g.Machine {
				n += len(i.Bytes) / 2
			}
		}
		if n != len(code) {
			t.Errorf("% x: %d bytes in the listing, want %d", code, n, len(code))
		}
	})
}
