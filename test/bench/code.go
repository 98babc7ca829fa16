package main

import (
	"fmt"
	"slices"

	"mewz/test/document"
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

// candidate is a program in all its variants, and what was measured so far.
type candidate struct {
	name     string
	variants []variant
	checksum string               // of the first run; all others must have it
	times    map[string][]float64 // in seconds, by variant
}

// suite is a set of programs that are compared in the same ways.
type suite struct {
	name     string // of the section
	programs []measuredProgram
	ways     []way // the first is the yardstick
	intro    string
	budgets  map[string]string // name of the budget for the mean of a way
}

// codeWays are how each program is run. A computer on which the tests run and that
// has no x86-64-v3 is older than Haswell.
var codeWays = []way{native, mewzTwo, mewzFast, mewzTwoV3, mewzFastV3, wazeroWay, nodeWay, wasmtimeWay}

// suites are the sections that compare code. Modules for the second are compiled
// with -msimd128, and native programs for a processor whose vectors have
// 128 bits too.
var suites = []suite{
	{
		name: "code", programs: measuredPrograms, ways: codeWays,
		intro: "Time relative to the same source as a native program (`clang-19 -O3`, baseline x86-64): less is better, 1 is native speed. The modules are\n" +
			"`clang-19 --target=wasm32-wasi -O3`.",
		budgets: map[string]string{mewzTwo.name: budgetCode2, mewzFast.name: budgetCodeFast},
	},
	{
		name: "simd", programs: vectorPrograms, ways: codeWays,
		intro: "The same with vectors of 128 bits: modules by `-O3 -msimd128`, native programs by `-O3 -march=x86-64-v2`. `mandel`, `blur` and `scan` are written\n" +
			"with vectors, the others clang vectorises where it can.",
		budgets: map[string]string{mewzTwo.name: budgetSIMD},
	},
	{
		name: "go", programs: goPrograms, ways: codeWays,
		intro:   "Go programs (`GOOS=wasip1`), relative to the same source built for Linux by the same Go. Native Go has hand-written assembly in `sha256`.",
		budgets: map[string]string{},
	},
}

func (b *bench) codeSpeed() (*document.Report, error) { return b.compareCode(&suites[0]) }
func (b *bench) simdSpeed() (*document.Report, error) { return b.compareCode(&suites[1]) }
func (b *bench) goSpeed() (*document.Report, error)   { return b.compareCode(&suites[2]) }

// compareCode compares compiled programs with native ones and with others' engines. Every
// round runs everything once, so that a minute in which the computer is slow is
// one round of all programs and not all rounds of one.
func (b *bench) compareCode(s *suite) (*document.Report, error) {
	candidates, finish, err := b.candidates(s)
	defer finish()
	if err != nil {
		return nil, err
	}
	rounds := b.rounds
	if b.short {
		rounds = min(rounds, codeRoundsShort)
	}
	for round := range rounds {
		b.Progress("%s: round %d of %d", s.name, round+1, rounds)
		for _, c := range candidates {
			if err := c.run(); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	r := &document.Report{}
	r.Say("%s", s.intro)
	r.Say("`mewz 2` and `mewz fast` are `--opt 2` and the default, as an image has it: for x86-64-v2. `v3` is the same with `--cpu x86-64-v3`, which is\n"+
		"what `mewz run --vmm process` compiles for on this computer, as the engines do that compile when they start. All run with `--vmm process`;\n"+
		"wazero is its compiler, Node.js is V8 with TurboFan alone\n"+
		"(`--no-liftoff`), wasmtime is Cranelift at its best level. Each program takes its own time, without its start and without compiling; all ran in\n"+
		"turn, the best of %d rounds counts, and their checksums are equal. *Noise* is how much longer the median round of the native program took than its best.", rounds)
	r.Table(b.codeTable(s, candidates))
	for _, sentence := range b.compareOthers(s, candidates) {
		r.Say("%s", sentence)
	}
	if b.complete() {
		if err := b.plot(s, candidates); err != nil {
			return nil, err
		}
		r.Say("![%s](%s)", s.name, plotName(s))
	}
	return r, nil
}

// candidates builds the programs. finish has to be called in any case, after the
// last run.
func (b *bench) candidates(s *suite) (candidates []*candidate, finish func(), err error) {
	var finishers []func()
	finish = func() {
		for _, f := range finishers {
			f()
		}
	}
	for _, p := range s.programs {
		if b.short && !p.short || len(b.programs) > 0 && !slices.Contains(b.programs, p.name) {
			continue
		}
		b.Progress("%s: %s: building", s.name, p.name)
		c := &candidate{name: p.name, times: map[string][]float64{}}
		for _, w := range s.ways {
			run, finishOne, err := w.prepare(b, p)
			if err != nil {
				return nil, finish, fmt.Errorf("%s: %s: %w", p.name, w.name, err)
			}
			if finishOne != nil {
				finishers = append(finishers, finishOne)
			}
			c.variants = append(c.variants, variant{w.name, run})
		}
		candidates = append(candidates, c)
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
			return fmt.Errorf("%s: checksum %s, want %s of %s", v.name, m.checksum, c.checksum, c.variants[0].name)
		}
		c.times[v.name] = append(c.times[v.name], m.seconds)
	}
	return nil
}

// yardstick is the best time of the first variant.
func (c *candidate) yardstick() float64 { return slices.Min(c.times[c.variants[0].name]) }

// ratio is the best time of a variant relative to the yardstick.
func (c *candidate) ratio(variant string) float64 {
	return slices.Min(c.times[variant]) / c.yardstick()
}

// codeTable makes ratios of the best times.
func (b *bench) codeTable(s *suite, candidates []*candidate) *document.Table {
	t := &document.Table{Columns: []string{"program", s.ways[0].name + ", s"}}
	for _, w := range s.ways[1:] {
		t.Columns = append(t.Columns, w.name)
	}
	t.Columns = append(t.Columns, "noise")
	ratios := map[string][]float64{}
	for _, c := range candidates {
		row := []string{c.name, fmt.Sprintf("%.3f", c.yardstick())}
		for _, w := range s.ways[1:] {
			ratios[w.name] = append(ratios[w.name], c.ratio(w.name))
			row = append(row, ratio(c.ratio(w.name)))
		}
		t.Add(append(row, fmt.Sprintf("%.0f %%", 100*(median(c.times[s.ways[0].name])/c.yardstick()-1)))...)
	}
	mean := []string{"**geometric mean**", ""}
	for _, w := range s.ways[1:] {
		mean = append(mean, "**"+ratio(geomean(ratios[w.name]))+"**")
		if budget := s.budgets[w.name]; budget != "" && b.complete() { // the budget is for all programs
			b.measured[budget] = geomean(ratios[w.name])
		}
	}
	t.Add(mean...)
	return t
}

// compareOthers says how our default and best levels do against each other
// engine, program by program.
func (b *bench) compareOthers(s *suite, candidates []*candidate) []string {
	var sentences []string
	for _, ours := range []way{mewzTwo, mewzFast, mewzTwoV3, mewzFastV3} {
		text := "`" + ours.name + "` is faster than"
		for k, other := range []way{wazeroWay, nodeWay, wasmtimeWay} {
			var factors []float64
			ahead, least, where := 0, 0.0, ""
			for _, c := range candidates {
				factor := c.ratio(other.name) / c.ratio(ours.name)
				factors = append(factors, factor)
				if factor > 1 {
					ahead++
				}
				if where == "" || factor < least {
					least, where = factor, c.name
				}
			}
			if k > 0 {
				text += ","
			}
			text += fmt.Sprintf(" %s on %d of %d programs, by %.2f times in the mean, least on %s (%.2f)",
				other.name, ahead, len(candidates), geomean(factors), where, least)
			if s.name == "go" && ours.name == mewzFast.name && other.name == wazeroWay.name && b.complete() {
				b.measured[budgetGo] = geomean(factors)
			}
		}
		sentences = append(sentences, text+".")
	}
	return sentences
}

// median of an odd number of times is the middle one, else the later of two.
func median(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
