package translate

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestRefused holds what is no part of the language, with the place.
func TestRefused(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"syntax", "func f( {", "heap.go:2:9"},
		{"type error", "func f() uint64 { return true }", "heap.go:2:26: cannot use true"},
		{"import", "import \"math\"\nfunc f() float64 { return math.Pi }", "heap.go:2:8: an import"},
		{"two results", "func f() (a, b uint64) { return 1, 2 }", "heap.go:2:1: a method"},
		{"type", "type t struct{}", "heap.go:2:6: a declaration"},
		{"variable", "var v uint64 = 3", "heap.go:2:5: a variable of the package"},
		{"short table", "var v = [3]uint8{1, 2}", "heap.go:2:5: a variable of the package"},
		{"table of what is not constant", "func g() uint8 { return 1 }\nvar v = [1]uint8{g()}", "heap.go:3:18: an element"},
		{"write to a table", "var v = [2]uint8{1, 2}\nfunc f() { v[0] = 1 }", "heap.go:3:12: an assignment"},
		{"float", "func f(x float64) {}", "heap.go:2:1: a value of type float64"},
		{"string", "func f(x string) {}", "heap.go:2:1: a value of type string"},
		{"uintptr", "func f(x uintptr) {}", "heap.go:2:1: a value of type uintptr"},
		{"pointer", "func f(x uint64) { g(&x) }\nfunc g(x *uint64) {}", "a value of type *uint64"},
		{"shift by anything", "func f(x, n uint64) uint64 { return x << n }", "heap.go:2:42: a shift"},
		{"shift masked too wide", "func f(x uint32, n uint64) uint32 { return x << (n & 63) }", "a shift"},
		{"signed division", "func f(x int64) int64 { return x / 3 }", "a division of signed integers"},
		{"address of 32 bits", "func f(x uint32) address { return address(x) }", "an address made of a uint32"},
		{"constant address", "func f() address { return 16 }", "the address 16"},
		{"product of addresses", "func f(a address) address { return a * 2 }", "* of addresses"},
		{"range", "func f() { for range 3 { f() } }", "heap.go:2:12: a statement that is not known"},
		{"defer", "func f() { defer f() }", "a statement that is not known"},
		{"goto", "func f() {\nl:\n\tgoto l\n}", "a statement that is not known"},
		{"fallthrough", "func f(x uint64) { switch x { case 1: fallthrough; case 2: f(1) } }", "a branch"},
		{"closure", "func f() uint64 { return func() uint64 { return 1 }() }", "a call of what is no function"},
		{"panic", "func f() { panic(1) }", "a call of panic"},
		{"never reached", "func f() uint64 { return 1; return 2 }", "never reached"},
		{"frame that may be inlined", "func f() address { return frameAddress() }", "without //go:noinline"},
	}
	for _, test := range tests {
		_, err := IR([]File{{"heap.go", []byte("package gc\n" + test.text + "\n")}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
		}
	}
}

// meaning are bodies of functions of x and y and their results, that Go's
// specification says; "trap" where it says that there is a panic.
var meaning = []struct {
	name, parameters, result, body string
	x, y                           int64
	want                           string
}{
	{"wrap", "x, y uint8", "uint8", "return x + y", 200, 100, "44"},
	{"signed compare", "x, y int64", "bool", "return x < y", -1, 1, "true"},
	{"unsigned compare", "x, y uint64", "bool", "return x < y", -1, 1, "false"},
	{"signed shift", "x, y int64", "int64", "return x>>2 + y", -8, 0, "-2"},
	{"unsigned shift", "x, y uint8", "uint8", "return x >> (y & 7)", 0x80, 15, "1"},
	{"sign extended", "x, y int8", "int64", "return int64(x) + int64(y)", -1, -2, "-3"},
	{"zero extended", "x, y uint8", "uint64", "return uint64(x) << 8", -1, 0, "65280"},
	{"cut", "x, y uint64", "uint16", "return uint16(x) + 1", 0x12345, 0, "9030"},
	{"and not", "x, y uint64", "uint64", "x &^= y; return x", 15, 5, "10"},
	{"not", "x, y uint64", "uint64", "return ^x - -y", 0, 1, "0"},
	{"division", "x, y uint64", "uint64", "return x/y*100 + x%y", 17, 5, "302"},
	{"division by zero", "x, y uint64", "uint64", "return x / y", 17, 0, "trap"},
	{"remainder by zero", "x, y uint64", "uint64", "x %= y; return x", 17, 0, "trap"},
	{"table", "x, y uint64", "uint64", "return uint64(table[x])", 2, 0, "40000"},
	{"beyond a table", "x, y uint64", "uint64", "return uint64(table[x])", 3, 0, "trap"},
	{"before a table", "x, y int64", "uint64", "return uint64(table[x])", -1, 0, "trap"},
	{"min and max", "x, y uint64", "uint64", "return max(x, y)*10 + min(x, y)", -1, 3, "-7"},
	{"swap", "x, y uint64", "uint64", "x, y = y, x; return x*10 + y", 1, 2, "21"},
	{"short circuit", "x, y uint64", "bool", "return y != 0 && x/y == 3 || !(x != 7)", 7, 0, "true"},
	{"condition of conditions", "x, y uint64", "uint64", "if !(x == 1 || y == 1) && (x > 1 || y > 9) { return 5 }; return 6", 0, 10, "5"},
	{"else if", "x, y uint64", "uint64", "if x == 1 { y = 1 } else if x == 2 { y = 2 } else { return 3 }; return y + 10", 2, 0, "12"},
	{"loop", "x, y uint64", "uint64", "for k := uint64(0); k < x; k++ { if k == 3 { continue }; if k == 6 { break }; y += k }; return y", 10, 0, "12"},
	{"endless loop", "x, y uint64", "uint64", "for { x--; if x == 4 { return x } }", 9, 0, "4"},
	{"switch", "x, y uint64", "uint64", "switch x { case 1, 2: y = 5; case 3: if y == 0 { break }; y = 6; default: return 9 }; return y", 2, 0, "5"},
	{"break of a switch", "x, y uint64", "uint64", "switch x { case 3: if y == 0 { break }; y = 6; default: return 9 }; return y", 3, 0, "0"},
	{"default", "x, y uint64", "uint64", "switch x { default: return 9; case 1: return 8 }", 3, 0, "9"},
	{"continue in a switch", "x, y uint64", "uint64", "for ; x != 0; x-- { switch x { case 2: continue }; y++ }; return y", 5, 0, "4"},
	{"variables of the same name", "x, y uint64", "uint64", "if y := x + 1; y > 0 { x := y; x++ }; return x*10 + y", 1, 2, "12"},
	{"call", "x, y uint64", "uint64", "return double(x) + double(y)", 3, 4, "14"},
	{"addresses", "x, y uint64", "uint64", "a := address(x); a += 8; return uint64(a+address(y)-address(x))", 64, 3, "11"},
	{"intrinsics", "x, y uint64", "uint64", "return onesCount(x)*100 + leadingZeros(x)", 7, 0, "361"},
}

// TestMeaning has opt compute calls with constants.
func TestMeaning(t *testing.T) {
	opt, err := exec.LookPath("opt-19")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("opt-19 not found: apt-get install llvm-19")
	}
	var source strings.Builder
	source.WriteString("package gc\n\nvar table = [3]uint16{1, 2, 40000}\n\nfunc double(x uint64) uint64 { return x * 2 }\n")
	calls := ""
	for k, test := range meaning {
		fmt.Fprintf(&source, "\n//heap:symbol f%d\nfunc f%d(%s) %s { %s }\n", k, k, test.parameters, test.result, test.body)
		of := map[string]string{"uint8": "i8", "int8": "i8"}[strings.Fields(test.parameters)[2]]
		if of == "" {
			of = "i64"
		}
		result := map[string]string{"bool": "i1", "uint8": "i8", "uint16": "i16"}[test.result]
		if result == "" {
			result = "i64"
		}
		calls += fmt.Sprintf("define %s @call%d() #0 {\n  %%r = call %s @f%d(%s %d, %s %d)\n  ret %s %%r\n}\n", result, k, result, k, of, test.x, of, test.y, result)
	}
	ir, err := IR([]File{{"heap.go", []byte(source.String())}})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(opt, "-S", "-passes=default<O2>")
	command.Stdin, command.Stderr = strings.NewReader(string(ir)+calls), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for k, test := range meaning {
		body := regexp.MustCompile(fmt.Sprintf(`(?ms)^define [^\n]* @call%d\(\).*?^\}`, k)).FindString(string(out))
		got := body
		if found := regexp.MustCompile(`(?m)^  ret \w+ (\S+)$`).FindStringSubmatch(body); found != nil {
			got = found[1]
		} else if strings.Contains(body, "@llvm.trap()") {
			got = "trap"
		}
		if got != test.want {
			t.Errorf("%s: %s of %d, %d = %s, want %s", test.name, test.body, test.x, test.y, got, test.want)
		}
	}
}
