package differential

import (
	"context"
	"fmt"
)

// Runner compares cases.
type Runner struct {
	Program string // what spec.BuildRunner made
	// Plant changes the module that we compile but not the one of the oracle: a
	// fault on purpose, to see that it is found. May be nil.
	Plant func(module []byte) []byte
}

// Compare runs a case as a variant. The error is a *Difference, or what went
// wrong otherwise; a module that does not compile is a difference too.
func (r *Runner) Compare(ctx context.Context, c *Case, v Variant) (Counts, error) {
	counts := Counts{}
	oracle, err := NewOracle(ctx, c.Module, false)
	if err != nil {
		return counts, err
	}
	defer oracle.Close(ctx)
	module := c.Module
	if r.Plant != nil {
		module = r.Plant(module)
	}
	compiled, err := compile(ctx, r.Program, module, v)
	if err != nil {
		if ctx.Err() != nil {
			return counts, ctx.Err()
		}
		return counts, &Difference{v.Name, -1, -1, "compile: " + err.Error()}
	}
	run := comparison{Case: c, ctx: ctx, variant: v, oracle: oracle, native: compiled.instantiate, counts: &counts}
	for k, calls := range c.Sequences {
		if err := ctx.Err(); err != nil {
			return counts, err
		}
		if err := run.run(k, calls); err != nil {
			return counts, err
		}
	}
	return counts, nil
}

// CompilerAgrees says whether wazero's compiler does the same as its interpreter:
// if not, one of them is wrong, and a difference from ours may be theirs.
func CompilerAgrees(ctx context.Context, c *Case) error {
	first, err := NewOracle(ctx, c.Module, false)
	if err != nil {
		return err
	}
	defer first.Close(ctx)
	second, err := NewOracle(ctx, c.Module, true)
	if err != nil {
		return fmt.Errorf("wazero's compiler: %w", err)
	}
	defer second.Close(ctx)
	counts := Counts{}
	run := comparison{Case: c, ctx: ctx, variant: Variant{Name: "wazero's compiler"}, oracle: first, counts: &counts,
		native: func() (machine, ending, error) { return second.instantiate(ctx) }}
	for k, calls := range c.Sequences {
		if err := run.run(k, calls); err != nil {
			return err
		}
	}
	return nil
}
