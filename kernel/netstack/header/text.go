package header

import (
	"encoding/binary"
	"strconv"
	"strings"

	"mewz/kernel/socket"
)

// ParseAddress reads an address as text: IPv4 dotted, or IPv6 (RFC 4291, 2.2)
// without a zone.
func ParseAddress(text string) (a socket.Address, ok bool) {
	if strings.IndexByte(text, ':') >= 0 {
		return parseIPv6(text)
	}
	v, ok := parseIPv4(text)
	return MapIPv4(v), ok
}

// ParsePrefix reads "ADDRESS/BITS"; the address keeps its bits behind the prefix.
func ParsePrefix(text string) (p Prefix, ok bool) {
	address, length, ok := strings.Cut(text, "/")
	if !ok {
		return p, false
	}
	if p.Address, ok = ParseAddress(address); !ok {
		return p, false
	}
	n, ok := decimal(length, 128)
	if !ok || n > 32 && strings.IndexByte(address, ':') < 0 {
		return p, false
	}
	if strings.IndexByte(address, ':') >= 0 && IsIPv4(p.Address) {
		return p, false // "::ffff:10.0.0.1/96" is two things
	}
	p.Bits = uint8(n)
	return p, true
}

// decimal reads a number up to limit without sign or leading zeros.
func decimal(text string, limit int) (n int, ok bool) {
	if len(text) == 0 || len(text) > 5 || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, n <= limit
}

func parseIPv4(text string) (v [4]byte, ok bool) {
	for i := range v {
		part, rest, found := strings.Cut(text, ".")
		if found != (i < 3) {
			return v, false
		}
		n, ok := decimal(part, 255)
		if !ok {
			return v, false
		}
		v[i], text = uint8(n), rest
	}
	return v, true
}

func parseIPv6(text string) (a socket.Address, ok bool) {
	n, gap := 0, -1 // bytes found, where "::" stands
	if rest, found := strings.CutPrefix(text, "::"); found {
		gap, text = 0, rest
		if text == "" {
			return a, true
		}
	}
	for n < 16 {
		group, rest, found := strings.Cut(text, ":")
		if !found && strings.IndexByte(group, '.') >= 0 {
			v, ok := parseIPv4(group)
			if !ok || n > 12 {
				return a, false
			}
			n += copy(a[n:], v[:])
			return fillGap(a, n, gap)
		}
		word, ok := hexadecimal(group)
		if !ok {
			return a, false
		}
		binary.BigEndian.PutUint16(a[n:], word)
		n += 2
		if !found {
			return fillGap(a, n, gap)
		}
		text = rest
		if rest, found := strings.CutPrefix(text, ":"); found {
			if gap >= 0 {
				return a, false
			}
			gap, text = n, rest
			if text == "" {
				return fillGap(a, n, gap)
			}
		}
	}
	return a, false // more than eight groups
}

// fillGap moves what stands behind "::" to the end.
func fillGap(a socket.Address, n, gap int) (socket.Address, bool) {
	switch {
	case gap < 0:
		return a, n == 16
	case n == 16:
		return a, false // "::" stands for at least one group
	}
	tail := n - gap
	copy(a[16-tail:], a[gap:n])
	clear(a[gap : 16-tail])
	return a, true
}

func hexadecimal(text string) (word uint16, ok bool) {
	if len(text) == 0 || len(text) > 4 {
		return 0, false
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		word = word<<4 | uint16(c)
	}
	return word, true
}

// FormatAddress writes an address as text, IPv6 in the canonical form of RFC 5952.
func FormatAddress(a socket.Address) string { return string(AppendAddress(nil, a)) }

// AppendAddress appends what FormatAddress returns.
func AppendAddress(b []byte, a socket.Address) []byte {
	if IsIPv4(a) {
		for i, v := range a[12:] {
			if i > 0 {
				b = append(b, '.')
			}
			b = strconv.AppendUint(b, uint64(v), 10)
		}
		return b
	}
	from, to := longestZeros(a)
	for i := 0; i < 16; i += 2 {
		if i == from {
			b = append(b, ':', ':')
			if i = to; i >= 16 {
				break
			}
		} else if i > 0 {
			b = append(b, ':')
		}
		b = strconv.AppendUint(b, uint64(binary.BigEndian.Uint16(a[i:])), 16)
	}
	return b
}

// longestZeros finds the first longest run of two or more zero groups (RFC 5952, 4.2).
func longestZeros(a socket.Address) (from, to int) {
	from, to = -1, -1
	for i := 0; i < 16; i += 2 {
		j := i
		for j < 16 && a[j] == 0 && a[j+1] == 0 {
			j += 2
		}
		if j-i > 2 && j-i > to-from {
			from, to = i, j
		}
		if j > i {
			i = j
		}
	}
	return from, to
}

// FormatPrefix writes a prefix as text.
func FormatPrefix(p Prefix) string {
	return string(strconv.AppendUint(append(AppendAddress(nil, p.Address), '/'), uint64(p.Bits), 10))
}
