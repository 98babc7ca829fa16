package line

import (
	"regexp"
	"strings"

	"github.com/ianlancetaylor/demangle"
)

// rustHash is what Rust puts behind names that linkers demangle as C++.
var rustHash = regexp.MustCompile(`::h[0-9a-f]{16}$`)

// Demangle returns a symbol of C++ or Rust as people write it, and every other
// name as it is.
func Demangle(name string) string {
	if isMangled(name) {
		name = demangle.Filter(name)
	}
	return rustHash.ReplaceAllString(name, "")
}

// isMangled says whether a symbol may be one of C++ or Rust.
func isMangled(name string) bool {
	return strings.HasPrefix(name, "_Z") || strings.HasPrefix(name, "_R")
}
