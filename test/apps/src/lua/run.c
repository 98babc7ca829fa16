// run runs a Lua script: run SCRIPT ARGUMENT...

#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

// lua_error_ends is what luaconfig.h calls instead of longjmp.
_Noreturn void lua_error_ends(lua_State *L) {
	const char *message = lua_tostring(L, -1);
	fprintf(stderr, "lua: %s\n", message ? message : "an error that is no text");
	exit(1);
}

// panic is called for an error outside of every pcall.
static int panic(lua_State *L) { lua_error_ends(L); }

int main(int argc, char **argv) {
	if (argc < 2) {
		fprintf(stderr, "usage: run SCRIPT ARGUMENT...\n");
		return 2;
	}
	lua_State *L = luaL_newstate();
	if (!L) {
		fprintf(stderr, "lua: no memory\n");
		return 1;
	}
	lua_atpanic(L, panic);
	luaL_openlibs(L);
	lua_createtable(L, argc - 2, 1);
	for (int i = 1; i < argc; i++) {
		lua_pushstring(L, argv[i]);
		lua_rawseti(L, -2, i - 1);
	}
	lua_setglobal(L, "arg");
	if (luaL_loadfile(L, argv[1]) != LUA_OK) {
		lua_error_ends(L);
	}
	lua_call(L, 0, 0);
	lua_close(L);
	return 0;
}
