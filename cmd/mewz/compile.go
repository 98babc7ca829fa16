package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"mewz/compiler"
	"mewz/compiler/cache"
	"mewz/compiler/llvm"
)

// garbagePercent is how much the heap may grow until it is collected, in percent of what is
// used. LLVM's processes take the time of a compilation and half of its memory; Go's usual 100
// would have the command take the other half for garbage.
const garbagePercent = 40

// compile compiles a module.
func (a *app) compile(src *source, flags compileFlags, emitLLVM bool) (*compiler.Result, error) {
	o := a.compilerOptions(src, flags)
	o.EmitLLVM = emitLLVM
	p := newProgress("compiling " + src.name)
	if !a.quiet && stderrIsTerminal() {
		o.Progress = p.set
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent))
	}
	start := time.Now()
	result, err := compiler.Compile(a.context(), src.data, o)
	p.finish()
	if err != nil {
		return nil, compileError(src, err)
	}
	if result.Downgraded && !a.quiet {
		warn(fmt.Sprintf("%s: LLVM crashed or took too long over some of it at --opt %s, so that part was compiled at a lower level and is slower; "+
			"the next time all of it is tried again", src.path, flags.Opt))
	}
	a.logf("compiled %s in %v, cached: %v", src.path, time.Since(start).Round(time.Millisecond), result.Cached)
	return result, nil
}

// compilerOptions says how src is compiled.
func (a *app) compilerOptions(src *source, flags compileFlags) compiler.Options {
	o := compiler.Options{Level: flags.Opt, CPU: processor(flags.CPU), Name: src.name}
	if flags.NoCache {
		return o
	}
	directory, err := cache.DefaultDirectory()
	if err != nil {
		a.logf("no cache: %v", err)
		return o
	}
	o.CacheDir = directory
	return o
}

// compileError says what a fault of the compiler is about: the module, or the flags.
func compileError(src *source, err error) error {
	var unknown *llvm.ProcessorError
	if errors.As(err, &unknown) {
		return wrongFlags(fmt.Errorf("--cpu %s: %s", quote([]string{unknown.CPU}), unknown.What))
	}
	return fmt.Errorf("%s: %w%s", src.path, err, src.sourceOf(err))
}

// Run compiles a module into an object, or into LLVM IR.
func (c *compileCommand) Run(a *app) error {
	src, err := openSource(c.File)
	if err != nil {
		return err
	}
	if src.kind != kindModule {
		return fmt.Errorf("%s: is an %s, not a WebAssembly module", c.File, src.kind)
	}
	result, err := a.compile(src, c.compileFlags, c.Emit == "llvm")
	if err != nil {
		return err
	}
	if c.Emit == "llvm" {
		return writeIR(a.context(), c.Output, result.IR)
	}
	return writeOutput(a.context(), c.Output, objectMode, bytesContent(result.Object))
}

// writeIR writes the LLVM modules of a program. A small one is one LLVM module;
// of a larger one, app.ll becomes app.0.ll, app.1.ll and so on.
func writeIR(ctx context.Context, path string, modules [][]byte) error {
	if len(modules) == 1 {
		return writeOutput(ctx, path, objectMode, bytesContent(modules[0]))
	}
	if path == "-" {
		return fmt.Errorf("%d LLVM modules do not fit into one stream: name a file", len(modules))
	}
	extension := filepath.Ext(path)
	base := strings.TrimSuffix(path, extension)
	for i, module := range modules {
		name := fmt.Sprintf("%s.%d%s", base, i, extension)
		if err := writeOutput(ctx, name, objectMode, bytesContent(module)); err != nil {
			return err
		}
	}
	return nil
}

// progressDelay is how long work must take before it is worth a progress bar.
const progressDelay = 500 * time.Millisecond

// progress is a bar on a terminal that appears when work takes long, and is
// gone when it is done.
type progress struct {
	title string
	start time.Time
	bar   *progressbar.ProgressBar
}

func newProgress(title string) *progress { return &progress{title: title, start: time.Now()} }

func (p *progress) set(done, total int) {
	if p.bar == nil {
		if time.Since(p.start) < progressDelay {
			return
		}
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(p.title),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30),
			progressbar.OptionSetPredictTime(true))
	}
	// A bar that can not be drawn is no reason to stop the work.
	_ = p.bar.Set(done)
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Clear()
		_ = p.bar.Exit()
	}
}
