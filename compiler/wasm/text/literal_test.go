package text

import (
	"errors"
	"math"
	"testing"
)

func TestParseInteger(t *testing.T) {
	tests := []struct {
		literal string
		bits    int
		want    uint64
		err     error
	}{
		{"0", 32, 0, nil},
		{"4294967295", 32, math.MaxUint32, nil},
		{"0xffff_ffff", 32, math.MaxUint32, nil},
		{"4294967296", 32, 0, errRange},
		{"-1", 32, math.MaxUint32, nil},
		{"-0x80000000", 32, 1 << 31, nil},
		{"-2147483649", 32, 0, errRange},
		{"+2147483647", 32, math.MaxInt32, nil},
		{"-1", 8, 255, nil},
		{"256", 8, 0, errRange},
		{"-9223372036854775808", 64, 1 << 63, nil},
		{"18446744073709551615", 64, math.MaxUint64, nil},
		{"18446744073709551616", 64, 0, errRange},
		{"1.5", 32, 0, errNoNumber},
		{"0x", 32, 0, errNoNumber},
		{"", 32, 0, errNoNumber},
		{"nan", 32, 0, errNoNumber},
	}
	for _, test := range tests {
		if got, err := ParseInteger([]byte(test.literal), test.bits); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("ParseInteger(%q, %d) = %#x, %v, want %#x, %v", test.literal, test.bits, got, err, test.want, test.err)
		}
	}
}

func TestParseFloat(t *testing.T) {
	tests := []struct {
		literal string
		bits    int
		want    uint64
		err     error
	}{
		{"0", 64, 0, nil},
		{"-0", 32, 1 << 31, nil},
		{"-0x0p0", 64, 1 << 63, nil},
		{"1", 32, 0x3f80_0000, nil},
		{"1_0.5", 64, 0x4025_0000_0000_0000, nil},
		{"0x1.8", 32, 0x3fc0_0000, nil},
		{"0x1_0.8p-4", 64, 0x3ff0_8000_0000_0000, nil},
		{"0xA", 64, 0x4024_0000_0000_0000, nil},
		{"inf", 32, 0x7f80_0000, nil},
		{"-inf", 64, 0xfff0_0000_0000_0000, nil},
		{"nan", 32, 0x7fc0_0000, nil},
		{"-nan", 64, 0xfff8_0000_0000_0000, nil},
		{"nan:0x1", 32, 0x7f80_0001, nil},
		{"-nan:0x7f_ffff", 32, 0xffff_ffff, nil},
		{"nan:0x80_0000", 32, 0, errRange},
		{"nan:0x0", 64, 0, errRange},
		{"nan:0xfffffffffffff", 64, 0x7fff_ffff_ffff_ffff, nil},
		{"nan:0x10000000000000", 64, 0, errRange},
		// Halfway cases: to even, and one bit above it far behind.
		{"0x1.000001p0", 32, 0x3f80_0000, nil},
		{"0x1.000003p0", 32, 0x3f80_0002, nil},
		{"0x1.000001000000000000000000000000000001p0", 32, 0x3f80_0001, nil},
		{"0x1p-149", 32, 1, nil},
		{"0x1p-150", 32, 0, nil},
		{"0x1.fffffep127", 32, 0x7f7f_ffff, nil},
		{"0x1.ffffffp127", 32, 0, errRange},
		{"340282356779733661637539395458142568447", 32, 0x7f7f_ffff, nil},
		{"340282356779733661637539395458142568448", 32, 0, errRange},
		{"1e309", 64, 0, errRange},
		{"1e-400", 64, 0, nil},
		{"0x", 64, 0, errNoNumber},
		{"1_", 64, 0, errNoNumber},
		{"infinity", 64, 0, errNoNumber},
	}
	for _, test := range tests {
		if got, err := ParseFloat([]byte(test.literal), test.bits); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("ParseFloat(%q, %d) = %#x, %v, want %#x, %v", test.literal, test.bits, got, err, test.want, test.err)
		}
	}
}

func TestParseString(t *testing.T) {
	for literal, want := range map[string]string{
		`""`: "", `"a"`: "a", `"\00\ff\7F"`: "\x00\xff\x7f", `"\t\n\r\"\'\\"`: "\t\n\r\"'\\", `"\u{4e16}\u{1_F600}"`: "世😀", `"ä"`: "ä",
	} {
		if got := string(ParseString([]byte(literal))); got != want {
			t.Errorf("ParseString(%s) = %q, want %q", literal, got, want)
		}
	}
}
