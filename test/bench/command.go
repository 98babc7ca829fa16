package main

import (
	"os"

	"mewz/test/toolchain"
	"mewz/test/workbench"
)

// exec runs a program to its end, with an empty cache of the compiler.
func (b *bench) exec(program string, args ...string) (workbench.Outcome, error) {
	return b.Run(workbench.Process{
		Program: program, Args: args, Environment: []string{"XDG_CACHE_HOME=" + b.Path("cache")}, Timeout: workbench.ProcessTimeout,
	})
}

// image compiles a module for a processor and links it into an image.
func (b *bench) image(p toolchain.Program, level, cpu string) (string, error) {
	wasm, err := toolchain.Wasm(p)
	if err != nil {
		return "", err
	}
	path := b.Path(p.Name + "." + level + "." + cpu + ".img")
	if _, err := os.Stat(path); err == nil {
		return path, nil // made by a section before
	}
	_, err = b.exec(b.Mewz, "build", "--opt", level, "--cpu", cpu, "-o", path, wasm)
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
