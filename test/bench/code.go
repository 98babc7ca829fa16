package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"mewz/test/toolchain"
)

// Rounds of every program. Three would do on a quiet computer.
const (
	codeRounds      = 10
	codeRoundsShort = 2
)

// measurement is what a measuredProgram printed.
type measurement struct {
	checksum string
	seconds  float64
}

func parseMeasurement(stdout string) (measurement, error) {
	var m measurement
	if _, err := fmt.Sscanf(stdout, "%s %f\n", &m.checksum, &m.seconds); err != nil || m.seconds <= 0 {
		return m, fmt.Errorf("%q is not a checksum and a time", stdout)
	}
	return m, nil
}

// variant is one way to run a program.
type variant struct {
	name string
	run  func() (stdout string, err error)
}

// Names of the variants; the first is the yardstick.
const (
	variantNative   = "native -O3"
	variantMewzTwo  = "mewz 2"
	variantMewzFast = "mewz fast"
	variantWazero   = "wazero"
)

var variantNames = []string{variantNative, variantMewzTwo, variantMewzFast, variantWazero}

// candidate is a program in all its variants, and what was measured so far.
type candidate struct {
	name     string
	variants []variant
	checksum string               // of the first run; all others must have it
	times    map[string][]float64 // in seconds, by variant
}

// codeSpeed compares compiled programs with native ones and with wazero. Every
// round runs everything once, so that a minute in which the computer is slow is
// one round of all programs and not all rounds of one.
func (b *bench) codeSpeed() (*report, error) {
	candidates, finish, err := b.candidates()
	defer finish()
	if err != nil {
		return nil, err
	}
	rounds := codeRounds
	if b.short {
		rounds = codeRoundsShort
	}
	for round := range rounds {
		progress("code: round %d of %d", round+1, rounds)
		for _, c := range candidates {
			if err := c.run(); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	r := &report{}
	r.say("Time relative to the same source as a native program (`clang-19 -O3`, baseline x86-64): less is better, 1 is native speed. The modules are\n"+
		"`clang-19 --target=wasm32-wasi -O3`; `mewz 2` and `mewz fast` are `--opt 2` and the default, run with `--vmm process`; wazero is its compiler.\n"+
		"Each program takes its own time, without its start; all variants ran in turn, the best of %d rounds counts, and their checksums are equal.\n"+
		"*Noise* is how much longer the median round of the native program took than its best.", rounds)
	r.table(b.codeTable(candidates))
	return r, nil
}

// candidates builds the programs. finish has to be called in any case, after the
// last run.
func (b *bench) candidates() (candidates []*candidate, finish func(), err error) {
	var finishers []func()
	finish = func() {
		for _, f := range finishers {
			f()
		}
	}
	for _, p := range measuredPrograms {
		if b.short && !p.short {
			continue
		}
		progress("code: %s: building", p.name)
		variants, finishOne, err := b.variants(p.program)
		if err != nil {
			return nil, finish, fmt.Errorf("%s: %w", p.name, err)
		}
		finishers = append(finishers, finishOne)
		candidates = append(candidates, &candidate{name: p.name, variants: variants, times: map[string][]float64{}})
	}
	return candidates, finish, nil
}

// run runs each variant once.
func (c *candidate) run() error {
	for _, v := range c.variants {
		stdout, err := v.run()
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		m, err := parseMeasurement(stdout)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		if c.checksum == "" {
			c.checksum = m.checksum
		}
		if m.checksum != c.checksum {
			return fmt.Errorf("%s: checksum %s, want %s of %s", v.name, m.checksum, c.checksum, variantNative)
		}
		c.times[v.name] = append(c.times[v.name], m.seconds)
	}
	return nil
}

// codeTable makes ratios of the best times.
func (b *bench) codeTable(candidates []*candidate) *table {
	t := &table{columns: append(append([]string{"program", "native, s"}, variantNames[1:]...), "noise")}
	ratios := map[string][]float64{}
	for _, c := range candidates {
		yardstick := slices.Min(c.times[variantNative])
		row := []string{c.name, fmt.Sprintf("%.3f", yardstick)}
		for _, name := range variantNames[1:] {
			r := slices.Min(c.times[name]) / yardstick
			ratios[name] = append(ratios[name], r)
			row = append(row, ratio(r))
		}
		t.add(append(row, fmt.Sprintf("%.0f %%", 100*(median(c.times[variantNative])/yardstick-1)))...)
	}
	mean := []string{"**geometric mean**", ""}
	for _, name := range variantNames[1:] {
		mean = append(mean, "**"+ratio(geomean(ratios[name]))+"**")
	}
	t.add(mean...)
	if !b.short { // the budget is for all programs
		b.measured[budgetCode2] = geomean(ratios[variantMewzTwo])
		b.measured[budgetCodeFast] = geomean(ratios[variantMewzFast])
	}
	return t
}

// median of an odd number of times is the middle one, else the later of two.
func median(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// variants builds a program in every way. finish has to be called after the
// last run.
func (b *bench) variants(p toolchain.Program) (v []variant, finish func(), err error) {
	native, err := toolchain.Native(p)
	if err != nil {
		return nil, nil, err
	}
	v = append(v, variant{variantNative, func() (string, error) {
		o, err := b.exec(native)
		return o.stdout, err
	}})
	for _, level := range []struct{ variant, name string }{{variantMewzTwo, levelTwo}, {variantMewzFast, levelFast}} {
		image, err := b.image(p, level.name)
		if err != nil {
			return nil, nil, err
		}
		v = append(v, variant{level.variant, func() (string, error) {
			o, err := b.exec(b.mewz, "run", "--vmm", "process", image)
			return o.stdout, err
		}})
	}
	wasm, err := toolchain.Wasm(p)
	if err != nil {
		return nil, nil, err
	}
	run, finish, err := wazeroProgram(b.ctx, wasm)
	if err != nil {
		return nil, nil, err
	}
	return append(v, variant{variantWazero, run}), finish, nil
}

// wazeroProgram compiles a module by wazero's compiler and returns how to run
// it.
func wazeroProgram(ctx context.Context, path string) (run func() (string, error), finish func(), err error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	finish = func() { runtime.Close(context.WithoutCancel(ctx)) }
	_, err = wasi_snapshot_preview1.Instantiate(ctx, runtime)
	if err != nil {
		finish()
		return nil, nil, err
	}
	module, err := runtime.CompileModule(ctx, binary)
	if err != nil {
		finish()
		return nil, nil, err
	}
	run = func() (string, error) {
		var stdout, stderr bytes.Buffer
		config := wazero.NewModuleConfig().WithName("").WithStdout(&stdout).WithStderr(&stderr).WithSysNanotime().WithSysWalltime()
		instance, err := runtime.InstantiateModule(ctx, module, config)
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
		}
		return stdout.String(), instance.Close(ctx)
	}
	return run, finish, nil
}
