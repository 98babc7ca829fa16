package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tetratelabs/wazero"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/test/toolchain"
)

// goHTTP has net/http compiled in: the program of the budgets of compile time.
var goHTTP = toolchain.Program{Name: "http-go", Language: toolchain.Go, Sources: []string{"test/bench/src/http"}}

// changeFunction writes a copy of a module in which one function, of those in the
// middle, has another constant.
func (b *bench) changeFunction(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	module, err := decode.Module(content)
	if err != nil {
		return "", err
	}
	for k := len(module.Code) / 2; k < len(module.Code); k++ {
		r := wasm.NewReader(module.Code[k].Body, module.Code[k].Offset)
		var i wasm.Instruction
		for r.Len() > 0 {
			if err := r.Next(&i); err != nil {
				return "", err
			}
			// A constant of one byte, changed by one.
			if i.Opcode == wasm.OpI32Const && r.Offset() == i.Offset+2 {
				content[i.Offset+1] ^= 1
				changed := b.Path(filepath.Base(path) + ".changed")
				return changed, os.WriteFile(changed, content, 0o600)
			}
		}
	}
	return "", errors.New("no function with a small constant")
}

// wazeroCompile returns the CPU and wall time that wazero's compiler takes for a
// module.
func wazeroCompile(path string) (cpu, wall time.Duration, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer runtime.Close(ctx)
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if _, err := runtime.CompileModule(ctx, content); err != nil {
		return 0, 0, fmt.Errorf("wazero: %w", err)
	}
	wall = time.Since(start)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return 0, 0, err
	}
	used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	return time.Duration(used), wall, nil
}
