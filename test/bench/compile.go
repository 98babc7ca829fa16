package main

import (
	"fmt"
	"os"
	"time"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/test/document"
	"mewz/test/toolchain"
	"mewz/test/workbench"
)

// compileTime measures compiling at each level, then again from the cache.
func (b *bench) compileTime() (*document.Report, error) {
	programs := []struct {
		name    string
		program toolchain.Program
	}{{"Lua", lua}, {"SQLite", sqlite}, {"hello (Go)", goHello}, {"net/http (Go)", goHTTP}}
	if b.short {
		programs = programs[:1]
	}
	t := document.Table{Columns: []string{"program", "MB of code", "level", "CPU s", "CPU s/MB", "s", "s/MB", "MB of object", "again from the cache, s", "one function changed, CPU s"}}
	for _, p := range programs {
		path, err := toolchain.Wasm(p.program)
		if err != nil {
			return nil, err
		}
		code, err := codeBytes(path)
		if err != nil {
			return nil, err
		}
		changed, err := b.changeFunction(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		for _, level := range []string{levelNone, levelFast, levelTwo} {
			b.Progress("compile: %s at level %s", p.name, level)
			object := b.Path(p.program.Name + "." + level + ".o")
			c, err := b.compile(path, object, level)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			after, err := b.exec(b.Mewz, "compile", "--opt", level, "-o", object+".changed", changed)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			mb := float64(code) / megabyte
			cpu, wall := c.first.CPU.Seconds(), c.first.Wall.Seconds()
			t.Add(p.name, fmt.Sprintf("%.2f", mb), level, fmt.Sprintf("%.1f", cpu), fmt.Sprintf("%.1f", cpu/mb),
				fmt.Sprintf("%.1f", wall), fmt.Sprintf("%.1f", wall/mb), fmt.Sprintf("%.2f", float64(c.objectBytes)/megabyte),
				fmt.Sprintf("%.2f", c.again.Seconds()), fmt.Sprintf("%.1f", after.CPU.Seconds()))
		}
		b.Progress("compile: %s by wazero", p.name)
		cpu, wall, err := wazeroCompile(path)
		if err != nil {
			return nil, err
		}
		mb := float64(code) / megabyte
		t.Add(p.name, fmt.Sprintf("%.2f", mb), "wazero", fmt.Sprintf("%.1f", cpu.Seconds()), fmt.Sprintf("%.1f", cpu.Seconds()/mb),
			fmt.Sprintf("%.1f", wall.Seconds()), fmt.Sprintf("%.1f", wall.Seconds()/mb), "", "", "")
	}
	r := &document.Report{}
	r.Say("`mewz compile` with an empty cache, everything from reading the module to writing the object. CPU seconds are of all processes together;\n" +
		"a megabyte is one of the bodies of the module's functions. The object carries unwind and line tables for backtraces.\n" +
		"*One function changed*: the same module with another constant in one function of the middle, what is not changed from the cache. The rows of\n" +
		"wazero are its compiler's, which has no object and by default no cache, on the same module.")
	r.Table(&t)
	return r, nil
}

// compiled is what compile measured.
type compiled struct {
	first       workbench.Outcome
	again       time.Duration // from the cache
	objectBytes int64
}

// compile compiles a module that the cache does not have, then once more.
func (b *bench) compile(path, object, level string) (compiled, error) {
	args := []string{"compile", "--opt", level, "-o", object, path}
	first, err := b.exec(b.Mewz, args...)
	if err != nil {
		return compiled{}, err
	}
	again, err := b.exec(b.Mewz, args...)
	if err != nil {
		return compiled{}, err
	}
	info, err := os.Stat(object)
	if err != nil {
		return compiled{}, err
	}
	return compiled{first, again.Wall, info.Size()}, nil
}

// codeBytes is the size of all function bodies of a module.
func codeBytes(path string) (int, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	module, err := decode.Module(content)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return bodyBytes(module.Code), nil
}

func bodyBytes(code []wasm.Code) (n int) {
	for i := range code {
		n += len(code[i].Body)
	}
	return n
}
