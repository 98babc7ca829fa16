// What clang's -wasm-enable-sjlj turns setjmp and longjmp into. A function that
// calls setjmp has a label for each call and an address that is its own for each
// invocation; after a catch it asks whether the buffer was set by it, and where.

#include "setjmp.h"

// The tag __c_longjmp among the compiler's tags; 0 is C++'s.
#define TAG_LONGJMP 1

void __wasm_setjmp(jmp_buf buffer, unsigned label, void *invocation) {
	buffer->invocation = invocation;
	buffer->label = label;
}

unsigned __wasm_setjmp_test(jmp_buf buffer, void *invocation) {
	return buffer->invocation == invocation ? buffer->label : 0;
}

_Noreturn void __wasm_longjmp(jmp_buf buffer, int value) {
	buffer->thrown.buffer = buffer;
	buffer->thrown.value = value == 0 ? 1 : value;
	__builtin_wasm_throw(TAG_LONGJMP, &buffer->thrown);
}
