package gostd

import (
	"bytes"
	"context"

	"mewz/test/oracle"
)

// underOracle runs the tests with run, of package oracle.
func underOracle(run func(context.Context, oracle.Program) (int, error)) func(context.Context, executor, program) (outcome, error) {
	return func(ctx context.Context, _ executor, p program) (outcome, error) {
		var output bytes.Buffer
		exit, err := run(ctx, oracle.Program{
			Wasm: p.wasm, Args: p.args, Environment: p.variables(), Stdout: &output, Stderr: &output,
			Directories: []oracle.Directory{
				{Host: p.goroot, Guest: p.goroot, ReadOnly: true}, {Host: p.scratch, Guest: "/tmp"}, {Host: p.etc, Guest: "/etc", ReadOnly: true},
			},
		})
		return outcome{output: output.String(), exit: exit}, err
	}
}
