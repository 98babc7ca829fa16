package lower

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

// shard is the state of writing one LLVM module.
type shard struct {
	module *module
	Shard
	huge bool
	out  []byte
	// declared are the declarations of what the shard refers to, by symbol;
	// defined the symbols that it defines itself.
	declared map[string]string
	defined  map[string]bool
	quotes   map[string]string // symbols as IR writes them
	adapted  map[uint32]bool   // imports that tables hold, see codeOf
	throwing bool              // a function may be left by an exception
	debug    debugInfo
	place    *Place         // nil unless the module is movable
	local    map[uint32]int // numbers of functions in a movable shard
	names    map[uint32]string
}

func newShard(m *module, s Shard) *shard {
	n := &shard{
		module: m, Shard: s, huge: s.Huge,
		declared: map[string]string{}, defined: map[string]bool{}, quotes: map[string]string{}, adapted: map[uint32]bool{},
		names: map[uint32]string{},
	}
	if m.movable && !m.options.Readable {
		n.local = map[uint32]int{}
		n.place = &Place{prefix: m.options.SymbolPrefix}
		if s.First < s.End {
			n.place.offset = m.Code[s.First].Offset
		}
	}
	return n
}

// write writes the shard; the first one has what is no function too.
func (s *shard) write(first bool) error {
	if first {
		s.defineData()
	}
	for k := s.First; k < s.End; k++ {
		if err := s.defineFunction(k); err != nil {
			return err
		}
		s.exportFunction(uint32(s.module.importedFunctions + k))
	}
	if first {
		s.defineEntry()
	}
	s.out = append(s.preamble(), s.out...)
	return nil
}

// preamble is what stands before the definitions: LLVM reads text faster if it
// knows what a name is when it comes to it.
func (s *shard) preamble() []byte {
	t := s.module.options.Target
	b := make([]byte, 0, len(s.out)+64<<10)
	b = fmt.Appendf(b, "target datalayout = %q\ntarget triple = %q\n\n", t.DataLayout, t.Triple)
	return s.declare(s.attributes(b))
}

// declare appends the declarations of what is used but not defined here, sorted.
func (s *shard) declare(b []byte) []byte {
	var lines []string
	for symbol, line := range s.declared {
		if !s.defined[symbol] {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	for _, line := range lines {
		b = append(append(b, line...), '\n')
	}
	return append(b, '\n')
}

// attributes appends the attributes and metadata that functions refer to.
//
// No tail calls: they would turn unlimited recursion, which must trap, into an
// endless loop, and take callers out of backtraces. Merged comparisons must not
// become calls of memcmp. Tuning is generic: that of x86-64-v2 is for a processor
// of 2011 and rotates by shld, which takes three times as long on later ones.
func (s *shard) attributes(b []byte) []byte {
	start := len(b)
	b = fmt.Appendf(b, "attributes #0 = { nounwind uwtable \"target-cpu\"=%q \"tune-cpu\"=\"generic\" \"probe-stack\"=\"inline-asm\""+
		" \"disable-tail-calls\"=\"true\" \"no-builtin-memcmp\" \"no-builtin-bcmp\"", s.module.options.CPU)
	if s.huge {
		b = append(b, " noinline optnone"...)
	}
	if s.throwing {
		text := string(b[start:])
		b = append(b, " }\n"+strings.Replace(text, "attributes #0 = { nounwind", "attributes "+attributesThrows+" = {", 1)...)
		b = append(b, " }\nattributes "+attributesThrow+" = { nomerge noreturn"...)
	}
	return append(b, " }\nattributes #1 = { nomerge noreturn nounwind }\n"+
		"!0 = !{!\"branch_weights\", i32 1, i32 100000}\n!1 = !{}\n!2 = !{!\"branch_weights\", i32 100000, i32 1}\n\n"...)
}

// quote returns a symbol as IR writes it.
func (s *shard) quote(symbol string) string {
	q, ok := s.quotes[symbol]
	if !ok {
		q = quoted(symbol)
		s.quotes[symbol] = q
	}
	return q
}

// use returns the name of a symbol and notes its declaration, a format for the
// name.
func (s *shard) use(symbol, declaration string) string {
	name := s.quote(symbol)
	if _, ok := s.declared[symbol]; !ok {
		s.declared[symbol] = fmt.Sprintf(declaration, name)
	}
	return name
}

// variable returns the name of a variable of the module or of its environment.
func (s *shard) variable(symbol, llvmType string) string {
	name := s.quote(symbol)
	if _, ok := s.declared[symbol]; !ok {
		s.declared[symbol] = name + " = external hidden global " + llvmType
	}
	return name
}

// useFunction returns the name of a function by its wasm index.
func (s *shard) useFunction(index uint32) string {
	if name, ok := s.names[index]; ok {
		return name
	}
	f, symbol := &s.module.functions[index], s.symbol(index)
	name := s.quote(symbol)
	s.names[index] = name
	if _, ok := s.declared[symbol]; !ok {
		visibility := "hidden "
		if f.imported {
			visibility = ""
		}
		signature := newSignature(f.typ, s.module.conventionOf(index))
		s.declared[symbol] = "declare " + visibility + signature.keyword() + signature.resultType() + " " + name + "(" +
			signature.parameterTypes() + ")"
		if !f.throws {
			s.declared[symbol] += " nounwind"
		}
	}
	return name
}

// descriptor returns the name of what a reference to a function points to.
func (s *shard) descriptor(index uint32) string {
	return s.variable(s.own(kindDescriptor, index), "{ ptr, i64 }")
}

// Groups of attributes of functions that exceptions may leave, and of calls that
// throw one.
const (
	attributesThrows = "#2"
	attributesThrow  = "#3"
)

// attributes are those of the definition of f, behind its parameters.
func (f *function) attributes() string {
	if !f.throws && !f.padded {
		return "#0"
	}
	f.throwing = true
	text := "#0"
	if f.throws {
		text = attributesThrows
	}
	if f.padded {
		// Nobody calls it: package object makes a table for exception_throw.
		text += " personality ptr " + f.use(f.module.options.SymbolPrefix+symbolThrow, declareThrow)
	}
	return text
}

// header writes the beginning of the definition of f as a hidden function.
func (s *shard) header(symbol string, f *function) {
	s.defined[symbol] = true
	s.flushDebug()
	signature := newSignature(f.typ, f.convention)
	s.out = append(s.out, "define hidden "+signature.keyword()+signature.resultType()+" "+s.quote(symbol)+"("+signature.parameterNames()+") "+f.attributes()...)
	if f.scope != 0 {
		s.out = strconv.AppendInt(append(s.out, " !dbg !"...), int64(f.scope), 10)
	}
}

// exportFunction writes the exports of a function that the shard defines.
func (s *shard) exportFunction(index uint32) {
	f := &s.module.functions[index]
	for _, symbol := range s.module.exports[exported{wasm.ExternFunc, index}] {
		if s.module.conventionOf(index) != (convention{}) || s.module.keeps {
			s.defineWrapper(symbol, index)
			continue
		}
		signature := newSignature(f.typ, convention{})
		s.out = fmt.Appendf(s.out, "%s = alias %s (%s), ptr %s\n\n", quoted(symbol),
			signature.resultType(), signature.parameterTypes(), s.useFunction(index))
	}
}
