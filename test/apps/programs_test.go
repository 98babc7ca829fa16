package apps

import (
	"strings"

	"mewz/abi"
	"mewz/test/toolchain"
)

// sources is where the programs lie, from the root of the project.
const sources = "test/apps/src/"

func c(name string) toolchain.Program {
	return toolchain.Program{Name: name, Language: toolchain.C, Sources: []string{sources + "c/" + name + ".c"}, Flags: []string{"-O2"}}
}

func rust(name string) toolchain.Program {
	return toolchain.Program{Name: "rust-" + name, Language: toolchain.Rust, Sources: []string{sources + "rust/" + name + ".rs"}}
}

func golang(name string) toolchain.Program {
	return toolchain.Program{Name: "go-" + name, Language: toolchain.Go, Sources: []string{sources + "go/" + name}}
}

var (
	hello   = c("hello")
	cat     = c("cat")
	tree    = c("tree")
	trap    = c("trap")
	clocks  = c("clocks")
	entropy = c("entropy")
	busy    = c("busy")
	wait    = c("wait")
	flood   = c("flood")
	memory  = c("memory")
	grow    = c("grow")
	// growBounded declares 64 MiB as the most its memory can be.
	growBounded = toolchain.Program{
		Name: "grow-bounded", Language: toolchain.C, Sources: grow.Sources, Flags: grow.Flags,
		WasmLink: []string{"-Wl,--max-memory=67108864"},
	}

	vector = toolchain.Program{
		Name: "vector", Language: toolchain.C, Sources: []string{sources + "c/vector.c"}, Flags: []string{"-O3"},
		WasmFlags: []string{"-msimd128"},
	}

	rustHello       = rust("hello")
	rustCollections = rust("collections")
	rustPanic       = rust("panic")

	rustWebCollections = toolchain.Program{
		Name: "rust-web-collections", Language: toolchain.RustWeb, Sources: rustCollections.Sources,
	}

	goHello = golang("hello")
	goSuite = golang("suite")

	lua    = toolchain.LuaProgram("lua", sources+"lua/run.c", "-O2")
	sqlite = toolchain.SQLiteProgram("sqlite", sources+"sqlite/run.c", "-O2")
)

// root says which files a program sees.
type root int

const (
	noFiles         root = iota
	treeFiles            // what makeTree makes
	luaFiles             // the Lua scripts
	sqliteFile           // the SQL scripts
	javascriptFiles      // the JavaScript scripts
)

// test is one run of one program.
type test struct {
	name    string
	program toolchain.Program
	args    []string
	env     []string // $NOW is the time of the host in seconds
	stdin   string
	root    root
	memory  string // -m of mewz, if the program needs more than usual
	short   bool   // part of go test -short
	exit    uint32
	trap    *abi.TrapCode // how it traps; exit is then abi.ExitTrap
	stdout  string        // what standard output must be, if not empty
}

func traps(code abi.TrapCode) *abi.TrapCode { return &code }

// everyByte is longer than every buffer on the way and holds every byte.
var everyByte = func() string {
	var b strings.Builder
	for i := range 100_000 {
		b.WriteByte(byte(i*i>>8 + i))
	}
	return b.String()
}()

var now = []string{"NOW=$NOW"}

var tests = []test{
	{name: "c/hello", program: hello, short: true,
		args: []string{"one", "", "two words", "größe", "-e", "--"}, env: []string{"EXIT_CODE=42", "EMPTY=", "A=b=c"}, exit: 42},
	{name: "c/hello/nothing", program: hello, stdout: "hello, 0 arguments\n"},
	{name: "c/hello/255", program: hello, env: []string{"EXIT_CODE=255"}, exit: 255},
	{name: "c/hello/134", program: hello, env: []string{"EXIT_CODE=134"}, exit: 134},
	{name: "c/hello/many", program: hello, args: strings.Fields(strings.Repeat("argument ", 2000))},
	{name: "c/cat", program: cat, short: true, stdin: "a\x00b\r\n", stdout: "a\x00b\r\n"},
	{name: "c/cat/empty", program: cat},
	{name: "c/cat/long", program: cat, stdin: everyByte, stdout: everyByte},
	{name: "c/tree", program: tree, root: treeFiles, short: true},
	{name: "c/tree/part", program: tree, root: treeFiles, args: []string{"/deep/er"}},
	{name: "c/clocks", program: clocks, env: now},
	{name: "c/entropy", program: entropy},
	{name: "c/flood", program: flood, args: []string{"10485760"}},
	{name: "c/memory", program: memory, args: []string{"200"}, memory: "320M"},
	{name: "c/grow-bounded", program: growBounded, args: []string{"count"}, memory: "128M"},
	{name: "c/grow-short", program: grow, memory: "96M"},

	{name: "c/vector", program: vector, short: true},

	{name: "c/trap/unreachable", program: trap, args: []string{"unreachable"}, trap: traps(abi.TrapUnreachable), short: true},
	{name: "c/trap/abort", program: trap, args: []string{"abort"}, trap: traps(abi.TrapUnreachable)},
	{name: "c/trap/load", program: trap, args: []string{"load"}, trap: traps(abi.TrapMemory), short: true},
	{name: "c/trap/store", program: trap, args: []string{"store"}, trap: traps(abi.TrapMemory)},
	{name: "c/trap/straddle", program: trap, args: []string{"straddle"}, trap: traps(abi.TrapMemory)},
	{name: "c/trap/copy", program: trap, args: []string{"copy"}, trap: traps(abi.TrapMemory)},
	{name: "c/trap/divide", program: trap, args: []string{"divide"}, trap: traps(abi.TrapDivideByZero)},
	{name: "c/trap/remainder", program: trap, args: []string{"remainder"}, trap: traps(abi.TrapDivideByZero)},
	{name: "c/trap/overflow", program: trap, args: []string{"overflow"}, trap: traps(abi.TrapIntegerOverflow)},
	{name: "c/trap/overflow64", program: trap, args: []string{"overflow64"}, trap: traps(abi.TrapIntegerOverflow)},
	{name: "c/trap/not-a-number", program: trap, args: []string{"not-a-number"}, trap: traps(abi.TrapInvalidConversion)},
	{name: "c/trap/too-large", program: trap, args: []string{"too-large"}, trap: traps(abi.TrapIntegerOverflow)},
	{name: "c/trap/null", program: trap, args: []string{"null"}, trap: traps(abi.TrapUninitialized)},
	{name: "c/trap/no-element", program: trap, args: []string{"no-element"}, trap: traps(abi.TrapUndefinedElement)},
	{name: "c/trap/wrong-type", program: trap, args: []string{"wrong-type"}, trap: traps(abi.TrapIndirectType)},
	{name: "c/trap/stack", program: trap, args: []string{"stack"}, trap: traps(abi.TrapStack)},
	{name: "c/trap/stack-in-memory", program: trap, args: []string{"stack-in-memory"}, trap: traps(abi.TrapMemory)},

	{name: "rust/hello", program: rustHello, short: true, args: []string{"x", "größe"}, env: []string{"B=2", "A=1"}, exit: 42},
	{name: "rust/collections", program: rustCollections, root: treeFiles, stdin: "the quick brown fox\n\njumps over The lazy dog"},
	{name: "rust-web/collections", program: rustWebCollections, root: treeFiles, stdin: "a newer Rust\n"},
	{name: "rust/panic", program: rustPanic, trap: traps(abi.TrapUnreachable)},
	{name: "rust/panic/hook", program: rustPanic, args: []string{"hook"}, exit: 101},
	{name: "rust/panic/error", program: rustPanic, args: []string{"error"}, exit: 1},

	{name: "go/hello", program: goHello, short: true, args: []string{"a", "b c"}, env: []string{"KEY=value"}, exit: 7},
	{name: "go/goroutines", program: goSuite, args: []string{"goroutines"}},
	{name: "go/maps", program: goSuite, args: []string{"maps"}},
	{name: "go/garbage", program: goSuite, args: []string{"garbage"}, memory: "512M"},
	{name: "go/json", program: goSuite, args: []string{"json"}},
	{name: "go/time", program: goSuite, args: []string{"time"}, env: now},
	{name: "go/random", program: goSuite, args: []string{"random"}},
	{name: "go/files", program: goSuite, args: []string{"files"}, root: treeFiles},
	{name: "go/stdin", program: goSuite, args: []string{"stdin"}, stdin: strings.Repeat("a line of text\n", 3000)},
	{name: "go/exit", program: goSuite, args: []string{"exit"}, exit: 113},
	{name: "go/panic", program: goSuite, args: []string{"panic"}, exit: 2},
	{name: "go/nil", program: goSuite, args: []string{"nil"}, exit: 2},
	{name: "go/deadlock", program: goSuite, args: []string{"deadlock"}, exit: 2},
	{name: "go/stack", program: goSuite, args: []string{"stack"}, stdout: "100000\n"},

	{name: "lua/algorithms", program: lua, args: []string{"/algorithms.lua"}, root: luaFiles, memory: "320M"},
	{name: "lua/text", program: lua, args: []string{"/text.lua", "a", "b c"}, root: luaFiles, env: []string{"LUA_TEST=set"}},
	{name: "lua/error", program: lua, args: []string{"/error.lua"}, root: luaFiles, exit: 1},
	{name: "sqlite/work", program: sqlite, args: []string{"/work.sql"}, root: sqliteFile, exit: 1},
	{name: "sqlite/no-script", program: sqlite, args: []string{"/none.sql"}, root: sqliteFile, exit: 2},
}
