package differential

import (
	"context"
	"fmt"
	"sync"
)

// Runner compares cases.
type Runner struct {
	Program string // what spec.BuildRunner made
	// Plant changes the module that we compile but not the one of the oracle: a
	// fault on purpose, to see that it is found. May be nil.
	Plant func(module []byte) ([]byte, error)
}

// Compare runs a case as a variant. The error is a *Difference, or what went
// wrong otherwise; a module that does not compile is a difference too.
func (r *Runner) Compare(ctx context.Context, c *Case, v Variant) (Counts, error) {
	oracle, err := NewOracle(ctx, c.Module, false)
	if err != nil {
		return Counts{}, err
	}
	defer oracle.Close(ctx)
	module := c.Module
	if r.Plant != nil {
		if module, err = r.Plant(module); err != nil {
			return Counts{}, err
		}
	}
	compiled, err := compile(ctx, r.Program, module, v)
	if err != nil {
		if ctx.Err() != nil {
			return Counts{}, ctx.Err()
		}
		return Counts{}, &Difference{v.Name, -1, -1, KindCompile, "compile: " + err.Error()}
	}
	run := comparison{Case: c, ctx: ctx, variant: v, oracle: oracle, native: compiled.instantiate}
	needed := sync.OnceValues(func() (*native, error) {
		module, err := NeedLoads(module)
		if err != nil {
			return nil, err
		}
		return compile(ctx, r.Program, module, v)
	})
	run.excuse = func(calls []Call) (ending, error) {
		n, err := needed()
		if err != nil {
			return otherTrap, err
		}
		return n.ending(calls)
	}
	err = run.all()
	return run.counts, err
}

// ending is how a sequence of calls ends.
func (n *native) ending(calls []Call) (ending, error) {
	m, end, err := n.instantiate()
	if err != nil || end != returned {
		return end, err
	}
	defer m.close()
	for k := range calls {
		if _, end, err = m.call(calls[k].Name, calls[k].Arguments); err != nil || end != returned {
			break
		}
	}
	return end, err
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
	run := comparison{Case: c, ctx: ctx, variant: Variant{Name: "wazero's compiler"}, oracle: first,
		native: func() (machine, ending, error) { return second.instantiate(ctx) }}
	return run.all()
}
