// backtrace traps in the way that its argument names. The marks (@name) stand on
// the lines that a backtrace must name.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static volatile int zero = 0;
static volatile uint32_t far_address = 0xfffffff0;
static volatile int sink;

static inline int quotient(int a, int b) {
	return a / b; // @quotient
}

__attribute__((noinline)) static void divide(void) {
	sink = quotient(7, zero); // @divide
}

__attribute__((noinline)) static int load(volatile int *p) {
	return *p; // @load
}

__attribute__((noinline)) static void stop(void) {
	__builtin_trap(); // @stop
}

__attribute__((noinline)) static int recurse(int depth) {
	if (depth == zero - 1) {
		return 0;
	}
	return (recurse(depth + 1) * 3) ^ depth; // @recurse
}

__attribute__((noinline)) static void call(uint32_t index) {
	int (*volatile f)(int, int) = (int (*)(int, int))index;
	sink = f(1, 2); // @call
}

int main(int argc, char **argv) {
	const char *kind = argc > 1 ? argv[1] : "";
	if (strcmp(kind, "divide") == 0) {
		divide(); // @main-divide
	} else if (strcmp(kind, "load") == 0) {
		sink = load((volatile int *)far_address); // @main-load
	} else if (strcmp(kind, "unreachable") == 0) {
		stop(); // @main-stop
	} else if (strcmp(kind, "stack") == 0) {
		sink = recurse(1);
	} else if (strcmp(kind, "type") == 0) {
		call((uint32_t)(uintptr_t)divide); // @main-call
	}
	return 0;
}
