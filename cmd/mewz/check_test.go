package main

import (
	"bytes"
	"regexp"
	"testing"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
)

// TestCheckSource damages an instruction of a module with debug information and
// wants the line of the source in what check and compile say.
func TestCheckSource(t *testing.T) {
	src := buildPlace(t)
	module, err := decode.Module(src.data)
	if err != nil {
		t.Fatal(err)
	}
	// An i32.load becomes an i64.load.
	code := &module.Code[len(module.Code)-1]
	r := wasm.NewReader(code.Body, code.Offset)
	var i wasm.Instruction
	damaged := bytes.Clone(src.data)
	for r.Len() > 0 {
		if err := r.Next(&i); err != nil {
			t.Fatal(err)
		}
		if i.Info().Name == "i32.load" {
			damaged[i.Offset]++
		}
	}
	src.data = damaged
	v := verdict{File: src.path}
	v.check(src)
	want := regexp.MustCompile(`^code section: function \d+ \(f\): offset 0x[0-9a-f]+: type mismatch.* \(.*place\.c:2:\d+\)$`)
	if len(v.Problems) == 0 || !want.MatchString(v.Problems[0].What) {
		t.Errorf("problems %+v, want one that matches %s", v.Problems, want)
	}
	a := &app{ctx: t.Context(), quiet: true}
	_, err = a.compile(src, compileFlags{Opt: "fast", CPU: "x86-64-v2", NoCache: true}, true)
	if err == nil || !regexp.MustCompile(`: type mismatch.* \(.*place\.c:2:\d+\)$`).MatchString(err.Error()) {
		t.Errorf("compile: %v, want a type mismatch with its line", err)
	}
	// Without debug information there is no line.
	src.data = bytes.ReplaceAll(damaged, []byte(".debug_line"), []byte(".debug_xxxx"))
	v = verdict{}
	v.check(src)
	if len(v.Problems) == 0 || regexp.MustCompile(`place\.c`).MatchString(v.Problems[0].What) {
		t.Errorf("problems %+v, want one without a line", v.Problems)
	}
}

func TestNeeds(t *testing.T) {
	for _, tt := range []struct {
		list, name string
		want       bool
	}{
		{"path_open fd_readdir", "fd_readdir", true}, {"path_open fd_readdir", "fd_read", false}, {"sock_*", "sock_send", true},
		{"sock_*", "sock", false}, {"", "", false},
	} {
		if got := isListed(tt.list, tt.name); got != tt.want {
			t.Errorf("isListed(%q, %q) = %v, want %v", tt.list, tt.name, got, tt.want)
		}
	}
}
