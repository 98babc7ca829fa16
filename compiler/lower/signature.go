package lower

import (
	"slices"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

// signature is how a function of some type is called.
type signature struct {
	convention
	operands        int              // parameters without global 0
	params, results []wasm.ValueType // with global 0, if it is passed: the first and the last
	// inMemory says that the results go where a hidden first parameter points.
	// LLVM does that by itself where registers do not suffice, but not for
	// callees of tail calls.
	inMemory bool
	// inBuffer are the parameters that are passed in a variable, by number; see
	// argumentBuffer.
	inBuffer []int
}

// resultsName is that parameter.
const resultsName = "%r"

func newSignature(t *wasm.FuncType, c convention) signature {
	s := signature{convention: c, operands: len(t.Params), params: t.Params, results: t.Results}
	if c.global0 {
		s.params = append([]wasm.ValueType{wasm.I32}, t.Params...)
		s.results = append(append([]wasm.ValueType(nil), t.Results...), wasm.I32)
	}
	s.inMemory = c.tail && !s.fitsRegisters()
	if c.buffer {
		s.useBuffer()
	}
	return s
}

// argumentBuffer is the variable for parameters beyond those in registers, in modules
// with tail calls and exceptions. By tailcc a callee removes its own parameters from
// the stack, and a tail call moves the return address if it has more of them or
// less; then nobody can tell from the callee's frame where that of its caller
// is. So no function has parameters on the stack there. The callee reads them before
// anything else runs.
const argumentBuffer = "tail_arguments"

// Registers for parameters (psABI 3.2.3).
const (
	integerParameters = 6
	vectorParameters  = 8
	bufferSlotBytes   = 16
)

// useBuffer finds the parameters that do not fit the registers.
func (s *signature) useBuffer() {
	integers, vectors := 0, 0
	if s.inMemory {
		integers++
	}
	for k, t := range s.params {
		used, most := &integers, integerParameters
		if t == wasm.F32 || t == wasm.F64 || t == wasm.V128 {
			used, most = &vectors, vectorParameters
		}
		if *used++; *used > most {
			s.inBuffer = append(s.inBuffer, k)
		}
	}
}

// bufferSlot is the address of a parameter in the buffer.
func (s *shard) bufferSlot(n int) string {
	name := s.variable(s.module.options.SymbolPrefix+argumentBuffer, argumentBufferType)
	return "getelementptr (i8, ptr " + name + ", i64 " + strconv.Itoa(n*bufferSlotBytes) + ")"
}

// argumentBufferType has room for the parameters of any function, and global 0.
var argumentBufferType = "[" + strconv.Itoa((wasm.MaxParams+1)*bufferSlotBytes) + " x i8]"

// keyword is the convention as IR writes it.
func (s *signature) keyword() string {
	if s.tail {
		return "tailcc "
	}
	return ""
}

// Registers that LLVM returns results in: rax, rdx and rcx, and for vectors xmm0
// to xmm3.
const (
	integerRegisters = 3
	vectorRegisters  = 4
)

func (s *signature) fitsRegisters() bool {
	integers, vectors := 0, 0
	for _, t := range s.members() {
		if t == wasm.F32 || t == wasm.F64 || t == wasm.V128 {
			vectors++
		} else {
			integers++
		}
	}
	return integers <= integerRegisters && vectors <= vectorRegisters
}

// floatRegisters is how many floats LLVM returns in xmm registers. It returns a
// third one on the x87 stack, which makes signalling NaNs quiet.
const floatRegisters = 2

// members are the types of the structure in which several results are returned:
// their own, but integers of the same size in place of floats when there are
// too many of these. Vectors take the same registers, and two more.
func (s *signature) members() []wasm.ValueType {
	used := 0
	for _, r := range s.results {
		if r == wasm.F32 || r == wasm.F64 || r == wasm.V128 {
			used++
		}
	}
	if used <= floatRegisters {
		return s.results
	}
	members := slices.Clone(s.results)
	for k, r := range members {
		switch r {
		case wasm.F32:
			members[k] = wasm.I32
		case wasm.F64:
			members[k] = wasm.I64
		}
	}
	return members
}

// resultType is the LLVM type of what the function returns.
func (s *signature) resultType() string {
	if s.inMemory {
		return "void"
	}
	return s.aggregate()
}

// aggregate is the LLVM type of the results: a structure if there are several.
func (s *signature) aggregate() string {
	switch len(s.results) {
	case 0:
		return "void"
	case 1:
		return llvmType(s.results[0])
	}
	names := make([]string, len(s.results))
	for k, r := range s.members() {
		names[k] = llvmType(r)
	}
	return "{ " + strings.Join(names, ", ") + " }"
}

// parameterTypes is the list of the types of the parameters.
func (s *signature) parameterTypes() string {
	var names []string
	if s.inMemory {
		names = append(names, "ptr")
	}
	for k, p := range s.params {
		if !slices.Contains(s.inBuffer, k) {
			names = append(names, llvmType(p))
		}
	}
	return strings.Join(names, ", ")
}

// parameterNames is the list of the parameters of a definition: %p0, %p1 are
// those of the wasm function, %g is global 0.
func (s *signature) parameterNames() string {
	var b strings.Builder
	if s.inMemory {
		b.WriteString("ptr " + resultsName)
	}
	for k, p := range s.params {
		if slices.Contains(s.inBuffer, k) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(llvmType(p))
		number := k
		if s.global0 {
			number--
		}
		if number < 0 {
			b.WriteString(" %g")
		} else {
			b.WriteString(" %p")
			b.WriteString(strconv.Itoa(number))
		}
	}
	return b.String()
}
