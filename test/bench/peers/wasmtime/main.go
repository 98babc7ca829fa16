// Command wasmtime runs a module with WASI preview 1 under wasmtime, as the
// yardstick of the benchmarks: Cranelift with its best optimisation.
//
//	wasmtime -o MODULE.cwasm MODULE.wasm     compile
//	wasmtime MODULE.cwasm [ARGUMENT...]      run what was compiled
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/bytecodealliance/wasmtime-go/v39"
)

func main() {
	output := flag.String("o", "", "compile the module into this `file`")
	flag.Parse()
	if flag.NArg() < 1 || *output != "" && flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: wasmtime -o MODULE.cwasm MODULE.wasm, or wasmtime MODULE.cwasm [ARGUMENT...]")
		os.Exit(2)
	}
	config := wasmtime.NewConfig()
	config.SetCraneliftOptLevel(wasmtime.OptLevelSpeed)
	engine := wasmtime.NewEngineWithConfig(config)
	work := func() error { return run(engine, flag.Args()) }
	if *output != "" {
		work = func() error { return compile(engine, flag.Arg(0), *output) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "wasmtime:", err)
		os.Exit(1)
	}
}

func compile(engine *wasmtime.Engine, path, output string) error {
	binary, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	module, err := wasmtime.NewModule(engine, binary)
	if err != nil {
		return err
	}
	compiled, err := module.Serialize()
	if err != nil {
		return err
	}
	return os.WriteFile(output, compiled, 0o666)
}

// run runs the program, whose arguments are args, to its end.
func run(engine *wasmtime.Engine, args []string) error {
	module, err := wasmtime.NewModuleDeserializeFile(engine, args[0])
	if err != nil {
		return err
	}
	linker := wasmtime.NewLinker(engine)
	if err := linker.DefineWasi(); err != nil {
		return err
	}
	store := wasmtime.NewStore(engine)
	wasi := wasmtime.NewWasiConfig()
	wasi.SetArgv(args)
	wasi.InheritStdout()
	wasi.InheritStderr()
	store.SetWasi(wasi)
	instance, err := linker.Instantiate(store, module)
	if err != nil {
		return err
	}
	_, err = instance.GetFunc(store, "_start").Call(store)
	var failure *wasmtime.Error
	if errors.As(err, &failure) {
		if code, ok := failure.ExitStatus(); ok && code == 0 {
			return nil
		}
	}
	return err
}
