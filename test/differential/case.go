package differential

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

// Call is a call of an exported function.
type Call struct {
	Name      string
	Arguments []word
}

// Case is a module and what is done to it: sequences of calls, each on an
// instance of its own, which ends at the first trap.
type Case struct {
	Module    []byte
	Sequences [][]Call

	decoded *wasm.Module
}

// How much one case does.
const (
	sequencesMax = 10
	callsMax     = 12
	deepPercent  = 3 // of the calls are to the function that exhausts the stack
)

// NewCase makes random calls of the functions that a module exports.
func NewCase(r *rand.Rand, module []byte) (*Case, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	c := &Case{Module: module, decoded: m}
	var names []string
	for k := range m.Exports {
		if m.Exports[k].Kind == wasm.ExternFunc && m.Exports[k].Name != deepName {
			names = append(names, m.Exports[k].Name)
		}
	}
	if len(names) == 0 {
		return c, nil
	}
	for range sequencesMax {
		var calls []Call
		for range callsMax {
			name := pick(r, names)
			if r.IntN(100) < deepPercent && c.function(deepName) != nil {
				name = deepName
			}
			calls = append(calls, Call{name, arguments(r, c.function(name))})
		}
		c.Sequences = append(c.Sequences, calls)
	}
	return c, nil
}

// deepName is the function that recurses as often as its argument says.
const deepName = "deep"

// function is the type of an exported function, or nil.
func (c *Case) function(name string) *wasm.FuncType {
	for k := range c.decoded.Exports {
		e := &c.decoded.Exports[k]
		if e.Kind != wasm.ExternFunc || e.Name != name {
			continue
		}
		own := int(e.Index) - c.decoded.CountImports(wasm.ExternFunc)
		return &c.decoded.Types[c.decoded.Functions[own]]
	}
	return nil
}

// letterOf is the letter of a type.
func letterOf(t wasm.ValueType) byte {
	for letter, of := range letters {
		if of == t {
			return letter
		}
	}
	return 'r'
}

func arguments(r *rand.Rand, t *wasm.FuncType) (list []word) {
	for _, p := range t.Params {
		list = append(list, value(r, letterOf(p)))
	}
	return list
}

// Difference is a call after which two engines disagree.
type Difference struct {
	Variant  string
	Sequence int
	Call     int // -1: the instantiation
	What     string
}

func (d *Difference) Error() string {
	return fmt.Sprintf("variant %s, sequence %d, call %d: %s", d.Variant, d.Sequence, d.Call, d.What)
}

// Counts is what a comparison consisted of.
type Counts struct {
	Calls   int // that both engines made
	Traps   int // of which both ended in the same one
	Open    int // sequences that ended without a verdict: out of stack or of time
	Excused int // loads that nobody needs, which did not trap (docs/abi.md)
}

// comparison is a case that runs on the oracle and on our code.
type comparison struct {
	*Case
	ctx     context.Context
	variant Variant
	oracle  *Oracle
	native  func() (machine, ending, error)
	excuse  func([]Call) (ending, error) // how the last call ends where every load is needed; may be nil
	counts  *Counts
}

// engines are the two instances of one sequence.
type engines struct{ want, got machine }

// errOpen says that a sequence ended without a verdict.
var errOpen = errors.New("no verdict")

// run runs a sequence. The error is a *Difference, or a fault of the harness.
func (c *comparison) run(number int, calls []Call) error {
	fail := func(call int, what string) error {
		return &Difference{c.variant.Name, number, call, what}
	}
	e, what, err := c.start()
	switch {
	case errors.Is(err, errOpen):
		c.counts.Open++
		return nil
	case err != nil:
		return err
	case what != "":
		return fail(-1, what)
	case e == nil: // both trapped
		return nil
	}
	defer e.want.close()
	defer e.got.close()
	if what, err := c.compareState(e); err != nil || what != "" {
		return errorOr(err, fail(-1, what))
	}
	for k := range calls {
		what, goOn, err := c.step(e, calls[:k+1])
		switch {
		case errors.Is(err, errOpen):
			c.counts.Open++
			return nil
		case err != nil:
			return err
		case what != "":
			return fail(k, what)
		}
		c.counts.Calls++
		if !goOn {
			c.counts.Traps++
			return nil
		}
	}
	return nil
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// start instantiates the module in both engines. No engines without an error say
// that both trapped.
func (c *comparison) start() (*engines, string, error) {
	want, wantEnd, err := c.oracle.instantiate(c.ctx)
	if err != nil {
		return nil, "", err
	}
	got, gotEnd, err := c.native()
	if err != nil {
		if want != nil {
			want.close()
		}
		return nil, fmt.Sprintf("instantiate: %v, want: %s", err, wantEnd), nil
	}
	if wantEnd == returned && gotEnd == returned {
		return &engines{want, got}, "", nil
	}
	for _, m := range []machine{want, got} {
		if m != nil {
			m.close()
		}
	}
	if isOpen(wantEnd) || isOpen(gotEnd) {
		return nil, "", errOpen
	}
	if wantEnd != gotEnd {
		return nil, fmt.Sprintf("instantiate: %s, want: %s", gotEnd, wantEnd), nil
	}
	return nil, "", nil
}

// isOpen says whether an ending depends on how much stack and time there is.
func isOpen(end ending) bool { return end == stackTrap || end == tooLong }

// step makes the last of calls in both engines. goOn is whether it returned.
func (c *comparison) step(e *engines, calls []Call) (what string, goOn bool, err error) {
	call := &calls[len(calls)-1]
	t := c.function(call.Name)
	if t == nil {
		return "", false, fmt.Errorf("no function %q is exported", call.Name)
	}
	want, wantEnd, err := e.want.call(call.Name, call.Arguments)
	if err != nil {
		return "", false, err
	}
	if wantEnd == tooLong {
		return "", false, errOpen
	}
	got, gotEnd, err := e.got.call(call.Name, call.Arguments)
	switch {
	case err != nil:
		return fmt.Sprintf("%s: %v, want: %s", show(call, t), err, wantEnd), false, nil
	case wantEnd == stackTrap && gotEnd == stackTrap:
		return "", false, nil
	case wantEnd == stackTrap || gotEnd == stackTrap:
		return "", false, errOpen
	case gotEnd != wantEnd:
		if wantEnd == memoryTrap && c.excuse != nil {
			if gotEnd, err = c.excuse(calls); err == nil && gotEnd == memoryTrap {
				c.counts.Excused++
				return "", false, nil
			}
		}
		return fmt.Sprintf("%s %s, want: %s", show(call, t), gotEnd, wantEnd), false, nil
	case wantEnd != returned: // what it wrote before is not the same (docs/abi.md)
		return "", false, nil
	}
	for k, r := range t.Results {
		letter := letterOf(r)
		if !same(letter, got[k], want[k]) {
			return fmt.Sprintf("%s: result %d is %s, want %s", show(call, t), k, format(letter, got[k]), format(letter, want[k])), false, nil
		}
	}
	if what, err = c.compareState(e); what != "" {
		what = show(call, t) + ": " + what
	}
	return what, true, err
}

// same compares results: all NaNs are one, and of a function's reference only
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
func (c *comparison) compareState(e *engines) (string, error) {
	for k := range c.decoded.Exports {
		x := &c.decoded.Exports[k]
		switch x.Kind {
		case wasm.ExternMemory:
			if what, err := compareMemory(e, x.Name); what != "" || err != nil {
				return what, err
			}
		case wasm.ExternGlobal:
			if what, err := c.compareGlobal(e, x); what != "" || err != nil {
				return what, err
			}
		}
	}
	return "", nil
}

func compareMemory(e *engines, name string) (string, error) {
	want, err := e.want.memory(name)
	if err != nil {
		return "", err
	}
	got, err := e.got.memory(name)
	if err != nil {
		return "", err
	}
	if len(got) != len(want) {
		return fmt.Sprintf("memory has %d bytes, want %d", len(got), len(want)), nil
	}
	if slices.Equal(got, want) {
		return "", nil
	}
	at := 0
	for got[at] == want[at] {
		at++
	}
	end := min(at+16, len(got))
	return fmt.Sprintf("memory at %#x is % x, want % x", at, got[at:end], want[at:end]), nil
}

func (c *comparison) compareGlobal(e *engines, x *wasm.Export) (string, error) {
	own := int(x.Index) - c.decoded.CountImports(wasm.ExternGlobal)
	letter := letterOf(c.decoded.Globals[own].Type.Type)
	want, err := e.want.global(x.Name)
	if err != nil {
		return "", err
	}
	got, err := e.got.global(x.Name)
	if err != nil {
		return "", err
	}
	if letter == 'v' {
		got[1] = 0 // wazero shows the low half
	}
	if !same(letter, got, want) {
		return fmt.Sprintf("global %q is %s, want %s", x.Name, format(letter, got), format(letter, want)), nil
	}
	return "", nil
}

// show is a call as a case file has it.
func show(c *Call, t *wasm.FuncType) string {
	parts := []string{c.Name}
	for k, v := range c.Arguments {
		parts = append(parts, format(letterOf(t.Params[k]), v))
	}
	return strings.Join(parts, " ")
}
