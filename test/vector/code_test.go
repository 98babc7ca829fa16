package vector

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mewz/compiler"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/code.txt")

const codeFile = "testdata/code.txt"

const codeHeader = `# The machine code of each vector instruction as a function of its operands, without
# the return: how many instructions at level fast for x86-64-v2 and for x86-64-v3, and
# those for x86-64-v2. Written by go test ./test/vector -update.
`

// disassemble returns the instructions of each exported function.
func disassemble(t *testing.T, cpu string) map[string][]string {
	t.Helper()
	r, err := compiler.Compile(context.Background(), Direct(), compiler.Options{CPU: cpu})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "module.o")
	if err := os.WriteFile(path, r.Object, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("llvm-objdump-19", "-d", "--no-show-raw-insn", "--no-leading-addr", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	symbol := regexp.MustCompile(`^<.*?(f\d+|wasm_export\.(.*))>:$`)
	names := map[string]string{}
	for k, i := range Instructions() {
		names[fmt.Sprintf("f%d", k)] = i.Name
	}
	code := map[string][]string{}
	function := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\n")
		if m := symbol.FindStringSubmatch(line); m != nil {
			if function = m[2]; function == "" {
				function = names[m[1]]
			}
			continue
		}
		mnemonic, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		mnemonic, _, _ = strings.Cut(mnemonic, " ")
		switch {
		case function == "" || mnemonic == "" || mnemonic == "#":
		case strings.HasPrefix(mnemonic, "ret"):
			function = "" // what follows aligns the next one
		default:
			code[function] = append(code[function], mnemonic)
		}
	}
	return code
}

// TestCode compares the machine code with testdata/code.txt, so that a change
// for the worse is seen.
func TestCode(t *testing.T) {
	for _, tool := range []string{"llvm-objdump-19", "llc-19", "opt-19"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	v2, v3 := disassemble(t, "x86-64-v2"), disassemble(t, "x86-64-v3")
	var text bytes.Buffer
	text.WriteString(codeHeader)
	for _, i := range Instructions() {
		fmt.Fprintf(&text, "%-33s %2d %2d  %s\n", i.Name, len(v2[i.Name]), len(v3[i.Name]), strings.Join(v2[i.Name], " "))
	}
	if *update {
		if err := os.WriteFile(codeFile, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(codeFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("machine code (-committed +now); go test ./test/vector -update writes it:\n%s", diff)
	}
}
