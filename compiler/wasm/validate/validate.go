// Package validate checks that a module is valid.
//
// In: a wasm.Module as wasm/decode yields it. Out: a Checked, or the first
// fault with its place (WebAssembly core specification 3.0, chapter 3 and
// appendix A.3, the validation algorithm). It also reads the instructions of
// all bodies for the first time, so what is malformed there is found here. It
// never changes the module and never recurses; time and memory grow linearly
// with the module's bytes.
package validate

import (
	"errors"
	"fmt"

	"mewz/compiler/wasm"
)

// Errors of validation. Their texts are those of the core test suite.
var (
	ErrTypeMismatch       = errors.New("type mismatch")
	ErrUnknown            = errors.New("unknown")
	ErrAlignment          = errors.New("alignment must not be larger than natural")
	ErrAtomicAlignment    = errors.New("alignment must be equal to natural")
	ErrOffset             = errors.New("offset out of range")
	ErrSharedMaximum      = errors.New("shared memory must have maximum")
	ErrLane               = errors.New("invalid lane index")
	ErrDuplicateExport    = errors.New("duplicate export name")
	ErrConstantRequired   = errors.New("constant expression required")
	ErrMemorySize         = errors.New("memory size must be at most 65536 pages (4GiB)")
	ErrTableSize          = errors.New("table size must be at most 4294967295 elements")
	ErrLimits             = errors.New("size minimum must not be greater than maximum")
	ErrStartFunction      = errors.New("start function")
	ErrResultArity        = errors.New("invalid result arity")
	ErrImmutable          = errors.New("global is immutable")
	ErrUndeclared         = errors.New("undeclared function reference")
	ErrDataCountRequired  = errors.New("data count section required")
	ErrEndExpected        = errors.New("END opcode expected")
	ErrBodySize           = errors.New("section size mismatch")
	ErrElseWithoutIf      = errors.New("else without if")
	ErrImplementationSize = errors.New("over the limit of this compiler")
	ErrSubType            = errors.New("sub type")
	ErrTagResult          = errors.New("non-empty tag result type")
	ErrUninitialised      = errors.New("uninitialized local")
	ErrImmutableField     = errors.New("immutable field")
	ErrImmutableArray     = errors.New("immutable array")
	ErrArrayTypes         = errors.New("array types do not match")
	ErrArrayOfReferences  = errors.New("array type is not numeric or vector")
	ErrRethrowLabel       = errors.New("invalid rethrow label")
	ErrCatchWithoutTry    = errors.New("catch without try")
	ErrInconsistent       = errors.New("function and code section have inconsistent lengths")
)

const (
	maxMemoryPages   = 65536 // wasm pages
	maxTableElements = 1<<32 - 1

	maxMemoryPages64 = 1 << 48
)

// checker is the state for one module.
type checker struct {
	*Checked
	signatures []signature // of each type
	declared   []bool      // functions that ref.func may name in a body
	lists      map[wasm.ValueType][]wasm.ValueType
	constants  *body // for constant expressions
}

// steps are the parts of a module in the order in which they are checked: the
// index spaces first, since all else refers to them.
var steps = [...]struct {
	name  string
	check func(*checker) error
}{
	{"type section", (*checker).checkTypes},
	{"import section", (*checker).checkImports},
	{"function section", (*checker).checkFunctions},
	{"table section", (*checker).checkTables},
	{"memory section", (*checker).checkMemories},
	{"tag section", (*checker).checkTags},
	{"global section", (*checker).checkGlobals},
	{"export section", (*checker).checkExports},
	{"start section", (*checker).checkStart},
	{"element section", (*checker).checkElements},
	{"data section", (*checker).checkData},
	{"code section", (*checker).checkCode},
}

// Module validates m, which must not be changed afterwards.
func Module(m *wasm.Module) (*Checked, error) {
	c := &checker{Checked: &Checked{module: m, features: map[wasm.Feature]bool{}}, lists: map[wasm.ValueType][]wasm.ValueType{}}
	c.constants = &body{checker: c, reader: &wasm.Reader{}, constant: true}
	if len(m.Functions) != len(m.Code) {
		return nil, fmt.Errorf("%w: %d and %d", ErrInconsistent, len(m.Functions), len(m.Code))
	}
	for _, step := range steps {
		if err := step.check(c); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return c.Checked, nil
}

func fail(at wasm.Offset, err error) error { return &wasm.OffsetError{Offset: at, Err: err} }

// unknown is the error for an index that is out of range.
func unknown(at wasm.Offset, what string, index uint32) error {
	return fail(at, fmt.Errorf("%w %s %d", ErrUnknown, what, index))
}

func (c *checker) use(f wasm.Feature) {
	if f != wasm.FeatureNone {
		c.features[f] = true
	}
}
