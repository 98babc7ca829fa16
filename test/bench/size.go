package main

import (
	"fmt"
	"os"

	"mewz/abi"
	"mewz/image"
	"mewz/test/document"
	"mewz/test/toolchain"
)

// sizes lists what images are made of.
func (b *bench) sizes() (*document.Report, error) {
	programs := []struct {
		name    string
		program toolchain.Program
	}{{"hello (C)", hello}, {"hello (Go)", goHello}, {"Lua", lua}, {"SQLite", sqlite}}
	if b.short {
		programs = programs[:1]
	}
	kinds := []string{"kernel", "text", "rodata", "data", "memory", "symbols"}
	t := document.Table{Columns: append([]string{"program", "module", "image"}, kinds...)}
	for _, p := range programs {
		b.Progress("size: %s", p.name)
		wasm, err := toolchain.Wasm(p.program)
		if err != nil {
			return nil, err
		}
		module, err := os.Stat(wasm)
		if err != nil {
			return nil, err
		}
		path, err := b.image(p.program, levelFast, portable)
		if err != nil {
			return nil, err
		}
		d, err := image.Read(path)
		if err != nil {
			return nil, err
		}
		row := []string{p.name, bytesText(uint64(module.Size())), bytesText(d.FileBytes)}
		for _, kind := range kinds {
			row = append(row, bytesText(segmentBytes(d, kind)))
		}
		t.Add(row...)
		if p.program.Name == hello.Name {
			b.measured[budgetImage] = float64(d.FileBytes) / megabyte
		}
	}
	r := &document.Report{}
	r.Say("Bytes in the file, at level fast; `memory` is initial linear memory, `symbols` what backtraces need.")
	r.Table(&t)
	return r, nil
}

func segmentBytes(d *image.Description, kind string) (n uint64) {
	for _, s := range d.Segments {
		if s.Kind == kind {
			n += s.File
		}
	}
	return n
}

// Bounds of the search for the least memory, in steps. Less than 4 MB is
// refused by the command.
const (
	memoryStepBytes = 256 << 10
	memoryLeast     = (4 << 20) / memoryStepBytes
	memoryMost      = (64 << 20) / memoryStepBytes
)

// leastMemory searches for the smallest machine that says hello.
func (b *bench) leastMemory() (*document.Report, error) {
	path, err := b.image(hello, levelFast, portable)
	if err != nil {
		return nil, err
	}
	d, err := image.Read(path)
	if err != nil {
		return nil, err
	}
	linear := d.Config.MemoryMinPages * abi.WasmPageBytes
	machines := []string{"microvm", "q35"}
	if b.short {
		machines = machines[:1]
	}
	t := document.Table{Columns: []string{"machine", "least `-m`", "linear memory of that", "all but that"}}
	for _, machine := range machines {
		steps, err := leastTrue(memoryLeast, memoryMost, func(steps int) (bool, error) {
			return b.boots(machine, path, steps*memoryStepBytes)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", machine, err)
		}
		least := uint64(steps) * memoryStepBytes
		rest := least - min(linear, least)
		t.Add(machine, mebibytes(least), mebibytes(linear), mebibytes(rest))
		b.measured[budgetMemory] = max(b.measured[budgetMemory], float64(rest)/mebibyte)
	}
	r := &document.Report{}
	r.Say("The least memory with which `hello` (C) says what it has to, found by halving in steps of %d KiB. The\n"+
		"budget is for the last column, which leaves out the linear memory that the program declares, whether it touches it or not.", memoryStepBytes>>10)
	r.Table(&t)
	return r, nil
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.2f MiB", float64(n)/mebibyte) }

const helloGreeting = "hello, 0 arguments\n"

// boots says whether hello runs in a machine of so much memory.
func (b *bench) boots(machine, path string, memoryBytes int) (bool, error) {
	o, err := b.exec(b.Mewz, "run", "--machine", machine, "--accel", "tcg", "--timeout", "20s", "-m", fmt.Sprint(memoryBytes), path)
	if isExit(err) {
		return false, nil
	}
	return o.Stdout == helloGreeting, err
}

// leastTrue returns the least n of [low, high] for which holds is true, which
// must then be true for all above it too.
func leastTrue(low, high int, holds func(int) (bool, error)) (int, error) {
	ok, err := holds(high)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, fmt.Errorf("not even %d of %d steps are enough", high, high)
	}
	for low < high {
		middle := low + (high-low)/2
		ok, err := holds(middle)
		if err != nil {
			return 0, err
		}
		if ok {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}
