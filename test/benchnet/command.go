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
)

// Bounds of one process. The longest is compiling a Go program at level fast,
// half a minute on a quiet computer.
const (
	processTimeout = 8 * time.Minute
	waitDelay      = 2 * time.Second
	quotedMaxBytes = 2000 // of what a failed process said
)

// exec runs a program to its end, outside of the namespace.
func (b *bench) exec(env []string, program string, args ...string) error {
	_, err := b.run(nil, env, processTimeout, program, args...)
	return err
}

// output runs a program in a namespace and returns what it printed.
func (b *bench) output(n *namespace, timeout time.Duration, program string, args ...string) (string, error) {
	return b.run(n, nil, timeout, program, args...)
}

func (b *bench) run(n *namespace, env []string, timeout time.Duration, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.WaitDelay = waitDelay
	c.Env = append(os.Environ(), env...)
	c.Dir = b.root
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	start := c.Start
	if n != nil {
		start = func() error { return n.do(c.Start) }
	}
	err := start()
	if err == nil {
		err = c.Wait()
	}
	if cause := context.Cause(b.ctx); err != nil && cause != nil {
		return "", cause
	}
	if err != nil {
		said := bytes.TrimSpace(stderr.Bytes())
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, said[:min(len(said), quotedMaxBytes)])
	}
	return stdout.String(), nil
}

// static makes Go programs that run in the Linux guest, which has no libraries.
var static = []string{"CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOOS=linux", "GOARCH=amd64"}

// build builds a Go program of the project for the Linux guest.
func (b *bench) build(name, folder string) (string, error) {
	path := b.path(name)
	return path, b.exec(static, "go", "build", "-trimpath", "-o", path, folder)
}

// peer builds a command of the module test/bench/peers.
func (b *bench) peer(name, pkg string) (string, error) {
	path := b.path(name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, b.exec(static, "go", "build", "-C", filepath.Join(b.root, "test", "bench", "peers"), "-trimpath", "-o", path, pkg)
}

// path is a file of this run.
func (b *bench) path(name string) string { return filepath.Join(b.directory, name) }

// progress says on standard error what is being done.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "benchnet: "+format+"\n", args...)
}
