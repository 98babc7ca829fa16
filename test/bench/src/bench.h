// bench.h is what every benchmark shares: it runs the work three times and
// prints a checksum and the best time in seconds. The checksum must be the same
// in every build; the time is taken inside the program, so that starting it is
// no part of it.

#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BENCH_REPETITIONS = 3 };

// work does the whole work once, from the same start each time, and returns a
// checksum of the result.
static uint64_t work(void);

static double bench_seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(void) {
	double best = 1e9;
	uint64_t checksum = 0;
	for (int i = 0; i < BENCH_REPETITIONS; i++) {
		double start = bench_seconds();
		checksum = work();
		double seconds = bench_seconds() - start;
		if (seconds < best) {
			best = seconds;
		}
	}
	printf("%016llx %.6f\n", (unsigned long long)checksum, best);
	return 0;
}

// bench_bits makes a checksum of a floating-point number.
static inline uint64_t bench_bits(double value) {
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

#endif
