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
}

var measuredPrograms = []measuredProgram{
	{"nbody", kernel("nbody"), true},
	{"fannkuch", kernel("fannkuch"), false},
	{"spectral", kernel("spectral"), false},
	{"sha256", kernel("sha256"), false},
	{"matmul", kernel("matmul"), true},
	{"qsort", kernel("qsort"), false},
	{"hash", kernel("hash"), true},
	{"statem", kernel("statem"), false},
	{"lua", lua, true},
	{"sqlite", sqlite, false},
}
