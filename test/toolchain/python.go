package toolchain

// Sources that packages of Python carry, because they wrap a C library.

// QuickJS is a JavaScript interpreter as a library, of 2021.
var QuickJS = SourcePackage{
	Name: "quickjs", Include: "upstream-quickjs", Sources: []string{"*.c"},
	Python: &PythonPackage{Name: "quickjs", Version: "1.19.4", Source: true, Keep: []string{"upstream-quickjs"}},
}

// LuaFull is Lua 5.4.8 from its repository as a whole program, with its own tests
// in testes.
var LuaFull = SourcePackage{
	Name: "lua", Include: "third-party/lua54", Sources: []string{"*.c"}, Except: []string{"onelua.c", "ltests.c"},
	Python: &PythonPackage{Name: "lupa", Version: "2.8", Source: true, Keep: []string{"third-party/lua54"},
		Env: []string{"LUPA_NO_LUAJIT=true"}}, // which it would build to describe itself
}

// LuaFullProgram is the command lua, with errors that are caught.
var LuaFullProgram = Program{
	Name: "lua-full", Language: C, Packages: []*SourcePackage{&LuaFull}, Exceptions: LegacyExceptions,
	Inputs: []string{"test/toolchain/lua/luaconfig.h"},
	Flags:  []string{"-O2"},
	WasmFlags: []string{
		"-I$ROOT/test/toolchain/lua", "-include", "luaconfig.h", "-DLUA_LONGJMP",
		"-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_PROCESS_CLOCKS",
	},
	WasmLink: []string{"-lwasi-emulated-signal", "-lwasi-emulated-process-clocks"},
}

// Folder returns where the package's files lie.
func (p *SourcePackage) Folder() (string, error) {
	t, err := p.tree()
	return t.path, err
}
