package main

import (
	"slices"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func TestParseProgramArguments(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"run", "a.wasm"}, nil},
		{[]string{"run", "a.wasm", "x", "y"}, []string{"x", "y"}},
		{[]string{"run", "a.wasm", "--", "x", "--m"}, []string{"x", "--m"}},
		{[]string{"run", "a.wasm", "x", "-m", "5"}, []string{"x", "-m", "5"}},
		{[]string{"run", "a.wasm", "x", "--", "y"}, []string{"x", "--", "y"}},
		{[]string{"run", "a.wasm", "--", "--", "y"}, []string{"--", "y"}},
		{[]string{"run", "-m", "64M", "a.wasm", "--vmm", "process", "--", "-e"}, []string{"-e"}},
		{[]string{"run", "a.wasm", "--", ""}, []string{""}},
	} {
		exited := false
		var c cli
		parser, err := kong.New(&c, options(&exited)...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(test.args); err != nil {
			t.Errorf("Parse(%q): %v", test.args, err)
			continue
		}
		if got := c.Run.programArgs(); !slices.Equal(got, test.want) || c.Run.File != "a.wasm" {
			t.Errorf("Parse(%q): arguments %q of %q, want %q", test.args, got, c.Run.File, test.want)
		}
	}
}

func TestByteSize(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint64
		back string
	}{
		{"0", 0, "0"}, {"65536", 65536, "64K"}, {"128M", 128 << 20, "128M"}, {"128MiB", 128 << 20, "128M"},
		{"1.5g", 3 << 29, "1536M"}, {"64kb", 64 << 10, "64K"}, {"1T", 1 << 40, "1T"}, {"1000", 1000, "1000"},
	} {
		var s byteSize
		if err := s.UnmarshalText([]byte(test.text)); err != nil || uint64(s) != test.want || s.String() != test.back {
			t.Errorf("size %q = %d (%s), %v, want %d", test.text, s, s, err, test.want)
		}
	}
	for _, text := range []string{"", "M", "-1", "1X", "1KM", "1e300", "NaN", "Inf", "1M M", "0x10"} {
		var s byteSize
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("size %q = %d, want an error", text, s)
		}
	}
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0.5": 500 * time.Millisecond, "1m": time.Minute, "300ms": 300 * time.Millisecond,
	} {
		var d seconds
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("time %q = %v, %v, want %v", text, time.Duration(d), err, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "0", "-5s", "1e30", "NaN"} {
		var d seconds
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("time %q = %v, want an error", text, time.Duration(d))
		}
	}
}

func TestQuote(t *testing.T) {
	for _, test := range []struct {
		argv []string
		want string
	}{
		{[]string{"qemu", "-m", "128k", "a=b,c:d/e@f%g"}, "qemu -m 128k a=b,c:d/e@f%g"},
		{[]string{"", "a b", "it's", "$HOME", "a\nb", "~", "*"}, `'' 'a b' 'it'\''s' '$HOME' 'a` + "\n" + `b' '~' '*'`},
	} {
		if got := quote(test.argv); got != test.want {
			t.Errorf("quote(%q) = %s, want %s", test.argv, got, test.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("HERE", "x=y")
	got, err := environment([]string{"A=1", "HERE", "MEWZ_NOT_THERE", "A=2=3", "EMPTY="})
	if want := []string{"A=2=3", "HERE=x=y", "EMPTY="}; err != nil || !slices.Equal(got, want) {
		t.Errorf("environment = %q, %v, want %q", got, err, want)
	}
	for _, flag := range []string{"", "=1", "A\x00=1"} {
		if got, err := environment([]string{flag}); err == nil {
			t.Errorf("environment(%q) = %q, want an error", flag, got)
		}
	}
}
