package differential

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Generators of modules.
const (
	GeneratorOwn   = "own"
	GeneratorSmith = "smith"
	// GeneratorProposals makes what wazero cannot run: V8 is the judge.
	GeneratorProposals = "proposals"
)

// smithEvery is how many modules there are for one of smith: it finds less in the
// same time (docs/conformance.md).
const smithEvery = 10

// proposalsEvery is how many modules there are for one that V8 judges.
const proposalsEvery = 2

// Fuzzer makes cases and compares them.
type Fuzzer struct {
	Runner
	WasmTools string // empty: no modules of smith
	Dir       string // for scratch files
	Generator string // only this one; empty: all there are tools for
	Variant   string // only this one; empty: any
	Totals    Totals
	Invalid   []InvalidFinding // what validators disagree about
}

// Totals is what a fuzzer did.
type Totals struct {
	Counts
	Modules   map[string]int // by generator
	Verdicts  int            // of validators, on changed modules
	Accepted  int            // of them
	Split     int            // of them, those on which we and the other engine differ
	Disagreed int            // modules on which the compilers of the other engine differ from each other, or which it refuses
}

// Finding is a case that shows a fault, as small as it could be made.
type Finding struct {
	Seed      uint64
	Generator string
	Difference
	Case *Case
}

// randFor are the random numbers of a seed.
func randFor(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// generator says which generator makes the module of a seed.
func (f *Fuzzer) generator(seed uint64) string {
	switch {
	case f.Generator != "":
		return f.Generator
	case f.V8 != nil && seed%proposalsEvery == 0:
		return GeneratorProposals
	case f.WasmTools != "" && seed%smithEvery == smithEvery-1:
		return GeneratorSmith
	default:
		return GeneratorOwn
	}
}

// NewCase makes the case of a seed and chooses its variant. No case and no error
// says that there is none.
func (f *Fuzzer) NewCase(ctx context.Context, seed uint64) (*Case, Variant, error) {
	r := randFor(seed)
	v := pick(r, Variants)
	if f.Variant != "" {
		var err error
		if v, err = VariantNamed(f.Variant); err != nil {
			return nil, v, err
		}
	}
	var module []byte
	switch generator := f.generator(seed); generator {
	case GeneratorOwn:
		module = Generate(r)
	case GeneratorProposals:
		module = GenerateProposals(r)
	case GeneratorSmith:
		var err error
		if module, err = Smith(ctx, r, f.WasmTools, f.Dir); err != nil || module == nil {
			return nil, v, err
		}
	default:
		return nil, v, fmt.Errorf("no generator %q", generator)
	}
	c, err := NewCase(r, module)
	if err != nil {
		return nil, v, &Difference{v.Name, -1, -1, KindCompile, "decode: " + err.Error()}
	}
	if f.generator(seed) == GeneratorProposals {
		c.Judge = JudgeV8
	}
	return c, v, nil
}

// One does all with one seed. A Finding is a fault of ours; the error is one of
// the harness.
func (f *Fuzzer) One(ctx context.Context, seed uint64) (*Finding, error) {
	c, v, err := f.NewCase(ctx, seed)
	if err != nil || c == nil {
		return nil, err
	}
	if f.Totals.Modules == nil {
		f.Totals.Modules = map[string]int{}
	}
	f.Totals.Modules[f.generator(seed)]++
	if err := f.compareValidators(ctx, c, seed); err != nil {
		return nil, err
	}
	counts, err := f.Compare(ctx, c, v)
	f.Totals.Add(counts)
	var d *Difference
	switch {
	case errors.Is(err, errOracle):
		f.Totals.Disagreed++
		return nil, nil
	case !errors.As(err, &d):
		return nil, err
	}
	if d.Sequence >= 0 {
		// Not the whole case: the other engine may be wrong elsewhere.
		if other := f.JudgeAgrees(ctx, c.withCalls(c.Sequences[d.Sequence])); other != nil {
			f.Totals.Disagreed++
			return nil, nil
		}
	}
	return &Finding{seed, f.generator(seed), *d, c}, nil
}

// Keep makes a finding smaller and writes it into dir as a case for the tests.
// It returns the path of the module.
func (f *Fuzzer) Keep(ctx context.Context, found *Finding, dir string) (string, error) {
	v, err := VariantNamed(found.Variant)
	if err != nil {
		return "", err
	}
	c := f.Reduce(ctx, found.Case, v, &found.Difference, reduceTimeout)
	what := found.What
	if d, err := f.differs(ctx, c, v); err == nil && d != nil {
		what = d.What
	}
	outcomes, err := f.Outcomes(ctx, c)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%d", found.Generator, found.Seed))
	h := &caseHeader{variant: v.Name, remarks: []string{
		fmt.Sprintf("go run ./test/differential/fuzz -generator %s -variant %s -seed %d -count 1", found.Generator, v.Name, found.Seed),
		"found: " + what,
	}}
	if err := os.WriteFile(name+".txt", c.textWith(h, outcomes), 0o644); err != nil {
		return "", err
	}
	return name + ".wasm", os.WriteFile(name+".wasm", c.Module, 0o644)
}
