package commandline

import (
	"errors"
	"strings"
)

// Line is a command line taken apart.
type Line struct {
	Words []string // before the first --
	Args  []string // behind it: arguments of the program
}

// endOfWords stands before the arguments of the program, as Linux has it for those of
// its first process (admin-guide/kernel-parameters).
const endOfWords = "--"

// deviceWord begins what QEMU's microvm and Firecracker add at the end to tell Linux of
// devices: no argument of a program.
const deviceWord = "virtio_mmio.device="

var errQuote = errors.New(`kernel command line: a " is not closed`)

// Split takes a command line apart. White space parts the words, unless it stands between
// double quotes, which are no part of the word; that is Linux's rule.
func Split(line string) (Line, error) {
	var l Line
	words, err := fields(line)
	if err != nil {
		return l, err
	}
	l.Words = words
	for i, word := range words {
		if word == endOfWords {
			l.Words, l.Args = words[:i:i], words[i+1:]
			break
		}
	}
	for n := len(l.Args); n > 0 && strings.HasPrefix(l.Args[n-1], deviceWord); n-- {
		l.Words = append(l.Words, l.Args[n-1])
		l.Args = l.Args[:n-1]
	}
	return l, nil
}

// fields parts a line at its white space.
func fields(line string) (words []string, err error) {
	var word []byte
	isWord, quoted := false, false
	for _, c := range []byte(line) {
		switch {
		case c == '"':
			quoted, isWord = !quoted, true
		case !quoted && (c == ' ' || c >= '\t' && c <= '\r'):
			if isWord {
				words = append(words, string(word))
			}
			word, isWord = word[:0], false
		default:
			word, isWord = append(word, c), true
		}
	}
	if quoted {
		return nil, errQuote
	}
	if isWord {
		words = append(words, string(word))
	}
	return words, nil
}

// environmentWord begins a word that is a variable of the program.
const environmentWord = "env="

// Environment sets the variables of words env=NAME=VALUE in env, which it does not
// change, and returns the result and the other words.
func Environment(env, words []string) (result, others []string, err error) {
	result = env
	for _, word := range words {
		variable, ok := strings.CutPrefix(word, environmentWord)
		if !ok {
			others = append(others, word)
			continue
		}
		if result, err = SetVariable(result, variable); err != nil {
			return nil, nil, malformed(word, "env=NAME=VALUE")
		}
	}
	return result, others, nil
}

var errVariable = errors.New("no NAME=VALUE")

// SetVariable sets a variable, NAME=VALUE, in an environment, which it does not change.
func SetVariable(env []string, variable string) ([]string, error) {
	name, _, ok := strings.Cut(variable, "=")
	if !ok || name == "" || strings.IndexByte(variable, 0) >= 0 {
		return nil, errVariable
	}
	env = env[:len(env):len(env)]
	for i, have := range env {
		if strings.HasPrefix(have, name+"=") {
			env = append([]string(nil), env...)
			env[i] = variable
			return env, nil
		}
	}
	return append(env, variable), nil
}

// WithArgs returns the arguments of a program, its name first, with others behind that.
func WithArgs(old, args []string) []string {
	if len(old) == 0 {
		old = []string{""}
	}
	return append(old[:1:1], args...)
}
