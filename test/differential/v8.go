package differential

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

//go:embed v8.mjs
var v8Source string

// V8 is V8 as a judge of modules: node processes that run v8.mjs, one for each of its
// compilers, which live for many modules.
type V8 struct {
	program  string
	compiler [2]*v8Process // Liftoff, TurboFan; nil: not started
}

// NewV8 makes a judge of a node program (toolchain.V8).
func NewV8(program string) *V8 { return &V8{program: program} }

// v8Flags choose a compiler: by default it is the load of the machine that decides when
// a function is compiled again.
var v8Flags = [...]string{"--liftoff-only", "--no-liftoff"}

// Close ends the processes.
func (v *V8) Close() {
	for _, p := range v.compiler {
		if p != nil {
			p.close()
		}
	}
}

// process is the one of a compiler. It is started again after one that had to be ended.
func (v *V8) process(second bool) (*v8Process, error) {
	k := 0
	if second {
		k = 1
	}
	if p := v.compiler[k]; p != nil && !p.ended {
		return p, nil
	}
	p, err := startV8(v.program, v8Flags[k])
	v.compiler[k] = p
	return p, err
}

func (v *V8) load(_ context.Context, module []byte, second bool) (oracle, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	o := &v8Oracle{judge: v, second: second, bytes: module, module: &Case{decoded: m}}
	return o, o.reload()
}

// validates says whether V8 finds a module valid.
func (v *V8) validates(module []byte) (bool, error) {
	p, err := v.process(false)
	if err != nil {
		return false, err
	}
	a, _, err := p.ask(&v8Request{Operation: "validate", Module: base64.StdEncoding.EncodeToString(module)})
	return a.Valid, err
}

// v8Process is a running node.
type v8Process struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     io.Reader
	ended   bool
}

func startV8(program, flag string) (*v8Process, error) {
	p := &v8Process{command: exec.Command(program, flag, "--input-type=module", "-e", v8Source)}
	p.command.Stderr = os.Stderr
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	if p.out, err = p.command.StdoutPipe(); err != nil {
		return nil, err
	}
	return p, p.command.Start()
}

func (p *v8Process) close() {
	p.ended = true
	p.in.Close()
	p.command.Process.Kill()
	p.command.Wait()
}

// v8Request is what v8.mjs reads, and v8Answer what it writes before the bytes.
type v8Request struct {
	Operation string   `json:"operation"`
	Module    string   `json:"module,omitempty"` // base64
	Name      string   `json:"name,omitempty"`
	Params    string   `json:"params"`
	Arguments []string `json:"arguments"`
	Results   string   `json:"results"`
}

type v8Answer struct {
	Failed string   `json:"failed"`
	Values []string `json:"values"`
	Valid  bool     `json:"valid"`
}

// errTooLong says that the process had to be ended.
var errTooLong = errors.New("no answer in time")

// ask sends a request and reads the answer. A process that does not answer in time is
// ended.
func (p *v8Process) ask(r *v8Request) (a v8Answer, b []byte, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return a, nil, err
	}
	timer := time.AfterFunc(oracleDeadline, func() { p.command.Process.Kill() })
	defer func() {
		switch inTime := timer.Stop(); {
		case !inTime && err != nil:
			err = errTooLong
			p.close()
		case err != nil:
			p.close()
			err = fmt.Errorf("%w: node: %w (%v)", errOracle, err, p.command.ProcessState)
		}
	}()
	if _, err = p.in.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)); err != nil {
		return a, nil, err
	}
	var lengths [2]uint32
	if err = binary.Read(p.out, binary.LittleEndian, &lengths); err != nil {
		return a, nil, err
	}
	b = make([]byte, lengths[0])
	if _, err = io.ReadFull(p.out, b); err != nil {
		return a, nil, err
	}
	if err = json.Unmarshal(b, &a); err != nil {
		return a, nil, err
	}
	b = make([]byte, lengths[1])
	_, err = io.ReadFull(p.out, b)
	return a, b, err
}

// v8Oracle is an oracle, and since there is only one instance at a time a machine, too.
type v8Oracle struct {
	judge  *V8
	second bool
	bytes  []byte
	module *Case // for the types of its exports
	loaded *v8Process
}

// reload has V8 compile the module, unless the process has it already.
func (o *v8Oracle) reload() error {
	p, err := o.judge.process(o.second)
	if err != nil || p == o.loaded {
		return err
	}
	a, _, err := p.ask(&v8Request{Operation: "load", Module: base64.StdEncoding.EncodeToString(o.bytes)})
	switch {
	case err != nil:
		return err
	case a.Failed != "":
		return fmt.Errorf("%w: V8 refuses the module: %s", errOracle, a.Failed)
	}
	o.loaded = p
	return nil
}

// v8Traps are V8's words for traps, the longer before what is part of them.
var v8Traps = []struct {
	text string
	ending
}{
	{"exception", uncaught},
	{"unreachable", unreachable},
	{"memory access out of bounds", memoryTrap},
	{"data segment out of bounds", memoryTrap},
	{"element segment out of bounds", tableTrap},
	{"divide by zero", divideTrap}, {"remainder by zero", divideTrap},
	{"divide result unrepresentable", overflowTrap},
	{"float unrepresentable in integer range", overflowTrap},
	{"table index is out of bounds", tableTrap},
	{"function signature mismatch", typeTrap},
	{"null function", emptyTrap},
	{"rethrowing null value", nullTrap},
	{"dereferencing a null pointer", nullTrap},
	{"illegal cast", castTrap},
	{"array element access out of bounds", arrayTrap},
	{"requested new array is too large", heapTrap},
	{"operation does not support unaligned accesses", unalignedTrap},
	{"Maximum call stack size exceeded", stackTrap},
}

// v8Ending is how a call ended, by what V8 says of it.
func v8Ending(failed string) (ending, error) {
	for _, t := range v8Traps {
		if strings.Contains(failed, t.text) {
			return t.ending, nil
		}
	}
	return otherTrap, fmt.Errorf("%w: V8: %s", errOracle, failed)
}

// coarse joins the endings that V8 has one word for: an integer cannot hold the float.
func (o *v8Oracle) coarse(e ending) ending {
	if e == convertTrap {
		return overflowTrap
	}
	return e
}

// Close leaves the process to the next module.
func (o *v8Oracle) Close(context.Context) {}

func (o *v8Oracle) instantiate(context.Context) (machine, ending, error) {
	if err := o.reload(); err != nil {
		return nil, otherTrap, err
	}
	_, end, err := o.ask(&v8Request{Operation: "instantiate"})
	if err != nil || end != returned {
		return nil, end, err
	}
	return o, returned, nil
}

// ask asks for something of the instance.
func (o *v8Oracle) ask(r *v8Request) (v8Answer, ending, error) {
	a, _, err := o.loaded.ask(r)
	switch {
	case errors.Is(err, errTooLong):
		return a, tooLong, nil
	case err != nil:
		return a, otherTrap, err
	case a.Failed != "":
		end, err := v8Ending(a.Failed)
		return a, end, err
	}
	return a, returned, nil
}

func (o *v8Oracle) call(name string, arguments []word) ([]word, ending, error) {
	t := o.module.function(name)
	if t == nil {
		return nil, otherTrap, fmt.Errorf("%w: no export %q", errOracle, name)
	}
	r := &v8Request{Operation: "call", Name: name, Params: lettersOf(t.Params), Arguments: []string{}, Results: lettersOf(t.Results)}
	for _, v := range arguments {
		r.Arguments = append(r.Arguments, strconv.FormatUint(v[0], 10))
	}
	a, end, err := o.ask(r)
	if err != nil || end != returned {
		return nil, end, err
	}
	words, err := a.words()
	return words, returned, err
}

// lettersOf is a list of types in letters.
func lettersOf(types []wasm.ValueType) string {
	var list []byte
	for _, t := range types {
		list = append(list, letterOf(t))
	}
	return string(list)
}

// words are the values of an answer.
func (a *v8Answer) words() (list []word, err error) {
	for _, text := range a.Values {
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: V8's value: %w", errOracle, err)
		}
		list = append(list, word{v})
	}
	return list, nil
}

func (o *v8Oracle) global(name string) (word, error) {
	letter, ok := o.module.globalLetter(name)
	if !ok {
		return word{}, fmt.Errorf("%w: no global %q", errOracle, name)
	}
	a, end, err := o.ask(&v8Request{Operation: "global", Name: name, Results: string(letter)})
	if err != nil {
		return word{}, err
	}
	words, err := a.words()
	if err != nil || len(words) != 1 {
		return word{}, fmt.Errorf("%w: V8: global %q: %s: %d values: %w", errOracle, name, end, len(words), err)
	}
	return words[0], nil
}

func (o *v8Oracle) memory(name string) ([]byte, error) {
	a, b, err := o.loaded.ask(&v8Request{Operation: "memory", Name: name})
	if err == nil && a.Failed != "" {
		err = fmt.Errorf("%w: V8: memory %q: %s", errOracle, name, a.Failed)
	}
	return b, err
}

func (o *v8Oracle) close() {}
