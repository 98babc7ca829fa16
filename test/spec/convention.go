package spec

import (
	"mewz/compiler/wasm"
)

// Registers of the C calling convention of x86-64 (psABI 3.2.3), and of LLVM's
// extension of it to several results: rax, rdx, rcx and xmm0, xmm1.
const (
	integerArguments = 6
	floatArguments   = 8
	integerResults   = 3
	floatResults     = 2
)

// registers is struct call of runner.c: what a call finds in the registers and
// on the stack.
type registers struct {
	function uint64
	integers [integerArguments]uint64
	floats   [floatArguments]uint64
	stack    []uint64
}

func isFloat(t wasm.ValueType) bool { return t == wasm.F32 || t == wasm.F64 }

func valueBytes(t wasm.ValueType) uint64 {
	if t == wasm.I32 || t == wasm.F32 {
		return 4
	}
	return 8
}

// asIntegers says whether floats are returned as integers of their size: when
// there are more than registers for them (docs/abi.md).
func asIntegers(results []wasm.ValueType) bool {
	floats := 0
	for _, t := range results {
		if isFloat(t) {
			floats++
		}
	}
	return floats > floatResults
}

// inMemory says whether the results of a call lie in memory, at an address that
// is a hidden first argument: when there are more than registers for them.
func inMemory(results []wasm.ValueType) bool {
	integers := 0
	for _, t := range results {
		if !isFloat(t) || asIntegers(results) {
			integers++
		}
	}
	return integers > integerResults
}

// placeArguments distributes the arguments of a call of type t. results is
// where results that lie in memory go.
func placeArguments(function uint64, t *wasm.FuncType, arguments []uint64, results uint64) *registers {
	r := &registers{function: function}
	integers, floats := 0, 0
	if inMemory(t.Results) {
		r.integers[0] = results
		integers++
	}
	for i, p := range t.Params {
		switch {
		case isFloat(p) && floats < floatArguments:
			r.floats[floats] = arguments[i]
			floats++
		case !isFloat(p) && integers < integerArguments:
			r.integers[integers] = arguments[i]
			integers++
		default:
			r.stack = append(r.stack, arguments[i])
		}
	}
	return r
}

// narrow cuts a register down to the width of a value of type t.
func narrow(t wasm.ValueType, bits uint64) uint64 {
	if valueBytes(t) == 4 {
		return uint64(uint32(bits))
	}
	return bits
}

// takeResults collects results that lie in registers.
func takeResults(results []wasm.ValueType, r *callResult) []uint64 {
	values := make([]uint64, len(results))
	integers, floats := 0, 0
	for i, t := range results {
		if isFloat(t) && !asIntegers(results) {
			values[i] = narrow(t, r.Floats[floats])
			floats++
		} else {
			values[i] = narrow(t, r.Integers[integers])
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
