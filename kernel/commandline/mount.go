package commandline

import (
	"errors"
	"strings"

	"mewz/abi"
)

// mountKeys are the words by which a directory gets into the program: as the flags of mewz
// run, with what the device calls itself in the place of the name of the host.
var mountKeys = []struct {
	begin   string
	kind    abi.MountKind
	example string
}{
	{"dir=", abi.MountShare, "dir=TAG::/data or dir=TAG::/data:ro"},
	{"volume=", abi.MountVolume, "volume=SERIAL::/data or volume=SERIAL::/data:ro"},
}

// Mounts returns what words dir=TAG::GUEST[:ro] and volume=SERIAL::GUEST[:ro] give the
// program, and the other words.
func Mounts(words []string) (mounts []abi.Mount, others []string, err error) {
	for _, word := range words {
		m, isMount, err := parseMount(word)
		if err != nil {
			return nil, nil, err
		}
		if !isMount {
			others = append(others, word)
			continue
		}
		for _, other := range mounts {
			switch {
			case other.Guest == m.Guest:
				return nil, nil, twice(word, "the program finds something else as "+quote(m.Guest))
			case other.Kind == m.Kind && other.Tag == m.Tag:
				return nil, nil, twice(word, quote(m.Tag)+" is mounted already")
			}
		}
		mounts = append(mounts, m)
	}
	return mounts, others, nil
}

// parseMount takes a word apart; isMount is false when it is none.
func parseMount(word string) (m abi.Mount, isMount bool, err error) {
	for _, key := range mountKeys {
		value, ok := strings.CutPrefix(word, key.begin)
		if !ok {
			continue
		}
		m.Kind = key.kind
		tag, guest, isNamed := strings.Cut(value, separator)
		if guest, m.ReadOnly = strings.CutSuffix(guest, ":ro"); !m.ReadOnly {
			guest = strings.TrimSuffix(guest, ":rw")
		}
		for len(guest) > 1 && guest[len(guest)-1] == '/' {
			guest = guest[:len(guest)-1]
		}
		if !isNamed || tag == "" || guest == "" || strings.Contains(guest, separator) {
			return m, true, malformed(word, key.example)
		}
		m.Tag, m.Guest = tag, guest
		return m, true, nil
	}
	return m, false, nil
}

// separator parts what a device calls itself from the name for the program.
const separator = "::"

func twice(word, why string) error {
	return errors.New("kernel command line: " + quote(word) + ": " + why)
}
