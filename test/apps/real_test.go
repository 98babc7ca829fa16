package apps

import (
	_ "embed"

	"mewz/test/toolchain"
)

// realProgram is a program that others wrote, or one of ours in a language whose
// library and runtime are most of the module.
type realProgram struct {
	name    string
	what    string // for the table in docs/conformance.md
	program toolchain.Program
	args    []string // of the test
	long    []string // of the measurement; nil means those of the test
	env     []string
	root    string // the folder that it sees as /, from the root of the project, or empty
	// rootPackage says that root is a folder of a source package.
	rootPackage *toolchain.SourcePackage
	lines       string // only lines of standard output that begin so count, if not empty
	oracle      oracle
	exit        uint32
	nightly     bool // takes too long for the default run
	large       bool // takes a minute to compile: at level 0 in the default run
	machine     bool // short enough for QEMU without KVM
}

//go:embed src/python/work.py
var pythonWork string

// oracle says what a program's output is compared with.
type oracle int

const (
	wasmOracle oracle = iota // the module under wazero
	native                   // the same source as a program of this computer, or on the JVM
)

func packages(p ...*toolchain.SourcePackage) []*toolchain.SourcePackage { return p }

var zlibFlags = []string{"-O2", "-DHAVE_UNISTD_H"}

var simd = []string{"-msimd128", "-I$ROOT/test/toolchain/simd"}

var realPrograms = []realProgram{
	{
		name: "speedtest1", what: "SQLite 3.40.1's own benchmark, every test set",
		program: toolchain.Program{
			Name: "speedtest1", Language: toolchain.C, Packages: packages(&toolchain.Speedtest),
			Sources: []string{"test/toolchain/sqlite/vfs.c"}, Flags: append(toolchain.SQLiteFlags, "-O2"),
			Inputs: []string{toolchain.SQLiteHeader},
		},
		args: []string{"--memdb", "--verify", "--size", "2"}, long: []string{"--memdb", "--verify", "--size", "30"},
	},
	{
		name: "infcover", what: "zlib 1.2.13's own test of inflate", machine: true,
		program: toolchain.Program{Name: "infcover", Language: toolchain.C, Packages: packages(&toolchain.ZlibCover), Flags: zlibFlags},
	},
	{
		name: "zlib", what: "zlib 1.2.13: every level and strategy, there and back",
		program: toolchain.Program{
			Name: "zlib", Language: toolchain.C, Packages: packages(&toolchain.Zlib),
			Sources: []string{sources + "c/zlib.c"}, Flags: zlibFlags,
		},
		long: []string{"1"},
	},
	{
		name: "png", what: "libpng 1.6.39 with its SSE2 filters as SIMD: every colour type and filter, there and back",
		program: toolchain.Program{
			Name: "png", Language: toolchain.C, Packages: packages(&toolchain.PNG, &toolchain.Zlib),
			Sources: []string{sources + "c/pictures.c"}, Flags: append(zlibFlags, "-DPNG_INTEL_SSE_OPT=1", "-DPNG_INTEL_SSE_IMPLEMENTATION=1"), WasmFlags: simd,
		},
		long: []string{"5"},
	},
	{
		name: "c++ exceptions", what: "C++ with exceptions of every kind, iostream, regex; legacy instructions",
		program: cppExceptions, oracle: native, exit: 3, long: []string{"200000"},
	},
	{
		name: "c++ exceptions, standard", what: "the same, translated by wasm-opt into try_table",
		program: standard(cppExceptions), oracle: native, exit: 3, long: []string{"200000"},
	},
	{
		name: "lua tests", what: "Lua 5.4.8's own test suite; longjmp made of exceptions", program: toolchain.LuaFullProgram,
		args: []string{"-e", luaSuite}, root: "testes", rootPackage: &toolchain.LuaFull, oracle: native, lines: luaSuiteLine,
	},
	{
		name: "quickjs", what: "QuickJS, a JavaScript interpreter, runs a script",
		program: toolchain.Program{
			Name: "quickjs", Language: toolchain.C, Packages: packages(&toolchain.QuickJS), Sources: []string{sources + "c/javascript.c"},
			Flags: []string{"-O2", "-D_GNU_SOURCE", `-DCONFIG_VERSION="2021-03-27"`, "-DCONFIG_BIGNUM"},
			// wasi-libc knows one rounding mode.
			WasmFlags: []string{"-DEMSCRIPTEN", "-DCONFIG_STACK_CHECK", "-DFE_DOWNWARD=0", "-DFE_UPWARD=0"},
		},
		args: []string{"work.js", "1", "work.js"}, long: []string{"work.js", "20", "work.js"}, root: sources + "javascript",
	},
	{
		name: "cpython", what: "CPython 3.11.2 with its library runs a script", program: toolchain.CPythonProgram,
		args: []string{"-S", "-B", "-c", pythonWork}, long: []string{"-S", "-B", "-c", pythonWork, "10"},
		env: []string{"PYTHONHOME=/"}, root: "root", rootPackage: &toolchain.CPython, exit: 4, nightly: true,
	},
	{
		name: "go http", what: "Go's net/http: a server and its clients, over pipes",
		program: golang("http"), large: true, long: []string{"5000"},
	},
	{
		name: "assemblyscript", what: "AssemblyScript: collections, strings, garbage collector",
		program: toolchain.Program{
			Name: "assemblyscript", Language: toolchain.AssemblyScript, Sources: []string{sources + "assemblyscript/program.ts"},
			Flags: []string{"-O3", "--runtime", "incremental"},
		},
		exit: 5, machine: true, long: []string{"40"},
	},
	{
		name: "zig", what: "Zig: allocators, JSON, 128-bit integers, vectors, hashes",
		program: toolchain.Program{
			Name: "zig", Language: toolchain.Zig, Sources: []string{sources + "zig/program.zig"}, Flags: []string{"-OReleaseFast"}, WasmFlags: []string{"-mcpu=generic+simd128"},
		},
		exit: 9, machine: true, long: []string{"100"},
	},
	{
		name: "kotlin", what: "Kotlin: objects of the GC proposal, exceptions, collections, coroutines, strings",
		program: toolchain.Program{
			Name: "kotlin", Language: toolchain.Kotlin, Sources: []string{sources + "kotlin/program.kt"},
			Flags: []string{"-Xwasm-enable-array-range-checks"}, // without them a bad index is a trap
		},
		oracle: native, exit: 7, machine: true, long: []string{"40"},
	},
}

var cppExceptions = toolchain.Program{
	Name: "cpp-exceptions", Language: toolchain.CPP, Sources: []string{sources + "cpp/exceptions.cpp"},
	Flags: []string{"-O2"}, Exceptions: toolchain.LegacyExceptions,
}

// standard is a program with the exceptions of WebAssembly 3.0.
func standard(p toolchain.Program) toolchain.Program {
	p.Exceptions = toolchain.StandardExceptions
	return p
}
