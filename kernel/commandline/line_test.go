package commandline

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	const device = "virtio_mmio.device=512@0xfeb00e00:12"
	for _, test := range []struct {
		line        string
		words, args []string
	}{
		{"", nil, nil},
		{" \t a  b\n", []string{"a", "b"}, nil},
		{`env="A=b c" "env=D=e  f" "" x`, []string{"env=A=b c", "env=D=e  f", "", "x"}, nil},
		{"ip=10.0.0.2/8 -- serve --port 80", []string{"ip=10.0.0.2/8"}, []string{"serve", "--port", "80"}},
		{"-- a -- b", []string{}, []string{"a", "--", "b"}},
		{`-- "a b" ""`, []string{}, []string{"a b", ""}},
		{"x --", []string{"x"}, []string{}},
		{"x -- " + device, []string{"x", device}, []string{}},
		{"x -- a " + device + " b " + device + " " + device, []string{"x", device, device}, []string{"a", device, "b"}},
		{"x " + device, []string{"x", device}, nil},
	} {
		l, err := Split(test.line)
		if err != nil || !slices.Equal(l.Words, test.words) || !slices.Equal(l.Args, test.args) {
			t.Errorf("Split(%q) = %q, %q, %v, want %q, %q", test.line, l.Words, l.Args, err, test.words, test.args)
		}
	}
	if _, err := Split(`a "b c`); err != errQuote {
		t.Errorf("Split with an open quote: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	built := []string{"A=1", "B=2", "AB=3"}
	env, others, err := Environment(built, []string{"env=B=x y", "quiet", "env=C=", "env=A=", "env=B=z=z"})
	if err != nil || strings.Join(env, "|") != "A=|B=z=z|AB=3|C=" || !slices.Equal(others, []string{"quiet"}) {
		t.Errorf("Environment = %q, %q, %v", env, others, err)
	}
	if strings.Join(built, "|") != "A=1|B=2|AB=3" {
		t.Errorf("it has changed what it was given: %q", built)
	}
	for _, word := range []string{"env=", "env=A", "env==x", "env=A=\x00"} {
		if _, _, err := Environment(nil, []string{word}); err == nil || !strings.Contains(err.Error(), "is malformed: write env=NAME=VALUE") {
			t.Errorf("Environment(%q): %v", word, err)
		}
	}
}
