// memory allocates as many MiB as its argument says, writes all of it, reads it
// back, frees every other block and allocates again.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 20, MAX_BLOCKS = 4096 };

static void fill(uint32_t *block, uint32_t seed) {
	for (size_t i = 0; i < BLOCK_BYTES / sizeof *block; i++) {
		block[i] = seed + (uint32_t)i;
	}
}

static uint64_t sum(const uint32_t *block) {
	uint64_t total = 0;
	for (size_t i = 0; i < BLOCK_BYTES / sizeof *block; i++) {
		total = total * 31 + block[i];
	}
	return total;
}

int main(int argc, char **argv) {
	static uint32_t *blocks[MAX_BLOCKS];
	int count = argc > 1 ? atoi(argv[1]) : 1;
	if (count < 1 || count > MAX_BLOCKS) {
		return 2;
	}
	for (int i = 0; i < count; i++) {
		if (!(blocks[i] = malloc(BLOCK_BYTES))) {
			printf("no memory for block %d\n", i);
			return 1;
		}
		fill(blocks[i], (uint32_t)i);
	}
	for (int i = 0; i < count; i += 2) {
		free(blocks[i]);
	}
	for (int i = 0; i < count; i += 2) {
		if (!(blocks[i] = calloc(1, BLOCK_BYTES))) {
			printf("no memory for block %d again\n", i);
			return 1;
		}
	}
	uint64_t hash = 0;
	for (int i = 0; i < count; i++) {
		hash = hash * 1000003 + sum(blocks[i]);
	}
	printf("%d MiB: %016llx\n", count, (unsigned long long)hash);
	return 0;
}
