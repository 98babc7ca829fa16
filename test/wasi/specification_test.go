package wasi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// specification says how a program of wasi-testsuite is run and what it must do:
// the file beside it. It has had two forms. The older one lists directories that
// the program finds by their own names, the newer one has one directory that
// becomes the root, or a list of operations of which the first runs the program.
type specification struct {
	Args       []string          `json:"args"`
	Env        map[string]string `json:"env"`
	Dirs       []string          `json:"dirs"`
	Root       string            `json:"root"`
	ExitCode   int               `json:"exit_code"`
	Stdout     *string           `json:"stdout"`
	Stderr     *string           `json:"stderr"`
	Operations []operation       `json:"operations"`
}

// operation is a step of a test: run, read, write or wait.
type operation struct {
	Type     string            `json:"type"`
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"`
	Dirs     []string          `json:"dirs"`
	Root     string            `json:"root"`
	ID       string            `json:"id"`
	Payload  string            `json:"payload"`
	ExitCode int               `json:"exit_code"`
}

// program is a module and how it is run.
type program struct {
	name          string
	wasm          string // path
	specification specification
	folder        string // where the directories of the specification lie
}

// readSpecification reads the file; one that is missing says nothing special.
func readSpecification(path string) (specification, error) {
	var s specification
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, s.flatten(path)
}

// flatten turns operations into the older form, as far as tests of preview 1 need
// them: one run, what it writes, how it ends.
func (s *specification) flatten(path string) error {
	read := map[string]string{}
	for _, o := range s.Operations {
		switch o.Type {
		case "run":
			s.Args, s.Env, s.Dirs, s.Root = o.Args, o.Env, o.Dirs, o.Root
		case "read":
			if o.ID == "" {
				o.ID = "stdout"
			}
			read[o.ID] += o.Payload
		case "wait":
			s.ExitCode = o.ExitCode
		default:
			return fmt.Errorf("%s: operation %q is none of preview 1", path, o.Type)
		}
	}
	if text, ok := read["stdout"]; ok {
		s.Stdout = &text
	}
	if text, ok := read["stderr"]; ok {
		s.Stderr = &text
	}
	return nil
}

// directory is one that a program finds open: of the test's folder, by a name.
type directory struct{ host, guest string }

// directories returns what the program finds open.
func (s *specification) directories() []directory {
	var list []directory
	if s.Root != "" {
		list = append(list, directory{s.Root, "/"})
	}
	for _, name := range s.Dirs {
		host, guest, both := strings.Cut(name, "::")
		if !both {
			guest = name
		}
		list = append(list, directory{host, guest})
	}
	return list
}

// variables returns the environment in a fixed order.
func (s *specification) variables() []string {
	var list []string
	for name, value := range s.Env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// foreign finds the programs below a folder, as modules or as their text.
func foreign(root string) ([]program, error) {
	var list []program
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		extension := filepath.Ext(path)
		if err != nil || entry.IsDir() || extension != ".wasm" && extension != ".wat" {
			return err
		}
		p := program{wasm: path, folder: filepath.Dir(path)}
		if p.name, err = filepath.Rel(root, strings.TrimSuffix(path, extension)); err != nil {
			return err
		}
		p.specification, err = readSpecification(strings.TrimSuffix(path, extension) + ".json")
		list = append(list, p)
		return err
	})
	return list, err
}
