package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mewz/test/toolchain"
)

// Bounds of one process. The longest is compiling SQLite at level 2, two
// minutes on a busy computer.
const (
	processTimeout = 8 * time.Minute
	waitDelay      = 2 * time.Second
	quotedMaxBytes = 2000 // of what a failed process said
)

// outcome is a process that ended well.
type outcome struct {
	stdout string
	wall   time.Duration
	cpu    time.Duration // of the process and of those that it waited for
}

// exec runs a program to its end. It is an error when the exit code is not 0.
func (b *bench) exec(program string, args ...string) (outcome, error) {
	ctx, cancel := context.WithTimeout(b.ctx, processTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.WaitDelay = waitDelay
	// The command ends its VMM when it is asked to.
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Env = append(os.Environ(), "XDG_CACHE_HOME="+b.path("cache"))
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	start := time.Now()
	err := c.Run()
	o := outcome{stdout: stdout.String(), wall: time.Since(start)}
	if c.ProcessState != nil {
		o.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	if cause := context.Cause(b.ctx); err != nil && cause != nil {
		return o, cause
	}
	if err != nil {
		said := bytes.TrimSpace(stderr.Bytes())
		return o, fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, said[:min(len(said), quotedMaxBytes)])
	}
	return o, nil
}

// image compiles a module for a processor and links it into an image.
func (b *bench) image(p toolchain.Program, level, cpu string) (string, error) {
	wasm, err := toolchain.Wasm(p)
	if err != nil {
		return "", err
	}
	path := b.path(p.Name + "." + level + "." + cpu + ".img")
	if _, err := os.Stat(path); err == nil {
		return path, nil // made by a section before
	}
	_, err = b.exec(b.mewz, "build", "--opt", level, "--cpu", cpu, "-o", path, wasm)
	return path, err
}

// The processors that code is compiled for: what an image is for by default, and
// what mewz run --vmm process compiles for on a computer that has it, as engines
// do that compile when they start.
const (
	portable = "x86-64-v2"
	modern   = "x86-64-v3"
)

// The levels of the compiler.
const (
	levelNone = "0"
	levelFast = "fast"
	levelTwo  = "2"
)
