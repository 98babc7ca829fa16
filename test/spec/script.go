package spec

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mewz/compiler/wasm/text"
)

// Script is one file of a suite: as wast2json writes it, or the text itself.
type Script struct {
	Version  string    // of the specification: "1.0", "2.0" or "3.0"
	Name     string    // of the file, without extension
	Source   string    // of a script in the text format, its file
	Dir      string    // where its modules are, unless the commands have them
	Commands []Command `json:"commands"`
}

// Command is one command of a script.
type Command struct {
	Type       string  `json:"type"`
	Line       int     `json:"line"`
	Name       string  `json:"name"`        // module, register: $name
	Filename   string  `json:"filename"`    // the module
	As         string  `json:"as"`          // register
	Action     *Action `json:"action"`      // what to do to an instance
	Expected   []Value `json:"expected"`    // assert_return
	ModuleType string  `json:"module_type"` // binary or text
	Text       string  `json:"text"`        // the reason in the reference interpreter's words

	module *moduleSource // of a script in the text format
}

// moduleSource is a module of a script in the text format: its bytes, or what is
// malformed in its text.
type moduleSource struct {
	bytes []byte
	err   error
}

// Action is a call or the reading of a global.
type Action struct {
	Type   string  `json:"type"` // invoke or get
	Module string  `json:"module"`
	Field  string  `json:"field"`
	Args   []Value `json:"args"`
}

// Value is an argument or an expected result.
type Value struct {
	Type     string  `json:"type"`
	LaneType string  `json:"lane_type"` // of a v128, whose value is a list of lanes
	Value    any     `json:"value"`
	Values   []Value `json:"values"` // either: one of these
}

// suites are the folders of wazero's module and what they hold.
var suites = []struct{ version, folder string }{
	{"1.0", "v1"},
	{"2.0", "v2"},
}

// SuiteDir finds the suite in the module cache of the go command.
func SuiteDir() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		return "", fmt.Errorf("find wazero's module, which carries the test suite (go mod download): %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal", "integration_test", "spectest"), nil
}

// ReadScripts reads all scripts below dir in the order of their names, 1.0 first.
func ReadScripts(dir string) ([]*Script, error) {
	var scripts []*Script
	for _, suite := range suites {
		names, err := filepath.Glob(filepath.Join(dir, suite.folder, "testdata", "*.json"))
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("no scripts in %s", filepath.Join(dir, suite.folder))
		}
		for _, name := range names {
			s, err := ReadScript(name)
			if err != nil {
				return nil, err
			}
			s.Version = suite.version
			scripts = append(scripts, s)
		}
	}
	return scripts, nil
}

// ReadScript reads one script.
func ReadScript(path string) (*Script, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Script{Name: strings.TrimSuffix(filepath.Base(path), ".json"), Dir: filepath.Dir(path)}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Module reads the module of a command. The error is a *text.Error where its
// text is malformed.
func (s *Script) Module(c *Command) ([]byte, error) {
	if c.module != nil {
		return c.module.bytes, c.module.err
	}
	b, err := os.ReadFile(filepath.Join(s.Dir, c.Filename))
	if err != nil || c.ModuleType != moduleText {
		return b, err
	}
	return text.Module(b)
}

// hasModule says whether a command comes with a module.
func (c *Command) hasModule() bool { return c.module != nil || c.Filename != "" }

// moduleText is the type of a module that a script has as text.
const moduleText = "text"
