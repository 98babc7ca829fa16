package differential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mewz/compiler"
	"mewz/compiler/lower"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/test/spec"
)

// Variant is a way to compile a module.
type Variant struct {
	Name    string
	options compiler.Options
}

// Variants are all of them: the levels, and what else changes the code that is
// made from the same instructions.
var Variants = []Variant{
	{"0", compiler.Options{Level: "0"}},
	{"fast", compiler.Options{Level: "fast"}},
	{"2", compiler.Options{Level: "2"}},
	{"fast-pointer", compiler.Options{Level: "fast", Memory: lower.MemoryPointer, HashedTypeIDs: true}},
	{"fast-memory-global", compiler.Options{Level: "fast", NoGlobal0Register: true}},
	{"fast-v3", compiler.Options{Level: "fast", CPU: "x86-64-v3"}},
	{"2-v3", compiler.Options{Level: "2", CPU: "x86-64-v3"}},
}

// VariantNamed finds a variant.
func VariantNamed(name string) (Variant, error) {
	for _, v := range Variants {
		if v.Name == name {
			return v, nil
		}
	}
	return Variant{}, fmt.Errorf("no variant %q", name)
}

// native is a module compiled by us.
type native struct {
	runner  string // what spec.BuildRunner made
	module  *wasm.Module
	object  []byte
	pointer bool
}

// compileTimeout is when LLVM hangs: a module takes a tenth of a second.
const compileTimeout = 2 * time.Minute

// errDowngraded says that LLVM crashed.
var errDowngraded = errors.New("LLVM did not manage the level and a lower one was taken")

// compile compiles a module. That LLVM crashes or hangs is a fault, too.
func compile(ctx context.Context, runner string, module []byte, v Variant) (*native, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, compileTimeout)
	defer cancel()
	r, err := compiler.Compile(limited, module, v.options)
	switch {
	case err != nil:
		return nil, err
	case r.Downgraded:
		return nil, errDowngraded
	}
	return &native{runner, m, r.Object, v.options.Memory == lower.MemoryPointer}, nil
}

func (n *native) instantiate() (machine, ending, error) {
	p, err := spec.StartProgram(n.runner, n.module, n.object, n.pointer)
	if err != nil {
		end, err := nativeEnding(err)
		return nil, end, err
	}
	return &nativeInstance{p}, returned, nil
}

// nativeEnding is how a call that failed ended.
func nativeEnding(err error) (ending, error) {
	var trap *spec.Trap
	if !errors.As(err, &trap) {
		return otherTrap, err
	}
	if end, ok := nativeTraps[trap.Code]; ok {
		return end, nil
	}
	return otherTrap, err
}

// nativeInstance is a machine.
type nativeInstance struct{ program *spec.Program }

func (n *nativeInstance) close() { n.program.Close() }

func (n *nativeInstance) call(name string, arguments []word) ([]word, ending, error) {
	words := make([]spec.Word, len(arguments))
	for k, v := range arguments {
		words[k] = spec.Word(v)
	}
	results, err := n.program.Call(name, words)
	if err != nil {
		end, err := nativeEnding(err)
		return nil, end, err
	}
	list := make([]word, len(results))
	for k, v := range results {
		list[k] = word(v)
	}
	return list, returned, nil
}

func (n *nativeInstance) global(name string) (word, error) {
	v, err := n.program.Global(name)
	return word(v), err
}

func (n *nativeInstance) memory(name string) ([]byte, error) { return n.program.Memory(name) }
