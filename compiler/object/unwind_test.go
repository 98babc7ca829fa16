package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mewz/compiler/debuginfo"
)

// throwing is IR with a landing pad, calls with arguments on the stack, and functions
// with frames of many kinds.
const throwing = `target triple = "x86_64-unknown-none-elf"
@exception_table = external hidden global i8
declare hidden tailcc i32 @g(i32, i32, i32, i32, i32, i32, i32, i32)
declare hidden i32 @h(i32, i32, i32, i32, i32, i32, i32, i32)
declare hidden void @exception_throw(ptr) noreturn
define hidden i32 @f(i32 %a, i32 %b) #0 personality ptr @exception_throw {
  %v = invoke tailcc i32 @g(i32 %a, i32 %b, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8) to label %one unwind label %pad
one:
  %y = invoke i32 @h(i32 %a, i32 %b, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8) to label %two unwind label %pad
two:
  %z = call i32 @h(i32 %a, i32 %b, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8)
  %r = add i32 %v, %b
  %s = add i32 %r, %y
  ret i32 %s
pad:
  %x = phi i32 [ 1, %0 ], [ %v, %one ]
  %l = landingpad { ptr, i32 } catch ptr null
  %e = extractvalue { ptr, i32 } %l, 0
  %t = load i32, ptr %e
  %u = add i32 %t, %a
  %w = add i32 %u, %x
  ret i32 %w
}
define hidden void @frame(i64 %n) #0 {
  %p = alloca i8, i64 %n
  %q = call i32 @h(i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8)
  store volatile i8 1, ptr %p
  call void @exception_throw(ptr @exception_table)
  unreachable
}
attributes #0 = { uwtable }
`

// throwingFile compiles it.
func throwingFile(t *testing.T) *File {
	t.Helper()
	llc := exec.Command("llc-19", "-O1", "-filetype=obj", "-relocation-model=static", "-code-model=small", "-o", "-")
	llc.Stdin = strings.NewReader(throwing)
	b, err := llc.Output()
	if err != nil {
		t.Skip("llc-19: ", err)
	}
	f, err := Read("throwing.o", b)
	if err != nil {
		t.Fatal(err)
	}
	merged, err := MergeFiles(f)
	if err != nil {
		t.Fatal(err)
	}
	return merged
}

// lookup is what exception_unwind does: the row that holds at a place.
func lookup(table []byte, place uint32) (pad uint32, frame []byte) {
	le := binary.LittleEndian
	block := table[unwindHeaderBytes+4*(place>>UnwindBlockShift):]
	row, last := le.Uint32(block), le.Uint32(block[4:])
	rows := table[le.Uint32(table[12:]):]
	for row < last && le.Uint32(rows[(row+1)*unwindRowBytes:]) <= place {
		row++
	}
	at := rows[row*unwindRowBytes:]
	return le.Uint32(at[4:]), table[le.Uint32(at[8:]):][:unwindFrameBytes]
}

// TestAddUnwindTable compares the table at each call with the call frame information
// that it was made of.
func TestAddUnwindTable(t *testing.T) {
	f := throwingFile(t)
	text, err := f.onlyText()
	if err != nil {
		t.Fatal(err)
	}
	frames := f.FindSection(debuginfo.EHFrameSection)
	pads := slices.IndexFunc(f.Sections, func(s Section) bool { return s.Name == debuginfo.PadsSection })
	placed, padsData := f.placedFrames(frames, text, pads), f.Sections[pads].Data
	if err := f.AddUnwindTable(""); err != nil {
		t.Fatal(err)
	}
	table := f.FindSection(".rodata." + UnwindSymbol).Data
	landing, calls := 0, 0
	debuginfo.Frames(placed, unwindFramesAt, func(fn *debuginfo.Function) {
		var sites []debuginfo.CallSite
		if fn.Pads != 0 {
			sites, _ = debuginfo.CallSites(padsData[fn.Pads-unwindPadsAt:])
		}
		for _, r := range f.Sections[text].Relocations {
			if r.Offset-fn.Start >= fn.Bytes || elf.R_X86_64(r.Type) != elf.R_X86_64_PLT32 {
				continue
			}
			calls++
			call := r.Offset + 3 // its last byte
			row := fn.Rows[0]
			for _, next := range fn.Rows {
				if next.Start <= call {
					row = next
				}
			}
			want, err := frameOf(&row)
			if err != nil {
				t.Fatal(err)
			}
			wantPad := uint32(0)
			for _, s := range sites {
				if call-fn.Start >= s.Start && call-fn.Start < s.End && s.Pad != 0 {
					wantPad = uint32(fn.Start + s.Pad)
					landing++
				}
			}
			pad, got := lookup(table, uint32(call))
			encoded := (&unwindTable{frames: []unwindFrame{want}, textBytes: 1}).encode()
			if pad != wantPad || !bytes.Equal(got, encoded[len(encoded)-unwindFrameBytes:]) {
				t.Errorf("call at %#x: landing pad %#x, frame % x, want %#x, %+v", call, pad, got, wantPad, want)
			}
		}
	})
	if landing != 2 || calls != 5 {
		t.Errorf("%d calls, %d with a landing pad, want 5 and 2", calls, landing)
	}
	if _, err := f.Encode(); err != nil {
		t.Error(err)
	}
}

// TestAddUnwindTableErrors changes an object so that its frames cannot be understood.
func TestAddUnwindTableErrors(t *testing.T) {
	for name, change := range map[string]func(f *File){
		"two sections of code": func(f *File) {
			f.AddSection(Section{Name: ".text.cold", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Data: []byte{0xc3}})
		},
		"an unknown call frame instruction": func(f *File) {
			s := f.FindSection(debuginfo.EHFrameSection)
			s.Data = bytes.ReplaceAll(s.Data, []byte{0x0e, 16}, []byte{0x3f, 16}) // DW_CFA_def_cfa_offset: DW_CFA_hi_user
		},
		"landing pads of another kind": func(f *File) { f.FindSection(debuginfo.PadsSection).Data[0] = 0 },
		"another machine":              func(f *File) { f.Machine = elf.EM_AARCH64 },
	} {
		f := throwingFile(t)
		change(f)
		if err := f.AddUnwindTable(""); err == nil {
			t.Errorf("%s: AddUnwindTable succeeded", name)
		}
	}
}
