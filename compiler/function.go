package compiler

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"

	"mewz/compiler/cache"
	"mewz/compiler/llvm"
	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm/validate"
)

// FunctionCode is one function at the stages of the compiler.
type FunctionCode struct {
	Symbol string
	Level  string // lower than asked if LLVM did not manage
	// Lowered is the LLVM module that holds the function; Optimized is that after the level's passes, nil if it has none.
	Lowered, Optimized []byte
	// Object is the machine code of that module, the same bytes that Compile
	// makes.
	Object []byte
	// EveryLocation says that the IR and the line table of Object cover every
	// instruction and not just calls, memory accesses and traps.
	EveryLocation bool
}

// CompileFunction compiles the part of a module that holds a function which the
// module defines, and keeps what Compile only passes on.
func CompileFunction(ctx context.Context, module []byte, index uint32, options Options) (*FunctionCode, error) {
	o, err := options.complete()
	if err != nil {
		return nil, err
	}
	c := &compilation{Options: o, machine: machines[o.Target]}
	if o.CacheDir != "" {
		c.cache = cache.Open(o.CacheDir)
		defer c.cache.Trim()
	}
	if c.tools, err = llvm.Find(); err != nil {
		return nil, err
	}
	checked, err := check(module)
	if err != nil {
		return nil, err
	}
	k := int(index) - checked.ImportedFunctions()
	if k < 0 || k >= len(checked.Module().Code) {
		return nil, fmt.Errorf("function %d: the module defines no function of this index", index)
	}
	return c.compileFunction(ctx, checked, k)
}

// compileFunction compiles the shard of code number k twice: as Compile does it
// and with all places. Places do not change the code, or else they are not used.
func (c *compilation) compileFunction(ctx context.Context, checked *validate.Checked, k int) (*FunctionCode, error) {
	plainOptions := c.lowerOptions()
	plainOptions.Readable = true
	locatedOptions := plainOptions
	locatedOptions.Locations, locatedOptions.EveryLocation = true, true
	plain, shard, err := shardOf(checked, plainOptions, k)
	if err != nil {
		return nil, err
	}
	located, _, err := shardOf(checked, locatedOptions, k)
	if err != nil {
		return nil, err
	}
	f := &FunctionCode{Symbol: plain.FunctionSymbol(checked.ImportedFunctions() + k)}
	o := llvm.Options{Tools: c.tools, CPU: c.CPU}
	if c.cache != nil {
		o.Cache = c.cache
	}
	compile := func(plan *lower.Plan) ([]byte, llvm.Output, error) {
		text, err := plan.IR(shard)
		if err != nil {
			return nil, llvm.Output{}, err
		}
		ir := text.IR
		job := llvm.Shard{Name: f.Symbol, Weight: 1, Level: c.shardLevel(plan.Shards()[shard]), IR: func() ([]byte, error) { return ir, nil }}
		outputs, err := llvm.Compile(ctx, []llvm.Shard{job}, o)
		if err != nil {
			return nil, llvm.Output{}, err
		}
		return ir, outputs[0], nil
	}
	plainIR, output, err := compile(plain)
	if err != nil {
		return nil, err
	}
	f.Lowered, f.Object, f.Level = plainIR, output.Object, string(output.Level)
	if ir, more, err := compile(located); err == nil && more.Level == output.Level && sameText(more.Object, output.Object) {
		f.Lowered, f.Object, f.EveryLocation = ir, more.Object, true
	} else if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f.Optimized, err = llvm.Optimize(ctx, f.Lowered, output.Level, o)
	return f, err
}

// shardOf plans a module and finds the shard of code number k.
func shardOf(checked *validate.Checked, o lower.Options, k int) (*lower.Plan, int, error) {
	plan, err := lower.New(checked, o)
	if err != nil {
		return nil, 0, err
	}
	for i, s := range plan.Shards() {
		if k >= s.First && k < s.End {
			return plan, i, nil
		}
	}
	return nil, 0, fmt.Errorf("code %d is in no shard", k)
}

// sameText says whether two objects have the same machine code.
func sameText(a, b []byte) bool {
	var text [2][]byte
	for i, data := range [][]byte{a, b} {
		f, err := object.Read("shard", data)
		if err != nil {
			return false
		}
		for s := range f.Sections {
			if f.Sections[s].Flags&elf.SHF_EXECINSTR != 0 {
				text[i] = append(text[i], f.Sections[s].Data...)
			}
		}
	}
	return bytes.Equal(text[0], text[1])
}
