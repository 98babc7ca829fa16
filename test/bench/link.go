package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"time"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/image"
	"mewz/test/document"
	"mewz/test/toolchain"
)

const linkRuns = 7

// The budget is for an object of this size.
const linkBudgetBytes = 10e6

// linkTime measures the linker alone, in this process: from the object in
// memory to the image in a file.
func (b *bench) linkTime() (*document.Report, error) {
	name, program := "hello (Go)", goHello
	if b.short {
		name, program = "Lua", lua
	}
	content, err := b.object(program)
	if err != nil {
		return nil, err
	}
	file, err := object.Read(program.Name, content)
	if err != nil {
		return nil, err
	}
	relocations := 0
	for i := range file.Sections {
		relocations += len(file.Sections[i].Relocations)
	}
	best, err := b.link(content)
	if err != nil {
		return nil, err
	}
	t := document.Table{Columns: []string{"program", "object", "relocations", "ms", "ms for 10 MB", "ns a relocation"}}
	scaled := best.Seconds() * linkBudgetBytes / float64(len(content))
	t.Add(name, bytesText(uint64(len(content))), count(uint64(relocations)), fmt.Sprintf("%.0f", best.Seconds()*1e3),
		fmt.Sprintf("%.0f", scaled*1e3), fmt.Sprintf("%.0f", float64(best.Nanoseconds())/float64(relocations)))
	if !b.short {
		b.measured[budgetLink] = scaled
	}
	r := &document.Report{}
	r.Say("Reading the object, linking and writing the image, best of %d; the time for 10 MB is in proportion to the size.", linkRuns)
	r.Table(&t)
	return r, nil
}

// object returns the object that mewz compile makes of a program.
func (b *bench) object(p toolchain.Program) ([]byte, error) {
	wasm, err := toolchain.Wasm(p)
	if err != nil {
		return nil, err
	}
	path := b.Path(p.Name + "." + levelFast + ".o")
	if _, err := os.Stat(path); err != nil {
		if _, err := b.exec(b.Mewz, "compile", "--opt", levelFast, "-o", path, wasm); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(path)
}

// link returns the best time of linking an object.
func (b *bench) link(content []byte) (time.Duration, error) {
	kernels, err := image.Kernels("x86_64")
	if err != nil {
		return 0, err
	}
	best := time.Duration(math.MaxInt64)
	for range linkRuns {
		runtime.GC() // the garbage of the run before is not this one's
		start := time.Now()
		img, err := image.Build(image.Input{ObjectName: "program.o", Object: content, Kernel: kernels.Network, Config: abi.Config{ProgramName: "program"}})
		if err != nil {
			return 0, err
		}
		if err := img.WriteFile(b.Path("linked.img")); err != nil {
			return 0, err
		}
		best = min(best, time.Since(start))
	}
	return best, b.Context.Err()
}
