package initramfs

import (
	"fmt"
	"strings"
	"testing"

	"mewz/abi"
)

// packed is an entry of an archive.
type packed struct {
	name   string
	mode   uint32
	data   string
	serial uint32
	links  uint32
}

// pack writes an archive in the format newc.
func pack(list ...packed) []byte {
	var b []byte
	for i, e := range append(list, packed{name: "TRAILER!!!"}) {
		if e.serial == 0 {
			e.serial, e.links = uint32(1000+i), 1
		}
		b = fmt.Appendf(b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
			e.serial, e.mode, 0, 0, e.links, 5, len(e.data), 0, 0, 0, 0, len(e.name)+1, 0, e.name)
		b = append(b, make([]byte, -len(b)&3)...)
		b = append(append(b, e.data...), make([]byte, -len(e.data)&3)...)
	}
	return b
}

const (
	modeFile      = 0o100644
	modeDirectory = 0o040755
	modeLink      = 0o120777
	modePipe      = 0o010600
)

func TestApply(t *testing.T) {
	for _, test := range []struct {
		list      []packed
		args, env string
		err       string
	}{
		{nil, "app built", "A=1 B=2", ""},
		{[]packed{{name: "etc/x", mode: modeFile, data: "x"}}, "app built", "A=1 B=2", ""},
		{[]packed{{name: ".mewz", mode: modeDirectory}, {name: ".mewz/args", mode: modeFile, data: "a\nb c\n"}}, "app|a|b c", "A=1 B=2", ""},
		{[]packed{{name: ".mewz/args", mode: modeFile, data: "a\x00b\nc\x00\x00"}}, "app|a|b\nc|", "A=1 B=2", ""},
		{[]packed{{name: ".mewz/args", mode: modeFile}}, "app", "A=1 B=2", ""},
		{[]packed{{name: "./.mewz/env", mode: modeFile, data: "B=x=y\nC=\n"}}, "app built", "A=1 B=x=y C=", ""},
		{[]packed{{name: ".mewz/env", mode: modeFile, data: "B\n"}}, "", "", "initramfs: .mewz/env: no variable: write NAME=VALUE in each line"},
		{[]packed{{name: ".mewz/net", mode: modeFile}}, "", "", "initramfs: .mewz/net: no setting: .mewz/args and .mewz/env are"},
		{[]packed{{name: ".mewz/args", mode: modeDirectory}}, "", "", "initramfs: .mewz/args: a setting is a file"},
	} {
		c := &abi.Config{Args: []string{"app", "built"}, Env: []string{"A=1", "B=2"}}
		err := Apply(c, pack(test.list...))
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%v: %v, want %s", test.list, err, test.err)
			}
			continue
		}
		separator := " "
		if strings.Contains(test.args, "|") {
			separator = "|"
		}
		if err != nil || strings.Join(c.Args, separator) != test.args || strings.Join(c.Env, " ") != test.env {
			t.Errorf("%v: %q, %q, %v, want %q, %q", test.list, c.Args, c.Env, err, test.args, test.env)
		}
	}
	if err := Apply(&abi.Config{}, []byte("hello")); err == nil {
		t.Error("something else is taken for an archive")
	}
}
