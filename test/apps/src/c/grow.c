// grow makes linear memory larger until that fails, then goes on: memory.grow
// answers -1, nothing else happens, and what was got before is there and works.
// With the argument "count" it prints how far it came.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { WASM_PAGE_BYTES = 65536, STEP_PAGES = 16 };

int main(int argc, char **argv) {
	size_t start = __builtin_wasm_memory_size(0), end = start;
	for (;;) {
		size_t old = __builtin_wasm_memory_grow(0, STEP_PAGES);
		if (old == SIZE_MAX) {
			break;
		}
		if (old != end) {
			printf("grow gave %zu, want %zu\n", old, end);
			return 1;
		}
		end = old + STEP_PAGES;
		// One byte in each wasm page, so that the memory is really there.
		for (size_t page = old; page < end; page++) {
			volatile unsigned char *byte = (volatile unsigned char *)(page * WASM_PAGE_BYTES);
			if (*byte != 0) {
				printf("wasm page %zu is not zero\n", page);
				return 1;
			}
			*byte = (unsigned char)page;
		}
	}
	for (size_t page = start; page < end; page++) {
		if (*(volatile unsigned char *)(page * WASM_PAGE_BYTES) != (unsigned char)page) {
			printf("wasm page %zu has changed\n", page);
			return 1;
		}
	}
	if (end != __builtin_wasm_memory_size(0) || end == start) {
		printf("size is %zu, want %zu, more than %zu\n", __builtin_wasm_memory_size(0), end, start);
		return 1;
	}
	if (argc > 1 && strcmp(argv[1], "count") == 0) {
		printf("%zu wasm pages\n", end);
	}
	printf("grow fails at last, and the program goes on\n");
	return 0;
}
