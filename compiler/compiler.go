package compiler

import (
	"context"
	"debug/elf"
	"fmt"
	"runtime/debug"
	"strings"

	"mewz/compiler/cache"
	"mewz/compiler/llvm"
	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"
)

// Defaults of Options.
const (
	DefaultLevel  = string(llvm.LevelFast)
	DefaultCPU    = "x86-64-v2"
	DefaultTarget = "x86_64"
)

// Options say how to compile. The zero value is the default.
type Options struct {
	Level         string // "0", "fast" or "2"; see llvm.Level
	CPU           string // LLVM's name of the least processor that the object runs on
	Target        string // "x86_64"
	SymbolPrefix  string // before every symbol of the contract, for several modules in one process
	HashedTypeIDs bool   // type ids that agree between modules, for modules linked with each other
	Memory        lower.MemoryBase
	NoLocations   bool // no line table: backtraces name functions but no offsets

	// NoGlobal0Register keeps global 0 in memory (lower.Options.Global0InRegister).
	NoGlobal0Register bool

	Name     string // of the module, if its name section has none
	CacheDir string // "": none; see cache.DefaultDirectory

	// Verify has LLVM check the IR: for tests of what writes it.
	Verify bool
	// EmitLLVM stops after lowering: Result.IR instead of Result.Object.
	EmitLLVM bool
	// Progress is told how much of the work is done, in bytes of code; calls do
	// not overlap. May be nil.
	Progress func(done, total int)
}

// Result is a compiled module.
type Result struct {
	Object []byte // ELF64, relocatable
	Module *object.Module
	IR     [][]byte // with EmitLLVM: the shards
	Cached bool     // nothing had to be compiled
	// Downgraded says that LLVM did not manage some part at the level asked for
	// (it crashed, or took too long), so that a lower one was taken.
	Downgraded bool
}

// machine is what is particular to a Target.
type machine struct {
	target  lower.Target
	machine elf.Machine
}

var machines = map[string]machine{
	"x86_64": {
		lower.Target{
			Triple:     "x86_64-unknown-none-elf",
			DataLayout: "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
		},
		elf.EM_X86_64,
	},
}

// complete fills in the defaults and checks what is left.
func (o Options) complete() (Options, error) {
	for _, field := range []struct {
		value  *string
		preset string
	}{{&o.Level, DefaultLevel}, {&o.CPU, DefaultCPU}, {&o.Target, DefaultTarget}} {
		if *field.value == "" {
			*field.value = field.preset
		}
	}
	if _, ok := machines[o.Target]; !ok {
		return o, fmt.Errorf("target %q: only x86_64 is supported", o.Target)
	}
	if strings.Trim(o.CPU, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+") != "" {
		return o, &llvm.ProcessorError{CPU: o.CPU, What: "not a name that LLVM knows"}
	}
	_, err := llvm.ParseLevel(o.Level)
	return o, err
}

// compilation is the state of one Compile.
type compilation struct {
	Options
	machine machine
	tools   *llvm.Tools
	cache   *cache.Cache // nil: none
	plan    *lower.Plan
	// features are the proposals that the module uses.
	features []string
	module   *object.Module
	shards   []llvm.Output
	places   []*lower.Place // of the shards
}

// Compile compiles a module.
func Compile(ctx context.Context, module []byte, options Options) (*Result, error) {
	o, err := options.complete()
	if err != nil {
		return nil, err
	}
	c := &compilation{Options: o, machine: machines[o.Target]}
	if o.CacheDir != "" {
		c.cache = cache.Open(o.CacheDir)
		defer c.cache.Trim()
	}
	if !o.EmitLLVM {
		if c.tools, err = llvm.Find(); err != nil {
			return nil, err
		}
		if r := c.cached(module); r != nil {
			return r, nil
		}
	}

	checked, err := check(module)
	if err != nil {
		return nil, err
	}
	if c.plan, err = lower.New(checked, c.lowerOptions()); err != nil {
		return nil, err
	}
	for _, f := range checked.Features() {
		c.features = append(c.features, string(f))
	}
	c.describe(checked.Module())
	if o.EmitLLVM {
		return c.emitLLVM()
	}
	if err := c.runLLVM(ctx); err != nil {
		return nil, err
	}
	downgraded := c.downgraded()
	r, err := c.merge()
	if err != nil {
		return nil, err
	}
	if r.Downgraded = downgraded; !downgraded {
		c.store(module, r)
	}
	return r, nil
}

// check decodes and validates a module.
func check(module []byte) (*validate.Checked, error) {
	decoded, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	return validate.Module(decoded)
}

// downgraded says whether LLVM did not manage some shard at its level, which
// depends on the machine and its load: the next time may be better.
func (c *compilation) downgraded() bool {
	for i, s := range c.plan.Shards() {
		if c.shards[i].Level != c.shardLevel(s) {
			return true
		}
	}
	return false
}

// shardLevel is the level of a shard. The heap is optimised at any of them: it is
// the same for all programs, so it is compiled once, and its small functions are
// nothing without inlining.
func (c *compilation) shardLevel(s lower.Shard) llvm.Level {
	if s.Heap {
		return llvm.Level2
	}
	if s.Huge {
		return llvm.Level0
	}
	return llvm.Level(c.Level)
}

func (c *compilation) lowerOptions() lower.Options {
	return lower.Options{
		SymbolPrefix: c.SymbolPrefix, Target: c.machine.target, CPU: c.CPU, Memory: c.Memory,
		HashedTypeIDs: c.HashedTypeIDs, Locations: !c.NoLocations, LocalsInMemory: c.Level == string(llvm.Level0),
		Movable: c.Level != string(llvm.Level2), Readable: c.EmitLLVM,
		Global0InRegister: c.Level != string(llvm.Level0) && !c.NoGlobal0Register,
	}
}

func (c *compilation) emitLLVM() (*Result, error) {
	r := &Result{Module: c.module}
	for i := range c.plan.Shards() {
		text, err := c.plan.IR(i)
		if err != nil {
			return nil, err
		}
		r.IR = append(r.IR, text.IR)
	}
	return r, nil
}

// shardName is what messages call a shard.
func shardName(s lower.Shard) string {
	if s.Heap {
		return "the heap of objects"
	}
	return fmt.Sprintf("functions %d to %d", s.First, s.End)
}

func (c *compilation) runLLVM(ctx context.Context) error {
	var shards []llvm.Shard
	c.places = make([]*lower.Place, len(c.plan.Shards()))
	for i, s := range c.plan.Shards() {
		shards = append(shards, llvm.Shard{
			Name:   shardName(s),
			Weight: max(s.CodeBytes, 1),
			Level:  c.shardLevel(s),
			IR: func() ([]byte, error) {
				text, err := c.plan.IR(i)
				if err != nil {
					return nil, err
				}
				c.places[i] = text.Place
				return text.IR, nil
			},
		})
	}
	o := llvm.Options{Tools: c.tools, CPU: c.CPU, Verify: c.Verify, Progress: c.Progress}
	if c.cache != nil {
		o.Cache = c.cache
	}
	var err error
	c.shards, err = llvm.Compile(ctx, shards, o)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("compilation was stopped: %w", ctx.Err())
	}
	return err
}

// merge makes one object of the shards, the data and the metadata. It uses up the
// plan and the shards, which take most of the memory of a large program.
func (c *compilation) merge() (*Result, error) {
	data := object.New("data", c.machine.machine)
	if m := c.module.Memory; m != nil {
		initial := c.plan.InitialMemory()
		if err := object.CheckSpread(initial); err != nil {
			return nil, err
		}
		if err := data.AddMemory(c.SymbolPrefix, *m, object.Chunks(initial)); err != nil {
			return nil, err
		}
	}
	for i, m := range c.module.More {
		data.AddFurtherMemory(c.SymbolPrefix, i+1, m)
	}
	for _, s := range c.plan.Segments() {
		section := data.AddSection(object.Section{Name: ".rodata.segment", Flags: elf.SHF_ALLOC, Align: 1, Data: append([]byte{}, s.Bytes...)})
		data.AddObject(s.Symbol, section)
	}
	if err := data.AddModule(c.module); err != nil {
		return nil, err
	}
	c.plan = nil
	files := []*object.File{}
	for i := range c.shards {
		f, err := object.Read(fmt.Sprintf("shard %d", i), c.shards[i].Object)
		if err != nil {
			return nil, err
		}
		c.shards[i].Object = nil
		if c.places[i] != nil {
			if err := c.places[i].Move(f); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	debug.FreeOSMemory()
	merged, err := object.MergeFiles(append(files, data)...)
	if err != nil {
		return nil, err
	}
	if err := merged.AddUnwindTable(c.SymbolPrefix); err != nil {
		return nil, err
	}
	if err := c.checkUndefined(merged); err != nil {
		return nil, err
	}
	b, err := merged.Encode()
	if err != nil {
		return nil, err
	}
	return &Result{Object: b, Module: c.module}, nil
}

// checkUndefined holds the contract that nothing but imports, memory and three
// functions is undefined. LLVM calls the C library for what a processor has no
// instruction for, rounding for instance.
func (c *compilation) checkUndefined(f *object.File) error {
	for i := range f.Symbols {
		s := &f.Symbols[i]
		if s.Section != object.SectionUndefined || strings.Contains(s.Name, ".") || s.Name == "" {
			continue
		}
		switch s.Name {
		case "memcpy", "memmove", "memset":
			continue
		}
		if !strings.HasPrefix(s.Name, c.SymbolPrefix+object.SymbolMemory) && !strings.HasPrefix(s.Name, c.SymbolPrefix+object.SymbolHeap) {
			return &llvm.ProcessorError{CPU: c.CPU, What: fmt.Sprintf(
				"it lacks instructions that WebAssembly needs (LLVM calls %s instead): use %s or later", s.Name, DefaultCPU)}
		}
	}
	return nil
}
