package spec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mewz/abi"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/text"
)

// Status is the verdict on one command.
type Status int

// The verdicts.
const (
	Passed Status = iota
	Failed
	NotAttempted
)

// Outcome is what became of one command of a script.
type Outcome struct {
	Command *Command
	Status  Status
	Reason  string // unless Passed
}

// Assertion says whether the command is an assertion, not a step on the way to
// one.
func (o *Outcome) Assertion() bool { return strings.HasPrefix(o.Command.Type, "assert_") }

// Runner runs scripts.
type Runner struct {
	Program  string // what BuildRunner made
	Compiler *Compiler
}

// session is a group of modules in its process.
type session struct {
	process  *process
	spectest *instance
}

// execution is the state of running one script.
type execution struct {
	ctx        context.Context
	runner     *Runner
	script     *Script
	plan       *Plan
	verdicts   []verdict
	sessions   map[int]*session
	instances  map[int]*instance // by the command that instantiated them
	current    int
	named      map[string]int
	registered map[string]int
	absent     map[int]*missing // modules that need what the compiler does not have
}

// Run runs s. The error is a fault of the harness; what the compiler does wrong
// is in the outcomes.
func (r *Runner) Run(ctx context.Context, s *Script) ([]Outcome, error) {
	e := &execution{
		ctx: ctx, runner: r, script: s, current: -1,
		verdicts: make([]verdict, len(s.Commands)), sessions: map[int]*session{}, instances: map[int]*instance{},
		named: map[string]int{}, registered: map[string]int{}, absent: map[int]*missing{},
	}
	defer e.closeSessions()
	modules := make([]*wasm.Module, len(s.Commands))
	for i := range s.Commands {
		c := &s.Commands[i]
		if !c.hasModule() {
			continue
		}
		b, err := s.Module(c)
		var malformed *text.Error
		if errors.As(err, &malformed) {
			e.verdicts[i].decode = err
			continue
		}
		if err != nil {
			return nil, err
		}
		e.verdicts[i] = r.Compiler.check(s.Version, b)
		modules[i] = e.verdicts[i].module
	}
	e.plan = MakePlan(s, modules)
	var outcomes []Outcome
	for i := range s.Commands {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		outcomes = append(outcomes, e.outcome(i))
		if g := e.plan.group[i]; g >= 0 && e.plan.last[g] == i {
			e.closeSession(g)
		}
	}
	return outcomes, nil
}

func (e *execution) outcome(i int) Outcome {
	c := &e.script.Commands[i]
	err := e.do(i, c)
	if m := e.missing(err); m != nil {
		if c.instantiates() {
			e.absent[i] = m
		}
		return Outcome{c, NotAttempted, m.Error()}
	}
	if err != nil {
		return Outcome{c, Failed, err.Error()}
	}
	return Outcome{Command: c}
}

// missing is what the compiler does not have, if err comes from that. Only the
// suite of 3.0 and those of proposals go beyond it.
func (e *execution) missing(err error) *missing {
	var m *missing
	var unsupported *wasm.UnsupportedError
	switch {
	case !slices.ContainsFunc(folders3[:], func(f suiteFolder) bool { return f.version == e.script.Version }):
		return nil
	case errors.As(err, &m):
		return m
	case errors.As(err, &unsupported):
		return &missing{unsupported.Proposal}
	default:
		return nil
	}
}

// do carries out one command; the error says how it failed.
func (e *execution) do(i int, c *Command) error {
	switch c.Type {
	case "module":
		e.current = i
		if c.Name != "" {
			e.named[c.Name] = i
		}
		return e.instantiate(i)
	case "register":
		e.registered[c.As] = moduleOf(c.Name, e.current, e.named)
		return nil
	case "action", "assert_return":
		return e.assertReturn(c)
	case "assert_trap", "assert_exhaustion":
		_, _, err := e.act(c)
		return expectTrap(err, c.Text)
	case "assert_uninstantiable":
		return expectTrap(e.instantiate(i), c.Text)
	case "assert_unlinkable":
		return e.assertUnlinkable(i, c)
	case "assert_malformed":
		if err := e.verdicts[i].err(); e.missing(err) != nil && !strings.Contains(err.Error(), c.Text) {
			return err
		}
		return e.verdicts[i].expectMalformed(c)
	case "assert_invalid":
		if err := e.verdicts[i].err(); e.missing(err) != nil {
			return err
		}
		return e.verdicts[i].expectInvalid()
	case "module_definition":
		return e.verdicts[i].err()
	case "assert_exception":
		_, _, err := e.act(c)
		return expectException(err)
	default:
		return fmt.Errorf("unknown command %q", c.Type)
	}
}

// session returns the process of a command's group.
func (e *execution) session(i int) (*session, error) {
	g := e.plan.group[i]
	if s := e.sessions[g]; s != nil {
		return s, nil
	}
	p, err := startProcess(e.runner.Program)
	if err != nil {
		return nil, err
	}
	s := &session{process: p}
	e.sessions[g] = s
	return s, nil
}

func (e *execution) closeSession(g int) {
	if s := e.sessions[g]; s != nil {
		s.process.close()
		delete(e.sessions, g)
	}
}

func (e *execution) closeSessions() {
	for g := range e.sessions {
		e.closeSession(g)
	}
}

// registry is what the module of command i may import from.
func (e *execution) registry(s *session, m *wasm.Module) (registry, error) {
	found := registry{}
	for name, i := range e.registered {
		found[name] = e.instances[i]
	}
	for k := range m.Imports {
		if i, ok := e.registered[m.Imports[k].Module]; ok && e.absent[i] != nil {
			return nil, e.absent[i]
		}
		if m.Imports[k].Module != spectestName || found[spectestName] != nil {
			continue
		}
		if s.spectest == nil {
			c, err := e.runner.Compiler.spectest(e.ctx)
			if err != nil {
				return nil, fmt.Errorf("module spectest: %w", err)
			}
			if s.spectest, err = s.process.instantiate(c, true, nil); err != nil {
				return nil, fmt.Errorf("module spectest: %w", err)
			}
		}
		found[spectestName] = s.spectest
	}
	return found, nil
}

// link prepares the module of command i for its process.
func (e *execution) link(i int) (*session, []external, error) {
	v := &e.verdicts[i]
	if err := v.err(); err != nil {
		return nil, nil, err
	}
	s, err := e.session(i)
	if err != nil {
		return nil, nil, err
	}
	registered, err := e.registry(s, v.module)
	if err != nil {
		return nil, nil, err
	}
	imports, err := s.process.resolveImports(v.checked, registered)
	if err == nil && e.script.Version == "1.0" {
		err = s.process.segmentsFit(v.module, imports)
	}
	return s, imports, err
}

// instantiate compiles, links and initialises the module of command i.
func (e *execution) instantiate(i int) error {
	s, imports, err := e.link(i)
	if err != nil {
		return err
	}
	shared := e.plan.shared[e.plan.group[i]]
	c, err := e.runner.Compiler.compile(e.ctx, &e.verdicts[i], shared)
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	in, err := s.process.instantiate(c, shared, imports)
	if err != nil {
		return err
	}
	e.instances[i] = in
	return nil
}

// assertUnlinkable links a module whose imports must not be satisfied.
func (e *execution) assertUnlinkable(i int, c *Command) error {
	_, _, err := e.link(i)
	switch {
	case err == nil:
		return fmt.Errorf("linked, want: %s", c.Text)
	case !errors.Is(err, errUnknownImport) && !errors.Is(err, errIncompatibleImport) && !errors.Is(err, errSegmentFit):
		return err
	case !strings.HasPrefix(err.Error(), c.Text):
		return fmt.Errorf("%w, want: %s", err, c.Text)
	}
	return nil
}

// act carries out an action: the results and their types.
func (e *execution) act(c *Command) ([]wasm.ValueType, []word, error) {
	a := c.Action
	if a == nil {
		return nil, nil, errors.New("no action")
	}
	i := moduleOf(a.Module, e.current, e.named)
	in := e.instances[i]
	if in == nil && e.absent[i] != nil {
		return nil, nil, e.absent[i]
	}
	if in == nil {
		return nil, nil, errors.New("its module was not instantiated")
	}
	x, ok := in.exports[a.Field]
	if !ok {
		return nil, nil, fmt.Errorf("no export %q", a.Field)
	}
	p := e.sessions[e.plan.group[i]].process
	if a.Type == "get" {
		v, err := p.readGlobal(x.address, x.global.Type)
		return []wasm.ValueType{x.global.Type}, []word{v}, err
	}
	if x.kind != wasm.ExternFunc || len(a.Args) != len(x.function.Params) {
		return nil, nil, fmt.Errorf("export %q is no function of %d parameters", a.Field, len(a.Args))
	}
	var arguments []word
	for _, v := range a.Args {
		bits, err := v.Bits()
		if err != nil {
			return nil, nil, err
		}
		arguments = append(arguments, bits)
	}
	results, err := p.call(x.address, &x.function, arguments)
	return x.function.Results, results, err
}

// process is the one that an action works in.
func (e *execution) process(c *Command) *process {
	return e.sessions[e.plan.group[moduleOf(c.Action.Module, e.current, e.named)]].process
}

// assertReturn carries out an action and compares its results. A plain action
// only has to return.
func (e *execution) assertReturn(c *Command) error {
	types, results, err := e.act(c)
	if err != nil {
		return err
	}
	if c.Type == "action" {
		return nil
	}
	if len(results) != len(c.Expected) {
		return fmt.Errorf("%d results, want %d", len(results), len(c.Expected))
	}
	for k, want := range c.Expected {
		ok, err := want.Matches(types[k], results[k])
		if err == nil && ok {
			ok, err = e.process(c).isObject(want, results[k])
		}
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%s(%v): result %d is %s, want %v", c.Action.Field, c.Action.Args, k, formatValue(types[k], results[k]), want)
		}
	}
	return nil
}

// expectException says whether err is an exception that nothing caught.
func expectException(err error) error {
	var trap *Trap
	switch {
	case err == nil:
		return errors.New("returned, want exception")
	case errors.As(err, &trap) && trap.Code == abi.TrapUncaughtException:
		return nil
	default:
		return fmt.Errorf("%w, want exception", err)
	}
}

// expectTrap says whether err is the trap that text names. As in the reference
// interpreter one may be the beginning of the other: the suite writes both
// "undefined" and "uninitialized element 7".
func expectTrap(err error, text string) error {
	var trap *Trap
	switch {
	case err == nil:
		return fmt.Errorf("returned, want trap: %s", text)
	case !errors.As(err, &trap):
		return err
	case trap.Code == abi.TrapException:
		return err
	}
	if got := trap.Code.String(); !strings.HasPrefix(got, text) && !strings.HasPrefix(text, got) {
		return fmt.Errorf("trap: %s, want: %s", got, text)
	}
	return nil
}
