package toolchain

// Sources that packages of Python carry, because they wrap a C library.

// QuickJS is a JavaScript interpreter as a library, of 2021.
var QuickJS = SourcePackage{
	Name: "quickjs", Include: "upstream-quickjs", Sources: []string{"*.c"},
	Python: &PythonPackage{Name: "quickjs", Version: "1.19.4", Source: true, Keep: []string{"upstream-quickjs"}},
}

// LuaFull is Lua 5.4.8 from its repository, with its own tests in testes.
var LuaFull = SourcePackage{
	Name: "lua", Include: "third-party/lua54", Sources: []string{"*.c"}, Except: []string{"lua.c", "onelua.c", "ltests.c"},
	Python: &PythonPackage{Name: "lupa", Version: "2.8", Source: true, Keep: []string{"third-party/lua54"}},
}
