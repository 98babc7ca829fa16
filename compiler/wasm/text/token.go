package text

import (
	"fmt"
	"unicode/utf8"
)

// Kind is the kind of a token (6.3.1).
type Kind byte

// The kinds.
const (
	EOF      Kind = iota // the text ends
	Open                 // (
	Close                // )
	Keyword              // a word that begins with a small letter
	ID                   // $name or $"name"
	String               // a string literal
	Nat                  // an integer literal without sign
	Int                  // an integer literal with a sign
	Float                // a float literal that is no integer, of digits
	Reserved             // a word that means nothing
)

// maxSourceBytes bounds a text: its tokens take up to twelve times its size. It
// is that of a binary module of some 40 MB.
const maxSourceBytes = 1 << 28

// Token is a run of bytes of the source.
type Token struct {
	Kind       Kind
	Start, End uint32
}

// Error is a fault of a text and its place: lines count from 1, and columns too,
// in characters.
type Error struct {
	Line, Column int
	Message      string
}

// Error gives place and fault as line:column: message.
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// errorAt makes an error for a position of source.
func errorAt(source []byte, at int, format string, args ...any) *Error {
	line, column := Position(source, at)
	return &Error{line, column, fmt.Sprintf(format, args...)}
}

// Position is the line and the column of a position of source.
func Position(source []byte, at int) (line, column int) {
	line, start := 1, 0
	for i, c := range source[:at] {
		if c == '\n' || c == '\r' && (i+1 == len(source) || source[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	return line, utf8.RuneCount(source[start:at]) + 1
}

// annotation is one of the annotations that mean something here. Its tokens are
// not among those of the text.
type annotation struct {
	name   string
	start  int // position of the parenthesis
	tokens []Token
}

// Tokens are the tokens of a text.
type Tokens struct {
	source []byte
	list   []Token
	// annotations are those in front of a token.
	annotations map[int][]annotation
}

// All are the tokens in their order.
func (t *Tokens) All() []Token { return t.list }

// scanner is the state of Scan.
type scanner struct {
	Tokens
	at    int
	depth int // of parentheses
	// The annotation that the scanner is in: its parenthesis, the first token
	// in it and the depth around it.
	open struct {
		inside       bool
		name         string
		start, first int
		depth        int
	}
}

// Scan divides a text into tokens. White space and comments are left out, as are
// annotations, which only have to be well formed.
func Scan(source []byte) (*Tokens, error) {
	if len(source) > maxSourceBytes {
		return nil, &Error{1, 1, fmt.Sprintf("a text of %d bytes: at most %d", len(source), maxSourceBytes)}
	}
	s := &scanner{Tokens: Tokens{source: source}}
	for s.at < len(source) {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	if s.open.inside {
		return nil, errorAt(source, s.open.start, "unclosed annotation")
	}
	return &s.Tokens, nil
}

// follows says whether c is the byte after the current one.
func (s *scanner) follows(c byte) bool { return s.at+1 < len(s.source) && s.source[s.at+1] == c }

func (s *scanner) fail(at int, format string, args ...any) error {
	return errorAt(s.source, at, format, args...)
}

func (s *scanner) add(kind Kind, end int) {
	s.list = append(s.list, Token{kind, uint32(s.at), uint32(end)})
	s.at = end
}

// step reads a token, or what lies between tokens.
func (s *scanner) step() error {
	switch c := s.source[s.at]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		s.at++
	case c == ';' && s.follows(';'):
		return s.lineComment()
	case c == '(' && s.follows(';'):
		return s.blockComment()
	case c == '(' && s.follows('@') && !s.open.inside:
		return s.annotation()
	case c == '(':
		s.depth++
		s.add(Open, s.at+1)
	case c == ')' && s.open.inside && s.depth == s.open.depth:
		s.closeAnnotation()
	case c == ')':
		s.depth--
		s.add(Close, s.at+1)
	default:
		return s.word()
	}
	return nil
}

func (s *scanner) lineComment() error {
	for s.at < len(s.source) && s.source[s.at] != '\n' && s.source[s.at] != '\r' {
		if err := s.skipCharacter(); err != nil {
			return err
		}
	}
	return nil
}

// blockComment skips a comment, in which others may lie.
func (s *scanner) blockComment() error {
	start, depth := s.at, 0
	for s.at < len(s.source) {
		switch c := s.source[s.at]; {
		case c == '(' && s.follows(';'):
			depth++
			s.at += 2
		case c == ';' && s.follows(')'):
			depth--
			s.at += 2
			if depth == 0 {
				return nil
			}
		default:
			if err := s.skipCharacter(); err != nil {
				return err
			}
		}
	}
	return s.fail(start, "unclosed comment")
}

// skipCharacter skips one character of any kind.
func (s *scanner) skipCharacter() error {
	r, size := utf8.DecodeRune(s.source[s.at:])
	if r == utf8.RuneError && size == 1 {
		return s.fail(s.at, "malformed UTF-8 encoding")
	}
	s.at += size
	return nil
}

// idChars are the characters of words (6.3.5).
var idChars = func() (table [256]bool) {
	for c := '!'; c <= '~'; c++ {
		table[c] = true
	}
	for _, c := range "\"(),;[]{}" {
		table[c] = false
	}
	return table
}()

// word reads a run of characters of words and of strings, which is one token.
func (s *scanner) word() error {
	start, at, strings := s.at, s.at, 0
	for at < len(s.source) {
		c := s.source[at]
		if idChars[c] {
			at++
			continue
		}
		if c != '"' {
			break
		}
		end, err := stringEnd(s.source, at)
		if err != nil && at == start+1 && s.source[start] == '$' && s.source[end] < 0x20 {
			return s.fail(start, "empty identifier") // no string begins here
		}
		if err != nil {
			return err
		}
		strings++
		at = end
	}
	if at == start {
		return s.separator()
	}
	kind, err := s.wordKind(at, strings)
	s.add(kind, at)
	return err
}

// separator reads a character that is neither part of a word nor of white space.
func (s *scanner) separator() error {
	switch c := s.source[s.at]; {
	case c == ',' || c == ';' || c == '[' || c == ']' || c == '{' || c == '}':
		s.add(Reserved, s.at+1)
		return nil
	case c < utf8.RuneSelf:
		return s.fail(s.at, "illegal character 0x%02x", c)
	}
	start := s.at
	if err := s.skipCharacter(); err != nil {
		return err
	}
	return s.fail(start, "illegal character %q: only strings and comments may have it", s.source[start:s.at])
}

// wordKind is the kind of the word up to end, which has some strings in it.
func (s *scanner) wordKind(end, strings int) (Kind, error) {
	w := s.source[s.at:end]
	switch {
	case w[0] == '$':
		if len(w) == 1 {
			return 0, s.fail(s.at, "empty identifier")
		}
		if strings == 0 {
			return ID, nil
		}
		if last, _ := stringEnd(s.source, s.at+1); w[1] != '"' || last != end {
			return Reserved, nil
		}
		name := ParseString(w[1:])
		switch {
		case len(name) == 0:
			return 0, s.fail(s.at, "empty identifier")
		case !utf8.Valid(name):
			return 0, s.fail(s.at, "malformed UTF-8 encoding")
		}
		return ID, nil
	case w[0] == '"' && strings == 1:
		if last, _ := stringEnd(s.source, s.at); last == end {
			return String, nil
		}
		return Reserved, nil
	case strings > 0:
		return Reserved, nil
	case w[0] >= 'a' && w[0] <= 'z':
		return Keyword, nil
	default:
		return numberKind(w), nil
	}
}
