// Package commandline reads the command line that a VMM gives a kernel.
//
// In: its text, as words KEY=VALUE between white space (QEMU's -append, urunc), and the
// arguments of the program behind --. Out: changes of arguments, environment, directories and
// network of a configuration. Other words are for other
// kernels, as those by which QEMU's microvm tells Linux of its devices, and count
// for nothing. It never parses an address: whoever uses one does.
package commandline

import (
	"errors"
	"strconv"
	"strings"

	"mewz/abi"
)

// Bounds, each far above what is of use.
const (
	listMax  = 16 // addresses, servers and domains each
	shownMax = 80 // bytes of a value that a message repeats
)

// key is a word that means something.
type key struct {
	name    string
	list    func(*abi.Network) *[]string // nil: hostname
	check   func(string) bool
	example string
}

// keys are all of them. ip and gateway are urunc's.
var keys = []key{
	{"ip", func(n *abi.Network) *[]string { return &n.Addresses }, isPrefix, "ip=10.0.0.2/24"},
	{"gateway", func(n *abi.Network) *[]string { return &n.Gateways }, isAddress, "gateway=10.0.0.1"},
	{"dns", func(n *abi.Network) *[]string { return &n.Servers }, isAddress, "dns=10.0.0.1,10.0.0.3"},
	{"search", func(n *abi.Network) *[]string { return &n.Search }, isDomain, "search=example.org"},
	{"hostname", nil, isDomain, "hostname=web"},
}

// Apply overrides the network of a configuration by words of a command line. A key takes
// a list with commas, and may stand several times; what the configuration had of
// it is gone. A key without a value, or ip with a prefix length only, which urunc
// writes for a container without a network, changes nothing. It returns the words
// that are not ours, or an error that names the word that is wrong.
func Apply(n *abi.Network, words []string) (others []string, err error) {
	lists := make([][]string, len(keys))
	for _, word := range words {
		name, value, hasValue := strings.Cut(word, "=")
		at := find(name)
		if at < 0 || !hasValue {
			others = append(others, word)
			continue
		}
		if isEmpty(name, value) {
			continue
		}
		for item := range strings.SplitSeq(value, ",") {
			if !keys[at].check(item) {
				return nil, malformed(word, keys[at].example)
			}
			lists[at] = append(lists[at], item)
		}
		if len(lists[at]) > listMax || keys[at].list == nil && len(lists[at]) > 1 {
			return nil, errors.New("kernel command line: too many values of " + name)
		}
	}
	set(n, lists)
	return others, nil
}

// set puts the lists of all keys that were there into a network.
func set(n *abi.Network, lists [][]string) {
	if len(lists[0]) > 0 && len(lists[1]) == 0 {
		n.Gateways = nil // that of other addresses
	}
	for i, list := range lists {
		switch {
		case len(list) == 0:
		case keys[i].list == nil:
			n.HostName = list[0]
		default:
			*keys[i].list(n) = list
		}
	}
	if len(lists[0]) > 0 {
		n.Enabled = true
	}
}

func find(name string) int {
	for i := range keys {
		if keys[i].name == name {
			return i
		}
	}
	return -1
}

func isEmpty(name, value string) bool {
	return value == "" || name == "ip" && value[0] == '/'
}

func malformed(word, example string) error {
	return errors.New("kernel command line: " + quote(word) + " is malformed: write " + example)
}

// quote is for a word in a message.
func quote(word string) string { return strconv.Quote(word[:min(len(word), shownMax)]) }

// isAddress says whether text has the letters of an address, of IPv4 or IPv6.
func isAddress(text string) bool {
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'f', c == ':', c == '.':
		default:
			return false
		}
	}
	return strings.Count(text, ".") == 3 || strings.Count(text, ":") >= 2
}

// isPrefix says whether text looks like an address with a prefix length.
func isPrefix(text string) bool {
	address, bits, ok := strings.Cut(text, "/")
	n, err := strconv.ParseUint(bits, 10, 8)
	if !ok || err != nil || bits[0] == '+' || !isAddress(address) {
		return false
	}
	return n > 0 && (n <= 32 || n <= 128 && strings.Contains(address, ":"))
}

// isDomain says whether text is the name of a machine or a domain (RFC 1123, 2.1).
func isDomain(text string) bool {
	const labelMax, nameMax = 63, 253 // RFC 1035, 2.3.4
	if len(text) > nameMax {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > labelMax || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return true
}
