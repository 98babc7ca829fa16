// scan counts lines, words and bytes that are not ASCII in a text, sixteen bytes at a
// time, as parsers do.

#include "bench.h"

enum { BYTES = 1 << 20, ROUNDS = 1200 };

typedef int8_t bytes __attribute__((vector_size(16)));
typedef int64_t halves __attribute__((vector_size(16)));

static char text[BYTES];

// total adds up sixteen counters of eight bits, which hold 255 steps.
static inline uint64_t total(bytes count) {
	uint64_t sum = 0;
	for (int i = 0; i < 16; i++) {
		sum += (uint8_t)count[i];
	}
	return sum;
}

__attribute__((noinline)) static uint64_t scan(void) {
	uint64_t lines = 0, blanks = 0, foreign = 0;
	for (int at = 0; at < BYTES;) {
		bytes line = {0}, blank = {0}, other = {0};
		for (int k = 0; k < 255 && at < BYTES; k++, at += 16) {
			bytes v;
			memcpy(&v, text + at, sizeof v);
			line -= v == '\n';
			blank -= (v == ' ') | (v == '\t');
			other -= v < 0;
		}
		lines += total(line), blanks += total(blank), foreign += total(other);
	}
	return lines * 1000003 + blanks * 1009 + foreign;
}

static uint64_t work(void) {
	uint32_t state = 1;
	for (int i = 0; i < BYTES; i++) {
		state = state * 1664525 + 1013904223;
		text[i] = (char)(state >> 24 < 24 ? ' ' : state >> 24 < 30 ? '\n' : state >> 24);
	}
	uint64_t sum = 0;
	for (int round = 0; round < ROUNDS; round++) {
		sum = sum * 31 + scan();
		text[round] ^= 1;
	}
	return sum;
}
