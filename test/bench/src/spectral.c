// spectral computes the spectral norm of an infinite matrix: floating-point
// divisions in nested loops (The Computer Language Benchmarks Game).

#include <math.h>

#include "bench.h"

enum { SIZE = 2000, ROUNDS = 8 };

static double u[SIZE], v[SIZE], t[SIZE];

static inline double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

__attribute__((noinline)) static void multiply(const double *in, double *out) {
	for (int i = 0; i < SIZE; i++) {
		double sum = 0;
		for (int j = 0; j < SIZE; j++) {
			sum += element(i, j) * in[j];
		}
		out[i] = sum;
	}
}

__attribute__((noinline)) static void multiply_transposed(const double *in, double *out) {
	for (int i = 0; i < SIZE; i++) {
		double sum = 0;
		for (int j = 0; j < SIZE; j++) {
			sum += element(j, i) * in[j];
		}
		out[i] = sum;
	}
}

static uint64_t work(void) {
	for (int i = 0; i < SIZE; i++) {
		u[i] = 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		multiply(u, t);
		multiply_transposed(t, v);
		multiply(v, t);
		multiply_transposed(t, u);
	}
	double uv = 0, vv = 0;
	for (int i = 0; i < SIZE; i++) {
		uv += u[i] * v[i];
		vv += v[i] * v[i];
	}
	return bench_bits(sqrt(uv / vv));
}
