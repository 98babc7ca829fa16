package image

import (
	"errors"
	"strings"
	"testing"

	"mewz/compiler/object"
)

func TestMatchImports(t *testing.T) {
	const preview1 = "wasi_snapshot_preview1"
	function := func(module, name, params, results string) object.Import {
		return object.Import{Module: module, Name: name, Kind: object.KindFunction, Params: params, Results: results}
	}
	good := function(preview1, "fd_close", "i", "i")
	tests := []struct {
		name    string
		imports []object.Import
		want    []string // of the message; none: no error
		trap    bool     // links under TrapUnknownImports
	}{
		{"none", nil, nil, true},
		{"good", []object.Import{good, good}, nil, true},
		{"module", []object.Import{function("env", "abc", "if", "vrx")},
			[]string{`unsupported import "env" "abc" (func (i32, f32) -> v128, funcref, externref): no module of this name`, "supported: " + preview1, "--unknown-imports=trap"}, true},
		{"name", []object.Import{function(preview1, "fd_wirte", "iiii", "i")}, []string{`did you mean "fd_write"?`}, true},
		{"nothing like it", []object.Import{function(preview1, "zzzzzzzzzzzzz", "", "")}, []string{"no function of this name ("}, true},
		{"other module", []object.Import{function("wasi", "fd_write", "iiii", "i")}, []string{`did you mean "wasi_snapshot_preview1"?`}, true},
		{"preview 0", []object.Import{function("wasi_unstable", "fd_seek", "iIii", "i")}, nil, true},
		{"type", []object.Import{function(preview1, "fd_close", "I", "")}, []string{`(func (i64)): type differs: it is func (i32) -> i32`}, true},
		{"second type", []object.Import{function(preview1, "sock_accept", "ii", "i")}, nil, true},
		{"none of several types", []object.Import{function(preview1, "sock_accept", "i", "i")},
			[]string{"type differs: it is func (i32, i32, i32) -> i32 or func (i32, i32) -> i32"}, true},
		{"several", []object.Import{function("a", "b", "", ""), good, function("c", "d", "", "")},
			[]string{"2 unsupported imports:\n  \"a\" \"b\"", "\n  \"c\" \"d\"", "\n--unknown-imports=trap"}, true},
		{"memory", []object.Import{{Module: "env", Name: "memory", Kind: object.KindMemory, Type: "1 2"}}, []string{`(memory 1 2): `, "--import-memory"}, false},
		{"table", []object.Import{{Module: "env", Name: "t", Kind: object.KindTable, Type: "1 funcref"}}, []string{`(table 1 funcref): only functions`}, false},
		{"not linked", []object.Import{{Module: "env", Name: "__linear_memory", Kind: object.KindMemory, Type: "1"}}, []string{"not linked yet"}, false},
		{"shared library", []object.Import{{Module: "env", Name: "__memory_base", Kind: object.KindGlobal, Type: "i32"}}, []string{"a shared library"}, false},
		{"component", []object.Import{function("wasi:cli/exit@0.2.0", "exit", "i", "")}, []string{"preview 2: build the program for wasm32-wasip1"}, true},
		{"threads", []object.Import{function("wasi", "thread-spawn", "i", "i")}, []string{"no threads"}, true},
		{"Go for JavaScript", []object.Import{function("gojs", "runtime.wasmExit", "i", "")}, []string{"GOOS=wasip1"}, true},
		{"longer than a known module", []object.Import{function("wbgs", "f", "i", "")}, []string{"no module of this name"}, true},
		{"two types", []object.Import{good, function(preview1, "fd_close", "I", "i")}, []string{"imported before as"}, false},
		{"one symbol", []object.Import{function("a.b", "c", "", ""), function("a", "b.c", "", "")}, []string{"imported before as"}, false},
		{"line break", []object.Import{function("a\nb", "c\x1b", "", "")}, []string{`"a\nb" "c\x1b"`}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &object.Module{Imports: test.imports}
			err := CheckImports(m)
			if len(test.want) == 0 && err != nil {
				t.Fatalf("CheckImports = %v", err)
			}
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("CheckImports = %v, want %q in it", err, want)
				}
			}
			var typed *ImportError
			if err != nil && !errors.As(err, &typed) {
				t.Errorf("CheckImports = %T", err)
			}
			table, err := matchImports(m, TrapUnknownImports)
			if (err == nil) != test.trap {
				t.Errorf("with traps: %v, want success %v", err, test.trap)
			}
			if !test.trap && strings.Contains(err.Error(), "--unknown-imports") && test.name == "memory" {
				t.Errorf("message %v offers what does not help", err)
			}
			if test.name == "line break" && (len(table.unknown) != 1 || table.unknown[0] != "a\ufffdb.c\ufffd") {
				t.Errorf("the kernel shows %q, want one line", table.unknown)
			}
		})
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b        string
		limit, want int
	}{
		{"", "", 5, 0}, {"abc", "abc", 5, 0}, {"abc", "abd", 5, 1}, {"abc", "acb", 5, 2}, {"abc", "", 5, 3},
		{"kitten", "sitting", 5, 3}, {"aaaa", "bbbb", 3, 3}, {"a", "aaaaaaa", 2, 2},
	}
	for _, test := range tests {
		if got := EditDistance(test.a, test.b, test.limit); got != test.want {
			t.Errorf("EditDistance(%q, %q, %d) = %d, want %d", test.a, test.b, test.limit, got, test.want)
		}
	}
}
