// wasi-libc has no setjmp. Lua includes this header; with luaconfig.h it uses
// nothing of it.
