package spec

import (
	"mewz/compiler/wasm"
)

// Registers of the C calling convention of x86-64 (psABI 3.2.3), and of LLVM's
// extension of it to several results: rax, rdx, rcx, xmm0 and xmm1, and for
// vectors also xmm2 and xmm3.
const (
	integerArguments = 6
	vectorArguments  = 8
	integerResults   = 3
	floatResults     = 2
	vectorResults    = 4
)

// registers is struct call of runner.c: what a call finds in the registers and
// on the stack.
type registers struct {
	function uint64
	integers [integerArguments]uint64
	vectors  [vectorArguments]word
	stack    []uint64
}

func isFloat(t wasm.ValueType) bool { return t == wasm.F32 || t == wasm.F64 }

// inVector says whether a value travels in an xmm register.
func inVector(t wasm.ValueType) bool { return isFloat(t) || t == wasm.V128 }

func valueBytes(t wasm.ValueType) uint64 {
	switch t {
	case wasm.I32, wasm.F32:
		return 4
	case wasm.V128:
		return 16
	default:
		return 8
	}
}

// asIntegers says whether floats are returned as integers of their size: when
// there are more than registers for them (docs/abi.md).
func asIntegers(results []wasm.ValueType) bool {
	used := 0
	for _, t := range results {
		if inVector(t) {
			used++
		}
	}
	return used > floatResults
}

// inMemory says whether the results of a call lie in memory, at an address that
// is a hidden first argument: when there are more than registers for them.
func inMemory(results []wasm.ValueType) bool {
	integers, vectors := 0, 0
	for _, t := range results {
		if t == wasm.V128 || isFloat(t) && !asIntegers(results) {
			vectors++
		} else {
			integers++
		}
	}
	return integers > integerResults || vectors > vectorResults
}

// placeArguments distributes the arguments of a call of type t. results is
// where results that lie in memory go. A vector on the stack is aligned.
func placeArguments(function uint64, t *wasm.FuncType, arguments []word, results uint64) *registers {
	r := &registers{function: function}
	integers, vectors := 0, 0
	if inMemory(t.Results) {
		r.integers[0] = results
		integers++
	}
	for i, p := range t.Params {
		switch {
		case inVector(p) && vectors < vectorArguments:
			r.vectors[vectors] = arguments[i]
			vectors++
		case !inVector(p) && integers < integerArguments:
			r.integers[integers] = arguments[i][0]
			integers++
		case p == wasm.V128:
			if len(r.stack)%2 != 0 {
				r.stack = append(r.stack, 0)
			}
			r.stack = append(r.stack, arguments[i][:]...)
		default:
			r.stack = append(r.stack, arguments[i][0])
		}
	}
	return r
}

// takeResults collects results that lie in registers.
func takeResults(results []wasm.ValueType, r *callResult) []word {
	values := make([]word, len(results))
	integers, vectors := 0, 0
	for i, t := range results {
		if t == wasm.V128 || isFloat(t) && !asIntegers(results) {
			values[i] = r.Vectors[vectors].narrow(t)
			vectors++
		} else {
			values[i] = word{r.Integers[integers]}.narrow(t)
			integers++
		}
	}
	return values
}

// resultOffsets lays results out as the members of a C structure.
func resultOffsets(results []wasm.ValueType) (offsets []uint64, total uint64) {
	for _, t := range results {
		n := valueBytes(t)
		total = (total + n - 1) &^ (n - 1)
		offsets = append(offsets, total)
		total += n
	}
	return offsets, total
}
