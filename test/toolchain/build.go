package toolchain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// remedy ends every error about a tool that is not there.
const remedy = "run make setup"

// build is one run of one tool that writes one file.
type build struct {
	name   string
	suffix string   // of the file
	tool   string   // gets args and the file
	output string   // what precedes the file's name in its argument; empty means "-o" before it
	args   []string // complete but for the output
	first  []string // arguments of a run before, in a folder of its own, whose object files args get too
	env    []string // beyond the environment of this process
	by     builder  // builds instead of tool with args
	// directory is where the tool runs; empty is the root of the project.
	directory string
	inputs    []string // files whose contents decide the result
	version   string   // of inputs that are no files of the project
}

// builder writes the file of a build that takes more than one run of a tool.
type builder interface {
	execute(b build, output string) error
}

// run returns the path of the result, building it unless it is there.
func (b build) run(root string) (string, error) {
	key, err := b.key(root)
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	directory := filepath.Join(root, "build", "programs")
	output := filepath.Join(directory, b.name+"-"+key+b.suffix)
	if _, err := os.Stat(output); err == nil {
		return output, nil
	}
	unlock, err := lock(directory, b.name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(output); err == nil { // another process was faster
		return output, nil
	}
	// The last part of the name is the final one: linkers write it into modules.
	scratch, err := os.MkdirTemp(directory, ".building-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	temporary := filepath.Join(scratch, filepath.Base(output))
	if err := b.execute(root, temporary); err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	return output, os.Rename(temporary, output)
}

func (b build) execute(root, output string) error {
	if b.by != nil {
		return b.by.execute(b, output)
	}
	if b.first != nil {
		return b.executeTwice(output)
	}
	named := []string{"-o", output}
	if b.output != "" {
		named = []string{b.output + output}
	}
	// The Go command wants its flags before the packages, so the output comes
	// first after its verb; every other tool takes it last.
	args := slices.Concat(b.args, named)
	if b.tool == "go" {
		args = slices.Concat(b.args[:1], named, b.args[1:])
	}
	directory := root
	if b.directory != "" {
		directory = b.directory
	}
	return command(directory, b.env, b.tool, args...)
}

// executeTwice compiles into the folder of the output, then links what is there.
func (b build) executeTwice(output string) error {
	objects := filepath.Dir(output)
	if err := command(objects, b.env, b.tool, b.first...); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(objects, "*.o"))
	if err != nil {
		return err
	}
	return command(objects, b.env, b.tool, append(append(files, "-o", output), b.args...)...)
}

// errorMaxBytes of what a tool says are quoted; the first error counts.
const errorMaxBytes = 4000

// command runs a tool in a directory; its output is part of the error.
func command(directory string, env []string, tool string, args ...string) error {
	c := exec.Command(tool, args...)
	c.Dir = directory
	c.Env = append(os.Environ(), env...)
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if err := c.Run(); err != nil {
		said := bytes.TrimSpace(output.Bytes())
		said = said[:min(len(said), errorMaxBytes)]
		return fmt.Errorf("%s: %w\n%s", tool, err, said)
	}
	return nil
}

// key hashes everything that decides the result.
func (b build) key(root string) (string, error) {
	version, err := toolVersion(b.tool, b.env)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", version, b.version)
	for _, text := range slices.Concat([]string{b.tool}, b.env, b.first, b.args) {
		// Neither the place of the project nor PATH is part of the result.
		if !strings.HasPrefix(text, "PATH=") {
			fmt.Fprintf(h, "%q\n", strings.ReplaceAll(text, root, ""))
		}
	}
	for _, input := range b.inputs {
		fmt.Fprintf(h, "%q\n", filepath.Base(input))
		f, err := os.Open(input)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

var versions struct {
	mu    sync.Mutex
	known map[string]string
}

// toolVersion returns what a tool says about itself.
func toolVersion(tool string, env []string) (string, error) {
	versions.mu.Lock()
	defer versions.mu.Unlock()
	if version, ok := versions.known[tool]; ok {
		return version, nil
	}
	argument := "--version"
	if tool == "go" || filepath.Base(tool) == "zig" {
		argument = "version"
	}
	c := exec.Command(tool, argument)
	c.Env = append(os.Environ(), env...)
	output, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s does not run (%w): %s; %s", tool, err, bytes.TrimSpace(output), remedy)
	}
	if versions.known == nil {
		versions.known = map[string]string{}
	}
	versions.known[tool] = string(output)
	return string(output), nil
}

// lock holds every other process off from building name until unlock is called.
func lock(directory, name string) (unlock func(), err error) {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(directory, "."+name+".lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil // closing the only descriptor releases the lock
}
