package spec

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/test/toolchain"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// describe writes a command in one line.
func describe(c *Command) string {
	s := fmt.Sprintf("%d %s", c.Line, c.Type)
	add := func(name, value string) {
		if value != "" {
			s += " " + name + "=" + value
		}
	}
	add("name", c.Name)
	add("as", c.As)
	add("text", c.Text)
	if c.Action != nil {
		add(c.Action.Type, c.Action.Module+"."+c.Action.Field)
		for _, v := range c.Action.Args {
			add("arg", v.String())
		}
	}
	for _, v := range c.Expected {
		add("want", v.String())
	}
	if m := c.module; m != nil && m.err != nil {
		add("malformed", m.err.Error())
	} else if m != nil {
		add("bytes", fmt.Sprint(len(m.bytes)))
	}
	return s
}

func TestParseScript(t *testing.T) {
	tests := []struct {
		source string
		want   []string
	}{
		{"(module)\n(module $a (func))", []string{"1 module bytes=8", "2 module name=$a bytes=35"}},
		{`(module binary "\00as" "m") (module $q quote "(fun" "c)")`, []string{"1 module bytes=4", "1 module name=$q bytes=24"}},
		{`(module quote "(funk)")`, []string{"1 module malformed=1:2: unknown operator funk: expected a module field"}},
		{"\n(module (funk))", []string{"2 module malformed=2:10: unknown operator funk: expected a module field"}},
		{"(module definition $d (memory 1)) (module instance $i $d)", []string{"1 module_definition name=$d bytes=13", "1 module name=$i bytes=13"}},
		{"(module definition (func)) (module instance)", []string{"1 module_definition bytes=24", "1 module bytes=24"}},
		{"(func) (memory 1)", []string{"1 module bytes=29"}},
		{`(register "a" $a) (register "b")`, []string{"1 register name=$a as=a", "1 register as=b"}},
		{`(invoke "f" (i32.const -1) (f32.const 1)) (get $m "g")`, []string{"1 action invoke=.f arg=i32:4294967295 arg=f32:1065353216", "1 action get=$m.g"}},
		{`(assert_return (invoke "f") (f64.const nan:canonical) (v128.const i64x2 1 -1) (either (i64.const 1) (i64.const 2)))`,
			[]string{"1 assert_return invoke=.f want=f64:nan:canonical want=v128:i64:[1 18446744073709551615] want=either:[i64:1 i64:2]"}},
		{`(assert_return (invoke "f" (ref.null extern) (ref.extern 3) (ref.host 4)) (ref.null) (ref.null func) (ref.func) (ref.i31) (ref.null none))`,
			[]string{"1 assert_return invoke=.f arg=externref:null arg=externref:3 arg=anyref:4 want=refnull:<nil> want=funcref:null want=funcref:<nil> want=i31ref:<nil> want=refnull:<nil>"}},
		{`(assert_trap (invoke "f") "why") (assert_trap (module) "that") (assert_exhaustion (invoke "f") "x") (assert_exception (invoke "f"))`,
			[]string{"1 assert_trap text=why invoke=.f", "1 assert_uninstantiable text=that bytes=8", "1 assert_exhaustion text=x invoke=.f", "1 assert_exception invoke=.f"}},
		{`(assert_malformed (module binary "") "a") (assert_invalid (module) "b") (assert_unlinkable (module) "c")`,
			[]string{"1 assert_malformed text=a bytes=0", "1 assert_invalid text=b bytes=8", "1 assert_unlinkable text=c bytes=8"}},
		{`(assert_suspension (invoke "f") "x") (thread $t (module))`, []string{"1 assert_suspension", "1 thread"}},
	}
	for _, test := range tests {
		var s Script
		if err := s.parse([]byte(test.source)); err != nil {
			t.Errorf("parse(%q) = %v", test.source, err)
			continue
		}
		var got []string
		for i := range s.Commands {
			got = append(got, describe(&s.Commands[i]))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("parse(%q) (-want +got):\n%s", test.source, diff)
		}
	}
}

func TestParseScriptMalformed(t *testing.T) {
	for source, want := range map[string]string{
		"(module) x":                          `1:10: unexpected "x": expected a command`,
		"(module":                             "1:8: the script ends inside a command",
		`(register x)`:                        `1:11: unexpected "x": expected a string`,
		`(invoke "f" (i32.const x))`:          `1:24: i32 "x": unexpected token`,
		`(invoke "f" (i32.const 4294967296))`: `1:24: i32 "4294967296": constant out of range`,
		`(invoke "f" (i31.const 1))`:          `1:14: unexpected "i31.const": expected a value`,
		`(invoke "f" (v128.const i7x3 1))`:    `1:25: unexpected "i7x3": expected the shape of a vector`,
		"(module instance $a $b)":             "1:21: no definition of this name",
		"(module) (@a":                        "1:10: unclosed annotation",
		`(assert_return (invoke "f")`:         `1:28: unexpected "": expected )`,
	} {
		var s Script
		if err := s.parse([]byte(source)); err == nil || err.Error() != want {
			t.Errorf("parse(%q) = %v, want %s", source, err, want)
		}
	}
}

// toolCommand is a command as wasm-tools writes it.
type toolCommand struct {
	Filename   string `json:"filename"`
	Binary     string `json:"binary_filename"` // the module, where filename is its text
	ModuleType string `json:"module_type"`
}

// file is the module in binary format, "" if the command has none.
func (c *toolCommand) file() string {
	switch {
	case c.Binary != "":
		return c.Binary
	case c.ModuleType == moduleText:
		return "" // malformed
	default:
		return c.Filename
	}
}

// The reasons why a module may be another one than that of wasm-tools.
const (
	singleGroup = "a function type alone in (rec ...) is what a signature without (type ...) means; wasm-tools adds one"
	finalType   = "only a final type is what a signature without (type ...) means; wasm-tools takes an open one too"
	dataCount   = "the section is needed if a constant expression has a data segment, though that is invalid"
	definition  = "the name of (module definition ...) is that of the script, not of the module"
)

// otherModules are the modules that are not as those of wasm-tools.
var otherModules = map[string]string{
	"array:302": dataCount, "instance:3": definition, "instance:109": definition,
	"type-rec:45": singleGroup, "type-rec:185": singleGroup, "type-rec:197": singleGroup,
	"type-subtyping:344": finalType, "type-subtyping:373": finalType,
}

// TestModulesAsWasmTools compares the binary modules that package text makes of
// the suite of 3.0 with those of wasm-tools, byte for byte. wasm-tools cannot
// read legacy exceptions in parentheses.
func TestModulesAsWasmTools(t *testing.T) {
	wasmTools, err := toolchain.WasmTools()
	if err != nil {
		skip(t, err)
	}
	scripts, complete := scripts3(t)
	group, scratch := errgroup.Group{}, t.TempDir()
	group.SetLimit(workers)
	compared := make([]comparison, len(scripts))
	for i, s := range scripts {
		if s.Version == legacy {
			continue
		}
		group.Go(func() (err error) {
			folder := filepath.Join(scratch, s.Version+"-"+s.Name)
			if err := os.Mkdir(folder, 0o777); err == nil {
				compared[i], err = compareModules(s, wasmTools, folder)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	equal, others := 0, 0
	for _, c := range compared {
		equal += c.equal
		for _, key := range c.others {
			others++
			if otherModules[key] == "" {
				t.Errorf("%s: another module than that of wasm-tools", key)
			}
		}
	}
	if equal == 0 {
		t.Error("no module was compared")
	}
	if complete && others != len(otherModules) {
		t.Errorf("%d modules are not those of wasm-tools, want %d", others, len(otherModules))
	}
	t.Logf("%d modules are those of wasm-tools, %d are not", equal, others)
}

// comparison is how many modules of a script are equal, and the keys of those
// that are not.
type comparison struct {
	equal  int
	others []string
}

// compareModules compares the modules of s with those that wasm-tools writes into
// a folder.
func compareModules(s *Script, wasmTools, folder string) (c comparison, err error) {
	file := filepath.Join(folder, "commands.json")
	out, err := exec.Command(wasmTools, "json-from-wast", s.Source, "-o", file, "--wasm-dir", folder).CombinedOutput()
	if err != nil {
		return c, fmt.Errorf("%s: wasm-tools: %w\n%s", s.label(), err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	var theirs struct{ Commands []toolCommand }
	if err := json.Unmarshal(b, &theirs); err != nil {
		return c, err
	}
	if len(theirs.Commands) != len(s.Commands) {
		return c, fmt.Errorf("%s: %d commands, wasm-tools has %d", s.label(), len(s.Commands), len(theirs.Commands))
	}
	for i := range s.Commands {
		name := theirs.Commands[i].file()
		if name == "" {
			continue
		}
		want, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return c, err
		}
		got, err := s.Module(&s.Commands[i])
		if err != nil {
			return c, fmt.Errorf("%s: %w", s.label(), err)
		}
		if bytes.Equal(got, want) || bytes.Equal(got, withoutParameterNames(want)) {
			c.equal++
			continue
		}
		c.others = append(c.others, fmt.Sprintf("%s:%d", s.label(), s.Commands[i].Line))
	}
	return c, nil
}

// withoutParameterNames is a module without the names that only wasm-tools
// writes: those of the parameters of types, in the last subsection of the name
// section, which is the last of the module.
func withoutParameterNames(module []byte) []byte {
	const header, parameters = "\x04name", 12
	start := bytes.LastIndex(module, []byte(header))
	if start < 0 {
		return module
	}
	names := module[start+len(header):]
	for at := 0; at < len(names); {
		size, n := binary.Uvarint(names[at+1:])
		if n <= 0 {
			return module
		}
		if names[at] != parameters {
			at += 1 + n + int(size)
			continue
		}
		// The name section begins with 0 and its size, which has become less.
		kept := append([]byte(header), names[:at]...)
		front := start - 1
		for module[front-1] >= 0x80 {
			front--
		}
		if at == 0 {
			return module[:front-1]
		}
		return append(binary.AppendUvarint(bytes.Clone(module[:front]), uint64(len(kept))), kept...)
	}
	return module
}
