// SSE2 intrinsics made of WebAssembly's vectors, by SIMDe.

#ifndef SIMD_EMMINTRIN_H
#define SIMD_EMMINTRIN_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include "/usr/include/simde/x86/sse2.h"

#endif
