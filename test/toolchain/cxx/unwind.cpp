// The part of libunwind that WebAssembly needs. It is a C file, but all files of
// the library are compiled by one command as C++.

#define _LIBUNWIND_HIDE_SYMBOLS
#define __declspec(x) // of variables that other programs would import

#include <stdbool.h>
#include <stdint.h>

#include "config.h" // has templates
#include "unwind.h"

extern "C" {
#include "Unwind-wasm.c"
}
