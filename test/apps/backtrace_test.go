package apps

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mewz/abi"
	"mewz/test/toolchain"
)

// debugFlags keep the place of the project out of DWARF.
var debugFlags = []string{"-g", "-O1", "-ffile-prefix-map=$ROOT=.", "-fdebug-compilation-dir=."}

var (
	backtraceC = toolchain.Program{Name: "backtrace", Language: toolchain.C,
		Sources: []string{sources + "c/backtrace.c"}, Flags: debugFlags}
	backtraceDWARF4 = toolchain.Program{Name: "backtrace-dwarf4", Language: toolchain.C,
		Sources: []string{sources + "c/backtrace.c"}, Flags: append([]string{"-gdwarf-4"}, debugFlags[1:]...)}
	backtraceStripped = toolchain.Program{Name: "backtrace-stripped", Language: toolchain.C,
		Sources: []string{sources + "c/backtrace.c"}, Flags: []string{"-O1"}, WasmLink: []string{"-Wl,--strip-debug"}}
	backtraceCPP = toolchain.Program{Name: "backtrace-cpp", Language: toolchain.C,
		Sources: []string{sources + "cpp/backtrace.cpp"}, Flags: append([]string{"-fno-exceptions"}, debugFlags...)}
	backtraceRust = toolchain.Program{Name: "rust-backtrace", Language: toolchain.Rust,
		Sources: []string{sources + "rust/backtrace.rs"}, Flags: []string{"-g", "-C", "strip=none"}}
	backtraceGo = golang("backtrace")
)

// backtraces lists what a backtrace must say, in order. "@mark" stands for file
// and line of a mark in the source; between two entries there may be more.
var backtraces = []struct {
	name    string
	program toolchain.Program
	args    []string
	trap    abi.TrapCode
	qemu    bool // as a machine too
	want    []string
}{
	{"c/divide", backtraceC, []string{"divide"}, abi.TrapDivideByZero, true,
		[]string{"!quotient", "at @quotient", "(inlined by) divide", "at @divide", "!main\n", "at @main-divide", "!_start"}},
	{"c/divide/dwarf4", backtraceDWARF4, []string{"divide"}, abi.TrapDivideByZero, false,
		[]string{"!quotient", "at @quotient", "(inlined by) divide", "at @divide", "main", "at @main-divide"}},
	{"c/load", backtraceC, []string{"load"}, abi.TrapMemory, false, []string{"!load", "at @load", "main", "at @main-load"}},
	{"c/unreachable", backtraceC, []string{"unreachable"}, abi.TrapUnreachable, false, []string{"!stop", "at @stop", "main", "at @main-stop"}},
	{"c/type", backtraceC, []string{"type"}, abi.TrapIndirectType, false, []string{"!call", "at @call", "main", "at @main-call"}},
	{"c/stack", backtraceC, []string{"stack"}, abi.TrapStack, false,
		[]string{"!recurse", "at @recurse", "!recurse", "at @recurse", "!recurse", "at @recurse", "more of the same", "more frames"}},
	{"c/stripped", backtraceStripped, []string{"divide"}, abi.TrapDivideByZero, false,
		[]string{"0: 0x", "!divide", "mewz: lines of the source: the module has no debug information; compile it with -g"}},
	{"cpp/template", backtraceCPP, nil, abi.TrapDivideByZero, true,
		[]string{"!shop::Cart<int>::share(int volatile*) const", "at @share", "!outer(shop::Cart<int> const&)", "at @outer", "(inlined by) ", "main", "at @main-outer"}},
	{"cpp/inlined", backtraceCPP, []string{"x"}, abi.TrapDivideByZero, false,
		[]string{"!modulo(int volatile*, int volatile*)", "at @modulo", "(inlined by) ", "main", "at @main-modulo"}},
	{"rust/panic", backtraceRust, nil, abi.TrapUnreachable, true,
		[]string{"panic_bounds_check", "!backtrace::checked", "at @checked", "(inlined by) backtrace::Shelf::take", "at @take", "!backtrace::main", "at @main-take"}},
	{"rust/pointer", backtraceRust, []string{"pointer"}, abi.TrapMemory, false,
		[]string{"!core::ptr::read_volatile", "(inlined by) backtrace::read", "at @read", "!backtrace::main", "at @main-read"}},
	{"go/pointer", backtraceGo, nil, abi.TrapMemory, true,
		[]string{"!main.far", "near @far", "!main.(*tree).visit", "at @visit", "!main.(*tree).visit", "at @again", "!main.main", "at @main", "!runtime.main"}},
}

// TestBacktraces compares the backtraces of programs that trap with the marks in
// their sources.
func TestBacktraces(t *testing.T) {
	t.Parallel()
	for _, tt := range backtraces {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := resolveMarks(t, tt.program, tt.want)
			wasm, err := toolchain.Wasm(tt.program)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range vmms {
				if o.vmm == "qemu" && (!tt.qemu || testing.Short()) {
					continue
				}
				require(t, o.vmm)
				got, err := runMewz(t.Context(), t, run{wasm: wasm, args: tt.args}, o)
				if err != nil {
					t.Fatal(err)
				}
				if got.exit != abi.ExitTrap || !strings.Contains(got.stderr, "mewz: trap: "+tt.trap.String()+"\n") {
					t.Fatalf("%s: exit code %d, want %d and %q; standard error:\n%s", o.vmm, got.exit, abi.ExitTrap, tt.trap, tail(got.stderr))
				}
				rest := got.stderr[strings.Index(got.stderr, "mewz: trap: "):]
				for _, text := range want {
					_, after, found := strings.Cut(rest, text)
					if !found {
						t.Fatalf("%s: the backtrace has no %q, or not in the order of %q:\n%s", o.vmm, text, want, tail(got.stderr))
					}
					rest = after
				}
			}
		})
	}
}

var mark = regexp.MustCompile(`@[a-z-]+`)

// resolveMarks replaces marks by file and line.
func resolveMarks(t *testing.T, p toolchain.Program, want []string) []string {
	t.Helper()
	root, err := toolchain.Root()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, p.Sources[0])
	if p.Language == toolchain.Go {
		name = filepath.Join(name, "main_unsafe.go")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if found := mark.FindString(line); found != "" && strings.Contains(line, "// @") {
			places[found] = fmt.Sprintf("%s:%d", filepath.Base(name), number)
		}
	}
	var resolved []string
	for _, text := range want {
		if m := mark.FindString(text); m != "" {
			if places[m] == "" {
				t.Fatalf("%s has no mark %s", name, m)
			}
			// The name of the file comes behind its folder, of which little is fixed.
			resolved = append(resolved, strings.TrimSpace(strings.Replace(text, m, "", 1))+" ", places[m])
			continue
		}
		resolved = append(resolved, text)
	}
	return resolved
}
