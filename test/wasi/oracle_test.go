package wasi

import (
	"bytes"
	"context"
	"time"

	"mewz/test/oracle"
)

var oracles = []executor{
	{name: "wazero", run: runWazero},
	{name: "wasmtime", run: runWasmtime},
}

// sleep ends sleeps that no test waits for: wazero adds up what it should compare.
func sleep(nanos int64) { time.Sleep(min(time.Duration(nanos), 100*time.Millisecond)) }

// runWazero runs a program in this process.
func runWazero(ctx context.Context, _ executor, p program, dirs []directory) (outcome, error) {
	return consult(ctx, oracle.Wazero, oracle.Program{Environment: p.specification.variables(), Sleep: sleep}, p, dirs)
}

// runWasmtime runs a program in a child. Where wasmtime traps for a bad pointer or
// constant, the program leaves the check out (src/check.h).
func runWasmtime(ctx context.Context, _ executor, p program, dirs []directory) (outcome, error) {
	variables := p.specification.variables()
	if ours(p) {
		variables = append(variables, "RUNTIME_TRAPS=1")
	}
	return consult(ctx, oracle.Wasmtime, oracle.Program{Environment: variables}, p, dirs)
}

// consult runs a program with run, of package oracle. o has what differs between the two.
func consult(
	ctx context.Context, run func(context.Context, oracle.Program) (int, error), o oracle.Program, p program, dirs []directory,
) (outcome, error) {
	o.Wasm, o.Args = p.wasm, p.specification.Args
	for _, d := range dirs {
		o.Directories = append(o.Directories, oracle.Directory{Host: d.host, Guest: d.guest})
	}
	var stdout, stderr bytes.Buffer
	o.Stdout, o.Stderr = &stdout, &stderr
	exit, err := run(ctx, o)
	return outcome{stdout: stdout.String(), stderr: stderr.String(), exit: exit}, err
}
