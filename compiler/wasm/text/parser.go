package text

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"mewz/compiler/wasm"
)

// parser reads tokens. After its first error, which stays, all that follows is
// the end of the text, so that every loop ends.
type parser struct {
	*Tokens
	at  int
	end int // of the tokens to read
	err *Error
}

// peek is the token n after the next one.
func (p *parser) peek(n int) Token {
	if p.err != nil || p.at+n >= p.end {
		size := uint32(len(p.source))
		return Token{EOF, size, size}
	}
	return p.list[p.at+n]
}

func (p *parser) next() Token {
	t := p.peek(0)
	if t.Kind != EOF {
		p.at++
	}
	return t
}

// text is a token as it is written.
func (p *parser) text(t Token) []byte { return p.source[t.Start:t.End] }

// fail notes an error at a token, if it is the first.
func (p *parser) fail(t Token, format string, args ...any) {
	if p.err == nil {
		p.err = errorAt(p.source, int(t.Start), format, args...)
	}
}

// maxShownBytes bounds how much of a token a message shows.
const maxShownBytes = 60

// shown is what a message shows of a token.
func (p *parser) shown(t Token) []byte {
	text := p.text(t)
	if len(text) > maxShownBytes {
		text = slices.Concat(text[:maxShownBytes], []byte("..."))
	}
	return text
}

// unexpected is the error for a token that should be something else. As in the
// reference interpreter a word that means nothing anywhere is an operator that
// nobody knows.
func (p *parser) unexpected(t Token, want string) {
	shown := p.shown(t)
	shown = []byte(fmt.Sprintf("%q", shown))
	shown = shown[1 : len(shown)-1]
	switch {
	case t.Kind == EOF:
		p.fail(t, "unexpected token: the text ends where %s should be", want)
	case t.Kind == Reserved || t.Kind == Keyword && !isKnown(p.text(t)):
		p.fail(t, "unknown operator %s: expected %s", shown, want)
	default:
		p.fail(t, "unexpected token %s: expected %s", shown, want)
	}
}

// words are the keywords that are no instructions.
const words = "module definition instance quote binary type rec sub final func struct array field mut param result local import export table memory " +
	"global tag elem data declare offset item start then else end do catch catch_all catch_ref catch_all_ref delegate shared pagesize " +
	"i32 i64 f32 f64 v128 i8 i16 funcref externref anyref eqref i31ref structref arrayref exnref nullref nullfuncref nullexternref nullexnref " +
	"ref null extern any eq i31 exn none nofunc noextern noexn i8x16 i16x8 i32x4 i64x2 f32x4 f64x2 inf nan nan:canonical nan:arithmetic " +
	"register invoke get assert_return assert_trap assert_exception assert_exhaustion assert_malformed assert_invalid assert_unlinkable " +
	"either ref.extern ref.host ref.struct ref.array ref.any script input output"

// isKnown says whether a keyword means something somewhere.
func isKnown(w []byte) bool {
	if _, ok := instructions()[string(w)]; ok {
		return true
	}
	value, isOffset := bytes.CutPrefix(w, []byte("offset="))
	if !isOffset {
		value, isOffset = bytes.CutPrefix(w, []byte("align="))
	}
	return knownWords()[string(w)] || isSpecialFloat(w) || isOffset && numberKind(value) == Nat
}

// isWord says whether t is a keyword.
func (p *parser) isWord(t Token, word string) bool {
	return t.Kind == Keyword && string(p.text(t)) == word
}

// opens says whether what follows begins with "(word".
func (p *parser) opens(word string) bool {
	return p.peek(0).Kind == Open && p.isWord(p.peek(1), word)
}

// enter reads "(word" if that follows.
func (p *parser) enter(word string) bool {
	if !p.opens(word) {
		return false
	}
	p.at += 2
	return true
}

// accept reads a keyword if it follows.
func (p *parser) accept(word string) bool {
	if !p.isWord(p.peek(0), word) {
		return false
	}
	p.at++
	return true
}

// close reads ")".
func (p *parser) close(want string) {
	if t := p.next(); t.Kind != Close {
		p.unexpected(t, want)
	}
}

// skip reads to the end of what "(" began, that with it.
func (p *parser) skip() {
	for depth := 1; depth > 0; {
		switch t := p.next(); t.Kind {
		case Open:
			depth++
		case Close:
			depth--
		case EOF:
			p.unexpected(t, "a closing parenthesis")
			return
		}
	}
}

// name is the name that an identifier stands for: $a and $"a" are the same.
func (p *parser) name(t Token) string {
	w := p.text(t)[1:]
	if w[0] == '"' {
		return string(ParseString(w))
	}
	return string(w)
}

// identifier reads an identifier if one follows.
func (p *parser) identifier() (Token, bool) {
	t := p.peek(0)
	if t.Kind != ID {
		return t, false
	}
	p.at++
	return t, true
}

// stringLiteral reads a string.
func (p *parser) stringLiteral(want string) []byte {
	t := p.next()
	if t.Kind != String {
		p.unexpected(t, want)
		return nil
	}
	return ParseString(p.text(t))
}

// utf8Name reads a string that is a name (6.3.4).
func (p *parser) utf8Name(want string) []byte {
	t := p.peek(0)
	s := p.stringLiteral(want)
	if !utf8.Valid(s) {
		p.fail(t, "malformed UTF-8 encoding: %s", want)
	}
	return s
}

// integer reads an unsigned integer of at most some bits.
func (p *parser) integer(bits int, want string) uint64 {
	t := p.next()
	if t.Kind != Nat {
		p.unexpected(t, want)
		return 0
	}
	v, err := ParseInteger(p.text(t), bits)
	if err != nil {
		p.fail(t, "i%d constant out of range: %s", bits, want)
	}
	return v
}

// maxListed bounds how many names a space has: what the decoder takes at most.
const maxListed = 10_000_000

// named is a name for the name section.
type named struct {
	index uint32
	name  string
}

// space is an index space with its names.
type space struct {
	word  string // in messages, as the core test suite has it
	full  string
	names map[string]uint32
	count uint32
	shown []named // names for the name section, by index
}

// declare gives the next index away, with a name if t is an identifier.
func (p *parser) declare(s *space, t Token, named bool) uint32 {
	index := s.count
	s.count++
	if s.count > maxListed {
		p.fail(t, "more than %d of %s", maxListed, s.full)
	}
	if !named || t.Kind != ID {
		return index
	}
	name := p.name(t)
	if _, ok := s.names[name]; ok {
		p.fail(t, "duplicate %s $%s", s.word, name)
		return index
	}
	if s.names == nil {
		s.names = map[string]uint32{}
	}
	s.names[name] = index
	return index
}

// show puts a name into the name section: that of an identifier, or of an
// annotation behind it.
func (p *parser) show(s *space, index uint32, id Token, isNamed bool) {
	name, ok := p.nameAnnotation()
	switch {
	case ok:
	case isNamed && id.Kind == ID:
		name = p.name(id)
	default:
		return
	}
	s.shown = append(s.shown, named{index, name})
}

// index reads an index: a number, or a name of s.
func (p *parser) index(s *space) uint32 {
	t := p.next()
	switch t.Kind {
	case Nat:
		v, err := ParseInteger(p.text(t), 32)
		if err != nil {
			p.fail(t, "i32 constant out of range: index of a %s", s.full)
		}
		return uint32(v)
	case ID:
		name := p.name(t)
		v, ok := s.names[name]
		if !ok {
			p.fail(t, "unknown %s $%s", s.full, name)
		}
		return v
	default:
		p.unexpected(t, "index or $name of a "+s.full)
		return 0
	}
}

// hasIndex says whether an index follows.
func (p *parser) hasIndex() bool {
	k := p.peek(0).Kind
	return k == Nat || k == ID
}

var knownWords = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, w := range strings.Fields(words) {
		known[w] = true
	}
	return known
})

// operation is an instruction by its name.
type operation struct {
	opcode    wasm.Opcode
	immediate wasm.ImmediateKind
	natural   uint8 // alignment of a memory access, in bytes
}

// instructions are all instructions by name.
var instructions = sync.OnceValue(func() map[string]operation {
	table := make(map[string]operation, len(wasm.Opcodes))
	for opcode, info := range wasm.Opcodes {
		// Of two opcodes with one name, which their operands tell apart, the lower.
		if o, ok := table[info.Name]; !ok || opcode < o.opcode {
			table[info.Name] = operation{opcode, info.Immediate, info.AccessBytes}
		}
	}
	return table
})
