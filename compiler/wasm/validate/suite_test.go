package validate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/internal/suite"
	"mewz/compiler/wasm/validate"
)

func check(b []byte) (*validate.Checked, error) {
	m, err := decode.Module(b)
	if err != nil {
		return nil, err
	}
	return validate.Module(m)
}

// beyond1 are the features that are not in WebAssembly 1.0, which a module of
// the 1.0 suite that must be rejected may turn out to use.
func beyond1(c *validate.Checked) bool {
	return slices.ContainsFunc(c.Features(), func(f wasm.Feature) bool { return f != wasm.FeatureMutableGlobals })
}

// since2 are modules that the 1.0 suite wants rejected, that 2.0 made valid and
// that use no feature by which beyond1 could tell.
var since2 = map[string]string{
	"v1/unreached-invalid.87.wasm": "in unreachable code the labels of br_table may differ in type since reference-types",
}

// sameText has texts of the 1.0 suite that 2.0 words in another way.
var sameText = map[string][]string{
	"invalid UTF-8 encoding":                {"malformed UTF-8 encoding"},
	"zero flag expected":                    {"zero byte expected", "unknown table"},
	"invalid section id":                    {"malformed section id"},
	"invalid mutability":                    {"malformed mutability"},
	"invalid value type":                    {"malformed value type"},
	"unexpected end":                        {"length out of bounds"},
	"unexpected end of section or function": {"length out of bounds"},
}

func isText(c *suite.Case, err error) bool {
	for _, text := range append([]string{c.Text}, sameText[c.Text]...) {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// suiteCounts are what the pinned suites come to. "With another text" are faults
// of tiny broken modules that we describe by their first cause in the file, or
// that the reference interpreter finds by reading beyond a section's end.
var suiteCounts = map[string]map[string]int{
	"v1": {
		"assert_invalid valid since 2.0":      8,
		"assert_invalid with the same text":   981,
		"assert_malformed with another text":  10,
		"assert_malformed with the same text": 651,
		"valid module accepted":               877,
	},
	"v2": {
		"assert_invalid with another text":    2,
		"assert_invalid with the same text":   2144,
		"assert_malformed with another text":  11,
		"assert_malformed with the same text": 708,
		"valid module accepted":               1716,
	},
}

// TestSuite runs every module of the official suites.
func TestSuite(t *testing.T) {
	for _, version := range suite.Versions {
		t.Run(version, func(t *testing.T) {
			cases, err := suite.Read(version)
			if err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			for i := range cases {
				runCase(t, &cases[i], count)
			}
			if diff := cmp.Diff(suiteCounts[version], count); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

func runCase(t *testing.T, c *suite.Case, count map[string]int) {
	checked, err := check(c.Bytes)
	switch c.Type {
	case "assert_malformed", "assert_invalid":
		runRejected(t, c, checked, err, count)
	default:
		if err != nil {
			t.Errorf("%s (line %d): %v, want valid", c.File, c.Line, err)
			return
		}
		count["valid module accepted"]++
	}
}

func runRejected(t *testing.T, c *suite.Case, checked *validate.Checked, err error, count map[string]int) {
	switch {
	case err != nil && isText(c, err):
		count[c.Type+" with the same text"]++
	case err != nil:
		count[c.Type+" with another text"]++
		t.Logf("%s (line %d): %v, want %q", c.File, c.Line, err, c.Text)
	case strings.HasPrefix(c.File, "v1/") && (beyond1(checked) || since2[c.File] != ""):
		count[c.Type+" valid since 2.0"]++
	default:
		t.Errorf("%s (line %d): accepted, want %s: %s", c.File, c.Line, c.Type, c.Text)
	}
}
