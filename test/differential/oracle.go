package differential

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mewz/abi"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// features is what wazero is told to support.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesThreads

// oracleDeadline ends a call that takes too long, with no verdict: a module may
// compute for minutes although it ends.
const oracleDeadline = 5 * time.Second

// machine is an instance of a module that can be called and looked at.
type machine interface {
	// call returns the results, or how the call ended.
	call(name string, arguments []word) ([]word, ending, error)
	global(name string) (word, error)
	memory(name string) ([]byte, error)
	close()
}

// word is a value of any type, from the lowest bit on.
type word = [2]uint64

// ending says how a call or an instantiation ended.
type ending string

// The endings, coarser than either engine's own.
const (
	returned      ending = "returns"
	memoryTrap    ending = "trap: out of bounds memory access"
	tableTrap     ending = "trap: invalid table access"
	typeTrap      ending = "trap: indirect call type mismatch"
	divideTrap    ending = "trap: integer divide by zero"
	overflowTrap  ending = "trap: integer overflow"
	convertTrap   ending = "trap: invalid conversion to integer"
	unreachable   ending = "trap: unreachable"
	stackTrap     ending = "trap: call stack exhausted"
	unalignedTrap ending = "trap: unaligned atomic"
	emptyTrap     ending = "trap: uninitialized element"
	nullTrap      ending = "trap: null reference"
	castTrap      ending = "trap: cast failure"
	arrayTrap     ending = "trap: out of bounds array access"
	heapTrap      ending = "trap: out of memory for objects or exceptions"
	uncaught      ending = "trap: uncaught exception"
	otherTrap     ending = "trap: other"
	tooLong       ending = "takes too long"
)

// oracleTraps are wazero's words for traps.
var oracleTraps = []struct {
	text string
	ending
}{
	{"stack overflow", stackTrap}, {"invalid conversion to integer", convertTrap}, {"integer overflow", overflowTrap},
	{"integer divide by zero", divideTrap}, {"out of bounds memory access", memoryTrap}, {"invalid table access", tableTrap},
	{"indirect call type mismatch", typeTrap}, {"unaligned atomic", unalignedTrap}, {"unreachable", unreachable},
}

// nativeTraps are ours.
var nativeTraps = map[abi.TrapCode]ending{
	abi.TrapUnreachable: unreachable, abi.TrapMemory: memoryTrap, abi.TrapDivideByZero: divideTrap,
	abi.TrapIntegerOverflow: overflowTrap, abi.TrapInvalidConversion: convertTrap, abi.TrapTable: tableTrap,
	abi.TrapUndefinedElement: tableTrap, abi.TrapUninitialized: emptyTrap, abi.TrapIndirectType: typeTrap,
	abi.TrapData: memoryTrap, abi.TrapUnaligned: unalignedTrap, abi.TrapElement: tableTrap, abi.TrapStack: stackTrap,
	abi.TrapNullReference: nullTrap, abi.TrapNullFunction: nullTrap, abi.TrapNullStructure: nullTrap, abi.TrapNullArray: nullTrap,
	abi.TrapNullI31: nullTrap, abi.TrapCast: castTrap, abi.TrapArray: arrayTrap, abi.TrapHeap: heapTrap,
	abi.TrapExceptionMemory: heapTrap, abi.TrapUncaughtException: uncaught,
}

// errOracle is in every error that is another engine's fault: it says nothing of us.
var errOracle = errors.New("oracle")

// judge is an engine to compare ours with. Its second compiler is there to see whether
// the engine agrees with itself.
type judge interface {
	load(ctx context.Context, module []byte, second bool) (oracle, error)
}

// oracle is a module in another engine, which may be instantiated many times, but has
// one instance at a time.
type oracle interface {
	instantiate(ctx context.Context) (machine, ending, error)
	// coarse joins endings that the engine does not tell apart.
	coarse(e ending) ending
	Close(ctx context.Context)
}

// wazeroJudge is wazero: its interpreter, and its compiler as the second.
type wazeroJudge struct{}

// wazeroOracle is an oracle.
type wazeroOracle struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

func (wazeroJudge) load(ctx context.Context, module []byte, second bool) (result oracle, err error) {
	config := wazero.NewRuntimeConfigInterpreter()
	if second {
		config = wazero.NewRuntimeConfigCompiler()
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, config.WithCoreFeatures(features).WithCloseOnContextDone(true))
	o := &wazeroOracle{runtime: runtime}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: wazero panics: %v", errOracle, r)
		}
		if err != nil {
			runtime.Close(ctx)
		}
	}()
	if o.module, err = o.runtime.CompileModule(ctx, module); err != nil {
		return nil, fmt.Errorf("%w: wazero refuses the module: %w", errOracle, err)
	}
	return o, nil
}

func (o *wazeroOracle) coarse(e ending) ending {
	if e == emptyTrap {
		return tableTrap
	}
	return e
}

// Close frees what wazero holds.
func (o *wazeroOracle) Close(ctx context.Context) { o.runtime.Close(ctx) }

// instantiate makes an instance; the ending says whether a start function or a
// segment trapped.
func (o *wazeroOracle) instantiate(ctx context.Context) (machine, ending, error) {
	limited, cancel := context.WithTimeout(withLargeMemories(ctx), oracleDeadline)
	defer cancel()
	m, err := o.runtime.InstantiateModule(limited, o.module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		end, err := oracleEnding(limited, err)
		return nil, end, err
	}
	return &oracleInstance{ctx, m}, returned, nil
}

// oracleEnding is how a call that failed ended.
func oracleEnding(ctx context.Context, err error) (ending, error) {
	if ctx.Err() != nil {
		return tooLong, nil
	}
	text, _, _ := strings.Cut(err.Error(), "(recovered by wazero)")
	for _, t := range oracleTraps {
		if strings.Contains(text, t.text) {
			return t.ending, nil
		}
	}
	return otherTrap, fmt.Errorf("%w: %w", errOracle, err)
}

// oracleInstance is a machine.
type oracleInstance struct {
	ctx    context.Context
	module api.Module
}

func (o *oracleInstance) close() { o.module.Close(o.ctx) }

func (o *oracleInstance) call(name string, arguments []word) (results []word, end ending, err error) {
	f := o.module.ExportedFunction(name)
	if f == nil {
		return nil, otherTrap, fmt.Errorf("%w: no export %q", errOracle, name)
	}
	var words []uint64
	for k, t := range f.Definition().ParamTypes() {
		words = append(words, arguments[k][0])
		if t == valueTypeV128 {
			words = append(words, arguments[k][1])
		}
	}
	ctx, cancel := context.WithTimeout(o.ctx, oracleDeadline)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: wazero panics: %v", errOracle, r)
		}
	}()
	words, err = f.Call(ctx, words...)
	if err != nil {
		end, err := oracleEnding(ctx, err)
		return nil, end, err
	}
	for _, t := range f.Definition().ResultTypes() {
		v := word{words[0]}
		words = words[1:]
		switch t {
		case valueTypeV128:
			v[1] = words[0]
			words = words[1:]
		case api.ValueTypeI32, api.ValueTypeF32:
			v[0] = uint64(uint32(v[0]))
		}
		results = append(results, v)
	}
	return results, returned, nil
}

// valueTypeV128 is a type that package api does not name.
const valueTypeV128 api.ValueType = 0x7b

func (o *oracleInstance) global(name string) (word, error) {
	g := o.module.ExportedGlobal(name)
	if g == nil {
		return word{}, fmt.Errorf("%w: no global %q", errOracle, name)
	}
	switch g.Type() {
	case api.ValueTypeI32, api.ValueTypeF32:
		return word{uint64(uint32(g.Get()))}, nil
	default:
		return word{g.Get()}, nil
	}
}

func (o *oracleInstance) memory(name string) ([]byte, error) {
	m := o.module.ExportedMemory(name)
	if m == nil {
		return nil, fmt.Errorf("%w: no memory %q", errOracle, name)
	}
	b, ok := m.Read(0, m.Size())
	if !ok {
		return nil, fmt.Errorf("%w: memory cannot be read", errOracle)
	}
	return b, nil
}
