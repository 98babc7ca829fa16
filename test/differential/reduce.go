package differential

import (
	"context"
	"errors"
	"slices"
	"time"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// Bounds of making a case smaller. Each attempt compiles a module, which takes
// a tenth of a second; what is left after the time is small enough to read.
const (
	reduceTimeout   = 3 * time.Minute
	rangeMax        = 200 // instructions that are taken out at once
	replacedMax     = 60  // instructions that a constant takes the place of
	reduceRoundsMax = 4
)

// differs says whether a case shows a difference.
func (r *Runner) differs(ctx context.Context, c *Case, v Variant) (*Difference, error) {
	_, err := r.Compare(ctx, c, v)
	var d *Difference
	if errors.As(err, &d) {
		return d, nil
	}
	return nil, err
}

// Reduce leaves of a case what its difference needs: one sequence, few calls,
// few functions, few instructions. After limit it is as small as it is.
func (r *Runner) Reduce(ctx context.Context, c *Case, v Variant, d *Difference, limit time.Duration) *Case {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reduction := &reduction{runner: r, ctx: ctx, variant: v, kind: d.Kind, best: c}
	reduction.calls(d)
	reduction.functions()
	for range reduceRoundsMax {
		before := len(reduction.best.Module)
		for k := range c.decoded.Code {
			reduction.instructions(k)
		}
		if len(reduction.best.Module) == before {
			break
		}
	}
	return reduction.best
}

// reduction is the state of making a case smaller.
type reduction struct {
	runner  *Runner
	ctx     context.Context
	variant Variant
	kind    Kind // of the difference: another one does not count
	best    *Case
}

// try takes a case over if it shows the difference.
func (r *reduction) try(c *Case) bool {
	if r.ctx.Err() != nil {
		return false
	}
	d, err := r.runner.differs(r.ctx, c, r.variant)
	if err != nil || d == nil || d.Kind != r.kind || r.runner.JudgeAgrees(r.ctx, c) != nil {
		return false
	}
	r.best = c
	return true
}

// calls leaves one sequence and drops calls from it.
func (r *reduction) calls(d *Difference) {
	c := r.best
	if d.Sequence < 0 {
		return
	}
	list := c.Sequences[d.Sequence][:d.Call+1]
	if !r.try(c.withCalls(list)) {
		return
	}
	for k := len(list) - 2; k >= 0; k-- {
		fewer := slices.Delete(slices.Clone(r.best.Sequences[0]), k, k+1)
		r.try(c.withCalls(fewer))
	}
}

// functions replaces bodies by unreachable.
func (r *reduction) functions() {
	for k := range r.best.decoded.Code {
		r.replaceBody(k, []byte{byte(wasm.OpUnreachable), byte(wasm.OpEnd)})
	}
}

// replaceBody tries other instructions for a function.
func (r *reduction) replaceBody(k int, code []byte) bool {
	module, err := rewrite(r.best.Module, func(n int, b body) (body, error) {
		if n == k {
			b.code = code
		}
		return b, nil
	})
	if err != nil {
		return false
	}
	c, err := r.best.withModule(module)
	if err != nil {
		return false
	}
	if _, err := validate.Module(c.decoded); err != nil {
		return false
	}
	return r.try(c)
}

// instructions takes ranges of instructions out of function k, or puts a
// constant in their place. Most ranges do not make sense, which the validator
// finds out.
func (r *reduction) instructions(k int) {
	replacements := [][]byte{nil}
	for _, letter := range []byte("iIfFv") {
		replacements = append(replacements, appendConstant(nil, letter, word{}))
	}
	parts := r.split(k)
	for size := min(len(parts)-1, rangeMax); size > 0; size-- {
		for at := 0; at+size < len(parts) && r.ctx.Err() == nil; at++ {
			for n, replacement := range replacements {
				if n > 0 && (size > replacedMax || size == 1 && isConstant(parts[at])) {
					break
				}
				code := slices.Concat(slices.Concat(parts[:at]...), replacement, slices.Concat(parts[at+size:]...))
				if r.replaceBody(k, code) {
					parts = r.split(k)
					break
				}
			}
		}
	}
}

// isConstant says whether an instruction only pushes a constant.
func isConstant(instruction []byte) bool {
	switch o := wasm.Opcode(instruction[0]); o {
	case wasm.OpI32Const, wasm.OpI64Const, wasm.OpF32Const, wasm.OpF64Const:
		return true
	default:
		return o == wasm.PrefixSIMD>>16 && instruction[1] == byte(wasm.OpV128Const&0xff)
	}
}

// split are the instructions of function k. What makes a NaN canonical stays
// together with what it is for: apart, a case would be about the bits of a NaN,
// which WebAssembly leaves open.
func (r *reduction) split(k int) (parts [][]byte) {
	code := r.best.decoded.Code[k].Body
	var list []wasm.Instruction
	var ends []int
	b := body{code: code}
	if err := b.instructions(func(i *wasm.Instruction, bytes []byte) {
		list, ends = append(list, *i), append(ends, int(i.Offset)+len(bytes))
	}); err != nil {
		return nil
	}
	start := 0
	for n := 0; n < len(list); n++ {
		last := n
		switch at := n + 1; {
		case inexactLanes(list[n].Info().Name) != 0 && isCanonicalization(list[at:], opV128Bitselect):
			last = n + canonicalizationLength
		case isCanonicalization(list[n:], wasm.OpSelect):
			last = n + canonicalizationLength // and what needs the value
		}
		n = min(last, len(list)-1)
		parts = append(parts, code[start:ends[n]])
		start = ends[n]
	}
	return parts
}

// canonicalizationLength is how many instructions canonicalize writes.
const canonicalizationLength = 6

// isCanonicalization says whether a list begins with what canonicalize or
// canonicalizeLanes writes, which ends with choose.
func isCanonicalization(list []wasm.Instruction, choose wasm.Opcode) bool {
	return len(list) >= canonicalizationLength && list[0].Opcode == wasm.OpLocalTee && list[2].Opcode == wasm.OpLocalGet &&
		list[3].Opcode == wasm.OpLocalGet && list[2].Index == list[0].Index && list[3].Index == list[0].Index &&
		list[canonicalizationLength-1].Opcode == choose
}
