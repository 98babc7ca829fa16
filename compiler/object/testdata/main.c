// A foreign runtime: it links a merged object by the system's linker.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

char memory[1 << 20] __asm__("wasm_memory") __attribute__((aligned(4096)));
int fd_write(int, int, int, int) __asm__("wasi_snapshot_preview1.fd_write");
int fd_write(int a, int b, int c, int d) { return printf("fd_write %d %d %d %d\n", a, b, c, d); }

extern const struct {
	uint64_t offset, bytes;
	const char *data;
} wasm_memory_image[];
extern uint64_t wasm_memory_bytes;
extern const uint64_t wasm_memory_max;
void wasm_start(void);

int main(void) {
	for (int i = 0; wasm_memory_image[i].bytes; i++)
		memcpy(memory + wasm_memory_image[i].offset, wasm_memory_image[i].data, wasm_memory_image[i].bytes);
	printf("%lu %lu %s %s\n", wasm_memory_bytes, wasm_memory_max, memory + 1024, memory + 200000);
	wasm_start();
	return 0;
}
