// lua runs a Lua script that calls, sorts, hashes, formats and matches.

#include <stdlib.h>

#include "bench.h"

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] =
	"local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
	"local t = {} for i = 1, 200000 do t[i] = (i * 7919) % 100003 end table.sort(t)\n"
	"local s = 0 for i = 1, #t do s = s + t[i] * i end\n"
	"local d = {} for i = 1, 100000 do local k = 'k' .. (i % 5000) d[k] = (d[k] or 0) + i end\n"
	"local n = 0 for k, v in pairs(d) do n = n + v end\n"
	"local str = {} for i = 1, 20000 do str[#str + 1] = string.format('%d:%s', i, tostring(i * 2)) end\n"
	"local c = 0 for w in table.concat(str, ','):gmatch('%d+') do c = c + #w end\n"
	"local x = 0.0 for i = 1, 3000000 do x = x + i % 7 * 0.5 end\n"
	"return fib(27) + s + n + c + x\n";

// lua_error_ends is what Lua calls instead of longjmp where there is none.
_Noreturn void lua_error_ends(lua_State *L) {
	fprintf(stderr, "lua: %s\n", lua_tostring(L, -1));
	exit(1);
}

static uint64_t work(void) {
	lua_State *L = luaL_newstate();
	luaL_openlibs(L);
	if (luaL_dostring(L, script)) {
		lua_error_ends(L);
	}
	uint64_t result = (uint64_t)lua_tonumber(L, -1);
	lua_close(L);
	return result;
}
