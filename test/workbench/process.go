package workbench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Bounds of one process. The longest is compiling SQLite at level 2 or a Go program at
// level fast, two minutes on a busy computer.
const (
	ProcessTimeout = 8 * time.Minute
	waitDelay      = 2 * time.Second
	quotedMaxBytes = 2000 // of what a failed process said
)

// Process is a program that runs to its end.
type Process struct {
	Program     string
	Args        []string
	Environment []string // beside that of this command
	Timeout     time.Duration
	// Start starts it elsewhere than in the network of this command.
	Start func(*exec.Cmd) error
}

// Outcome is a process that ended well.
type Outcome struct {
	Stdout string
	Wall   time.Duration
	CPU    time.Duration // of the process and of those that it waited for
}

// Execute runs a program to its end, in the root of the project.
func (b *Bench) Execute(program string, args ...string) error {
	_, err := b.Run(Process{Program: program, Args: args, Timeout: ProcessTimeout})
	return err
}

// Run runs a process to its end. It is an error when the exit code is not 0.
func (b *Bench) Run(p Process) (Outcome, error) {
	ctx, cancel := context.WithTimeout(b.Context, p.Timeout)
	defer cancel()
	c := exec.CommandContext(ctx, p.Program, p.Args...)
	c.WaitDelay = waitDelay
	// The command ends its VMM when it is asked to.
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Env = append(os.Environ(), p.Environment...)
	c.Dir = b.Root
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if p.Start == nil {
		p.Start = (*exec.Cmd).Start
	}
	start := time.Now()
	err := p.Start(c)
	if err == nil {
		err = c.Wait()
	}
	o := Outcome{Stdout: stdout.String(), Wall: time.Since(start)}
	if c.ProcessState != nil {
		o.CPU = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	if cause := context.Cause(b.Context); err != nil && cause != nil {
		return o, cause
	}
	if err != nil {
		said := bytes.TrimSpace(stderr.Bytes())
		return o, fmt.Errorf("%s %s: %w\n%s", filepath.Base(p.Program), strings.Join(p.Args, " "), err, said[:min(len(said), quotedMaxBytes)])
	}
	return o, nil
}

// static makes Go programs that run without libraries: there are none in a Linux
// guest, and no C compiler needs to be here.
var static = []string{"CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOOS=linux", "GOARCH=amd64"}

// Build builds a Go program without libraries, from a module of the project: "" is the
// project itself.
func (b *Bench) Build(name, module, pkg string) (string, error) {
	args := []string{"build", "-C", filepath.Join(b.Root, module), "-trimpath", "-o", b.Path(name), pkg}
	return b.once(name, Process{Program: "go", Args: args, Environment: static, Timeout: ProcessTimeout})
}

// Plugin builds a plugin of QEMU's TCG from its source, a file of the project.
func (b *Bench) Plugin(source string) (string, error) {
	name := "lib" + strings.TrimSuffix(filepath.Base(source), ".c") + ".so"
	return b.once(name, Process{
		Program: "clang-19", Args: []string{"-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", b.Path(name), source}, Timeout: ProcessTimeout,
	})
}

// once makes a file of this run unless it is there.
func (b *Bench) once(name string, p Process) (string, error) {
	path := b.Path(name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	_, err := b.Run(p)
	return path, err
}
