package gostd

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"mewz/test/toolchain"
)

// runWazero runs the tests in this process.
func runWazero(ctx context.Context, _ executor, p program) (outcome, error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	defer runtime.Close(context.WithoutCancel(ctx))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return outcome{}, err
	}
	binary, err := os.ReadFile(p.wasm)
	if err != nil {
		return outcome{}, err
	}
	var output bytes.Buffer
	files := wazero.NewFSConfig().WithReadOnlyDirMount(p.goroot, p.goroot).WithDirMount(p.scratch, "/tmp").WithReadOnlyDirMount(p.etc, "/etc")
	config := wazero.NewModuleConfig().WithArgs(append([]string{filepath.Base(p.wasm)}, p.args...)...).
		WithStdin(strings.NewReader("")).WithStdout(&output).WithStderr(&output).WithFSConfig(files).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader)
	for _, variable := range p.variables() {
		name, value, _ := strings.Cut(variable, "=")
		config = config.WithEnv(name, value)
	}
	_, err = runtime.InstantiateWithConfig(ctx, binary, config)
	o := outcome{output: output.String()}
	var exit *sys.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		o.exit, err = int(exit.ExitCode()), nil
	}
	return o, err
}

// runWasmtime runs the tests with the command of test/bench/peers.
func runWasmtime(ctx context.Context, _ executor, p program) (outcome, error) {
	root, err := toolchain.Root()
	if err != nil {
		return outcome{}, err
	}
	path := filepath.Join(root, "build", "wasmtime")
	build := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "test", "bench", "peers"), "-o", path, "./wasmtime")
	if said, err := build.CombinedOutput(); err != nil {
		return outcome{}, fmt.Errorf("wasmtime: %w\n%s", err, bytes.TrimSpace(said))
	}
	args := []string{"-dir", p.goroot + "::" + p.goroot, "-dir", p.scratch + "::/tmp", "-dir", p.etc + "::/etc"}
	for _, variable := range p.variables() {
		args = append(args, "-env", variable)
	}
	return command(ctx, path, append(append(args, p.wasm), p.args...)...)
}
