package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"mewz/test/toolchain"
)

// variant is one way to run one program.
type variant struct {
	name string
	run  runner
}

// runner runs a program once and returns what it printed.
type runner func() (stdout string, err error)

// way is a way to run programs. What prepare returns as finish, if anything, has
// to be called after the last run.
type way struct {
	name    string
	prepare func(b *bench, p measuredProgram) (run runner, finish func(), err error)
}

var (
	native      = way{"native", prepareNative}
	mewzTwo     = way{"mewz 2", prepareMewz(levelTwo, portable)}
	mewzFast    = way{"mewz fast", prepareMewz(levelFast, portable)}
	mewzTwoV3   = way{"mewz 2 v3", prepareMewz(levelTwo, modern)}
	mewzFastV3  = way{"mewz fast v3", prepareMewz(levelFast, modern)}
	wazeroWay   = way{"wazero", prepareWazero}
	nodeWay     = way{"Node.js", prepareNode}
	wasmtimeWay = way{"wasmtime", prepareWasmtime}
)

// process is the runner of a process.
func (b *bench) process(program string, args ...string) runner {
	return func() (string, error) {
		o, err := b.exec(program, args...)
		return o.Stdout, err
	}
}

func prepareNative(b *bench, p measuredProgram) (runner, func(), error) {
	path, err := toolchain.Native(p.program)
	return b.process(path, p.args...), nil, err
}

func prepareMewz(level, cpu string) func(*bench, measuredProgram) (runner, func(), error) {
	return func(b *bench, p measuredProgram) (runner, func(), error) {
		image, err := b.image(p.program, level, cpu)
		return b.process(b.Mewz, append([]string{"run", "--vmm", "process", image, "--"}, p.args...)...), nil, err
	}
}

//go:embed node.mjs
var nodeScript []byte

// prepareNode has V8 compile everything with its optimising compiler before the
// program starts, as the others do.
func prepareNode(b *bench, p measuredProgram) (runner, func(), error) {
	wasm, err := toolchain.Wasm(p.program)
	if err != nil {
		return nil, nil, err
	}
	script := b.Path("node.mjs")
	if err := os.WriteFile(script, nodeScript, 0o666); err != nil {
		return nil, nil, err
	}
	node, err := toolchain.V8()
	if err != nil {
		return nil, nil, err
	}
	args := []string{"--no-warnings", "--no-liftoff", "--no-wasm-lazy-compilation", script, wasm}
	return b.process(node, append(args, p.args...)...), nil, nil
}

// prepareWasmtime compiles once, and runs what was compiled.
func prepareWasmtime(b *bench, p measuredProgram) (runner, func(), error) {
	wasm, err := toolchain.Wasm(p.program)
	if err != nil {
		return nil, nil, err
	}
	program, err := b.peer("wasmtime")
	if err != nil {
		return nil, nil, err
	}
	compiled := b.Path(p.program.Name + ".cwasm")
	if _, err := b.exec(program, "-o", compiled, wasm); err != nil {
		return nil, nil, err
	}
	return b.process(program, append([]string{compiled}, p.args...)...), nil, nil
}

// peer builds a command of the module test/bench/peers.
func (b *bench) peer(name string) (string, error) {
	path := b.Path(name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	// Not by b.exec, which has an empty cache for its children.
	build := exec.CommandContext(b.Context, "go", "build", "-C", filepath.Join(b.Root, "test", "bench", "peers"), "-o", path, "./"+name)
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, bytes.TrimSpace(said))
	}
	return path, nil
}

// prepareWazero compiles a module by wazero's compiler, in this process.
func prepareWazero(b *bench, p measuredProgram) (run runner, finish func(), err error) {
	ctx := b.Context
	path, err := toolchain.Wasm(p.program)
	if err != nil {
		return nil, nil, err
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	finish = func() { runtime.Close(context.WithoutCancel(ctx)) }
	_, err = wasi_snapshot_preview1.Instantiate(ctx, runtime)
	if err != nil {
		finish()
		return nil, nil, err
	}
	module, err := runtime.CompileModule(ctx, binary)
	if err != nil {
		finish()
		return nil, nil, err
	}
	run = func() (string, error) {
		var stdout, stderr bytes.Buffer
		config := wazero.NewModuleConfig().WithName("").WithArgs(append([]string{p.program.Name}, p.args...)...).WithStdout(&stdout).WithStderr(&stderr).WithSysNanotime().WithSysWalltime()
		instance, err := runtime.InstantiateModule(ctx, module, config)
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
		}
		return stdout.String(), instance.Close(ctx)
	}
	return run, finish, nil
}
