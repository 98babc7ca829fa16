package text

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringEnd is the end of the string that begins at start of source. With an
// error it is the place of the fault, or the last byte of the source.
func stringEnd(source []byte, start int) (int, error) {
	for at := start + 1; at < len(source); {
		switch c := source[at]; {
		case c == '"':
			return at + 1, nil
		case c == '\\':
			n := escapeBytes(source[at:])
			if n == 0 {
				return at, errorAt(source, at, "illegal escape in a string")
			}
			at += n
		case c == '\n':
			return at, errorAt(source, start, "unclosed string")
		case c < ' ' || c == 0x7f:
			return at, errorAt(source, at, "illegal control character 0x%02x in a string", c)
		case c < utf8.RuneSelf:
			at++
		default:
			r, size := utf8.DecodeRune(source[at:])
			if r == utf8.RuneError && size == 1 {
				return at, errorAt(source, at, "malformed UTF-8 encoding in a string: write bytes as \\hh")
			}
			at += size
		}
	}
	return len(source) - 1, errorAt(source, start, "unclosed string")
}

// plainEscapes are the escapes of one character.
var plainEscapes = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '"': '"', '\'': '\'', '\\': '\\'}

// escapeBytes is the length of the escape that s begins with, 0 if it is none.
func escapeBytes(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	if _, ok := plainEscapes[s[1]]; ok {
		return 2
	}
	if s[1] == 'u' {
		_, n := unicodeEscape(s)
		return n
	}
	if len(s) >= 3 && isHex(s[1]) && isHex(s[2]) {
		return 3
	}
	return 0
}

// unicodeEscape reads \u{digits}: a character that is no surrogate, and how many
// bytes it takes here.
func unicodeEscape(s []byte) (r rune, n int) {
	if len(s) < 5 || s[2] != '{' {
		return 0, 0
	}
	end := 3
	for end < len(s) && (isHex(s[end]) || s[end] == '_') {
		end++
	}
	digits := s[3:end]
	if end == len(s) || s[end] != '}' || !isDigits(digits, isHex) {
		return 0, 0
	}
	v, err := strconv.ParseUint(strings.ReplaceAll(string(digits), "_", ""), 16, 32)
	if err != nil || !utf8.ValidRune(rune(min(v, math.MaxInt32))) {
		return 0, 0
	}
	return rune(v), end + 1
}

// ParseString is the contents of a well-formed string literal.
func ParseString(literal []byte) []byte {
	s := literal[1 : len(literal)-1]
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out = append(out, s[i])
			i++
			continue
		}
		if c, ok := plainEscapes[s[i+1]]; ok {
			out = append(out, c)
			i += 2
			continue
		}
		if s[i+1] == 'u' {
			r, n := unicodeEscape(s[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		out = append(out, hexValue(s[i+1])<<4|hexValue(s[i+2]))
		i += 3
	}
	return out
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool {
	return isDecimal(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}

// isDigits says whether w is digits, with single underscores between them.
func isDigits(w []byte, digit func(byte) bool) bool {
	for i, c := range w {
		if c == '_' && i > 0 && w[i-1] != '_' && i+1 < len(w) || digit(c) {
			continue
		}
		return false
	}
	return len(w) > 0
}

// cutSign divides a sign from a number.
func cutSign(w []byte) (sign byte, rest []byte) {
	if len(w) > 0 && (w[0] == '+' || w[0] == '-') {
		return w[0], w[1:]
	}
	return 0, w
}

func isHexadecimal(w []byte) bool { return len(w) > 2 && w[0] == '0' && w[1] == 'x' }

// numberKind is what kind of number w is, or Reserved (6.3.1, 6.3.2).
func numberKind(w []byte) Kind {
	sign, rest := cutSign(w)
	digit, exponents := isDecimal, "eE"
	if isHexadecimal(rest) {
		digit, exponents, rest = isHex, "pP", rest[2:]
	} else if sign != 0 && isSpecialFloat(rest) {
		return Float
	}
	if isDigits(rest, digit) {
		if sign != 0 {
			return Int
		}
		return Nat
	}
	if i := strings.IndexAny(string(rest), exponents); i >= 0 {
		if _, exponent := cutSign(rest[i+1:]); !isDigits(exponent, isDecimal) {
			return Reserved
		}
		rest = rest[:i]
	}
	whole, fraction, _ := strings.Cut(string(rest), ".")
	if !isDigits([]byte(whole), digit) || fraction != "" && !isDigits([]byte(fraction), digit) {
		return Reserved
	}
	return Float
}

// isSpecialFloat says whether w is an infinity or a NaN without sign.
func isSpecialFloat(w []byte) bool {
	payload, ok := strings.CutPrefix(string(w), "nan:0x")
	return string(w) == "inf" || string(w) == "nan" || ok && isDigits([]byte(payload), isHex)
}

// Errors of literals. Their texts are those of the core test suite.
var (
	errRange    = errors.New("constant out of range")
	errNoNumber = errors.New("unexpected token")
)

// ParseInteger is the value of an integer literal of some bits, in two's
// complement: it has no sign and all bits, or a sign and one bit less (6.3.1).
func ParseInteger(literal []byte, bits int) (uint64, error) {
	if k := numberKind(literal); k != Nat && k != Int {
		return 0, errNoNumber
	}
	sign, rest := cutSign(literal)
	base := 10
	if isHexadecimal(rest) {
		base, rest = 16, rest[2:]
	}
	v, err := strconv.ParseUint(strings.ReplaceAll(string(rest), "_", ""), base, bits)
	half := uint64(1) << (bits - 1)
	switch {
	case err != nil || sign == '-' && v > half || sign == '+' && v >= half:
		return 0, errRange
	case sign == '-':
		return -v & (math.MaxUint64 >> (64 - bits)), nil
	}
	return v, nil
}

// IsFloat says whether a token can be a float: digits, an infinity or a NaN.
func IsFloat(kind Kind, literal []byte) bool {
	switch kind {
	case Nat, Int, Float:
		return true
	case Keyword:
		return isSpecialFloat(literal)
	default:
		return false
	}
}

// ParseFloat is the bits of a float literal of 32 or 64 bits (6.3.2), rounded to
// nearest, ties to even.
func ParseFloat(literal []byte, bits int) (uint64, error) {
	sign, rest := cutSign(literal)
	significand := 52
	if bits == 32 {
		significand = 23
	}
	var v uint64
	infinity := uint64(math.MaxUint64>>(64-bits+1)) &^ (1<<significand - 1)
	switch {
	case string(rest) == "inf":
		v = infinity
	case string(rest) == "nan":
		v = infinity | 1<<(significand-1)
	case isSpecialFloat(rest):
		payload, err := strconv.ParseUint(strings.ReplaceAll(string(rest[len("nan:0x"):]), "_", ""), 16, significand)
		if err != nil || payload == 0 {
			return 0, errRange
		}
		v = infinity | payload
	default:
		f, err := parseDigits(rest, bits)
		if err != nil {
			return 0, err
		}
		v = math.Float64bits(f)
		if bits == 32 {
			v = uint64(math.Float32bits(float32(f)))
		}
	}
	if sign == '-' {
		v |= 1 << (bits - 1)
	}
	return v, nil
}

// parseDigits is the value of a float of digits without sign.
func parseDigits(w []byte, bits int) (float64, error) {
	if k := numberKind(w); k != Nat && k != Float {
		return 0, errNoNumber
	}
	digits := strings.ReplaceAll(string(w), "_", "")
	if isHexadecimal(w) && !strings.ContainsAny(digits, "pP") {
		digits += "p0" // which strconv demands
	}
	f, err := strconv.ParseFloat(digits, bits)
	if err != nil { // the syntax is right: numberKind
		return 0, errRange
	}
	return f, nil
}
