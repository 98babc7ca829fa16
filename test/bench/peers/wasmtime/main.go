// Command wasmtime runs a module with WASI preview 1 under wasmtime, as the
// yardstick of the benchmarks, Cranelift with its best optimisation, and as an
// oracle of the tests of WASI. Exit codes are the program's; 134 is a trap.
//
//	wasmtime -o MODULE.cwasm MODULE.wasm     compile
//	wasmtime [-dir HOST::GUEST]... [-env NAME=VALUE]... MODULE [ARGUMENT...]
//
// MODULE is a module or what was compiled of it (.cwasm).
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v39"
)

// world is what a program gets.
type world struct {
	dirs, env list
	args      []string
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func main() {
	var w world
	output := flag.String("o", "", "compile the module into this `file`")
	flag.Var(&w.dirs, "dir", "directory that the program finds open, as `HOST::GUEST`")
	flag.Var(&w.env, "env", "environment variable `NAME=VALUE`")
	flag.Parse()
	if w.args = flag.Args(); len(w.args) < 1 || *output != "" && len(w.args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: wasmtime -o MODULE.cwasm MODULE.wasm, or wasmtime MODULE.cwasm [ARGUMENT...]")
		os.Exit(2)
	}
	config := wasmtime.NewConfig()
	config.SetCraneliftOptLevel(wasmtime.OptLevelSpeed)
	engine := wasmtime.NewEngineWithConfig(config)
	var err error
	if *output != "" {
		err = compile(engine, w.args[0], *output)
	} else {
		err = run(engine, w)
	}
	var failure *wasmtime.Error
	if errors.As(err, &failure) {
		if code, ok := failure.ExitStatus(); ok {
			os.Exit(int(code))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmtime:", err)
	}
	var trap *wasmtime.Trap
	switch {
	case errors.As(err, &trap):
		os.Exit(134)
	case err != nil:
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

// run runs the program to its end.
func run(engine *wasmtime.Engine, w world) error {
	load := wasmtime.NewModuleFromFile
	if strings.HasSuffix(w.args[0], ".cwasm") {
		load = wasmtime.NewModuleDeserializeFile
	}
	module, err := load(engine, w.args[0])
	if err != nil {
		return err
	}
	linker := wasmtime.NewLinker(engine)
	if err := linker.DefineWasi(); err != nil {
		return err
	}
	store := wasmtime.NewStore(engine)
	wasi := wasmtime.NewWasiConfig()
	wasi.SetArgv(w.args)
	wasi.InheritStdin()
	wasi.InheritStdout()
	wasi.InheritStderr()
	var names, values []string
	for _, variable := range w.env {
		name, value, _ := strings.Cut(variable, "=")
		names, values = append(names, name), append(values, value)
	}
	wasi.SetEnv(names, values)
	for _, dir := range w.dirs {
		host, guest, _ := strings.Cut(dir, "::")
		if err := wasi.PreopenDir(host, guest, wasmtime.DIR_READ|wasmtime.DIR_WRITE, wasmtime.FILE_READ|wasmtime.FILE_WRITE); err != nil {
			return fmt.Errorf("-dir %s: %w", dir, err)
		}
	}
	store.SetWasi(wasi)
	instance, err := linker.Instantiate(store, module)
	if err != nil {
		return err
	}
	_, err = instance.GetFunc(store, "_start").Call(store)
	return err
}
