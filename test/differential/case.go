package differential

import (
	"math/rand/v2"

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
	Judge     string // the engine to compare with

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
	c := &Case{Module: module, Judge: JudgeWazero, decoded: m}
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
		return &c.decoded.Types[c.decoded.Functions[own]].FuncType
	}
	return nil
}

// globalLetter is the type of an exported global.
func (c *Case) globalLetter(name string) (byte, bool) {
	for k := range c.decoded.Exports {
		e := &c.decoded.Exports[k]
		if e.Kind == wasm.ExternGlobal && e.Name == name {
			own := int(e.Index) - c.decoded.CountImports(wasm.ExternGlobal)
			return letterOf(c.decoded.Globals[own].Type.Type), true
		}
	}
	return 0, false
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
