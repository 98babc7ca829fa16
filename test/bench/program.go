package main

import "mewz/test/toolchain"

const sources = "test/bench/src/"

// The yardstick is clang -O3 for both: as a native program, and as a module
// that was optimised before it came to us.
const optimise = "-O3"

func kernel(name string) toolchain.Program {
	return toolchain.Program{
		Name: "bench-" + name, Language: toolchain.C, Sources: []string{sources + name + ".c"}, Flags: []string{optimise},
	}
}

// vectorKernel is a kernel for vectors of 128 bits, in modules and natively.
func vectorKernel(name string) toolchain.Program {
	p := kernel(name)
	p.Name += "-simd"
	p.WasmFlags, p.NativeFlags = []string{"-msimd128"}, []string{"-march=x86-64-v2"}
	return p
}

var (
	lua    = toolchain.LuaProgram("bench-lua", sources+"lua.c", optimise)
	sqlite = toolchain.SQLiteProgram("bench-sqlite", sources+"sqlite.c", optimise)
	call   = kernel("call")

	hello = toolchain.Program{
		Name: "hello", Language: toolchain.C, Sources: []string{"test/apps/src/c/hello.c"}, Flags: []string{"-O2"},
	}
	goHello = toolchain.Program{
		Name: "go-hello", Language: toolchain.Go, Sources: []string{"test/apps/src/go/hello"},
	}
)

// measuredProgram is a program that measures itself: it prints a checksum and
// its best time in seconds.
type measuredProgram struct {
	name    string
	program toolchain.Program
	short   bool // part of -short
	args    []string
}

var measuredPrograms = []measuredProgram{
	{name: "nbody", program: kernel("nbody"), short: true},
	{name: "fannkuch", program: kernel("fannkuch")},
	{name: "spectral", program: kernel("spectral")},
	{name: "sha256", program: kernel("sha256")},
	{name: "matmul", program: kernel("matmul"), short: true},
	{name: "qsort", program: kernel("qsort")},
	{name: "hash", program: kernel("hash"), short: true},
	{name: "statem", program: kernel("statem")},
	{name: "lua", program: lua, short: true},
	{name: "sqlite", program: sqlite},
}

var vectorPrograms = []measuredProgram{
	{name: "mandel", program: vectorKernel("mandel"), short: true},
	{name: "blur", program: vectorKernel("blur"), short: true},
	{name: "scan", program: vectorKernel("scan")},
	{name: "dot", program: vectorKernel("dot")},
	{name: "matmul", program: vectorKernel("matmul")},
	{name: "nbody", program: vectorKernel("nbody")},
	{name: "spectral", program: vectorKernel("spectral")},
	{name: "sha256", program: vectorKernel("sha256")},
	{name: "hash", program: vectorKernel("hash")},
}

// goPrograms are one program with an argument.
var goPrograms = []measuredProgram{
	goKernel("sort", true), goKernel("map", false), goKernel("json", false), goKernel("float", false),
	goKernel("chan", true), goKernel("alloc", false), goKernel("regexp", false), goKernel("sha256", false),
}

func goKernel(name string, short bool) measuredProgram {
	program := toolchain.Program{Name: "bench-go", Language: toolchain.Go, Sources: []string{sources + "go"}}
	return measuredProgram{name: name, program: program, short: short, args: []string{name}}
}
