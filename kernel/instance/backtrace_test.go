package instance

import (
	"encoding/binary"
	"strings"
	"testing"

	"mewz/abi"
	"mewz/kernel/instance/internal/probe"
)

// stackOf makes an instance whose stack holds words from the address that it
// returns on, and whose text are the offsets 0 to 0x1000 of text.
func stackOf(t *testing.T, symbols *abi.Symbols, words ...uint64) (i *Instance, sp uint64) {
	t.Helper()
	i = start(t, probeConfig(probe.Return()), leaver{})
	i.config.TextStart, i.config.TextEnd = text, text+0x1000
	var err error
	if i.symbols, err = abi.OpenSymbols(abi.AppendSymbols(nil, symbols)); err != nil {
		t.Fatal(err)
	}
	sp = current.stackTop - uint64(8*len(words))
	for n, word := range words {
		binary.LittleEndian.PutUint64(mapped(abi.VirtAddr(sp)+abi.VirtAddr(8*n), 8), word)
	}
	return i, sp
}

const text = 0x2000_0000

var testSymbols = &abi.Symbols{
	Functions: []abi.SymbolFunction{
		{Start: 0x100, Bytes: 0x100, Index: 5, Name: "inner"},
		{Start: 0x200, Bytes: 0x100, Index: 6},
		{Start: 0x300, Bytes: 0x100, Index: abi.NoFunctionIndex, Name: "wasm_start"},
	},
	Rows: []abi.UnwindRow{
		{Start: 0x100, CFAOffset: 8, Register: abi.UnwindSP},
		{Start: 0x104, CFAOffset: 24, Register: abi.UnwindSP},
		{Start: 0x200, CFAOffset: 16, Register: abi.UnwindBP, SavedBP: -16},
		{Start: 0x300, CFAOffset: 8, Register: abi.UnwindSP},
		{Start: 0x400}, // no unwinding from here
	},
	Locations: []abi.SymbolLocation{{Start: 0x100, Offset: 0x1a2b}, {Start: 0x200, Offset: 0}, {Start: 0x300, Offset: 0}},
}

func TestBacktrace(t *testing.T) {
	const outside = 0x4000
	i, sp := stackOf(t, testSymbols,
		0, 0, text+0x250, // the frame of inner: two words, return address
		0,             // a word of the second, which has a frame pointer
		7, text+0x310, // saved frame pointer, return address
		outside, 0)
	got := i.Report(Trap{Code: abi.TrapUnreachable, PC: text + 0x110, SP: sp, BP: sp + 4*8})
	want := `mewz: trap: unreachable
   0: 0x1a2b - probe.wasm!inner
   1: +0x24f - probe.wasm!<wasm function 6>
   2: +0x30f - probe.wasm!wasm_start
`
	if got != want {
		t.Errorf("report = %q, want %q", got, want)
	}
}

func TestBacktraceFromLeaf(t *testing.T) {
	i, sp := stackOf(t, testSymbols, text+0x310, 0)
	got := i.Report(Trap{Code: abi.TrapMemory, PC: current.memcpyEntry, SP: sp, Fault: true, MemoryAt: 0x30000, MemoryBytes: 0x20000})
	if !strings.HasSuffix(got, "\n   0: +0x30f - probe.wasm!wasm_start\n") {
		t.Errorf("report = %q, want the caller of memcpy", got)
	}
}

// TestBacktraceOfGarbage walks stacks that no program leaves behind.
func TestBacktraceOfGarbage(t *testing.T) {
	for _, test := range []struct {
		name   string
		trap   Trap
		words  []uint64
		frames int
	}{
		{"no stack pointer", Trap{PC: text + 0x110}, nil, 1},
		{"stack pointer beyond the stack", Trap{PC: text + 0x110, SP: 1<<64 - 8}, nil, 1},
		{"frame pointer below", Trap{PC: text + 0x210, SP: 1 << 20, BP: 8}, nil, 1},
		{"nowhere", Trap{PC: 0x1234}, nil, 0},
		{"no row", Trap{PC: text + 0x500}, nil, 1},
		{"before the first row", Trap{PC: text}, nil, 1},
	} {
		i, _ := stackOf(t, testSymbols, test.words...)
		got := i.Report(test.trap)
		if n := strings.Count(got, "probe.wasm!"); n != test.frames {
			t.Errorf("%s: %d frames in %q, want %d", test.name, n, got, test.frames)
		}
	}
}

func TestBacktraceIsBounded(t *testing.T) {
	words := make([]uint64, 3*1000)
	for n := 2; n < len(words); n += 3 {
		words[n] = text + 0x120
	}
	i, sp := stackOf(t, testSymbols, words...)
	got := i.Report(Trap{Code: abi.TrapStack, PC: text + 0x110, SP: sp})
	if lines := strings.Count(got, "\n"); lines != framesShown+2 || !strings.HasSuffix(got, "  ... 937 more frames\n") {
		t.Errorf("%d lines, ends with %q", lines, got[len(got)-40:])
	}
}

// TestBacktraceOfException shows the calls that an exception left, which are noted on
// the stack, not what is left of the stack.
func TestBacktraceOfException(t *testing.T) {
	i, sp := stackOf(t, testSymbols, text+0x110, text+0x250, text+0x310, 0)
	got := i.Report(Trap{Code: abi.TrapUncaughtException, PC: text + 0x500, SP: sp, Trace: sp, TraceCalls: 3})
	want := `mewz: trap: uncaught exception
   0: 0x1a2b - probe.wasm!inner
   1: +0x24f - probe.wasm!<wasm function 6>
   2: +0x30f - probe.wasm!wasm_start
`
	if got != want {
		t.Errorf("report = %q, want %q", got, want)
	}
}

// TestBacktraceOfExceptionGarbage takes no word for a trace: the program wrote it.
func TestBacktraceOfExceptionGarbage(t *testing.T) {
	i, sp := stackOf(t, testSymbols, text+0x110, 0x1234, text+0x310)
	// The stack is walked instead, where there is one frame.
	for _, test := range []struct {
		name      string
		at, calls uint64
		frames    int
	}{
		{"no calls", sp, 0, 1},
		{"null", 0, 3, 1},
		{"beyond the stack", 1<<64 - 8, 3, 1},
		{"a word that is no code", sp + 8, 2, 1},
		{"ends in what is no code", sp, 3, 1},
		{"ends with the stack", sp + 16, 1 << 63, 1},
	} {
		trap := Trap{Code: abi.TrapUncaughtException, PC: text + 0x500, SP: sp, Trace: test.at, TraceCalls: test.calls}
		if got := i.Report(trap); strings.Count(got, "probe.wasm!") != test.frames {
			t.Errorf("%s: %q, want %d frames", test.name, got, test.frames)
		}
	}
}

func TestBacktraceOfExceptionIsBounded(t *testing.T) {
	words := make([]uint64, 100)
	for n := range words {
		words[n] = text + 0x120
	}
	i, sp := stackOf(t, testSymbols, words...)
	got := i.Report(Trap{Code: abi.TrapUncaughtException, PC: text + 0x110, SP: sp, Trace: sp, TraceCalls: 1000})
	if lines := strings.Count(got, "\n"); lines != framesShown+2 || !strings.HasSuffix(got, "  ... 936 more frames\n") {
		t.Errorf("%d lines, ends with %q", lines, got[len(got)-40:])
	}
}
