// Package suite reads the files of the official WebAssembly test suite as
// wast2json writes them, for tests.
//
// In: the testdata folders v1 and v2 of wazero's module, which carries the
// suites of WebAssembly 1.0 and 2.0. Out: modules and what is said about them.
package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Versions are the folders of the suite.
var Versions = []string{"v1", "v2"}

// Case is a module of the suite.
type Case struct {
	File  string // as in v2/binary.4.wasm
	Line  int    // of the .wast file
	Type  string // of the command, as in assert_invalid
	Text  string // what the reference interpreter says about it
	Bytes []byte
}

// Dir is the folder that has the suite's versions.
func Dir() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		return "", fmt.Errorf("find wazero's module: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal", "integration_test", "spectest"), nil
}

type command struct {
	Type       string `json:"type"`
	Line       int    `json:"line"`
	File       string `json:"filename"`
	Text       string `json:"text"`
	ModuleType string `json:"module_type"`
}

// Read returns the binary modules of a version in the order of their files.
func Read(version string) ([]Case, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	scripts, err := filepath.Glob(filepath.Join(dir, version, "testdata", "*.json"))
	if err != nil || len(scripts) == 0 {
		return nil, fmt.Errorf("no scripts for %s in %s: %w", version, dir, err)
	}
	var cases []Case
	for _, script := range scripts {
		if cases, err = readScript(cases, version, script); err != nil {
			return nil, fmt.Errorf("%s: %w", script, err)
		}
	}
	return cases, nil
}

func readScript(cases []Case, version, script string) ([]Case, error) {
	text, err := os.ReadFile(script)
	if err != nil {
		return nil, err
	}
	var contents struct {
		Commands []command `json:"commands"`
	}
	if err := json.Unmarshal(text, &contents); err != nil {
		return nil, err
	}
	for _, c := range contents.Commands {
		if c.File == "" || c.ModuleType == "text" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(filepath.Dir(script), c.File))
		if err != nil {
			return nil, err
		}
		cases = append(cases, Case{version + "/" + c.File, c.Line, c.Type, c.Text, b})
	}
	return cases, nil
}

// Seeds returns different modules of all versions up to a size, for fuzzing. It
// leaves out most of the files on SIMD, which are alike, and the thousand names
// that are not UTF-8, since a fuzzer runs all seeds before it begins.
func Seeds(maxBytes int) ([][]byte, error) {
	var seeds [][]byte
	seen := map[string]bool{}
	for _, version := range Versions {
		cases, err := Read(version)
		if err != nil {
			return nil, err
		}
		for i := range cases {
			c := &cases[i]
			if len(c.Bytes) > maxBytes || seen[string(c.Bytes)] || strings.Contains(c.File, "/simd_") && !strings.Contains(c.File, "/simd_lane") || strings.Contains(c.File, "/utf8-") {
				continue
			}
			seen[string(c.Bytes)] = true
			seeds = append(seeds, c.Bytes)
		}
	}
	return seeds, nil
}
