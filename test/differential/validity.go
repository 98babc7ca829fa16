package differential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"time"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"

	"github.com/tetratelabs/wazero"
)

// mutationsPerModule is how many changed modules the validators see of each that
// is compiled: it costs a thousandth of compiling it.
const mutationsPerModule = 40

// mutate changes a few bytes of a module.
func mutate(r *rand.Rand, module []byte) []byte {
	b := slices.Clone(module)
	end := len(b)
	if end > dataBytes+dataBytes/8 {
		end -= dataBytes // data may be anything
	}
	place := func() int { return len(preamble) + r.IntN(end-len(preamble)) }
	for range 1 + r.IntN(3) {
		at := place()
		switch r.IntN(6) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2: // a byte that is elsewhere too is more often one that makes sense
			b[at] = b[place()]
		case 3:
			b[at]++
		case 4:
			other := place()
			b[at], b[other] = b[other], b[at]
		default:
			b[at]--
		}
	}
	return b
}

// oracleFeatures are the proposals that wazero has as it is used here.
var oracleFeatures = []wasm.Feature{
	wasm.FeatureMutableGlobals, wasm.FeatureSignExtension, wasm.FeatureSatTruncation, wasm.FeatureBulkMemory,
	wasm.FeatureReferenceTypes, wasm.FeatureMultiValue, wasm.FeatureSIMD, wasm.FeatureTailCall, wasm.FeatureExtendedConst,
	wasm.FeatureThreads,
}

// accepts says whether we find a module valid, and whether wazero has what it
// uses, or V8, which has all.
func accepts(module []byte, judge string) (known bool, err error) {
	m, err := decode.Module(module)
	if err != nil {
		return true, err
	}
	checked, err := validate.Module(m)
	if err != nil {
		return true, err
	}
	for _, feature := range checked.Features() {
		if judge == JudgeWazero && !slices.Contains(oracleFeatures, feature) {
			return false, nil
		}
	}
	return true, nil
}

// oracleAccepts says whether wazero finds a module valid.
func oracleAccepts(ctx context.Context, runtime wazero.Runtime, module []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanics, r)
		}
	}()
	compiled, err := runtime.CompileModule(ctx, module)
	if err == nil {
		compiled.Close(ctx)
	}
	return err
}

// compareValidators changes a module at random and compares what the validators
// say of it.
func (f *Fuzzer) compareValidators(ctx context.Context, c *Case, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 1))
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	defer runtime.Close(ctx)
	for range mutationsPerModule {
		changed := mutate(r, c.Module)
		known, ours := accepts(changed, c.Judge)
		if !known {
			continue
		}
		var theirs error
		if c.Judge == JudgeWazero {
			theirs = oracleAccepts(ctx, runtime, changed)
		} else if valid, err := f.V8.validates(changed); err != nil {
			return err
		} else if !valid {
			theirs = errInvalid
		}
		f.Totals.Verdicts++
		if ours == nil {
			f.Totals.Accepted++
		}
		if (ours == nil) == (theirs == nil) {
			continue
		}
		f.Totals.Split++
		if f.WasmTools == "" {
			continue
		}
		accepted, err := f.refereeAccepts(ctx, changed, c.Judge)
		if err != nil {
			return err
		}
		if accepted != (ours == nil) {
			f.Invalid = append(f.Invalid, InvalidFinding{changed, ours, theirs})
		}
	}
	return nil
}

// InvalidFinding is a module about which both the other engine and wasm-tools differ from us.
type InvalidFinding struct {
	Module       []byte
	Ours, Theirs error
}

// errPanics says that wazero panicked.
var errPanics = errors.New("wazero panics")

// errInvalid says that V8 refuses a module.
var errInvalid = errors.New("V8 finds it invalid")

// refereeFeatures are the proposals of the engines as wasm-tools calls them: of wazero
// oracleFeatures, of V8 all that we have.
var refereeFeatures = map[string]string{
	JudgeWazero: "wasm2,threads,tail-call,extended-const",
	JudgeV8:     "wasm3,threads,legacy-exceptions",
}

// refereeTimeout ends a validation by wasm-tools.
const refereeTimeout = 20 * time.Second

// refereeAccepts says whether wasm-tools finds a module valid: where two
// validators differ, it has the casting vote.
func (f *Fuzzer) refereeAccepts(ctx context.Context, module []byte, judge string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, refereeTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, f.WasmTools, "validate", "--features="+refereeFeatures[judge], "-")
	command.Stdin = bytes.NewReader(module)
	var exit *exec.ExitError
	switch err := command.Run(); {
	case err == nil:
		return true, nil
	case errors.As(err, &exit) && exit.Exited():
		return false, nil
	default:
		return false, fmt.Errorf("wasm-tools validate: %w", err)
	}
}
