package differential

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mewz/compiler/wasm"

	"github.com/google/go-cmp/cmp"
)

// TestKept runs the cases of testdata, which once differed or show what is let
// pass, in every way to compile.
func TestKept(t *testing.T) {
	f := newFuzzer(t)
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) { testKept(t, f, name) })
	}
}

func testKept(t *testing.T, f *Fuzzer, name string) {
	ctx := context.Background()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(strings.TrimSuffix(name, ".txt") + ".wasm")
	if err != nil {
		t.Fatal(err)
	}
	c, h, want, err := parseKept(module, text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Outcomes(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	// Both ways through the text, which compares the outcomes too.
	if diff := cmp.Diff(string(text), string(c.textWith(h, got))); diff != "" {
		t.Errorf("oracle (-committed +now):\n%s", diff)
	}
	if len(want) == 0 {
		t.Error("no sequences")
	}
	for _, v := range Variants {
		counts, err := f.Compare(ctx, c, v)
		if err != nil {
			t.Error(err)
		}
		if counts.Open > 0 {
			t.Errorf("variant %s: %d sequences without a verdict", v.Name, counts.Open)
		}
	}
}

func TestParseCaseRefuses(t *testing.T) {
	module := Generate(randFor(1))
	for _, text := range []string{
		"call e0\n", "= i:1\n", "sequence\ncall\n", "sequence\ncall nothing\n", "sequence\ncall isnull\n",
		"sequence\ncall isnull i:0x1 i:0x2\n", "sequence\ncall isnull 1\n", "sequence\ncall isnull i:x\n",
		"sequence\ncall isnull I:0x1\n", "sequence\ncall isnull i:1,2,3\n", "sequences\n",
	} {
		if _, _, _, err := parseKept(module, []byte(text)); err == nil {
			t.Errorf("parseKept(%q) gives no error", text)
		}
	}
}

// TestReduce plants a fault and wants the case that shows it to become small.
func TestReduce(t *testing.T) {
	f := newFuzzer(t)
	f.Variant = "0"
	f.Plant = (&plant{from: wasm.OpI64Add, to: wasm.OpI64Sub}).in
	ctx := context.Background()
	for seed := uint64(1); ; seed++ {
		c, v, err := f.NewCase(ctx, seed)
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.differs(ctx, c, v)
		if err != nil && !errors.Is(err, errOracle) {
			t.Fatal(err)
		}
		if d == nil {
			continue
		}
		small := f.Reduce(ctx, c, v, d, 10*time.Second)
		if len(small.Sequences) != 1 || len(small.Module) >= len(c.Module) {
			t.Errorf("Reduce leaves %d sequences and %d of %d bytes", len(small.Sequences), len(small.Module), len(c.Module))
		}
		if again, err := f.differs(ctx, small, v); err != nil || again == nil || again.Kind != d.Kind {
			t.Errorf("Reduce: the difference is %v, %v, was %v", again, err, d)
		}
		return
	}
}

// TestValidators compares validators on changed modules, as long as a test may
// take.
func TestValidators(t *testing.T) {
	f := newFuzzer(t)
	for seed := range uint64(60) {
		c := &Case{Module: Generate(randFor(seed)), Judge: JudgeWazero}
		if err := f.compareValidators(context.Background(), c, seed); err != nil {
			t.Fatal(err)
		}
		c = &Case{Module: GenerateProposals(randFor(seed)), Judge: JudgeV8}
		if err := f.compareValidators(context.Background(), c, seed); err != nil {
			t.Fatal(err)
		}
	}
	if f.Totals.Verdicts == 0 || f.Totals.Accepted == 0 || f.Totals.Accepted == f.Totals.Verdicts {
		t.Errorf("%d of %d modules are valid", f.Totals.Accepted, f.Totals.Verdicts)
	}
	// Where we differ the other is the one that is wrong, which is rare.
	if f.Totals.Split > f.Totals.Verdicts/100 {
		t.Errorf("the other engine differs on %d of %d modules", f.Totals.Split, f.Totals.Verdicts)
	}
}
