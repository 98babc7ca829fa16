package differential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// Difference is a call after which two engines disagree.
type Difference struct {
	Variant  string
	Sequence int
	Call     int // -1: the instantiation
	Kind     Kind
	What     string
}

// Kind is what two engines disagree about.
type Kind string

// The kinds.
const (
	KindCompile Kind = "compile" // we do not compile the module
	KindEnding  Kind = "ending"
	KindResult  Kind = "result"
	KindMemory  Kind = "memory"
	KindGlobal  Kind = "global"
)

func (d *Difference) Error() string {
	return fmt.Sprintf("variant %s, sequence %d, call %d: %s", d.Variant, d.Sequence, d.Call, d.What)
}

// differ makes a difference, whose place the caller's caller fills in.
func differ(kind Kind, format string, arguments ...any) error {
	return &Difference{Kind: kind, What: fmt.Sprintf(format, arguments...)}
}

// Counts is what a comparison consisted of.
type Counts struct {
	Calls   int // that both engines made
	Traps   int // of which both ended in the same one
	Open    int // sequences that ended without a verdict: out of stack or of time
	Excused int // loads that nobody needs, which did not trap (docs/abi.md)
}

// Add adds the counts of another comparison.
func (c *Counts) Add(other Counts) {
	c.Calls += other.Calls
	c.Traps += other.Traps
	c.Open += other.Open
	c.Excused += other.Excused
}

// comparison is a case that runs on the oracle and on our code.
type comparison struct {
	*Case
	ctx     context.Context
	variant Variant
	oracle  oracle
	native  func() (machine, ending, error)
	excuse  func([]Call) (ending, error) // how the last call ends where every load is needed; may be nil
	counts  Counts
}

// engines are the two instances of one sequence.
type engines struct{ want, got machine }

// Reasons for which a sequence ends early.
var (
	errOpen    = errors.New("no verdict")
	errTrapped = errors.New("both trapped")
)

// all runs all sequences. The error is a *Difference, or a fault of the harness.
func (c *comparison) all() error {
	for k, calls := range c.Sequences {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		call, err := c.run(calls)
		var d *Difference
		switch {
		case errors.Is(err, errOpen):
			c.counts.Open++
		case errors.As(err, &d):
			d.Variant, d.Sequence, d.Call = c.variant.Name, k, call
			return d
		case err != nil && !errors.Is(err, errTrapped):
			return err
		}
		if err != nil && call < 0 {
			return nil // it is the same each time
		}
	}
	return nil
}

// run runs a sequence. An error belongs to a call, or to the instantiation.
func (c *comparison) run(calls []Call) (call int, err error) {
	e, err := c.start()
	if err != nil {
		return -1, err
	}
	defer e.want.close()
	defer e.got.close()
	if err := c.compareState(e); err != nil {
		return -1, err
	}
	for k := range calls {
		err := c.step(e, calls[:k+1])
		if err == nil || errors.Is(err, errTrapped) {
			c.counts.Calls++
		}
		if err != nil {
			return k, err
		}
	}
	return len(calls), nil
}

// start instantiates the module in both engines.
func (c *comparison) start() (*engines, error) {
	want, wantEnd, err := c.oracle.instantiate(c.ctx)
	if err != nil {
		return nil, err
	}
	got, gotEnd, err := c.native()
	gotEnd = c.oracle.coarse(gotEnd)
	if err == nil && wantEnd == returned && gotEnd == returned {
		return &engines{want, got}, nil
	}
	for _, m := range []machine{want, got} {
		if m != nil {
			m.close()
		}
	}
	switch {
	case err != nil:
		return nil, differ(KindEnding, "instantiate: %v, want: %s", err, wantEnd)
	case isOpen(wantEnd) || isOpen(gotEnd):
		return nil, errOpen
	case gotEnd == tableTrap && wantEnd != gotEnd && c.hasActiveElements():
		return nil, errOpen // wazero ignores active element segments that do not fit
	case wantEnd != gotEnd && !c.isExcused(nil, wantEnd):
		return nil, differ(KindEnding, "instantiate: %s, want: %s", gotEnd, wantEnd)
	}
	return nil, errTrapped
}

// hasActiveElements says whether the module fills a table when it is
// instantiated.
func (c *comparison) hasActiveElements() bool {
	return slices.ContainsFunc(c.decoded.Elements, func(e wasm.Element) bool { return e.Mode == wasm.SegmentActive })
}

// isExcused says whether a trap is only missing because nobody needs what a load
// gave.
func (c *comparison) isExcused(calls []Call, want ending) bool {
	if want != memoryTrap || c.excuse == nil {
		return false
	}
	needed, err := c.excuse(calls)
	if err != nil || needed != memoryTrap {
		return false
	}
	c.counts.Excused++
	return true
}

// isOpen says whether an ending depends on how much stack, memory and time there is.
func isOpen(end ending) bool { return end == stackTrap || end == tooLong || end == heapTrap }

// step makes the last of calls in both engines and compares all that can be seen.
func (c *comparison) step(e *engines, calls []Call) error {
	call := &calls[len(calls)-1]
	t := c.function(call.Name)
	if t == nil {
		return fmt.Errorf("no function %q is exported", call.Name)
	}
	want, wantEnd, err := e.want.call(call.Name, call.Arguments)
	if err != nil {
		return err
	}
	if wantEnd == tooLong {
		return errOpen
	}
	got, gotEnd, err := e.got.call(call.Name, call.Arguments)
	gotEnd = c.oracle.coarse(gotEnd)
	if err != nil {
		return differ(KindEnding, "%s: %v, want: %s", show(call, t), err, wantEnd)
	}
	if wantEnd != returned || gotEnd != returned {
		return c.compareEndings(calls, t, gotEnd, wantEnd)
	}
	for k, r := range t.Results {
		letter := letterOf(r)
		if !same(letter, got[k], want[k]) {
			return differ(KindResult, "%s: result %d is %s, want %s", show(call, t), k, format(letter, got[k]), format(letter, want[k]))
		}
	}
	err = c.compareState(e)
	var d *Difference
	if errors.As(err, &d) {
		d.What = show(call, t) + ": " + d.What
	}
	return err
}

// compareEndings compares how two calls ended of which one trapped. What they
// wrote before is not the same (docs/abi.md).
func (c *comparison) compareEndings(calls []Call, t *wasm.FuncType, got, want ending) error {
	switch {
	case got == want:
		c.counts.Traps++
		return errTrapped
	case isOpen(got) || isOpen(want):
		return errOpen
	case c.isExcused(calls, want):
		return errTrapped
	}
	return differ(KindEnding, "%s %s, want: %s", show(&calls[len(calls)-1], t), got, want)
}

// same compares values: all NaNs are one, and of a function's reference only
// whether it is null.
func same(letter byte, got, want word) bool {
	switch letter {
	case 'f', 'F':
		return got[0] == want[0] || isNaN(letter, got[0]) && isNaN(letter, want[0])
	case 'r':
		return (got[0] == 0) == (want[0] == 0)
	case 'v':
		return got == want
	default:
		return got[0] == want[0]
	}
}

// compareState compares exported memories and globals.
func (c *comparison) compareState(e *engines) error {
	for k := range c.decoded.Exports {
		x := &c.decoded.Exports[k]
		var err error
		switch x.Kind {
		case wasm.ExternMemory:
			err = compareMemory(e, x.Name)
		case wasm.ExternGlobal:
			err = c.compareGlobal(e, x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func compareMemory(e *engines, name string) error {
	want, err := e.want.memory(name)
	if err != nil {
		return err
	}
	got, err := e.got.memory(name)
	switch {
	case err != nil:
		return err
	case len(got) != len(want):
		return differ(KindMemory, "memory has %d bytes, want %d", len(got), len(want))
	case slices.Equal(got, want):
		return nil
	}
	at := 0
	for got[at] == want[at] {
		at++
	}
	end := min(at+16, len(got))
	return differ(KindMemory, "memory at %#x is % x, want % x", at, got[at:end], want[at:end])
}

func (c *comparison) compareGlobal(e *engines, x *wasm.Export) error {
	letter, _ := c.globalLetter(x.Name)
	want, err := e.want.global(x.Name)
	if err != nil {
		return err
	}
	got, err := e.got.global(x.Name)
	if err != nil {
		return err
	}
	if letter == 'v' {
		got[1] = 0 // wazero shows the low half
	}
	if !same(letter, got, want) {
		return differ(KindGlobal, "global %q is %s, want %s", x.Name, format(letter, got), format(letter, want))
	}
	return nil
}

// show is a call as a case file has it.
func show(c *Call, t *wasm.FuncType) string {
	parts := []string{c.Name}
	for k, v := range c.Arguments {
		parts = append(parts, format(letterOf(t.Params[k]), v))
	}
	return strings.Join(parts, " ")
}
