package llvm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Version is the major version of LLVM whose IR and passes this package speaks.
const Version = "19"

// DirectoryVariable names the environment variable that says where the programs
// are, if they are not in PATH.
const DirectoryVariable = "MEWZ_LLVM"

// Tools are the programs of LLVM.
type Tools struct {
	Opt, Llc string // paths
}

// Find looks for the programs in $MEWZ_LLVM, or else in PATH.
func Find() (*Tools, error) {
	t := &Tools{}
	for name, path := range map[string]*string{"opt": &t.Opt, "llc": &t.Llc} {
		found, err := find(name)
		if err != nil {
			return nil, err
		}
		*path = found
	}
	return t, nil
}

func find(name string) (string, error) {
	if directory := os.Getenv(DirectoryVariable); directory != "" {
		for _, file := range []string{name + "-" + Version, name} {
			if path, err := exec.LookPath(filepath.Join(directory, file)); err == nil {
				return path, nil
			}
		}
		return "", fmt.Errorf("%s not found in %s (%s)", name, directory, DirectoryVariable)
	}
	path, err := exec.LookPath(name + "-" + Version)
	if err != nil {
		return "", fmt.Errorf("%s-%s not found: apt-get install llvm-%s, or set %s to the directory of LLVM's programs",
			name, Version, Version, DirectoryVariable)
	}
	return path, nil
}

// Identity tells one installation from another. Asking the programs for their
// version would take longer than a cached compilation.
func (t *Tools) Identity() string {
	identity := ""
	for _, path := range []string{t.Opt, t.Llc} {
		resolved, err := filepath.EvalSymlinks(path)
		if err != nil {
			resolved = path
		}
		identity += resolved
		if info, err := os.Stat(resolved); err == nil {
			identity += fmt.Sprintf(" %d %d ", info.Size(), info.ModTime().UnixNano())
		}
	}
	return identity
}
