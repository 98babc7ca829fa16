package limits

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/compiler"
	"mewz/compiler/llvm"
	"mewz/image"
)

// cases are modules that have much of one thing. size is how much; a quarter of
// it is what the full size is compared with.
var cases = []struct {
	name   string
	size   int
	level  string
	long   bool
	module func(n int) []byte
}{
	{"a function of 7 MB without branches", 7 << 20, "fast", true, func(n int) []byte {
		body := append([]byte{opLocalGet, 0}, repeat(n/7, opI32Const, 0xb9, 0x0a, opI32Add, opLocalGet, 0, opMul)...)
		return module(oneType, functions(1, noLocals, constant(body)))
	}},
	{"a function of 1 MB of loads, stores and branches", 1 << 20, "fast", true, func(n int) []byte {
		step := []byte{
			opBlock, empty, opLocalGet, 0, opBrIf, 0,
			opLocalGet, 0, opLocalGet, 0, opI32Load, 2, 8, opI32Store, 2, 16, opEnd,
		}
		return module(oneType, oneMemory(1), functions(1, noLocals, constant(append(repeat(n/len(step), step...), opLocalGet, 0))))
	}},
	{"br_table of 200,000 labels", 200_000, "fast", false, func(n int) []byte {
		body := []byte{opBlock, empty, opBlock, empty, opLocalGet, 0, opBrTable}
		body = append(body, vector(n, func(i int) []byte { return []byte{byte(i & 1)} })...)
		body = append(body, 0, opEnd, opI32Const, 1, 0x0f, opEnd, opI32Const, 2)
		return module(oneType, functions(1, noLocals, constant(body)))
	}},
	{"a function of 50,000 locals", 50_000, "fast", false, func(n int) []byte {
		var body []byte
		for i := range n - 1 {
			body = append(append(body, opLocalGet, 0, opLocalSet), number(i+1)...)
		}
		return module(oneType, functions(1, append(append([]byte{1}, number(n-1)...), i32), constant(append(body, opLocalGet, 1))))
	}},
	{"a table of 10,000,000 elements", 10_000_000, "fast", true, func(n int) []byte {
		table := section(sectionTable, vector(1, constant(append([]byte{funcref, 0}, number(n)...))))
		element := section(sectionElement, vector(1, constant([]byte{0, opI32Const, 5, opEnd, 1, 0})))
		return module(oneType, table, element, functions(1, noLocals, constant([]byte{opLocalGet, 0, opLocalGet, 0, opCallIndirect, 0, 0})))
	}},
	{"100,000 data segments", 100_000, "fast", false, func(n int) []byte {
		data := section(sectionData, vector(n, func(i int) []byte {
			at := signed(i * 32)
			return append(append(append([]byte{0, opI32Const}, at...), opEnd), 4, 1, 2, 3, 4)
		}))
		return module(oneType, oneMemory(n*32>>16+1), functions(1, noLocals, constant([]byte{opLocalGet, 0})), data)
	}},
	{"50,000 functions", 50_000, "0", true, func(n int) []byte {
		return module(oneType, functions(n, noLocals, func(i int) []byte {
			return append(append([]byte{opLocalGet, 0, opCall}, number((i*7+1)%n)...), opI32Const, 1, opI32Add)
		}))
	}},
	{"100,000 exports", 100_000, "fast", false, func(n int) []byte {
		exports := section(sectionExport, vector(n, func(i int) []byte {
			return append(append(sized(fmt.Append(nil, "export", i)), 0), number(i%100)...)
		}))
		f := functions(100, noLocals, constant([]byte{opLocalGet, 0}))
		return module(oneType, f, exports)
	}},
	{"50,000 nested blocks", 50_000, "fast", false, func(n int) []byte {
		body := repeat(n, opBlock, empty, opLocalGet, 0, opBrIf, 0)
		body = append(append(body, repeat(n, opEnd)...), opLocalGet, 0)
		return module(oneType, functions(1, noLocals, constant(body)))
	}},
	{"50,000 nested loops", 50_000, "fast", false, func(n int) []byte {
		body := repeat(n, opLoop, empty, opLocalGet, 0, opBrIf, 0)
		body = append(append(body, repeat(n, opEnd)...), opLocalGet, 0)
		return module(oneType, functions(1, noLocals, constant(body)))
	}},
	{"1,000,000 types", 1_000_000, "fast", true, func(n int) []byte {
		types := section(sectionType, vector(n, func(i int) []byte {
			params := []byte{i32}
			for ; i > 0; i /= 2 {
				params = append(params, i32-byte(i&1))
			}
			return append(append([]byte{0x60}, sized(params)...), 1, i32)
		}))
		return module(types, functions(1, noLocals, constant([]byte{opLocalGet, 0})))
	}},
}

// cost is what compiling and linking took.
type cost struct {
	cpu       time.Duration // of this process and of LLVM's
	allocated uint64        // by this process, in all
	object    int
}

func cpuTime(t *testing.T) (total time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			t.Fatal(err)
		}
		total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return total
}

func build(t *testing.T, module []byte, level string) cost {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpuTime(t)
	r, err := compiler.Compile(context.Background(), module, compiler.Options{Level: level})
	if err != nil {
		t.Fatal(err)
	}
	kernels, err := image.Kernels("x86_64")
	if err != nil {
		t.Skip(err)
	}
	if _, err := image.Build(image.Input{ObjectName: "module", Object: r.Object, Kernel: kernels.Network, Config: abi.Config{}}); err != nil {
		t.Fatal(err)
	}
	c := cost{cpu: cpuTime(t) - start, object: len(r.Object)}
	runtime.ReadMemStats(&after)
	c.allocated = after.TotalAlloc - before.TotalAlloc
	return c
}

// Time and memory may be this many times those of a quarter of the size: four,
// with room for what is uneven, and not sixteen.
const (
	timesCPU       = 9
	timesAllocated = 6
	// What does not depend on the size.
	freeCPU       = 500 * time.Millisecond
	freeAllocated = 32 << 20
	// childBytes is the most memory that one process of LLVM may have had: the
	// function of 7 MB, which cannot be divided, takes 1.5 GB.
	childBytes = 2 << 30
)

func TestLimits(t *testing.T) {
	if _, err := llvm.Find(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.long {
				t.Skip("takes seconds; not in a short run")
			}
			small := build(t, c.module(c.size/4), c.level)
			b := c.module(c.size)
			full := build(t, b, c.level)
			t.Logf("%d bytes of module: %v, %d MB allocated, %d bytes of object; a quarter: %v, %d MB",
				len(b), full.cpu, full.allocated>>20, full.object, small.cpu, small.allocated>>20)
			if full.cpu > timesCPU*small.cpu+freeCPU {
				t.Errorf("%v of CPU time, %v for a quarter of the size: want at most %d times as much", full.cpu, small.cpu, timesCPU)
			}
			if full.allocated > timesAllocated*small.allocated+freeAllocated {
				t.Errorf("%d bytes allocated, %d for a quarter of the size: want at most %d times as much", full.allocated, small.allocated, timesAllocated)
			}
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
				t.Fatal(err)
			}
			if u.Maxrss<<10 > childBytes {
				t.Errorf("a process of LLVM had %d KiB of memory, want at most %d", u.Maxrss, childBytes>>10)
			}
		})
	}
}
