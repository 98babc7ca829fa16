// Command fuzz compares compiled code with wazero and V8 for a while, on modules made
// at random (package differential). A difference is made smaller and written to
// test/differential/testdata, to be committed with the repair.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"mewz/test/differential"
	"mewz/test/spec"
	"mewz/test/toolchain"
)

// findingsMax ends a run: more of the same fault help nobody.
const findingsMax = 5

// progressEvery is how often a run says that it goes on.
const progressEvery = time.Minute

type arguments struct {
	duration           time.Duration
	seed               uint64
	count              uint64
	generator, variant string
	output             string
}

func main() {
	var a arguments
	flag.DurationVar(&a.duration, "time", time.Minute, "how long to run")
	flag.Uint64Var(&a.seed, "seed", 0, "the first seed; 0: the time of day")
	flag.Uint64Var(&a.count, "count", 0, "how many seeds; 0: as many as there is time for")
	flag.StringVar(&a.generator, "generator", "", "own, smith or proposals; empty: all")
	flag.StringVar(&a.variant, "variant", "", "how to compile; empty: any way")
	flag.StringVar(&a.output, "output", "", "folder for what is found; empty: test/differential/testdata")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, a); err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, a arguments) error {
	root, err := toolchain.Root()
	if err != nil {
		return err
	}
	if a.output == "" {
		a.output = filepath.Join(root, "test", "differential", "testdata")
	}
	dir, err := os.MkdirTemp("", "differential-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f := &differential.Fuzzer{Dir: dir, Generator: a.generator, Variant: a.variant}
	if f.Program, err = spec.BuildRunner(dir); err != nil {
		return err
	}
	if f.WasmTools, err = toolchain.WasmTools(); err != nil {
		if a.generator == differential.GeneratorSmith || os.Getenv("CI") != "" {
			return err
		}
		fmt.Printf("differential: no modules of wasm-tools smith: %v\n", err)
	}
	switch node, err := toolchain.V8(); {
	case err == nil:
		f.V8 = differential.NewV8(node)
		defer f.V8.Close()
	case a.generator == differential.GeneratorProposals || os.Getenv("CI") != "":
		return err
	default:
		fmt.Printf("differential: no modules for V8: %v\n", err)
	}
	if a.seed == 0 {
		a.seed = uint64(time.Now().UnixNano())
	}
	return fuzz(ctx, a, f)
}

// fuzz compares one seed after the other.
func fuzz(ctx context.Context, a arguments, f *differential.Fuzzer) error {
	fmt.Printf("differential: seeds from %d\n", a.seed)
	start, said, found := time.Now(), time.Now(), 0
	for n := uint64(0); ctx.Err() == nil && found < findingsMax; n++ {
		if a.count > 0 && n == a.count || a.count == 0 && time.Since(start) > a.duration {
			break
		}
		finding, err := f.One(ctx, a.seed+n)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("seed %d: %w", a.seed+n, err)
		}
		if finding != nil {
			found++
			if err := keep(ctx, a, f, finding); err != nil {
				return err
			}
		}
		if time.Since(said) > progressEvery {
			said = time.Now()
			report(f, time.Since(start))
		}
	}
	report(f, time.Since(start))
	if f.Totals.Calls == 0 && a.count == 0 && ctx.Err() == nil {
		return errors.New("no call was compared")
	}
	invalid, err := keepInvalid(a, f)
	if err != nil {
		return err
	}
	if found += invalid; found > 0 {
		return fmt.Errorf("%d differences", found)
	}
	return nil
}

func keep(ctx context.Context, a arguments, f *differential.Fuzzer, finding *differential.Finding) error {
	fmt.Printf("differential: seed %d: %v\n", finding.Seed, &finding.Difference)
	path, err := f.Keep(ctx, finding, a.output)
	if err != nil {
		return fmt.Errorf("seed %d: %w", finding.Seed, err)
	}
	fmt.Printf("differential: written to %s\n  again: go run ./test/differential/fuzz -generator %s -variant %s -seed %d -count 1\n",
		path, finding.Generator, finding.Variant, finding.Seed)
	return nil
}

// keepInvalid writes the modules that validators disagree about.
func keepInvalid(a arguments, f *differential.Fuzzer) (int, error) {
	written := 0
	var errs []error
	for k, i := range f.Invalid {
		fmt.Printf("differential: validators disagree: ours: %v; theirs: %v\n", i.Ours, i.Theirs)
		if k < findingsMax {
			path := filepath.Join(a.output, fmt.Sprintf("validity-%d-%d.wasm", a.seed, k))
			errs = append(errs, os.WriteFile(path, i.Module, 0o644))
			fmt.Printf("  written to %s\n", path)
		}
		written++
	}
	return written, errors.Join(errs...)
}

func report(f *differential.Fuzzer, elapsed time.Duration) {
	t := &f.Totals
	fmt.Printf("differential: %v: modules %v, %d calls, %d traps, %d sequences without a verdict, %d loads excused, other engines against themselves %d, %d modules validated: %d valid, other engines differ on %d\n",
		elapsed.Round(time.Second), t.Modules, t.Calls, t.Traps, t.Open, t.Excused, t.Disagreed, t.Verdicts, t.Accepted, t.Split)
}
