// fannkuch flips pancakes: small integer arrays, unpredictable branches (The
// Computer Language Benchmarks Game).

#include "bench.h"

enum { SIZE = 10 };

struct state {
	int permutation[SIZE + 1], flipped[SIZE + 1], rotations[SIZE + 1];
	int sign, most, checksum;
};

static void swap(int *a, int *b) {
	int t = *a;
	*a = *b;
	*b = t;
}

// flip counts the flips of the present permutation.
static void flip(struct state *s) {
	int first = s->permutation[0];
	if (first == 0) {
		return;
	}
	for (int i = 1; i < SIZE; i++) {
		s->flipped[i] = s->permutation[i];
	}
	for (int flips = 1;; flips++) {
		int next = s->flipped[first];
		if (next == 0) {
			s->checksum += s->sign * flips;
			if (flips > s->most) {
				s->most = flips;
			}
			return;
		}
		s->flipped[first] = first;
		for (int i = 1, j = first - 1; i < j; i++, j--) {
			swap(&s->flipped[i], &s->flipped[j]);
		}
		first = next;
	}
}

// advance makes the next permutation and returns 0 after the last one.
static int advance(struct state *s) {
	if (s->sign == 1) {
		swap(&s->permutation[0], &s->permutation[1]);
		s->sign = -1;
		return 1;
	}
	swap(&s->permutation[1], &s->permutation[2]);
	s->sign = 1;
	for (int i = 2; i < SIZE; i++) {
		if (s->rotations[i] != 0) {
			s->rotations[i]--;
			return 1;
		}
		if (i == SIZE - 1) {
			return 0;
		}
		s->rotations[i] = i;
		int first = s->permutation[0];
		for (int j = 0; j <= i; j++) {
			s->permutation[j] = s->permutation[j + 1];
		}
		s->permutation[i + 1] = first;
	}
	return 1;
}

static uint64_t work(void) {
	struct state s = {.sign = 1};
	for (int i = 0; i < SIZE; i++) {
		s.permutation[i] = s.flipped[i] = s.rotations[i] = i;
	}
	do {
		flip(&s);
	} while (advance(&s));
	return (uint64_t)(uint32_t)s.checksum << 32 | (uint32_t)s.most;
}
