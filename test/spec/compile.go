package spec

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"mewz/compiler"
	"mewz/compiler/lower"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/text"
	"mewz/compiler/wasm/validate"
)

// Compiler compiles the modules of scripts and remembers them: a third of the
// suite's modules occur more than once.
type Compiler struct {
	Level    string // of optimisation: 0, fast or 2
	CPU      string // processor to compile for, or empty
	CacheDir string // the compiler's own cache, or empty

	mu   sync.Mutex
	done map[compileKey]*compileResult
}

// compileKey is all that an object depends on in one run.
type compileKey struct {
	module [sha256.Size]byte
	shared bool
}

type compileResult struct {
	once sync.Once
	elf  []byte
	err  error
}

// featuresOf are the proposals that are part of a version.
var featuresOf = map[string][]wasm.Feature{
	"1.0": {wasm.FeatureMutableGlobals},
	"2.0": {
		wasm.FeatureMutableGlobals, wasm.FeatureSignExtension, wasm.FeatureSatTruncation, wasm.FeatureBulkMemory,
		wasm.FeatureReferenceTypes, wasm.FeatureMultiValue, wasm.FeatureSIMD,
	},
	threads: {
		wasm.FeatureMutableGlobals, wasm.FeatureSignExtension, wasm.FeatureSatTruncation, wasm.FeatureBulkMemory,
		wasm.FeatureMultiValue, wasm.FeatureThreads,
	},
}

// threads is the version of the scripts of the threads proposal, which builds on
// 1.0.
const threads = "threads"

// legacy is the version of the scripts of the first form of exceptions, which
// 3.0 does not have any more.
const legacy = "legacy"

// validateModule validates m by the rules of a version.
func validateModule(m *wasm.Module, version string) (*validate.Checked, error) {
	checked, err := validate.Module(m)
	known, limited := featuresOf[version]
	if err != nil || !limited {
		return checked, err
	}
	for _, f := range checked.Features() {
		if !slices.Contains(known, f) {
			return nil, fmt.Errorf("%s is not in version %s", f, version)
		}
	}
	return checked, nil
}

// compile compiles the module of v. A module that shares its process has its
// memory behind a pointer and type ids that agree with those of the others.
func (c *Compiler) compile(ctx context.Context, v *verdict, shared bool) (*compiled, error) {
	key := compileKey{sha256.Sum256(v.bytes), shared}
	c.mu.Lock()
	if c.done == nil {
		c.done = map[compileKey]*compileResult{}
	}
	r := c.done[key]
	if r == nil {
		r = &compileResult{}
		c.done[key] = r
	}
	c.mu.Unlock()
	r.once.Do(func() { r.elf, r.err = c.run(ctx, v.bytes, shared) })
	if r.err != nil {
		return nil, r.err
	}
	return &compiled{v.checked, r.elf}, nil
}

func (c *Compiler) run(ctx context.Context, module []byte, shared bool) ([]byte, error) {
	o := compiler.Options{Level: c.Level, CPU: c.CPU, CacheDir: c.CacheDir, Verify: true}
	if shared {
		o.Memory, o.HashedTypeIDs = lower.MemoryPointer, true
	}
	r, err := compiler.Compile(ctx, module, o)
	if err != nil {
		return nil, err
	}
	return r.Object, nil
}

//go:embed testdata/spectest.wat
var spectestText []byte

// spectest compiles the module that every script may import from.
func (c *Compiler) spectest(ctx context.Context) (*compiled, error) {
	module, err := text.Module(spectestText)
	if err != nil {
		return nil, fmt.Errorf("testdata/spectest.wat:%w", err)
	}
	v := c.check(version3, module)
	if err := v.err(); err != nil {
		return nil, err
	}
	return c.compile(ctx, &v, true)
}
