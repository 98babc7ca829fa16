package lower

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// assembleText makes a module of generated text.
func assembleText(t *testing.T, text string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "module.wat")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return assemble(t, path)
}

// TestLargeFunctions lowers functions of shapes that cost time or stack where
// an algorithm is not linear.
func TestLargeFunctions(t *testing.T) {
	locals := "(local" + strings.Repeat(" i32", 2000) + ")"
	const blocks = 30_000
	for name, body := range map[string]string{
		"joins in a row, locals read at the end": locals + strings.Repeat("(block (br_if 0 (local.get 0)) (local.set 1 (local.get 0)))\n", blocks) +
			strings.Repeat("(drop (local.get 1999))", 2000),
		"nested blocks": strings.Repeat("(block (br_if 0 (local.get 0))", 5000) + "(local.set 0 (i32.const 1))" + strings.Repeat(")", 5000),
		"nested loops":  "(local i32)" + strings.Repeat("(loop (br_if 0 (local.get 1))", 2000) + "(local.set 1 (i32.const 1))" + strings.Repeat(")", 2000),
		"switch":        strings.Repeat("(block ", 3000) + "(br_table" + strings.Repeat(" 1 2 3 2999", 10_000) + " (local.get 0))" + strings.Repeat(")", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			module := assembleText(t, "(module (memory 1) (func (param i32) "+body+"))")
			start := time.Now()
			ir := allIR(t, plan(t, module, Options{}))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("lowering took %v", took)
			}
			if len(ir) > 200<<20 {
				t.Errorf("%d bytes of IR for %d bytes of module", len(ir), len(module))
			}
		})
	}
}

// TestHugeFunction checks that a function too large for LLVM's optimiser is a
// shard of its own.
func TestHugeFunction(t *testing.T) {
	huge := "(func (param i64) (result i64) local.get 0\n" + strings.Repeat("i64.const 0x1234567890 i64.add\n", hugeBytes/6) + ")"
	module := assembleText(t, "(module (func (result i32) i32.const 1) "+huge+" (func (result i32) i32.const 2))")
	shards := plan(t, module, Options{}).Shards()
	for i := range shards {
		shards[i].CodeBytes = 0
	}
	want := []Shard{{}, {First: 0, End: 1}, {First: 1, End: 2, Huge: true}, {First: 2, End: 3}}
	if !slices.Equal(shards, want) {
		t.Errorf("shards = %+v, want the second function alone", shards)
	}
	if ir := allIR(t, plan(t, module, Options{})); !strings.Contains(ir, "optnone") {
		t.Error("the huge function is optimised")
	}
}

// TestManyResults lowers a function of some hundred bytes that stands for gigabytes of IR.
func TestManyResults(t *testing.T) {
	many := strings.Repeat(" i32", 1000)
	calls := strings.Repeat("(i32.const 0)", 1000) + strings.Repeat("(call $f)", 100) + strings.Repeat("(drop)", 1000)
	module := assembleText(t, "(module (import \"m\" \"f\" (func $f (param"+many+") (result"+many+"))) (func "+calls+"))")
	p := plan(t, module, Options{})
	if _, err := p.IR(0); err == nil || !strings.Contains(err.Error(), "function 1: its LLVM IR has more than 256 MiB") {
		t.Errorf("IR: %v", err)
	}
}

// TestManyTables holds that tables of a few bytes each are not laid out entry by entry.
func TestManyTables(t *testing.T) {
	module := assembleText(t, "(module (func $f)"+strings.Repeat("(table 65536 funcref)", 2000)+
		"(table $used 4 funcref) (elem (table $used) (i32.const 0) func $f $f) (func (call_indirect $used (i32.const 0))))")
	p := plan(t, module, Options{})
	fixed := uint64(0)
	for i := range p.module.tables {
		fixed += uint64(len(p.module.tables[i].entries))
	}
	if last := &p.module.tables[2000]; fixed > 1<<20+4 || !last.fixed {
		t.Errorf("%d entries of tables, the last with any fixed: %v", fixed, last.fixed)
	}
}
