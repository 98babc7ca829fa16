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

	"golang.org/x/sync/errgroup"
)

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
