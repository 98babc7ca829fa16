package spec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mewz/test/toolchain"
)

// The suite of 3.0 is there as scripts in the text format. wasm-tools turns
// each into commands and binary modules.

// version3 is what scripts of that suite have as their version.
const version3 = "3.0"

// suite3Variable names the folder of the conformance data, if it is not where
// it lies in a checkout.
const suite3Variable = "MEWZ_CONFORMANCE"

// proposals3 are the proposals beyond 3.0 whose scripts belong to the suite here.
var proposals3 = []string{threads}

// ErrNoSuite3 says that the scripts of 3.0 are not there.
var ErrNoSuite3 = errors.New("the 3.0 suite is not there: put it into ../shared/conformance beside the project, or its place into $" + suite3Variable)

// Suite3Dir finds the scripts of 3.0.
func Suite3Dir() (string, error) {
	dir := os.Getenv(suite3Variable)
	if dir == "" {
		root, err := toolchain.Root()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, "..", "shared", "conformance")
	}
	dir = filepath.Join(dir, "spec")
	if _, err := os.Stat(dir); err != nil {
		return "", ErrNoSuite3
	}
	return dir, nil
}

// List3 lists the scripts of 3.0 below dir, not converted yet.
func List3(dir string) ([]*Script, error) {
	var scripts []*Script
	for _, folder := range append([]string{"."}, proposals3...) {
		version, place := version3, dir
		if folder != "." {
			version, place = folder, filepath.Join(dir, "proposals", folder)
		}
		names, err := filepath.Glob(filepath.Join(place, "*.wast"))
		if err != nil || len(names) == 0 {
			return nil, fmt.Errorf("no scripts in %s: %w", place, err)
		}
		for _, name := range names {
			scripts = append(scripts, &Script{
				Version: version, Name: strings.TrimSuffix(filepath.Base(name), ".wast"), Source: name,
			})
		}
	}
	return scripts, nil
}

// Convert makes s ready to run, with its modules in a new folder below dir.
func (s *Script) Convert(ctx context.Context, wasmTools, dir string) error {
	folder := filepath.Join(dir, s.Version+"-"+s.Name)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	commands := filepath.Join(folder, "commands.json")
	out, err := exec.CommandContext(ctx, wasmTools, "json-from-wast", s.Source, "-o", commands, "--wasm-dir", folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: wasm-tools: %w\n%s", s.Name, err, out)
	}
	converted, err := ReadScript(commands)
	if err != nil {
		return err
	}
	s.Dir, s.Commands = folder, converted.Commands
	return s.resolveInstances()
}

// resolveInstances makes commands of the kinds that 1.0 and 2.0 have of those
// that only 3.0 has: `module instance` instantiates a definition before it.
func (s *Script) resolveInstances() error {
	definitions := map[string]*Command{}
	for i := range s.Commands {
		c := &s.Commands[i]
		if c.ModuleType == "text" && c.Binary != "" {
			c.ModuleType, c.Filename = "binary", c.Binary
		}
		switch c.Type {
		case "module_definition":
			definitions[c.Name] = c
		case "module_instance":
			definition := definitions[c.Module]
			if definition == nil {
				return fmt.Errorf("%s:%d: no definition %q", s.Name, c.Line, c.Module)
			}
			c.Type, c.Name, c.Filename, c.ModuleType = "module", c.Instance, definition.Filename, definition.ModuleType
		}
	}
	return nil
}
