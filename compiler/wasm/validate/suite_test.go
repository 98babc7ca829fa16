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

// features are those that a version has: a module of its suite that must be
// rejected may turn out to use others.
var features = map[string][]wasm.Feature{
	"v1": {wasm.FeatureMutableGlobals},
	"v2": {
		wasm.FeatureMutableGlobals, wasm.FeatureSignExtension, wasm.FeatureSatTruncation, wasm.FeatureBulkMemory,
		wasm.FeatureReferenceTypes, wasm.FeatureMultiValue, wasm.FeatureSIMD,
	},
}

// isLater says whether c uses a feature that a version does not have.
func isLater(c *validate.Checked, version string) bool {
	return slices.ContainsFunc(c.Features(), func(f wasm.Feature) bool { return !slices.Contains(features[version], f) })
}

// since2 are modules that the 1.0 suite wants rejected, that 2.0 made valid and
// that use no feature by which isLater could tell.
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
// that the reference interpreter finds by reading beyond a section's end; in 2.0
// two imports as well, of the kind that became the tag's.
var suiteCounts = map[string]map[string]int{
	"v1": {
		"assert_invalid valid since a later version":   13,
		"assert_invalid with the same text":            976,
		"assert_malformed valid since a later version": 12,
		"assert_malformed with another text":           20,
		"assert_malformed with the same text":          629,
		"valid module accepted":                        877,
	},
	"v2": {
		"assert_invalid valid since a later version":   11,
		"assert_invalid with another text":             2,
		"assert_invalid with the same text":            2133,
		"assert_malformed valid since a later version": 10,
		"assert_malformed with another text":           22,
		"assert_malformed with the same text":          687,
		"valid module accepted":                        1716,
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
	case isLater(checked, c.File[:2]) || since2[c.File] != "":
		count[c.Type+" valid since a later version"]++
	default:
		t.Errorf("%s (line %d): accepted, want %s: %s", c.File, c.Line, c.Type, c.Text)
	}
}
