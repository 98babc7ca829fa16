// Package oracle runs programs of WASI preview 1 with wazero and wasmtime, which tests of
// WASI compare mewz with.
//
// In: a module, its arguments, variables and directories. Out: what it wrote, and its exit
// code. Standard input is empty.
package oracle

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"mewz/test/toolchain"
)

// Trapped is the exit code of a program that traps under wazero. wasmtime's command has the
// same.
const Trapped = 134

// childDelay is how long the output of a child that was ended is waited for.
const childDelay = time.Minute

// Directory is a directory of the host that a program finds open.
type Directory struct {
	Host, Guest string
	ReadOnly    bool // wasmtime's command knows no such directories
}

// Program is a module and how it is run.
type Program struct {
	Wasm        string   // path
	Args        []string // behind the name of the program
	Environment []string // NAME=value
	Directories []Directory
	Sleep       func(nanoseconds int64) // of wazero; nil: as long as the program says

	Stdout, Stderr io.Writer
}

// Wazero runs a program in this process and returns its exit code.
func Wazero(ctx context.Context, p Program) (exit int, err error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	defer runtime.Close(context.WithoutCancel(ctx))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return 0, err
	}
	binary, err := os.ReadFile(p.Wasm)
	if err != nil {
		return 0, err
	}
	_, err = runtime.InstantiateWithConfig(ctx, binary, p.config())
	var ended *sys.ExitError
	switch {
	case errors.As(err, &ended) && ctx.Err() == nil:
		return int(ended.ExitCode()), nil
	case err != nil && strings.Contains(err.Error(), "wasm error: "):
		return Trapped, nil
	}
	return 0, err
}

// config is what wazero is told.
func (p *Program) config() wazero.ModuleConfig {
	files := wazero.NewFSConfig()
	for _, d := range p.Directories {
		if d.ReadOnly {
			files = files.WithReadOnlyDirMount(d.Host, d.Guest)
		} else {
			files = files.WithDirMount(d.Host, d.Guest)
		}
	}
	config := wazero.NewModuleConfig().WithArgs(append([]string{filepath.Base(p.Wasm)}, p.Args...)...).
		WithStdin(strings.NewReader("")).WithStdout(p.Stdout).WithStderr(p.Stderr).WithFSConfig(files).
		WithSysWalltime().WithSysNanotime().WithRandSource(rand.Reader)
	if p.Sleep == nil {
		config = config.WithSysNanosleep()
	} else {
		config = config.WithNanosleep(p.Sleep)
	}
	for _, variable := range p.Environment {
		name, value, _ := strings.Cut(variable, "=")
		config = config.WithEnv(name, value)
	}
	return config
}

// wasmtime builds the command of test/bench/peers.
var wasmtime = sync.OnceValues(func() (string, error) {
	root, err := toolchain.Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "build", "wasmtime")
	build := exec.Command("go", "build", "-C", filepath.Join(root, "test", "bench", "peers"), "-o", path, "./wasmtime")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("wasmtime: %w\n%s", err, bytes.TrimSpace(said))
	}
	return path, nil
})

// BuildWasmtime tells whether there can be a wasmtime here: its library is in C.
func BuildWasmtime() error {
	_, err := wasmtime()
	return err
}

// Wasmtime runs a program in a child and returns its exit code.
func Wasmtime(ctx context.Context, p Program) (exit int, err error) {
	path, err := wasmtime()
	if err != nil {
		return 0, err
	}
	var args []string
	for _, d := range p.Directories {
		args = append(args, "-dir", d.Host+"::"+d.Guest)
	}
	for _, variable := range p.Environment {
		args = append(args, "-env", variable)
	}
	c := exec.CommandContext(ctx, path, append(append(args, p.Wasm), p.Args...)...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(""), p.Stdout, p.Stderr
	c.WaitDelay = childDelay
	err = c.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.Exited() && ctx.Err() == nil {
		return ended.ExitCode(), nil
	}
	if err != nil {
		err = fmt.Errorf("wasmtime %s: %w", filepath.Base(p.Wasm), err)
	}
	return 0, err
}
