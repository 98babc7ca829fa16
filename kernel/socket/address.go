package socket

import (
	"strconv"
	"strings"
)

// mappedPrefix is what an IPv4 address has before it in an Address.
const mappedPrefix = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"

// FromIPv4 returns an IPv4 address.
func FromIPv4(b [4]byte) (a Address) {
	copy(a[:], mappedPrefix)
	copy(a[len(mappedPrefix):], b[:])
	return a
}

// IPv4 returns the four bytes of an IPv4 address; ok is false for one of IPv6.
func (a *Address) IPv4() (b [4]byte, ok bool) {
	if string(a[:len(mappedPrefix)]) != mappedPrefix {
		return b, false
	}
	copy(b[:], a[len(mappedPrefix):])
	return b, true
}

// ParseAddress reads an address as people write it: four numbers with dots (RFC
// 6943, 3.1.1, the strict form) or IPv6 (RFC 4291, 2.2) without a zone.
func ParseAddress(text string) (a Address, f Family, ok bool) {
	if !strings.Contains(text, ":") {
		b, ok := parseIPv4(text)
		return FromIPv4(b), IPv4, ok
	}
	a, ok = parseIPv6(text)
	return a, IPv6, ok
}

// ParseEndpoint reads "ADDRESS:PORT"; an IPv6 address stands in brackets.
func ParseEndpoint(text string) (e Endpoint, f Family, ok bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return e, f, false
	}
	port, err := strconv.ParseUint(text[i+1:], 10, 16)
	host := text[:i]
	bare, opened := strings.CutPrefix(host, "[")
	bare, closed := strings.CutSuffix(bare, "]")
	e.Port = uint16(port)
	e.Address, f, ok = ParseAddress(bare)
	return e, f, ok && err == nil && opened == closed && opened == (f == IPv6)
}

func parseIPv4(text string) (b [4]byte, ok bool) {
	for i := range b {
		part, rest, more := strings.Cut(text, ".")
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || more != (i < len(b)-1) || len(part) > 1 && part[0] == '0' || part[0] == '+' {
			return b, false
		}
		b[i], text = byte(n), rest
	}
	return b, true
}

// parseIPv6 reads groups from the left until the two colons or the end, then those
// behind them.
func parseIPv6(text string) (a Address, ok bool) {
	before, after, short := strings.Cut(text, "::")
	head, n, ok := parseGroups(before)
	if !ok || short && strings.Contains(before, ".") { // an IPv4 address comes last
		return a, false
	}
	if !short {
		return head, n == len(a)
	}
	tail, m, ok := parseGroups(after)
	if !ok || n+m > len(a)-2 {
		return a, false
	}
	copy(a[:], head[:n])
	copy(a[len(a)-m:], tail[:m])
	return a, true
}

// parseGroups reads groups of 16 bits with colons between; the last may be an IPv4
// address. bytes is how many there are.
func parseGroups(text string) (a Address, bytes int, ok bool) {
	if text == "" {
		return a, 0, true
	}
	for more := true; more; {
		var part string
		part, text, more = strings.Cut(text, ":")
		if !more && strings.Contains(part, ".") {
			b, ok := parseIPv4(part)
			if !ok || bytes+len(b) > len(a) {
				return a, 0, false
			}
			copy(a[bytes:], b[:])
			return a, bytes + len(b), true
		}
		n, err := strconv.ParseUint(part, 16, 16)
		if err != nil || len(part) > 4 || bytes+2 > len(a) {
			return a, 0, false
		}
		a[bytes], a[bytes+1] = byte(n>>8), byte(n)
		bytes += 2
	}
	return a, bytes, true
}
