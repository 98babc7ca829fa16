package header

import (
	"encoding/binary"
	"strconv"
	"strings"

	"mewz/kernel/socket"
)

// ParseAddress is socket.ParseAddress for who does not ask for the family.
func ParseAddress(text string) (a socket.Address, ok bool) {
	a, _, ok = socket.ParseAddress(text)
	return a, ok
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
