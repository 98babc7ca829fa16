package line

import (
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ianlancetaylor/demangle"
)

// A mangled name may say twice what it said before, again and again: 300 bytes stand
// for more than memory holds, and the library takes a time to match.
const (
	// nameLengthPower bounds a demangled name: 2 to the power of it, more bytes than a
	// name has that a compiler made of a program.
	nameLengthPower = 16
	// nameTime bounds the time for one name; those of programs take microseconds.
	nameTime = 2 * time.Second
)

// tooSlow says that a name took longer than nameTime. Others are as they are then:
// who forged one may have forged a million.
var tooSlow atomic.Bool

// rustHash is what Rust puts behind names that linkers demangle as C++.
var rustHash = regexp.MustCompile(`::h[0-9a-f]{16}$`)

// Demangle returns a symbol of C++ or Rust as people write it, and every other
// name as it is.
func Demangle(name string) string {
	if isMangled(name) {
		name = demangled(name)
	}
	return rustHash.ReplaceAllString(name, "")
}

// demangled is the name as people write it, or as it is if that takes too long. The
// library cannot be interrupted: it goes on until the command ends.
func demangled(name string) string {
	if tooSlow.Load() {
		return name
	}
	result := make(chan string, 1)
	go func() {
		text := name
		defer func() {
			recover() // the library looks beyond the end of some names
			result <- text
		}()
		text = demangle.Filter(name, demangle.MaxLength(nameLengthPower))
	}()
	limit := time.NewTimer(nameTime)
	defer limit.Stop()
	select {
	case text := <-result:
		return text
	case <-limit.C:
		tooSlow.Store(true)
		return name
	}
}

// isMangled says whether a symbol may be one of C++ or Rust.
func isMangled(name string) bool {
	return strings.HasPrefix(name, "_Z") || strings.HasPrefix(name, "_R")
}
