// matmul multiplies matrices of doubles: a loop that vectorises where the
// compiler sees that it may.

#include "bench.h"

enum { SIZE = 320, ROUNDS = 20 };

static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

__attribute__((noinline)) static void multiply(double (*x)[SIZE], double (*y)[SIZE], double (*z)[SIZE]) {
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			z[i][j] = 0;
		}
		for (int k = 0; k < SIZE; k++) {
			double factor = x[i][k];
			for (int j = 0; j < SIZE; j++) {
				z[i][j] += factor * y[k][j];
			}
		}
	}
}

static uint64_t work(void) {
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			a[i][j] = i * 0.5 - j;
			b[i][j] = j * 0.25 + i;
		}
	}
	for (int round = 0; round < ROUNDS; round++) {
		multiply(a, b, c);
	}
	return bench_bits(c[17][33]) ^ bench_bits(c[SIZE - 1][SIZE - 1]);
}
