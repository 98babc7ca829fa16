// trap ends by the trap that its argument names. Each is one instruction of
// WebAssembly, kept from the optimiser by volatile operands.

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile uint32_t far_address = 0xfffffff0;
static volatile int zero = 0;
static volatile int seven = 7;
static volatile int minus_one = -1;
static volatile int least = INT_MIN;
static volatile int64_t least64 = INT64_MIN;
static volatile float not_a_number = NAN;
static volatile double huge = 1e300;
static volatile int sink;

static void trap_unreachable(void) { __builtin_trap(); }
static void trap_abort(void) { abort(); }
static void trap_load(void) { sink = *(volatile int *)far_address; }
static void trap_store(void) { *(volatile int *)far_address = 1; }
// An access whose first byte is the last of linear memory.
static void trap_straddle(void) {
	sink = *(volatile int *)(__builtin_wasm_memory_size(0) * 65536 - 1);
}
static void trap_copy(void) { __builtin_memcpy((void *)far_address, (void *)64, 4096); }
static void trap_divide(void) { sink = seven / zero; }
static void trap_remainder(void) { sink = seven % zero; }
static void trap_overflow(void) { sink = least / minus_one; }
static void trap_overflow64(void) { sink = (int)(least64 / minus_one); }
static void trap_not_a_number(void) { sink = __builtin_wasm_trunc_s_i32_f32(not_a_number); }
static void trap_too_large(void) { sink = (int)__builtin_wasm_trunc_u_i64_f64(huge); }

static void call(uint32_t index) {
	int (*volatile function)(int) = (int (*)(int))index;
	sink = function(1);
}

static void other_type(void) { sink = 2; }

static void trap_null(void) { call(0); }
static void trap_no_element(void) { call(100000); }
static void trap_wrong_type(void) { call((uint32_t)other_type); }

// recurse keeps no object on the stack in linear memory, so what it exhausts is
// the stack of calls. What it does with the result keeps it from being a loop.
__attribute__((noinline)) static int recurse(int depth) {
	if (depth == zero - 1) {
		return 0;
	}
	return (recurse(depth + 1) * 3) ^ depth;
}

static void trap_stack(void) { sink = recurse(1); }

// recurse_in_memory exhausts the stack that clang keeps at the bottom of linear
// memory, which then lies below address 0.
__attribute__((noinline)) static int recurse_in_memory(int depth) {
	volatile char buffer[1024];
	buffer[depth % 1024] = (char)depth;
	if (depth == zero - 1) {
		return 0;
	}
	return recurse_in_memory(depth + 1) + buffer[depth % 1024];
}

static void trap_stack_in_memory(void) { sink = recurse_in_memory(1); }

static const struct {
	const char *name;
	void (*run)(void);
} traps[] = {
	{"unreachable", trap_unreachable},
	{"abort", trap_abort},
	{"load", trap_load},
	{"store", trap_store},
	{"straddle", trap_straddle},
	{"copy", trap_copy},
	{"divide", trap_divide},
	{"remainder", trap_remainder},
	{"overflow", trap_overflow},
	{"overflow64", trap_overflow64},
	{"not-a-number", trap_not_a_number},
	{"too-large", trap_too_large},
	{"null", trap_null},
	{"no-element", trap_no_element},
	{"wrong-type", trap_wrong_type},
	{"stack", trap_stack},
	{"stack-in-memory", trap_stack_in_memory},
};

int main(int argc, char **argv) {
	for (size_t i = 0; argc > 1 && i < sizeof traps / sizeof *traps; i++) {
		if (strcmp(argv[1], traps[i].name) == 0) {
			printf("before\n");
			fflush(stdout);
			traps[i].run();
			printf("after\n");
			return 1;
		}
	}
	fprintf(stderr, "usage: trap KIND\n");
	return 2;
}
