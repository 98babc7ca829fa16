// dot multiplies vectors of 16-bit integers and of floats, which clang vectorises
// by itself.

#include "bench.h"

enum { SIZE = 8192, ROUNDS = 40000 };

static int16_t a[SIZE], b[SIZE];
static float x[SIZE], y[SIZE];

__attribute__((noinline)) static int32_t integers(const int16_t *p, const int16_t *q) {
	int32_t sum = 0;
	for (int i = 0; i < SIZE; i++) {
		sum += p[i] * q[i];
	}
	return sum;
}

__attribute__((noinline)) static void saxpy(float factor, const float *restrict p, float *restrict q) {
	for (int i = 0; i < SIZE; i++) {
		q[i] = factor * p[i] + q[i];
	}
}

static uint64_t work(void) {
	for (int i = 0; i < SIZE; i++) {
		a[i] = (int16_t)(i * 7), b[i] = (int16_t)(i ^ 0x55);
		x[i] = (float)i * 0.25f, y[i] = (float)(SIZE - i);
	}
	uint64_t sum = 0;
	for (int round = 0; round < ROUNDS; round++) {
		sum = sum * 31 + (uint32_t)integers(a, b);
		saxpy(1.0f / (float)(round + 2), x, y);
		a[round % SIZE]++;
	}
	return sum ^ bench_bits(y[77]) ^ bench_bits(y[SIZE - 3]);
}
