package line

import (
	"strconv"
	"strings"
	"testing"
)

// substitution is how a mangled name says what it said before (Itanium C++ ABI,
// 5.1.10).
func substitution(n int) string {
	return "S" + strings.ToUpper(strconv.FormatInt(int64(n), 36)) + "_"
}

// TestDemangleForged demangles names that no compiler makes.
func TestDemangleForged(t *testing.T) {
	t.Cleanup(func() { tooSlow.Store(false) })
	pairs := func(begin, template string, first, n int) string {
		for k := range n {
			begin += template + "I" + substitution(k+first) + substitution(k+first) + "E"
		}
		return begin
	}
	// Types of two that are the type before: 2^17 names of the first.
	if long := pairs("_Z1f1AIiiE", "S_", 0, 16); len(Demangle(long)) > 1<<nameLengthPower {
		t.Errorf("%d bytes for a name of %d", len(Demangle(long)), len(long))
	}
	for _, name := range []string{"_ZW1f", "_ZNW2ab", "_ZtemmW1a"} {
		if got := Demangle(name); got != name {
			t.Errorf("Demangle(%q) = %q", name, got)
		}
	}
	// Types that the library looks through again for each that names them: two pairs double the
	// time, so these take hours on any computer.
	slow := pairs("_Z1fIiEv1AIT_T_E", "S0_", 2, 60)
	if got := Demangle(slow); got != slow {
		t.Errorf("Demangle(%.20q...) = %.20q..., want that it is given up", slow, got)
	}
	if got := Demangle("_Z1fi"); got != "_Z1fi" {
		t.Errorf("after a name that took too long: %s", got)
	}
}
