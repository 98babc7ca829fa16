// Command demo shows a real program in its own machine: it builds Lua from
// Debian's sources as a WebAssembly module and runs a script with it under
// `mewz run`, standard output and all.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mewz/test/toolchain"
)

var program = toolchain.LuaProgram("lua", "test/apps/src/lua/run.c", "-O2")

func main() {
	if err := demo(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo() error {
	root, err := toolchain.Root()
	if err != nil {
		return err
	}
	fmt.Println("# Lua 5.4 from Debian's source package, compiled to WebAssembly by clang")
	wasm, err := toolchain.Wasm(program)
	if err != nil {
		return err
	}
	if wasm, err = filepath.Rel(root, wasm); err != nil {
		return err
	}
	fmt.Println("# to native code, linked with the kernel, and booted: nothing but this program is in the machine")
	for _, vmm := range []string{"qemu", "process"} {
		start := time.Now()
		args := []string{"run", "--vmm", vmm, "--timeout", "5m", "--root", "test/demo", "-e", "WHERE=" + vmm, wasm, "--", "/demo.lua", "from the command line"}
		fmt.Printf("$ build/mewz %s\n", strings.Join(args, " "))
		command := exec.Command(filepath.Join(root, "build", "mewz"), args...)
		command.Dir = root
		command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("mewz run --vmm %s: %w", vmm, err)
		}
		fmt.Printf("# %.1f s, compiling included where the cache had nothing\n\n", time.Since(start).Seconds())
	}
	return nil
}
