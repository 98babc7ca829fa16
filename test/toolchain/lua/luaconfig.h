// Configuration of Lua for wasi-libc, included before each of its files.
//
// Lua returns from an error by longjmp, which wasi-libc lacks. Unless it is made
// of exceptions (LUA_LONGJMP), an error ends the program: pcall works as long as
// nothing fails, and coroutines, which yield in the same way, do not work.

#ifndef LUACONFIG_H
#define LUACONFIG_H

#include <stdio.h>
#include <stdlib.h>

#ifndef LUA_LONGJMP

struct lua_State;
_Noreturn void lua_error_ends(struct lua_State *L);

#define luai_jmpbuf int
#define LUAI_TRY(L, c, a) \
	{ a }
#define LUAI_THROW(L, c) lua_error_ends(L)

#endif

// There are no temporary files and no other programs.
#define tmpfile() NULL
#define LUA_TMPNAMBUFSIZE 32
#define lua_tmpnam(b, e) \
	{ e = 1; }
#define system(command) (-1)

#endif
