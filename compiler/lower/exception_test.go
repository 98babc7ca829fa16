package lower

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mewz/compiler/wasm"
)

// assembleExceptions makes a module of text with the legacy form of exceptions.
func assembleExceptions(t *testing.T, text string) []byte {
	t.Helper()
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("wat2wasm not found: apt-get install wabt")
	}
	source, out := filepath.Join(t.TempDir(), "module.wat"), filepath.Join(t.TempDir(), "module.wasm")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("wat2wasm", "--enable-exceptions", "--enable-tail-call", "-o", out, source).CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// body returns the definition of a function.
func body(t *testing.T, ir, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?ms)^define [^\n]*@"` + name + `"\(.*?^}`).FindString(ir)
	if found == "" {
		t.Fatalf("no function %s in\n%s", name, ir)
	}
	return found
}

// TestThrowingFunctions checks which functions exceptions may leave, and which calls in
// a try have a landing pad.
func TestThrowingFunctions(t *testing.T) {
	module := assembleExceptions(t, `(module
	  (import "m" "f" (func $import))
	  (tag $t (param i32))
	  (func $1 (throw $t (i32.const 1)))
	  (func $2 (call $1))
	  (func $3 (call $import))
	  (func $4 (call $4))
	  (func $5 try call $import call $3 call $4 call $2 catch_all call $2 end)
	  (func $6 try call $1 catch $t return_call $1 end)
	  (table funcref (elem $3))
	  (func $7 (call_indirect (i32.const 0)))
	  (func $8 try call $3 catch_all end))`)
	ir := allIR(t, plan(t, module, Options{CPU: "x86-64-v2"}))
	const leaves = " " + attributesThrows
	for _, test := range []struct {
		name             string
		throws, personal bool
		invokes          int
	}{
		{"f1", true, false, 0}, {"f2", true, false, 0}, {"f3", false, false, 0}, {"f4", false, false, 0},
		{"f5", true, true, 1}, {"f6", true, true, 1}, {"f7", true, false, 0}, {"f8", false, true, 0},
	} {
		text := body(t, ir, test.name)
		head, _, _ := strings.Cut(text, "\n")
		if got := strings.Contains(head, leaves); got != test.throws {
			t.Errorf("%s: exceptions may leave it: %v, want %v: %s", test.name, got, test.throws, head)
		}
		if got := strings.Contains(head, "personality"); got != test.personal {
			t.Errorf("%s: personality: %v, want %v: %s", test.name, got, test.personal, head)
		}
		if got := strings.Count(text, "invoke "); got != test.invokes {
			t.Errorf("%s: %d invokes, want %d:\n%s", test.name, got, test.invokes, text)
		}
	}
	if !strings.Contains(ir, `declare void @"m.f"() nounwind`) {
		t.Error("an import of the environment may throw")
	}
	linked := allIR(t, plan(t, module, Options{CPU: "x86-64-v2", HashedTypeIDs: true}))
	if got := strings.Count(body(t, linked, "f8"), "invoke "); got != 1 {
		t.Errorf("linked with other modules f8 has %d invokes, want 1", got)
	}
}

// TestThrowWithinTry checks that a throw whose handler is in the same function is a
// branch.
func TestThrowWithinTry(t *testing.T) {
	module := assembleExceptions(t, `(module (tag $t)
	  (func try (throw $t) catch $t end)
	  (func try try (throw $t) delegate 0 catch $t end)
	  (func try (throw $t) catch $t rethrow 0 end))`)
	ir := allIR(t, plan(t, module, Options{CPU: "x86-64-v2"}))
	for name, throws := range map[string]int{"f0": 1, "f1": 1, "f2": 2} {
		text := body(t, ir, name)
		// Once, for exceptions with another tag: the tag is compared at run time.
		if got := strings.Count(text, `call void @"exception_throw"`); got != throws || strings.Contains(text, "landingpad") {
			t.Errorf("%s: %d throws, want %d, and no landing pad:\n%s", name, got, throws, text)
		}
	}
}

// TestNoExceptions checks that a module without them has nothing of it.
func TestNoExceptions(t *testing.T) {
	module := assembleExceptions(t, `(module (func (export "f") (call 0)) (table 1 funcref) (func (call_indirect (i32.const 0))))`)
	ir := allIR(t, plan(t, module, Options{CPU: "x86-64-v2"}))
	for _, text := range []string{"exception", attributesThrows, "addressofreturnaddress", "module asm", "invoke"} {
		if strings.Contains(ir, text) {
			t.Errorf("the IR has %q:\n%s", text, ir)
		}
	}
}

func TestExceptionLayout(t *testing.T) {
	for _, test := range []struct {
		letters string
		offsets []int
		end     int
	}{
		{"", nil, 8}, {"i", []int{8}, 12}, {"iI", []int{8, 16}, 24}, {"ifF", []int{8, 12, 16}, 24}, {"iv", []int{8, 16}, 32}, {"Iv", []int{8, 16}, 32},
	} {
		var types []wasm.ValueType
		for _, letter := range test.letters {
			types = append(types, map[rune]wasm.ValueType{'i': wasm.I32, 'I': wasm.I64, 'f': wasm.F32, 'F': wasm.F64, 'v': wasm.V128}[letter])
		}
		offsets, end := exceptionLayout(types)
		if !slices.Equal(offsets, test.offsets) || end != test.end {
			t.Errorf("exceptionLayout(%s) = %v, %d, want %v, %d", test.letters, offsets, end, test.offsets, test.end)
		}
	}
}
