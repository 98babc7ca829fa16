package differential

import (
	"context"
	"fmt"
	"sync"
)

// Runner compares cases.
type Runner struct {
	Program string // what spec.BuildRunner made
	V8      *V8    // judges what wazero cannot run; may be nil
	// Plant changes the module that we compile but not the one of the oracle: a
	// fault on purpose, to see that it is found. May be nil.
	Plant func(module []byte) ([]byte, error)
}

// Compare runs a case as a variant. The error is a *Difference, or what went
// wrong otherwise; a module that does not compile is a difference too.
func (r *Runner) Compare(ctx context.Context, c *Case, v Variant) (Counts, error) {
	oracle, err := r.oracle(ctx, c, false)
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

// The engines to compare with.
const (
	JudgeWazero = "wazero"
	JudgeV8     = "v8"
)

// oracle loads a case into the engine that judges it, or into its second compiler.
func (r *Runner) oracle(ctx context.Context, c *Case, second bool) (oracle, error) {
	switch {
	case c.Judge == JudgeWazero:
		return wazeroJudge{}.load(ctx, c.Module, second)
	case c.Judge == JudgeV8 && r.V8 != nil:
		return r.V8.load(ctx, c.Module, second)
	default:
		return nil, fmt.Errorf("no engine %q to judge by", c.Judge)
	}
}

// JudgeAgrees says whether the second compiler of the other engine does the same as its
// first: if not, one of them is wrong, and a difference from ours may be theirs.
func (r *Runner) JudgeAgrees(ctx context.Context, c *Case) error {
	first, err := r.oracle(ctx, c, false)
	if err != nil {
		return err
	}
	defer first.Close(ctx)
	second, err := r.oracle(ctx, c, true)
	if err != nil {
		return fmt.Errorf("the second compiler: %w", err)
	}
	defer second.Close(ctx)
	run := comparison{Case: c, ctx: ctx, variant: Variant{Name: "the second compiler"}, oracle: first,
		native: func() (machine, ending, error) { return second.instantiate(ctx) }}
	return run.all()
}
