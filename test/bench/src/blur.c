// blur is a 3x3 box filter over a picture of bytes, sixteen at a time.

#include "bench.h"

enum { WIDTH = 1024, HEIGHT = 512, ROUNDS = 600 };

typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint16_t words __attribute__((vector_size(16)));
typedef uint8_t eight __attribute__((vector_size(8)));

static uint8_t from[HEIGHT][WIDTH + 32], to[HEIGHT][WIDTH + 32];

static inline words widen(const uint8_t *p) {
	eight v;
	memcpy(&v, p, sizeof v);
	return __builtin_convertvector(v, words);
}

static inline words row(const uint8_t *p) { return widen(p - 1) + widen(p) + widen(p + 1); }

__attribute__((noinline)) static void filter(void) {
	for (int y = 1; y < HEIGHT - 1; y++) {
		for (int x = 16; x < WIDTH + 16; x += 8) {
			words sum = row(&from[y - 1][x]) + row(&from[y][x]) + row(&from[y + 1][x]);
			// A ninth, as a fixed-point product that does not overflow.
			eight out = __builtin_convertvector((sum * 28 + 128) >> 8, eight);
			memcpy(&to[y][x], &out, sizeof out);
		}
	}
}

static uint64_t work(void) {
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH + 32; x++) {
			from[y][x] = (uint8_t)(x * y + (x ^ y));
		}
	}
	for (int round = 0; round < ROUNDS; round++) {
		filter();
		memcpy(from, to, sizeof from);
	}
	uint64_t sum = 0;
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH + 32; x++) {
			sum = sum * 31 + to[y][x];
		}
	}
	return sum;
}
