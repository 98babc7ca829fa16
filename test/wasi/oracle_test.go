package wasi

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
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"mewz/test/toolchain"
)

// trapped is the exit code of an oracle whose program traps.
const trapped = 134

var oracles = []executor{
	{name: "wazero", run: runWazero},
	{name: "wasmtime", run: runWasmtime},
}

// sleep ends sleeps that no test waits for: wazero adds up what it should compare.
func sleep(nanos int64) { time.Sleep(min(time.Duration(nanos), 100*time.Millisecond)) }

// runWazero runs a program in this process.
func runWazero(ctx context.Context, _ executor, p program, dirs []directory) (outcome, error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	defer runtime.Close(context.WithoutCancel(ctx))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return outcome{}, err
	}
	binary, err := os.ReadFile(p.wasm)
	if err != nil {
		return outcome{}, err
	}
	files := wazero.NewFSConfig()
	for _, d := range dirs {
		files = files.WithDirMount(d.host, d.guest)
	}
	var stdout, stderr bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs(append([]string{filepath.Base(p.wasm)}, p.specification.Args...)...).
		WithStdin(strings.NewReader("")).WithStdout(&stdout).WithStderr(&stderr).WithFSConfig(files).
		WithSysWalltime().WithSysNanotime().WithNanosleep(sleep).WithRandSource(rand.Reader)
	for _, variable := range p.specification.variables() {
		name, value, _ := strings.Cut(variable, "=")
		config = config.WithEnv(name, value)
	}
	_, err = runtime.InstantiateWithConfig(ctx, binary, config)
	o := outcome{stdout: stdout.String(), stderr: stderr.String()}
	var exit *sys.ExitError
	switch {
	case errors.As(err, &exit) && ctx.Err() == nil:
		o.exit, err = int(exit.ExitCode()), nil
	case err != nil && strings.Contains(err.Error(), "wasm error: "):
		o.exit, err = trapped, nil
	}
	return o, err
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

// runWasmtime runs a program in a child. Where wasmtime traps for a bad pointer or
// constant, the program leaves the check out (src/check.h).
func runWasmtime(ctx context.Context, _ executor, p program, dirs []directory) (outcome, error) {
	path, err := wasmtime()
	if err != nil {
		return outcome{}, err
	}
	var args []string
	for _, d := range dirs {
		args = append(args, "-dir", d.host+"::"+d.guest)
	}
	for _, variable := range p.specification.variables() {
		args = append(args, "-env", variable)
	}
	if ours(p) {
		args = append(args, "-env", "RUNTIME_TRAPS=1")
	}
	return command(ctx, path, append(append(args, p.wasm), p.specification.Args...)...)
}
