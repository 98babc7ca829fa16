package spec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mewz/test/toolchain"
)

// The suite of 3.0 is there as scripts in the text format (wast.go).

// version3 is what scripts of that suite have as their version.
const version3 = "3.0"

// suite3Variable names the folder of the conformance data, if it is not where
// it lies in a checkout.
const suite3Variable = "MEWZ_CONFORMANCE"

// suiteFolder is a folder of scripts.
type suiteFolder struct{ version, folder string }

// folders3 are the folders with scripts, by the version of those in them: also of
// a proposal beyond 3.0, and of the exceptions that 3.0 has replaced.
var folders3 = [...]suiteFolder{
	{version3, "."},
	{threads, "proposals/threads"},
	{legacy, "legacy"},
}

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

// List3 lists the scripts of 3.0 below dir, not read yet.
func List3(dir string) ([]*Script, error) {
	var scripts []*Script
	for _, f := range folders3 {
		place := filepath.Join(dir, filepath.FromSlash(f.folder))
		names, err := filepath.Glob(filepath.Join(place, "*.wast"))
		if err != nil || len(names) == 0 {
			return nil, fmt.Errorf("no scripts in %s: %w", place, err)
		}
		for _, name := range names {
			scripts = append(scripts, &Script{
				Version: f.version, Name: strings.TrimSuffix(filepath.Base(name), ".wast"), Source: name,
			})
		}
	}
	return scripts, nil
}
