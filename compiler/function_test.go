package compiler

import (
	"bytes"
	"strings"
	"testing"

	"mewz/compiler/listing"
	"mewz/compiler/wasm/decode"
)

// TestCompileFunction wants the code of a function as Compile makes it, with a
// place for each instruction, at every level.
func TestCompileFunction(t *testing.T) {
	needTools(t, "wat2wasm")
	module := assemble(t, "testdata/function.wat")
	decoded, err := decode.Module(module)
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{"0", "fast", "2"} {
		whole, err := Compile(t.Context(), module, Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		for index := uint32(1); index <= 2; index++ {
			f, err := CompileFunction(t.Context(), module, index, Options{Level: level})
			if err != nil {
				t.Fatal(err)
			}
			if !f.EveryLocation || f.Level != level || (f.Optimized == nil) != (level == "0") {
				t.Errorf("level %s: every location %v, level %s, %d bytes of optimized IR", level, f.EveryLocation, f.Level, len(f.Optimized))
			}
			same := func(s string) string { return s }
			got, err := listing.ObjectCode(f.Object, f.Symbol, same)
			if err != nil {
				t.Fatal(err)
			}
			want, err := listing.ObjectCode(whole.Object, f.Symbol, same)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes, want.Bytes) {
				t.Errorf("level %s: function %d is % x, want % x", level, index, got.Bytes, want.Bytes)
			}
			for _, ir := range [][]byte{f.Lowered, f.Optimized} {
				if ir == nil {
					continue
				}
				l, err := listing.New(listing.Input{Module: decoded, Index: index, IR: ir, Symbol: f.Symbol, Code: got})
				if err != nil {
					t.Fatal(err)
				}
				if index == 1 {
					checkDivision(t, level, l)
				}
			}
		}
	}
	for _, index := range []uint32{0, 3, 1 << 31} {
		if _, err := CompileFunction(t.Context(), module, index, Options{}); err == nil {
			t.Errorf("CompileFunction of function %d, which the module does not define: no error", index)
		}
	}
}

// checkDivision wants division and trap at the instruction that they are from.
func checkDivision(t *testing.T, level string, l *listing.Listing) {
	t.Helper()
	for _, g := range l.Groups {
		if g.Wasm != "i32.div_s" {
			continue
		}
		machine := ""
		for _, i := range g.Machine {
			machine += i.Text + " " + i.Note + "\n"
		}
		if ir := strings.Join(g.IR, "\n"); !strings.Contains(ir, " sdiv ") || !strings.Contains(machine, "idiv") ||
			!strings.Contains(machine, "trap: integer divide by zero") {
			t.Errorf("level %s: i32.div_s became\n%s\n%s", level, ir, machine)
		}
		return
	}
	t.Errorf("level %s: no i32.div_s in the listing", level)
}
